package vault_test

import (
	"errors"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/node/gateway/clock"
	"github.com/hallmark-ledger/hallmark/node/gateway/header"
	"github.com/hallmark-ledger/hallmark/node/gateway/proof"
	"github.com/hallmark-ledger/hallmark/node/gateway/vault"
	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

func TestAViewIsAdoptedAndFoundAgain(t *testing.T) {
	l, at := newLedger(200).grow(6), path(t)
	v := open(t, at)
	state(t, v, access.StateUnverified, 0)
	updated := v.Updated()
	l.adopt(t, v, 3)
	select {
	case <-updated:
	default:
		t.Error("nobody was told")
	}
	state(t, v, access.StateVerified, 2)
	l.check(t, v.View())
	old := v.View()
	l.adopt(t, v, 6)
	state(t, v, access.StateVerified, 5)
	l.check(t, v.View())
	l.check(t, old) // a View does not change
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}

	v = open(t, at)
	state(t, v, access.StateUnverified, 5)
	l.check(t, v.View())
	if trail := v.Trail(); len(trail) != 2 || trail[1].Height != 6 || !v.Floor().Equal(trail[1].Time) {
		t.Errorf("%d headers, floor %v", len(trail), v.Floor())
	}
	l.adopt(t, v, 7)
	state(t, v, access.StateVerified, 6)
	l.check(t, v.View())
}

func TestOnlyProvenHeadsOfTheHeaderAreStaged(t *testing.T) {
	l := newLedger(10).grow(6)
	v := open(t, path(t))
	l.adopt(t, v, 4)
	both := []string{segmentFeed, feed.Members}
	for name, x := range map[string]struct {
		header header.Believed
		heads  []proof.Verified
	}{
		"nothing believed":          {header.Believed{}, l.heads(t, 6, both...)},
		"heads of another header":   {l.believed(t, 6), l.heads(t, 5, both...)},
		"a head is missing":         {l.believed(t, 6), l.heads(t, 6, segmentFeed)},
		"nothing proven":            {l.believed(t, 6), []proof.Verified{{}, {}}},
		"a header before":           {l.believed(t, 3), l.heads(t, 3, both...)},
		"a head twice, one missing": {l.believed(t, 6), l.heads(t, 6, segmentFeed, segmentFeed)},
	} {
		if _, err := v.Stage(x.header, x.heads); err == nil {
			t.Errorf("%s: staged", name)
		}
	}
	state(t, v, access.StateVerified, 3)
}

