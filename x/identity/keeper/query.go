package keeper

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/collections"
	"cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
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

// Device implements types.QueryServer.
func (q Querier) Device(ctx context.Context, req *types.QueryDeviceRequest) (*types.QueryDeviceResponse, error) {
	first, err := identity.ParseID(req.GetId())
	if err != nil {
		return nil, refused("id", err)
	}
	return q.entry(ctx, first)
}

// entry is a device as queries show it.
func (q Querier) entry(ctx context.Context, first identity.KeyDigest) (*types.QueryDeviceResponse, error) {
	device, err := q.Keeper.Device(ctx, first)
	if err != nil {
		return nil, refused("id", err)
	}
	enrolment, err := q.enrolments.Get(ctx, first[:])
	if err != nil {
		return nil, errors.Wrapf(identity.ErrCorrupt, "enrolment of %s: %v", identity.ID(first), err)
	}
	return &types.QueryDeviceResponse{Id: identity.ID(first), Device: device, Enrolment: enrolment}, nil
}

// Devices implements types.QueryServer.
func (q Querier) Devices(ctx context.Context, req *types.QueryDevicesRequest) (*types.QueryDevicesResponse, error) {
	if err := bound(req.GetPagination()); err != nil {
		return nil, err
	}
	var entries []*types.QueryDeviceResponse
	var page *query.PageResponse
	var err error
	if owner := req.GetOwner(); owner == "" {
		entries, page, err = query.CollectionPaginate(ctx, q.devices, req.GetPagination(),
			func(first []byte, _ identity.Device) (*types.QueryDeviceResponse, error) {
				return q.entry(ctx, identity.KeyDigest(first))
			})
	} else {
		if err := validateMember(owner); err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "owner: %v", err)
		}
		entries, page, err = query.CollectionPaginate(ctx, q.owned, req.GetPagination(),
			func(key collections.Pair[string, []byte], _ collections.NoValue) (*types.QueryDeviceResponse, error) {
				return q.entry(ctx, identity.KeyDigest(key.K2()))
			},
			query.WithCollectionPaginationPairPrefix[string, []byte](owner))
	}
	if err != nil {
		return nil, err
	}
	resp := &types.QueryDevicesResponse{Pagination: page}
	for _, entry := range entries {
		resp.Devices = append(resp.Devices, *entry)
	}
	return resp, nil
}

// Batch implements types.QueryServer.
func (q Querier) Batch(ctx context.Context, req *types.QueryBatchRequest) (*types.QueryBatchResponse, error) {
	batch, err := q.Keeper.Batch(ctx, req.GetId())
	if err != nil {
		return nil, refused("id", err)
	}
	return &types.QueryBatchResponse{Batch: batch}, nil
}

// Batches implements types.QueryServer.
func (q Querier) Batches(ctx context.Context, req *types.QueryBatchesRequest) (*types.QueryBatchesResponse, error) {
	if err := bound(req.GetPagination()); err != nil {
		return nil, err
	}
	batches, page, err := query.CollectionPaginate(ctx, q.batches, req.GetPagination(),
		func(_ uint64, b types.Batch) (types.Batch, error) { return b, nil })
	if err != nil {
		return nil, err
	}
	return &types.QueryBatchesResponse{Batches: batches, Pagination: page}, nil
}

// refused names the field of a request, and keeps the code of the error.
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
