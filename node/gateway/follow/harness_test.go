package follow_test

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/node/gateway/chaintest"
	"github.com/hallmark-ledger/hallmark/node/gateway/clock"
	"github.com/hallmark-ledger/hallmark/node/gateway/follow"
	"github.com/hallmark-ledger/hallmark/node/gateway/vault"
	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

const (
	chainID = "hallmark-1"
	segment = "acme/plant"
)

var segmentFeed = feed.Segment(segment)

// lines keeps what was logged.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// bench is a chain, four nodes of it, and a gateway.
type bench struct {
	t        *testing.T
	chain    *chaintest.Chain
	nodes    []*chaintest.Node
	cfg      follow.Config
	dir      string
	log      *lines
	vault    *vault.Vault
	clock    *clock.Clock
	follower *follow.Follower
}

// newBench begins a chain a little in the past, so that its headers are of now.
func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, chain: chaintest.New(chainID, "vals", 4), dir: t.TempDir(), log: &lines{}}
	b.chain.Segment("acme", "plant", false)
	b.chain.Member("acme")
	for i := range 250 {
		b.chain.Put(segmentFeed, chaintest.Key(i), []byte("one"))
	}
	start := time.Now().Add(-5 * time.Second)
	for i := range 4 {
		b.chain.Next(start.Add(time.Duration(i) * time.Second))
	}
	var urls []string
	for _, name := range []string{"n0", "n1", "n2", "n3"} {
		n := chaintest.Serve(b.chain, name)
		t.Cleanup(n.Close)
		b.nodes = append(b.nodes, n)
		urls = append(urls, n.URL)
	}
	b.cfg = follow.Config{
		ChainID: chainID, TrustHeight: 2, TrustHash: b.chain.Block(2).Header.Hash(),
		Primary: urls[0], Witnesses: urls[1:], Segments: []string{segment},
		TrustingPeriod: time.Hour, Heartbeat: time.Second,
	}
	return b
}

// open starts the gateway's process, so to say.
func (b *bench) open() {
	b.t.Helper()
	log := slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	v, err := vault.Open(filepath.Join(b.dir, "vault.db"), vault.Options{ChainID: chainID, Segments: b.cfg.Segments, Log: log})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { v.Close() })
	b.vault = v
	b.clock = clock.New(clock.Options{Floor: v.Floor(), Anchor: filepath.Join(b.dir, "run", "anchor")})
	if b.follower, err = follow.New(b.cfg, v, b.clock, log); err != nil {
		b.t.Fatal(err)
	}
}

// resume is what Run does when no fresh header comes.
func (b *bench) resume() { b.follower.Resume() }

// block makes the next block, now.
func (b *bench) block() int64 { return b.chain.Next(time.Now()) }

func (b *bench) step() error {
	ctx, cancel := context.WithTimeout(b.t.Context(), 20*time.Second)
	defer cancel()
	return b.follower.Step(ctx)
}

// adopt makes a step that must succeed.
func (b *bench) adopt() {
	b.t.Helper()
	if err := b.step(); err != nil {
		b.t.Fatalf("step: %v\n%s", err, b.log)
	}
}

// verified checks that the View is that of the chain at a height.
func (b *bench) verified(height int64) {
	b.t.Helper()
	view := b.vault.View()
	if view.State != access.StateVerified || view.Height != height {
		b.t.Fatalf("view: state %d at height %d; want verified at %d\n%s", view.State, view.Height, height, b.log)
	}
	for i := range view.Heads {
		head, _ := b.chain.Head(view.Heads[i].Name, height)
		if head.String() != view.Heads[i].String() {
			b.t.Fatalf("head %v; want %v", view.Heads[i], head)
		}
	}
	if err := view.Segments[0].Set.Check(&view.Heads[0]); err != nil {
		b.t.Fatal(err)
	}
}

// logged checks that a line of the log has all the words.
func (b *bench) logged(words ...string) {
	b.t.Helper()
	for line := range strings.Lines(b.log.String()) {
		all := true
		for _, w := range words {
			all = all && strings.Contains(line, w)
		}
		if all {
			return
		}
	}
	b.t.Fatalf("no line of the log has %q:\n%s", words, b.log)
}
