package keeper

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/consortium/types"
)

// Querier answers the queries of the module.
type Querier struct{ Keeper }

var _ types.QueryServer = Querier{}

// Member implements types.QueryServer.
func (q Querier) Member(ctx context.Context, req *types.QueryMemberRequest) (*types.QueryMemberResponse, error) {
	if err := consortium.ValidateID(req.GetId()); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	member, err := q.Keeper.Member(ctx, req.Id)
	if errors.Is(err, consortium.ErrMemberUnknown) {
		return nil, status.Errorf(codes.NotFound, "id: member %q is unknown", req.Id)
	}
	if err != nil {
		return nil, err
	}
	accounts, err := q.accountsOf(ctx, req.Id)
	if err != nil {
		return nil, err
	}
	resp := &types.QueryMemberResponse{Member: member, Accounts: accounts}
	validator, err := q.validators.Get(ctx, req.Id)
	if err == nil {
		resp.Validator = &validator
	} else if !errors.Is(err, collections.ErrNotFound) {
		return nil, err
	}
	return resp, nil
}

// Members implements types.QueryServer.
func (q Querier) Members(ctx context.Context, req *types.QueryMembersRequest) (*types.QueryMembersResponse, error) {
	if req.GetPagination().GetLimit() > 1000 {
		return nil, status.Error(codes.InvalidArgument, "pagination.limit: want at most 1,000")
	}
	members, page, err := query.CollectionPaginate(ctx, q.members, req.GetPagination(),
		func(_ string, m consortium.Member) (consortium.Member, error) { return m, nil })
	if err != nil {
		return nil, err
	}
	return &types.QueryMembersResponse{Members: members, Pagination: page}, nil
}

// Account implements types.QueryServer.
func (q Querier) Account(ctx context.Context, req *types.QueryAccountRequest) (*types.QueryAccountResponse, error) {
	address, err := sdk.AccAddressFromBech32(req.GetAddress())
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "address: %q: %v", req.GetAddress(), err)
	}
	account, err := q.accounts.Get(ctx, address)
	if errors.Is(err, collections.ErrNotFound) {
		return nil, status.Errorf(codes.NotFound, "address: %s belongs to no member", req.Address)
	}
	if err != nil {
		return nil, err
	}
	return &types.QueryAccountResponse{Account: account}, nil
}

// Params implements types.QueryServer.
func (q Querier) Params(ctx context.Context, _ *types.QueryParamsRequest) (*types.QueryParamsResponse, error) {
	params, err := q.Keeper.Params(ctx)
	if err != nil {
		return nil, err
	}
	free, narrowing, err := q.Shares(ctx)
	if err != nil {
		return nil, err
	}
	return &types.QueryParamsResponse{Params: params, Share: types.ParamsOf(free), Narrowing: types.ParamsOf(narrowing)}, nil
}
