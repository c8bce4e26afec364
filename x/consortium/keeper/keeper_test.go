package keeper_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cosmos/cosmos-sdk/codec"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	"github.com/cosmos/cosmos-sdk/crypto/keys/ed25519"
	"github.com/cosmos/cosmos-sdk/runtime"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/consortium/keeper"
	"github.com/hallmark-ledger/hallmark/x/consortium/types"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// feeds keeps records of one feed in memory.
type feeds struct {
	exists  bool
	records map[string][]byte
}

func (f *feeds) Has(context.Context, string) (bool, error) { return f.exists, nil }
func (f *feeds) Create(context.Context, string) error      { f.exists = true; return nil }
func (f *feeds) Get(_ context.Context, _ string, key []byte) ([]byte, bool, error) {
	v, ok := f.records[string(key)]
	return v, ok, nil
}

func (f *feeds) Set(_ context.Context, _ feed.Payer, _ string, key, value []byte) error {
	f.records[string(key)] = value
	return nil
}

var (
	operator = sdk.AccAddress(strings.Repeat("o", 20))
	admin    = sdk.AccAddress(strings.Repeat("a", 20))
	resting  = sdk.AccAddress(strings.Repeat("r", 20))
	stranger = sdk.AccAddress(strings.Repeat("s", 20))
)

func genesis(t *testing.T) types.GenesisState {
	t.Helper()
	key, err := codectypes.NewAnyWithValue(ed25519.GenPrivKeyFromSecret([]byte("one")).PubKey())
	if err != nil {
		t.Fatal(err)
	}
	g := *types.DefaultGenesis()
	g.Members = []consortium.Member{
		{Id: "acme", Name: "Acme", Standing: consortium.StandingActive},
		{Id: "rest", Standing: consortium.StandingSuspended},
	}
	g.Accounts = []types.Account{
		{Address: operator.String(), Member: "acme", Roles: []string{consortium.RoleOperator}},
		{Address: admin.String(), Member: "acme", Roles: []string{consortium.RoleAdmin}},
		{Address: resting.String(), Member: "rest", Roles: []string{consortium.RoleOperator}},
	}
	g.Validators = []types.Validator{{Member: "acme", Pubkey: key, Power: 100}}
	g.Sort()
	return g
}

func newKeeper(t *testing.T) (sdk.Context, keeper.Keeper, *feeds) {
	t.Helper()
	key := storetypes.NewKVStoreKey(consortium.ModuleName)
	ctx := testutil.DefaultContext(key, storetypes.NewTransientStoreKey("transient"))
	registry := codectypes.NewInterfaceRegistry()
	cryptocodec.RegisterInterfaces(registry)
	f := &feeds{records: map[string][]byte{}}
	return ctx, keeper.New(codec.NewProtoCodec(registry), runtime.NewKVStoreService(key), f), f
}

func TestOnlyActiveMembersAccountsWithTheRoleAct(t *testing.T) {
	ctx, k, _ := newKeeper(t)
	if _, err := k.InitGenesis(ctx, genesis(t)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		address sdk.AccAddress
		role    string
		want    error
	}{
		"operator as operator":     {operator, consortium.RoleOperator, nil},
		"operator as manufacturer": {operator, consortium.RoleManufacturer, consortium.ErrRole},
		"admin as manufacturer":    {admin, consortium.RoleManufacturer, nil},
		"suspended member":         {resting, consortium.RoleOperator, consortium.ErrNotActive},
		"stranger":                 {stranger, consortium.RoleOperator, consortium.ErrAccountUnknown},
	} {
		actor, err := k.Actor(ctx, c.address.String(), c.role)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if c.want == nil && actor.Member != "acme" {
			t.Errorf("%s: acts for %q", name, actor.Member)
		}
	}
	if _, err := k.Actor(ctx, "no address", consortium.RoleOperator); !errors.Is(err, consortium.ErrInvalid) {
		t.Errorf("malformed signer: %v", err)
	}
	actor, err := k.Actor(ctx, operator.String(), consortium.RoleOperator)
	if err != nil {
		t.Fatal(err)
	}
	if p := actor.Narrows(); !p.Narrows || p.Limit != 2048 || actor.Pays().Limit != 6144 {
		t.Errorf("shares of the only active member: %+v, %+v", actor.Pays(), p)
	}
}

