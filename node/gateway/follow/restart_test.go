package follow_test

import (
	"context"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/node/gateway/chaintest"
	"github.com/hallmark-ledger/hallmark/node/gateway/clock"
	"github.com/hallmark-ledger/hallmark/node/gateway/follow"
	"github.com/hallmark-ledger/hallmark/node/gateway/vault"
	"github.com/hallmark-ledger/hallmark/x/access"
)

// basis is what the gateway's time rests on.
func (b *bench) basis(want access.Basis) {
	b.t.Helper()
	if got := b.clock.Now().Basis; got != want {
		b.t.Fatalf("clock basis is %d; want %d: %s", got, want, b.clock.Why())
	}
}

func TestARestartInTheSameBootGoesOn(t *testing.T) {
	b := newBench(t)
	b.open()
	b.adopt()
	b.vault.Close()
	b.open()
	b.unverified()
	b.resume()
	b.verified(3)
	b.basis(access.ClockVerified)
	if s := b.follower.Status(); s.State != follow.Fresh {
		t.Errorf("%+v", s)
	}
	b.chain.Put(segmentFeed, chaintest.Key(1), []byte("two"))
	b.block()
	b.block()
	b.adopt()
	b.verified(5)
}

func TestAfterARebootNothingIsProvenUntilAFreshHeaderProvesTheHeads(t *testing.T) {
	b := newBench(t)
	b.open()
	b.adopt()
	if err := b.clock.DropAnchor(); err != nil { // as a reboot does
		t.Fatal(err)
	}
	b.vault.Close()
	b.open()
	b.resume()
	b.basis(access.ClockRestarted)
	if s := b.follower.Status(); s.State != follow.Unverified {
		t.Errorf("%+v", s)
	}
	// Headers are believed, but the heads are not proven: the basis must stay, or
	// classes that deny after a restart would be decided by what a disk says.
	for _, n := range b.nodes {
		n.Answer(func(method string, q url.Values, r map[string]any) {
			if isHead(method, q) {
				object(r, "response")["proofOps"] = nil
			}
		})
	}
	b.block()
	if err := b.step(); err == nil {
		t.Fatal("adopted without proof")
	}
	b.basis(access.ClockRestarted)
	for _, n := range b.nodes {
		n.Answer(nil)
	}
	b.block()
	b.adopt()
	b.verified(5)
	// Who began to decide before this holds the View from disk.
	b.basis(access.ClockRestarted)
	b.block()
	b.adopt()
	b.basis(access.ClockVerified)
	b.verified(6)
}

func TestOldHeadersAfterARestartAreRefused(t *testing.T) {
	b := newBench(t)
	b.open()
	b.block()
	b.adopt()
	b.verified(4)
	b.vault.Close()
	for _, n := range b.nodes {
		n.Lag(2) // a whole network of the past
	}
	b.open()
	if err := b.step(); err == nil {
		t.Fatal("went back")
	}
	b.unverified()
}

// unverified checks that nothing may be allowed.
func (b *bench) unverified() {
	b.t.Helper()
	if view := b.vault.View(); view.State != access.StateUnverified {
		b.t.Fatalf("view: state %d at height %d; want unverified", view.State, view.Height)
	}
}

// run is the gateway's process from its start on, until the test ends.
func (b *bench) run() {
	ctx, cancel := context.WithCancel(b.t.Context())
	done := make(chan error, 1)
	go func() { done <- b.follower.Run(ctx) }()
	b.t.Cleanup(func() { cancel(); <-done })
}

// TestARestartTriesForAFreshHeaderFirst: what was revoked while the process was
// down is not allowed when it is up.
func TestARestartTriesForAFreshHeaderFirst(t *testing.T) {
	b := newBench(t)
	b.open()
	b.adopt()
	b.vault.Close()
	b.block()
	b.block()
	b.open()
	updated := b.vault.Updated()
	b.run()
	select {
	case <-updated:
	case <-time.After(20 * time.Second):
		t.Fatal("no view")
	}
	b.verified(5)
}

// TestARestartWithoutNodesResumesAfterAWhile: first it is unverified, then it
// goes on by the anchor of this boot.
func TestARestartWithoutNodesResumesAfterAWhile(t *testing.T) {
	b := newBench(t)
	b.open()
	b.adopt()
	b.vault.Close()
	for _, n := range b.nodes {
		n.Close()
	}
	b.open()
	updated := b.vault.Updated()
	began := time.Now()
	b.run()
	select {
	case <-updated:
	case <-time.After(30 * time.Second):
		t.Fatal("not resumed")
	}
	if waited := time.Since(began); waited < 3*time.Second {
		t.Errorf("resumed after %s", waited)
	}
	b.verified(3)
}

// steady is a machine whose clocks tests move.
type steady struct {
	boot time.Duration
	wall time.Time
}

func (s *steady) ID() string                      { return "boot" }
func (s *steady) Reading() (time.Duration, error) { return s.boot, nil }

// TestARelayThatIsAnHourLateMakesViewsStale: everything arrives, verifies, and
// is an hour old.
func TestARelayThatIsAnHourLateMakesViewsStale(t *testing.T) {
	b := newBench(t)
	m := &steady{boot: time.Hour, wall: b.chain.Block(4).Time.Add(time.Second)}
	v, err := vault.Open(filepath.Join(b.dir, "late.db"), vault.Options{ChainID: chainID, Segments: b.cfg.Segments})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	c := clock.New(clock.Options{Boot: m, Wall: func() time.Time { return m.wall }})
	f, err := follow.New(b.cfg, v, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := f.Status(); s.State != follow.Fresh {
		t.Fatalf("%+v", s)
	}
	// An hour passes; the relay now brings the block after the last.
	m.boot += 40 * time.Minute
	m.wall = m.wall.Add(40 * time.Minute)
	b.chain.Next(b.chain.Block(4).Time.Add(time.Second))
	if err := f.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := f.Status()
	if s.State != follow.Stale || s.Height != 4 || s.AgeSeconds < 39*60 {
		t.Errorf("%+v", s)
	}
	if v.View().MayAllow(c.Now()) {
		t.Error("something may be allowed by what is 40 minutes old")
	}
	// Past the trusting period nothing new is believed at all.
	m.boot += time.Hour
	m.wall = m.wall.Add(time.Hour)
	b.chain.Next(b.chain.Block(5).Time.Add(time.Second))
	if err := f.Step(t.Context()); err == nil {
		t.Error("believed from an expired header")
	}
	if f.Gauges().TrustRemaining >= 0 {
		t.Errorf("%+v", f.Gauges())
	}
}
