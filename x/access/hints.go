package access

import (
	"strings"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

// Hints of a grant say which actions and which resources it may be about, so
// that a decision reads only the grants to a device that may matter. They are
// hashes: a grant that is about a request has all bits that the request wants,
// and one that has them may still not be.
const (
	actionBits   = 4
	resourceBits = 9
	anyResource  = feed.Hints(1<<resourceBits-1) << actionBits
)

// NewBuilder begins the set of a segment's feed as [Decide] likes it best. Any
// other set of the same records gives the same decisions.
func NewBuilder(name string) *feed.Builder { return feed.NewBuilder(name).Hints(recordHints) }

// recordHints are those of a grant's record; any other record has all.
func recordHints(key, value []byte) feed.Hints {
	if _, _, ok := ParseGrantKey(key); !ok {
		return feed.AllHints
	}
	var h feed.Hints
	c := cursor{b: value}
	if c.is(grantIssuer) {
		c.bytes()
	}
	for c.is(grantActions) {
		h |= actionHint(text(c.bytes()))
	}
	for c.is(grantResources) {
		h |= patternHint(text(c.bytes()))
	}
	if c.bad {
		return feed.AllHints // whoever reads it shall say so
	}
	return h
}

// wantedHints are those of a request; filter tells that its resource is one.
func wantedHints(action, resource string, filter bool) feed.Hints {
	h := actionHint(action)
	if !filter {
		h |= rootHint(root(resource))
	}
	return h
}

func actionHint(action string) feed.Hints { return 1 << (hash(action) % actionBits) }

// patternHint is that of the pattern's root, which every resource that it covers
// has too, byte by byte, unless a wildcard stands in it.
func patternHint(pattern string) feed.Hints {
	r := root(pattern)
	if strings.ContainsAny(r, "+#") {
		return anyResource
	}
	return rootHint(r)
}

func rootHint(root string) feed.Hints { return 1 << (actionBits + hash(root)%resourceBits) }

// root is what stands before the third slash of a resource or pattern.
func root(s string) string {
	slashes := 0
	for i := 0; i < len(s); i++ {
		if s[i] == '/' {
			if slashes++; slashes == 3 {
				return s[:i]
			}
		}
	}
	return s
}

// hash is FNV-1a.
func hash(s string) uint32 {
	h := uint32(2166136261)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h ^ h>>16
}
