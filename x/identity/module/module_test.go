package module_test

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	cmted25519 "github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	consortiumkeeper "github.com/hallmark-ledger/hallmark/x/consortium/keeper"
	consortiumtypes "github.com/hallmark-ledger/hallmark/x/consortium/types"
	"github.com/hallmark-ledger/hallmark/x/feed"
	feedkeeper "github.com/hallmark-ledger/hallmark/x/feed/keeper"
	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/keeper"
	"github.com/hallmark-ledger/hallmark/x/identity/module"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

const name = "segment/acme/line"

var admin = sdk.AccAddress(strings.Repeat("a", 20))

// chain is the module with its real neighbours.
type chain struct {
	module.AppModule
	keeper.MsgServer
	feeds feedkeeper.Keeper
	cdc   codec.Codec
	ctx   sdk.Context
}

func newChain(t *testing.T, changes uint64) chain {
	t.Helper()
	heads, data := storetypes.NewKVStoreKey(feed.HeadStore), storetypes.NewKVStoreKey(feed.DataStore)
	people, devices := storetypes.NewKVStoreKey(consortium.ModuleName), storetypes.NewKVStoreKey(identity.ModuleName)
	transient := storetypes.NewTransientStoreKey("feed_transient")
	stores := map[string]*storetypes.KVStoreKey{}
	for _, key := range []*storetypes.KVStoreKey{heads, data, people, devices} {
		stores[key.Name()] = key
	}
	ctx := testutil.DefaultContextWithKeys(stores, map[string]*storetypes.TransientStoreKey{transient.Name(): transient}, nil).
		WithChainID("hallmark-1").WithBlockHeight(3).WithBlockTime(time.Unix(1_800_000_000, 0).UTC())
	registry := codectypes.NewInterfaceRegistry()
	cryptocodec.RegisterInterfaces(registry)
	c := chain{feeds: feedkeeper.New(heads, data, transient), cdc: codec.NewProtoCodec(registry), ctx: ctx}
	consortia := consortiumkeeper.New(c.cdc, runtime.NewKVStoreService(people), c.feeds)
	k := keeper.New(c.cdc, runtime.NewKVStoreService(devices), consortia, c.feeds)
	c.AppModule, c.MsgServer = module.NewAppModule(k), keeper.MsgServer{Keeper: k}
	c.RegisterInterfaces(registry)

	key, err := codectypes.NewAnyWithValue(cmted25519.GenPrivKeyFromSecret([]byte("one")).PubKey())
	ok(t, err)
	g := *consortiumtypes.DefaultGenesis()
	if changes > 0 {
		g.Params.BlockChanges = changes
	}
	g.Members = []consortium.Member{{Id: "acme", Name: "Acme", Standing: consortium.StandingActive}}
	g.Accounts = []consortiumtypes.Account{{Address: admin.String(), Member: "acme", Roles: []string{consortium.RoleAdmin}}}
	g.Validators = []consortiumtypes.Validator{{Member: "acme", Pubkey: key, Power: 100}}
	_, err = consortia.InitGenesis(ctx, g)
	ok(t, err)
	c.InitGenesis(ctx, c.cdc, c.DefaultGenesis(c.cdc))
	return c
}

// enrol enrols the n-th device of acme.
func (c chain) enrol(t *testing.T, n byte) (id string, key []byte) {
	t.Helper()
	seed := make([]byte, ed25519.SeedSize)
	seed[0] = n
	private := ed25519.NewKeyFromSeed(seed)
	der, public, err := identity.PublicDER(private)
	ok(t, err)
	signature, err := identity.Sign(private, identity.EnrolStatement("hallmark-1", "acme", public.Digest))
	ok(t, err)
	resp, err := c.Enroll(c.ctx, &types.MsgEnroll{
		Signer: admin.String(), Model: "M", SerialCommitment: make([]byte, 32), PublicKey: der, Signature: signature,
	})
	ok(t, err)
	return resp.Id, identity.DeviceKey(public.Digest)
}

