package feedcli

import (
	"bytes"
	"context"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/feed/keeper"
)

func recordsCommand() *cobra.Command {
	cmd := query(&cobra.Command{
		Use:   "records NAME",
		Short: "The records of a feed, by key, with its head of the same height",
		Long: `The records of a feed, by key, with its head of the same height.

Without --limit all of them are listed, however many pages that takes, all at the
height of the first: so they add up to the head's count and digest.`,
		Example: `hallmarkd query feed records members -o json
hallmarkd query feed records segment/acme/plant --limit 100 --height 120`,
		Args: cobra.ExactArgs(1),
	}, func(cmd *cobra.Command, r *reader, args []string) error {
		limit, key, err := page(cmd)
		if err != nil {
			return err
		}
		resp, err := r.records(args[0], limit, key)
		if err != nil {
			return err
		}
		return r.client.PrintProto(resp)
	})
	addPage(cmd)
	return cmd
}

// records lists up to limit records (0: all) from a page key.
func (r *reader) records(name string, limit uint64, key []byte) (*feed.RecordsResponse, error) {
	all := &feed.RecordsResponse{}
	for {
		var resp *feed.RecordsResponse
		err := r.ask(func(ctx context.Context, opts ...grpc.CallOption) (err error) {
			resp, err = r.query.Records(ctx, &feed.RecordsRequest{Name: name, Limit: rest(limit, len(all.Records)), PageKey: key}, opts...)
			return err
		})
		if err != nil {
			return nil, err
		}
		all.Head = resp.Head
		all.Records = append(all.Records, resp.Records...)
		all.Pagination = resp.Pagination
		next := resp.Pagination.NextKey
		if len(next) == 0 || limit > 0 && uint64(len(all.Records)) >= limit {
			return all, nil
		}
		if err := r.further(bytes.Compare(next, key) > 0); err != nil {
			return nil, err
		}
		key = next
	}
}

// rest is the limit of the next page.
func rest(limit uint64, have int) uint64 {
	if limit == 0 {
		return keeper.MaxLimit
	}
	return min(limit-uint64(have), keeper.MaxLimit)
}
