package app_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	cmttypes "github.com/cometbft/cometbft/types"
	dbm "github.com/cosmos/cosmos-db"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/app"
	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/consortium/types"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

func TestMain(m *testing.M) {
	app.SetAddressPrefix()
	os.Exit(m.Run())
}

type options struct{ home string }

func (o options) Get(key string) any {
	if key == "home" {
		return o.home
	}
	return nil
}

const chainID = "hallmark-test"

func newApp(t *testing.T) *app.App {
	t.Helper()
	return app.New(log.NewNopLogger(), dbm.NewMemDB(), true, options{t.TempDir()}, baseapp.SetChainID(chainID))
}

func genesisState(t *testing.T, a *app.App) []byte {
	t.Helper()
	key, err := codectypes.NewAnyWithValue(ed25519.GenPrivKeyFromSecret([]byte("validator")).PubKey())
	if err != nil {
		t.Fatal(err)
	}
	g := types.DefaultGenesis()
	g.Members = []consortium.Member{{Id: "acme", Standing: consortium.StandingActive}}
	g.Accounts = []types.Account{{Address: sdk.AccAddress(strings.Repeat("a", 20)).String(), Member: "acme", Roles: []string{"admin"}}}
	g.Validators = []types.Validator{{Member: "acme", Pubkey: key, Power: 100}}
	state := a.Basics().DefaultGenesis(a.Codec)
	state[consortium.ModuleName] = a.Codec.MustMarshalJSON(g)
	bz, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	return bz
}

// initChain imports a state at a height and runs one block.
func initChain(t *testing.T, a *app.App, state []byte, height int64) {
	t.Helper()
	params := cmttypes.DefaultConsensusParams().ToProto()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(height) * time.Second)
	if _, err := a.InitChain(&abci.RequestInitChain{
		ChainId: chainID, AppStateBytes: state, ConsensusParams: &params, InitialHeight: height, Time: at,
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.FinalizeBlock(&abci.RequestFinalizeBlock{Height: height, Time: at}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Commit(); err != nil {
		t.Fatal(err)
	}
}

func TestMembersHaveAHeadBeforeTheFirstBlock(t *testing.T) {
	a := newApp(t)
	initChain(t, a, genesisState(t, a), 1)
	head, err := a.FeedKeeper.Head(a.NewContext(true), feed.Members)
	if err != nil {
		t.Fatal(err)
	}
	if head.Records != 1 || head.Sequence != 1 || len(head.Digest) != 32 {
		t.Errorf("head of %q: %+v", feed.Members, head)
	}
}

func TestExportImportExportIsTheSame(t *testing.T) {
	a := newApp(t)
	initChain(t, a, genesisState(t, a), 1)
	first, err := a.Export(false, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := newApp(t)
	initChain(t, b, first.AppState, first.Height)
	second, err := b.Export(false, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.AppState, second.AppState) {
		t.Errorf("exports differ:\n%s\n%s", first.AppState, second.AppState)
	}
	if _, err := a.Export(true, nil); err == nil {
		t.Error("an export to height zero was written")
	}
}

// With goleveldb, as nodes have it: there an empty store would hide the height.
func TestEveryStoreCanBeReadAtEveryHeight(t *testing.T) {
	db, err := dbm.NewDB("application", dbm.GoLevelDBBackend, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a := app.New(log.NewNopLogger(), db, true, options{t.TempDir()}, baseapp.SetChainID(chainID))
	initChain(t, a, genesisState(t, a), 1)
	for height := int64(2); height < 5; height++ {
		if _, err := a.FinalizeBlock(&abci.RequestFinalizeBlock{Height: height, Time: time.Unix(2_000_000_000+height, 0)}); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	for height := int64(1); height < 5; height++ {
		if _, err := a.CommitMultiStore().CacheMultiStoreWithVersion(height); err != nil {
			t.Errorf("height %d: %v", height, err)
		}
	}
}

func TestAGenesisWithoutValidatorsIsRefused(t *testing.T) {
	a := newApp(t)
	state := a.Basics().DefaultGenesis(a.Codec)
	bz, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if r := recover(); r == nil || !strings.Contains(r.(error).Error(), "validators") {
			t.Errorf("recovered %v; want an error that names validators", r)
		}
	}()
	params := cmttypes.DefaultConsensusParams().ToProto()
	_, _ = a.InitChain(&abci.RequestInitChain{ChainId: chainID, AppStateBytes: bz, ConsensusParams: &params, InitialHeight: 1})
}
