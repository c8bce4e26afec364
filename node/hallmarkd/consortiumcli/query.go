// Package consortiumcli is the consortium on the command line.
package consortiumcli

import (
	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/hallmark-ledger/hallmark/x/consortium/types"
)

// QueryCommand is `query consortium`.
func QueryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "consortium",
		Short: "Members, their accounts and roles, their validators, their shares of a block",
		RunE:  client.ValidateCmd,
	}
	cmd.AddCommand(member(), members(), account(), params())
	return cmd
}

func member() *cobra.Command {
	return query(&cobra.Command{
		Use:     "member ID",
		Short:   "One member with its accounts and its validator",
		Example: "hallmarkd query consortium member acme",
		Args:    cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, c client.Context, args []string) error {
		resp, err := types.NewQueryClient(c).Member(cmd.Context(), &types.QueryMemberRequest{Id: args[0]})
		if err != nil {
			return err
		}
		return c.PrintProto(resp)
	})
}

func members() *cobra.Command {
	cmd := query(&cobra.Command{
		Use:   "members",
		Short: "All members",
		Args:  cobra.NoArgs,
	}, func(cmd *cobra.Command, c client.Context, _ []string) error {
		page, err := client.ReadPageRequest(cmd.Flags())
		if err != nil {
			return err
		}
		resp, err := types.NewQueryClient(c).Members(cmd.Context(), &types.QueryMembersRequest{Pagination: page})
		if err != nil {
			return err
		}
		return c.PrintProto(resp)
	})
	flags.AddPaginationFlagsToCmd(cmd, "members")
	return cmd
}

func account() *cobra.Command {
	return query(&cobra.Command{
		Use:   "account ADDRESS",
		Short: "The member and the roles of an account",
		Args:  cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, c client.Context, args []string) error {
		resp, err := types.NewQueryClient(c).Account(cmd.Context(), &types.QueryAccountRequest{Address: args[0]})
		if err != nil {
			return err
		}
		return c.PrintProto(resp)
	})
}

func params() *cobra.Command {
	return query(&cobra.Command{
		Use:   "params",
		Short: "The limits of a block and each active member's share of it",
		Args:  cobra.NoArgs,
	}, func(cmd *cobra.Command, c client.Context, _ []string) error {
		resp, err := types.NewQueryClient(c).Params(cmd.Context(), &types.QueryParamsRequest{})
		if err != nil {
			return err
		}
		return c.PrintProto(resp)
	})
}

func query(cmd *cobra.Command, run func(*cobra.Command, client.Context, []string) error) *cobra.Command {
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := client.GetClientQueryContext(cmd)
		if err != nil {
			return err
		}
		return run(cmd, c, args)
	}
	flags.AddQueryFlagsToCmd(cmd)
	return cmd
}
