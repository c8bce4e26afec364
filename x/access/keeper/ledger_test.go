package keeper_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/keeper"
	"github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/feed"
	feedkeeper "github.com/hallmark-ledger/hallmark/x/feed/keeper"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// The people of the tests.
const (
	acmeOp      = "hallmark1acmeop"      // acme, operator
	acmeAdmin   = "hallmark1acmeadmin"   // acme, admin: every role
	acmeMaker   = "hallmark1acmemaker"   // acme, manufacturer
	acmeAuditor = "hallmark1acmeauditor" // acme, auditor and gateway
	betaOp      = "hallmark1betaop"      // beta, operator
	goneAdmin   = "hallmark1gone"        // gone, admin of a suspended member
	stranger    = "hallmark1stranger"    // no account
)

// genesisTime is the time of the first block.
var genesisTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// ledger is a keeper over real stores and real feeds; its neighbours are faked.
type ledger struct {
	keeper.MsgServer
	query keeper.Querier
	feeds feedkeeper.Keeper
	ctx   sdk.Context
	store *storetypes.KVStoreKey
	all   []*storetypes.KVStoreKey
	trans *storetypes.TransientStoreKey
	town  *town
}

func newLedger(t testing.TB) *ledger {
	keys := map[string]*storetypes.KVStoreKey{}
	for _, name := range []string{access.ModuleName, feed.HeadStore, feed.DataStore} {
		keys[name] = storetypes.NewKVStoreKey(name)
	}
	trans := storetypes.NewTransientStoreKey("feed_transient")
	registry := codectypes.NewInterfaceRegistry()
	types.RegisterInterfaces(registry)
	l := &ledger{
		feeds: feedkeeper.New(keys[feed.HeadStore], keys[feed.DataStore], trans),
		store: keys[access.ModuleName], trans: trans, town: newTown(),
		all: []*storetypes.KVStoreKey{keys[access.ModuleName], keys[feed.HeadStore], keys[feed.DataStore]},
	}
	k := keeper.New(codec.NewProtoCodec(registry), runtime.NewKVStoreService(l.store), l.town, l.town, l.feeds)
	l.MsgServer, l.query = keeper.MsgServer{Keeper: k}, keeper.Querier{Keeper: k}
	l.ctx = testutil.DefaultContextWithKeys(keys, map[string]*storetypes.TransientStoreKey{trans.Name(): trans}, nil).
		WithLogger(log.NewNopLogger()).WithBlockHeight(7).WithBlockTime(genesisTime)
	return l
}

// members publishes the standing of members, as the consortium does.
func (l *ledger) members(t testing.TB) {
	t.Helper()
	ok(t, l.feeds.Create(l.ctx, feed.Members))
	for id, standing := range l.town.standings {
		m := consortium.Member{Id: id, Name: id, Standing: standing, SinceHeight: 1}
		record, err := m.Marshal()
		ok(t, err)
		ok(t, l.feeds.Set(l.ctx, feed.System, feed.Members, consortium.MemberKey(id), record))
	}
}

// enrol puts a device on record.
func (l *ledger) enrol(t testing.TB, n int, owner string) string {
	t.Helper()
	digest := sha256.Sum256(fmt.Appendf(nil, "device %d", n))
	l.put(t, digest, identity.Device{
		Maker: "maker", Owner: owner, Ownership: 1, Model: "m1", Status: identity.StatusActive, SinceHeight: 2,
		Key: identity.Key{Algorithm: identity.AlgorithmEd25519, Digest: digest[:], SinceHeight: 2},
	})
	return identity.ID(digest)
}

func (l *ledger) put(t testing.TB, digest identity.KeyDigest, d identity.Device) {
	t.Helper()
	l.town.devices[digest] = d
	record, err := d.Marshal()
	ok(t, err)
	ok(t, l.feeds.SetShared(l.ctx, feed.System, identity.DeviceKey(digest), record))
}

// change edits a device on record.
func (l *ledger) change(t testing.TB, id string, edit func(*identity.Device)) {
	t.Helper()
	digest, err := identity.ParseID(id)
	ok(t, err)
	d := l.town.devices[digest]
	edit(&d)
	l.put(t, digest, d)
}

// block ends the block and begins the next one after a time.
func (l *ledger) block(t testing.TB, after time.Duration) {
	t.Helper()
	ok(t, l.EndBlock(l.ctx))
	ok(t, l.feeds.EndBlock(l.ctx))
	l.ctx = l.ctx.WithBlockHeight(l.ctx.BlockHeight() + 1).WithBlockTime(l.ctx.BlockTime().Add(after))
}

// deliver runs a message as a transaction does: its writes and events stand only
// when it succeeds.
func deliver[M, R any](l *ledger, handle func(context.Context, M) (R, error), msg M) (R, sdk.Events, error) {
	cache, write := l.ctx.CacheContext()
	cache = cache.WithEventManager(sdk.NewEventManager()).WithTxBytes([]byte("the transaction"))
	resp, err := handle(cache, msg)
	if err != nil {
		if events := cache.EventManager().Events(); len(events) != 0 {
			panic(fmt.Sprintf("events of a message that failed: %v", events))
		}
		return resp, nil, err
	}
	write()
	return resp, cache.EventManager().Events(), nil
}

// dump is the whole state with what the block has buffered.
func (l *ledger) dump() []string {
	var out []string
	read := func(name string, store storetypes.KVStore) {
		it := store.Iterator(nil, nil)
		defer it.Close()
		for ; it.Valid(); it.Next() {
			out = append(out, name+":"+hex.EncodeToString(it.Key())+"="+hex.EncodeToString(it.Value()))
		}
	}
	for _, key := range l.all {
		read(key.Name(), l.ctx.KVStore(key))
	}
	read(l.trans.Name(), l.ctx.TransientStore(l.trans))
	return out
}

