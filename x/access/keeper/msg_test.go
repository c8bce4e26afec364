package keeper_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/keeper"
	"github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

func TestCreateSegment(t *testing.T) {
	l := newLedger(t)
	resp, events, err := deliver(l, l.CreateSegment, &types.MsgCreateSegment{Signer: acmeOp, Slug: "plant", Policy: policy("mqtt:plant/")})
	ok(t, err)
	if resp.Id != plant {
		t.Errorf("id %q", resp.Id)
	}
	if id, has := events[0].GetAttribute("id"); !has || id.Value != plant {
		t.Errorf("event %v", events)
	}
	l.block(t, time.Second)
	head, err := l.feeds.Head(l.ctx, feed.Segment(plant))
	ok(t, err)
	if head.Records != 1 || head.Sequence != 1 {
		t.Errorf("head %v", head)
	}
	record, _, err := l.feeds.Get(l.ctx, feed.Segment(plant), access.PolicyKey())
	ok(t, err)
	var p access.Policy
	ok(t, p.Unmarshal(record))
	if p.Member != "acme" || p.SinceHeight != 7 || !slices.Equal(p.Prefixes, []string{"mqtt:plant/"}) {
		t.Errorf("policy %v", p)
	}
	l.segment(t, betaOp, "plant", "mqtt:plant/") // another owner may use the same
	l.segment(t, acmeAdmin, "office", "mqtt:office/")
}

func TestSegmentsRefused(t *testing.T) {
	l := newLedger(t)
	l.open(t)
	create := func(slug string, edit func(*access.Policy)) *types.MsgCreateSegment {
		msg := &types.MsgCreateSegment{Signer: acmeOp, Slug: slug, Policy: policy("mqtt:other/")}
		edit(&msg.Policy)
		return msg
	}
	none := func(*access.Policy) {}
	for _, c := range []struct {
		msg  *types.MsgCreateSegment
		want error
		says string
	}{
		{create("", none), access.ErrInvalid, "slug: 0 bytes"},
		{create("Plant", none), access.ErrInvalid, "slug"},
		{create("-a", none), access.ErrInvalid, "slug"},
		{create(strings.Repeat("a", 33), none), access.ErrInvalid, "slug: 33 bytes"},
		{create("plant", none), access.ErrSegmentExists, "slug"},
		{create("a", func(p *access.Policy) { p.Prefixes = nil }), access.ErrInvalid, "policy.prefixes: 0"},
		{create("a", func(p *access.Policy) { p.Prefixes = []string{"mqtt:a/", ""} }), access.ErrInvalid, "policy.prefixes[1]"},
		{create("a", func(p *access.Policy) { p.Prefixes = []string{"mqtt:a"} }), access.ErrInvalid, "policy.prefixes[0]"},
		{create("a", func(p *access.Policy) { p.Prefixes = []string{"mqtt:a/", "mqtt:a/b/"} }), access.ErrInvalid, "policy.prefixes[1]: \"mqtt:a/b/\" overlaps prefixes[0]"},
		{create("a", func(p *access.Policy) { p.Prefixes = []string{"mqtt:plant/line1/"} }), access.ErrOverlap, "policy.prefixes"},
		{create("a", func(p *access.Policy) { p.Prefixes = []string{"mqtt:plant/"} }), access.ErrOverlap, plant},
		{create("a", func(p *access.Policy) { p.Prefixes = []string{"http:/"} }), access.ErrOverlap, "http:/plant/"},
		{create("a", func(p *access.Policy) { p.Prefixes = slices.Repeat([]string{"mqtt:a/"}, 17) }), access.ErrInvalid, "policy.prefixes: 17"},
		{create("a", func(p *access.Policy) { p.Classes = nil }), access.ErrInvalid, "policy.classes: 0"},
		{create("a", func(p *access.Policy) { p.Classes[0].Name = "" }), access.ErrInvalid, "policy.classes[0].name"},
		{create("a", func(p *access.Policy) { p.Classes[0].MaxStaleness = 9 * time.Second }), access.ErrInvalid, "policy.classes[0].max_staleness"},
		{create("a", func(p *access.Policy) { p.Classes[0].MaxStaleness = 400*24*time.Hour + 1 }), access.ErrInvalid, "policy.classes[0].max_staleness"},
		{create("a", func(p *access.Policy) { p.Classes[0].OnRestart = 3 }), access.ErrInvalid, "policy.classes[0].on_restart"},
		{create("a", func(p *access.Policy) { p.Classes = append(p.Classes, p.Classes[0]) }), access.ErrInvalid, "policy.classes[1].name"},
		{create("a", func(p *access.Policy) { p.Actions[0].Class = "write" }), access.ErrInvalid, "policy.actions[0].class"},
		{create("a", func(p *access.Policy) { p.Actions[0].Action = "" }), access.ErrInvalid, "policy.actions[0].action"},
		{create("a", func(p *access.Policy) { p.Actions = append(p.Actions, p.Actions[0]) }), access.ErrInvalid, "policy.actions[1].action"},
		{create("a", func(p *access.Policy) { p.Fleets = []string{"acme/m1"} }), access.ErrInvalid, "policy.fleets"},
		{create("a", func(p *access.Policy) { p.AdvisoryIssuers = []string{"acme"} }), access.ErrInvalid, "policy.advisory_issuers"},
		{create("a", func(p *access.Policy) { p.Member = "beta" }), access.ErrInvalid, "policy.member"},
		{create("a", func(p *access.Policy) { p.SinceHeight = 1 }), access.ErrInvalid, "policy.since_height"},
	} {
		refused(t, l, l.CreateSegment, c.msg, c.want, c.says)
	}
	for i := range keeper.MaxSegments - 1 {
		l.segment(t, acmeOp, fmt.Sprintf("s%d", i), fmt.Sprintf("mqtt:s%d/", i))
	}
	refused(t, l, l.CreateSegment, create("a", none), access.ErrTooMany, "slug")
}

