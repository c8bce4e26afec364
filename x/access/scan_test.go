package access

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// scanned is what the scanner reads of a grant, as the record has it.
func scanned(record []byte) (g Grant, conditions []condition, ok bool) {
	c := cursor{b: record}
	if c.is(grantIssuer) {
		g.Issuer = string(c.nonempty())
	}
	for c.is(grantActions) {
		g.Actions = append(g.Actions, string(c.bytes()))
	}
	for c.is(grantResources) {
		g.Resources = append(g.Resources, string(c.bytes()))
	}
	if c.bad {
		return g, nil, false
	}
	var t terms
	if !t.scan(&c) {
		return g, nil, false
	}
	g.NotBefore, g.NotAfter, g.MaxDelegationDepth = t.notBefore, t.notAfter, t.depth
	g.Owner, g.Ownership, g.Height, g.RevokedHeight = string(t.owner), t.ownership, t.height, t.revokedHeight
	for w := (cursor{b: t.conditions}); w.is(grantConditions); {
		var cond condition
		if !cond.scan(w.bytes()) {
			return g, nil, false
		}
		conditions = append(conditions, cond)
	}
	return g, conditions, true
}

// agree fails unless the scanner read of a record what the generated code did.
func agree(t interface {
	Helper()
	Fatalf(string, ...any)
}, record []byte, want *Grant) {
	t.Helper()
	got, conditions, ok := scanned(record)
	if !ok {
		t.Fatalf("%x is refused; it is %v", record, want)
	}
	if len(conditions) != len(want.Conditions) {
		t.Fatalf("%d conditions; want %d", len(conditions), len(want.Conditions))
	}
	for i, c := range conditions {
		w := Condition{Attribute: string(c.attribute), Operator: c.operator}
		switch c.kind {
		case KindText:
			w.Value = &Condition_Text{Text: string(c.text)}
		case KindNumber:
			w.Value = &Condition_Number{Number: c.number}
		case KindTruth:
			w.Value = &Condition_Truth{Truth: c.truth}
		}
		if a, b := mustMarshal(t, &w), mustMarshal(t, &want.Conditions[i]); !bytes.Equal(a, b) {
			t.Fatalf("condition %d: %x; want %x", i, a, b)
		}
	}
	got.Conditions, got.RevokedReason = want.Conditions, want.RevokedReason
	if a, b := mustMarshal(t, &got), mustMarshal(t, want); !bytes.Equal(a, b) {
		t.Fatalf("read %v; want %v", &got, want)
	}
}

func mustMarshal(t interface{ Fatalf(string, ...any) }, m interface{ Marshal() ([]byte, error) }) []byte {
	b, err := m.Marshal()
	if err != nil {
		t.Fatalf("marshal: %v", err)
	}
	return b
}

var (
	anyText      = rapid.OneOf(rapid.Just(""), rapid.StringN(0, 20, 60), rapid.Just(string(make([]byte, 200))))
	anyCondition = rapid.Custom(func(t *rapid.T) Condition {
		c := Condition{
			Attribute: anyText.Draw(t, "attribute"),
			Operator:  Operator(rapid.OneOf(rapid.Int32Range(0, 7), rapid.Int32()).Draw(t, "operator")),
		}
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 1:
			c.Value = &Condition_Text{Text: anyText.Draw(t, "text")}
		case 2:
			c.Value = &Condition_Number{Number: rapid.Int64().Draw(t, "number")}
		case 3:
			c.Value = &Condition_Truth{Truth: rapid.Bool().Draw(t, "truth")}
		}
		return c
	})
	anyGrant = rapid.Custom(func(t *rapid.T) *Grant {
		number := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64())
		return &Grant{
			Issuer: anyText.Draw(t, "issuer"), Actions: rapid.SliceOfN(anyText, 0, 4).Draw(t, "actions"),
			Resources: rapid.SliceOfN(anyText, 0, 4).Draw(t, "resources"),
			NotBefore: number.Draw(t, "not_before"), NotAfter: number.Draw(t, "not_after"),
			Conditions:         rapid.SliceOfN(anyCondition, 0, 4).Draw(t, "conditions"),
			MaxDelegationDepth: rapid.Uint32().Draw(t, "depth"), Owner: anyText.Draw(t, "owner"),
			Ownership: rapid.Uint64().Draw(t, "ownership"), Height: number.Draw(t, "height"),
			RevokedHeight: number.Draw(t, "revoked"), RevokedReason: anyText.Draw(t, "reason"),
		}
	})
)

