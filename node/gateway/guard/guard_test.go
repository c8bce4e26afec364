package guard

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/hallmark-ledger/hallmark/x/access"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func now(after time.Duration) access.Now {
	return access.Now{Time: epoch.Add(after), Basis: access.ClockVerified}
}

// replaceDecide puts another evaluator in place for one test.
func replaceDecide(t *testing.T, f func(*access.Request, *access.View, access.Now) access.Decision) {
	t.Helper()
	decide = f
	t.Cleanup(func() { decide = access.Decide })
}

func TestNoViewDenies(t *testing.T) {
	g := &Guard{View: func() *access.View { return nil }, Now: func() access.Now { return now(0) }}
	if a := g.Handle(&access.Request{Action: "get", Resource: "http:/a"}); a.Allow || a.Reason != access.ReasonViewUnverified {
		t.Errorf("%+v", a)
	}
	if a := g.Handle(nil); a.Allow {
		t.Errorf("no request: %+v", a)
	}
}

func TestAPanicIsADenial(t *testing.T) {
	var log bytes.Buffer
	registry := prometheus.NewRegistry()
	g := &Guard{
		View:  func() *access.View { return &access.View{} },
		Now:   func() access.Now { return now(0) },
		Meter: NewMetrics(registry).At("authzen"),
		Log:   slog.New(slog.NewTextHandler(&log, nil)),
	}
	allowing := access.Decision{Allow: true, Reason: access.ReasonAllowed}
	for name, spoil := range map[string]func(){
		"decide": func() {
			replaceDecide(t, func(*access.Request, *access.View, access.Now) access.Decision { panic("broken record") })
		},
		"view": func() { g.View = func() *access.View { panic("broken vault") } },
		"now":  func() { g.Now = func() access.Now { panic("broken clock") } },
	} {
		before := *g
		replaceDecide(t, func(*access.Request, *access.View, access.Now) access.Decision { return allowing })
		spoil()
		if a := g.Handle(&access.Request{}); a.Allow || a.Reason != access.ReasonInternal || a.Grant != 0 {
			t.Errorf("%s: %+v", name, a)
		}
		*g = before
	}
	if !strings.Contains(log.String(), "broken record") {
		t.Errorf("the log does not tell: %s", log.String())
	}
	if n := testutil.ToFloat64(g.Meter.denied[access.ReasonInternal]); n != 3 {
		t.Errorf("counted %v denials; want 3", n)
	}
}

func TestADecisionWithoutReasonIsInternal(t *testing.T) {
	replaceDecide(t, func(*access.Request, *access.View, access.Now) access.Decision { return access.Decision{Allow: true} })
	g := &Guard{View: func() *access.View { return nil }, Now: func() access.Now { return now(0) }}
	if a := g.Handle(&access.Request{}); a.Allow || a.Reason != access.ReasonInternal {
		t.Errorf("%+v", a)
	}
}

func TestASessionHasOneView(t *testing.T) {
	views := []*access.View{{Height: 1}, {Height: 2}}
	taken := 0
	var seen []int64
	replaceDecide(t, func(_ *access.Request, v *access.View, _ access.Now) access.Decision {
		seen = append(seen, v.Height)
		return access.Decision{Reason: access.ReasonNoGrant}
	})
	g := &Guard{
		View: func() *access.View { taken++; return views[taken-1] },
		Now:  func() access.Now { return now(0) },
	}
	s := g.Session()
	s.Handle(&access.Request{})
	s.Handle(&access.Request{})
	g.Handle(&access.Request{})
	if len(seen) != 3 || seen[0] != 1 || seen[1] != 1 || seen[2] != 2 {
		t.Errorf("heights %v; want 1 1 2", seen)
	}
}

func TestDecisionsAreCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	metrics := NewMetrics(registry)
	g := &Guard{View: func() *access.View { return nil }, Now: func() access.Now { return now(0) }, Meter: metrics.At("authzen")}
	next := access.Decision{}
	replaceDecide(t, func(*access.Request, *access.View, access.Now) access.Decision { return next })
	for _, d := range []access.Decision{
		{Allow: true, Reason: access.ReasonAllowed}, {Allow: true, Reason: access.ReasonAllowed},
		{Reason: access.ReasonGrantRevoked}, {Reason: "of a later version"},
	} {
		next = d
		g.Handle(&access.Request{})
	}
	if a := g.Refuse(); a.Allow || a.Reason != access.ReasonBadRequest {
		t.Errorf("%+v", a)
	}
	for labels, want := range map[[3]string]float64{
		{"allow", "allowed", "authzen"}:      2,
		{"deny", "grant_revoked", "authzen"}: 1,
		{"deny", "internal", "authzen"}:      1,
		{"deny", "bad_request", "authzen"}:   1,
		{"deny", "no_grant", "authzen"}:      0,
	} {
		if n := testutil.ToFloat64(metrics.decisions.WithLabelValues(labels[:]...)); n != want {
			t.Errorf("%v: %v; want %v", labels, n, want)
		}
	}
	if n := testutil.CollectAndCount(metrics.decisions); n != len(access.Reasons()) {
		t.Errorf("%d series; want one for each of the %d reasons", n, len(access.Reasons()))
	}
}

// Counting is in the path of every decision.
func TestHandleDoesNotAllocate(t *testing.T) {
	g := &Guard{
		View:  func() *access.View { return &emptyView },
		Now:   func() access.Now { return now(0) },
		Meter: NewMetrics(prometheus.NewRegistry()).At("authzen"),
	}
	req := &access.Request{Action: "get", Resource: "http:/a"}
	if n := testing.AllocsPerRun(100, func() { g.Handle(req) }); n != 0 {
		t.Errorf("%v allocations a decision", n)
	}
}

var emptyView = access.View{State: access.StateVerified}

func TestHandleIsSafeForConcurrentUse(t *testing.T) {
	g := &Guard{
		View:  func() *access.View { return &emptyView },
		Now:   func() access.Now { return now(0) },
		Meter: NewMetrics(prometheus.NewRegistry()).At("authzen"),
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				if a := g.Handle(&access.Request{Action: "get", Resource: "http:/a"}); a.Reason != access.ReasonSegmentUnknown {
					t.Errorf("%+v", a)
				}
			}
		})
	}
	wg.Wait()
}
