package identitycli

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/node/hallmarkd/submit"
	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

// enrolment is what a person says of one device.
type enrolment struct {
	key, publicKey, signature string
	model, serial, saltOut    string
	manufactured              bool
}

func enrollCommand() *cobra.Command {
	var e enrolment
	cmd := &cobra.Command{
		Use:   "enroll --key FILE.pem --model M --serial S",
		Short: "Record one device",
		Long: `Record one device of the signer's member. The device's key signs the enrolment
statement: either here, with --key, or elsewhere, with --public-key and
--signature (see "hallmarkd identity statement enroll").

The serial stays off the chain; a salted commitment to it goes on. The salt is
printed on stderr, and written to --salt-out: keep it, it is what later proves
the serial.`,
		Example: `  hallmarkd tx identity enroll --key device.pem --model SEN-20 --serial SEN20-2538-00001 --from maker
  hallmarkd tx identity enroll --public-key device.pub --signature MEUC... --model SEN-20 --serial S1 --from maker`,
		Args: cobra.NoArgs,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case e.key == "" && e.publicKey == "":
				return missing("key", "public-key")
			case e.publicKey != "" && e.signature == "":
				return missing("signature")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return submit.Run(cmd, func(signer string) ([]sdk.Msg, error) { return e.messages(cmd, signer) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&e.key, "key", "", "private key of the device, PKCS#8 in PEM")
	f.StringVar(&e.publicKey, "public-key", "", "public key of the device, PEM or DER")
	f.StringVar(&e.signature, "signature", "", "its signature over the enrolment statement, base64")
	f.StringVar(&e.model, "model", "", "model of the device")
	f.StringVar(&e.serial, "serial", "", "serial of the device; it stays off the chain")
	f.StringVar(&e.saltOut, "salt-out", "", "new file for the salt, in hexadecimal")
	f.BoolVar(&e.manufactured, "manufactured", false, "leave the device to be commissioned later")
	cmd.MarkFlagsMutuallyExclusive("key", "public-key")
	cmd.MarkFlagsMutuallyExclusive("key", "signature")
	required(cmd, "model", "serial")
	submit.AddFlags(cmd)
	return cmd
}

func (e enrolment) messages(cmd *cobra.Command, signer string) ([]sdk.Msg, error) {
	if err := identity.ValidateModel(e.model); err != nil {
		return nil, err
	}
	if err := identity.ValidateSerial(e.serial); err != nil {
		return nil, err
	}
	chain, err := chainID(cmd)
	if err != nil {
		return nil, err
	}
	member, err := memberOf(cmd, signer)
	if err != nil {
		return nil, err
	}
	der, signature, err := e.proof(chain, member)
	if err != nil {
		return nil, err
	}
	salt := make([]byte, 32)
	if _, err := rand.Read(salt); err != nil {
		return nil, err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "salt: %x (keep it: with the serial it proves which device this is)\n", salt)
	if e.saltOut != "" {
		if err := writeNew(e.saltOut, []byte(hex.EncodeToString(salt)+"\n")); err != nil {
			return nil, fmt.Errorf("salt-out: %w", err)
		}
	}
	commitment := identity.SerialCommitment(salt, e.serial)
	return []sdk.Msg{&types.MsgEnroll{
		Signer:           signer,
		Model:            e.model,
		SerialCommitment: commitment[:],
		PublicKey:        der,
		Signature:        signature,
		Manufactured:     e.manufactured,
	}}, nil
}

// proof is the public key and its signature over the enrolment statement.
func (e enrolment) proof(chain, member string) (der, signature []byte, err error) {
	if e.key != "" {
		key, err := readKey(e.key)
		if err != nil {
			return nil, nil, fmt.Errorf("key: %w", err)
		}
		der, public, err := identity.PublicDER(key)
		if err != nil {
			return nil, nil, fmt.Errorf("key: %s: %w", e.key, err)
		}
		signature, err := identity.Sign(key, identity.EnrolStatement(chain, member, public.Digest))
		return der, signature, err
	}
	der, public, err := readPublicKey(e.publicKey)
	if err != nil {
		return nil, nil, fmt.Errorf("public-key: %w", err)
	}
	if signature, err = base64.StdEncoding.DecodeString(e.signature); err != nil {
		return nil, nil, fmt.Errorf("signature: not base64: %w", err)
	}
	if err := public.Verify(identity.EnrolStatement(chain, member, public.Digest), signature); err != nil {
		return nil, nil, fmt.Errorf("signature: enrolment on chain %q by member %q: %w", chain, member, err)
	}
	return der, signature, nil
}

// missing is the error of a flag that was not given, one of several, in the
// words in which cobra says the same of a single one.
func missing(names ...string) error {
	return fmt.Errorf("required flag(s) \"%s\" not set", strings.Join(names, "\" or \""))
}

// required marks flags without which a command cannot run.
func required(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err)
		}
	}
}
