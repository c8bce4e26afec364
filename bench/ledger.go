package main

import (
	"fmt"
	"time"

	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/store/v2/rootmulti"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"cosmossdk.io/log/v2"

	"github.com/hallmark-ledger/hallmark/node/gateway/proof"
	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/feed/keeper"
)

// grantStore holds the same grants a second time, one key each, as a chain
// without feeds would.
const grantStore = "access"

// ledger is the chain's stores with the keeper of feeds, without consensus: a
// multistore with as many stores as the chain has, in memory.
type ledger struct {
	keeper.Keeper
	ctx    sdk.Context
	stores *rootmulti.Store
	grants *storetypes.KVStoreKey
}

func newLedger() (*ledger, error) {
	db := dbm.NewMemDB()
	l := &ledger{stores: rootmulti.NewStore(db, log.NewNopLogger())}
	keys := map[string]*storetypes.KVStoreKey{}
	for _, name := range []string{"acc", "consensus", "upgrade", feed.HeadStore, feed.DataStore, "consortium", "identity", grantStore} {
		keys[name] = storetypes.NewKVStoreKey(name)
		l.stores.MountStoreWithDB(keys[name], storetypes.StoreTypeIAVL, nil)
	}
	transient := storetypes.NewTransientStoreKey("feed_transient")
	l.stores.MountStoreWithDB(transient, storetypes.StoreTypeTransient, nil)
	if err := l.stores.LoadLatestVersion(); err != nil {
		return nil, err
	}
	l.grants = keys[grantStore]
	l.Keeper = keeper.New(keys[feed.HeadStore], keys[feed.DataStore], transient)
	l.ctx = sdk.NewContext(l.stores, cmtproto.Header{}, false, log.NewNopLogger())
	return l, nil
}

// block runs a block, with the end that feeds have, and commits it.
func (l *ledger) block(do func(sdk.Context) error) error {
	ctx := l.ctx.WithBlockHeight(l.stores.LastCommitID().Version + 1).WithBlockTime(epoch.Add(-time.Second))
	if err := do(ctx); err != nil {
		return err
	}
	if err := l.EndBlock(ctx); err != nil {
		return err
	}
	l.stores.Commit()
	return nil
}

// prove returns the value of a key with its proof, checked by the gateway's own
// verification, and the size of the proof as it travels.
func (l *ledger) prove(store string, key []byte) (value []byte, size int, err error) {
	last := l.stores.LastCommitID()
	answer, err := l.stores.Query(&storetypes.RequestQuery{Path: "/" + store + "/key", Data: key, Height: last.Version, Prove: true})
	if err != nil {
		return nil, 0, err
	}
	var ops []proof.Op
	for _, op := range answer.ProofOps.Ops {
		ops = append(ops, proof.Op{Type: op.Type, Key: op.Key, Data: op.Data})
	}
	if _, err := proof.Verify(last.Hash, store, key, answer.Value, ops); err != nil {
		return nil, 0, fmt.Errorf("store %s, key %x: %w", store, key, err)
	}
	return answer.Value, answer.ProofOps.Size(), nil
}
