package keeper_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cosmos/gogoproto/proto"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/keeper"
	"github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// used is a ledger with something of everything.
func used(t testing.TB) *ledger {
	t.Helper()
	l := newLedger(t)
	l.members(t)
	l.open(t)
	line := l.segment(t, betaOp, "line", "mqtt:line/")
	one, two := l.enrol(t, 1, "acme"), l.enrol(t, 2, "acme")
	short := l.spec(one)
	short.NotAfter = genesisTime.Add(time.Hour)
	conditional := l.spec(two)
	conditional.Conditions = []access.Condition{{Attribute: "n", Operator: access.OperatorLe, Value: &access.Condition_Number{Number: -3}}}
	l.grant(t, short, conditional, l.spec(one))
	_, _, err := deliver(l, l.Admit, &types.MsgAdmit{Signer: acmeOp, Device: two, Segment: line})
	ok(t, err)
	_, _, err = deliver(l, l.Admit, &types.MsgAdmit{Signer: acmeOp, Device: one, Segment: line})
	ok(t, err)
	spec := l.spec(two)
	spec.Resources = []string{"mqtt:line/#"}
	_, _, err = deliver(l, l.Grant, give(l, betaOp, line, spec))
	ok(t, err)
	l.block(t, time.Second)
	l.revoke(t, 3)
	l.block(t, 26*time.Hour)
	l.block(t, time.Second) // prunes the short one
	return l
}

func exported(t testing.TB, l *ledger) *types.GenesisState {
	t.Helper()
	g, err := l.ExportGenesis(l.ctx)
	ok(t, err)
	return g
}

// heir is a new ledger with the devices of another.
func heir(t testing.TB, l *ledger) *ledger {
	t.Helper()
	h := newLedger(t)
	h.ctx = h.ctx.WithBlockTime(l.ctx.BlockTime())
	for digest, d := range l.town.devices {
		h.put(t, digest, d)
	}
	return h
}

// TestExportImportExport: with the feeds imported, and without them, the state
// is the same to the byte, and so is what happens next.
func TestExportImportExport(t *testing.T) {
	l := used(t)
	g := exported(t, l)
	ok(t, g.Validate())
	if len(g.Grants) != 3 || len(g.Histories) != 4 || len(g.Admissions) != 2 || len(g.Segments) != 2 {
		t.Fatalf("%d grants, %d histories, %d admissions, %d segments", len(g.Grants), len(g.Histories), len(g.Admissions), len(g.Segments))
	}
	want, err := g.Marshal()
	ok(t, err)

	feeds, err := l.feeds.ExportGenesis(l.ctx)
	ok(t, err)
	imported := newLedger(t)
	imported.ctx = imported.ctx.WithBlockTime(l.ctx.BlockTime())
	imported.town.devices = l.town.devices
	ok(t, imported.feeds.InitGenesis(imported.ctx, feeds))
	ok(t, imported.InitGenesis(imported.ctx, *g))
	fresh := heir(t, l)
	ok(t, fresh.InitGenesis(fresh.ctx, *g))
	for name, h := range map[string]*ledger{"imported": imported, "fresh": fresh} {
		again, err := exported(t, h).Marshal()
		ok(t, err)
		if string(again) != string(want) {
			t.Errorf("%s: export, import, export differ:\n%v\n%v", name, g, exported(t, h))
		}
		if own, other := stateOf(l), stateOf(h); !maps.Equal(own, other) {
			t.Errorf("%s: the state differs:\n%v\n%v", name, own, other)
		}
		h.block(t, time.Second)
		for _, segment := range []string{plant, "beta/line"} {
			a, err := l.feeds.Head(l.ctx, feed.Segment(segment))
			ok(t, err)
			b, err := h.feeds.Head(h.ctx, feed.Segment(segment))
			ok(t, err)
			if string(a.Digest) != string(b.Digest) || a.Records != b.Records {
				t.Errorf("%s: the set of %s differs", name, segment)
			}
		}
		// The queue of what goes when was made again.
		h.block(t, 60*24*time.Hour)
		h.block(t, time.Second)
		if left := exported(t, h); len(left.Grants) != 0 {
			t.Errorf("%s: %d grants were not pruned", name, len(left.Grants))
		}
		h.block(t, keeper.HistoryKept)
		h.block(t, time.Second)
		if left := exported(t, h); len(left.Histories) != 0 {
			t.Errorf("%s: %d histories were not pruned", name, len(left.Histories))
		}
	}
}

// stateOf is the module's own store.
func stateOf(l *ledger) map[string]string {
	state := map[string]string{}
	it := l.ctx.KVStore(l.store).Iterator(nil, nil)
	defer it.Close()
	for ; it.Valid(); it.Next() {
		state[string(it.Key())] = string(it.Value())
	}
	return state
}

