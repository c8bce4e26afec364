package access_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/hallmark-ledger/hallmark/x/access"
)

// naiveMatch is Match written from its definition, on lists of levels.
func naiveMatch(pattern, resource string) bool {
	pt, pp, _ := strings.Cut(pattern, ":")
	rt, rp, _ := strings.Cut(resource, ":")
	return pt == rt && naiveLevels(strings.Split(pp, "/"), strings.Split(rp, "/"))
}

func naiveLevels(pattern, levels []string) bool {
	if len(pattern) == 0 {
		return len(levels) == 0
	}
	if pattern[0] == "#" {
		for _, l := range levels {
			if strings.HasPrefix(l, "$") {
				return false
			}
		}
		return true
	}
	if len(levels) == 0 {
		return false
	}
	if pattern[0] == "+" && strings.HasPrefix(levels[0], "$") || pattern[0] != "+" && pattern[0] != levels[0] {
		return false
	}
	return naiveLevels(pattern[1:], levels[1:])
}

// Few levels of a small alphabet meet often.
var (
	literalLevel = rapid.SampledFrom([]string{"a", "b", "ab", "", "$a", "$", "a$"})
	resourceType = rapid.SampledFrom([]string{"mqtt", "coap", "m"})
	anyResource  = rapid.Custom(func(t *rapid.T) string {
		levels := rapid.SliceOfN(literalLevel, 1, 4).Draw(t, "levels")
		return resourceType.Draw(t, "type") + ":" + strings.Join(levels, "/")
	})
	anyPattern = rapid.Custom(func(t *rapid.T) string {
		level := rapid.OneOf(literalLevel, rapid.Just("+"))
		levels := rapid.SliceOfN(level, 0, 4).Draw(t, "levels")
		if len(levels) == 0 || rapid.Bool().Draw(t, "any") {
			levels = append(levels, "#")
		}
		return resourceType.Draw(t, "type") + ":" + strings.Join(levels, "/")
	})
)

func TestMatchIsItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern, resource := anyPattern.Draw(t, "pattern"), anyResource.Draw(t, "resource")
		if got, want := access.Match(pattern, resource), naiveMatch(pattern, resource); got != want {
			t.Fatalf("Match(%q, %q) = %t; the definition says %t", pattern, resource, got, want)
		}
	})
}

// TestContainsIsItsDefinition goes through all pairs of patterns of up to three
// levels: a filter is contained exactly when nothing that it matches escapes the
// pattern. The one exception is what [access.Contains] documents.
func TestContainsIsItsDefinition(t *testing.T) {
	all := patterns(3)
	contained := 0
	for _, pattern := range all {
		for _, filter := range all {
			escapes := ""
			for _, resource := range witnesses(filter) {
				if naiveMatch(filter, resource) && !naiveMatch(pattern, resource) {
					escapes = resource
				}
			}
			got := access.Contains(pattern, filter)
			if got {
				contained++
			}
			if got && escapes != "" {
				t.Errorf("%q is said to contain %q, which alone matches %q", pattern, filter, escapes)
			}
			if !got && escapes == "" && (filter != "m:#" || pattern != "m:+/#") {
				t.Errorf("%q is said not to contain %q, and nothing tells them apart", pattern, filter)
			}
		}
	}
	if len(all) < 100 || contained < len(all) {
		t.Errorf("%d patterns, %d pairs contained; the test says little", len(all), contained)
	}
}

// patterns are all of up to n levels.
func patterns(n int) []string {
	stems := []string{""}
	out := []string{"m:#"}
	for range n {
		var longer []string
		for _, stem := range stems {
			for _, level := range []string{"a", "b", "$a", "", "+"} {
				longer = append(longer, stem+level+"/")
				if path := stem + level; path != "" {
					out = append(out, "m:"+path, "m:"+path+"/#")
				}
			}
		}
		stems = longer
	}
	return out
}

// witnesses are resources of a filter: wildcards become new levels.
func witnesses(filter string) []string {
	kind, path, _ := strings.Cut(filter, ":")
	levels := strings.Split(path, "/")
	for i, l := range levels {
		if l == "+" {
			levels[i] = "new"
		}
	}
	if levels[len(levels)-1] != "#" {
		return []string{kind + ":" + strings.Join(levels, "/")}
	}
	stem := levels[:len(levels)-1]
	var out []string
	for n := range 7 {
		all := append([]string{}, stem...)
		for range n {
			all = append(all, "new")
		}
		if len(all) > 0 {
			out = append(out, kind+":"+strings.Join(all, "/"))
		}
	}
	return out
}

func TestContainsOfALiteralIsMatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern, resource := anyPattern.Draw(t, "pattern"), anyResource.Draw(t, "resource")
		if access.Contains(pattern, resource) != access.Match(pattern, resource) {
			t.Fatalf("of %q and %q", pattern, resource)
		}
	})
}

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		prefix, resource string
		want             bool
	}{
		{"mqtt:plant/", "mqtt:plant/a", true},
		{"mqtt:plant/", "mqtt:plant/", true},
		{"mqtt:plant/", "mqtt:plant", true},
		{"mqtt:plant/", "mqtt:plant/#", true},
		{"mqtt:plant/", "mqtt:plants", false},
		{"mqtt:plant/", "mqtt:plan", false},
		{"mqtt:plant/", "mqtt:+/a", false},
		{"mqtt:plant/", "http:plant/a", false},
		{"http:/", "http:/a", true},
	} {
		if got := access.Covers(c.prefix, c.resource); got != c.want {
			t.Errorf("Covers(%q, %q) = %t", c.prefix, c.resource, got)
		}
	}
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"mqtt:plant/", "mqtt:plant/", true},
		{"mqtt:plant/", "mqtt:plant/a/", true},
		{"mqtt:plant/a/", "mqtt:plant/", true},
		{"mqtt:plant/", "mqtt:plants/", false},
		{"mqtt:plant/a/", "mqtt:plant/b/", false},
		{"mqtt:plant/", "http:plant/", false},
	} {
		if got := access.Overlap(c.a, c.b); got != c.want {
			t.Errorf("Overlap(%q, %q) = %t", c.a, c.b, got)
		}
	}
}

