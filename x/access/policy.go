package access

import (
	"fmt"
	"time"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// Bounds of a policy.
const (
	MaxPrefixes     = 16
	MaxClasses      = 16
	MaxClassActions = 64
	MinStaleness    = 10 * time.Second
	MaxStaleness    = 400 * 24 * time.Hour
)

// Validate checks what a policy says. An error names the field with its index.
// Member and SinceHeight, which the chain sets, are not looked at.
func (p *Policy) Validate() error {
	if len(p.Prefixes) == 0 || len(p.Prefixes) > MaxPrefixes {
		return fmt.Errorf("prefixes: %d; want 1 to %d", len(p.Prefixes), MaxPrefixes)
	}
	for i, prefix := range p.Prefixes {
		if err := ValidatePrefix(prefix); err != nil {
			return fmt.Errorf("prefixes[%d]: %.80q: %w", i, prefix, err)
		}
		for j, other := range p.Prefixes[:i] {
			if Overlap(prefix, other) {
				return fmt.Errorf("prefixes[%d]: %.80q overlaps prefixes[%d] %.80q", i, prefix, j, other)
			}
		}
	}
	if err := p.validateClasses(); err != nil {
		return err
	}
	// Their feeds do not exist yet. A name that binds nothing would mislead.
	if len(p.Fleets) > 0 {
		return fmt.Errorf("fleets: %d; want none: this version has no fleet feeds", len(p.Fleets))
	}
	if len(p.AdvisoryIssuers) > 0 {
		return fmt.Errorf("advisory_issuers: %d; want none: this version has no advisories", len(p.AdvisoryIssuers))
	}
	// The chain adds the member and a height.
	if n := p.Size() + 64; n > feed.MaxRecord {
		return fmt.Errorf("policy: %d bytes; want at most %d", n, feed.MaxRecord)
	}
	return nil
}

func (p *Policy) validateClasses() error {
	if len(p.Classes) == 0 || len(p.Classes) > MaxClasses {
		return fmt.Errorf("classes: %d; want 1 to %d", len(p.Classes), MaxClasses)
	}
	for i := range p.Classes {
		c := &p.Classes[i]
		switch {
		case ValidateSlug(c.Name) != nil:
			return fmt.Errorf("classes[%d].name: %.80q; want 1 to 32 lower-case letters, digits and inner hyphens", i, c.Name)
		case i > 0 && c.Name <= p.Classes[i-1].Name:
			return fmt.Errorf("classes[%d].name: %q after %q; want each once, ascending", i, c.Name, p.Classes[i-1].Name)
		case c.MaxStaleness < MinStaleness || c.MaxStaleness > MaxStaleness:
			return fmt.Errorf("classes[%d].max_staleness: %v of class %q; want 10s to 400 days", i, c.MaxStaleness, c.Name)
		}
		switch c.OnRestart {
		case OnRestartUnspecified, OnRestartDeny, OnRestartTrustClock:
		default:
			return fmt.Errorf("classes[%d].on_restart: %d of class %q; want deny or trust_clock", i, c.OnRestart, c.Name)
		}
	}
	if len(p.Actions) > MaxClassActions {
		return fmt.Errorf("actions: %d; want at most %d", len(p.Actions), MaxClassActions)
	}
	for i, a := range p.Actions {
		if err := ValidateAction(a.Action); err != nil {
			return fmt.Errorf("actions[%d].action: %w", i, err)
		}
		if i > 0 && a.Action <= p.Actions[i-1].Action {
			return fmt.Errorf("actions[%d].action: %q after %q; want each once, ascending", i, a.Action, p.Actions[i-1].Action)
		}
		if p.class(a.Class) == nil {
			return fmt.Errorf("actions[%d].class: %.80q of action %q is no class of the policy", i, a.Class, a.Action)
		}
	}
	return nil
}

func (p *Policy) class(name string) *Class {
	for i := range p.Classes {
		if p.Classes[i].Name == name {
			return &p.Classes[i]
		}
	}
	return nil
}

// ClassOf returns the class of an action: the one that it is mapped to, or the
// class with the smallest bound; of two with that bound one that denies after a
// restart. nil only when a policy is not valid.
func (p *Policy) ClassOf(action string) *Class {
	lo, hi := 0, len(p.Actions)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		switch a := &p.Actions[mid]; {
		case a.Action == action:
			return p.class(a.Class)
		case a.Action < action:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	var strictest *Class
	for i := range p.Classes {
		c := &p.Classes[i]
		if strictest == nil || c.MaxStaleness < strictest.MaxStaleness ||
			c.MaxStaleness == strictest.MaxStaleness && strictest.OnRestart == OnRestartTrustClock && c.OnRestart != OnRestartTrustClock {
			strictest = c
		}
	}
	return strictest
}

// CoversPattern tells whether a resource, filter or pattern lies below one of
// the policy's prefixes.
func (p *Policy) CoversPattern(pattern string) bool {
	for _, prefix := range p.Prefixes {
		if Covers(prefix, pattern) {
			return true
		}
	}
	return false
}

// ValidateRecord checks the policy of a segment as it stands in a feed.
func (p *Policy) ValidateRecord(segment string) error {
	member, _, err := ParseSegmentID(segment)
	if err != nil {
		return err
	}
	if err := consortium.ValidateID(p.Member); err != nil {
		return fmt.Errorf("member: %w", err)
	}
	if p.Member != member {
		return fmt.Errorf("member: %q in segment %q", p.Member, segment)
	}
	if p.SinceHeight < 0 {
		return fmt.Errorf("since_height: %d is negative", p.SinceHeight)
	}
	return p.Validate()
}
