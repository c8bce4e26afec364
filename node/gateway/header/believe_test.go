package header_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/types"

	"github.com/hallmark-ledger/hallmark/node/gateway/chaintest"
	"github.com/hallmark-ledger/hallmark/node/gateway/header"
	"github.com/hallmark-ledger/hallmark/node/gateway/source"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// fake is a node without a network.
type fake struct {
	url   string
	chain *chaintest.Chain
	err   error
	asked int
}

func (f *fake) URL() string { return f.url }

func (f *fake) Header(_ context.Context, height int64) (*types.Header, error) {
	f.asked++
	if f.err != nil {
		return nil, f.err
	}
	if b := f.chain.Block(height); b != nil {
		return b.Header, nil
	}
	return nil, &source.Error{Source: f.url, What: source.Height, Err: source.ErrNotYet}
}

func (f *fake) LightBlock(ctx context.Context, height int64, _ *types.ValidatorSet) (*types.LightBlock, error) {
	if _, err := f.Header(ctx, height); err != nil {
		return nil, err
	}
	return f.chain.Block(height), nil
}

func chain(seed string, blocks int) *chaintest.Chain {
	c := chaintest.New("c", seed, 4)
	for i := range blocks {
		c.Next(start.Add(time.Duration(i) * time.Second))
	}
	return c
}

var rules = header.Rules{ChainID: "c", TrustingPeriod: time.Hour, Agree: 2}

// question asks for a height of chains: the primary's, and those of witnesses.
func question(c *chaintest.Chain, height int64, witnesses ...*fake) header.Question {
	q := header.Question{
		Height: height, Trail: []*types.LightBlock{c.Block(1)}, Primary: &fake{url: "primary", chain: c},
		Now: func(time.Time) (time.Time, bool) { return start.Add(time.Minute), true },
	}
	for _, w := range witnesses {
		q.Witnesses = append(q.Witnesses, w)
	}
	return q
}

func TestAHeaderIsBelievedWhenTwoWitnessesAgree(t *testing.T) {
	c := chain("a", 5)
	yes := func(name string) *fake { return &fake{url: name, chain: c} }
	no := func(name string, err error) *fake { return &fake{url: name, err: err} }
	b, findings, err := rules.Believe(t.Context(), question(c, 5, yes("w1"), yes("w2"), no("w3", source.ErrUnavailable)))
	if err != nil || b.Block().Height != 5 || len(findings) != 1 || findings[0].Node != "w3" {
		t.Errorf("%v %v %v", b, findings, err)
	}
	b, _, err = rules.Believe(t.Context(), question(c, 5, yes("w1"), no("w2", source.ErrNotYet)))
	if !errors.Is(err, header.ErrTooFew) || b.Block() != nil {
		t.Errorf("one witness: %v", err)
	}
	if _, _, err := rules.Believe(t.Context(), question(c, 1, yes("w1"), yes("w2"))); err == nil {
		t.Error("went back")
	}
}

func TestTimeDecides(t *testing.T) {
	c := chain("a", 5)
	for name, x := range map[string]struct {
		now   time.Time
		known bool
		want  error
	}{
		"expired":         {start.Add(time.Hour), true, header.ErrExpired},
		"just in time":    {start.Add(time.Hour - time.Second), true, nil},
		"from the future": {start.Add(4*time.Second - header.MaxDrift), true, header.ErrFuture},
		"within drift":    {start.Add(5*time.Second - header.MaxDrift), true, nil},
		"unknown":         {time.Time{}, false, header.ErrTooFew},
	} {
		q := question(c, 5, &fake{url: "w1", chain: c}, &fake{url: "w2", chain: c})
		q.Now = func(agreed time.Time) (time.Time, bool) {
			if !agreed.Equal(start.Add(4 * time.Second)) {
				t.Errorf("agreed %v", agreed)
			}
			return x.now, x.known
		}
		if _, _, err := rules.Believe(t.Context(), q); !errors.Is(err, x.want) {
			t.Errorf("%s: %v; want %v", name, err, x.want)
		}
	}
	// Without agreement there is no agreed time.
	q := question(c, 5, &fake{url: "w1", chain: chain("b", 5)}, &fake{url: "w2", chain: c})
	q.Now = func(agreed time.Time) (time.Time, bool) {
		if !agreed.IsZero() {
			t.Errorf("agreed %v with one witness", agreed)
		}
		return start, true
	}
	_, _, _ = rules.Believe(t.Context(), q)
}

