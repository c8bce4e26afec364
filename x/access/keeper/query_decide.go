package keeper

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/collections"
	"cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// MaxDecideSegments is the most segments that one decision looks at.
const MaxDecideSegments = 64

// Decide implements types.QueryServer: the evaluator of the gateways on the
// state of the chain, at the time of its block. Without segments it asks those
// whose policy covers the resource, ids ascending.
func (q Querier) Decide(ctx context.Context, req *types.QueryDecideRequest) (*types.QueryDecideResponse, error) {
	subject, err := identity.ParseID(req.GetSubject())
	if err != nil {
		return nil, refused("subject", err)
	}
	attributes, err := attributes(req.Context)
	if err != nil {
		return nil, err
	}
	request := &access.Request{Subject: subject, Action: req.Action, Resource: req.Resource, Context: attributes}
	segments, err := q.asked(ctx, req)
	if err != nil {
		return nil, err
	}
	view, err := q.view(ctx, segments, subject)
	if err != nil {
		return nil, err
	}
	decision := access.Decide(request, view, access.Now{Time: view.Time, Basis: access.ClockVerified})
	detail, fix := decision.Explain(request, view)
	return &types.QueryDecideResponse{
		Decision: decision.Allow, Reason: string(decision.Reason), Detail: detail, Fix: fix,
		Grant: decision.Grant, Segment: decision.Segment, Height: decision.Height, Since: decision.Since,
	}, nil
}

// asked are the segments of a request.
func (q Querier) asked(ctx context.Context, req *types.QueryDecideRequest) ([]string, error) {
	if len(req.Segments) > MaxDecideSegments {
		return nil, status.Errorf(codes.InvalidArgument, "segments: %d; want at most %d", len(req.Segments), MaxDecideSegments)
	}
	if len(req.Segments) > 0 {
		for i, id := range req.Segments {
			if _, err := q.segment(ctx, id); err != nil {
				return nil, refused(fmt.Sprintf("segments[%d]", i), err)
			}
		}
		return req.Segments, nil
	}
	var segments []string
	err := q.segments.Walk(ctx, nil, func(id string, p access.Policy) (bool, error) {
		if p.CoversPattern(req.Resource) {
			segments = append(segments, id)
		}
		return len(segments) == MaxDecideSegments, nil
	})
	return segments, err
}

// view is the View that a gateway would have of the chain's state, with the
// grants of one subject only.
func (k Keeper) view(ctx context.Context, segments []string, subject identity.KeyDigest) (*access.View, error) {
	c := sdk.UnwrapSDKContext(ctx)
	view := &access.View{State: access.StateVerified, Height: c.BlockHeight(), Time: c.BlockTime()}
	members := make(map[string]bool, len(segments))
	for _, id := range segments {
		segment, err := k.viewSegment(ctx, id, subject)
		if err != nil {
			return nil, err
		}
		view.Segments = append(view.Segments, segment)
		members[segment.Policy().Member] = true
	}
	// A set wants its keys to ascend, so one at a time.
	set := feed.EmptySet(feed.Members)
	for _, s := range view.Segments {
		member := s.Policy().Member
		if !members[member] {
			continue
		}
		members[member] = false
		key := consortium.MemberKey(member)
		record, ok, err := k.feeds.Get(ctx, feed.Members, key)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, errors.Wrapf(access.ErrCorrupt, "member %q has no record", member)
		}
		if set, err = set.Apply([]feed.Change{{Key: key, Value: record}}); err != nil {
			return nil, errors.Wrap(access.ErrCorrupt, err.Error())
		}
	}
	view.Members = set
	return view, nil
}

// viewSegment is a segment with its policy, one device and the grants to it.
func (k Keeper) viewSegment(ctx context.Context, id string, subject identity.KeyDigest) (access.Segment, error) {
	name := feed.Segment(id)
	b := feed.NewBuilder(name)
	add := func(key []byte, must bool) error {
		record, ok, err := k.feeds.Get(ctx, name, key)
		switch {
		case err != nil:
			return err
		case !ok && must:
			return errors.Wrapf(access.ErrCorrupt, "key %x of %q has no record", key, name)
		case !ok:
			return nil
		}
		return b.Add(key, record)
	}
	// Ascending: 'd', 'g', 'p'.
	if err := add(identity.DeviceKey(subject), false); err != nil {
		return access.Segment{}, err
	}
	r := collections.NewSuperPrefixedTripleRange[[]byte, string, uint64](subject[:], id)
	if err := k.given.Walk(ctx, r, func(key collections.Triple[[]byte, string, uint64]) (bool, error) {
		return false, add(access.GrantKey(subject, key.K3()), true)
	}); err != nil {
		return access.Segment{}, err
	}
	if err := add(access.PolicyKey(), true); err != nil {
		return access.Segment{}, err
	}
	head, err := k.feeds.Head(ctx, name)
	if err != nil {
		return access.Segment{}, err
	}
	return access.NewSegment(id, &head, b.Set())
}
