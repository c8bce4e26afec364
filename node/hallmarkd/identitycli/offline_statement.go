package identitycli

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/hallmark-ledger/hallmark/x/identity"
)

func statementCommand() *cobra.Command {
	cmd := group("statement", "Print what a device signs")
	cmd.AddCommand(enrolStatementCommand(), activationStatementCommand())
	return cmd
}

func enrolStatementCommand() *cobra.Command {
	var key, member string
	var raw bool
	cmd := &cobra.Command{
		Use:   "enroll --public-key FILE --member M",
		Short: "The enrolment statement",
		Long: `Print the enrolment statement in base64, or its bytes with --raw: the domain
"hallmark/enroll/v1", the chain id, the member and the key's digest, each
preceded by its length as uint32be.`,
		Example: `  hallmarkd identity statement enroll --public-key device.pub --member maker --chain-id net-1
  hallmarkd identity statement enroll --public-key device.pub --member maker --chain-id net-1 --raw > statement
  openssl pkeyutl -sign -rawin -inkey device.pem -in statement | base64 -w0`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			chain, err := chainID(cmd)
			if err != nil {
				return err
			}
			digest, err := digestOf(key)
			if err != nil {
				return fmt.Errorf("public-key: %w", err)
			}
			return printStatement(cmd, identity.EnrolStatement(chain, member, digest), raw)
		},
	}
	f := cmd.Flags()
	f.StringVar(&key, "public-key", "", "public key of the device, PEM or DER; its private key serves too")
	f.StringVar(&member, "member", "", "member that will enrol it")
	f.String(flags.FlagChainID, "", "chain on which it will be enrolled")
	f.BoolVar(&raw, "raw", false, "print bytes instead of base64")
	required(cmd, "public-key", "member")
	return cmd
}

func activationStatementCommand() *cobra.Command {
	var key, root, owner string
	var batch, row uint64
	var raw bool
	cmd := &cobra.Command{
		Use:   "activate --public-key FILE --batch N --root HEX --row N --owner M",
		Short: "The activation statement",
		Long: `Print the activation statement in base64, or its bytes with --raw: the domain
"hallmark/activate/v1", the chain id, the batch in decimal, its Merkle root, the
row as uint64be, the owner and the key's digest, each preceded by its length as
uint32be. "hallmarkd identity proof" prints the root.`,
		Example: `  hallmarkd identity statement activate --public-key device.pub --batch 1 --root 0f2b... --row 20 --owner plant --chain-id net-1`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			chain, err := chainID(cmd)
			if err != nil {
				return err
			}
			digest, err := digestOf(key)
			if err != nil {
				return fmt.Errorf("public-key: %w", err)
			}
			bytes, err := hex.DecodeString(root)
			if err != nil {
				return fmt.Errorf("root: not hexadecimal: %w", err)
			}
			hash, err := identity.ParseHash("root", bytes)
			if err != nil {
				return err
			}
			if row == 0 || batch == 0 {
				return fmt.Errorf("batch, row: %d, %d; both begin at 1", batch, row)
			}
			return printStatement(cmd, identity.ActivationStatement(chain, batch, hash, row, owner, digest), raw)
		},
	}
	f := cmd.Flags()
	f.StringVar(&key, "public-key", "", "public key of the device, PEM or DER; its private key serves too")
	f.Uint64Var(&batch, "batch", 0, "number of the batch")
	f.StringVar(&root, "root", "", "Merkle root of the batch, in hexadecimal")
	f.Uint64Var(&row, "row", 0, "row of the device, from 1")
	f.StringVar(&owner, "owner", "", "member that the device will belong to")
	f.String(flags.FlagChainID, "", "chain on which it will be activated")
	f.BoolVar(&raw, "raw", false, "print bytes instead of base64")
	required(cmd, "public-key", "batch", "root", "row", "owner")
	return cmd
}

func printStatement(cmd *cobra.Command, statement []byte, raw bool) error {
	if raw {
		_, err := cmd.OutOrStdout().Write(statement)
		return err
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), base64.StdEncoding.EncodeToString(statement))
	return err
}
