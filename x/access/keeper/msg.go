package keeper

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strconv"

	"cosmossdk.io/collections"
	"cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/consortium"
)

// MsgServer handles the messages of the module. Every handler begins with the
// signer's member and role, so that a message is checked alike whether it came
// directly or nested.
type MsgServer struct{ Keeper }

var _ types.MsgServer = MsgServer{}

// owner returns the actor of a signer whose member owns the segment, with the
// segment's policy.
func (s MsgServer) owner(ctx context.Context, signer, segment string) (consortium.Actor, access.Policy, error) {
	actor, err := s.consortium.Actor(ctx, signer, consortium.RoleOperator)
	if err != nil {
		return actor, access.Policy{}, err
	}
	policy, err := s.segment(ctx, segment)
	if err != nil {
		return actor, policy, err
	}
	if policy.Member != actor.Member {
		return actor, policy, errors.Wrapf(access.ErrNotOwner, "segment: %q belongs to %q, the signer to %q", segment, policy.Member, actor.Member)
	}
	return actor, policy, nil
}

// record adds to the history of a grant.
func (k Keeper) record(ctx context.Context, segment string, id uint64, verb, signer, member, reason string) error {
	c := sdk.UnwrapSDKContext(ctx)
	entry := types.HistoryEntry{
		Verb: verb, Height: c.BlockHeight(), Time: c.BlockTime(),
		Signer: signer, Member: member, Reason: reason,
	}
	if tx := c.TxBytes(); len(tx) > 0 && verb != types.VerbPruned {
		entry.Txhash = fmt.Sprintf("%X", sha256.Sum256(tx))
	}
	key := collections.Join(segment, id)
	history := types.GrantHistory{Segment: segment, Id: id}
	if verb != types.VerbGranted {
		var err error
		if history, err = k.histories.Get(ctx, key); err != nil {
			return errors.Wrapf(access.ErrCorrupt, "history of grant %d of %q: %v", id, segment, err)
		}
	}
	history.Entries = append(history.Entries, entry)
	return k.histories.Set(ctx, key, history)
}

// emit tells of a success; verb is the message's. The attribute "id" is for ids
// that the message created, and nothing else.
func emit(ctx context.Context, verb string, attributes ...sdk.Attribute) {
	sdk.UnwrapSDKContext(ctx).EventManager().EmitEvent(sdk.NewEvent(access.ModuleName+"_"+verb, attributes...))
}

// attribute is one fact of an event.
func attribute(key, value string) sdk.Attribute { return sdk.NewAttribute(key, value) }

// number is one numeric fact of an event.
func number(key string, value uint64) sdk.Attribute {
	return sdk.NewAttribute(key, strconv.FormatUint(value, 10))
}
