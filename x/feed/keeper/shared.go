package keeper

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"

	errorsmod "cosmossdk.io/errors"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

// A shared record is written once by its module and placed by the feed wherever
// it is subscribed. The record and its subscriptions are ordinary state, written
// at once; only the places in feeds wait for the end of the block.

// shared is a shared record with the number of its subscriptions.
type shared struct {
	subscriptions uint32
	value         []byte
}

// SetShared writes a shared record and buffers it in every feed subscribed to
// it. It costs the payer one change for each of them, before the first is
// written. A subscribed feed that is closed loses its subscription instead: no
// one stops a record from changing by closing a feed.
func (k Keeper) SetShared(ctx context.Context, payer feed.Payer, key, value []byte) error {
	if err := feed.ValidateRecord(key, value); err != nil {
		return errorsmod.Wrapf(feed.ErrInvalid, "shared %v", err)
	}
	c := sdk.UnwrapSDKContext(ctx)
	have, held, err := k.shared(c, key)
	if err != nil {
		return err
	}
	if held && bytes.Equal(have.value, value) {
		return nil
	}
	if err := k.pay(c, payer, uint64(have.subscriptions)); err != nil {
		return err
	}
	names, err := k.Subscriptions(ctx, key)
	if err != nil {
		return err
	}
	for _, name := range names {
		switch err := k.open(ctx, name); {
		case errors.Is(err, feed.ErrFeedClosed):
			c.KVStore(k.data).Delete(subscriptionKey(key, name))
			have.subscriptions--
		case err != nil:
			return err
		default:
			k.buffer(c, name, key, kindSet, value)
		}
	}
	have.value = value
	k.putShared(c, key, have)
	return nil
}

// Shared returns a shared record, as the last message left it.
func (k Keeper) Shared(ctx context.Context, key []byte) ([]byte, bool, error) {
	s, held, err := k.shared(sdk.UnwrapSDKContext(ctx), key)
	return s.value, held, err
}

// Subscribe places a shared record in a feed, now and after each of its changes.
// To subscribe again is no error and costs nothing. The record must exist, and
// stands in at most [feed.MaxFanOut] feeds.
func (k Keeper) Subscribe(ctx context.Context, payer feed.Payer, name string, key []byte) error {
	if err := k.open(ctx, name); err != nil {
		return err
	}
	c := sdk.UnwrapSDKContext(ctx)
	s, held, err := k.shared(c, key)
	if err != nil {
		return err
	}
	if !held {
		return errorsmod.Wrapf(feed.ErrSharedUnknown, "key %x", key)
	}
	store := c.KVStore(k.data)
	if store.Has(subscriptionKey(key, name)) {
		return nil
	}
	if s.subscriptions >= feed.MaxFanOut {
		return errorsmod.Wrapf(feed.ErrFanOut, "key %x stands in %d feeds", key, s.subscriptions)
	}
	if err := k.pay(c, payer, 1); err != nil {
		return err
	}
	store.Set(subscriptionKey(key, name), []byte{1})
	s.subscriptions++
	k.putShared(c, key, s)
	k.buffer(c, name, key, kindSet, s.value)
	return nil
}

// Unsubscribe removes a shared record from a feed. Without a subscription it is
// no error and costs nothing. A closed feed keeps the record that it has.
func (k Keeper) Unsubscribe(ctx context.Context, payer feed.Payer, name string, key []byte) error {
	c := sdk.UnwrapSDKContext(ctx)
	store := c.KVStore(k.data)
	if !store.Has(subscriptionKey(key, name)) {
		return nil
	}
	s, held, err := k.shared(c, key)
	if err != nil {
		return err
	}
	if !held || s.subscriptions == 0 {
		return errorsmod.Wrapf(feed.ErrCorrupt, "subscription of %q to key %x without a shared record", name, key)
	}
	if err := k.pay(c, payer, 1); err != nil {
		return err
	}
	store.Delete(subscriptionKey(key, name))
	s.subscriptions--
	k.putShared(c, key, s)
	switch err := k.open(ctx, name); {
	case errors.Is(err, feed.ErrFeedClosed):
		return nil
	case err != nil:
		return err
	}
	k.buffer(c, name, key, kindRemove, nil)
	return nil
}

// Subscriptions lists the feeds subscribed to a shared record, names ascending;
// at most [feed.MaxFanOut].
func (k Keeper) Subscriptions(ctx context.Context, key []byte) ([]string, error) {
	prefix := subscriptionsPrefix(key)
	it := sdk.UnwrapSDKContext(ctx).KVStore(k.data).Iterator(prefix, after(prefix))
	defer it.Close()
	var names []string
	for ; it.Valid(); it.Next() {
		names = append(names, string(it.Key()[len(prefix):]))
	}
	return names, nil
}

func (k Keeper) shared(ctx sdk.Context, key []byte) (s shared, held bool, err error) {
	b := ctx.KVStore(k.data).Get(sharedKey(key))
	if b == nil {
		return shared{}, false, nil
	}
	if len(b) < 4 {
		return shared{}, false, errorsmod.Wrapf(feed.ErrCorrupt, "shared record %x: %d bytes", key, len(b))
	}
	return shared{binary.BigEndian.Uint32(b), b[4:]}, true, nil
}

func (k Keeper) putShared(ctx sdk.Context, key []byte, s shared) {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(s.value)), s.subscriptions)
	ctx.KVStore(k.data).Set(sharedKey(key), append(b, s.value...))
}
