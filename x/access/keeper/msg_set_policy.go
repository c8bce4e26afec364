package keeper

import (
	"context"

	"github.com/hallmark-ledger/hallmark/x/access/types"
)

// SetPolicy replaces the policy of a segment. Grants given before stay; one
// whose patterns the segment no longer covers allows nothing there.
func (s MsgServer) SetPolicy(ctx context.Context, msg *types.MsgSetPolicy) (*types.MsgSetPolicyResponse, error) {
	actor, _, err := s.owner(ctx, msg.Signer, msg.Segment)
	if err != nil {
		return nil, err
	}
	policy, err := s.preparePolicy(ctx, actor.Member, msg.Segment, msg.Policy)
	if err != nil {
		return nil, err
	}
	if err := s.publishPolicy(ctx, actor.Pays(), msg.Segment, policy); err != nil {
		return nil, err
	}
	emit(ctx, "set_policy", attribute("segment", msg.Segment))
	return &types.MsgSetPolicyResponse{}, nil
}
