package keeper

import (
	"bytes"
	"context"
	"slices"
	"time"

	"cosmossdk.io/collections"
	"cosmossdk.io/errors"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// InitGenesis writes a genesis that it validates first. Records are published
// unless an imported feed genesis holds the feed; then it must say the same.
func (k Keeper) InitGenesis(ctx context.Context, g types.GenesisState) error {
	if err := g.Validate(); err != nil {
		return err
	}
	imported := make(map[string]bool, len(g.Segments))
	for i := range g.Segments {
		s := &g.Segments[i]
		if _, err := k.consortium.Member(ctx, s.Policy.Member); err != nil {
			return errors.Wrapf(err, "segments[%d].policy.member", i)
		}
		has, err := k.feeds.Has(ctx, feed.Segment(s.Id))
		if err != nil {
			return err
		}
		imported[s.Id] = has
		if err := k.importSegment(ctx, s, has); err != nil {
			return errors.Wrapf(err, "segments[%d]", i)
		}
	}
	for i := range g.Admissions {
		if err := k.importAdmission(ctx, &g.Admissions[i]); err != nil {
			return errors.Wrapf(err, "admissions[%d]", i)
		}
	}
	for i := range g.Grants {
		if err := k.importGrant(ctx, &g.Grants[i], imported[g.Grants[i].Segment]); err != nil {
			return errors.Wrapf(err, "grants[%d]", i)
		}
	}
	for _, h := range g.Histories {
		if err := k.histories.Set(ctx, collections.Join(h.Segment, h.Id), h); err != nil {
			return err
		}
		if last := h.Entries[len(h.Entries)-1]; last.Verb == types.VerbPruned {
			due := uint64(last.Time.Unix()) + uint64(HistoryKept/time.Second)
			if err := k.queue.Set(ctx, collections.Join3(due, h.Segment, h.Id)); err != nil {
				return err
			}
		}
	}
	return nil
}

// same refuses a feed that says something else than this genesis.
func (k Keeper) same(ctx context.Context, segment string, key, want []byte) error {
	have, ok, err := k.feeds.Get(ctx, feed.Segment(segment), key)
	if err != nil {
		return err
	}
	if !ok || !bytes.Equal(have, want) {
		return errors.Wrapf(access.ErrInvalid, "feed %q has another record at key %x", feed.Segment(segment), key)
	}
	return nil
}

func (k Keeper) importSegment(ctx context.Context, s *types.Segment, imported bool) error {
	if err := k.next.Set(ctx, s.Id, s.NextGrant); err != nil {
		return err
	}
	if imported {
		record, err := s.Policy.Marshal()
		if err != nil {
			return err
		}
		if err := k.same(ctx, s.Id, access.PolicyKey(), record); err != nil {
			return err
		}
		return k.segments.Set(ctx, s.Id, s.Policy)
	}
	if err := k.feeds.Create(ctx, feed.Segment(s.Id)); err != nil {
		return err
	}
	return k.publishPolicy(ctx, feed.System, s.Id, s.Policy)
}

func (k Keeper) importAdmission(ctx context.Context, a *types.Admission) error {
	subject, err := identity.ParseID(a.Device)
	if err != nil {
		return errors.Wrap(err, "device")
	}
	device, err := k.identity.Device(ctx, subject)
	if err != nil {
		return errors.Wrap(err, "device")
	}
	if a.Ownership > device.Ownership {
		return errors.Wrapf(access.ErrInvalid, "ownership: %d; the device has had %d owners", a.Ownership, device.Ownership)
	}
	return k.admissions.Set(ctx, collections.Join(subject[:], a.Segment), a.Ownership)
}

func (k Keeper) importGrant(ctx context.Context, e *types.GrantEntry, imported bool) error {
	subject, err := identity.ParseID(e.Subject)
	if err != nil {
		return errors.Wrap(err, "subject")
	}
	device, err := k.identity.Device(ctx, subject)
	if err != nil {
		return errors.Wrap(err, "subject")
	}
	if e.Grant.Ownership > device.Ownership {
		return errors.Wrapf(access.ErrInvalid, "grant.ownership: %d; the device has had %d owners", e.Grant.Ownership, device.Ownership)
	}
	if err := k.index(ctx, e.Segment, subject, e.Id, &e.Grant); err != nil {
		return err
	}
	name, at := feed.Segment(e.Segment), collections.Join(subject[:], e.Segment)
	if imported {
		record, err := e.Grant.Marshal()
		if err != nil {
			return err
		}
		if err := k.same(ctx, e.Segment, access.GrantKey(subject, e.Id), record); err != nil {
			return err
		}
		// A slot may have been vacated for another; the subscription tells.
		names, err := k.feeds.Subscriptions(ctx, identity.DeviceKey(subject))
		if err != nil || !slices.Contains(names, name) {
			return err
		}
		return k.slots.Set(ctx, at)
	}
	if err := k.slots.Set(ctx, at); err != nil {
		return err
	}
	if err := k.feeds.Subscribe(ctx, feed.System, name, identity.DeviceKey(subject)); err != nil {
		return err
	}
	return k.publishGrant(ctx, feed.System, e.Segment, subject, e.Id, &e.Grant)
}

// ExportGenesis reads the whole state.
func (k Keeper) ExportGenesis(ctx context.Context) (*types.GenesisState, error) {
	g := types.DefaultGenesis()
	if err := k.segments.Walk(ctx, nil, func(id string, p access.Policy) (bool, error) {
		next, err := k.next.Get(ctx, id)
		g.Segments = append(g.Segments, types.Segment{Id: id, Policy: p, NextGrant: next})
		return false, err
	}); err != nil {
		return nil, err
	}
	if err := k.subjects.Walk(ctx, nil, func(key grantID, _ []byte) (bool, error) {
		entry, err := k.entry(ctx, key.K1(), key.K2())
		g.Grants = append(g.Grants, entry)
		return false, err
	}); err != nil {
		return nil, err
	}
	if err := k.admissions.Walk(ctx, nil, func(at place, ownership uint64) (bool, error) {
		subject := identity.KeyDigest(at.K1())
		g.Admissions = append(g.Admissions, types.Admission{Device: identity.ID(subject), Segment: at.K2(), Ownership: ownership})
		return false, nil
	}); err != nil {
		return nil, err
	}
	err := k.histories.Walk(ctx, nil, func(_ grantID, h types.GrantHistory) (bool, error) {
		g.Histories = append(g.Histories, h)
		return false, nil
	})
	return g, err
}
