// Package app assembles the chain by hand: stores, keepers, modules, and the
// order in which they run. Read New as a table of contents.
package app

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	abci "github.com/cometbft/cometbft/abci/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/spf13/cast"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/runtime"
	"github.com/cosmos/cosmos-sdk/server"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/version"
	"github.com/cosmos/cosmos-sdk/x/auth"
	authcodec "github.com/cosmos/cosmos-sdk/x/auth/codec"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	"github.com/cosmos/cosmos-sdk/x/consensus"
	consensuskeeper "github.com/cosmos/cosmos-sdk/x/consensus/keeper"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	"github.com/cosmos/cosmos-sdk/x/upgrade"
	upgradekeeper "github.com/cosmos/cosmos-sdk/x/upgrade/keeper"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	"github.com/hallmark-ledger/hallmark/app/ante"
	"github.com/hallmark-ledger/hallmark/app/proposal"
	"github.com/hallmark-ledger/hallmark/x/access"
	accesskeeper "github.com/hallmark-ledger/hallmark/x/access/keeper"
	accessmodule "github.com/hallmark-ledger/hallmark/x/access/module"
	"github.com/hallmark-ledger/hallmark/x/consortium"
	consortiumkeeper "github.com/hallmark-ledger/hallmark/x/consortium/keeper"
	consortiummodule "github.com/hallmark-ledger/hallmark/x/consortium/module"
	"github.com/hallmark-ledger/hallmark/x/feed"
	feedkeeper "github.com/hallmark-ledger/hallmark/x/feed/keeper"
	feedmodule "github.com/hallmark-ledger/hallmark/x/feed/module"
	"github.com/hallmark-ledger/hallmark/x/identity"
	identitykeeper "github.com/hallmark-ledger/hallmark/x/identity/keeper"
	identitymodule "github.com/hallmark-ledger/hallmark/x/identity/module"
)

// Name of the application.
const Name = "hallmark"

// App is the chain.
type App struct {
	*baseapp.BaseApp
	Encoding

	keys      map[string]*storetypes.KVStoreKey
	transient map[string]*storetypes.TransientStoreKey

	AccountKeeper    authkeeper.AccountKeeper
	ConsensusKeeper  consensuskeeper.Keeper
	UpgradeKeeper    *upgradekeeper.Keeper
	FeedKeeper       feedkeeper.Keeper
	ConsortiumKeeper consortiumkeeper.Keeper
	IdentityKeeper   identitykeeper.Keeper
	AccessKeeper     accesskeeper.Keeper

	modules *module.Manager
	basics  module.BasicManager
}

var _ servertypes.Application = (*App)(nil)

// New assembles the chain over a database. Unless load is false it loads the
// latest version.
func New(logger log.Logger, db dbm.DB, load bool, options servertypes.AppOptions, base ...func(*baseapp.BaseApp)) *App {
	app := &App{Encoding: NewEncoding()}
	app.BaseApp = baseapp.NewBaseApp(Name, logger, db, app.TxConfig.TxDecoder(), base...)
	app.SetVersion(version.Version)
	app.SetInterfaceRegistry(app.Registry)
	app.SetTxEncoder(app.TxConfig.TxEncoder())

	app.makeStores()
	app.makeKeepers(options)
	app.makeModules()
	app.makeHandlers()

	if load {
		if err := app.LoadLatestVersion(); err != nil {
			panic(fmt.Errorf("load the latest version: %w", err))
		}
	}
	return app
}

// makeStores mounts a store for each module; feeds have one for heads alone.
func (app *App) makeStores() {
	app.keys = map[string]*storetypes.KVStoreKey{}
	for _, name := range []string{
		authtypes.StoreKey, consensustypes.StoreKey, upgradetypes.StoreKey,
		feed.HeadStore, feed.DataStore, consortium.ModuleName, identity.ModuleName, access.ModuleName,
	} {
		// One by one: NewKVStoreKeys refuses "feed" beside "feeddata", though
		// the multistore ends each name with "/".
		app.keys[name] = storetypes.NewKVStoreKey(name)
	}
	app.transient = storetypes.NewTransientStoreKeys(feedTransient)
	app.MountKVStores(app.keys)
	app.MountTransientStores(app.transient)
}

const feedTransient = "feed_transient"

