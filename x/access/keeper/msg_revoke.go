package keeper

import (
	"context"

	"cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/types"
)

// Revoke ends grants: all of the message or none. The records stay and say so.
// It pays from the lane kept for what narrows, so that no flood delays it.
func (s MsgServer) Revoke(ctx context.Context, msg *types.MsgRevoke) (*types.MsgRevokeResponse, error) {
	actor, _, err := s.owner(ctx, msg.Signer, msg.Segment)
	if err != nil {
		return nil, err
	}
	if len(msg.Grants) == 0 || len(msg.Grants) > MaxBatch {
		return nil, errors.Wrapf(access.ErrInvalid, "grants: %d; want 1 to %d", len(msg.Grants), MaxBatch)
	}
	if err := access.ValidateReason(msg.Reason); err != nil {
		return nil, errors.Wrapf(access.ErrInvalid, "reason: %v", err)
	}
	height := sdk.UnwrapSDKContext(ctx).BlockHeight()
	named := make(map[uint64]int, len(msg.Grants))
	event := []sdk.Attribute{attribute("segment", msg.Segment)}
	for i, id := range msg.Grants {
		if first, twice := named[id]; twice {
			return nil, errors.Wrapf(access.ErrInvalid, "grants[%d]: %d stands already at grants[%d]", i, id, first)
		}
		named[id] = i
		subject, g, err := s.grant(ctx, msg.Segment, id)
		if err != nil {
			return nil, errors.Wrapf(err, "grants[%d]", i)
		}
		if g.Revoked() {
			return nil, errors.Wrapf(access.ErrGrantRevoked, "grants[%d]: %d at height %d", i, id, g.RevokedHeight)
		}
		g.RevokedHeight, g.RevokedReason = height, msg.Reason
		if err := s.publishGrant(ctx, actor.Narrows(), msg.Segment, subject, id, &g); err != nil {
			return nil, errors.Wrapf(err, "grants[%d]", i)
		}
		if err := s.record(ctx, msg.Segment, id, types.VerbRevoked, msg.Signer, actor.Member, msg.Reason); err != nil {
			return nil, err
		}
		event = append(event, number("grant", id))
	}
	emit(ctx, "revoke", event...)
	return &types.MsgRevokeResponse{}, nil
}