func TestASetThatDoesNotMatchItsHeadIsNotAdopted(t *testing.T) {
	l := newLedger(100).grow(6)
	v := open(t, path(t))

	// Nothing loaded, and half of it.
	u := l.stage(t, v, 3)
	if err := u.Adopt(time.Time{}); !errors.Is(err, feed.ErrMismatch) {
		t.Fatalf("%v", err)
	}
	loader, err := u.Load(segmentFeed)
	if err != nil {
		t.Fatal(err)
	}
	if err := loader.Add([]byte("a"), []byte("b")); err != nil {
		t.Fatal(err)
	}
	if err := loader.Done(); err != nil {
		t.Fatal(err)
	}
	if err := u.Check(segmentFeed); !errors.Is(err, feed.ErrMismatch) {
		t.Fatalf("%v", err)
	}
	if err := u.Adopt(time.Time{}); !errors.Is(err, feed.ErrMismatch) {
		t.Fatalf("%v", err)
	}
	if err := u.Discard(); err != nil {
		t.Fatal(err)
	}
	state(t, v, access.StateUnverified, 0)

	// Changes: one short, one wrong, one too many.
	l.adopt(t, v, 3)
	u = l.stage(t, v, 6)
	need := u.Needs()[0]
	changes := l.Changes(segmentFeed, need.From, u.Height())
	wrong := append([]feed.Change(nil), changes...)
	wrong[0].Value = []byte("wrong")
	for name, c := range map[string][]feed.Change{
		"none": nil, "one short": changes[1:], "one wrong": wrong,
		"one more": append(changes[:len(changes):len(changes)], feed.Change{Key: []byte("zzz"), Value: []byte("v")}),
	} {
		if err := u.Reset(segmentFeed); err != nil {
			t.Fatal(err)
		}
		if err := u.Change(segmentFeed, c); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := u.Adopt(time.Time{}); !errors.Is(err, feed.ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
		state(t, v, access.StateVerified, 2)
	}
	// Without bounds a liar could fill the memory.
	if err := u.Reset(segmentFeed); err != nil {
		t.Fatal(err)
	}
	var many []feed.Change
	for i := range 500 {
		many = append(many, feed.Change{Key: []byte{'m', byte(i >> 8), byte(i)}, Value: make([]byte, 4000)})
	}
	if err := u.Change(segmentFeed, many); !errors.Is(err, feed.ErrMismatch) {
		t.Errorf("%v", err)
	}
	// And after all that the truth is still adopted.
	if err := u.Reset(segmentFeed); err != nil {
		t.Fatal(err)
	}
	if err := l.fill(u); err != nil {
		t.Fatal(err)
	}
	if err := u.Adopt(time.Time{}); err != nil {
		t.Fatal(err)
	}
	l.check(t, v.View())
}

func TestWhatWasStagedIsNotFoundAgain(t *testing.T) {
	l, at := newLedger(100).grow(4), path(t)
	v := open(t, at)
	l.adopt(t, v, 3)
	u := l.stage(t, v, 5)
	if err := l.fill(u, segmentFeed); err != nil {
		t.Fatal(err)
	}
	v.Close() // without Adopt
	v = open(t, at)
	state(t, v, access.StateUnverified, 2)
	l.check(t, v.View())
	// From zero on top of a set, then again by changes, then from disk.
	u = l.stage(t, v, 4)
	if err := l.fill(u, segmentFeed); err != nil {
		t.Fatal(err)
	}
	if err := u.Adopt(time.Time{}); err != nil {
		t.Fatal(err)
	}
	l.adopt(t, v, 5)
	v.Close()
	v = open(t, at)
	state(t, v, access.StateUnverified, 4)
	l.check(t, v.View())
}

func TestHeightsAndTimesNeverGoBack(t *testing.T) {
	l, at := newLedger(10).grow(6), path(t)
	v := open(t, at)
	l.adopt(t, v, 3)
	if err := v.Believe(l.believed(t, 6), genesis.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for _, h := range []int64{2, 3, 5} {
			if err := v.Believe(l.believed(t, h), time.Time{}); !errors.Is(err, vault.ErrBack) {
				t.Errorf("header %d: %v", h, err)
			}
			if _, err := v.Stage(l.believed(t, h), l.heads(t, h, v.Feeds()...)); !errors.Is(err, vault.ErrBack) {
				t.Errorf("header %d: %v", h, err)
			}
		}
		if !v.Floor().Equal(genesis.Add(time.Hour)) {
			t.Errorf("floor %v", v.Floor())
		}
		v.Close()
		v = open(t, at)
	}
	// A header that was believed without its heads may still bring them.
	l.adopt(t, v, 6)
	if !v.Floor().Equal(genesis.Add(time.Hour)) {
		t.Errorf("floor %v went back", v.Floor())
	}
	// A later height with an earlier time.
	early := ledger{l.Chain}
	early.Next(genesis)
	if err := v.Believe(early.believed(t, 8), time.Time{}); !errors.Is(err, vault.ErrBack) {
		t.Errorf("%v", err)
	}
}

func TestTheTrailIsShortAndKeepsItsBeginning(t *testing.T) {
	l := newLedger(1).grow(60)
	at := path(t)
	v := open(t, at)
	for h := int64(1); h <= 60; h++ {
		if err := v.Believe(l.believed(t, h), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		trail := v.Trail()
		if len(trail) != 16 || trail[0].Height != 1 || trail[15].Height != 60 || trail[14].Height < 57 {
			var heights []int64
			for _, b := range trail {
				heights = append(heights, b.Height)
			}
			t.Fatalf("%v", heights)
		}
		v.Close()
		v = open(t, at)
	}
}

func TestAnAttackStays(t *testing.T) {
	l, at := newLedger(10).grow(6), path(t)
	v := open(t, at)
	l.adopt(t, v, 3)
	u := l.stage(t, v, 5)
	if err := l.fill(u); err != nil {
		t.Fatal(err)
	}
	attack := &header.Attack{Height: 4, Primary: "p", Witness: "w", Common: l.Block(1), Block: l.Block(4), Other: l.Block(5)}
	if err := v.Attack(attack); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		state(t, v, access.StateAttack, 2)
		if v.View().Attack != attack.Error() {
			t.Errorf("%q", v.View().Attack)
		}
		if err := u.Adopt(time.Time{}); err == nil {
			t.Error("adopted after an attack")
		}
		if _, err := v.Stage(l.believed(t, 6), l.heads(t, 6, v.Feeds()...)); err == nil {
			t.Error("staged after an attack")
		}
		v.Resume(clock.New(clock.Options{Floor: time.Now()}))
		state(t, v, access.StateAttack, 2)
		v.Close()
		v = open(t, at)
	}
}