func TestGenesisPublishesMembersAndReturnsValidators(t *testing.T) {
	ctx, k, f := newKeeper(t)
	updates, err := k.InitGenesis(ctx, genesis(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(updates) != 1 || updates[0].Power != 100 {
		t.Errorf("validators: %v", updates)
	}
	var m consortium.Member
	if err := m.Unmarshal(f.records["macme"]); err != nil || m.Name != "Acme" || len(f.records) != 2 {
		t.Errorf("feed members: %v %v %q", m, err, f.records)
	}
}

func TestExportImportExportIsTheSame(t *testing.T) {
	ctx, k, f := newKeeper(t)
	if _, err := k.InitGenesis(ctx, genesis(t)); err != nil {
		t.Fatal(err)
	}
	first, err := k.ExportGenesis(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ctx2, k2, f2 := newKeeper(t)
	f2.exists, f2.records = true, f.records
	if _, err := k2.InitGenesis(ctx2, *first); err != nil {
		t.Fatal(err)
	}
	second, err := k2.ExportGenesis(ctx2)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := first.Marshal()
	b, _ := second.Marshal()
	if string(a) != string(b) {
		t.Errorf("exports differ:\n%v\n%v", first, second)
	}
}

func TestStoreLayoutIsFrozen(t *testing.T) {
	key := storetypes.NewKVStoreKey(consortium.ModuleName)
	ctx := testutil.DefaultContext(key, storetypes.NewTransientStoreKey("transient"))
	registry := codectypes.NewInterfaceRegistry()
	cryptocodec.RegisterInterfaces(registry)
	k := keeper.New(codec.NewProtoCodec(registry), runtime.NewKVStoreService(key), &feeds{records: map[string][]byte{}})
	if _, err := k.InitGenesis(ctx, genesis(t)); err != nil {
		t.Fatal(err)
	}
	var got []string
	iter := ctx.KVStore(key).Iterator(nil, nil)
	defer iter.Close()
	for ; iter.Valid(); iter.Next() {
		got = append(got, fmt.Sprintf("%q", iter.Key()))
	}
	a, o, r := strings.Repeat("a", 20), strings.Repeat("o", 20), strings.Repeat("r", 20)
	want := []string{
		`"\x01"`, `"\x02acme"`, `"\x02rest"`, `"\x03"`,
		`"\x04` + a + `"`, `"\x04` + o + `"`, `"\x04` + r + `"`,
		`"\x05acme\x00` + a + `"`, `"\x05acme\x00` + o + `"`, `"\x05rest\x00` + r + `"`,
		`"\x06acme"`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestImportRefusesAFeedThatSaysOtherwise(t *testing.T) {
	ctx, k, f := newKeeper(t)
	f.exists = true
	f.records["macme"] = []byte("other")
	if _, err := k.InitGenesis(ctx, genesis(t)); err == nil || !strings.Contains(err.Error(), `"acme"`) {
		t.Errorf("%v", err)
	}
}

func TestGenesisRefusals(t *testing.T) {
	when := time.Unix(1, 0)
	for name, c := range map[string]struct {
		spoil func(*types.GenesisState)
		field string
	}{
		"no validator":      {func(g *types.GenesisState) { g.Validators = nil }, "validators"},
		"member twice":      {func(g *types.GenesisState) { g.Members = append(g.Members, g.Members[1]) }, "members[2].id"},
		"bad member id":     {func(g *types.GenesisState) { g.Members[0].Id = "A" }, "members[0].id"},
		"ends without need": {func(g *types.GenesisState) { g.Members[0].Ends = &when }, "members[0].ends"},
		"account twice":     {func(g *types.GenesisState) { g.Accounts = append(g.Accounts, g.Accounts[2]) }, "accounts[3].address"},
		"account of nobody": {func(g *types.GenesisState) { g.Accounts[0].Member = "nobody" }, "accounts[0].member"},
		"unknown role":      {func(g *types.GenesisState) { g.Accounts[0].Roles = []string{"king"} }, "accounts[0].roles[0]"},
		"bad address":       {func(g *types.GenesisState) { g.Accounts[0].Address = "x" }, "accounts[0].address"},
		"validator of none": {func(g *types.GenesisState) { g.Validators[0].Member = "nobody" }, "validators[0].member"},
		"suspended's":       {func(g *types.GenesisState) { g.Validators[0].Member = "rest" }, "validators[0].member"},
		"no power":          {func(g *types.GenesisState) { g.Validators[0].Power = 0 }, "validators[0].power"},
		"no key":            {func(g *types.GenesisState) { g.Validators[0].Pubkey = nil }, "validators[0].pubkey"},
		"one key for two": {func(g *types.GenesisState) {
			g.Members[1].Standing = consortium.StandingActive
			g.Validators = append(g.Validators, types.Validator{Member: "rest", Pubkey: g.Validators[0].Pubkey, Power: 1})
		}, "validators[1].pubkey"},
		"limits of nothing": {func(g *types.GenesisState) { g.Params.BlockChanges = 0 }, "params.block_changes"},
	} {
		ctx, k, _ := newKeeper(t)
		g := genesis(t)
		g.Members, g.Accounts, g.Validators = slices.Clone(g.Members), slices.Clone(g.Accounts), slices.Clone(g.Validators)
		c.spoil(&g)
		if _, err := k.InitGenesis(ctx, g); err == nil || !strings.Contains(err.Error(), c.field) {
			t.Errorf("%s: %v; want an error that names %s", name, err, c.field)
		}
	}
}
