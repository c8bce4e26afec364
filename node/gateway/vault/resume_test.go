package vault_test

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/node/gateway/clock"
	"github.com/hallmark-ledger/hallmark/node/gateway/vault"
	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// machine is a boot clock.
type machine struct{ id string }

func (m machine) ID() string                      { return m.id }
func (m machine) Reading() (time.Duration, error) { return time.Hour, nil }

func TestAViewIsResumedOnlyByItsAnchorOrTheWallClock(t *testing.T) {
	l, at := newLedger(10).grow(6), path(t)
	v := open(t, at)
	l.adopt(t, v, 4)
	view := v.View()
	v.Close()
	wall := view.Time.Add(time.Second)
	for name, x := range map[string]struct {
		height    int64
		hash      []byte
		boot      string
		wall      time.Time
		want      access.State
		restarted bool
	}{
		"same boot, same view":       {view.Height, view.Header, "1", wall, access.StateVerified, false},
		"same boot, a view before":   {view.Height - 1, []byte("h"), "1", wall, access.StateVerified, false},
		"same boot, vault went back": {view.Height + 1, []byte("h"), "1", wall, access.StateUnverified, false},
		"same boot, another vault":   {view.Height, []byte("h"), "1", wall, access.StateUnverified, false},
		"another boot":               {view.Height, view.Header, "2", wall, access.StateVerified, true},
		"another boot, clock behind": {view.Height, view.Header, "2", view.Time.Add(-time.Second), access.StateUnverified, false},
	} {
		t.Run(name, func(t *testing.T) {
			anchor := path(t)
			before := clock.New(clock.Options{Boot: machine{"1"}, Anchor: anchor})
			before.Believe(view.Time, before.Reading())
			if err := before.Anchor(x.height, x.hash); err != nil {
				t.Fatal(err)
			}
			v := open(t, at)
			defer v.Close()
			t.Log(v.Resume(clock.New(clock.Options{
				Boot: machine{x.boot}, Anchor: anchor, Floor: v.Floor(), Wall: func() time.Time { return x.wall },
			})))
			state(t, v, x.want, view.Height)
			if v.Restarted() != x.restarted {
				t.Errorf("restarted: %v", v.Restarted())
			}
			l.check(t, v.View())
		})
	}
	// A View that rests on the wall clock allows only where the policy says so.
	v = open(t, at)
	c := clock.New(clock.Options{Boot: machine{"2"}, Floor: v.Floor(), Wall: func() time.Time { return wall }})
	v.Resume(c)
	if !v.View().MayAllow(c.Now()) {
		t.Error("class read has on_restart trust_clock")
	}
	if d := access.Decide(request("control"), v.View().View, c.Now()); d.Allow || d.Reason != access.ReasonViewStale {
		t.Errorf("%+v", d)
	}
	l.adopt(t, v, 5)
	if v.Restarted() {
		t.Error("still restarted after a proof")
	}
}

func request(action string) *access.Request {
	return &access.Request{Subject: [32]byte{1}, Action: action, Resource: "mqtt:acme/plant/x"}
}

func TestOfAnotherChainAndHeldByAnother(t *testing.T) {
	at := path(t)
	v := open(t, at)
	if _, err := vault.Open(at, options); !errors.Is(err, vault.ErrHeld) {
		t.Errorf("%v", err)
	}
	v.Close()
	if _, err := vault.Open(at, vault.Options{ChainID: "other-1"}); !errors.Is(err, vault.ErrChain) {
		t.Errorf("%v", err)
	}
	if _, err := vault.Open(at+"2", vault.Options{ChainID: chainID, ReadOnly: true}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if _, err := vault.Open(at, vault.Options{}); err == nil {
		t.Error("opened without a chain id")
	}
}

func TestReadOnlyChangesNothing(t *testing.T) {
	l, at := newLedger(50).grow(4), path(t)
	v := open(t, at)
	l.adopt(t, v, 3)
	v.Close()
	before, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	o := options
	o.ReadOnly = true
	r, err := vault.Open(at, o)
	if err != nil {
		t.Fatal(err)
	}
	l.check(t, r.View())
	if err := r.Believe(l.believed(t, 5), time.Time{}); err == nil {
		t.Error("wrote")
	}
	r.Close()
	after, _ := os.ReadFile(at)
	if !bytes.Equal(before, after) {
		t.Error("the file changed")
	}
}

func TestAnotherSegmentMakesTheViewUnwholeNotWrong(t *testing.T) {
	l, at := newLedger(50), path(t)
	l.Segment("acme", "mill", false)
	l.grow(6)
	v := open(t, at)
	l.adopt(t, v, 3)
	v.Close()
	o := options
	o.Segments = []string{"acme/mill", "acme/plant"}
	v, err := vault.Open(at, o)
	if err != nil {
		t.Fatal(err)
	}
	if view := v.View(); view.State != access.StateUnverified || len(view.Segments) != 0 {
		t.Errorf("%+v", view)
	}
	u := l.stage(t, v, 4)
	if needs := u.Needs(); len(needs) != 2 || !needs[0].Zero || needs[1].Zero {
		t.Errorf("%+v", needs)
	}
	if err := l.fill(u); err != nil {
		t.Fatal(err)
	}
	if err := u.Adopt(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if view := v.View(); view.Segments[0].ID != "acme/mill" || view.Segments[1].ID != "acme/plant" || view.Heads[2].Name != feed.Members {
		t.Errorf("%+v", view.Heads)
	}
	// And back: what is not followed is dropped.
	v.Close()
	v = open(t, at)
	l.check(t, v.View())
	l.adopt(t, v, 5)
	l.check(t, v.View())
}
