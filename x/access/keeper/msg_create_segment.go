package keeper

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// CreateSegment opens a segment of the signer's member and its feed.
func (s MsgServer) CreateSegment(ctx context.Context, msg *types.MsgCreateSegment) (*types.MsgCreateSegmentResponse, error) {
	actor, err := s.consortium.Actor(ctx, msg.Signer, consortium.RoleOperator)
	if err != nil {
		return nil, err
	}
	if err := access.ValidateSlug(msg.Slug); err != nil {
		return nil, errors.Wrap(access.ErrInvalid, err.Error())
	}
	id := access.SegmentID(actor.Member, msg.Slug)
	if exists, err := s.segments.Has(ctx, id); err != nil {
		return nil, err
	} else if exists {
		return nil, errors.Wrapf(access.ErrSegmentExists, "slug: %q", id)
	}
	policy, err := s.preparePolicy(ctx, actor.Member, id, msg.Policy)
	if err != nil {
		return nil, err
	}
	if err := s.feeds.Create(ctx, feed.Segment(id)); err != nil {
		return nil, err
	}
	if err := s.next.Set(ctx, id, 1); err != nil {
		return nil, err
	}
	if err := s.publishPolicy(ctx, actor.Pays(), id, policy); err != nil {
		return nil, err
	}
	emit(ctx, "create_segment", attribute("id", id))
	return &types.MsgCreateSegmentResponse{Id: id}, nil
}

// preparePolicy checks a policy against itself and the owner's other segments
// and completes it with what the chain sets.
func (k Keeper) preparePolicy(ctx context.Context, member, id string, policy access.Policy) (access.Policy, error) {
	if policy.Member != "" && policy.Member != member {
		return policy, errors.Wrapf(access.ErrInvalid, "policy.member: %q; leave it empty, the chain sets it", policy.Member)
	}
	if policy.SinceHeight != 0 {
		return policy, errors.Wrapf(access.ErrInvalid, "policy.since_height: %d; leave it 0, the chain sets it", policy.SinceHeight)
	}
	if err := policy.Validate(); err != nil {
		return policy, errors.Wrapf(access.ErrInvalid, "policy.%v", err)
	}
	owned := uint64(0)
	err := k.walkOwned(ctx, member, func(other string, p access.Policy) (bool, error) {
		if other == id {
			return false, nil
		}
		if owned++; owned >= MaxSegments {
			return true, errors.Wrapf(access.ErrTooMany, "slug: %q owns %d segments already", member, owned)
		}
		if a, b, ok := types.FindOverlap(&policy, &p); ok {
			return true, errors.Wrapf(access.ErrOverlap, "policy.prefixes: %q overlaps %q of segment %q", a, b, other)
		}
		return false, nil
	})
	policy.Member = member
	policy.SinceHeight = sdk.UnwrapSDKContext(ctx).BlockHeight()
	return policy, err
}

// walkOwned visits the segments of a member, ids ascending.
func (k Keeper) walkOwned(ctx context.Context, member string, visit func(id string, p access.Policy) (stop bool, err error)) error {
	// '0' follows '/', which ends the member in an id.
	r := new(collections.Range[string]).StartInclusive(member + "/").EndExclusive(member + "0")
	return k.segments.Walk(ctx, r, visit)
}
