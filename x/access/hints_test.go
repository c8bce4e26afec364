package access

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// A grant that is about a request has every bit that the request wants: a hint
// may never hide a grant.
func TestHintsHideNoGrant(t *testing.T) {
	path := func(levels []string, last ...string) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			p := rapid.SliceOfN(rapid.SampledFrom(levels), 1, 4).Draw(t, "levels")
			if end := rapid.SampledFrom(append(last, "")).Draw(t, "last"); end != "" {
				p = append(p, end)
			}
			return rapid.SampledFrom([]string{"mqtt:", "http:/"}).Draw(t, "type") + strings.Join(p, "/")
		})
	}
	resource := path([]string{"a", "b"}, "+", "#")
	pattern := path([]string{"a", "b", "+"}, "+", "#")
	action := rapid.SampledFrom([]string{"get", "publish", ActionSubscribe})
	hits := 0
	rapid.Check(t, func(t *rapid.T) {
		g := Grant{
			Issuer:    "acme",
			Actions:   rapid.SliceOfNDistinct(action, 1, 2, rapid.ID[string]).Draw(t, "actions"),
			Resources: rapid.SliceOfNDistinct(pattern, 1, 3, rapid.ID[string]).Draw(t, "patterns"),
		}
		for _, p := range g.Resources {
			if ValidatePattern(p) != nil {
				return
			}
		}
		req := Request{Action: action.Draw(t, "action"), Resource: resource.Draw(t, "resource")}
		if !req.wellFormed() {
			return
		}
		record, err := g.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		filter := req.Action == ActionSubscribe && HasWildcard(req.Resource)
		_, hit := matchGrant(record, req.Action, req.Resource, typeLen(req.Resource), filter)
		if !hit {
			return
		}
		hits++
		has := recordHints(GrantKey(identity.KeyDigest{1}, 1), record)
		if want := wantedHints(req.Action, req.Resource, filter); has&want != want {
			t.Fatalf("%v on %v is about %s on %s, has hints %b and lacks some of %b", g.Actions, g.Resources, req.Action, req.Resource, has, want)
		}
	})
	if hits == 0 {
		t.Error("no grant was about its request")
	}
}

// What is no readable grant is never passed over.
func TestHintsOfOtherRecordsAreAll(t *testing.T) {
	for _, c := range []struct {
		name       string
		key, value []byte
	}{
		{"a device", identity.DeviceKey(identity.KeyDigest{1}), []byte{0x0a, 1, 'a'}},
		{"a grant cut short", GrantKey(identity.KeyDigest{1}, 1), []byte{0x0a, 9, 'a'}},
	} {
		if got := recordHints(c.key, c.value); got != feed.AllHints {
			t.Errorf("%s: %b, want all", c.name, got)
		}
	}
}
