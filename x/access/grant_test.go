package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/x/access"
)

func TestParseCondition(t *testing.T) {
	for text, want := range map[string]string{
		"temp<=30":        "temp<=30",
		"temp <= -30":     "temp<=-30",
		"temp=30":         "temp==30",
		"temp==30":        "temp==30",
		"temp!=30":        "temp!=30",
		"temp<30":         "temp<30",
		"temp>30":         "temp>30",
		"temp>=30":        "temp>=30",
		"mode==auto":      `mode=="auto"`,
		"mode!=\"30\"":    `mode!="30"`,
		"mode==\"\"":      `mode==""`,
		"armed!=true":     "armed!=true",
		"armed==\"true\"": `armed=="true"`,
		"a==v3.5":         `a=="v3.5"`,
	} {
		c, err := access.ParseCondition(text)
		if err != nil || c.Expression() != want {
			t.Errorf("%q: %q, %v; want %q", text, c.Expression(), err, want)
			continue
		}
		again, err := access.ParseCondition(c.Expression())
		if err != nil || again.String() != c.String() {
			t.Errorf("%q: %v, %v", c.Expression(), again, err)
		}
	}
	for _, text := range []string{"", "temp", "temp<=", "<=30", "temp<auto", "armed>true", "a b==1", "temp!30", "temp==3.5", "temp<=1e3", "temp==9223372036854775808", "temp=\"x", "temp==" + strings.Repeat("x", 257)} {
		if c, err := access.ParseCondition(text); err == nil {
			t.Errorf("%q: %v", text, c)
		}
	}
}

func TestParseDurationAndUntil(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30d": 720 * time.Hour, "1d12h": 36 * time.Hour, "90s": 90 * time.Second, "720h": 720 * time.Hour, "0d": 0,
	} {
		if got, err := access.ParseDuration(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "d", "30", "-1d", "1d-2h", "1.5d", "99999d", "1d1d", "1y"} {
		if got, err := access.ParseDuration(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
	for text, want := range map[string]time.Time{
		"2026-12-31T00:00:00Z":      time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
		"2026-12-31T01:00:00+01:00": time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
		"1d":                        epoch.Add(24 * time.Hour),
	} {
		if got, err := access.ParseUntil(text, epoch.Add(time.Millisecond)); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	if _, err := access.ParseUntil("tomorrow", epoch); err == nil {
		t.Error("tomorrow")
	}
}

func TestGrantActiveAt(t *testing.T) {
	g := grant("get", "mqtt:plant/#")
	for at, want := range map[time.Time]bool{
		epoch: true, epoch.Add(-time.Hour): true, epoch.Add(-time.Hour - 1): false,
		epoch.Add(24 * time.Hour): false, epoch.Add(24*time.Hour - 1): true,
	} {
		if g.ActiveAt(at) != want {
			t.Errorf("at %s", at)
		}
	}
	if g.RevokedHeight = 1; g.ActiveAt(epoch) {
		t.Error("revoked")
	}
}

// TestExplain: a denial says what failed, and by which command the owner would
// change it, so that a shell takes it as it is.
func TestExplain(t *testing.T) {
	view := newFixture().addDevice(subject(1)).add(subject(1), 1, grant("get", "mqtt:plant/#")).view(t)
	req := &access.Request{Subject: subject(1), Action: "publish", Resource: "mqtt:plant/it's $(here)"}
	_, fix := access.Decide(req, view, verified(0)).Explain(req, view)
	want := "hallmarkd tx access grant acme/plant --subject did:hallmark:ciqczrisfuqwe2gddpzshuwiecxlxsmc4anbpunki3lej7ni3bvpveq" +
		` --action publish --resource 'mqtt:plant/it'\''s $(here)' --until 720h --from KEY`
	if fix != want {
		t.Errorf("%s\nwant %s", fix, want)
	}
	detail, fix := access.Decide(req, view, verified(2*time.Minute)).Explain(req, view)
	if want := "the view of height 150 is 2m0s old; class safety of action publish ends at 1m0s"; detail != want || fix == "" {
		t.Errorf("%s; want %s", detail, want)
	}
	// Whatever it is given, it has something to say and does not panic.
	for _, r := range access.Reasons() {
		for _, d := range []access.Decision{{Reason: r}, {Reason: r, Segment: "acme/plant", Grant: 9, Condition: 200}, {Reason: r, Segment: "no/such"}} {
			for _, v := range []*access.View{nil, {}, view} {
				for _, q := range []*access.Request{nil, {}, req} {
					if detail, _ := d.Explain(q, v); detail == "" {
						t.Errorf("%s says nothing", r)
					}
				}
			}
		}
	}
}