func TestSetPolicy(t *testing.T) {
	l := newLedger(t)
	l.members(t)
	l.open(t)
	l.segment(t, acmeOp, "office", "mqtt:office/")
	device := l.enrol(t, 1, "acme")
	l.grant(t, l.spec(device))
	l.block(t, time.Second)
	if d := l.decide(t, device, "mqtt:plant/a"); !d.Decision {
		t.Fatalf("%v", d)
	}
	set := func(p access.Policy) *types.MsgSetPolicy {
		return &types.MsgSetPolicy{Signer: acmeOp, Segment: plant, Policy: p}
	}
	refused(t, l, l.SetPolicy, set(policy("mqtt:office/a/")), access.ErrOverlap, "acme/office")
	refused(t, l, l.SetPolicy, set(policy()), access.ErrInvalid, "policy.prefixes")
	_, _, err := deliver(l, l.SetPolicy, set(policy("mqtt:plant/line1/")))
	ok(t, err)
	l.block(t, time.Second)
	if d := l.decide(t, device, "mqtt:plant/a"); d.Reason != "segment_unknown" {
		t.Errorf("%v", d)
	}
	if d := l.decide(t, device, "mqtt:plant/line1/a"); !d.Decision {
		t.Errorf("%v", d)
	}
	resp, err := l.query.Segment(l.ctx, &types.QuerySegmentRequest{Segment: plant})
	ok(t, err)
	if resp.Policy.SinceHeight != 8 || resp.NextGrant != 2 {
		t.Errorf("%v", resp)
	}
}

