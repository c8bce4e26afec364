package consortium

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

// Roles of an account. An admin holds every role of its member.
const (
	RoleAdmin        = "admin"
	RoleManufacturer = "manufacturer"
	RoleOperator     = "operator"
	RoleAuditor      = "auditor"
	RoleGateway      = "gateway"
)

// Roles lists all roles, ascending.
var Roles = [...]string{RoleAdmin, RoleAuditor, RoleGateway, RoleManufacturer, RoleOperator}

// HasRole tells whether an account with these roles may act in the role.
func HasRole(roles []string, role string) bool {
	return slices.Contains(roles, role) || slices.Contains(roles, RoleAdmin)
}

// ValidateRoles checks that roles are known, ascending, not empty and not twice.
func ValidateRoles(roles []string) error {
	if len(roles) == 0 {
		return fmt.Errorf("roles: none; want some of %v", Roles)
	}
	for i, r := range roles {
		if !slices.Contains(Roles[:], r) {
			return fmt.Errorf("roles[%d]: %q is unknown; want one of %v", i, r, Roles)
		}
		if i > 0 && roles[i-1] >= r {
			return fmt.Errorf("roles[%d]: %q after %q; want each once, ascending", i, r, roles[i-1])
		}
	}
	return nil
}

// ValidateID checks a member's id: 2 to 32 bytes of lower-case letters, digits
// and inner hyphens.
func ValidateID(id string) error {
	if len(id) < 2 || len(id) > 32 {
		return fmt.Errorf("id: %.40q has %d bytes; want 2 to 32", id, len(id))
	}
	for i, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case c == '-' && 0 < i && i < len(id)-1:
		default:
			return fmt.Errorf("id: %q; want lower-case letters, digits and inner hyphens", id)
		}
	}
	return nil
}

// Validate checks the bounds of a member's record.
func (m *Member) Validate() error {
	if err := ValidateID(m.Id); err != nil {
		return err
	}
	if len(m.Name) > 128 || !utf8.ValidString(m.Name) {
		return fmt.Errorf("name: want at most 128 bytes of UTF-8")
	}
	switch m.Standing {
	case StandingActive, StandingSuspended:
		if m.Ends != nil {
			return fmt.Errorf("ends: set for a member that is not removed")
		}
	case StandingRemoved:
		if m.Ends == nil {
			return fmt.Errorf("ends: absent for a removed member")
		}
	default:
		return fmt.Errorf("standing: %v is unknown", m.Standing)
	}
	if m.SinceHeight < 0 {
		return fmt.Errorf("since_height: %d is negative", m.SinceHeight)
	}
	return nil
}

// Ended tells whether a member's grants have ended: it was removed and its
// notice has run out. A suspended member's grants go on.
func (m *Member) Ended(now time.Time) bool {
	return m.Standing == StandingRemoved && (m.Ends == nil || !now.Before(*m.Ends))
}

// Actor is an account's member, for the handling of one message.
type Actor struct {
	Member string
	// changes and narrowing are the member's shares of the block's changes.
	changes, narrowing uint64
}

// NewActor makes an actor with its shares of the changes of feeds in a block.
func NewActor(member string, changes, narrowing uint64) Actor {
	return Actor{Member: member, changes: changes, narrowing: narrowing}
}

// Pays is the payer of changes that widen or maintain.
func (a Actor) Pays() feed.Payer {
	return feed.Payer{Member: a.Member, Limit: a.changes}
}

// Narrows is the payer of changes that only narrow; its lane is its own.
func (a Actor) Narrows() feed.Payer {
	return feed.Payer{Member: a.Member, Limit: a.narrowing, Narrows: true}
}
