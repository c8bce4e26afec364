package access_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// epoch is the time of the fixture's header.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const plant = "acme/plant"

// subject is the n-th device.
func subject(n int) identity.KeyDigest {
	return sha256.Sum256(fmt.Appendf(nil, "device %d", n))
}

// fixture collects the records of one segment.
type fixture struct {
	policy  access.Policy
	devices map[identity.KeyDigest]identity.Device
	grants  []fixtureGrant
	member  consortium.Member
}

type fixtureGrant struct {
	subject identity.KeyDigest
	id      uint64
	grant   access.Grant
}

func newFixture() *fixture {
	return &fixture{
		policy: access.Policy{
			Member:   "acme",
			Prefixes: []string{"mqtt:plant/", "http:/plant/"},
			Classes: []access.Class{
				{Name: "read", MaxStaleness: time.Hour, OnRestart: access.OnRestartTrustClock},
				{Name: "safety", MaxStaleness: time.Minute, OnRestart: access.OnRestartDeny},
			},
			Actions:     []access.ActionClass{{Action: "get", Class: "read"}, {Action: "publish", Class: "safety"}},
			SinceHeight: 1,
		},
		devices: map[identity.KeyDigest]identity.Device{},
		member:  consortium.Member{Id: "acme", Name: "Acme", Standing: consortium.StandingActive, SinceHeight: 1},
	}
}

// addDevice adds an active device of acme whose live key is its first.
func (f *fixture) addDevice(s identity.KeyDigest) *fixture {
	f.devices[s] = identity.Device{
		Maker: "maker", Owner: "acme", Ownership: 1, Model: "m1", Status: identity.StatusActive, SinceHeight: 2,
		Key: identity.Key{Algorithm: identity.AlgorithmEd25519, Digest: slices.Clone(s[:]), SinceHeight: 2},
	}
	return f
}

// grant is a valid grant of a day.
func grant(action, resource string, conditions ...access.Condition) access.Grant {
	return access.Grant{
		Issuer: "acme", Actions: []string{action}, Resources: []string{resource},
		NotBefore: epoch.Add(-time.Hour).Unix(), NotAfter: epoch.Add(24 * time.Hour).Unix(),
		Conditions: conditions, Owner: "acme", Ownership: 1, Height: 3,
	}
}

func (f *fixture) add(s identity.KeyDigest, id uint64, g access.Grant) *fixture {
	f.grants = append(f.grants, fixtureGrant{s, id, g})
	return f
}

func marshal(tb testing.TB, m interface{ Marshal() ([]byte, error) }) []byte {
	tb.Helper()
	b, err := m.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// set makes a set of records in any order.
func set(tb testing.TB, name string, records []feed.Record) *feed.Set {
	tb.Helper()
	slices.SortFunc(records, func(a, b feed.Record) int { return bytes.Compare(a.Key, b.Key) })
	b := access.NewBuilder(name)
	for _, r := range records {
		if err := b.Add(r.Key, r.Value); err != nil {
			tb.Fatal(err)
		}
	}
	return b.Set()
}

func (f *fixture) segment(tb testing.TB) access.Segment {
	tb.Helper()
	records := []feed.Record{{Key: access.PolicyKey(), Value: marshal(tb, &f.policy)}}
	for s, d := range f.devices {
		records = append(records, feed.Record{Key: identity.DeviceKey(s), Value: marshal(tb, &d)})
	}
	for _, g := range f.grants {
		records = append(records, feed.Record{Key: access.GrantKey(g.subject, g.id), Value: marshal(tb, &g.grant)})
	}
	s := set(tb, feed.Segment(plant), records)
	seg, err := access.NewSegment(plant, &feed.Head{Name: s.Name(), Sequence: 31, Height: 120}, s)
	if err != nil {
		tb.Fatal(err)
	}
	return seg
}

func (f *fixture) view(tb testing.TB) *access.View {
	tb.Helper()
	return &access.View{
		State: access.StateVerified, Height: 150, Time: epoch,
		Segments: []access.Segment{f.segment(tb)},
		Members:  set(tb, feed.Members, []feed.Record{{Key: consortium.MemberKey("acme"), Value: marshal(tb, &f.member)}}),
	}
}

// verified is a time after the fixture's header that rests on headers.
func verified(after time.Duration) access.Now {
	return access.Now{Time: epoch.Add(after), Basis: access.ClockVerified}
}

func number(attribute string, op access.Operator, n int64) access.Condition {
	return access.Condition{Attribute: attribute, Operator: op, Value: &access.Condition_Number{Number: n}}
}

func subjectBytes(n int) []byte {
	s := subject(n)
	return s[:]
}

// replace gives the first key a bad value and the others a good one.
func replace(tb testing.TB, seg access.Segment, keys [][]byte, bad, good []byte) access.Segment {
	tb.Helper()
	var changes []feed.Change
	for i, key := range keys {
		value := good
		if i == 0 {
			value = bad
		}
		changes = append(changes, feed.Change{Key: key, Value: value})
	}
	set, err := seg.Set.Apply(changes)
	if err != nil {
		tb.Fatal(err)
	}
	replaced, err := access.NewSegment(seg.ID, &feed.Head{Name: set.Name(), Sequence: 32, Height: 121}, set)
	if err != nil {
		tb.Fatal(err)
	}
	return replaced
}
