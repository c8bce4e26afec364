package access

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// Bounds of a grant.
const (
	MaxActions         = 16
	MaxResources       = 16
	MaxConditions      = 8
	MaxConditionText   = 256 // bytes
	MaxDelegationDepth = 4
	MaxReason          = 256 // bytes of a revocation's reason
	MaxValidity        = 400 * 24 * time.Hour
	// MaxRecord leaves room in a feed's record for what the chain adds to a
	// grant after it was given: the height and the reason of its revocation.
	MaxRecord = feed.MaxRecord - grantKeyLen - MaxReason - 16
)

// ValidateTerms checks what a grant gives, in any order. An error names the
// field with its index.
func ValidateTerms(actions, resources []string, conditions []Condition, depth uint32) error {
	if len(actions) == 0 || len(actions) > MaxActions {
		return fmt.Errorf("actions: %d; want 1 to %d", len(actions), MaxActions)
	}
	for i, a := range actions {
		if err := ValidateAction(a); err != nil {
			return fmt.Errorf("actions[%d]: %w", i, err)
		}
		if j := slices.Index(actions[:i], a); j >= 0 {
			return fmt.Errorf("actions[%d]: %q stands already at actions[%d]", i, a, j)
		}
	}
	if len(resources) == 0 || len(resources) > MaxResources {
		return fmt.Errorf("resources: %d; want 1 to %d", len(resources), MaxResources)
	}
	for i, r := range resources {
		if err := ValidatePattern(r); err != nil {
			return fmt.Errorf("resources[%d]: %.80q: %w", i, r, err)
		}
		if j := slices.Index(resources[:i], r); j >= 0 {
			return fmt.Errorf("resources[%d]: %.80q stands already at resources[%d]", i, r, j)
		}
	}
	if len(conditions) > MaxConditions {
		return fmt.Errorf("conditions: %d; want at most %d", len(conditions), MaxConditions)
	}
	for i := range conditions {
		if err := conditions[i].Validate(); err != nil {
			return fmt.Errorf("conditions[%d].%w", i, err)
		}
	}
	if depth > MaxDelegationDepth {
		return fmt.Errorf("max_delegation_depth: %d; want 0 to %d", depth, MaxDelegationDepth)
	}
	return nil
}

// Validate checks a condition. An error names the field.
func (c *Condition) Validate() error {
	if !isName(c.Attribute, MaxAttributeName) {
		return fmt.Errorf("attribute: %.80q; want 1 to %d letters, digits, '-', '_', '.' or ':', a letter first", c.Attribute, MaxAttributeName)
	}
	if c.Operator < OperatorEq || c.Operator > OperatorGe {
		return fmt.Errorf("operator: %d is unknown", c.Operator)
	}
	switch v := c.Value.(type) {
	case *Condition_Number:
		if v != nil {
			return nil
		}
	case *Condition_Text:
		if v != nil {
			if len(v.Text) > MaxConditionText || !utf8.ValidString(v.Text) {
				return fmt.Errorf("text: %d bytes; want at most %d of UTF-8", len(v.Text), MaxConditionText)
			}
			return c.checkEquality("text")
		}
	case *Condition_Truth:
		if v != nil {
			return c.checkEquality("truth")
		}
	}
	return fmt.Errorf("value: absent; want text, number or truth")
}

func (c *Condition) checkEquality(kind string) error {
	if c.Operator != OperatorEq && c.Operator != OperatorNe {
		return fmt.Errorf("operator: %s compares no %s; want == or !=", c.Operator.Sign(), kind)
	}
	return nil
}

// ValidatePeriod checks the validity [notBefore, notAfter), in Unix seconds, of
// a grant that is given now: it begins before it ends, ends after now and at
// most 400 days after now. An error names the field.
func ValidatePeriod(notBefore, notAfter int64, now time.Time) error {
	latest := now.Add(MaxValidity).Unix()
	switch {
	case notAfter <= now.Unix():
		return fmt.Errorf("not_after: %s is not after the time of the block, %s", stamp(notAfter), stamp(now.Unix()))
	case notAfter > latest:
		return fmt.Errorf("not_after: %s is more than 400 days ahead; want at most %s", stamp(notAfter), stamp(latest))
	case notBefore >= notAfter:
		return fmt.Errorf("not_before: %s is not before not_after, %s", stamp(notBefore), stamp(notAfter))
	case notBefore < 0:
		return fmt.Errorf("not_before: %s is before 1970", stamp(notBefore))
	}
	return nil
}

func stamp(seconds int64) string { return time.Unix(seconds, 0).UTC().Format(time.RFC3339) }

// Revoked tells whether the grant was revoked.
func (g *Grant) Revoked() bool { return g.RevokedHeight != 0 }

// ActiveAt tells whether the grant is neither revoked nor outside its validity.
func (g *Grant) ActiveAt(now time.Time) bool {
	return !g.Revoked() && g.NotBefore <= now.Unix() && now.Unix() < g.NotAfter
}

// Validate checks a grant as it stands in a feed. An error names the field.
func (g *Grant) Validate() error {
	if err := consortium.ValidateID(g.Issuer); err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	if err := ValidateTerms(g.Actions, g.Resources, g.Conditions, g.MaxDelegationDepth); err != nil {
		return err
	}
	if !slices.IsSorted(g.Actions) {
		return fmt.Errorf("actions: do not ascend")
	}
	if !slices.IsSorted(g.Resources) {
		return fmt.Errorf("resources: do not ascend")
	}
	if g.NotBefore < 0 || g.NotBefore >= g.NotAfter {
		return fmt.Errorf("not_before: %d; want 0 to below not_after, %d", g.NotBefore, g.NotAfter)
	}
	if err := consortium.ValidateID(g.Owner); err != nil {
		return fmt.Errorf("owner: %w", err)
	}
	if g.Ownership == 0 {
		return fmt.Errorf("ownership: want at least 1")
	}
	if g.Height < 0 || g.RevokedHeight < 0 {
		return fmt.Errorf("height: %d, revoked_height: %d; want neither negative", g.Height, g.RevokedHeight)
	}
	if g.RevokedReason != "" && !g.Revoked() {
		return fmt.Errorf("revoked_reason: set for a grant that is not revoked")
	}
	if err := ValidateReason(g.RevokedReason); err != nil {
		return fmt.Errorf("revoked_reason: %w", err)
	}
	if n := g.Size() + grantKeyLen; n > feed.MaxRecord {
		return fmt.Errorf("record: %d bytes; want at most %d", n, feed.MaxRecord)
	}
	return nil
}

// ValidateReason checks a reason that people give: at most 256 bytes of UTF-8
// without control characters.
func ValidateReason(reason string) error {
	if len(reason) > MaxReason {
		return fmt.Errorf("%d bytes; want at most %d", len(reason), MaxReason)
	}
	if !utf8.ValidString(reason) || hasC1(reason) {
		return fmt.Errorf("want UTF-8 without control characters")
	}
	for i := 0; i < len(reason); i++ {
		if byteClass[reason[i]]&byteControl != 0 {
			return fmt.Errorf("want UTF-8 without control characters")
		}
	}
	return nil
}