func TestGrant(t *testing.T) {
	l := newLedger(t)
	l.members(t)
	l.open(t)
	device := l.enrol(t, 1, "acme")
	spec := l.spec(device)
	spec.Actions = []string{"publish", "get"}
	spec.Resources = []string{"mqtt:plant/b", "http:/plant/+/a"}
	from := l.ctx.BlockTime().Add(time.Nanosecond)
	spec.NotBefore = &from
	resp, events, err := deliver(l, l.Grant, &types.MsgGrant{Signer: acmeOp, Segment: plant, Grants: []types.GrantSpec{spec, l.spec(device)}})
	ok(t, err)
	if !slices.Equal(resp.Ids, []uint64{1, 2}) {
		t.Fatalf("ids %v", resp.Ids)
	}
	var ids []string
	for _, a := range events[0].Attributes {
		if a.Key == "id" {
			ids = append(ids, a.Value)
		}
	}
	if !slices.Equal(ids, []string{"1", "2"}) {
		t.Errorf("event ids %v", ids)
	}
	entry, err := l.query.Grant(l.ctx, &types.QueryGrantRequest{Segment: plant, Id: 1})
	ok(t, err)
	want := access.Grant{
		Issuer: "acme", Actions: []string{"get", "publish"}, Resources: []string{"http:/plant/+/a", "mqtt:plant/b"},
		NotBefore: genesisTime.Unix() + 1, NotAfter: spec.NotAfter.Unix(), Owner: "acme", Ownership: 1, Height: 7,
	}
	if got := entry.Entry; got.Grant.String() != want.String() || got.Subject != device || got.Segment != plant || got.Id != 1 {
		t.Errorf("%v\nwant %v", got, want)
	}
	if !l.holds(t, plant, device) {
		t.Error("the device's record does not stand in the segment")
	}
	history, err := l.query.History(l.ctx, &types.QueryHistoryRequest{Segment: plant, Id: 1})
	ok(t, err)
	wantEntry := types.HistoryEntry{
		Verb: "granted", Height: 7, Time: genesisTime, Signer: acmeOp, Member: "acme",
		Txhash: fmt.Sprintf("%X", sha256.Sum256([]byte("the transaction"))),
	}
	if len(history.Entries) != 1 || history.Entries[0] != wantEntry {
		t.Errorf("history %v", history)
	}
	l.block(t, time.Second)
	if more := l.grant(t, l.spec(device)); !slices.Equal(more, []uint64{3}) {
		t.Errorf("ids %v", more)
	}
}

