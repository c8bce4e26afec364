package keeper

import (
	"context"
	"errors"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/feed/types"
)

// Bounds of a page, whichever is met first. A page holds at least one entry.
const (
	DefaultLimit = 1000
	MaxLimit     = 5000
	MaxPage      = 1 << 20 // bytes of keys and values
)

var _ types.QueryServer = Queries{}

// Queries answers the module's queries from the state after a block. Requests
// come from anyone: each is refused or costs at most a page.
type Queries struct {
	keeper Keeper
}

// NewQueries returns the query server of a keeper.
func NewQueries(k Keeper) Queries { return Queries{keeper: k} }

// Head returns the head of a feed.
func (q Queries) Head(ctx context.Context, req *feed.HeadRequest) (*feed.HeadResponse, error) {
	head, err := q.head(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	return &feed.HeadResponse{Head: head}, nil
}

// Heads lists the heads of all feeds, names ascending.
func (q Queries) Heads(ctx context.Context, req *types.HeadsRequest) (*types.HeadsResponse, error) {
	start, end := prefixHead, after(prefixHead)
	if page := req.GetPageKey(); len(page) > 0 {
		if err := feed.ValidateName(string(page)); err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "page_key: %v", err)
		}
		start = feed.HeadKey(string(page))
	}
	it := sdk.UnwrapSDKContext(ctx).KVStore(q.keeper.heads).Iterator(start, end)
	defer it.Close()
	resp := &types.HeadsResponse{}
	room := newRoom(req.GetLimit())
	for ; it.Valid(); it.Next() {
		if !room.take(len(it.Value())) {
			resp.Pagination.NextKey = append([]byte(nil), it.Key()[len(prefixHead):]...)
			break
		}
		var head feed.Head
		if err := head.Unmarshal(it.Value()); err != nil {
			return nil, status.Errorf(codes.Internal, "head of %q: %v", it.Key()[1:], err)
		}
		resp.Heads = append(resp.Heads, head)
	}
	return resp, nil
}

// head reads the head of a request's feed, with errors of the wire.
func (q Queries) head(ctx context.Context, name string) (feed.Head, error) {
	if err := feed.ValidateName(name); err != nil {
		return feed.Head{}, status.Error(codes.InvalidArgument, err.Error())
	}
	head, err := q.keeper.Head(ctx, name)
	return head, wire(err)
}

// wire gives an error of the keeper its code.
func wire(err error) error {
	code := codes.Internal
	switch {
	case err == nil:
		return nil
	case errors.Is(err, feed.ErrFeedUnknown):
		code = codes.NotFound
	case errors.Is(err, feed.ErrHistoryPruned):
		code = codes.FailedPrecondition
	case errors.Is(err, feed.ErrInvalid):
		code = codes.InvalidArgument
	}
	return status.Error(code, err.Error())
}

// room is what is left of a page.
type room struct {
	entries uint64
	bytes   int
	any     bool
}

func newRoom(limit uint64) room {
	if limit == 0 {
		limit = DefaultLimit
	}
	return room{entries: min(limit, MaxLimit), bytes: MaxPage}
}

// take reports whether an entry of that size still fits, and takes its room.
func (r *room) take(size int) bool {
	if r.entries == 0 || r.any && size > r.bytes {
		return false
	}
	r.entries--
	r.bytes -= size
	r.any = true
	return true
}
