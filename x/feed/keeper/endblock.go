package keeper

import (
	"bytes"
	"context"
	"encoding/binary"
	"time"

	errorsmod "cosmossdk.io/errors"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

// Removals stay listed for HistoryKept, so that a follower that was away for
// less may catch up by changes; then the end of each block forgets at most
// MaxPruned of them.
const (
	HistoryKept = 14 * 24 * time.Hour
	MaxPruned   = 1000
)

// EndBlock writes what the block buffered: records, index, accumulator and head,
// once for each touched feed, and then forgets old removals. Errors mean corrupt
// state, never something that a user made.
func (k Keeper) EndBlock(ctx context.Context) error {
	c := sdk.UnwrapSDKContext(ctx)
	names, which := k.touched(c)
	for i, name := range names {
		if err := k.flush(c, name, which[i]); err != nil {
			return errorsmod.Wrapf(err, "end of block: feed %q", name)
		}
	}
	k.clear(c)
	return errorsmod.Wrap(k.prune(c), "end of block: prune")
}

// flush writes the changes of one feed.
func (k Keeper) flush(ctx sdk.Context, name string, did marks) error {
	w := writer{ctx: ctx, keeper: k, head: feed.Head{Name: name}}
	if did&markCreated == 0 {
		var err error
		if w.head, err = k.Head(ctx, name); err != nil {
			return err
		}
		if w.acc, err = k.accumulator(ctx, name); err != nil {
			return err
		}
	}
	before := w.head.Sequence
	for _, op := range k.operations(ctx, name) {
		if err := w.apply(op); err != nil {
			return err
		}
	}
	if did&(markCreated|markClosed) == 0 && w.head.Sequence == before {
		return nil
	}
	digest := w.acc.Digest()
	w.head.Digest = digest[:]
	w.head.Height = ctx.BlockHeight()
	w.head.Time = ctx.BlockTime().UTC()
	w.head.Closed = did&markClosed != 0
	return k.putHead(ctx, &w.head, &w.acc)
}

func (k Keeper) accumulator(ctx sdk.Context, name string) (acc feed.Accumulator, err error) {
	b := ctx.KVStore(k.data).Get(accumulatorKey(name))
	if len(b) != len(acc) {
		return acc, errorsmod.Wrapf(feed.ErrCorrupt, "accumulator: %d bytes", len(b))
	}
	copy(acc[:], b)
	return acc, nil
}

func (k Keeper) putHead(ctx sdk.Context, head *feed.Head, acc *feed.Accumulator) error {
	b, err := head.Marshal()
	if err != nil {
		return err
	}
	ctx.KVStore(k.heads).Set(feed.HeadKey(head.Name), b)
	ctx.KVStore(k.data).Set(accumulatorKey(head.Name), acc[:])
	return nil
}

// writer writes the changes of one feed and keeps its head and accumulator in
// step.
type writer struct {
	ctx    sdk.Context
	keeper Keeper
	head   feed.Head
	acc    feed.Accumulator
}

// apply writes one change, unless it changes nothing.
func (w *writer) apply(op operation) error {
	name := w.head.Name
	store := w.ctx.KVStore(w.keeper.data)
	old, err := w.keeper.record(w.ctx, name, op.key)
	if err != nil {
		return err
	}
	if op.removed && !old.held || !op.removed && old.held && bytes.Equal(old.value, op.value) {
		return nil
	}

	w.head.Sequence++
	if old.held {
		store.Delete(indexKey(name, old.sequence))
		w.acc.Remove(name, op.key, old.value)
		w.head.Records--
		w.head.Bytes -= uint64(len(op.key) + len(old.value))
	} else if err := w.forgetRemoval(op.key); err != nil {
		return err
	}
	if op.removed {
		store.Delete(recordKey(name, op.key))
		w.keeper.putRemoval(w.ctx, name, op.key, w.head.Sequence, seconds(w.ctx.BlockTime()))
		return nil
	}
	w.acc.Add(name, op.key, op.value)
	w.head.Records++
	w.head.Bytes += uint64(len(op.key) + len(op.value))
	w.keeper.putRecord(w.ctx, name, op.key, w.head.Sequence, op.value)
	return nil
}

// forgetRemoval takes back the removal of a key that returns.
func (w *writer) forgetRemoval(key []byte) error {
	name := w.head.Name
	store := w.ctx.KVStore(w.keeper.data)
	b := store.Get(tombstoneKey(name, key))
	if b == nil {
		return nil
	}
	if len(b) != 16 {
		return errorsmod.Wrapf(feed.ErrCorrupt, "removal of %x: %d bytes", key, len(b))
	}
	sequence, removedAt := binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
	store.Delete(tombstoneKey(name, key))
	store.Delete(pruningKey(removedAt, name, sequence))
	store.Delete(indexKey(name, sequence))
	return nil
}

func (k Keeper) putRecord(ctx sdk.Context, name string, key []byte, sequence uint64, value []byte) {
	store := ctx.KVStore(k.data)
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(value)), sequence)
	store.Set(recordKey(name, key), append(b, value...))
	store.Set(indexKey(name, sequence), append([]byte{kindSet}, key...))
}

func (k Keeper) putRemoval(ctx sdk.Context, name string, key []byte, sequence, removedAt uint64) {
	store := ctx.KVStore(k.data)
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 16), sequence)
	store.Set(tombstoneKey(name, key), binary.BigEndian.AppendUint64(b, removedAt))
	store.Set(pruningKey(removedAt, name, sequence), key)
	store.Set(indexKey(name, sequence), append([]byte{kindRemove}, key...))
}

// seconds is a block time as the state keeps it; never negative.
func seconds(t time.Time) uint64 { return uint64(max(0, t.Unix())) }

// prune forgets removals older than HistoryKept and raises the floors of their
// feeds.
func (k Keeper) prune(ctx sdk.Context) error {
	now, kept := seconds(ctx.BlockTime()), uint64(HistoryKept/time.Second)
	if now < kept {
		return nil
	}
	store := ctx.KVStore(k.data)
	it := store.Iterator([]byte{prefixPruning}, pruningBound(now-kept))
	type removal struct{ entry, key []byte }
	var old []removal
	for ; it.Valid() && len(old) < MaxPruned; it.Next() {
		old = append(old, removal{bytes.Clone(it.Key()), bytes.Clone(it.Value())})
	}
	it.Close()
	for _, r := range old {
		name, sequence, ok := parsePruningKey(r.entry)
		if !ok {
			return errorsmod.Wrapf(feed.ErrCorrupt, "pruning entry %x", r.entry)
		}
		floor, err := k.floor(ctx, name)
		if err != nil {
			return err
		}
		store.Delete(r.entry)
		store.Delete(tombstoneKey(name, r.key))
		store.Delete(indexKey(name, sequence))
		k.putFloor(ctx, name, max(floor, sequence))
	}
	return nil
}

// floor is the highest sequence whose removal is no longer listed.
func (k Keeper) floor(ctx sdk.Context, name string) (uint64, error) {
	b := ctx.KVStore(k.data).Get(floorKey(name))
	switch len(b) {
	case 0:
		return 0, nil
	case 8:
		return binary.BigEndian.Uint64(b), nil
	}
	return 0, errorsmod.Wrapf(feed.ErrCorrupt, "floor of %q: %d bytes", name, len(b))
}

func (k Keeper) putFloor(ctx sdk.Context, name string, sequence uint64) {
	ctx.KVStore(k.data).Set(floorKey(name), binary.BigEndian.AppendUint64(nil, sequence))
}
