package follow_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/node/gateway/chaintest"
	"github.com/hallmark-ledger/hallmark/node/gateway/follow"
	"github.com/hallmark-ledger/hallmark/node/gateway/source"
	"github.com/hallmark-ledger/hallmark/x/access"
)

func TestFollowsFromTheTrustedHeaderThroughChanges(t *testing.T) {
	b := newBench(t)
	b.open()
	if got := b.vault.View().State; got != access.StateUnverified {
		t.Fatalf("state %d before the first step", got)
	}
	b.adopt()
	b.verified(3)
	if n := b.nodes[0].Asked("validators"); n != 1 {
		t.Errorf("validators fetched %d times; want once, for they did not change", n)
	}

	// Changes: one overwritten, one removed, one that comes and goes between.
	b.chain.Put(segmentFeed, chaintest.Key(7), []byte("two"))
	b.chain.Remove(segmentFeed, chaintest.Key(8))
	b.chain.Put(segmentFeed, []byte("fleeting"), []byte("x"))
	b.block()
	b.chain.Remove(segmentFeed, []byte("fleeting"))
	for i := range 150 {
		b.chain.Put(segmentFeed, chaintest.Key(1000+i), []byte("new"))
	}
	b.block()
	b.block()
	b.adopt()
	b.verified(6)
	if v, _ := b.vault.View().Segments[0].Set.Get(chaintest.Key(7)); string(v) != "two" {
		t.Errorf("record is %q", v)
	}
	if err := b.step(); !errors.Is(err, source.ErrNotYet) {
		t.Errorf("step without a block: %v; want not yet", err)
	}
	// A heartbeat: a header, no changes.
	b.block()
	b.adopt()
	b.verified(7)
}

func TestPrunedHistoryIsFetchedFromZero(t *testing.T) {
	b := newBench(t)
	b.open()
	b.adopt()
	b.chain.Remove(segmentFeed, chaintest.Key(3))
	b.block()
	b.chain.Put(segmentFeed, chaintest.Key(4), []byte("later"))
	b.chain.Prune(segmentFeed)
	b.block()
	b.block()
	b.adopt()
	b.verified(6)
	if b.vault.View().Segments[0].Set.Len() != 250 {
		t.Errorf("%d records", b.vault.View().Segments[0].Set.Len())
	}
}

func TestAnotherNodeServesWhenThePrimaryIsDead(t *testing.T) {
	b := newBench(t)
	b.open()
	b.adopt()
	b.nodes[0].Close()
	b.chain.Put(segmentFeed, chaintest.Key(1), []byte("two"))
	b.block()
	b.block()
	b.adopt()
	b.verified(5)
	if got := b.follower.Status().Primary; got != b.nodes[1].URL {
		t.Errorf("primary is %s; want the first witness %s", got, b.nodes[1].URL)
	}
	b.logged("source is unavailable", b.nodes[0].URL)
}

func TestHeightIsThatOfThePrimaryAndTwoWitnesses(t *testing.T) {
	b := newBench(t)
	b.open()
	b.adopt()
	b.nodes[2].Lag(1)
	b.nodes[3].Lag(1)
	b.block()
	if err := b.step(); !errors.Is(err, source.ErrNotYet) {
		t.Fatalf("believed a header that one witness has: %v", err)
	}
	b.nodes[3].Lag(0)
	b.adopt()
	b.verified(4)
	// A primary that lags leaves its part to another.
	b.nodes[2].Lag(0)
	b.nodes[0].Lag(3)
	b.block()
	b.adopt()
	b.verified(5)
	// One that reports what is not there gains nothing.
	b.nodes[0].Lag(-1_000_000)
	b.block()
	b.adopt()
	b.verified(6)
}

func TestWitnessesMustAgree(t *testing.T) {
	b := newBench(t)
	b.open()
	b.adopt()
	b.nodes[2].Close()
	b.nodes[3].Close()
	b.block()
	for range 3 {
		if err := b.step(); err == nil {
			t.Fatal("adopted with one witness")
		}
	}
	b.verified(3)
}

func TestValidatorsMayChange(t *testing.T) {
	b := newBench(t)
	b.open()
	b.adopt()
	// One by one all validators are replaced; a header that cannot be skipped to
	// is reached through those between.
	keys := chaintest.Keys("vals", 4)
	fresh := chaintest.Keys("fresh", 4)
	for i := range 4 {
		keys = append(append(keys[:0:0], keys[1:]...), fresh[i])
		b.chain.SetValidators(keys)
		b.block()
	}
	for range 3 {
		b.block()
	}
	b.adopt()
	b.verified(10)
	if n := b.nodes[0].Asked("commit"); n < 4 {
		t.Errorf("%d commits fetched: no bisection", n)
	}
}

