package keeper

import (
	"context"

	"cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

// Commission makes a manufactured device active.
func (s MsgServer) Commission(ctx context.Context, msg *types.MsgCommission) (*types.MsgCommissionResponse, error) {
	return &types.MsgCommissionResponse{}, s.step(ctx, identity.Commission, msg.Signer, msg.Device, "")
}

// Suspend stops an active device, for a while.
func (s MsgServer) Suspend(ctx context.Context, msg *types.MsgSuspend) (*types.MsgSuspendResponse, error) {
	return &types.MsgSuspendResponse{}, s.step(ctx, identity.Suspend, msg.Signer, msg.Device, msg.Reason)
}

// Resume makes a suspended device active again.
func (s MsgServer) Resume(ctx context.Context, msg *types.MsgResume) (*types.MsgResumeResponse, error) {
	return &types.MsgResumeResponse{}, s.step(ctx, identity.Resume, msg.Signer, msg.Device, msg.Reason)
}

// Retire ends a device's life in good order.
func (s MsgServer) Retire(ctx context.Context, msg *types.MsgRetire) (*types.MsgRetireResponse, error) {
	return &types.MsgRetireResponse{}, s.step(ctx, identity.Retire, msg.Signer, msg.Device, msg.Reason)
}

// Revoke ends a device's life for cause.
func (s MsgServer) Revoke(ctx context.Context, msg *types.MsgRevoke) (*types.MsgRevokeResponse, error) {
	return &types.MsgRevokeResponse{}, s.step(ctx, identity.Revoke, msg.Signer, msg.Device, msg.Reason)
}

// step moves a device of the signer's member along its life. A step that narrows
// pays from the lane kept for that, so that no flood delays it.
func (s MsgServer) step(ctx context.Context, step identity.Step, signer, id, reason string) error {
	actor, err := s.consortium.Actor(ctx, signer, consortium.RoleOperator)
	if err != nil {
		return err
	}
	if err := identity.ValidateReason(reason); err != nil {
		return err
	}
	first, err := identity.ParseID(id)
	if err != nil {
		return errors.Wrap(err, "device")
	}
	device, err := s.Device(ctx, first)
	if err != nil {
		return errors.Wrap(err, "device")
	}
	if device.Owner != actor.Member {
		return errors.Wrapf(identity.ErrNotOwner, "device: %s belongs to %q", id, device.Owner)
	}
	if err := step.Check(device.Status); err != nil {
		return errors.Wrapf(err, "device: %s", id)
	}
	enrolment, err := s.enrolments.Get(ctx, first[:])
	if err != nil {
		return errors.Wrapf(identity.ErrCorrupt, "enrolment of %s: %v", id, err)
	}
	device.Status = step.To
	device.SinceHeight = sdk.UnwrapSDKContext(ctx).BlockHeight()
	enrolment.Reason = reason
	payer := actor.Pays()
	if step.Narrows {
		payer = actor.Narrows()
	}
	if err := s.put(ctx, payer, first, device, enrolment); err != nil {
		return err
	}
	emit(ctx, step.Name, attribute("device", id), attribute("owner", device.Owner))
	return nil
}
