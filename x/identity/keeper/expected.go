package keeper

import (
	"context"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// Consortium says who a signer is and which members there are.
type Consortium interface {
	// Actor returns the signer's member, if the account is of an active member
	// and has the role.
	Actor(ctx context.Context, address, role string) (consortium.Actor, error)
	// Member returns a member, or [consortium.ErrMemberUnknown].
	Member(ctx context.Context, id string) (consortium.Member, error)
}

// Feeds is where the module publishes devices.
type Feeds interface {
	// SetShared writes a shared record, to stand in every feed subscribed to it.
	SetShared(ctx context.Context, payer feed.Payer, key, value []byte) error
	// Shared returns a shared record; false if there is none.
	Shared(ctx context.Context, key []byte) ([]byte, bool, error)
}
