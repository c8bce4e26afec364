package access_test

import (
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/corpus"
)

// TestDecisions replays the corpus, which names every reason.
func TestDecisions(t *testing.T) {
	files, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	named := map[access.Reason]int{}
	for _, f := range files {
		t.Run(f.Name, func(t *testing.T) {
			view, err := f.View.Build()
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range f.Checks {
				req, err := c.Ask()
				if err != nil {
					t.Fatalf("%s: %v", c.About, err)
				}
				now, err := c.At()
				if err != nil {
					t.Fatalf("%s: %v", c.About, err)
				}
				d := access.Decide(req, view, now)
				if got := corpus.Of(d); got != c.Decision {
					t.Errorf("%s:\n got %+v\nwant %+v", c.About, got, c.Decision)
				}
				if again := access.Decide(req, view, now); again != d {
					t.Errorf("%s: decided otherwise the second time: %+v", c.About, again)
				}
				detail, fix := d.Explain(req, view)
				if detail == "" || fix == "" && !d.Allow {
					t.Errorf("%s: detail %q, fix %q", c.About, detail, fix)
				}
				if allocs := testing.AllocsPerRun(20, func() { access.Decide(req, view, now) }); allocs != 0 {
					t.Errorf("%s: %v allocations", c.About, allocs)
				}
				named[d.Reason]++
			}
		})
	}
	for _, r := range access.Reasons() {
		if named[r] == 0 {
			t.Errorf("no file decides %s", r)
		}
	}
	if len(named) != len(access.Reasons()) {
		t.Errorf("%d reasons decided, %d known", len(named), len(access.Reasons()))
	}
}

func TestZeroValuesDeny(t *testing.T) {
	f := newFixture().addDevice(subject(1)).add(subject(1), 1, grant("get", "mqtt:plant/#"))
	good := &access.Request{Subject: subject(1), Action: "get", Resource: "mqtt:plant/a"}
	view := f.view(t)
	if d := access.Decide(good, view, verified(0)); !d.Allow {
		t.Fatalf("the fixture does not allow: %+v", d)
	}
	noMembers, noPolicy := *view, *view
	noMembers.Members = nil
	noPolicy.Segments = []access.Segment{{ID: plant, Set: view.Segments[0].Set}}
	for name, d := range map[string]access.Decision{
		"zero decision":   {},
		"nothing":         access.Decide(nil, nil, access.Now{}),
		"no view":         access.Decide(good, nil, verified(0)),
		"zero view":       access.Decide(good, new(access.View), verified(0)),
		"no request":      access.Decide(nil, view, verified(0)),
		"zero request":    access.Decide(new(access.Request), view, verified(0)),
		"zero time":       access.Decide(good, view, access.Now{}),
		"verified zero":   access.Decide(good, view, access.Now{Basis: access.ClockVerified}),
		"unknown basis":   access.Decide(good, view, access.Now{Time: epoch, Basis: 9}),
		"no members":      access.Decide(good, &noMembers, verified(0)),
		"segment by hand": access.Decide(good, &noPolicy, verified(0)),
	} {
		if d.Allow || name != "zero decision" && d.Reason == "" {
			t.Errorf("%s: %+v", name, d)
		}
	}
	unknown := *view
	unknown.State = 7
	if d := access.Decide(good, &unknown, verified(0)); d.Reason != access.ReasonViewUnverified {
		t.Errorf("unknown state: %+v", d)
	}
}

// TestContextOrder: a context that is not as NewContext makes it is refused, or
// an attribute could be found or not.
func TestContextOrder(t *testing.T) {
	view := newFixture().addDevice(subject(1)).add(subject(1), 1, grant("get", "mqtt:plant/#")).view(t)
	text := func(name string) access.Attribute { return access.Attribute{Name: name, Kind: access.KindText} }
	for name, context := range map[string][]access.Attribute{
		"descending": {text("b"), text("a")},
		"twice":      {text("a"), text("a")},
		"no kind":    {{Name: "a"}},
		"not UTF-8":  {{Name: "a", Kind: access.KindText, Text: "\xff"}},
		"too many":   make([]access.Attribute, access.MaxAttributes+1),
	} {
		req := &access.Request{Subject: subject(1), Action: "get", Resource: "mqtt:plant/a", Context: context}
		if d := access.Decide(req, view, verified(0)); d.Reason != access.ReasonBadRequest {
			t.Errorf("%s: %+v", name, d)
		}
		if err := req.Validate(); err == nil {
			t.Errorf("%s: Validate says nothing", name)
		}
	}
}

// TestUnreadableRecords: a record that is not what the chain writes denies, and
// does not keep another grant from allowing.
func TestUnreadableRecords(t *testing.T) {
	f := newFixture().addDevice(subject(1))
	g := grant("get", "mqtt:plant/#")
	f.add(subject(1), 1, g)
	req := &access.Request{Subject: subject(1), Action: "get", Resource: "mqtt:plant/a"}
	view := f.view(t)
	key := access.GrantKey(subject(1), 1)
	record := marshal(t, &g)
	g.Conditions = make([]access.Condition, 9)
	for i := range g.Conditions {
		g.Conditions[i] = number("n", access.OperatorEq, 1)
	}
	req.Context = []access.Attribute{{Name: "n", Kind: access.KindNumber, Number: 1}}
	for name, bad := range map[string][]byte{
		"nine conditions": marshal(t, &g),
		"a later field":   append(append([]byte{}, record...), 13<<3, 1),
		"cut":             record[:len(record)-1],
		"a field twice":   append(append([]byte{}, record...), 10<<3, 1),
		"one byte":        {0x12},
		"a long varint":   append(append([]byte{}, record...), 11<<3, 0x80, 0),
		"an endless text": append(append([]byte{}, record...), 12<<3|2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
	} {
		decide := func(keys ...[]byte) access.Decision {
			v := *view
			v.Segments = []access.Segment{replace(t, view.Segments[0], keys, bad, record)}
			return access.Decide(req, &v, verified(time.Second))
		}
		if d := decide(key); d.Allow || d.Reason != access.ReasonInternal && d.Reason != access.ReasonNoGrant {
			t.Errorf("%s: %+v", name, d)
		}
		if d := decide(key, access.GrantKey(subject(1), 2)); !d.Allow || d.Grant != 2 {
			t.Errorf("%s: beside a good one: %+v", name, d)
		}
	}
	for _, key := range [][]byte{append([]byte{'d'}, subjectBytes(1)...)} {
		v := *view
		v.Segments = []access.Segment{replace(t, view.Segments[0], [][]byte{key}, []byte{0xff}, record)}
		if d := access.Decide(req, &v, verified(0)); d.Reason != access.ReasonInternal {
			t.Errorf("device: %+v", d)
		}
	}
}
