package vault_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/node/gateway/chaintest"
	"github.com/hallmark-ledger/hallmark/node/gateway/header"
	"github.com/hallmark-ledger/hallmark/node/gateway/proof"
	"github.com/hallmark-ledger/hallmark/node/gateway/vault"
	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

const chainID = "hallmark-1"

var (
	segmentFeed = feed.Segment("acme/plant")
	genesis     = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	rules       = header.Rules{ChainID: chainID, TrustingPeriod: time.Hour, Agree: 2}
	options     = vault.Options{ChainID: chainID, Segments: []string{"acme/plant"}}
)

// ledger is a chain of which each block overwrites some records, adds one and
// removes one.
type ledger struct{ *chaintest.Chain }

func newLedger(records int) ledger {
	l := ledger{chaintest.New(chainID, "v", 4)}
	l.Segment("acme", "plant", true)
	l.Member("acme")
	for i := range records {
		l.Put(segmentFeed, chaintest.Key(i), []byte("first"))
	}
	l.Next(genesis)
	return l
}

func (l ledger) grow(blocks int) ledger {
	for range blocks {
		h := int(l.Height())
		for i := range 5 {
			l.Put(segmentFeed, chaintest.Key(h*7%90+i), []byte{byte(h), byte(i)})
		}
		l.Put(segmentFeed, chaintest.Key(1000+h), []byte("added"))
		l.Remove(segmentFeed, chaintest.Key(999+h))
		if h == 1 {
			l.Put(segmentFeed, chaintest.Key(1000), []byte("x"))
		}
		l.Next(genesis.Add(time.Duration(h) * time.Second))
	}
	return l
}

func (l ledger) believed(t testing.TB, height int64) header.Believed {
	t.Helper()
	b, err := rules.Root("test", l.Block(height), l.Block(height).Header.Hash())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// heads proves the heads of the state before a header.
func (l ledger) heads(t testing.TB, height int64, names ...string) (heads []proof.Verified) {
	t.Helper()
	for _, name := range names {
		value, ops := l.Prove(feed.HeadKey(name), height-1)
		v, err := proof.Verify(l.Block(height).AppHash, feed.HeadStore, feed.HeadKey(name), value, ops)
		if err != nil {
			t.Fatal(err)
		}
		heads = append(heads, v)
	}
	return heads
}

// stage begins the state before a header.
func (l ledger) stage(t testing.TB, v *vault.Vault, height int64) *vault.Update {
	t.Helper()
	u, err := v.Stage(l.believed(t, height), l.heads(t, height, v.Feeds()...))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// fill brings every feed of an update to its head; those named from zero.
func (l ledger) fill(u *vault.Update, zero ...string) error {
	for _, need := range u.Needs() {
		name := need.Head.Name
		if !need.Zero && !slices.Contains(zero, name) {
			if err := u.Change(name, l.Changes(name, need.From, u.Height())); err != nil {
				return err
			}
			continue
		}
		loader, err := u.Load(name)
		if err != nil {
			return err
		}
		r := l.Set(name, u.Height()).Range(nil)
		for key, value, ok := r.Next(); ok; key, value, ok = r.Next() {
			if err := loader.Add(key, value); err != nil {
				return err
			}
		}
		if err := loader.Done(); err != nil {
			return err
		}
	}
	return nil
}

// adopt brings the vault to the state before a header.
func (l ledger) adopt(t testing.TB, v *vault.Vault, height int64) {
	t.Helper()
	u := l.stage(t, v, height)
	if err := l.fill(u); err != nil {
		t.Fatal(err)
	}
	if err := u.Adopt(time.Time{}); err != nil {
		t.Fatal(err)
	}
}

// check compares a View with the chain.
func (l ledger) check(t testing.TB, view *vault.View) {
	t.Helper()
	for i, set := range []*feed.Set{view.Segments[0].Set, view.Members} {
		if err := set.Check(&view.Heads[i]); err != nil {
			t.Fatal(err)
		}
		head, _ := l.Head(view.Heads[i].Name, view.Height)
		if head.String() != view.Heads[i].String() {
			t.Fatalf("head %v; want %v", view.Heads[i], head)
		}
	}
	if !view.Time.Equal(l.Block(view.Height + 1).Time) {
		t.Fatalf("time %v of view %d", view.Time, view.Height)
	}
}

func path(t testing.TB) string { return filepath.Join(t.TempDir(), "home", "vault.db") }

func open(t testing.TB, at string) *vault.Vault {
	t.Helper()
	v, err := vault.Open(at, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func state(t testing.TB, v *vault.Vault, want access.State, height int64) {
	t.Helper()
	if view := v.View(); view.State != want || view.Height != height {
		t.Fatalf("view of state %d at height %d; want %d at %d", view.State, view.Height, want, height)
	}
}
