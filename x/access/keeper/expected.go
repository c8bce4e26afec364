package keeper

import (
	"context"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// Consortium knows whose account a signer is.
type Consortium interface {
	// Actor returns the signer's member, or an error unless the account exists,
	// its member is active and it holds the role.
	Actor(ctx context.Context, address, role string) (consortium.Actor, error)
	// Member returns a member, or consortium.ErrMemberUnknown.
	Member(ctx context.Context, id string) (consortium.Member, error)
}

// Identity knows devices.
type Identity interface {
	// Device returns a device, or identity.ErrDeviceUnknown.
	Device(ctx context.Context, first identity.KeyDigest) (identity.Device, error)
}

// Feeds is where policies and grants stand.
type Feeds interface {
	// Has tells whether a feed exists.
	Has(ctx context.Context, name string) (bool, error)
	// Create opens an empty feed.
	Create(ctx context.Context, name string) error
	// Set and Remove buffer a change of a feed until the end of the block.
	Set(ctx context.Context, payer feed.Payer, name string, key, value []byte) error
	Remove(ctx context.Context, payer feed.Payer, name string, key []byte) error
	// Get reads a record of a feed, with what this block has changed.
	Get(ctx context.Context, name string, key []byte) ([]byte, bool, error)
	// Subscribe and Unsubscribe place a shared record in a feed and take it out;
	// doing so again is no error.
	Subscribe(ctx context.Context, payer feed.Payer, name string, key []byte) error
	Unsubscribe(ctx context.Context, payer feed.Payer, name string, key []byte) error
	// Subscriptions lists the feeds that hold a shared record.
	Subscriptions(ctx context.Context, key []byte) ([]string, error)
	// Head is the head as of the last end of block.
	Head(ctx context.Context, name string) (feed.Head, error)
}
