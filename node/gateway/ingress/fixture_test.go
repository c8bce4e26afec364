package ingress

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hallmark-ledger/hallmark/node/gateway/guard"
	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// epoch is the time of the fixture's header.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// subject is the n-th device.
func subject(n int) identity.KeyDigest { return sha256.Sum256(fmt.Appendf(nil, "device %d", n)) }

// did is its id.
func did(n int) string { return identity.ID(subject(n)) }

func marshal(tb testing.TB, m interface{ Marshal() ([]byte, error) }) []byte {
	tb.Helper()
	b, err := m.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// view is a View of segment acme/plant: device 1 may publish below its own
// topic and get, device 2 had a grant that was revoked, device 3 may get when
// its line is 4 and it is not in service.
func view(tb testing.TB) *access.View {
	tb.Helper()
	policy := access.Policy{
		Member:   "acme",
		Prefixes: []string{"mqtt:plant/", "http:/plant/"},
		Classes:  []access.Class{{Name: "read", MaxStaleness: time.Hour, OnRestart: access.OnRestartDeny}},
		Actions:  []access.ActionClass{{Action: "get", Class: "read"}}, SinceHeight: 1,
	}
	grant := func(action, resource string, conditions ...access.Condition) access.Grant {
		return access.Grant{
			Issuer: "acme", Actions: []string{action}, Resources: []string{resource},
			NotBefore: epoch.Add(-time.Hour).Unix(), NotAfter: epoch.Add(24 * time.Hour).Unix(),
			Conditions: conditions, Owner: "acme", Ownership: 1, Height: 3,
		}
	}
	revoked := grant("get", "http:/plant/#")
	revoked.RevokedHeight, revoked.RevokedReason = 118, "stolen"
	records := []feed.Record{{Key: access.PolicyKey(), Value: marshal(tb, &policy)}}
	for n := 1; n <= 3; n++ {
		s := subject(n)
		device := identity.Device{
			Maker: "maker", Owner: "acme", Ownership: 1, Model: "m1", Status: identity.StatusActive, SinceHeight: 2,
			Key: identity.Key{Algorithm: identity.AlgorithmEd25519, Digest: s[:], SinceHeight: 2},
		}
		records = append(records, feed.Record{Key: identity.DeviceKey(s), Value: marshal(tb, &device)})
	}
	for _, g := range []struct {
		device int
		id     uint64
		grant  access.Grant
	}{
		{1, 5, grant("get", "http:/plant/#")},
		{1, 6, grant("publish", "mqtt:plant/"+did(1)+"/#")},
		{2, 7, revoked},
		{3, 8, grant("get", "http:/plant/#",
			access.Condition{Attribute: "line", Operator: access.OperatorEq, Value: &access.Condition_Number{Number: 4}},
			access.Condition{Attribute: "service", Operator: access.OperatorEq, Value: &access.Condition_Truth{Truth: false}},
			access.Condition{Attribute: "shift", Operator: access.OperatorNe, Value: &access.Condition_Text{Text: "night"}})},
	} {
		records = append(records, feed.Record{Key: access.GrantKey(subject(g.device), g.id), Value: marshal(tb, &g.grant)})
	}
	slices.SortFunc(records, func(a, b feed.Record) int { return bytes.Compare(a.Key, b.Key) })
	b := feed.NewBuilder(feed.Segment("acme/plant"))
	for _, r := range records {
		if err := b.Add(r.Key, r.Value); err != nil {
			tb.Fatal(err)
		}
	}
	segment, err := access.NewSegment("acme/plant", &feed.Head{Name: feed.Segment("acme/plant"), Sequence: 31, Height: 120}, b.Set())
	if err != nil {
		tb.Fatal(err)
	}
	m := feed.NewBuilder(feed.Members)
	member := consortium.Member{Id: "acme", Name: "Acme", Standing: consortium.StandingActive, SinceHeight: 1}
	if err := m.Add(consortium.MemberKey("acme"), marshal(tb, &member)); err != nil {
		tb.Fatal(err)
	}
	return &access.View{State: access.StateVerified, Height: 150, Time: epoch, Segments: []access.Segment{segment}, Members: m.Set()}
}

// point is a decision point under test.
type point struct {
	*httptest.Server
	view    atomic.Pointer[access.View]
	now     atomic.Pointer[access.Now]
	unready atomic.Pointer[error]
}

// newPoint serves the fixture's View a minute after its header.
func newPoint(tb testing.TB) *point {
	tb.Helper()
	p := &point{}
	p.view.Store(view(tb))
	p.now.Store(&access.Now{Time: epoch.Add(time.Minute), Basis: access.ClockVerified})
	registry := prometheus.NewRegistry()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	g := &guard.Guard{
		View:  p.view.Load,
		Now:   func() access.Now { return *p.now.Load() },
		Meter: guard.NewMetrics(registry).At("authzen"),
		Log:   log,
	}
	p.Server = httptest.NewServer(NewHandler(Options{
		Guard: g,
		Ready: func() error {
			if err := p.unready.Load(); err != nil {
				return *err
			}
			return nil
		},
		Status:  func() any { return map[string]string{"state": "fresh"} },
		Metrics: registry,
		URL:     "http://127.0.0.1:8181/",
		Log:     log,
	}))
	tb.Cleanup(p.Close)
	return p
}

// post sends a body and returns status, body and headers.
func (p *point) post(tb testing.TB, path, body string) (int, string, http.Header) {
	tb.Helper()
	response, err := http.Post(p.URL+path, "application/json", strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return response.StatusCode, strings.TrimSpace(string(answer)), response.Header
}

// ask is a request of device n.
func ask(n int, action, kind, id string) string {
	return fmt.Sprintf(`{"subject":{"type":"device","id":%q},"action":{"name":%q},"resource":{"type":%q,"id":%q}}`, did(n), action, kind, id)
}
