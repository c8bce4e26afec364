package keeper

import (
	"bytes"
	"context"
	stderrors "errors"

	"cosmossdk.io/collections"
	"cosmossdk.io/errors"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

// InitGenesis writes a genesis that it validates first. A device's shared record
// is published unless an imported feed genesis holds it; then it must say the
// same.
func (k Keeper) InitGenesis(ctx context.Context, g types.GenesisState) error {
	if err := g.Validate(); err != nil {
		return err
	}
	if err := k.nextBatch.Set(ctx, g.NextBatch); err != nil {
		return err
	}
	known := make(map[string]bool)
	for i, b := range g.Batches {
		if err := k.known(ctx, known, b.Maker); err != nil {
			return errors.Wrapf(err, "batches[%d].maker", i)
		}
		if err := k.batches.Set(ctx, b.Id, b); err != nil {
			return err
		}
	}
	for i, d := range g.Devices {
		if err := k.known(ctx, known, d.Device.Maker); err != nil {
			return errors.Wrapf(err, "devices[%d].device.maker", i)
		}
		if err := k.known(ctx, known, d.Device.Owner); err != nil {
			return errors.Wrapf(err, "devices[%d].device.owner", i)
		}
		if err := k.importDevice(ctx, d); err != nil {
			return errors.Wrapf(err, "devices[%d]", i)
		}
	}
	for _, u := range g.Keys {
		device, err := identity.ParseID(u.Device)
		if err != nil {
			return err
		}
		if err := k.keys.Set(ctx, u.Digest, device[:]); err != nil {
			return err
		}
	}
	return nil
}

func (k Keeper) importDevice(ctx context.Context, d types.DeviceEntry) error {
	first, err := identity.ParseID(d.Id)
	if err != nil {
		return err
	}
	record, err := d.Device.Marshal()
	if err != nil {
		return err
	}
	published, held, err := k.feeds.Shared(ctx, identity.DeviceKey(first))
	if err != nil {
		return err
	}
	if held && !bytes.Equal(published, record) {
		return errors.Wrapf(identity.ErrInvalid, "device: %s is not as the feeds have it", d.Id)
	}
	if err := k.owned.Set(ctx, collections.Join(d.Device.Owner, first[:])); err != nil {
		return err
	}
	return k.put(ctx, feed.System, first, d.Device, d.Enrolment)
}

// known checks that a member exists, once each; removed members stay known.
func (k Keeper) known(ctx context.Context, seen map[string]bool, id string) error {
	if seen[id] {
		return nil
	}
	if _, err := k.consortium.Member(ctx, id); err != nil {
		if stderrors.Is(err, consortium.ErrMemberUnknown) {
			return errors.Wrapf(identity.ErrInvalid, "%q is no member", id)
		}
		return err
	}
	seen[id] = true
	return nil
}

// ExportGenesis reads the whole state.
func (k Keeper) ExportGenesis(ctx context.Context) (*types.GenesisState, error) {
	g := types.DefaultGenesis()
	next, err := k.nextBatch.Get(ctx)
	switch {
	case err == nil:
		g.NextBatch = next
	case !stderrors.Is(err, collections.ErrNotFound):
		return nil, err
	}
	if err := k.devices.Walk(ctx, nil, func(key []byte, device identity.Device) (bool, error) {
		enrolment, err := k.enrolments.Get(ctx, key)
		if err != nil {
			return true, errors.Wrapf(identity.ErrCorrupt, "enrolment of %x: %v", key, err)
		}
		id := identity.ID(identity.KeyDigest(key))
		g.Devices = append(g.Devices, types.DeviceEntry{Id: id, Device: device, Enrolment: enrolment})
		return false, nil
	}); err != nil {
		return nil, err
	}
	if err := k.batches.Walk(ctx, nil, func(_ uint64, batch types.Batch) (bool, error) {
		g.Batches = append(g.Batches, batch)
		return false, nil
	}); err != nil {
		return nil, err
	}
	err = k.keys.Walk(ctx, nil, func(digest, device []byte) (bool, error) {
		g.Keys = append(g.Keys, types.UsedKey{Digest: digest, Device: identity.ID(identity.KeyDigest(device))})
		return false, nil
	})
	return g, err
}