// A device's record reaches every feed subscribed to it, and says revoked there.
func TestDevicesReachTheFeeds(t *testing.T) {
	c := newChain(t, 0)
	id, key := c.enrol(t, 1)
	ok(t, c.feeds.Create(c.ctx, name))
	ok(t, c.feeds.Subscribe(c.ctx, feed.System, name, key))
	for _, step := range []struct {
		take func() error
		want identity.Status
	}{
		{func() error { return nil }, identity.StatusActive},
		{func() error {
			_, err := c.Suspend(c.ctx, &types.MsgSuspend{Signer: admin.String(), Device: id})
			return err
		}, identity.StatusSuspended},
		{func() error {
			_, err := c.Revoke(c.ctx, &types.MsgRevoke{Signer: admin.String(), Device: id})
			return err
		}, identity.StatusRevoked},
	} {
		ok(t, step.take())
		ok(t, c.feeds.EndBlock(c.ctx))
		value, held, err := c.feeds.Get(c.ctx, name, key)
		ok(t, err)
		var device identity.Device
		ok(t, device.Unmarshal(value))
		if !held || device.Status != step.want {
			t.Errorf("the feed holds %v (%v); want %s", device.Status.Word(), held, step.want.Word())
		}
	}
}

// When a member has used up its changes for the block, it can still revoke, and
// cannot still resume.
func TestRevocationHasALaneOfItsOwn(t *testing.T) {
	c := newChain(t, 64) // 48 changes of a block are free, 16 narrow
	ok(t, c.feeds.Create(c.ctx, name))
	var ids []string
	for n := byte(1); n <= 3; n++ {
		id, key := c.enrol(t, n)
		ok(t, c.feeds.Subscribe(c.ctx, feed.System, name, key))
		ids = append(ids, id)
	}
	suspend := func(i int) error {
		_, err := c.Suspend(c.ctx, &types.MsgSuspend{Signer: admin.String(), Device: ids[i]})
		return err
	}
	ok(t, suspend(0))
	for i := 0; ; i++ {
		if err := c.feeds.Set(c.ctx, feed.Payer{Member: "acme", Limit: 48}, name, []byte{'x', byte(i)}, []byte("flood")); err != nil {
			if !errors.Is(err, feed.ErrQuota) {
				t.Fatal(err)
			}
			break
		}
	}
	if _, err := c.Resume(c.ctx, &types.MsgResume{Signer: admin.String(), Device: ids[0]}); !errors.Is(err, feed.ErrQuota) {
		t.Errorf("resume: %v; want the quota to be used up", err)
	}
	ok(t, suspend(1))
	_, err := c.Revoke(c.ctx, &types.MsgRevoke{Signer: admin.String(), Device: ids[2]})
	ok(t, err)
}

func TestGenesisGoesRoundAsJSON(t *testing.T) {
	c := newChain(t, 0)
	ok(t, c.ValidateGenesis(c.cdc, nil, c.DefaultGenesis(c.cdc)))
	c.enrol(t, 1)
	c.enrol(t, 2)
	exported := c.ExportGenesis(c.ctx, c.cdc)
	ok(t, c.ValidateGenesis(c.cdc, nil, exported))
	again := newChain(t, 0)
	again.InitGenesis(again.ctx, again.cdc, exported)
	if second := again.ExportGenesis(again.ctx, again.cdc); string(second) != string(exported) {
		t.Errorf("exported %s, then %s", exported, second)
	}
}

func TestAWrongGenesisStartsNoChain(t *testing.T) {
	c := newChain(t, 0)
	for raw, want := range map[string]string{
		`{"next_batch":"0"}`: "identity: next_batch",
		`{"devices":7}`:      "identity: ",
		`{"next_batch":"1","keys":[{"digest":"AAAA","device":"x"}]}`: "identity: keys[0]: digest",
	} {
		if err := c.ValidateGenesis(c.cdc, nil, json.RawMessage(raw)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v; want %q", raw, err, want)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: a chain started", raw)
				}
			}()
			c.InitGenesis(c.ctx, c.cdc, json.RawMessage(raw))
		}()
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