func TestPatternsRefused(t *testing.T) {
	for pattern, why := range map[string]string{
		"":                                  "1 to 1,024 bytes",
		"plant/#":                           "<type>:<path>",
		"mqtt:":                             "path is empty",
		"mqtt:a#":                           "whole level",
		"mqtt:#/a":                          "whole last level",
		"mqtt:a+/b":                         "whole level",
		"mqtt:a/+b":                         "whole level",
		"mqtt:a\x00":                        "control",
		"mqtt:\xff":                         "UTF-8",
		"mqtt:$share/g/a/#":                 "shared subscription",
		"mqtt:$queue/a":                     "shared subscription",
		"http:a":                            `begins with "/"`,
		"http:/a/../b":                      `".."`,
		"http:/a//b":                        `"//"`,
		"http:/a/%2e%2e/b":                  "escape",
		"http:/a;b":                         "';'",
		"1x:a":                              "<type>",
		strings.Repeat("x", 33) + ":a":      "<type>",
		"mqtt:" + strings.Repeat("x", 1020): "1 to 1,024 bytes",
	} {
		if err := access.ValidatePattern(pattern); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%.40q: %v; want %s", pattern, err, why)
		}
	}
	for _, pattern := range []string{"mqtt:#", "mqtt:+", "mqtt:+/+/#", "mqtt:a//b", "mqtt:/a", "mqtt:a/", "mqtt:$SYS/#", "http:/", "http:/+/a/#", "x-1:y", "mqtt:a b", "mqtt:温度"} {
		if err := access.ValidatePattern(pattern); err != nil {
			t.Errorf("%q: %v", pattern, err)
		}
	}
	for prefix, ok := range map[string]bool{"mqtt:a/": true, "mqtt:a": false, "mqtt:+/": false, "mqtt:#": false, "http:/": true, "http:/a/": true} {
		if err := access.ValidatePrefix(prefix); (err == nil) != ok {
			t.Errorf("prefix %q: %v", prefix, err)
		}
	}
}

// TestNaughtyStrings holds what is hostile elsewhere against every rule: nothing
// panics, and what is accepted is UTF-8 without controls, within its bounds.
func TestNaughtyStrings(t *testing.T) {
	data, err := os.ReadFile("testdata/identifiers/blns.json")
	if err != nil {
		t.Fatal(err)
	}
	var naughty []string
	if err := json.Unmarshal(data, &naughty); err != nil {
		t.Fatal(err)
	}
	if len(naughty) < 500 {
		t.Fatalf("%d strings", len(naughty))
	}
	view := newFixture().addDevice(subject(1)).add(subject(1), 1, grant("get", "mqtt:plant/#")).view(t)
	accepted := 0
	for _, s := range naughty {
		_ = access.ValidateAction(s)
		_ = access.ValidateSlug(s)
		_, _ = access.ParseCondition(s)
		_, _ = access.ParseCondition("a==" + s)
		_, _ = access.ParsePolicyFile([]byte(s))
		_, _ = access.ParseDuration(s)
		for _, resource := range []string{s, "mqtt:" + s, "mqtt:plant/" + s, "http:/" + s} {
			req := &access.Request{Subject: subject(1), Action: "get", Resource: resource}
			d := access.Decide(req, view, verified(0))
			valid := access.ValidateResource(resource) == nil
			if valid == (d.Reason == access.ReasonBadRequest) {
				t.Errorf("%q: valid is %t and the reason %s", resource, valid, d.Reason)
			}
			if d.Allow && !strings.HasPrefix(resource, "mqtt:plant/") {
				t.Errorf("%q was allowed", resource)
			}
			if !valid {
				continue
			}
			accepted++
			if !utf8.ValidString(resource) || len(resource) > access.MaxResource || strings.ContainsAny(resource, "\x00\n\r\t\x7f+#") {
				t.Errorf("%q was accepted", resource)
			}
			if detail, _ := d.Explain(req, view); !utf8.ValidString(detail) {
				t.Errorf("%q: the detail is no UTF-8", resource)
			}
		}
	}
	if accepted == 0 {
		t.Error("nothing was accepted; the test says nothing")
	}
}

func FuzzPattern(f *testing.F) {
	for _, s := range []string{"mqtt:a/+/#", "mqtt:a/b", "http:/a/%2e", "mqtt:$a/#", "x:", ":", "mqtt:#"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, pattern, other string) {
		okPattern, okResource := access.ValidatePattern(pattern) == nil, access.ValidateResource(other) == nil
		match := access.Match(pattern, other) // whatever it is given, it does not panic
		_ = access.Covers(pattern, other)
		if okPattern && okResource && match != naiveMatch(pattern, other) {
			t.Fatalf("Match(%q, %q) = %t", pattern, other, match)
		}
		contains := access.Contains(pattern, other)
		if okPattern && access.ValidateFilter(other) == nil && contains {
			for _, w := range witnesses(other) {
				if access.Match(other, w) && !access.Match(pattern, w) {
					t.Fatalf("%q does not contain %q: %q", pattern, other, w)
				}
			}
		}
		if access.ValidatePrefix(pattern) == nil && okResource && access.Covers(pattern, other) &&
			!strings.HasPrefix(other+"/", pattern) {
			t.Fatalf("Covers(%q, %q)", pattern, other)
		}
	})
}