func TestGrantsRefused(t *testing.T) {
	l := newLedger(t)
	l.open(t)
	device := l.enrol(t, 1, "acme")
	retired, revoked := l.enrol(t, 2, "acme"), l.enrol(t, 3, "acme")
	l.change(t, retired, func(d *identity.Device) { d.Status = identity.StatusRetired })
	l.change(t, revoked, func(d *identity.Device) { d.Status = identity.StatusRevoked })
	foreign := l.enrol(t, 4, "beta")
	unknown := identity.ID(sha256.Sum256([]byte("never enrolled")))
	now := l.ctx.BlockTime()
	number := &access.Condition_Number{Number: 1}
	for _, c := range []struct {
		edit func(*types.GrantSpec)
		want error
		says string
	}{
		{func(s *types.GrantSpec) { s.Subject = "" }, identity.ErrID, "grants[1].subject"},
		{func(s *types.GrantSpec) { s.Subject = strings.ToUpper(device) }, identity.ErrID, "grants[1].subject"},
		{func(s *types.GrantSpec) { s.Subject = unknown }, identity.ErrDeviceUnknown, "grants[1].subject"},
		{func(s *types.GrantSpec) { s.Subject = retired }, access.ErrDeviceState, "grants[1].subject"},
		{func(s *types.GrantSpec) { s.Subject = revoked }, access.ErrDeviceState, "is revoked"},
		{func(s *types.GrantSpec) { s.Subject = foreign }, access.ErrNotAdmitted, "grants[1].subject"},
		{func(s *types.GrantSpec) { s.Actions = nil }, access.ErrInvalid, "grants[1].actions: 0"},
		{func(s *types.GrantSpec) { s.Actions = []string{"get", ""} }, access.ErrInvalid, "grants[1].actions[1]"},
		{func(s *types.GrantSpec) { s.Actions = []string{"get", "put", "get"} }, access.ErrInvalid, "grants[1].actions[2]: \"get\" stands already at actions[0]"},
		{func(s *types.GrantSpec) { s.Actions = make([]string, 17) }, access.ErrInvalid, "grants[1].actions: 17"},
		{func(s *types.GrantSpec) { s.Resources = nil }, access.ErrInvalid, "grants[1].resources: 0"},
		{func(s *types.GrantSpec) { s.Resources = []string{""} }, access.ErrInvalid, "grants[1].resources[0]"},
		{func(s *types.GrantSpec) { s.Resources = []string{"mqtt:plant/a", "mqtt:plant/a"} }, access.ErrInvalid, "grants[1].resources[1]"},
		{func(s *types.GrantSpec) { s.Resources = []string{"mqtt:plant/a#"} }, access.ErrInvalid, "grants[1].resources[0]"},
		{func(s *types.GrantSpec) { s.Resources = []string{"mqtt:plant/#/a"} }, access.ErrInvalid, "grants[1].resources[0]"},
		{func(s *types.GrantSpec) { s.Resources = []string{"mqtt:plant/a", "mqtt:office/a"} }, access.ErrInvalid, "grants[1].resources[1]: \"mqtt:office/a\" lies below no prefix"},
		{func(s *types.GrantSpec) { s.Resources = []string{"mqtt:#"} }, access.ErrInvalid, "grants[1].resources[0]"},
		{func(s *types.GrantSpec) { s.Resources = []string{"mqtt:+/a"} }, access.ErrInvalid, "lies below no prefix"},
		{func(s *types.GrantSpec) { s.Resources = []string{"mqtt:plant/" + strings.Repeat("a", 1014)} }, access.ErrInvalid, "1,024 bytes"},
		{func(s *types.GrantSpec) {
			s.Resources = nil
			for i := range 4 {
				s.Resources = append(s.Resources, fmt.Sprintf("mqtt:plant/%d%s", i, strings.Repeat("a", 1000)))
			}
		}, access.ErrInvalid, "grants[1].record"},
		{func(s *types.GrantSpec) { s.NotAfter = now }, access.ErrInvalid, "grants[1].not_after"},
		{func(s *types.GrantSpec) { s.NotAfter = time.Time{} }, access.ErrInvalid, "grants[1].not_after"},
		{func(s *types.GrantSpec) { s.NotAfter = now.Add(400*24*time.Hour + time.Second) }, access.ErrInvalid, "grants[1].not_after"},
		{func(s *types.GrantSpec) { s.NotBefore = &s.NotAfter }, access.ErrInvalid, "grants[1].not_before"},
		{func(s *types.GrantSpec) { at := time.Unix(-1, 0); s.NotBefore = &at }, access.ErrInvalid, "grants[1].not_before"},
		{func(s *types.GrantSpec) { s.Conditions = make([]access.Condition, 9) }, access.ErrInvalid, "grants[1].conditions: 9"},
		{func(s *types.GrantSpec) {
			s.Conditions = []access.Condition{{Operator: access.OperatorEq, Value: number}}
		}, access.ErrInvalid, "grants[1].conditions[0].attribute"},
		{func(s *types.GrantSpec) { s.Conditions = []access.Condition{{Attribute: "a", Value: number}} }, access.ErrInvalid, "grants[1].conditions[0].operator"},
		{func(s *types.GrantSpec) {
			s.Conditions = []access.Condition{{Attribute: "a", Operator: access.OperatorEq}}
		}, access.ErrInvalid, "grants[1].conditions[0].value"},
		{func(s *types.GrantSpec) {
			s.Conditions = []access.Condition{{Attribute: "a", Operator: access.OperatorLt, Value: &access.Condition_Text{Text: "x"}}}
		}, access.ErrInvalid, "grants[1].conditions[0].operator"},
		{func(s *types.GrantSpec) { s.MaxDelegationDepth = 5 }, access.ErrInvalid, "grants[1].max_delegation_depth"},
	} {
		spec := l.spec(device)
		c.edit(&spec)
		refused(t, l, l.Grant, &types.MsgGrant{Signer: acmeOp, Segment: plant, Grants: []types.GrantSpec{l.spec(device), spec}}, c.want, c.says)
	}
	refused(t, l, l.Grant, &types.MsgGrant{Signer: acmeOp, Segment: plant}, access.ErrInvalid, "grants: 0")
	refused(t, l, l.Grant, &types.MsgGrant{Signer: acmeOp, Segment: plant, Grants: slices.Repeat([]types.GrantSpec{l.spec(device)}, 1001)}, access.ErrInvalid, "grants: 1001")
	refused(t, l, l.Grant, &types.MsgGrant{Signer: acmeOp, Segment: "acme/none", Grants: []types.GrantSpec{l.spec(device)}}, access.ErrSegmentUnknown, "segment")
	refused(t, l, l.Grant, &types.MsgGrant{Signer: acmeOp, Segment: "plant", Grants: []types.GrantSpec{l.spec(device)}}, access.ErrInvalid, "segment")
	l.town.changes = 2 // a grant and the device's record are two
	refused(t, l, l.Grant, &types.MsgGrant{Signer: acmeOp, Segment: plant, Grants: []types.GrantSpec{l.spec(device), l.spec(device)}}, feed.ErrQuota, "")
}

