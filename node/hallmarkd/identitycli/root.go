// Package identitycli is the command line of identities: `tx identity`, `query
// identity`, and what a maker does offline, `hallmarkd identity`.
//
// It computes Merkle roots, paths and statements with the very rules that the
// chain checks them by, and checks what it is about to send, so that an error
// comes early and names the file or the row.
package identitycli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"

	consortiumtypes "github.com/hallmark-ledger/hallmark/x/consortium/types"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// TxCommand is `tx identity`.
func TxCommand() *cobra.Command {
	cmd := group("identity", "Enrol devices and lead them through their life")
	cmd.AddCommand(enrollCommand(), enrollBatchCommand(), activateCommand(), revokeRowsCommand())
	cmd.AddCommand(stepCommands()...)
	return cmd
}

// QueryCommand is `query identity`.
func QueryCommand() *cobra.Command {
	cmd := group("identity", "Read devices and batches")
	cmd.AddCommand(queryDeviceCommand(), queryDevicesCommand(), queryBatchCommand(), queryBatchesCommand())
	return cmd
}

// OfflineCommand is `hallmarkd identity`: it asks no node and sends nothing.
func OfflineCommand() *cobra.Command {
	cmd := group("identity", "Make keys, statements, signatures and proofs, offline")
	cmd.AddCommand(keygenCommand(), statementCommand(), signCommand(), proofCommand())
	return cmd
}

// group is a command that only has others below it.
func group(use, short string) *cobra.Command {
	return &cobra.Command{
		Use:                        use,
		Short:                      short,
		SuggestionsMinimumDistance: 2,
		RunE:                       client.ValidateCmd,
	}
}

// chainID is the chain of a statement: the flag, or the client's configuration.
func chainID(cmd *cobra.Command) (string, error) {
	if id, err := cmd.Flags().GetString(flags.FlagChainID); err == nil && id != "" {
		return id, nil
	}
	if id := client.GetClientContextFromCmd(cmd).ChainID; id != "" {
		return id, nil
	}
	return "", errors.New("chain-id: not known; give --chain-id, which the device signs")
}

// memberOf asks the chain which member an account belongs to.
func memberOf(cmd *cobra.Command, address string) (string, error) {
	c := client.GetClientContextFromCmd(cmd)
	resp, err := consortiumtypes.NewQueryClient(c).Account(cmd.Context(), &consortiumtypes.QueryAccountRequest{Address: address})
	if err != nil {
		return "", fmt.Errorf("from: %s: %w", address, err)
	}
	return resp.Account.Member, nil
}

// deviceArg checks that the first argument is a device id, before any node is
// asked.
func deviceArg(_ *cobra.Command, args []string) error {
	if _, err := identity.ParseID(args[0]); err != nil {
		return fmt.Errorf("device: %w", err)
	}
	return nil
}

// files completes an argument with the names of files.
func files(extensions ...string) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return extensions, cobra.ShellCompDirectiveFilterFileExt
	}
}