func TestStatusIsThatOfTheContract(t *testing.T) {
	b := newBench(t)
	b.open()
	if s := b.follower.Status(); s.State != follow.Unverified || s.LastError == "" {
		t.Errorf("before: %+v", s)
	}
	b.adopt()
	raw, err := json.Marshal(b.follower.Status())
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"chain_id", "state", "height", "head_time", "age_seconds", "trust_expires", "primary", "witnesses", "feeds", "last_error"} {
		if _, ok := got[key]; !ok {
			t.Errorf("no %s in %s", key, raw)
		}
	}
	if len(got) != 10 || got["state"] != "fresh" || got["height"] != "3" || got["last_error"] != "" {
		t.Errorf("%s", raw)
	}
	f := got["feeds"].([]any)[0].(map[string]any)
	if f["name"] != segmentFeed || f["sequence"] != "251" || f["records"] != "251" || f["height"] != "1" {
		t.Errorf("%v", f)
	}
	w := got["witnesses"].([]any)[0].(map[string]any)
	if w["url"] != b.nodes[1].URL || w["state"] != "agrees" {
		t.Errorf("%v", w)
	}
	g := b.follower.Gauges()
	if g.Witnesses != 3 || g.HeadHeight != 3 || g.TrustRemaining <= 0 || g.HeadAge < 0 {
		t.Errorf("%+v", g)
	}
}

func TestRunWakesOnAnAnnouncement(t *testing.T) {
	b := newBench(t)
	b.cfg.Heartbeat = time.Hour
	adopted := make(chan follow.Adoption, 16)
	b.cfg.Adopted = func(a follow.Adoption) { adopted <- a }
	b.open()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.follower.Run(ctx) }()
	wait := func() follow.Adoption {
		select {
		case a := <-adopted:
			return a
		case <-time.After(20 * time.Second):
			t.Fatalf("nothing adopted\n%s", b.log)
			return follow.Adoption{}
		}
	}
	wait()
	b.chain.Put(segmentFeed, chaintest.Key(1), []byte("two"))
	b.block()
	b.block()
	// Until the subscriptions stand, and at the latest after a poll.
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				for _, n := range b.nodes {
					n.Announce()
				}
			}
		}
	}()
	a := wait()
	close(stop)
	if a.Height != 5 || len(a.Changed) != 1 {
		t.Errorf("%+v", a)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestWrongTrustIsRefused(t *testing.T) {
	b := newBench(t)
	b.cfg.TrustHash = b.chain.Block(3).Header.Hash()
	b.open()
	if err := b.follower.Run(t.Context()); !errors.Is(err, follow.ErrTrust) {
		t.Fatalf("run: %v", err)
	}
	if _, err := follow.Check(t.Context(), b.cfg); err == nil {
		t.Error("check accepts another hash")
	} else {
		t.Log(err)
	}
}

func TestCheckNamesWhatIsWrong(t *testing.T) {
	b := newBench(t)
	report, err := follow.Check(t.Context(), b.cfg)
	if err != nil {
		t.Fatal(err)
	}
	if report.Height != 3 || len(report.Nodes) != 4 || report.Segments[0].Records != 251 {
		t.Errorf("%+v", report)
	}
	other := chaintest.New("other-1", "vals", 4)
	other.Next(time.Now())
	for name, breakIt := range map[string]func(*follow.Config){
		"other chain":   func(c *follow.Config) { b.nodes[3].Follow(other) },
		"dead":          func(c *follow.Config) { c.Witnesses = append(c.Witnesses, "http://127.0.0.1:1") },
		"no segment":    func(c *follow.Config) { c.Segments = append(c.Segments, "acme/none") },
		"same node":     func(c *follow.Config) { c.Witnesses[0] = c.Primary },
		"one witness":   func(c *follow.Config) { c.Witnesses = c.Witnesses[:1] },
		"no chain id":   func(c *follow.Config) { c.ChainID = "" },
		"no such block": func(c *follow.Config) { c.TrustHeight = 99 },
		"scheme":        func(c *follow.Config) { c.Primary = "ftp://x" },
	} {
		cfg := b.cfg
		cfg.Witnesses = append([]string(nil), cfg.Witnesses...)
		breakIt(&cfg)
		if _, err := follow.Check(t.Context(), cfg); err == nil {
			t.Errorf("%s: accepted", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
		b.nodes[3].Follow(b.chain)
	}
}
