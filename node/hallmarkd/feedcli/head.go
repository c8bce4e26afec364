package feedcli

import (
	"bytes"
	"context"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/feed/types"
)

func headCommand() *cobra.Command {
	return query(&cobra.Command{
		Use:   "head NAME",
		Short: "The head of a feed: its sequence, count, bytes and digest",
		Example: `hallmarkd query feed head members
hallmarkd query feed head segment/acme/plant -o json --height 120`,
		Args: cobra.ExactArgs(1),
	}, func(_ *cobra.Command, r *reader, args []string) error {
		var resp *feed.HeadResponse
		err := r.ask(func(ctx context.Context, opts ...grpc.CallOption) (err error) {
			resp, err = r.query.Head(ctx, &feed.HeadRequest{Name: args[0]}, opts...)
			return err
		})
		if err != nil {
			return err
		}
		return r.client.PrintProto(resp)
	})
}

func headsCommand() *cobra.Command {
	cmd := query(&cobra.Command{
		Use:     "heads",
		Short:   "The heads of all feeds, by name",
		Example: "hallmarkd query feed heads -o json",
		Args:    cobra.NoArgs,
	}, func(cmd *cobra.Command, r *reader, _ []string) error {
		limit, key, err := page(cmd)
		if err != nil {
			return err
		}
		resp, err := r.heads(limit, key)
		if err != nil {
			return err
		}
		return r.client.PrintProto(resp)
	})
	addPage(cmd)
	return cmd
}

// heads lists up to limit heads (0: all) from a page key.
func (r *reader) heads(limit uint64, key []byte) (*types.HeadsResponse, error) {
	all := &types.HeadsResponse{}
	for {
		var resp *types.HeadsResponse
		err := r.ask(func(ctx context.Context, opts ...grpc.CallOption) (err error) {
			resp, err = r.query.Heads(ctx, &types.HeadsRequest{Limit: rest(limit, len(all.Heads)), PageKey: key}, opts...)
			return err
		})
		if err != nil {
			return nil, err
		}
		all.Heads = append(all.Heads, resp.Heads...)
		all.Pagination = resp.Pagination
		next := resp.Pagination.NextKey
		if len(next) == 0 || limit > 0 && uint64(len(all.Heads)) >= limit {
			return all, nil
		}
		if err := r.further(bytes.Compare(next, key) > 0); err != nil {
			return nil, err
		}
		key = next
	}
}