// refused runs a message that must fail with an error of which the text says
// why, and change nothing.
func refused[M, R any](t testing.TB, l *ledger, handle func(context.Context, M) (R, error), msg M, want error, says string) {
	t.Helper()
	before := l.dump()
	_, _, err := deliver(l, handle, msg)
	if err == nil {
		t.Fatalf("accepted: %+v", msg)
	}
	if !errors.Is(err, want) || !strings.Contains(err.Error(), says) {
		t.Errorf("%v; want %v saying %q", err, want, says)
	}
	if !slices.Equal(before, l.dump()) {
		t.Errorf("a message that failed changed the state: %v", err)
	}
}

// town is a consortium and its devices, faked, that judge as the real ones do.
type town struct {
	standings map[string]consortium.Standing
	accounts  map[string]account
	devices   map[identity.KeyDigest]identity.Device
	// changes and narrowing are each member's shares.
	changes, narrowing uint64
}

type account struct {
	member string
	roles  []string
}

func newTown() *town {
	return &town{
		standings: map[string]consortium.Standing{
			"acme": consortium.StandingActive, "beta": consortium.StandingActive, "gone": consortium.StandingSuspended,
		},
		accounts: map[string]account{
			acmeOp:      {"acme", []string{consortium.RoleOperator}},
			acmeAdmin:   {"acme", []string{consortium.RoleAdmin}},
			acmeMaker:   {"acme", []string{consortium.RoleManufacturer}},
			acmeAuditor: {"acme", []string{consortium.RoleAuditor, consortium.RoleGateway}},
			betaOp:      {"beta", []string{consortium.RoleOperator}},
			goneAdmin:   {"gone", []string{consortium.RoleAdmin}},
		},
		devices: map[identity.KeyDigest]identity.Device{},
		changes: 100_000, narrowing: 100_000,
	}
}

func (t *town) Actor(_ context.Context, address, role string) (consortium.Actor, error) {
	a, ok := t.accounts[address]
	switch {
	case !ok:
		return consortium.Actor{}, consortium.ErrAccountUnknown
	case t.standings[a.member] != consortium.StandingActive:
		return consortium.Actor{}, consortium.ErrNotActive
	case !consortium.HasRole(a.roles, role):
		return consortium.Actor{}, consortium.ErrRole
	}
	return consortium.NewActor(a.member, t.changes, t.narrowing), nil
}

func (t *town) Member(_ context.Context, id string) (consortium.Member, error) {
	standing, ok := t.standings[id]
	if !ok {
		return consortium.Member{}, consortium.ErrMemberUnknown
	}
	return consortium.Member{Id: id, Name: id, Standing: standing}, nil
}

func (t *town) Device(_ context.Context, first identity.KeyDigest) (identity.Device, error) {
	d, ok := t.devices[first]
	if !ok {
		return d, identity.ErrDeviceUnknown
	}
	return d, nil
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// policy of a segment with these prefixes.
func policy(prefixes ...string) access.Policy {
	return access.Policy{
		Prefixes: prefixes,
		Classes:  []access.Class{{Name: "read", MaxStaleness: time.Hour, OnRestart: access.OnRestartDeny}},
		Actions:  []access.ActionClass{{Action: "get", Class: "read"}},
	}
}

const plant = "acme/plant"

// open makes the segment acme/plant.
func (l *ledger) open(t testing.TB) {
	t.Helper()
	l.segment(t, acmeOp, "plant", "mqtt:plant/", "http:/plant/")
}

func (l *ledger) segment(t testing.TB, signer, slug string, prefixes ...string) string {
	t.Helper()
	resp, _, err := deliver(l, l.CreateSegment, &types.MsgCreateSegment{Signer: signer, Slug: slug, Policy: policy(prefixes...)})
	ok(t, err)
	return resp.Id
}

// spec asks for a grant of 30 days.
func (l *ledger) spec(device string) types.GrantSpec {
	return types.GrantSpec{
		Subject: device, Actions: []string{"get"}, Resources: []string{"mqtt:plant/#"},
		NotAfter: l.ctx.BlockTime().Add(30 * 24 * time.Hour),
	}
}

func (l *ledger) grant(t testing.TB, specs ...types.GrantSpec) []uint64 {
	t.Helper()
	resp, _, err := deliver(l, l.Grant, &types.MsgGrant{Signer: acmeOp, Segment: plant, Grants: specs})
	ok(t, err)
	return resp.Ids
}

func (l *ledger) revoke(t testing.TB, ids ...uint64) {
	t.Helper()
	_, _, err := deliver(l, l.Revoke, &types.MsgRevoke{Signer: acmeOp, Segment: plant, Grants: ids, Reason: "lost"})
	ok(t, err)
}

// decide asks the chain.
func (l *ledger) decide(t testing.TB, device, resource string) *types.QueryDecideResponse {
	t.Helper()
	resp, err := l.query.Decide(l.ctx, &types.QueryDecideRequest{Subject: device, Action: "get", Resource: resource, Segments: []string{plant}})
	ok(t, err)
	return resp
}

// holds tells whether the feed of acme/plant has a device's record.
func (l *ledger) holds(t testing.TB, segment, device string) bool {
	t.Helper()
	digest, err := identity.ParseID(device)
	ok(t, err)
	_, held, err := l.feeds.Get(l.ctx, feed.Segment(segment), identity.DeviceKey(digest))
	ok(t, err)
	return held
}
