package keeper

import (
	"context"
	stderrors "errors"
	"fmt"

	"cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

// Activate makes rows of a batch of the signer's member into active devices of
// an owner: all of them, or none. Each row carries its key, the path that shows
// it in the list, and the device's own signature over chain, batch, root, row
// and owner.
func (s MsgServer) Activate(ctx context.Context, msg *types.MsgActivate) (*types.MsgActivateResponse, error) {
	actor, err := s.consortium.Actor(ctx, msg.Signer, consortium.RoleManufacturer)
	if err != nil {
		return nil, err
	}
	hashes, err := boundRows(msg.Rows)
	if err != nil {
		return nil, err
	}
	charge(ctx, len(msg.Rows), hashes)

	batch, err := s.Batch(ctx, msg.Batch)
	if err != nil {
		return nil, errors.Wrap(err, "batch")
	}
	if batch.Maker != actor.Member {
		return nil, errors.Wrapf(identity.ErrNotMaker, "batch: %d is of %q", batch.Id, batch.Maker)
	}
	if err := s.canOwn(ctx, msg.Owner); err != nil {
		return nil, errors.Wrap(err, "owner")
	}
	c := sdk.UnwrapSDKContext(ctx)
	ids := make([]string, 0, len(msg.Rows))
	facts := []sdk.Attribute{number("batch", batch.Id), attribute("owner", msg.Owner), number("count", uint64(len(msg.Rows)))}
	for i, row := range msg.Rows {
		key, err := checkRow(c.ChainID(), batch, msg.Owner, row)
		if err != nil {
			return nil, errors.Wrapf(err, "rows[%d]", i)
		}
		device := newDevice(c, key, batch.Maker, msg.Owner, batch.Model)
		enrolment := types.Enrolment{
			SerialCommitment: row.RowDigest,
			Batch:            batch.Id,
			Row:              row.Row,
			Height:           c.BlockHeight(),
			Time:             c.BlockTime(),
		}
		if err := s.admit(ctx, actor.Pays(), device, enrolment); err != nil {
			return nil, errors.Wrapf(err, "rows[%d].public_key", i)
		}
		id := identity.ID(key.Digest)
		ids = append(ids, id)
		facts = append(facts, attribute("id", id))
	}
	batch.Activated += uint64(len(msg.Rows))
	if err := s.batches.Set(ctx, batch.Id, batch); err != nil {
		return nil, err
	}
	emit(ctx, "activate", facts...)
	return &types.MsgActivateResponse{Ids: ids}, nil
}

// boundRows checks the sizes of everything that will cost work, and counts the
// hashes that it will take.
func boundRows(rows []types.Row) (hashes int, err error) {
	if len(rows) == 0 || len(rows) > identity.MaxActivations {
		return 0, errors.Wrapf(identity.ErrInvalid, "rows: %d; want 1 to %d", len(rows), identity.MaxActivations)
	}
	for i, row := range rows {
		if len(row.Proof) > identity.MaxPath {
			return 0, errors.Wrapf(identity.ErrProof, "rows[%d].proof: %d hashes; want at most %d", i, len(row.Proof), identity.MaxPath)
		}
		hashes += 1 + len(row.Proof)
	}
	return hashes, nil
}

// checkRow checks everything about a row that needs no state but the batch.
func checkRow(chainID string, batch types.Batch, owner string, row types.Row) (identity.PublicKey, error) {
	var none identity.PublicKey
	if row.Row == 0 || row.Row > batch.Count {
		return none, errors.Wrapf(identity.ErrInvalid, "row: %d; the list has rows 1 to %d", row.Row, batch.Count)
	}
	if batch.RowRevoked(row.Row) {
		return none, errors.Wrapf(identity.ErrRowRevoked, "row: %d", row.Row)
	}
	rowDigest, err := identity.ParseHash("row_digest", row.RowDigest)
	if err != nil {
		return none, err
	}
	path := make([]identity.Hash, len(row.Proof))
	for i, hash := range row.Proof {
		if path[i], err = identity.ParseHash("hash", hash); err != nil {
			return none, errors.Wrapf(err, "proof[%d]", i)
		}
	}
	root, err := identity.ParseHash("root", batch.Root)
	if err != nil {
		return none, errors.Wrapf(identity.ErrCorrupt, "batch %d: %v", batch.Id, err)
	}
	key, err := identity.ParsePublicKey(row.PublicKey)
	if err != nil {
		return none, errors.Wrap(err, "public_key")
	}
	leaf := identity.LeafHash(identity.LeafData(key.Digest, rowDigest))
	if err := identity.VerifyPath(root, row.Row-1, batch.Count, leaf, path); err != nil {
		return none, errors.Wrap(err, "proof")
	}
	statement := identity.ActivationStatement(chainID, batch.Id, root, row.Row, owner, key.Digest)
	if err := key.Verify(statement, row.Signature); err != nil {
		return none, errors.Wrap(err, "signature")
	}
	return key, nil
}

// canOwn checks that a member is known and active.
func (k Keeper) canOwn(ctx context.Context, id string) error {
	if err := validateMember(id); err != nil {
		return errors.Wrap(identity.ErrInvalid, err.Error())
	}
	member, err := k.consortium.Member(ctx, id)
	if stderrors.Is(err, consortium.ErrMemberUnknown) {
		return errors.Wrapf(identity.ErrOwner, "%q is no member", id)
	}
	if err != nil {
		return err
	}
	if member.Standing != consortium.StandingActive {
		return errors.Wrapf(identity.ErrOwner, "%q is not active", id)
	}
	return nil
}

// validateMember checks a member's id, without echoing one of any length.
func validateMember(id string) error {
	const most = 64
	if len(id) > most {
		return fmt.Errorf("id: %d bytes", len(id))
	}
	return consortium.ValidateID(id)
}
