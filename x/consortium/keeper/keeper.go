// Package keeper stores the consortium: members, accounts, validators and the
// limits of a block. All of them come from genesis.
package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	"cosmossdk.io/collections/indexes"
	"cosmossdk.io/core/store"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/consortium/types"
)

// Keeper of the consortium. It holds no state of its own.
type Keeper struct {
	feeds Feeds

	schema     collections.Schema
	params     collections.Item[types.Params]
	members    collections.Map[string, consortium.Member]
	active     collections.Item[uint64]
	accounts   *collections.IndexedMap[sdk.AccAddress, types.Account, accountIndexes]
	validators collections.Map[string, types.Validator]
}

// accountIndexes finds the accounts of a member.
type accountIndexes struct {
	member *indexes.Multi[string, sdk.AccAddress, types.Account]
}

// IndexesList implements collections.Indexes.
func (i accountIndexes) IndexesList() []collections.Index[sdk.AccAddress, types.Account] {
	return []collections.Index[sdk.AccAddress, types.Account]{i.member}
}

// The layout of the store; a test freezes it.
var (
	paramsPrefix        = collections.NewPrefix(1)
	membersPrefix       = collections.NewPrefix(2)
	activePrefix        = collections.NewPrefix(3)
	accountsPrefix      = collections.NewPrefix(4)
	accountMemberPrefix = collections.NewPrefix(5)
	validatorsPrefix    = collections.NewPrefix(6)
)

// New makes the keeper of a store.
func New(cdc codec.BinaryCodec, service store.KVStoreService, feeds Feeds) Keeper {
	sb := collections.NewSchemaBuilder(service)
	k := Keeper{
		feeds:   feeds,
		params:  collections.NewItem(sb, paramsPrefix, "params", codec.CollValue[types.Params](cdc)),
		members: collections.NewMap(sb, membersPrefix, "members", collections.StringKey, codec.CollValue[consortium.Member](cdc)),
		active:  collections.NewItem(sb, activePrefix, "active", collections.Uint64Value),
		accounts: collections.NewIndexedMap(sb, accountsPrefix, "accounts", sdk.AccAddressKey, codec.CollValue[types.Account](cdc),
			accountIndexes{indexes.NewMulti(sb, accountMemberPrefix, "accounts_by_member", collections.StringKey, sdk.AccAddressKey,
				func(_ sdk.AccAddress, a types.Account) (string, error) { return a.Member, nil })}),
		validators: collections.NewMap(sb, validatorsPrefix, "validators", collections.StringKey, codec.CollValue[types.Validator](cdc)),
	}
	schema, err := sb.Build()
	if err != nil {
		panic(err)
	}
	k.schema = schema
	return k
}

// Member returns a member, or ErrMemberUnknown.
func (k Keeper) Member(ctx context.Context, id string) (consortium.Member, error) {
	m, err := k.members.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return m, consortium.ErrMemberUnknown.Wrapf("%q", id)
	}
	return m, err
}

// Active returns the member of an account if it may transact now: the account
// belongs to a member and the member is active.
func (k Keeper) Active(ctx context.Context, address sdk.AccAddress) (types.Account, error) {
	account, err := k.accounts.Get(ctx, address)
	if errors.Is(err, collections.ErrNotFound) {
		return account, consortium.ErrAccountUnknown.Wrapf("%s", address)
	}
	if err != nil {
		return account, err
	}
	member, err := k.Member(ctx, account.Member)
	if err != nil {
		return account, err
	}
	if member.Standing != consortium.StandingActive {
		return account, consortium.ErrNotActive.Wrapf("%q", member.Id)
	}
	return account, nil
}

// Actor returns the signer's member with its shares, if the account is of an
// active member and has the role. Every handler begins with it, so that a
// message is checked alike whether it came directly or nested.
func (k Keeper) Actor(ctx context.Context, address, role string) (consortium.Actor, error) {
	bz, err := sdk.AccAddressFromBech32(address)
	if err != nil {
		return consortium.Actor{}, consortium.ErrInvalid.Wrapf("signer: %q: %v", address, err)
	}
	account, err := k.Active(ctx, bz)
	if err != nil {
		return consortium.Actor{}, err
	}
	if !consortium.HasRole(account.Roles, role) {
		return consortium.Actor{}, consortium.ErrRole.Wrapf("%s of %q has %v, not %q", address, account.Member, account.Roles, role)
	}
	free, narrowing, err := k.Shares(ctx)
	if err != nil {
		return consortium.Actor{}, err
	}
	return consortium.NewActor(account.Member, free.Changes, narrowing.Changes), nil
}

// Shares returns what one active member may put into a block, in either lane.
func (k Keeper) Shares(ctx context.Context) (free, narrowing consortium.Share, err error) {
	params, err := k.params.Get(ctx)
	if err != nil {
		return free, narrowing, err
	}
	active, err := k.active.Get(ctx)
	if err != nil {
		return free, narrowing, err
	}
	free, narrowing = params.Block().Shares(active)
	return free, narrowing, nil
}

// Params returns the limits of a block.
func (k Keeper) Params(ctx context.Context) (types.Params, error) { return k.params.Get(ctx) }
