package keeper

import (
	"context"

	"cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

// Enroll records one device, made and at first owned by the signer's member. The
// device proves that it has the key, and that it is this member that it lets
// enrol it on this chain.
func (s MsgServer) Enroll(ctx context.Context, msg *types.MsgEnroll) (*types.MsgEnrollResponse, error) {
	actor, err := s.consortium.Actor(ctx, msg.Signer, consortium.RoleManufacturer)
	if err != nil {
		return nil, err
	}
	if err := identity.ValidateModel(msg.Model); err != nil {
		return nil, err
	}
	if _, err := identity.ParseHash("serial_commitment", msg.SerialCommitment); err != nil {
		return nil, err
	}
	charge(ctx, 1, 0)
	key, err := identity.ParsePublicKey(msg.PublicKey)
	if err != nil {
		return nil, errors.Wrap(err, "public_key")
	}
	c := sdk.UnwrapSDKContext(ctx)
	if err := key.Verify(identity.EnrolStatement(c.ChainID(), actor.Member, key.Digest), msg.Signature); err != nil {
		return nil, errors.Wrap(err, "signature")
	}
	device := newDevice(c, key, actor.Member, actor.Member, msg.Model)
	if msg.Manufactured {
		device.Status = identity.StatusManufactured
	}
	enrolment := types.Enrolment{SerialCommitment: msg.SerialCommitment, Height: c.BlockHeight(), Time: c.BlockTime()}
	if err := s.admit(ctx, actor.Pays(), device, enrolment); err != nil {
		return nil, errors.Wrap(err, "public_key")
	}
	id := identity.ID(key.Digest)
	emit(ctx, "enroll", attribute("id", id), attribute("maker", actor.Member))
	return &types.MsgEnrollResponse{Id: id}, nil
}

// newDevice is an active device with its first key and first owner.
func newDevice(ctx sdk.Context, key identity.PublicKey, maker, owner, model string) identity.Device {
	return identity.Device{
		Maker:       maker,
		Owner:       owner,
		Ownership:   1,
		Model:       model,
		Key:         identity.Key{Algorithm: key.Algorithm, Digest: key.Digest[:], SinceHeight: ctx.BlockHeight()},
		Status:      identity.StatusActive,
		SinceHeight: ctx.BlockHeight(),
	}
}
