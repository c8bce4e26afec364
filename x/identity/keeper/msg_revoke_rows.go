package keeper

import (
	"context"

	"cosmossdk.io/errors"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

// RevokeRows ends rows of a batch of the signer's member that were never
// activated. Rows of the range that were activated before stay the devices that
// they became, and belong to their owners: no race with an activation can make
// a revocation fail. To revoke rows again is no error.
func (s MsgServer) RevokeRows(ctx context.Context, msg *types.MsgRevokeRows) (*types.MsgRevokeRowsResponse, error) {
	actor, err := s.consortium.Actor(ctx, msg.Signer, consortium.RoleManufacturer)
	if err != nil {
		return nil, err
	}
	if err := identity.ValidateReason(msg.Reason); err != nil {
		return nil, err
	}
	batch, err := s.Batch(ctx, msg.Batch)
	if err != nil {
		return nil, errors.Wrap(err, "batch")
	}
	if batch.Maker != actor.Member {
		return nil, errors.Wrapf(identity.ErrNotMaker, "batch: %d is of %q", batch.Id, batch.Maker)
	}
	if err := msg.Rows.Validate(batch.Count); err != nil {
		return nil, errors.Wrap(err, "rows")
	}
	if err := batch.RevokeRows(msg.Rows); err != nil {
		return nil, err
	}
	if err := s.batches.Set(ctx, batch.Id, batch); err != nil {
		return nil, err
	}
	emit(ctx, "revoke_rows", number("batch", batch.Id), number("first", msg.Rows.First), number("last", msg.Rows.Last), attribute("reason", msg.Reason))
	return &types.MsgRevokeRowsResponse{}, nil
}
