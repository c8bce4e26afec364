package keeper

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	abci "github.com/cometbft/cometbft/abci/types"

	"cosmossdk.io/collections"

	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/consortium/types"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// InitGenesis writes a validated genesis and returns the validator set, which
// is never empty. On a fresh chain it opens feed "members"; on an imported one
// the feed is there and must say the same.
func (k Keeper) InitGenesis(ctx context.Context, g types.GenesisState) ([]abci.ValidatorUpdate, error) {
	if err := g.Validate(); err != nil {
		return nil, err
	}
	if len(g.Validators) == 0 {
		return nil, errors.New("validators: none; a network needs at least one")
	}
	if err := k.params.Set(ctx, g.Params); err != nil {
		return nil, err
	}
	if err := k.initMembers(ctx, g.Members); err != nil {
		return nil, err
	}
	for _, a := range g.Accounts {
		address, err := sdk.AccAddressFromBech32(a.Address)
		if err != nil {
			return nil, err
		}
		if err := k.accounts.Set(ctx, address, a); err != nil {
			return nil, err
		}
	}
	updates := make([]abci.ValidatorUpdate, 0, len(g.Validators))
	for _, v := range g.Validators {
		if err := k.validators.Set(ctx, v.Member, v); err != nil {
			return nil, err
		}
		pk, err := v.ConsensusKey()
		if err != nil {
			return nil, err
		}
		cmt, err := cryptocodec.ToCmtProtoPublicKey(pk)
		if err != nil {
			return nil, err
		}
		updates = append(updates, abci.ValidatorUpdate{PubKey: cmt, Power: v.Power})
	}
	return updates, nil
}

func (k Keeper) initMembers(ctx context.Context, members []consortium.Member) error {
	published, err := k.feeds.Has(ctx, feed.Members)
	if err != nil {
		return err
	}
	if !published {
		if err := k.feeds.Create(ctx, feed.Members); err != nil {
			return err
		}
	}
	active := uint64(0)
	for _, m := range members {
		if m.Standing == consortium.StandingActive {
			active++
		}
		if err := k.members.Set(ctx, m.Id, m); err != nil {
			return err
		}
		value, err := m.Marshal()
		if err != nil {
			return err
		}
		if !published {
			if err := k.feeds.Set(ctx, feed.System, feed.Members, consortium.MemberKey(m.Id), value); err != nil {
				return err
			}
			continue
		}
		held, ok, err := k.feeds.Get(ctx, feed.Members, consortium.MemberKey(m.Id))
		if err != nil {
			return err
		}
		if !ok || !bytes.Equal(held, value) {
			return fmt.Errorf("members: %q is not as feed %q has it", m.Id, feed.Members)
		}
	}
	return k.active.Set(ctx, active)
}

// ExportGenesis reads the whole state.
func (k Keeper) ExportGenesis(ctx context.Context) (*types.GenesisState, error) {
	params, err := k.params.Get(ctx)
	if err != nil {
		return nil, err
	}
	g := &types.GenesisState{Params: params}
	if err := k.members.Walk(ctx, nil, func(_ string, m consortium.Member) (bool, error) {
		g.Members = append(g.Members, m)
		return false, nil
	}); err != nil {
		return nil, err
	}
	if err := k.accounts.Walk(ctx, nil, func(_ sdk.AccAddress, a types.Account) (bool, error) {
		g.Accounts = append(g.Accounts, a)
		return false, nil
	}); err != nil {
		return nil, err
	}
	g.Sort()
	err = k.validators.Walk(ctx, nil, func(_ string, v types.Validator) (bool, error) {
		g.Validators = append(g.Validators, v)
		return false, nil
	})
	return g, err
}

// accountsOf lists the accounts of a member, at most 1,024.
func (k Keeper) accountsOf(ctx context.Context, member string) ([]types.Account, error) {
	var out []types.Account
	iter, err := k.accounts.Indexes.member.MatchExact(ctx, member)
	if err != nil {
		return nil, err
	}
	defer iter.Close()
	for ; iter.Valid() && len(out) < 1024; iter.Next() {
		address, err := iter.PrimaryKey()
		if err != nil {
			return nil, err
		}
		a, err := k.accounts.Get(ctx, address)
		if err != nil && !errors.Is(err, collections.ErrNotFound) {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}
