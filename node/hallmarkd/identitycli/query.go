package identitycli

import (
	"encoding/base64"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

func queryDeviceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "device ID",
		Short:   "One device: maker, owner, model, key, status",
		Long:    "Show one device, what the chain keeps of its enrolment, and the reason of its last step.",
		Example: "  hallmarkd query identity device did:hallmark:ciq...",
		Args:    cobra.ExactArgs(1),
		PreRunE: deviceArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := client.GetClientQueryContext(cmd)
			if err != nil {
				return err
			}
			resp, err := types.NewQueryClient(c).Device(cmd.Context(), &types.QueryDeviceRequest{Id: args[0]})
			if err != nil {
				return err
			}
			return c.PrintProto(resp)
		},
	}
	flags.AddQueryFlagsToCmd(cmd)
	return cmd
}

func queryDevicesCommand() *cobra.Command {
	var owner string
	cmd := &cobra.Command{
		Use:     "devices",
		Short:   "Devices of an owner, or all, in pages",
		Long:    "List the devices of an owner, or all of them, by ascending digest of their first key.",
		Example: "  hallmarkd query identity devices --owner plant --limit 500",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := client.GetClientQueryContext(cmd)
			if err != nil {
				return err
			}
			page, err := pageOf(cmd)
			if err != nil {
				return err
			}
			resp, err := types.NewQueryClient(c).Devices(cmd.Context(), &types.QueryDevicesRequest{Owner: owner, Pagination: page})
			if err != nil {
				return err
			}
			return c.PrintProto(resp)
		},
	}
	cmd.Flags().StringVar(&owner, "owner", "", "member that the devices belong to (default: all)")
	addPageFlags(cmd)
	flags.AddQueryFlagsToCmd(cmd)
	return cmd
}

func queryBatchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "batch ID",
		Short:   "One batch: maker, root, rows, revoked rows",
		Long:    "Show one batch: who anchored which list, how many rows are activated, and which are revoked.",
		Example: "  hallmarkd query identity batch 1",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseBatch(args[0])
			if err != nil {
				return err
			}
			c, err := client.GetClientQueryContext(cmd)
			if err != nil {
				return err
			}
			resp, err := types.NewQueryClient(c).Batch(cmd.Context(), &types.QueryBatchRequest{Id: id})
			if err != nil {
				return err
			}
			return c.PrintProto(resp)
		},
	}
	flags.AddQueryFlagsToCmd(cmd)
	return cmd
}

func queryBatchesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "batches",
		Short:   "All batches, in pages",
		Long:    "List the batches of all makers, ids ascending.",
		Example: "  hallmarkd query identity batches --limit 10",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := client.GetClientQueryContext(cmd)
			if err != nil {
				return err
			}
			page, err := pageOf(cmd)
			if err != nil {
				return err
			}
			resp, err := types.NewQueryClient(c).Batches(cmd.Context(), &types.QueryBatchesRequest{Pagination: page})
			if err != nil {
				return err
			}
			return c.PrintProto(resp)
		},
	}
	addPageFlags(cmd)
	flags.AddQueryFlagsToCmd(cmd)
	return cmd
}

func addPageFlags(cmd *cobra.Command) {
	cmd.Flags().Uint64(flags.FlagLimit, 100, "entries in the answer, at most 1000")
	cmd.Flags().String(flags.FlagPageKey, "", "next_key of the page before")
}

func pageOf(cmd *cobra.Command) (*query.PageRequest, error) {
	limit, err := cmd.Flags().GetUint64(flags.FlagLimit)
	if err != nil {
		return nil, err
	}
	text, err := cmd.Flags().GetString(flags.FlagPageKey)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("page-key: not base64: %w", err)
	}
	return &query.PageRequest{Key: key, Limit: limit}, nil
}
