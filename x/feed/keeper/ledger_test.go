package keeper_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/testutil"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/feed/keeper"
)

// ledger is a keeper over real stores in memory, and its block.
type ledger struct {
	keeper.Keeper
	queries     keeper.Queries
	ctx         sdk.Context
	heads, data *storetypes.KVStoreKey
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newLedger() *ledger {
	heads, data := storetypes.NewKVStoreKey(feed.HeadStore), storetypes.NewKVStoreKey(feed.DataStore)
	transient := storetypes.NewTransientStoreKey("feed_transient")
	ctx := testutil.DefaultContextWithKeys(
		map[string]*storetypes.KVStoreKey{heads.Name(): heads, data.Name(): data},
		map[string]*storetypes.TransientStoreKey{transient.Name(): transient}, nil)
	k := keeper.New(heads, data, transient)
	return &ledger{k, keeper.NewQueries(k), ctx.WithBlockHeight(1).WithBlockTime(start), heads, data}
}

// fataler is a test or a rapid check.
type fataler interface {
	Helper()
	Fatalf(string, ...any)
}

func ok(t fataler, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

// end ends the block and begins the next, a second later.
func (l *ledger) end(t fataler) {
	t.Helper()
	ok(t, l.EndBlock(l.ctx))
	l.ctx = l.ctx.WithBlockHeight(l.ctx.BlockHeight() + 1)
	l.wait(time.Second)
}

func (l *ledger) wait(d time.Duration) { l.ctx = l.ctx.WithBlockTime(l.ctx.BlockTime().Add(d)) }

// deliver runs a message as a transaction: its writes stand or fall together.
func (l *ledger) deliver(message func(context.Context) error) error {
	ctx, write := l.ctx.CacheContext()
	if err := message(ctx); err != nil {
		return err
	}
	write()
	return nil
}

func (l *ledger) create(t fataler, names ...string) {
	t.Helper()
	for _, name := range names {
		ok(t, l.Create(l.ctx, name))
	}
}

func (l *ledger) set(t fataler, name, key, value string) {
	t.Helper()
	ok(t, l.Set(l.ctx, feed.System, name, []byte(key), []byte(value)))
}

func (l *ledger) remove(t fataler, name, key string) {
	t.Helper()
	ok(t, l.Remove(l.ctx, feed.System, name, []byte(key)))
}

func (l *ledger) head(t fataler, name string) feed.Head {
	t.Helper()
	head, err := l.Head(l.ctx, name)
	ok(t, err)
	return head
}

// listing reads all records of a feed through the queries, in pages, as a set.
func (l *ledger) listing(t fataler, name string, limit uint64) *feed.Set {
	t.Helper()
	b := feed.NewBuilder(name)
	for page := []byte(nil); ; {
		resp, err := l.queries.Records(l.ctx, &feed.RecordsRequest{Name: name, Limit: limit, PageKey: page})
		ok(t, err)
		for _, r := range resp.Records {
			ok(t, b.Add(r.Key, r.Value))
		}
		if page = resp.Pagination.NextKey; page == nil {
			return b.Set()
		}
	}
}

// follow brings a set from a sequence to the head by changes, in pages.
func (l *ledger) follow(t fataler, set *feed.Set, since, limit uint64) (*feed.Set, error) {
	t.Helper()
	for {
		resp, err := l.queries.Changes(l.ctx, &feed.ChangesRequest{Name: set.Name(), Since: since, Limit: limit})
		if err != nil {
			return nil, err
		}
		if resp.From != since || resp.To < since {
			return nil, fmt.Errorf("asked since %d, answered (%d, %d]", since, resp.From, resp.To)
		}
		for _, c := range resp.Changes {
			if c.Sequence <= since || c.Sequence > resp.To {
				return nil, fmt.Errorf("change %d is not in order or not in (%d, %d]", c.Sequence, resp.From, resp.To)
			}
			since = c.Sequence
		}
		if set, err = set.Apply(resp.Changes); err != nil {
			return nil, err
		}
		if since = resp.To; since == l.head(t, set.Name()).Sequence {
			return set, nil
		}
	}
}

func (l *ledger) dump(t testing.TB) (lines []string) {
	t.Helper()
	for _, key := range []*storetypes.KVStoreKey{l.heads, l.data} {
		it := l.ctx.KVStore(key).Iterator(nil, nil)
		for ; it.Valid(); it.Next() {
			value := fmt.Sprintf("%x", it.Value())
			if len(value) > 200 {
				value = fmt.Sprintf("%d bytes", len(it.Value()))
			}
			lines = append(lines, fmt.Sprintf("%s %x = %s", key.Name(), it.Key(), value))
		}
		ok(t, it.Close())
	}
	return lines
}