// makeKeepers hands each module the stores and the earlier modules it uses.
func (app *App) makeKeepers(options servertypes.AppOptions) {
	// What only a quorum of the consortium may do is done by this address,
	// which nobody holds a key of.
	authority := authtypes.NewModuleAddress(consortium.ModuleName).String()
	store := func(name string) *storetypes.KVStoreKey { return app.keys[name] }

	app.ConsensusKeeper = consensuskeeper.NewKeeper(app.Codec, runtime.NewKVStoreService(store(consensustypes.StoreKey)), authority, runtime.EventService{})
	app.SetParamStore(app.ConsensusKeeper.ParamsStore)
	app.AccountKeeper = authkeeper.NewAccountKeeper(app.Codec, runtime.NewKVStoreService(store(authtypes.StoreKey)), authtypes.ProtoBaseAccount,
		map[string][]string{authtypes.FeeCollectorName: nil}, authcodec.NewBech32Codec(Bech32Prefix), Bech32Prefix, authority,
		authkeeper.WithUnorderedTransactions(true))

	skip := map[int64]bool{}
	for _, h := range cast.ToIntSlice(options.Get(server.FlagUnsafeSkipUpgrades)) {
		skip[int64(h)] = true
	}
	home := cast.ToString(options.Get(flags.FlagHome))
	app.UpgradeKeeper = upgradekeeper.NewKeeper(skip, runtime.NewKVStoreService(store(upgradetypes.StoreKey)), app.Codec, home, app.BaseApp, authority)

	app.FeedKeeper = feedkeeper.New(store(feed.HeadStore), store(feed.DataStore), app.transient[feedTransient])
	app.ConsortiumKeeper = consortiumkeeper.New(app.Codec, runtime.NewKVStoreService(store(consortium.ModuleName)), app.FeedKeeper)
	app.IdentityKeeper = identitykeeper.New(app.Codec, runtime.NewKVStoreService(store(identity.ModuleName)), app.ConsortiumKeeper, app.FeedKeeper)
	app.AccessKeeper = accesskeeper.New(app.Codec, runtime.NewKVStoreService(store(access.ModuleName)), app.ConsortiumKeeper, app.IdentityKeeper, app.FeedKeeper)
}

// makeModules says which modules there are and in which order they run.
func (app *App) makeModules() {
	app.modules = module.NewManager(
		auth.NewAppModule(app.Codec, app.AccountKeeper, nil),
		consensus.NewAppModule(app.Codec, app.ConsensusKeeper),
		upgrade.NewAppModule(app.UpgradeKeeper, app.AccountKeeper.AddressCodec()),
		feedmodule.NewAppModule(app.FeedKeeper),
		consortiummodule.NewAppModule(app.ConsortiumKeeper),
		identitymodule.NewAppModule(app.IdentityKeeper),
		accessmodule.NewAppModule(app.AccessKeeper),
	)
	app.basics = module.NewBasicManagerFromManager(app.modules, nil)
	app.basics.RegisterInterfaces(app.Registry)
	app.basics.RegisterLegacyAminoCodec(app.Amino)

	app.modules.SetOrderPreBlockers(upgradetypes.ModuleName, authtypes.ModuleName)
	// Feeds come last: what expires at the end of a block is in its heads.
	app.modules.SetOrderEndBlockers(access.ModuleName, feed.ModuleName)
	order := []string{
		authtypes.ModuleName, consensustypes.ModuleName, upgradetypes.ModuleName,
		feed.ModuleName, consortium.ModuleName, identity.ModuleName, access.ModuleName,
	}
	app.modules.SetOrderInitGenesis(order...)
	app.modules.SetOrderExportGenesis(order...)

	configurator := module.NewConfigurator(app.Codec, app.MsgServiceRouter(), app.GRPCQueryRouter())
	if err := app.modules.RegisterServices(configurator); err != nil {
		panic(err)
	}
	app.registerUpgrades(configurator)
	registerReflection(app)
}

// makeHandlers says what happens to a transaction, a proposal and a block.
func (app *App) makeHandlers() {
	app.SetAnteHandler(ante.New(app.AccountKeeper, app.ConsortiumKeeper, app.TxConfig.SignModeHandler()))
	proposals := proposal.Handler{Members: app.ConsortiumKeeper, Decode: app.TxConfig.TxDecoder(), Weigh: weigh}
	app.SetPrepareProposal(proposals.Prepare)
	app.SetProcessProposal(proposals.Process)
	app.SetInitChainer(app.initChain)
	app.SetPreBlocker(func(ctx sdk.Context, _ *abci.RequestFinalizeBlock) (*sdk.ResponsePreBlock, error) {
		return app.modules.PreBlock(ctx)
	})
	app.SetBeginBlocker(app.modules.BeginBlock)
	app.SetEndBlocker(app.modules.EndBlock)
}

// initChain imports a genesis. The feeds that it opens have their heads before
// the first block.
func (app *App) initChain(ctx sdk.Context, req *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	var genesis map[string]json.RawMessage
	if err := json.Unmarshal(req.AppStateBytes, &genesis); err != nil {
		return nil, fmt.Errorf("app_state: %w", err)
	}
	if err := app.UpgradeKeeper.SetModuleVersionMap(ctx, app.modules.GetVersionMap()); err != nil {
		return nil, err
	}
	resp, err := app.modules.InitGenesis(ctx, app.Codec, genesis)
	if err != nil {
		return nil, err
	}
	if err := app.FeedKeeper.EndBlock(ctx); err != nil {
		return nil, err
	}
	app.markEmptyStores(ctx)
	return resp, nil
}

// storeMark stands in a store that genesis left empty. No module's keys begin
// with 0x00.
var storeMark = []byte{0x00}

// markEmptyStores writes a key into each store that holds none. IAVL keeps the
// root of an empty tree as an empty value, which goleveldb returns as if it
// were absent; one such store makes every query of the height fail.
func (app *App) markEmptyStores(ctx sdk.Context) {
	for _, name := range slices.Sorted(maps.Keys(app.keys)) {
		store := ctx.KVStore(app.keys[name])
		iter := store.Iterator(nil, nil)
		empty := !iter.Valid()
		iter.Close()
		if empty {
			store.Set(storeMark, storeMark)
		}
	}
}
