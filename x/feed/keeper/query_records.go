package keeper

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

// Records lists the records of a feed, keys ascending from the page key. The
// head in the answer is of the same height, so that a listing of several pages
// asks for that height.
func (q Queries) Records(ctx context.Context, req *feed.RecordsRequest) (*feed.RecordsResponse, error) {
	head, err := q.head(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	if n := len(req.PageKey); n > feed.MaxKey {
		return nil, status.Errorf(codes.InvalidArgument, "page_key: %d bytes; want at most %d", n, feed.MaxKey)
	}
	prefix := recordsPrefix(head.Name)
	it := sdk.UnwrapSDKContext(ctx).KVStore(q.keeper.data).Iterator(recordKey(head.Name, req.PageKey), after(prefix))
	defer it.Close()
	resp := &feed.RecordsResponse{Head: head}
	room := newRoom(req.Limit)
	for ; it.Valid(); it.Next() {
		key := append([]byte(nil), it.Key()[len(prefix):]...)
		record, err := parseRecord(head.Name, key, it.Value())
		if err != nil {
			return nil, wire(err)
		}
		if !room.take(len(key) + len(record.value)) {
			resp.Pagination.NextKey = key
			break
		}
		resp.Records = append(resp.Records, feed.Record{Key: key, Value: append([]byte(nil), record.value...)})
	}
	return resp, nil
}
