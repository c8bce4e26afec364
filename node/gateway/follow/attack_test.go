package follow_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/node/gateway/chaintest"
	"github.com/hallmark-ledger/hallmark/node/gateway/source"
	"github.com/hallmark-ledger/hallmark/x/access"
)

// TestAForkIsAnAttack: two chains signed by the same validators.
func TestAForkIsAnAttack(t *testing.T) {
	b := newBench(t)
	fork := forkOf(b)
	b.open()
	b.adopt()
	now := time.Now()
	fork.Put(segmentFeed, chaintest.Key(1), []byte("forged"))
	for range 2 { // the state of a block stands in the header after it
		now = now.Add(time.Millisecond)
		b.chain.Next(now)
		fork.Next(now)
	}
	// The primary and all witnesses but one are on the fork.
	for _, n := range b.nodes[:3] {
		n.Follow(fork)
	}
	if err := b.step(); err == nil || !strings.Contains(err.Error(), "attack") {
		t.Fatalf("step: %v", err)
	}
	if s := b.follower.Status(); s.State != "attack" || !strings.Contains(s.LastError, "attack") {
		t.Errorf("%+v", s)
	}
	b.logged("attack detected", b.nodes[0].URL, b.nodes[3].URL)
	for _, n := range b.nodes {
		if len(n.Posted()) != 2 {
			t.Errorf("%s got %d pieces of evidence", n.Name, len(n.Posted()))
		}
		for _, body := range n.Posted() {
			if !strings.Contains(string(body), `"evidence":{"type":"tendermint/LightClientAttackEvidence","value":{`) {
				t.Errorf("%.200s", body)
			}
		}
	}
	// It stays, in this process and the next.
	b.block()
	if err := b.step(); err == nil {
		t.Error("went on after an attack")
	}
	b.vault.Close()
	b.open()
	if b.vault.View().State != access.StateAttack {
		t.Errorf("state %d after a restart", b.vault.View().State)
	}
}

// forkOf is a chain that is equal so far.
func forkOf(b *bench) *chaintest.Chain {
	fork := chaintest.New(chainID, "vals", 4)
	fork.Segment("acme", "plant", false)
	fork.Member("acme")
	for i := range 250 {
		fork.Put(segmentFeed, chaintest.Key(i), []byte("one"))
	}
	for h := int64(1); h <= 4; h++ {
		fork.Next(b.chain.Block(h).Time)
	}
	return fork
}

// TestAWitnessWhoseHeaderDoesNotVerifyIsNamed: a chain signed by strangers.
func TestAWitnessWhoseHeaderDoesNotVerifyIsNamed(t *testing.T) {
	b := newBench(t)
	b.open()
	b.adopt()
	lie := chaintest.New(chainID, "strangers", 4)
	for h := int64(1); h <= 4; h++ {
		lie.Next(b.chain.Block(h).Time)
	}
	b.block()
	lie.Next(time.Now())
	b.nodes[2].Follow(lie)
	b.adopt()
	b.verified(4)
	b.logged("source is wrong", b.nodes[2].URL, "what=header")
	if s := b.follower.Status(); s.Witnesses[1].State != "wrong" || s.State != "fresh" {
		t.Errorf("%+v", s)
	}
}

// TestAPrimaryThatWithholdsDataLosesItsPart: headers and proofs are prompt, the
// change never comes.
func TestAPrimaryThatWithholdsDataLosesItsPart(t *testing.T) {
	b := newBench(t)
	b.open()
	b.adopt()
	release := make(chan struct{})
	b.nodes[0].Ask(func(method string, q url.Values) {
		if strings.Contains(q.Get("path"), "/Changes") {
			<-release
		}
	})
	b.chain.Put(segmentFeed, chaintest.Key(1), []byte("two"))
	b.block()
	b.block()
	begin := time.Now()
	if err := b.step(); !errors.Is(err, source.ErrUnavailable) {
		t.Fatalf("step: %v", err)
	}
	close(release)
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("one change was waited for %v", took)
	}
	b.block()
	b.adopt()
	b.verified(6)
	if s := b.follower.Status(); s.Primary != b.nodes[1].URL {
		t.Errorf("%+v", s)
	}
}
