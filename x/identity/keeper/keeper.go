// Package keeper stores devices, their keys and the batches that they came from.
package keeper

import (
	"context"
	stderrors "errors"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"
	"cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

// Keeper of identities. It holds no state of its own.
type Keeper struct {
	consortium Consortium
	feeds      Feeds

	schema     collections.Schema
	devices    collections.Map[[]byte, identity.Device]             // by digest of the first key
	enrolments collections.Map[[]byte, types.Enrolment]             // the same
	owned      collections.KeySet[collections.Pair[string, []byte]] // owner, device
	keys       collections.Map[[]byte, []byte]                      // digest ever used -> device
	batches    collections.Map[uint64, types.Batch]                 // by id
	nextBatch  collections.Item[uint64]                             // absent: 1
}

// The layout of the store; a test freezes it.
var (
	devicesPrefix    = collections.NewPrefix(1)
	enrolmentsPrefix = collections.NewPrefix(2)
	ownedPrefix      = collections.NewPrefix(3)
	keysPrefix       = collections.NewPrefix(4)
	batchesPrefix    = collections.NewPrefix(5)
	nextBatchPrefix  = collections.NewPrefix(6)
)

// New makes the keeper of a store.
func New(cdc codec.BinaryCodec, service store.KVStoreService, consortium Consortium, feeds Feeds) Keeper {
	sb := collections.NewSchemaBuilder(service)
	k := Keeper{
		consortium: consortium,
		feeds:      feeds,
		devices:    collections.NewMap(sb, devicesPrefix, "devices", collections.BytesKey, codec.CollValue[identity.Device](cdc)),
		enrolments: collections.NewMap(sb, enrolmentsPrefix, "enrolments", collections.BytesKey, codec.CollValue[types.Enrolment](cdc)),
		owned:      collections.NewKeySet(sb, ownedPrefix, "owned", collections.PairKeyCodec(collections.StringKey, collections.BytesKey)),
		keys:       collections.NewMap(sb, keysPrefix, "keys", collections.BytesKey, collections.BytesValue),
		batches:    collections.NewMap(sb, batchesPrefix, "batches", collections.Uint64Key, codec.CollValue[types.Batch](cdc)),
		nextBatch:  collections.NewItem(sb, nextBatchPrefix, "next_batch", collections.Uint64Value),
	}
	schema, err := sb.Build()
	if err != nil {
		panic(err)
	}
	k.schema = schema
	return k
}

// Device returns the device whose first key has the digest, or
// [identity.ErrDeviceUnknown].
func (k Keeper) Device(ctx context.Context, first identity.KeyDigest) (identity.Device, error) {
	device, err := k.devices.Get(ctx, first[:])
	if stderrors.Is(err, collections.ErrNotFound) {
		return device, errors.Wrap(identity.ErrDeviceUnknown, identity.ID(first))
	}
	return device, err
}

// Batch returns a batch, or [identity.ErrBatchUnknown].
func (k Keeper) Batch(ctx context.Context, id uint64) (types.Batch, error) {
	batch, err := k.batches.Get(ctx, id)
	if stderrors.Is(err, collections.ErrNotFound) {
		return batch, errors.Wrapf(identity.ErrBatchUnknown, "%d", id)
	}
	return batch, err
}

// admit makes a key that was never used into a new device, belonging to the
// owner in its record.
func (k Keeper) admit(ctx context.Context, payer feed.Payer, device identity.Device, enrolment types.Enrolment) error {
	first := identity.KeyDigest(device.Key.Digest)
	used, err := k.keys.Has(ctx, first[:])
	if err != nil {
		return err
	}
	if used {
		return errors.Wrapf(identity.ErrKeyUsed, "%x", first)
	}
	if err := k.keys.Set(ctx, first[:], first[:]); err != nil {
		return err
	}
	if err := k.owned.Set(ctx, collections.Join(device.Owner, first[:])); err != nil {
		return err
	}
	return k.put(ctx, payer, first, device, enrolment)
}

// put writes a device and publishes its record.
func (k Keeper) put(ctx context.Context, payer feed.Payer, first identity.KeyDigest, device identity.Device, enrolment types.Enrolment) error {
	if err := k.devices.Set(ctx, first[:], device); err != nil {
		return err
	}
	if err := k.enrolments.Set(ctx, first[:], enrolment); err != nil {
		return err
	}
	record, err := device.Marshal()
	if err != nil {
		return errors.Wrap(identity.ErrCorrupt, err.Error())
	}
	return k.feeds.SetShared(ctx, payer, identity.DeviceKey(first), record)
}

// Gas of the work that a message asks for beside reading and writing; it is
// charged before the work begins.
const (
	// GasSignature pays for parsing a key and verifying one signature.
	GasSignature = 2_000
	// GasHash pays for one node of an inclusion path.
	GasHash = 50
)

// charge takes gas for signatures and hashes before they are computed.
func charge(ctx context.Context, signatures, hashes int) {
	meter := sdk.UnwrapSDKContext(ctx).GasMeter()
	meter.ConsumeGas(uint64(signatures)*GasSignature+uint64(hashes)*GasHash, "identity: signatures and paths")
}
