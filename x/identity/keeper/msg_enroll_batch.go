package keeper

import (
	"context"
	stderrors "errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

// EnrollBatch anchors a factory list of the signer's member. Its rows become
// devices when they are activated; until then they cost the ledger nothing.
func (s MsgServer) EnrollBatch(ctx context.Context, msg *types.MsgEnrollBatch) (*types.MsgEnrollBatchResponse, error) {
	actor, err := s.consortium.Actor(ctx, msg.Signer, consortium.RoleManufacturer)
	if err != nil {
		return nil, err
	}
	if err := types.ValidateManifest(msg.Model, msg.Root, msg.Count, msg.Cid); err != nil {
		return nil, err
	}
	id, err := s.nextBatch.Get(ctx)
	if stderrors.Is(err, collections.ErrNotFound) {
		id, err = 1, nil
	}
	if err != nil {
		return nil, err
	}
	if err := s.nextBatch.Set(ctx, id+1); err != nil {
		return nil, err
	}
	c := sdk.UnwrapSDKContext(ctx)
	batch := types.Batch{
		Id:     id,
		Maker:  actor.Member,
		Model:  msg.Model,
		Root:   msg.Root,
		Count:  msg.Count,
		Cid:    msg.Cid,
		Height: c.BlockHeight(),
		Time:   c.BlockTime(),
	}
	if err := s.batches.Set(ctx, id, batch); err != nil {
		return nil, err
	}
	emit(ctx, "enroll_batch", number("id", id), attribute("maker", actor.Member), number("count", msg.Count))
	return &types.MsgEnrollBatchResponse{Id: id}, nil
}
