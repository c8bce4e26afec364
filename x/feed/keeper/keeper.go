// Package keeper keeps feeds on the chain. Messages buffer changes; [Keeper.EndBlock]
// writes them, with one head for each feed that changed.
//
// Modules publish through the keeper; it knows nothing of what records mean and
// checks no authority: that is its caller's. It refuses to write a feed's state
// anywhere but at the end of a block.
package keeper

import (
	"context"
	"encoding/binary"

	errorsmod "cosmossdk.io/errors"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

// Keeper keeps feeds. It is a value without caches: copies are the same.
type Keeper struct {
	heads     *storetypes.KVStoreKey
	data      *storetypes.KVStoreKey
	transient *storetypes.TransientStoreKey
}

// New returns a keeper over store [feed.HeadStore], store [feed.DataStore] and a
// transient store of its own.
func New(heads, data *storetypes.KVStoreKey, transient *storetypes.TransientStoreKey) Keeper {
	return Keeper{heads: heads, data: data, transient: transient}
}

// Create makes an empty feed. Its head stands at the end of the block.
func (k Keeper) Create(ctx context.Context, name string) error {
	if err := feed.ValidateName(name); err != nil {
		return errorsmod.Wrap(feed.ErrInvalid, err.Error())
	}
	has, err := k.Has(ctx, name)
	if err != nil {
		return err
	}
	if has {
		return errorsmod.Wrapf(feed.ErrFeedExists, "create %q", name)
	}
	k.mark(sdk.UnwrapSDKContext(ctx), name, markCreated)
	return nil
}

// Close ends a feed: it takes no more changes, and its head stays. Changes
// buffered before in the same block are still written.
func (k Keeper) Close(ctx context.Context, name string) error {
	if err := k.open(ctx, name); err != nil {
		return errorsmod.Wrap(err, "close")
	}
	k.mark(sdk.UnwrapSDKContext(ctx), name, markClosed)
	return nil
}

// Has reports whether the feed exists, open or closed, also when it was created
// in this block.
func (k Keeper) Has(ctx context.Context, name string) (bool, error) {
	c := sdk.UnwrapSDKContext(ctx)
	if k.marked(c, name)&markCreated != 0 {
		return true, nil
	}
	return c.KVStore(k.heads).Has(feed.HeadKey(name)), nil
}

// Head returns the head as of the last end of block.
func (k Keeper) Head(ctx context.Context, name string) (feed.Head, error) {
	b := sdk.UnwrapSDKContext(ctx).KVStore(k.heads).Get(feed.HeadKey(name))
	if b == nil {
		return feed.Head{}, errorsmod.Wrapf(feed.ErrFeedUnknown, "%q", name)
	}
	var head feed.Head
	if err := head.Unmarshal(b); err != nil {
		return feed.Head{}, errorsmod.Wrapf(feed.ErrCorrupt, "head of %q: %v", name, err)
	}
	return head, nil
}

// Get returns the value of a key, with what this block buffered.
func (k Keeper) Get(ctx context.Context, name string, key []byte) ([]byte, bool, error) {
	c := sdk.UnwrapSDKContext(ctx)
	if op := c.TransientStore(k.transient).Get(bufferKey(name, key)); op != nil {
		return op[1:], op[0] == kindSet, nil
	}
	record, err := k.record(c, name, key)
	if err != nil {
		return nil, false, err
	}
	return record.value, record.held, nil
}

// Set buffers a record; the last write of a block wins. It costs the payer one
// change.
func (k Keeper) Set(ctx context.Context, payer feed.Payer, name string, key, value []byte) error {
	if err := feed.ValidateRecord(key, value); err != nil {
		return errorsmod.Wrapf(feed.ErrInvalid, "feed %q: %v", name, err)
	}
	if err := k.open(ctx, name); err != nil {
		return err
	}
	c := sdk.UnwrapSDKContext(ctx)
	if err := k.pay(c, payer, 1); err != nil {
		return err
	}
	k.buffer(c, name, key, kindSet, value)
	return nil
}

// Remove buffers the removal of a record; of one that is absent at the end of
// the block, it is no change. It costs the payer one change.
func (k Keeper) Remove(ctx context.Context, payer feed.Payer, name string, key []byte) error {
	if err := feed.ValidateRecord(key, nil); err != nil {
		return errorsmod.Wrapf(feed.ErrInvalid, "feed %q: %v", name, err)
	}
	if err := k.open(ctx, name); err != nil {
		return err
	}
	c := sdk.UnwrapSDKContext(ctx)
	if err := k.pay(c, payer, 1); err != nil {
		return err
	}
	k.buffer(c, name, key, kindRemove, nil)
	return nil
}

// open returns nil if the feed takes changes, [feed.ErrFeedUnknown] or
// [feed.ErrFeedClosed].
func (k Keeper) open(ctx context.Context, name string) error {
	switch marks := k.marked(sdk.UnwrapSDKContext(ctx), name); {
	case marks&markClosed != 0:
		return errorsmod.Wrapf(feed.ErrFeedClosed, "%q", name)
	case marks&markCreated != 0:
		return nil
	}
	head, err := k.Head(ctx, name)
	if err != nil {
		return err
	}
	if head.Closed {
		return errorsmod.Wrapf(feed.ErrFeedClosed, "%q", name)
	}
	return nil
}

// record is what the store holds of a key.
type record struct {
	held     bool
	sequence uint64 // of the latest change
	value    []byte
}

func (k Keeper) record(ctx sdk.Context, name string, key []byte) (record, error) {
	b := ctx.KVStore(k.data).Get(recordKey(name, key))
	if b == nil {
		return record{}, nil
	}
	return parseRecord(name, key, b)
}

func parseRecord(name string, key, b []byte) (record, error) {
	if len(b) < 8 {
		return record{}, errorsmod.Wrapf(feed.ErrCorrupt, "record %x of %q: %d bytes", key, name, len(b))
	}
	return record{held: true, sequence: binary.BigEndian.Uint64(b), value: b[8:]}, nil
}
