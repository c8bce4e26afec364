package keeper

import (
	"context"
	"fmt"
	"slices"
	"time"

	"cosmossdk.io/collections"
	"cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// Grant gives access to devices: all grants of the message or none.
func (s MsgServer) Grant(ctx context.Context, msg *types.MsgGrant) (*types.MsgGrantResponse, error) {
	actor, policy, err := s.owner(ctx, msg.Signer, msg.Segment)
	if err != nil {
		return nil, err
	}
	if len(msg.Grants) == 0 || len(msg.Grants) > MaxBatch {
		return nil, errors.Wrapf(access.ErrInvalid, "grants: %d; want 1 to %d", len(msg.Grants), MaxBatch)
	}
	next, err := s.next.Get(ctx, msg.Segment)
	if err != nil {
		return nil, errors.Wrapf(access.ErrCorrupt, "next grant of %q: %v", msg.Segment, err)
	}
	resp := &types.MsgGrantResponse{Ids: make([]uint64, 0, len(msg.Grants))}
	event := []sdk.Attribute{attribute("segment", msg.Segment)}
	for i := range msg.Grants {
		if err := s.give(ctx, actor, &policy, msg, i, next); err != nil {
			return nil, err
		}
		resp.Ids = append(resp.Ids, next)
		event = append(event, number("id", next))
		next++
	}
	if err := s.next.Set(ctx, msg.Segment, next); err != nil {
		return nil, err
	}
	emit(ctx, "grant", event...)
	return resp, nil
}

// give writes the grant at an index of a message.
func (s MsgServer) give(ctx context.Context, actor consortium.Actor, policy *access.Policy, msg *types.MsgGrant, index int, id uint64) error {
	spec := &msg.Grants[index]
	now := sdk.UnwrapSDKContext(ctx).BlockTime()
	g, err := prepareGrant(spec, policy, now)
	if err != nil {
		return errors.Wrapf(access.ErrInvalid, "grants[%d].%v", index, err)
	}
	subject, err := identity.ParseID(spec.Subject)
	if err != nil {
		return errors.Wrapf(err, "grants[%d].subject", index)
	}
	device, err := s.identity.Device(ctx, subject)
	if err != nil {
		return errors.Wrapf(err, "grants[%d].subject", index)
	}
	if device.Status.Final() {
		return errors.Wrapf(access.ErrDeviceState, "grants[%d].subject: %s is %s", index, spec.Subject, device.Status.Word())
	}
	g.Issuer = actor.Member
	g.Owner, g.Ownership = device.Owner, device.Ownership
	g.Height = sdk.UnwrapSDKContext(ctx).BlockHeight()
	if err := s.place(ctx, actor, policy.Member, msg.Segment, subject, &device); err != nil {
		return errors.Wrapf(err, "grants[%d].subject", index)
	}
	if err := s.index(ctx, msg.Segment, subject, id, &g); err != nil {
		return errors.Wrapf(err, "grants[%d].subject", index)
	}
	if err := s.publishGrant(ctx, actor.Pays(), msg.Segment, subject, id, &g); err != nil {
		return errors.Wrapf(err, "grants[%d]", index)
	}
	return s.record(ctx, msg.Segment, id, types.VerbGranted, msg.Signer, actor.Member, "")
}

// index makes a grant found by its id, its subject and its end.
func (k Keeper) index(ctx context.Context, segment string, subject identity.KeyDigest, id uint64, g *access.Grant) error {
	at := collections.Join(subject[:], segment)
	count, err := k.count(ctx, at)
	if err != nil {
		return err
	}
	if count >= MaxGrants {
		return errors.Wrapf(access.ErrTooMany, "%d grants to %s stand in segment %q", count, identity.ID(subject), segment)
	}
	if err := k.counts.Set(ctx, at, count+1); err != nil {
		return err
	}
	if err := k.subjects.Set(ctx, collections.Join(segment, id), subject[:]); err != nil {
		return err
	}
	if err := k.given.Set(ctx, collections.Join3(subject[:], segment, id)); err != nil {
		return err
	}
	return k.queue.Set(ctx, collections.Join3(prunedAt(g), segment, id))
}

// prunedAt is when a grant goes, in Unix seconds.
func prunedAt(g *access.Grant) uint64 { return uint64(g.NotAfter) + uint64(GrantKept/time.Second) }

// prepareGrant checks what is asked for and makes it a record, without what the
// chain adds. An error names the field.
func prepareGrant(spec *types.GrantSpec, policy *access.Policy, now time.Time) (access.Grant, error) {
	var g access.Grant
	if err := access.ValidateTerms(spec.Actions, spec.Resources, spec.Conditions, spec.MaxDelegationDepth); err != nil {
		return g, err
	}
	for i, pattern := range spec.Resources {
		if !policy.CoversPattern(pattern) {
			return g, fmt.Errorf("resources[%d]: %.80q lies below no prefix of the segment: %q", i, pattern, policy.Prefixes)
		}
	}
	// A part of a second is dropped at the end and added at the beginning, so
	// that the grant is never valid when it was not meant to be.
	notBefore, notAfter := now.Unix(), spec.NotAfter.Unix()
	if spec.NotBefore != nil {
		notBefore = spec.NotBefore.Unix()
		if spec.NotBefore.Nanosecond() > 0 {
			notBefore++
		}
	}
	if err := access.ValidatePeriod(notBefore, notAfter, now); err != nil {
		return g, err
	}
	g = access.Grant{
		Actions: slices.Sorted(slices.Values(spec.Actions)), Resources: slices.Sorted(slices.Values(spec.Resources)),
		NotBefore: notBefore, NotAfter: notAfter,
		Conditions: spec.Conditions, MaxDelegationDepth: spec.MaxDelegationDepth,
	}
	// Issuer, owner and numbers of the chain take at most 128 bytes.
	if n := g.Size() + 128; n > access.MaxRecord {
		return g, fmt.Errorf("record: %d bytes; want at most %d", n, access.MaxRecord)
	}
	return g, nil
}