func TestGrantsToOneDeviceAreBounded(t *testing.T) {
	l := newLedger(t)
	l.open(t)
	device := l.enrol(t, 1, "acme")
	l.grant(t, slices.Repeat([]types.GrantSpec{l.spec(device)}, 1000)...)
	l.revoke(t, 1, 2, 3) // what is revoked still stands
	l.grant(t, slices.Repeat([]types.GrantSpec{l.spec(device)}, 24)...)
	refused(t, l, l.Grant, &types.MsgGrant{Signer: acmeOp, Segment: plant, Grants: []types.GrantSpec{l.spec(device)}}, access.ErrTooMany, "grants[0].subject")
}

func TestRevoke(t *testing.T) {
	l := newLedger(t)
	l.members(t)
	l.open(t)
	device := l.enrol(t, 1, "acme")
	l.grant(t, l.spec(device), l.spec(device))
	l.block(t, time.Second)
	refused(t, l, l.Revoke, &types.MsgRevoke{Signer: acmeOp, Segment: plant}, access.ErrInvalid, "grants: 0")
	refused(t, l, l.Revoke, &types.MsgRevoke{Signer: acmeOp, Segment: plant, Grants: []uint64{1, 2, 1}}, access.ErrInvalid, "grants[2]: 1 stands already at grants[0]")
	refused(t, l, l.Revoke, &types.MsgRevoke{Signer: acmeOp, Segment: plant, Grants: []uint64{1, 3}}, access.ErrGrantUnknown, "grants[1]")
	refused(t, l, l.Revoke, &types.MsgRevoke{Signer: acmeOp, Segment: plant, Grants: make([]uint64, 1001)}, access.ErrInvalid, "grants: 1001")
	refused(t, l, l.Revoke, &types.MsgRevoke{Signer: acmeOp, Segment: plant, Grants: []uint64{1}, Reason: strings.Repeat("x", 257)}, access.ErrInvalid, "reason")
	refused(t, l, l.Revoke, &types.MsgRevoke{Signer: acmeOp, Segment: plant, Grants: []uint64{1}, Reason: "a\nb"}, access.ErrInvalid, "reason")
	refused(t, l, l.Revoke, &types.MsgRevoke{Signer: acmeOp, Segment: "acme/none", Grants: []uint64{1}}, access.ErrSegmentUnknown, "segment")
	l.town.changes = 0 // a revocation has its own lane
	l.revoke(t, 1)
	l.town.changes = 1000
	refused(t, l, l.Revoke, &types.MsgRevoke{Signer: acmeOp, Segment: plant, Grants: []uint64{2, 1}}, access.ErrGrantRevoked, "grants[1]: 1 at height 8")
	l.block(t, time.Second)
	if d := l.decide(t, device, "mqtt:plant/a"); !d.Decision || d.Grant != 2 {
		t.Errorf("%v", d)
	}
	l.revoke(t, 2)
	l.block(t, time.Second)
	d := l.decide(t, device, "mqtt:plant/a")
	if d.Reason != "grant_revoked" || d.Grant != 1 || d.Since != 8 || !strings.Contains(d.Detail, "lost") || !strings.HasPrefix(d.Fix, "hallmarkd tx access grant "+plant) {
		t.Errorf("%v", d)
	}
	history, err := l.query.History(l.ctx, &types.QueryHistoryRequest{Segment: plant, Id: 1})
	ok(t, err)
	if len(history.Entries) != 2 || history.Entries[1].Verb != "revoked" || history.Entries[1].Height != 8 || history.Entries[1].Reason != "lost" || history.Entries[1].Signer != acmeOp {
		t.Errorf("%v", history)
	}
}