func TestALyingPrimaryIsBlamedAndALyingWitnessNamed(t *testing.T) {
	c, lie := chain("a", 5), chain("b", 5)
	q := question(c, 5, &fake{url: "w1", chain: lie}, &fake{url: "w2", chain: lie})
	q.Primary = &fake{url: "primary", chain: lie}
	_, _, err := rules.Believe(t.Context(), q)
	var of *source.Error
	if !errors.As(err, &of) || of.Source != "primary" || !errors.Is(err, source.ErrWrong) {
		t.Errorf("primary: %v", err)
	}
	q = question(c, 5, &fake{url: "w1", chain: lie}, &fake{url: "w2", chain: c}, &fake{url: "w3", chain: c})
	b, findings, err := rules.Believe(t.Context(), q)
	if err != nil || b.Block() == nil || len(findings) != 1 || findings[0].Node != "w1" || !errors.Is(findings[0].Err, source.ErrWrong) {
		t.Errorf("witness: %v %v", findings, err)
	}
}

// fork is two chains of the same validators that part after a height.
func fork(parts int) (honest, forged *chaintest.Chain) {
	honest, forged = chaintest.New("c", "a", 4), chaintest.New("c", "a", 4)
	for i := range 8 {
		if i+1 == parts {
			forged.Put("f", []byte("k"), []byte("v"))
		}
		honest.Next(start.Add(time.Duration(i) * time.Second))
		forged.Next(start.Add(time.Duration(i) * time.Second))
	}
	return honest, forged
}

func TestTwoHeadersThatVerifyAreAnAttack(t *testing.T) {
	honest, forged := fork(3)
	q := question(forged, 6, &fake{url: "w1", chain: forged}, &fake{url: "w2", chain: forged}, &fake{url: "w3", chain: honest})
	_, _, err := rules.Believe(t.Context(), q)
	var attack *header.Attack
	if !errors.As(err, &attack) || attack.Primary != "primary" || attack.Witness != "w3" || attack.Height != 6 {
		t.Fatalf("%v", err)
	}
	evidence := attack.Evidence()
	if len(evidence) != 2 {
		t.Fatalf("%d pieces of evidence", len(evidence))
	}
	for _, e := range evidence {
		if err := e.ValidateBasic(); err != nil || len(e.ByzantineValidators) == 0 {
			t.Errorf("%v: %d byzantine validators", err, len(e.ByzantineValidators))
		}
	}
	// Also when the forged branch was believed already: the trail knows better.
	q.Trail = append(q.Trail, forged.Block(5))
	if _, _, err := rules.Believe(t.Context(), q); !errors.As(err, &attack) || attack.Common.Height != 1 {
		t.Errorf("%v", err)
	}
}

func TestBisectionGoesThroughChangedValidators(t *testing.T) {
	c := chaintest.New("c", "a", 4)
	keys, fresh := chaintest.Keys("a", 4), chaintest.Keys("fresh", 16)
	for i := range 20 {
		if i < 16 {
			keys = append(append([]ed25519.PrivKey(nil), keys[1:]...), fresh[i])
			c.SetValidators(keys)
		}
		c.Next(start.Add(time.Duration(i) * time.Second))
	}
	w1, w2 := &fake{url: "w1", chain: c}, &fake{url: "w2", chain: c}
	q := question(c, 20, w1, w2)
	if _, _, err := rules.Believe(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if n := q.Primary.(*fake).asked; n < 5 {
		t.Errorf("%d headers asked for: none between", n)
	}
}

func TestAValidSetOfStrangersDoesNotFollow(t *testing.T) {
	c, lie := chain("a", 2), chain("b", 3)
	// Adjacent: the validators are named by the header before.
	err := rules.Verify(t.Context(), c.Block(2), lie.Block(3), start.Add(time.Minute), nil)
	if err == nil {
		t.Error("adjacent: verified")
	}
	other := chaintest.New("d", "a", 4)
	other.Next(start)
	other.Next(start.Add(time.Second))
	if err := rules.Verify(t.Context(), c.Block(1), other.Block(2), start.Add(time.Minute), nil); err == nil || !strings.Contains(err.Error(), "chain") {
		t.Errorf("another chain: %v", err)
	}
	if err := rules.Verify(t.Context(), other.Block(1), other.Block(2), start.Add(time.Minute), nil); err == nil {
		t.Error("trust of another chain")
	}
}

func TestRootIsTheTrustedHash(t *testing.T) {
	c := chain("a", 2)
	if _, err := rules.Root("n", c.Block(1), c.Block(1).Header.Hash()); err != nil {
		t.Error(err)
	}
	if _, err := rules.Root("n", c.Block(2), c.Block(1).Header.Hash()); !errors.Is(err, source.ErrWrong) {
		t.Error(err)
	}
	// The right hash, with a commit that nobody signed.
	block := *c.Block(1)
	signed := *block.SignedHeader
	commit := *signed.Commit
	commit.Signatures = append([]types.CommitSig(nil), commit.Signatures...)
	for i := range commit.Signatures {
		commit.Signatures[i].Signature = make([]byte, 64)
	}
	signed.Commit, block.SignedHeader = &commit, &signed
	if _, err := rules.Root("n", &block, c.Block(1).Header.Hash()); !errors.Is(err, source.ErrWrong) {
		t.Error(err)
	}
}
