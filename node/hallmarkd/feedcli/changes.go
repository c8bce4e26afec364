package feedcli

import (
	"context"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

func changesCommand() *cobra.Command {
	cmd := query(&cobra.Command{
		Use:   "changes NAME",
		Short: "The latest change of each key of a feed after a sequence, in order",
		Long: `The latest change of each key of a feed after a sequence, in order.

Removals are listed for 14 days. A sequence before one that is not listed any more
fails with history_pruned: list the records instead.`,
		Example: `hallmarkd query feed changes segment/acme/plant --since 31 -o json`,
		Args:    cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, r *reader, args []string) error {
		since, err := cmd.Flags().GetUint64(flagSince)
		if err != nil {
			return err
		}
		limit, err := cmd.Flags().GetUint64(flagLimit)
		if err != nil {
			return err
		}
		resp, err := r.changes(args[0], since, limit)
		if err != nil {
			return err
		}
		return r.client.PrintProto(resp)
	})
	cmd.Flags().Uint64(flagSince, 0, "list what changed after this sequence")
	addLimit(cmd)
	return cmd
}

// changes lists up to limit changes (0: all) after a sequence.
func (r *reader) changes(name string, since, limit uint64) (*feed.ChangesResponse, error) {
	all := &feed.ChangesResponse{From: since, To: since}
	for {
		var resp *feed.ChangesResponse
		err := r.ask(func(ctx context.Context, opts ...grpc.CallOption) (err error) {
			resp, err = r.query.Changes(ctx, &feed.ChangesRequest{Name: name, Since: all.To, Limit: rest(limit, len(all.Changes))}, opts...)
			return err
		})
		if err != nil {
			return nil, err
		}
		before := all.To
		all.To = resp.To
		all.Changes = append(all.Changes, resp.Changes...)
		// An answer does not say whether it was cut; the one after the last is
		// empty.
		if len(resp.Changes) == 0 || limit > 0 && uint64(len(all.Changes)) >= limit {
			return all, nil
		}
		if err := r.further(resp.To > before); err != nil {
			return nil, err
		}
	}
}
