package keeper_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/keeper"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

// The people of the tests: a maker, a plant that owns devices, and others.
const (
	chain = "hallmark-1"

	acmeMaker    = "hallmark1acmemaker"    // acme, manufacturer
	acmeOperator = "hallmark1acmeoperator" // acme, operator
	acmeAdmin    = "hallmark1acmeadmin"    // acme, admin: every role
	acmeAuditor  = "hallmark1acmeauditor"  // acme, auditor and gateway
	plantOp      = "hallmark1plantop"      // plant, operator
	plantMaker   = "hallmark1plantmaker"   // plant, manufacturer
	goneAdmin    = "hallmark1gone"         // gone, admin of a suspended member
	stranger     = "hallmark1stranger"     // no account
)

// ledger is a keeper over a real store, with its neighbours faked.
type ledger struct {
	keeper.MsgServer
	query keeper.Querier
	ctx   sdk.Context
	store *storetypes.KVStoreKey
	town  *town
	feeds *feeds
	// spoilt tells whether the last message that failed had written something
	// before, for the transaction to roll back; looked at only when watched.
	watched, spoilt bool
}

func newLedger(t testing.TB) *ledger {
	key := storetypes.NewKVStoreKey(identity.ModuleName)
	registry := codectypes.NewInterfaceRegistry()
	types.RegisterInterfaces(registry)
	l := &ledger{store: key, town: newTown(), feeds: &feeds{shared: map[string][]byte{}}}
	k := keeper.New(codec.NewProtoCodec(registry), runtime.NewKVStoreService(key), l.town, l.feeds)
	l.MsgServer, l.query = keeper.MsgServer{Keeper: k}, keeper.Querier{Keeper: k}
	l.ctx = testutil.DefaultContextWithDB(t, key, storetypes.NewTransientStoreKey("transient")).Ctx.
		WithBlockHeader(cmtproto.Header{ChainID: chain, Height: 7, Time: time.Unix(1_800_000_000, 0).UTC()}).
		WithChainID(chain).WithBlockHeight(7)
	return l
}

// deliver runs a message as a transaction does: its writes and events stand only
// when it succeeds.
func deliver[M, R any](l *ledger, handle func(context.Context, M) (R, error), msg M) (R, sdk.Events, error) {
	cache, write := l.ctx.CacheContext()
	cache = cache.WithEventManager(sdk.NewEventManager())
	shared := l.feeds.clone()
	var before []string
	if l.watched {
		before = l.dump(cache)
	}
	resp, err := handle(cache, msg)
	if err != nil {
		l.spoilt = l.watched && !slices.Equal(before, l.dump(cache))
		l.feeds.shared = shared
		if events := cache.EventManager().Events(); len(events) != 0 {
			panic(fmt.Sprintf("events of a message that failed: %v", events))
		}
		return resp, nil, err
	}
	write()
	return resp, cache.EventManager().Events(), nil
}

// dump is the whole state as a context has it.
func (l *ledger) dump(ctx sdk.Context) []string {
	var all []string
	it := ctx.KVStore(l.store).Iterator(nil, nil)
	defer it.Close()
	for ; it.Valid(); it.Next() {
		all = append(all, hex.EncodeToString(it.Key())+"="+hex.EncodeToString(it.Value()))
	}
	for key, value := range l.feeds.shared {
		all = append(all, hex.EncodeToString([]byte(key))+":"+hex.EncodeToString(value))
	}
	slices.Sort(all)
	return all
}

// town is a faked consortium that judges as the real one does.
type town struct {
	members  map[string]consortium.Standing
	accounts map[string]account
}

type account struct {
	member string
	roles  []string
}

func newTown() *town {
	return &town{
		members: map[string]consortium.Standing{
			"acme": consortium.StandingActive, "plant": consortium.StandingActive,
			"gone": consortium.StandingSuspended, "left": consortium.StandingRemoved,
		},
		accounts: map[string]account{
			acmeMaker:    {"acme", []string{consortium.RoleManufacturer}},
			acmeOperator: {"acme", []string{consortium.RoleOperator}},
			acmeAdmin:    {"acme", []string{consortium.RoleAdmin}},
			acmeAuditor:  {"acme", []string{consortium.RoleAuditor, consortium.RoleGateway}},
			plantOp:      {"plant", []string{consortium.RoleOperator}},
			plantMaker:   {"plant", []string{consortium.RoleManufacturer}},
			goneAdmin:    {"gone", []string{consortium.RoleAdmin}},
		},
	}
}

func (t *town) Actor(_ context.Context, address, role string) (consortium.Actor, error) {
	a, ok := t.accounts[address]
	switch {
	case !ok:
		return consortium.Actor{}, consortium.ErrAccountUnknown
	case t.members[a.member] != consortium.StandingActive:
		return consortium.Actor{}, consortium.ErrNotActive
	case !consortium.HasRole(a.roles, role):
		return consortium.Actor{}, consortium.ErrRole
	}
	return consortium.NewActor(a.member, 100, 10), nil
}

func (t *town) Member(_ context.Context, id string) (consortium.Member, error) {
	standing, ok := t.members[id]
	if !ok {
		return consortium.Member{}, consortium.ErrMemberUnknown
	}
	return consortium.Member{Id: id, Standing: standing}, nil
}

// feeds remembers shared records and who paid for the last.
type feeds struct {
	shared map[string][]byte
	payer  feed.Payer
	fail   error
}

