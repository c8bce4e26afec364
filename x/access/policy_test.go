package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// The policy file of the contract.
const policyFile = `{"prefixes":["mqtt:plant/","http:/plant/"],"classes":{"read":{"max_staleness":"1h","on_restart":"deny"}},"actions":{"get":"read"},"fleets":[],"advisory_issuers":[]}`

func TestParsePolicyFile(t *testing.T) {
	p, err := access.ParsePolicyFile([]byte(policyFile))
	if err != nil {
		t.Fatal(err)
	}
	want := access.Policy{
		Prefixes: []string{"mqtt:plant/", "http:/plant/"},
		Classes:  []access.Class{{Name: "read", MaxStaleness: time.Hour, OnRestart: access.OnRestartDeny}},
		Actions:  []access.ActionClass{{Action: "get", Class: "read"}},
	}
	if p.String() != want.String() {
		t.Errorf("%v\nwant %v", &p, &want)
	}
	p, err = access.ParsePolicyFile([]byte(`{"prefixes":["mqtt:a/"],"classes":{"z":{"max_staleness":"30d"},"a":{"max_staleness":"1d12h","on_restart":"trust_clock"}},"actions":{"y":"z","b":"a"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if p.Classes[0].Name != "a" || p.Classes[0].MaxStaleness != 36*time.Hour || p.Classes[0].OnRestart != access.OnRestartTrustClock ||
		p.Classes[1].OnRestart != access.OnRestartDeny || p.Actions[0].Action != "b" {
		t.Errorf("%v", &p)
	}
}

func TestPolicyFilesRefused(t *testing.T) {
	with := func(old, new string) string { return strings.Replace(policyFile, old, new, 1) }
	for says, file := range map[string]string{
		"policy file":                        "",
		"policy file: json: unknown field":   with(`"fleets"`, `"flets"`),
		"something follows":                  policyFile + "{}",
		"prefixes stands twice":              with(`{`, `{"prefixes":["mqtt:x/"],`),
		"PREFIXES stands twice":              with(`"classes"`, `"PREFIXES":["mqtt:x/"],"classes"`),
		"classes.read stands twice":          with(`"read":{`, `"read":{"max_staleness":"400d"},"read":{`),
		"classes.read.max_staleness stands":  with(`"max_staleness":"1h"`, `"max_staleness":"1h","max_staleness":"400d"`),
		"actions.get stands twice":           with(`"get":"read"`, `"get":"read","get":"read"`),
		"prefixes: 0":                        with(`["mqtt:plant/","http:/plant/"]`, `[]`),
		"prefixes[1]":                        with(`http:/plant/"`, `http:/plant"`),
		"classes.read.max_staleness: \"1\"":  with(`"1h"`, `"1"`),
		"classes[0].max_staleness":           with(`"1h"`, `"1s"`),
		"classes.read.on_restart: \"allow\"": with(`"deny"`, `"allow"`),
		"actions[0].class":                   with(`"get":"read"`, `"get":"write"`),
		"fleets: 1":                          with(`"fleets":[]`, `"fleets":["acme/m1"]`),
		"advisory_issuers: 1":                with(`"advisory_issuers":[]`, `"advisory_issuers":["acme"]`),
		"nested too deep":                    strings.Repeat("[", 20),
		"want at most 65536":                 strings.Repeat(" ", 65537),
	} {
		if _, err := access.ParsePolicyFile([]byte(file)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

func FuzzPolicyFile(f *testing.F) {
	f.Add([]byte(policyFile))
	f.Add([]byte(`{"prefixes":["http:/"],"classes":{"a":{"max_staleness":"10s"}},"actions":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := access.ParsePolicyFile(data)
		if err != nil {
			return
		}
		if err := p.Validate(); err != nil {
			t.Fatalf("accepted and not valid: %v", err)
		}
		// What a person may write, a segment may have.
		p.Member, p.SinceHeight = "acme", 1<<40
		record, err := p.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		b := feed.NewBuilder(feed.Segment(plant))
		if err := b.Add(access.PolicyKey(), record); err != nil {
			t.Fatal(err)
		}
		if _, err := access.NewSegment(plant, &feed.Head{Name: feed.Segment(plant)}, b.Set()); err != nil {
			t.Fatal(err)
		}
		for _, action := range []string{"get", "unmapped"} {
			if p.ClassOf(action) == nil {
				t.Fatal("an action without a class")
			}
		}
	})
}

func TestClassOf(t *testing.T) {
	p := access.Policy{
		Classes: []access.Class{
			{Name: "a", MaxStaleness: time.Minute, OnRestart: access.OnRestartTrustClock},
			{Name: "b", MaxStaleness: time.Minute, OnRestart: access.OnRestartDeny},
			{Name: "c", MaxStaleness: time.Hour},
		},
		Actions: []access.ActionClass{{Action: "get", Class: "c"}, {Action: "put", Class: "a"}},
	}
	for action, want := range map[string]string{"get": "c", "put": "a", "other": "b", "": "b", "h": "b", "z": "b"} {
		if got := p.ClassOf(action); got.Name != want {
			t.Errorf("%q is in %s; want %s", action, got.Name, want)
		}
	}
	if new(access.Policy).ClassOf("get") != nil {
		t.Error("the zero policy has a class")
	}
}

func TestNewSegmentRefuses(t *testing.T) {
	seg := newFixture().segment(t)
	head := &feed.Head{Name: feed.Segment(plant)}
	if _, err := access.NewSegment("acme/other", head, seg.Set); err == nil {
		t.Error("a set of another feed")
	}
	if _, err := access.NewSegment(plant, &feed.Head{Name: "segment/acme/other"}, seg.Set); err == nil {
		t.Error("a head of another feed")
	}
	if _, err := access.NewSegment(plant, nil, nil); err == nil {
		t.Error("nothing")
	}
	if _, err := access.NewSegment(plant, head, feed.EmptySet(head.Name)); err == nil {
		t.Error("no policy")
	}
	for name, edit := range map[string]func(*access.Policy){
		"another owner": func(p *access.Policy) { p.Member = "beta" },
		"no class":      func(p *access.Policy) { p.Classes = nil },
		"no prefix":     func(p *access.Policy) { p.Prefixes = []string{""} },
	} {
		f := newFixture()
		edit(&f.policy)
		s := set(t, head.Name, []feed.Record{{Key: access.PolicyKey(), Value: marshal(t, &f.policy)}})
		if _, err := access.NewSegment(plant, head, s); err == nil {
			t.Error(name)
		}
	}
}
