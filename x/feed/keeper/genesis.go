package keeper

import (
	"context"
	"encoding/binary"

	errorsmod "cosmossdk.io/errors"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/feed/types"
)

// InitGenesis writes an exported state as it was, heads with it. Accumulators
// are recomputed; a head that does not match its records is refused.
func (k Keeper) InitGenesis(ctx context.Context, g *types.GenesisState) error {
	accs, err := g.Accumulators()
	if err != nil {
		return err
	}
	c := sdk.UnwrapSDKContext(ctx)
	for i := range g.Feeds {
		f := &g.Feeds[i]
		name := f.Head.Name
		if err := k.putHead(c, &f.Head, &accs[i]); err != nil {
			return errorsmod.Wrapf(err, "feed %q", name)
		}
		if f.PrunedTo > 0 {
			k.putFloor(c, name, f.PrunedTo)
		}
		removed := 0
		for _, change := range f.Changes {
			if change.Removed {
				k.putRemoval(c, name, change.Key, change.Sequence, uint64(f.RemovedAt[removed]))
				removed++
				continue
			}
			k.putRecord(c, name, change.Key, change.Sequence, change.Value)
		}
	}
	for _, s := range g.Shared {
		k.putShared(c, s.Key, shared{uint32(len(s.Feeds)), s.Value})
		for _, name := range s.Feeds {
			c.KVStore(k.data).Set(subscriptionKey(s.Key, name), []byte{1})
		}
	}
	return nil
}

// ExportGenesis returns the whole state as of the last end of block.
func (k Keeper) ExportGenesis(ctx context.Context) (*types.GenesisState, error) {
	c := sdk.UnwrapSDKContext(ctx)
	g := types.DefaultGenesis()
	it := c.KVStore(k.heads).Iterator(prefixHead, after(prefixHead))
	defer it.Close()
	for ; it.Valid(); it.Next() {
		var f types.Feed
		if err := f.Head.Unmarshal(it.Value()); err != nil {
			return nil, errorsmod.Wrapf(feed.ErrCorrupt, "head of %q: %v", it.Key()[1:], err)
		}
		if err := k.exportFeed(c, &f); err != nil {
			return nil, errorsmod.Wrapf(err, "feed %q", f.Head.Name)
		}
		g.Feeds = append(g.Feeds, f)
	}
	var err error
	g.Shared, err = k.exportShared(c)
	return g, err
}

func (k Keeper) exportFeed(ctx sdk.Context, f *types.Feed) (err error) {
	name := f.Head.Name
	if f.PrunedTo, err = k.floor(ctx, name); err != nil {
		return err
	}
	return k.walkChanges(ctx, name, 0, func(change feed.Change) (bool, error) {
		f.Changes = append(f.Changes, change)
		if !change.Removed {
			return true, nil
		}
		b := ctx.KVStore(k.data).Get(tombstoneKey(name, change.Key))
		if len(b) != 16 {
			return false, errorsmod.Wrapf(feed.ErrCorrupt, "removal of %x: %d bytes", change.Key, len(b))
		}
		f.RemovedAt = append(f.RemovedAt, int64(binary.BigEndian.Uint64(b[8:])))
		return true, nil
	})
}

func (k Keeper) exportShared(ctx sdk.Context) ([]types.Shared, error) {
	prefix := []byte{prefixShared}
	it := ctx.KVStore(k.data).Iterator(prefix, after(prefix))
	defer it.Close()
	var all []types.Shared
	for ; it.Valid(); it.Next() {
		if len(it.Value()) < 4 {
			return nil, errorsmod.Wrapf(feed.ErrCorrupt, "shared record %x", it.Key()[1:])
		}
		s := types.Shared{
			Key:   append([]byte(nil), it.Key()[1:]...),
			Value: append([]byte(nil), it.Value()[4:]...),
		}
		var err error
		if s.Feeds, err = k.Subscriptions(ctx, s.Key); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}
