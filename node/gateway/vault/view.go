package vault

import (
	"fmt"
	"time"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// View is what is known at one height, for all feeds. It must not be changed
// and is safe for concurrent use.
type View struct {
	*access.View
	// Heads of the feeds followed: the segments in the operator's order, then
	// the members. Empty in a View of nothing.
	Heads []feed.Head
	// Header is the hash of the header that proved the heads.
	Header []byte
	// Attack says what was seen when State is access.StateAttack.
	Attack string
}

// MayAllow reports whether some class of some segment may still allow now.
func (v *View) MayAllow(now access.Now) bool {
	if v.State != access.StateVerified || now.Basis == access.ClockUntrusted {
		return false
	}
	age := now.Time.Sub(v.Time)
	for i := range v.Segments {
		for _, c := range v.Segments[i].Policy().Classes {
			if now.Basis == access.ClockRestarted && c.OnRestart != access.OnRestartTrustClock {
				continue
			}
			if age >= -access.MaxBehind && age <= c.MaxStaleness {
				return true
			}
		}
	}
	return false
}

// Strictest is the smallest max_staleness of all segments; zero when there is
// none.
func (v *View) Strictest() time.Duration {
	var least time.Duration
	for i := range v.Segments {
		for _, c := range v.Segments[i].Policy().Classes {
			if least == 0 || c.MaxStaleness < least {
				least = c.MaxStaleness
			}
		}
	}
	return least
}

// nothing is the View of an empty vault: it denies everything.
func nothing() *View { return &View{View: &access.View{}} }

// with returns the View in another state.
func (v *View) with(state access.State, attack string) *View {
	inner := *v.View
	inner.State = state
	return &View{View: &inner, Heads: v.Heads, Header: v.Header, Attack: attack}
}

// held is a feed in memory, with the generation of its bucket on disk.
type held struct {
	head       feed.Head
	set        *feed.Set
	generation uint64
}

// build makes the View of a height from all feeds; it fails when one is
// missing or has no readable policy.
func build(segments []string, feeds map[string]*held, height int64, at time.Time, hash []byte) (*View, error) {
	view := &View{View: &access.View{Height: height, Time: at}, Header: hash}
	for _, id := range segments {
		h := feeds[feed.Segment(id)]
		if h == nil {
			return nil, fmt.Errorf("feed %q is missing", feed.Segment(id))
		}
		segment, err := access.NewSegment(id, &h.head, h.set)
		if err != nil {
			return nil, err
		}
		view.Segments = append(view.Segments, segment)
		view.Heads = append(view.Heads, h.head)
	}
	members := feeds[feed.Members]
	if members == nil {
		return nil, fmt.Errorf("feed %q is missing", feed.Members)
	}
	view.Members = members.set
	view.Heads = append(view.Heads, members.head)
	return view, nil
}