// TestNarrowingLane: revocations are bounded by their own share alone.
func TestNarrowingLane(t *testing.T) {
	l := newLedger(t)
	l.open(t)
	device := l.enrol(t, 1, "acme")
	l.grant(t, l.spec(device), l.spec(device))
	l.town.narrowing = 1
	refused(t, l, l.Revoke, &types.MsgRevoke{Signer: acmeOp, Segment: plant, Grants: []uint64{1, 2}}, feed.ErrQuota, "grants[1]")
	l.revoke(t, 1)
}

// TestAuthority takes each message through every signer that must not send it.
func TestAuthority(t *testing.T) {
	l := newLedger(t)
	l.open(t)
	l.segment(t, betaOp, "line", "mqtt:line/")
	device := l.enrol(t, 1, "acme")
	l.grant(t, l.spec(device))
	for signer, want := range map[string]error{
		stranger: consortium.ErrAccountUnknown, goneAdmin: consortium.ErrNotActive,
		acmeMaker: consortium.ErrRole, acmeAuditor: consortium.ErrRole, "": consortium.ErrAccountUnknown,
	} {
		refused(t, l, l.CreateSegment, &types.MsgCreateSegment{Signer: signer, Slug: "x", Policy: policy("mqtt:x/")}, want, "")
		refused(t, l, l.SetPolicy, &types.MsgSetPolicy{Signer: signer, Segment: plant, Policy: policy("mqtt:plant/")}, want, "")
		refused(t, l, l.Grant, &types.MsgGrant{Signer: signer, Segment: plant, Grants: []types.GrantSpec{l.spec(device)}}, want, "")
		refused(t, l, l.Revoke, &types.MsgRevoke{Signer: signer, Segment: plant, Grants: []uint64{1}}, want, "")
		refused(t, l, l.Admit, &types.MsgAdmit{Signer: signer, Device: device, Segment: "beta/line"}, want, "")
	}
	refused(t, l, l.SetPolicy, &types.MsgSetPolicy{Signer: betaOp, Segment: plant, Policy: policy("mqtt:plant/")}, access.ErrNotOwner, "segment")
	refused(t, l, l.Grant, &types.MsgGrant{Signer: betaOp, Segment: plant, Grants: []types.GrantSpec{l.spec(device)}}, access.ErrNotOwner, "segment")
	refused(t, l, l.Revoke, &types.MsgRevoke{Signer: betaOp, Segment: plant, Grants: []uint64{1}}, access.ErrNotOwner, "segment")
	refused(t, l, l.Admit, &types.MsgAdmit{Signer: betaOp, Device: device, Segment: "beta/line"}, access.ErrNotOwner, "device")
	// An admin holds every role of its member, and no other member's.
	_, _, err := deliver(l, l.Revoke, &types.MsgRevoke{Signer: acmeAdmin, Segment: plant, Grants: []uint64{1}})
	ok(t, err)
	refused(t, l, l.Revoke, &types.MsgRevoke{Signer: acmeAdmin, Segment: "beta/line", Grants: []uint64{1}}, access.ErrNotOwner, "segment")
}
