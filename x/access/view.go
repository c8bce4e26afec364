package access

import (
	"fmt"
	"time"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// State of a View.
type State uint8

// States. The zero value allows nothing.
const (
	StateUnverified State = iota
	StateVerified
	// StateAttack: two chains were shown to the gateway.
	StateAttack
)

// View is what is known of the chain at one height: one height for all feeds.
// It must not be changed once it is in use and is then safe for concurrent use.
// The zero View denies everything.
type View struct {
	State  State
	Height int64
	// Time of the header of that height, not of when it arrived.
	Time time.Time
	// Segments in the operator's order: of two that cover a resource the first
	// decides.
	Segments []Segment
	// Members is the feed of the members' standing.
	Members *feed.Set
}

// Segment is one segment of a View. Make it with [NewSegment]; the zero value
// covers no resource.
type Segment struct {
	// ID is <member>/<slug>.
	ID string
	// Sequence and HeadHeight are those of the feed's head.
	Sequence   uint64
	HeadHeight int64
	// Set holds the policy, the grants and the devices that they need.
	Set *feed.Set

	policy    *Policy
	memberKey []byte
}

// NewSegment reads the policy of a segment from its set, which the caller has
// checked against the head. It fails when there is none or it is not valid.
func NewSegment(id string, head *feed.Head, set *feed.Set) (Segment, error) {
	name := feed.Segment(id)
	if head == nil || set == nil || head.Name != name || set.Name() != name {
		return Segment{}, fmt.Errorf("segment %q: head and set are not of feed %q", id, name)
	}
	record, ok := set.Get(PolicyKey())
	if !ok {
		return Segment{}, fmt.Errorf("segment %q: no policy", id)
	}
	policy := new(Policy)
	if err := policy.Unmarshal(record); err != nil {
		return Segment{}, fmt.Errorf("segment %q: policy: %w", id, err)
	}
	if err := policy.ValidateRecord(id); err != nil {
		return Segment{}, fmt.Errorf("segment %q: policy: %w", id, err)
	}
	return Segment{
		ID: id, Sequence: head.Sequence, HeadHeight: head.Height, Set: set,
		policy: policy, memberKey: consortium.MemberKey(policy.Member),
	}, nil
}

// Policy of the segment; it must not be changed. nil for the zero Segment.
func (s *Segment) Policy() *Policy { return s.policy }

// segment returns the first segment that covers a resource, or nil.
func (v *View) segment(resource string) *Segment {
	for i := range v.Segments {
		if s := &v.Segments[i]; s.policy != nil && s.policy.CoversPattern(resource) {
			return s
		}
	}
	return nil
}

// Basis says what a time rests on.
type Basis uint8

// Bases. The zero value is trusted for nothing.
const (
	ClockUntrusted Basis = iota
	// ClockVerified: headers believed since this boot.
	ClockVerified
	// ClockRestarted: the wall clock after a reboot, before the first fresh
	// header. Only classes with on_restart trust_clock go on.
	ClockRestarted
)

// Now is a time with what it rests on.
type Now struct {
	Time  time.Time
	Basis Basis
}
