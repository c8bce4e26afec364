package keeper

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/errors"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// Admit accepts that a segment of another member holds the record of the
// signer's device. It ends when the device changes its owner.
func (s MsgServer) Admit(ctx context.Context, msg *types.MsgAdmit) (*types.MsgAdmitResponse, error) {
	actor, err := s.consortium.Actor(ctx, msg.Signer, consortium.RoleOperator)
	if err != nil {
		return nil, err
	}
	subject, err := identity.ParseID(msg.Device)
	if err != nil {
		return nil, errors.Wrap(err, "device")
	}
	device, err := s.identity.Device(ctx, subject)
	if err != nil {
		return nil, errors.Wrap(err, "device")
	}
	if device.Owner != actor.Member {
		return nil, errors.Wrapf(access.ErrNotOwner, "device: %s belongs to %q, the signer to %q", msg.Device, device.Owner, actor.Member)
	}
	if device.Status.Final() {
		return nil, errors.Wrapf(access.ErrDeviceState, "device: %s is %s", msg.Device, device.Status.Word())
	}
	policy, err := s.segment(ctx, msg.Segment)
	if err != nil {
		return nil, err
	}
	if policy.Member == device.Owner {
		return nil, errors.Wrapf(access.ErrInvalid, "segment: %q is the owner's own and needs no admission", msg.Segment)
	}
	if err := s.admit(ctx, subject, msg.Segment, device.Ownership); err != nil {
		return nil, err
	}
	emit(ctx, "admit", attribute("device", msg.Device), attribute("segment", msg.Segment))
	return &types.MsgAdmitResponse{}, nil
}

// admit writes an admission. A device has at most [MaxSlots]; those of former
// owners are dropped.
func (k Keeper) admit(ctx context.Context, subject identity.KeyDigest, segment string, ownership uint64) error {
	at := collections.Join(subject[:], segment)
	var former []place
	n := 0
	err := k.admissions.Walk(ctx, collections.NewPrefixedPairRange[[]byte, string](subject[:]), func(p place, given uint64) (bool, error) {
		switch {
		case given != ownership:
			former = append(former, p)
		case p.K2() != segment:
			n++
		}
		return false, nil
	})
	if err != nil {
		return err
	}
	if n >= MaxSlots {
		return errors.Wrapf(access.ErrTooMany, "device: %s is admitted to %d segments", identity.ID(subject), n)
	}
	for _, p := range former {
		if err := k.admissions.Remove(ctx, p); err != nil {
			return err
		}
	}
	return k.admissions.Set(ctx, at, ownership)
}