// TestScanReadsWhatIsWritten: whatever the generated code writes, the scanner
// reads alike.
func TestScanReadsWhatIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := anyGrant.Draw(t, "grant")
		agree(t, mustMarshal(t, g), g)
	})
	rapid.Check(t, func(t *rapid.T) {
		want := identity.Device{
			Maker: anyText.Draw(t, "maker"), Owner: anyText.Draw(t, "owner"), Ownership: rapid.Uint64().Draw(t, "ownership"),
			Model: anyText.Draw(t, "model"),
			Key: identity.Key{
				Algorithm: identity.Algorithm(rapid.Int32().Draw(t, "algorithm")),
				Digest:    rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "digest"), SinceHeight: rapid.Int64().Draw(t, "since"),
			},
			Status: identity.Status(rapid.Int32().Draw(t, "status")), SinceHeight: rapid.Int64().Draw(t, "height"),
		}
		var d device
		if !d.scan(mustMarshal(t, &want)) {
			t.Fatalf("%v is refused", &want)
		}
		if string(d.owner) != want.Owner || d.ownership != want.Ownership || !bytes.Equal(d.key, want.Key.Digest) ||
			d.keySince != want.Key.SinceHeight || d.status != want.Status || d.sinceHeight != want.SinceHeight {
			t.Fatalf("read %+v; want %v", d, &want)
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		want := consortium.Member{
			Id: anyText.Draw(t, "id"), Name: anyText.Draw(t, "name"),
			Standing: consortium.Standing(rapid.Int32Range(0, 4).Draw(t, "standing")), SinceHeight: rapid.Int64().Draw(t, "since"),
		}
		now := time.Unix(rapid.Int64Range(-5, 5).Draw(t, "now"), rapid.Int64Range(0, 3).Draw(t, "nanos")).UTC()
		if rapid.Bool().Draw(t, "ends") {
			ends := time.Unix(rapid.Int64Range(-5, 5).Draw(t, "seconds"), rapid.Int64Range(0, 3).Draw(t, "nanoseconds")).UTC()
			want.Ends = &ends
		}
		var m member
		if !m.scan(mustMarshal(t, &want)) {
			t.Fatalf("%v is refused", &want)
		}
		if m.standing != want.Standing || m.sinceHeight != want.SinceHeight || m.ended(now) != want.Ended(now) {
			t.Fatalf("read %+v at %s; want %v", m, now, &want)
		}
	})
}

// TestScanRefuses what the generated code reads and would never write.
func TestScanRefuses(t *testing.T) {
	for name, record := range map[string][]byte{
		"a varint with a spare byte":       {grantNotBefore, 0x81, 0x00},
		"a long one with a spare byte":     {grantNotBefore, 0xff, 0xff, 0x80, 0x00},
		"a zero":                           {grantNotBefore, 0x00},
		"a varint of eleven bytes":         {grantNotBefore, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		"a varint over 64 bits":            {grantNotBefore, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02},
		"a varint that does not end":       {grantNotBefore, 0x81},
		"a tag alone":                      {grantNotBefore},
		"a text alone":                     {grantIssuer},
		"an empty text":                    {grantIssuer, 0},
		"a text over the end":              {grantIssuer, 2, 'a'},
		"a length with a spare byte":       {grantActions, 0x81, 0x00, 'a'},
		"fields that descend":              {grantNotAfter, 1, grantNotBefore, 1},
		"a field twice":                    {grantNotAfter, 1, grantNotAfter, 1},
		"an unknown field":                 {13 << 3, 1},
		"a field as another type":          {4<<3 | 2, 1, 'a'},
		"a depth over 32 bits":             {grantDepth, 0x80, 0x80, 0x80, 0x80, 0x10},
		"a condition with two values":      {grantConditions, 4, conditionNumber, 2, conditionTruth, 1},
		"a truth of two":                   {grantConditions, 2, conditionTruth, 2},
		"a condition with a field of more": {grantConditions, 2, 6 << 3, 1},
	} {
		if g, conditions, ok := scanned(record); ok {
			t.Errorf("%s: read as %v with %v", name, &g, conditions)
		}
	}
}

// FuzzScan: what the scanner accepts, the generated code accepts too, reads
// alike, and would write in the same bytes; so no record has two readings.
func FuzzScan(f *testing.F) {
	full := Grant{
		Issuer: "acme", Actions: []string{"get", ""}, Resources: []string{"mqtt:a/#"}, NotBefore: -1, NotAfter: 300,
		Conditions: []Condition{
			{Attribute: "a", Operator: OperatorLe, Value: &Condition_Number{Number: -3}},
			{Attribute: "b", Operator: OperatorEq, Value: &Condition_Text{}}, {Value: &Condition_Truth{}}, {},
		},
		MaxDelegationDepth: 4, Owner: "acme", Ownership: 1, Height: 200, RevokedHeight: 300, RevokedReason: "lost",
	}
	f.Add(mustMarshal(f, &full))
	f.Add(mustMarshal(f, &Grant{}))
	f.Add(mustMarshal(f, &identity.Device{Maker: "m", Owner: "o", Ownership: 1, Model: "x", Key: identity.Key{Digest: []byte{1}}, Status: 2, SinceHeight: 3}))
	now := time.Unix(5, 6)
	f.Add(mustMarshal(f, &consortium.Member{Id: "a", Name: "b", Standing: 3, SinceHeight: 1, Ends: &now}))
	f.Fuzz(func(t *testing.T, record []byte) {
		if got, _, ok := scanned(record); ok {
			var want Grant
			if err := want.Unmarshal(record); err != nil {
				t.Fatalf("%x: accepted %v; Unmarshal says %v", record, &got, err)
			}
			agree(t, record, &want)
			if again := mustMarshal(t, &want); !bytes.Equal(again, record) {
				t.Fatalf("%x: is written %x", record, again)
			}
		}
		var d device
		if d.scan(record) {
			var want identity.Device
			if err := want.Unmarshal(record); err != nil {
				t.Fatalf("%x: accepted as a device; Unmarshal says %v", record, err)
			}
			if again := mustMarshal(t, &want); !bytes.Equal(again, record) || d.status != want.Status || d.ownership != want.Ownership {
				t.Fatalf("%x: is written %x", record, again)
			}
		}
		var m member
		if m.scan(record) {
			var want consortium.Member
			if err := want.Unmarshal(record); err != nil {
				// The generated code besides refuses times beyond year 9999.
				if m.ends < -62135596800 || m.ends > 253402300799 {
					return
				}
				t.Fatalf("%x: accepted as a member; Unmarshal says %v", record, err)
			}
			if again := mustMarshal(t, &want); !bytes.Equal(again, record) || m.standing != want.Standing {
				t.Fatalf("%x: is written %x", record, again)
			}
		}
	})
}
