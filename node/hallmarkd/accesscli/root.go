// Package accesscli is the command line of access: `tx access` and `query
// access`.
//
// It checks what it is about to send with the very rules of the chain, so that
// an error comes early and names the flag, the file or the line. It decides
// nothing: `query access decide` asks the chain.
package accesscli

import (
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// TxCommand is `tx access`.
func TxCommand() *cobra.Command {
	cmd := group("access", "Open segments, give and revoke grants")
	cmd.AddCommand(createSegmentCommand(), setPolicyCommand(), grantCommand(), grantBatchCommand(), revokeCommand(), admitCommand())
	return cmd
}

// QueryCommand is `query access`.
func QueryCommand() *cobra.Command {
	cmd := group("access", "Read segments and grants, and ask for decisions")
	cmd.AddCommand(querySegmentCommand(), querySegmentsCommand(), queryGrantCommand(), queryGrantsCommand(),
		queryHistoryCommand(), queryDecideCommand())
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

// required marks flags without which a command does nothing.
func required(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err)
		}
	}
}

// segmentArg checks that the first argument is a segment's id, before any node
// is asked.
func segmentArg(_ *cobra.Command, args []string) error {
	if _, _, err := access.ParseSegmentID(args[0]); err != nil {
		return fmt.Errorf("segment: %w", err)
	}
	return nil
}

// parseGrant reads a grant's number.
func parseGrant(text string) (uint64, error) {
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil || id == 0 {
		return 0, fmt.Errorf("grant: %q; want the number that grant printed", text)
	}
	return id, nil
}

// parseDevice checks a device's id.
func parseDevice(field, id string) error {
	if _, err := identity.ParseID(id); err != nil {
		return fmt.Errorf("%s: %w", field, err)
	}
	return nil
}

// readPolicy reads a policy file.
func readPolicy(path string) (access.Policy, error) {
	info, err := os.Stat(path)
	if err != nil {
		return access.Policy{}, fmt.Errorf("policy: %w", err)
	}
	if info.Size() > access.MaxPolicyFile {
		return access.Policy{}, fmt.Errorf("policy: %s has %d bytes; want at most %d", path, info.Size(), access.MaxPolicyFile)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return access.Policy{}, fmt.Errorf("policy: %w", err)
	}
	policy, err := access.ParsePolicyFile(data)
	if err != nil {
		return policy, fmt.Errorf("%s: %w", path, err)
	}
	return policy, nil
}

// jsonFiles completes the argument at an index with the names of files.
func jsonFiles(index int, extension string) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) != index {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return []string{extension}, cobra.ShellCompDirectiveFilterFileExt
	}
}
