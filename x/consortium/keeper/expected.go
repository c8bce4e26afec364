package keeper

import (
	"context"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

// Feeds is where the module publishes the standing of members.
type Feeds interface {
	// Has tells whether a feed exists.
	Has(ctx context.Context, name string) (bool, error)
	// Create opens an empty feed.
	Create(ctx context.Context, name string) error
	// Set buffers a record of a feed until the end of the block.
	Set(ctx context.Context, payer feed.Payer, name string, key, value []byte) error
	// Get reads a record of a feed.
	Get(ctx context.Context, name string, key []byte) ([]byte, bool, error)
}
