package accesscli

import (
	"context"
	"fmt"
	"time"

	gogoproto "github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/types"
)

// ask a node and print its answer.
func answer(cmd *cobra.Command, query func(context.Context, types.QueryClient) (gogoproto.Message, error)) error {
	c, err := client.GetClientQueryContext(cmd)
	if err != nil {
		return err
	}
	resp, err := query(cmd.Context(), types.NewQueryClient(c))
	if err != nil {
		return err
	}
	return c.PrintProto(resp)
}

func querySegmentCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "segment SEGMENT",
		Short:   "One segment with its policy",
		Long:    "Show the policy of a segment and the number that its next grant gets.",
		Example: "  hallmarkd query access segment acme/plant",
		Args:    cobra.ExactArgs(1),
		PreRunE: segmentArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			return answer(cmd, func(ctx context.Context, q types.QueryClient) (gogoproto.Message, error) {
				return q.Segment(ctx, &types.QuerySegmentRequest{Segment: args[0]})
			})
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	flags.AddQueryFlagsToCmd(cmd)
	return cmd
}

func querySegmentsCommand() *cobra.Command {
	var member string
	cmd := &cobra.Command{
		Use:     "segments",
		Short:   "Segments of a member, or all, in pages",
		Long:    "List the segments of a member, or all of them, ids ascending.",
		Example: "  hallmarkd query access segments --member acme",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			page, err := client.ReadPageRequest(cmd.Flags())
			if err != nil {
				return err
			}
			return answer(cmd, func(ctx context.Context, q types.QueryClient) (gogoproto.Message, error) {
				return q.Segments(ctx, &types.QuerySegmentsRequest{Member: member, Pagination: page})
			})
		},
	}
	cmd.Flags().StringVar(&member, "member", "", "only those of this member")
	flags.AddPaginationFlagsToCmd(cmd, "segments")
	flags.AddQueryFlagsToCmd(cmd)
	return cmd
}

func queryGrantCommand() *cobra.Command {
	return grantQuery("grant", "One grant", "Show a grant as gateways read it.",
		func(ctx context.Context, q types.QueryClient, segment string, id uint64) (gogoproto.Message, error) {
			return q.Grant(ctx, &types.QueryGrantRequest{Segment: segment, Id: id})
		})
}

func queryHistoryCommand() *cobra.Command {
	return grantQuery("history", "What happened to a grant, and who did it",
		"Show who gave and revoked a grant, when, and in which transaction. It is kept\nfor 400 days after the grant has gone.",
		func(ctx context.Context, q types.QueryClient, segment string, id uint64) (gogoproto.Message, error) {
			return q.History(ctx, &types.QueryHistoryRequest{Segment: segment, Id: id})
		})
}

func grantQuery(use, short, long string, query func(context.Context, types.QueryClient, string, uint64) (gogoproto.Message, error)) *cobra.Command {
	cmd := &cobra.Command{
		Use:     use + " SEGMENT GRANT",
		Short:   short,
		Long:    long,
		Example: "  hallmarkd query access " + use + " acme/plant 7",
		Args:    cobra.ExactArgs(2),
		PreRunE: segmentArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseGrant(args[1])
			if err != nil {
				return err
			}
			return answer(cmd, func(ctx context.Context, q types.QueryClient) (gogoproto.Message, error) {
				return query(ctx, q, args[0], id)
			})
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	flags.AddQueryFlagsToCmd(cmd)
	return cmd
}

func queryGrantsCommand() *cobra.Command {
	var (
		req    types.QueryGrantsRequest
		before string
	)
	cmd := &cobra.Command{
		Use:   "grants SEGMENT",
		Short: "Grants of a segment, in pages",
		Long: `List the grants of a segment, numbers ascending, narrowed by subject, by a
resource that they cover, by issuer, and by when they end.`,
		Example: `  hallmarkd query access grants acme/plant --subject did:hallmark:ciq...
  hallmarkd query access grants acme/plant --resource mqtt:plant/line1/state --expiring-before 7d`,
		Args:    cobra.ExactArgs(1),
		PreRunE: segmentArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if req.Pagination, err = client.ReadPageRequest(cmd.Flags()); err != nil {
				return err
			}
			req.Segment = args[0]
			if req.Subject != "" {
				if err := parseDevice("subject", req.Subject); err != nil {
					return err
				}
			}
			if before != "" {
				at, err := access.ParseUntil(before, time.Now())
				if err != nil {
					return fmt.Errorf("expiring-before: %w", err)
				}
				req.ExpiringBefore = &at
			}
			return answer(cmd, func(ctx context.Context, q types.QueryClient) (gogoproto.Message, error) {
				return q.Grants(ctx, &req)
			})
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	f := cmd.Flags()
	f.StringVar(&req.Subject, "subject", "", "only grants to this device")
	f.StringVar(&req.Resource, "resource", "", "only grants that cover this resource")
	f.StringVar(&req.Issuer, "issuer", "", "only grants given by this member")
	f.StringVar(&before, "expiring-before", "", "only grants that end before: RFC 3339, or a duration from now")
	flags.AddPaginationFlagsToCmd(cmd, "grants")
	flags.AddQueryFlagsToCmd(cmd)
	return cmd
}
