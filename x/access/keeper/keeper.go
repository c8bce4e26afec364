// Package keeper stores segments and grants and publishes them in the feeds of
// segments.
//
// The record in a feed is the grant; the store of the module holds what finds
// it: whose it is, when it goes, what happened to it.
package keeper

import (
	"context"
	stderrors "errors"
	"time"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"
	"cosmossdk.io/errors"

	"github.com/cosmos/cosmos-sdk/codec"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// Bounds of the module.
const (
	// MaxSegments a member may own.
	MaxSegments = 256
	// MaxBatch is the most grants in one message.
	MaxBatch = 1000
	// MaxGrants to one device that stand in one segment, also those revoked or
	// expired that are not pruned yet: a gateway walks them all.
	MaxGrants = 1024
	// MaxSlots is the most segments that hold a device's record by right of its
	// owner.
	MaxSlots = 64
	// GrantKept is how long a grant stays after it has ended, so that a denial
	// can say so.
	GrantKept = 24 * time.Hour
	// HistoryKept is how long its history stays after that.
	HistoryKept = 400 * 24 * time.Hour
	// PrunedPerBlock bounds the work at the end of a block.
	PrunedPerBlock = 200
)

// Keys of the indexes.
type (
	// grantID is a segment and the id of a grant.
	grantID = collections.Pair[string, uint64]
	// place is a device's digest and a segment.
	place = collections.Pair[[]byte, string]
)

// Keeper of segments and grants. It holds no state of its own.
type Keeper struct {
	consortium Consortium
	identity   Identity
	feeds      Feeds

	schema     collections.Schema
	segments   collections.Map[string, access.Policy]                         // by id
	next       collections.Map[string, uint64]                                // segment -> id of its next grant
	subjects   collections.Map[grantID, []byte]                               // grant that stands -> device's digest
	given      collections.KeySet[collections.Triple[[]byte, string, uint64]] // device, segment, grant that stands
	counts     collections.Map[place, uint64]                                 // grants that stand of a device in a segment
	slots      collections.KeySet[place]                                      // devices whose record stands in a segment
	admissions collections.Map[place, uint64]                                 // -> ownership when it was given
	queue      collections.KeySet[collections.Triple[uint64, string, uint64]] // Unix seconds: when a grant, and then its history, goes
	histories  collections.Map[grantID, types.GrantHistory]
}

// The layout of the store; a test freezes it.
var (
	segmentsPrefix   = collections.NewPrefix(1)
	nextPrefix       = collections.NewPrefix(2)
	subjectsPrefix   = collections.NewPrefix(3)
	givenPrefix      = collections.NewPrefix(4)
	countsPrefix     = collections.NewPrefix(5)
	slotsPrefix      = collections.NewPrefix(6)
	admissionsPrefix = collections.NewPrefix(7)
	queuePrefix      = collections.NewPrefix(8)
	historiesPrefix  = collections.NewPrefix(9)
)

// New makes the keeper of a store.
func New(cdc codec.BinaryCodec, service store.KVStoreService, consortium Consortium, identity Identity, feeds Feeds) Keeper {
	sb := collections.NewSchemaBuilder(service)
	grantKey := collections.PairKeyCodec(collections.StringKey, collections.Uint64Key)
	placeKey := collections.PairKeyCodec(collections.BytesKey, collections.StringKey)
	k := Keeper{
		consortium: consortium,
		identity:   identity,
		feeds:      feeds,
		segments:   collections.NewMap(sb, segmentsPrefix, "segments", collections.StringKey, codec.CollValue[access.Policy](cdc)),
		next:       collections.NewMap(sb, nextPrefix, "next", collections.StringKey, collections.Uint64Value),
		subjects:   collections.NewMap(sb, subjectsPrefix, "subjects", grantKey, collections.BytesValue),
		given:      collections.NewKeySet(sb, givenPrefix, "given", collections.TripleKeyCodec(collections.BytesKey, collections.StringKey, collections.Uint64Key)),
		counts:     collections.NewMap(sb, countsPrefix, "counts", placeKey, collections.Uint64Value),
		slots:      collections.NewKeySet(sb, slotsPrefix, "slots", placeKey),
		admissions: collections.NewMap(sb, admissionsPrefix, "admissions", placeKey, collections.Uint64Value),
		queue:      collections.NewKeySet(sb, queuePrefix, "queue", collections.TripleKeyCodec(collections.Uint64Key, collections.StringKey, collections.Uint64Key)),
		histories:  collections.NewMap(sb, historiesPrefix, "histories", grantKey, codec.CollValue[types.GrantHistory](cdc)),
	}
	schema, err := sb.Build()
	if err != nil {
		panic(err)
	}
	k.schema = schema
	return k
}

// segment returns the policy of a segment, or [access.ErrSegmentUnknown].
func (k Keeper) segment(ctx context.Context, id string) (access.Policy, error) {
	if _, _, err := access.ParseSegmentID(id); err != nil {
		return access.Policy{}, errors.Wrapf(access.ErrInvalid, "segment: %v", err)
	}
	policy, err := k.segments.Get(ctx, id)
	if stderrors.Is(err, collections.ErrNotFound) {
		return policy, errors.Wrapf(access.ErrSegmentUnknown, "segment: %q", id)
	}
	return policy, err
}

// grant returns a grant that stands, and its subject, or [access.ErrGrantUnknown].
func (k Keeper) grant(ctx context.Context, segment string, id uint64) (identity.KeyDigest, access.Grant, error) {
	var g access.Grant
	b, err := k.subjects.Get(ctx, collections.Join(segment, id))
	if stderrors.Is(err, collections.ErrNotFound) {
		return identity.KeyDigest{}, g, errors.Wrapf(access.ErrGrantUnknown, "%d in segment %q", id, segment)
	}
	if err != nil {
		return identity.KeyDigest{}, g, err
	}
	if len(b) != len(identity.KeyDigest{}) {
		return identity.KeyDigest{}, g, errors.Wrapf(access.ErrCorrupt, "subject of grant %d of %q: %d bytes", id, segment, len(b))
	}
	subject := identity.KeyDigest(b)
	record, ok, err := k.feeds.Get(ctx, feed.Segment(segment), access.GrantKey(subject, id))
	if err != nil {
		return subject, g, err
	}
	if !ok {
		return subject, g, errors.Wrapf(access.ErrCorrupt, "grant %d of %q has no record", id, segment)
	}
	if err := g.Unmarshal(record); err != nil {
		return subject, g, errors.Wrapf(access.ErrCorrupt, "grant %d of %q: %v", id, segment, err)
	}
	return subject, g, nil
}

// publishPolicy writes a policy to the store and to the feed of its segment.
func (k Keeper) publishPolicy(ctx context.Context, payer feed.Payer, id string, policy access.Policy) error {
	record, err := policy.Marshal()
	if err != nil {
		return errors.Wrap(access.ErrCorrupt, err.Error())
	}
	if err := k.segments.Set(ctx, id, policy); err != nil {
		return err
	}
	return k.feeds.Set(ctx, payer, feed.Segment(id), access.PolicyKey(), record)
}

// publishGrant writes a grant to the feed of its segment.
func (k Keeper) publishGrant(ctx context.Context, payer feed.Payer, segment string, subject identity.KeyDigest, id uint64, g *access.Grant) error {
	record, err := g.Marshal()
	if err != nil {
		return errors.Wrap(access.ErrCorrupt, err.Error())
	}
	return k.feeds.Set(ctx, payer, feed.Segment(segment), access.GrantKey(subject, id), record)
}
