package module_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/feed/keeper"
	"github.com/hallmark-ledger/hallmark/x/feed/module"
)

func chain() (module.AppModule, keeper.Keeper, sdk.Context) {
	heads, data := storetypes.NewKVStoreKey(feed.HeadStore), storetypes.NewKVStoreKey(feed.DataStore)
	transient := storetypes.NewTransientStoreKey("feed_transient")
	k := keeper.New(heads, data, transient)
	ctx := testutil.DefaultContextWithKeys(
		map[string]*storetypes.KVStoreKey{heads.Name(): heads, data.Name(): data},
		map[string]*storetypes.TransientStoreKey{transient.Name(): transient}, nil)
	return module.NewAppModule(k), k, ctx
}

func TestGenesisGoesRoundAsJSON(t *testing.T) {
	cdc := codec.NewProtoCodec(codectypes.NewInterfaceRegistry())
	m, k, ctx := chain()
	if err := m.ValidateGenesis(cdc, nil, m.DefaultGenesis(cdc)); err != nil {
		t.Fatal(err)
	}
	m.InitGenesis(ctx, cdc, m.DefaultGenesis(cdc))
	if err := k.Create(ctx, feed.Members); err != nil {
		t.Fatal(err)
	}
	if err := k.Set(ctx, feed.System, feed.Members, []byte("macme"), []byte{0xff, 0}); err != nil {
		t.Fatal(err)
	}
	if err := m.EndBlock(ctx); err != nil {
		t.Fatal(err)
	}
	exported := m.ExportGenesis(ctx, cdc)
	if err := m.ValidateGenesis(cdc, nil, exported); err != nil {
		t.Fatal(err)
	}
	m, _, ctx = chain()
	m.InitGenesis(ctx, cdc, exported)
	if again := m.ExportGenesis(ctx, cdc); string(again) != string(exported) {
		t.Errorf("exported %s, then %s", exported, again)
	}
}

func TestAWrongGenesisStartsNoChain(t *testing.T) {
	cdc := codec.NewProtoCodec(codectypes.NewInterfaceRegistry())
	m, _, ctx := chain()
	for raw, want := range map[string]string{
		`{"feeds":[{"head":{"name":"members","records":"1","digest":"AAAA","time":"2026-03-01T00:00:00Z"}}]}`: `"members": head.records`,
		`{"feeds":7}`: "genesis of feed",
	} {
		err := m.ValidateGenesis(cdc, nil, json.RawMessage(raw))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", raw, err, want)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: a chain started", raw)
				}
			}()
			m.InitGenesis(ctx, cdc, json.RawMessage(raw))
		}()
	}
}