func TestGenesisRefused(t *testing.T) {
	l := used(t)
	for says, edit := range map[string]func(*types.GenesisState){
		"segments[1].id":                  func(g *types.GenesisState) { g.Segments[1].Id = g.Segments[0].Id },
		"segments[0].policy: member":      func(g *types.GenesisState) { g.Segments[0].Policy.Member = "beta" },
		"segments[0].policy: prefixes":    func(g *types.GenesisState) { g.Segments[0].Policy.Prefixes = nil },
		"segments[0].next_grant":          func(g *types.GenesisState) { g.Segments[0].NextGrant = 0 },
		"grants[0].segment":               func(g *types.GenesisState) { g.Segments = g.Segments[1:] },
		"grants[0].id":                    func(g *types.GenesisState) { g.Segments[0].NextGrant = 2 },
		"grants[1]: want each once":       func(g *types.GenesisState) { g.Grants[1] = g.Grants[0] },
		"grants[0].subject":               func(g *types.GenesisState) { g.Grants[0].Subject = "x" },
		"grants[0].grant.actions: do not": func(g *types.GenesisState) { g.Grants[0].Grant.Actions = []string{"put", "get"} },
		"grants[0].grant.resources[0]":    func(g *types.GenesisState) { g.Grants[0].Grant.Resources[0] = "#" },
		"grants[0].grant.not_before":      func(g *types.GenesisState) { g.Grants[0].Grant.NotBefore = g.Grants[0].Grant.NotAfter },
		"grants[0].grant.owner":           func(g *types.GenesisState) { g.Grants[0].Grant.Owner = "" },
		"grants[0].grant.ownership":       func(g *types.GenesisState) { g.Grants[0].Grant.Ownership = 0 },
		"grants[0].grant.issuer":          func(g *types.GenesisState) { g.Grants[0].Grant.Issuer = "" },
		"grants[0].grant.revoked_reason":  func(g *types.GenesisState) { g.Grants[0].Grant.RevokedReason = "x" },
		"histories: 1 of 3 grants":        func(g *types.GenesisState) { g.Histories = g.Histories[:3] },
		"histories[1]: want each once":    func(g *types.GenesisState) { g.Histories[1] = g.Histories[0] },
		"histories[0].entries: pruned":    func(g *types.GenesisState) { g.Histories[0].Entries = g.Histories[0].Entries[:1] },
		"histories[0].entries: 0":         func(g *types.GenesisState) { g.Histories[0].Entries = nil },
		"histories[0].entries[1].verb":    func(g *types.GenesisState) { g.Histories[0].Entries[1].Verb = "granted" },
		"histories[0].segment":            func(g *types.GenesisState) { g.Histories[0].Segment = "acme/no" },
		"admissions[1]: want each once":   func(g *types.GenesisState) { g.Admissions[1] = g.Admissions[0] },
		"admissions[0].segment":           func(g *types.GenesisState) { g.Admissions[0].Segment = "beta/no" },
		"admissions[0].device":            func(g *types.GenesisState) { g.Admissions[0].Device = "" },
		"admissions[0].ownership: want":   func(g *types.GenesisState) { g.Admissions[0].Ownership = 0 },
		"admissions[0]: ownership: 2":     func(g *types.GenesisState) { g.Admissions[0].Ownership = 2 },
		"grants[0]: grant.ownership":      func(g *types.GenesisState) { g.Grants[0].Grant.Ownership = 9 },
		"grants[0]: subject":              func(g *types.GenesisState) { g.Grants[0].Subject = identity.ID(identity.KeyDigest{1}) },
		"admissions[0]: device": func(g *types.GenesisState) {
			g.Admissions = g.Admissions[:1]
			g.Admissions[0].Device = identity.ID(identity.KeyDigest{1})
		},
		"segments[0].policy.member":        func(g *types.GenesisState) { renameOwner(g) },
		"overlaps \"mqtt:plant/\" of segm": func(g *types.GenesisState) { overlapping(g) },
	} {
		g := exported(t, l)
		copied := proto.Clone(g).(*types.GenesisState)
		edit(copied)
		h := heir(t, l)
		if err := h.InitGenesis(h.ctx, *copied); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

// renameOwner makes a member own a segment that the consortium does not know.
func renameOwner(g *types.GenesisState) {
	*g = types.GenesisState{Segments: g.Segments[:1]}
	g.Segments[0].Id, g.Segments[0].Policy.Member = "nobody/plant", "nobody"
}

func overlapping(g *types.GenesisState) {
	second := g.Segments[0]
	second.Id = "acme/z"
	g.Segments = slices.Insert(g.Segments, 1, second)
}

// TestGenesisAgainstFeeds: an imported feed must say what the genesis says.
func TestGenesisAgainstFeeds(t *testing.T) {
	l := used(t)
	feeds, err := l.feeds.ExportGenesis(l.ctx)
	ok(t, err)
	for says, edit := range map[string]func(*types.GenesisState){
		"segments[0]": func(g *types.GenesisState) { g.Segments[0].Policy.SinceHeight++ },
		"grants[0]":   func(g *types.GenesisState) { g.Grants[0].Grant.NotAfter++ },
	} {
		g := proto.Clone(exported(t, l)).(*types.GenesisState)
		edit(g)
		h := newLedger(t)
		h.town.devices = l.town.devices
		ok(t, h.feeds.InitGenesis(h.ctx, feeds))
		if err := h.InitGenesis(h.ctx, *g); err == nil || !strings.HasPrefix(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}
