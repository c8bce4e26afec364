// Package feedcli is feeds on the command line. Only modules write feeds, so
// there are queries alone. A listing without a limit is read to its end, all its
// pages at one height.
package feedcli

import (
	"encoding/base64"
	"fmt"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/spf13/cobra"
)

const (
	flagSince   = "since"
	flagLimit   = "limit"
	flagPageKey = "page-key"
)

// QueryCommand is `query feed`.
func QueryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "feed",
		Short: "What gateways follow: sets of records, each with a provable head",
		Long: `What gateways follow: sets of records, each with a provable head.

Feeds are named segment/<member>/<slug>, and members. Keys and values are bytes,
printed in base64; their meaning is their module's.`,
		RunE: client.ValidateCmd,
	}
	cmd.AddCommand(headCommand(), headsCommand(), recordsCommand(), changesCommand())
	return cmd
}

// query makes a command of one reading. No reading names files.
func query(cmd *cobra.Command, run func(*cobra.Command, *reader, []string) error) *cobra.Command {
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := client.GetClientQueryContext(cmd)
		if err != nil {
			return err
		}
		return run(cmd, newReader(cmd.Context(), c), args)
	}
	flags.AddQueryFlagsToCmd(cmd)
	return cmd
}

func addPage(cmd *cobra.Command) {
	addLimit(cmd)
	cmd.Flags().String(flagPageKey, "", "begin here: the next_key of the listing before, in base64")
}

func addLimit(cmd *cobra.Command) {
	cmd.Flags().Uint64(flagLimit, 0, "list at most so many (0: all)")
}

// page reads the flags of a listing.
func page(cmd *cobra.Command) (limit uint64, key []byte, err error) {
	if limit, err = cmd.Flags().GetUint64(flagLimit); err != nil {
		return 0, nil, err
	}
	text, err := cmd.Flags().GetString(flagPageKey)
	if err != nil {
		return 0, nil, err
	}
	if key, err = base64.StdEncoding.DecodeString(text); err != nil {
		return 0, nil, fmt.Errorf("--%s %q: want the base64 of a next_key: %w", flagPageKey, text, err)
	}
	return limit, key, nil
}