func (f *feeds) SetShared(_ context.Context, payer feed.Payer, key, value []byte) error {
	if f.fail != nil {
		return f.fail
	}
	f.payer = payer
	f.shared[string(key)] = value
	return nil
}

func (f *feeds) Shared(_ context.Context, key []byte) ([]byte, bool, error) {
	value, ok := f.shared[string(key)]
	return value, ok, nil
}

func (f *feeds) clone() map[string][]byte {
	c := make(map[string][]byte, len(f.shared))
	for key, value := range f.shared {
		c[key] = value
	}
	return c
}

// published is a device's shared record.
func (f *feeds) published(t testing.TB, id string) identity.Device {
	t.Helper()
	first, err := identity.ParseID(id)
	ok(t, err)
	value, held := f.shared[string(identity.DeviceKey(first))]
	if !held {
		t.Fatalf("%s is not published", id)
	}
	var device identity.Device
	ok(t, device.Unmarshal(value))
	return device
}

const data = "../testdata/devices"

// factory is the factory list: its rows, and the tree over them.
type factory struct {
	rows []identity.ListRow
	tree *identity.Tree
}

var readFactory = sync.OnceValues(func() (factory, error) {
	file, err := os.Open(filepath.Join(data, "factory-manifest.csv"))
	if err != nil {
		return factory{}, err
	}
	defer file.Close()
	var f factory
	var leaves []identity.Hash
	err = identity.ReadList(file, func(row identity.ListRow) error {
		f.rows = append(f.rows, row)
		leaves = append(leaves, row.Leaf())
		return nil
	})
	f.tree = identity.NewTree(leaves)
	return f, err
})

func theFactory(t testing.TB) factory {
	t.Helper()
	f, err := readFactory()
	ok(t, err)
	return f
}

// privateKey is the public test key of one of the first 20 rows.
func privateKey(t testing.TB, row uint64) crypto.Signer {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(data, "keys", theFactory(t).rows[row-1].Serial+".pem"))
	ok(t, err)
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	ok(t, err)
	return key.(crypto.Signer)
}

func sign(t testing.TB, key crypto.Signer, statement []byte) []byte {
	t.Helper()
	signature, err := identity.Sign(key, statement)
	ok(t, err)
	return signature
}

// enrolment is a good message that enrols the device of a row of the list.
func enrolment(t testing.TB, row uint64) *types.MsgEnroll {
	t.Helper()
	r := theFactory(t).rows[row-1]
	commitment := identity.SerialCommitment([]byte("salt"), r.Serial)
	return &types.MsgEnroll{
		Signer:           acmeMaker,
		Model:            r.Model,
		SerialCommitment: commitment[:],
		PublicKey:        r.DER,
		Signature:        sign(t, privateKey(t, row), identity.EnrolStatement(chain, "acme", r.Key.Digest)),
	}
}

// manifest is a good message that anchors the list.
func manifest(t testing.TB) *types.MsgEnrollBatch {
	t.Helper()
	root := theFactory(t).tree.Root()
	return &types.MsgEnrollBatch{Signer: acmeMaker, Model: "SEN-20", Root: root[:], Count: 1000}
}

// activation is a good message that makes rows into devices of plant.
func activation(t testing.TB, batch uint64, rows ...uint64) *types.MsgActivate {
	t.Helper()
	msg := &types.MsgActivate{Signer: acmeMaker, Batch: batch, Owner: "plant"}
	for _, row := range rows {
		msg.Rows = append(msg.Rows, rowOf(t, batch, row, "plant"))
	}
	return msg
}

func rowOf(t testing.TB, batch, row uint64, owner string) types.Row {
	t.Helper()
	f := theFactory(t)
	r := f.rows[row-1]
	wire := types.Row{Row: row, PublicKey: r.DER, RowDigest: slices.Clone(r.Digest[:])}
	for _, hash := range f.tree.Path(row - 1) {
		wire.Proof = append(wire.Proof, slices.Clone(hash[:]))
	}
	wire.Signature = sign(t, privateKey(t, row), identity.ActivationStatement(chain, batch, f.tree.Root(), row, owner, r.Key.Digest))
	return wire
}

// enrol enrols the device of a row and returns its id.
func (l *ledger) enrol(t testing.TB, row uint64) string {
	t.Helper()
	resp, _, err := deliver(l, l.Enroll, enrolment(t, row))
	ok(t, err)
	return resp.Id
}

// anchor anchors the list and returns the batch.
func (l *ledger) anchor(t testing.TB) uint64 {
	t.Helper()
	resp, _, err := deliver(l, l.EnrollBatch, manifest(t))
	ok(t, err)
	return resp.Id
}

func (l *ledger) device(t testing.TB, id string) *types.QueryDeviceResponse {
	t.Helper()
	resp, err := l.query.Device(l.ctx, &types.QueryDeviceRequest{Id: id})
	ok(t, err)
	return resp
}

// attributes are the values of one attribute of the only event.
func attributes(t testing.TB, events sdk.Events, kind, key string) []string {
	t.Helper()
	if len(events) != 1 || events[0].Type != kind {
		t.Fatalf("events: %v; want one %s", events, kind)
	}
	var values []string
	for _, a := range events[0].Attributes {
		if a.Key == key {
			values = append(values, a.Value)
		}
	}
	return values
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
