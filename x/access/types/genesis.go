package types

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// DefaultGenesis has no segment.
func DefaultGenesis() *GenesisState { return &GenesisState{} }

// Validate checks every record and every reference among them; those to members
// and devices are checked when it is imported. Everything ascends, so that a
// genesis has one spelling. An error names the field.
func (g *GenesisState) Validate() error {
	segments := make(map[string]*Segment, len(g.Segments))
	owned := make(map[string][]*Segment)
	for i := range g.Segments {
		s := &g.Segments[i]
		if i > 0 && s.Id <= g.Segments[i-1].Id {
			return fmt.Errorf("segments[%d].id: %q after %q; want each once, ascending", i, s.Id, g.Segments[i-1].Id)
		}
		if err := s.Policy.ValidateRecord(s.Id); err != nil {
			return fmt.Errorf("segments[%d].policy: %w", i, err)
		}
		if s.NextGrant == 0 {
			return fmt.Errorf("segments[%d].next_grant: 0; ids begin at 1", i)
		}
		for _, other := range owned[s.Policy.Member] {
			if a, b, ok := FindOverlap(&s.Policy, &other.Policy); ok {
				return fmt.Errorf("segments[%d].policy.prefixes: %q overlaps %q of segment %q", i, a, b, other.Id)
			}
		}
		owned[s.Policy.Member] = append(owned[s.Policy.Member], s)
		segments[s.Id] = s
	}
	if err := g.validateGrants(segments); err != nil {
		return err
	}
	var last identity.KeyDigest
	for i := range g.Admissions {
		a := &g.Admissions[i]
		device, err := identity.ParseID(a.Device)
		if err != nil {
			return fmt.Errorf("admissions[%d].device: %w", i, err)
		}
		if i > 0 && cmp.Or(bytes.Compare(last[:], device[:]), cmp.Compare(g.Admissions[i-1].Segment, a.Segment)) >= 0 {
			return fmt.Errorf("admissions[%d]: want each once, ascending by the device's digest and segment", i)
		}
		last = device
		if segments[a.Segment] == nil {
			return fmt.Errorf("admissions[%d].segment: %q is unknown", i, a.Segment)
		}
		if a.Ownership == 0 {
			return fmt.Errorf("admissions[%d].ownership: want at least 1", i)
		}
	}
	return nil
}

func (g *GenesisState) validateGrants(segments map[string]*Segment) error {
	given := make(map[string]map[uint64]*GrantEntry)
	for i := range g.Grants {
		e := &g.Grants[i]
		if i > 0 {
			before := &g.Grants[i-1]
			if cmp.Or(cmp.Compare(before.Segment, e.Segment), cmp.Compare(before.Id, e.Id)) >= 0 {
				return fmt.Errorf("grants[%d]: want each once, ascending by segment and id", i)
			}
		}
		s := segments[e.Segment]
		if s == nil {
			return fmt.Errorf("grants[%d].segment: %q is unknown", i, e.Segment)
		}
		if e.Id == 0 || e.Id >= s.NextGrant {
			return fmt.Errorf("grants[%d].id: %d; want 1 to below next_grant, %d", i, e.Id, s.NextGrant)
		}
		if _, err := identity.ParseID(e.Subject); err != nil {
			return fmt.Errorf("grants[%d].subject: %w", i, err)
		}
		if err := e.Grant.Validate(); err != nil {
			return fmt.Errorf("grants[%d].grant.%w", i, err)
		}
		if given[e.Segment] == nil {
			given[e.Segment] = make(map[uint64]*GrantEntry)
		}
		given[e.Segment][e.Id] = e
	}
	seen := 0
	for i := range g.Histories {
		h := &g.Histories[i]
		if i > 0 {
			before := &g.Histories[i-1]
			if cmp.Or(cmp.Compare(before.Segment, h.Segment), cmp.Compare(before.Id, h.Id)) >= 0 {
				return fmt.Errorf("histories[%d]: want each once, ascending by segment and id", i)
			}
		}
		s := segments[h.Segment]
		if s == nil {
			return fmt.Errorf("histories[%d].segment: %q is unknown", i, h.Segment)
		}
		if h.Id == 0 || h.Id >= s.NextGrant {
			return fmt.Errorf("histories[%d].id: %d; want 1 to below next_grant, %d", i, h.Id, s.NextGrant)
		}
		standing := given[h.Segment][h.Id] != nil
		if standing {
			seen++
		}
		if err := h.validate(standing); err != nil {
			return fmt.Errorf("histories[%d].%w", i, err)
		}
	}
	if seen != len(g.Grants) {
		return fmt.Errorf("histories: %d of %d grants have none", len(g.Grants)-seen, len(g.Grants))
	}
	return nil
}

// Verbs of a history.
const (
	VerbGranted = "granted"
	VerbRevoked = "revoked"
	VerbPruned  = "pruned"
)

// MaxHistory is the most that can happen to a grant.
const MaxHistory = 3

func (h *GrantHistory) validate(standing bool) error {
	if len(h.Entries) == 0 || len(h.Entries) > MaxHistory {
		return fmt.Errorf("entries: %d; want 1 to %d", len(h.Entries), MaxHistory)
	}
	verbs := []string{VerbGranted, VerbRevoked, VerbPruned}
	last := -1
	for i, e := range h.Entries {
		at := slices.Index(verbs, e.Verb)
		if at < 0 || at <= last || i == 0 && at != 0 {
			return fmt.Errorf("entries[%d].verb: %q; want granted, revoked, pruned in that order", i, e.Verb)
		}
		last = at
		if e.Height < 0 || e.Time.Unix() < 0 {
			return fmt.Errorf("entries[%d]: height %d at %s; want neither negative nor before 1970", i, e.Height, e.Time)
		}
		if len(e.Signer) > 128 || len(e.Member) > 32 || len(e.Txhash) > 64 {
			return fmt.Errorf("entries[%d]: signer, member or txhash is too long", i)
		}
		if err := access.ValidateReason(e.Reason); err != nil {
			return fmt.Errorf("entries[%d].reason: %w", i, err)
		}
	}
	if pruned := verbs[last] == VerbPruned; pruned == standing {
		return fmt.Errorf("entries: pruned is %t and the grant stands is %t", pruned, standing)
	}
	return nil
}

// FindOverlap returns two prefixes of two policies that cover a common resource.
func FindOverlap(a, b *access.Policy) (string, string, bool) {
	for _, p := range a.Prefixes {
		for _, q := range b.Prefixes {
			if access.Overlap(p, q) {
				return p, q, true
			}
		}
	}
	return "", "", false
}
