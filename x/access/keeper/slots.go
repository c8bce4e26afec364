package keeper

import (
	"context"
	stderrors "errors"

	"cosmossdk.io/collections"
	"cosmossdk.io/errors"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// A slot is a segment that holds a device's record. A device has at most
// [MaxSlots]. One belongs to a segment of the device's owner, or to one that the
// owner has admitted, so that no stranger fills them. After the device has
// changed hands the slots of its former owner have no right any more: they make
// room when room is needed.

// place gives a device a slot in a segment unless it has one.
func (k Keeper) place(ctx context.Context, actor consortium.Actor, member, segment string, subject identity.KeyDigest, device *identity.Device) error {
	at := collections.Join(subject[:], segment)
	rightful, err := k.rightful(ctx, at, member, device)
	if err != nil {
		return err
	}
	if !rightful {
		return errors.Wrapf(access.ErrNotAdmitted, "%s belongs to %q, who has not admitted segment %q", identity.ID(subject), device.Owner, segment)
	}
	if has, err := k.slots.Has(ctx, at); err != nil || has {
		return err
	}
	taken, former, err := k.taken(ctx, subject, device)
	if err != nil {
		return err
	}
	if taken >= MaxSlots {
		if former == "" {
			return errors.Wrapf(access.ErrTooMany, "the record of %s stands in %d segments", identity.ID(subject), taken)
		}
		if err := k.vacate(ctx, actor.Pays(), subject, former); err != nil {
			return err
		}
	}
	if err := k.slots.Set(ctx, at); err != nil {
		return err
	}
	return k.feeds.Subscribe(ctx, actor.Pays(), feed.Segment(segment), identity.DeviceKey(subject))
}

// rightful tells whether a segment may hold a device's record.
func (k Keeper) rightful(ctx context.Context, at place, member string, device *identity.Device) (bool, error) {
	if member == device.Owner {
		return true, nil
	}
	ownership, err := k.admissions.Get(ctx, at)
	if stderrors.Is(err, collections.ErrNotFound) {
		return false, nil
	}
	return ownership == device.Ownership, err
}

// taken counts the slots of a device and names one that has no right any more.
func (k Keeper) taken(ctx context.Context, subject identity.KeyDigest, device *identity.Device) (n int, former string, err error) {
	r := collections.NewPrefixedPairRange[[]byte, string](subject[:])
	err = k.slots.Walk(ctx, r, func(at place) (bool, error) {
		n++
		if former != "" {
			return false, nil
		}
		member, _, err := access.ParseSegmentID(at.K2())
		if err != nil {
			return true, errors.Wrap(access.ErrCorrupt, err.Error())
		}
		rightful, err := k.rightful(ctx, at, member, device)
		if err == nil && !rightful {
			former = at.K2()
		}
		return false, err
	})
	return n, former, err
}

// vacate takes a device's record out of a segment.
func (k Keeper) vacate(ctx context.Context, payer feed.Payer, subject identity.KeyDigest, segment string) error {
	if err := k.slots.Remove(ctx, collections.Join(subject[:], segment)); err != nil {
		return err
	}
	return k.feeds.Unsubscribe(ctx, payer, feed.Segment(segment), identity.DeviceKey(subject))
}

// count is how many grants to a device stand in a segment.
func (k Keeper) count(ctx context.Context, at place) (uint64, error) {
	n, err := k.counts.Get(ctx, at)
	if stderrors.Is(err, collections.ErrNotFound) {
		return 0, nil
	}
	return n, err
}
