package keeper

import (
	"context"
	stderrors "errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/collections"
	"cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/consortium"
)

// Bounds of a page.
const (
	// MaxPage is the largest page.
	MaxPage = 1000
	// MaxOffset is the farthest page that may be asked for by offset; beyond,
	// follow next_key.
	MaxOffset = 10_000
)

// Querier answers the queries of the module.
type Querier struct{ Keeper }

var _ types.QueryServer = Querier{}

// Segment implements types.QueryServer.
func (q Querier) Segment(ctx context.Context, req *types.QuerySegmentRequest) (*types.QuerySegmentResponse, error) {
	policy, err := q.segment(ctx, req.GetSegment())
	if err != nil {
		return nil, err
	}
	return q.segmentEntry(ctx, req.Segment, policy)
}

func (q Querier) segmentEntry(ctx context.Context, id string, policy access.Policy) (*types.QuerySegmentResponse, error) {
	next, err := q.next.Get(ctx, id)
	if err != nil {
		return nil, errors.Wrapf(access.ErrCorrupt, "next grant of %q: %v", id, err)
	}
	return &types.QuerySegmentResponse{Id: id, Policy: policy, NextGrant: next}, nil
}

// Segments implements types.QueryServer.
func (q Querier) Segments(ctx context.Context, req *types.QuerySegmentsRequest) (*types.QuerySegmentsResponse, error) {
	if err := bound(req.GetPagination()); err != nil {
		return nil, err
	}
	prefix := func(*query.CollectionsPaginateOptions[string]) {}
	if member := req.GetMember(); member != "" {
		if err := consortium.ValidateID(member); err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "member: %v", err)
		}
		owned := member + "/"
		prefix = func(o *query.CollectionsPaginateOptions[string]) { o.Prefix = &owned }
	}
	segments, page, err := query.CollectionPaginate(ctx, q.segments, req.GetPagination(),
		func(id string, policy access.Policy) (types.QuerySegmentResponse, error) {
			entry, err := q.segmentEntry(ctx, id, policy)
			if err != nil {
				return types.QuerySegmentResponse{}, err
			}
			return *entry, nil
		}, prefix)
	if err != nil {
		return nil, err
	}
	return &types.QuerySegmentsResponse{Segments: segments, Pagination: page}, nil
}

// History implements types.QueryServer.
func (q Querier) History(ctx context.Context, req *types.QueryHistoryRequest) (*types.QueryHistoryResponse, error) {
	if _, err := q.segment(ctx, req.GetSegment()); err != nil {
		return nil, err
	}
	history, err := q.histories.Get(ctx, collections.Join(req.Segment, req.Id))
	if stderrors.Is(err, collections.ErrNotFound) {
		return nil, errors.Wrapf(access.ErrGrantUnknown, "id: %d in segment %q", req.Id, req.Segment)
	}
	if err != nil {
		return nil, err
	}
	return &types.QueryHistoryResponse{Entries: history.Entries}, nil
}

// refused names the field of a request and keeps the code of the error, of which
// the SDK's wrapping would keep the outer words alone.
func refused(field string, err error) error {
	return status.Error(status.Code(err), field+": "+err.Error())
}

// bound refuses a page that costs more than its answer is worth.
func bound(page *query.PageRequest) error {
	switch {
	case page == nil:
		return nil
	case page.Limit > MaxPage:
		return status.Errorf(codes.InvalidArgument, "pagination.limit: %d; want at most %d", page.Limit, MaxPage)
	case page.Offset > MaxOffset:
		return status.Errorf(codes.InvalidArgument, "pagination.offset: %d; want at most %d, or follow next_key", page.Offset, MaxOffset)
	case page.CountTotal:
		return status.Error(codes.InvalidArgument, "pagination.count_total: not counted; follow next_key")
	}
	return nil
}
