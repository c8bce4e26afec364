package keeper

import (
	"encoding/binary"

	errorsmod "cosmossdk.io/errors"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

// The buffer of a block stands in the transient store, so that a transaction
// that fails takes its part back. The end of the block empties it.

// marks say what a block did with a feed.
type marks byte

const (
	markCreated marks = 1 << iota
	markClosed
	markChanged
)

func (k Keeper) marked(ctx sdk.Context, name string) marks {
	b := ctx.TransientStore(k.transient).Get(markKey(name))
	if len(b) != 1 {
		return 0
	}
	return marks(b[0])
}

func (k Keeper) mark(ctx sdk.Context, name string, m marks) {
	have := k.marked(ctx, name)
	if have&m == m {
		return
	}
	ctx.TransientStore(k.transient).Set(markKey(name), []byte{byte(have | m)})
}

// buffer notes an operation. It charges what the end of the block will write:
// the record and its place in the index.
func (k Keeper) buffer(ctx sdk.Context, name string, key []byte, kind byte, value []byte) {
	cost := ctx.KVGasConfig()
	size := uint64(len(name) + len(key) + len(value))
	ctx.GasMeter().ConsumeGas(2*cost.WriteCostFlat+size*cost.WriteCostPerByte, "change of a feed")

	op := append(make([]byte, 0, 1+len(value)), kind)
	ctx.TransientStore(k.transient).Set(bufferKey(name, key), append(op, value...))
	k.mark(ctx, name, markChanged)
}

// pay takes n changes from the payer's quota for the block. [feed.System] is not
// limited.
func (k Keeper) pay(ctx sdk.Context, payer feed.Payer, n uint64) error {
	if payer == feed.System || n == 0 {
		return nil
	}
	store, key := ctx.TransientStore(k.transient), quotaKey(payer)
	var used uint64
	if b := store.Get(key); len(b) == 8 {
		used = binary.BigEndian.Uint64(b)
	}
	if used > payer.Limit || n > payer.Limit-used {
		lane := "normal"
		if payer.Narrows {
			lane = "narrowing"
		}
		return errorsmod.Wrapf(feed.ErrQuota,
			"member %q, %s lane: %d changes beside %d already paid in this block; the limit is %d",
			payer.Member, lane, n, used, payer.Limit)
	}
	store.Set(key, binary.BigEndian.AppendUint64(nil, used+n))
	return nil
}

// operation is one buffered change.
type operation struct {
	key     []byte
	value   []byte
	removed bool
}

// touched lists the feeds that the block marked, names ascending.
func (k Keeper) touched(ctx sdk.Context) (names []string, which []marks) {
	prefix := []byte{prefixMark}
	it := ctx.TransientStore(k.transient).Iterator(prefix, after(prefix))
	defer it.Close()
	for ; it.Valid(); it.Next() {
		names = append(names, string(it.Key()[1:]))
		which = append(which, marks(it.Value()[0]))
	}
	return names, which
}

// operations lists what the block buffered for a feed, keys ascending.
func (k Keeper) operations(ctx sdk.Context, name string) (ops []operation) {
	prefix := bufferPrefix(name)
	it := ctx.TransientStore(k.transient).Iterator(prefix, after(prefix))
	defer it.Close()
	for ; it.Valid(); it.Next() {
		op := it.Value()
		ops = append(ops, operation{
			key:     append([]byte(nil), it.Key()[len(prefix):]...),
			value:   append([]byte(nil), op[1:]...),
			removed: op[0] == kindRemove,
		})
	}
	return ops
}

// clear empties the buffer and the quotas. A commit does the same, but the first
// block begins without one after the genesis.
func (k Keeper) clear(ctx sdk.Context) {
	store := ctx.TransientStore(k.transient)
	it := store.Iterator(nil, nil)
	var keys [][]byte
	for ; it.Valid(); it.Next() {
		keys = append(keys, append([]byte(nil), it.Key()...))
	}
	it.Close()
	for _, key := range keys {
		store.Delete(key)
	}
}
