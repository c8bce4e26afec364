package access

import (
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/hallmark-ledger/hallmark/x/identity"
)

// Bounds of a request's context.
const (
	MaxAttributes    = 64
	MaxAttributeName = 64
	MaxAttributeText = 1024 // bytes of a text value
)

// Kind is the type of an attribute's value; the zero value is none.
type Kind uint8

// Kinds.
const (
	KindText Kind = iota + 1
	KindNumber
	KindTruth
)

func (k Kind) String() string {
	switch k {
	case KindText:
		return "text"
	case KindNumber:
		return "number"
	case KindTruth:
		return "truth"
	}
	return "none"
}

// Attribute of a request's context. Only the field of its kind counts.
type Attribute struct {
	Name   string
	Kind   Kind
	Text   string
	Number int64
	Truth  bool
}

// Request asks whether a device may act on a resource.
type Request struct {
	// Subject is the digest in the device's id.
	Subject identity.KeyDigest
	// Key is the digest of the key that the device has just proved to hold; it
	// must be its live key. Zero means that the caller vouches for the subject.
	Key    identity.KeyDigest
	Action string
	// Resource is "<type>:<path>". Only the action subscribe may name a filter.
	Resource string
	// Context holds each name once, ascending; see [NewContext].
	Context []Attribute
}

// NewContext sorts attributes, which it takes over, and checks them. An error
// names the attribute.
func NewContext(attributes []Attribute) ([]Attribute, error) {
	if len(attributes) > MaxAttributes {
		return nil, fmt.Errorf("%d attributes; want at most %d", len(attributes), MaxAttributes)
	}
	slices.SortStableFunc(attributes, func(a, b Attribute) int { return cmp.Compare(a.Name, b.Name) })
	for i := range attributes {
		a := &attributes[i]
		switch {
		case !isName(a.Name, MaxAttributeName):
			return nil, fmt.Errorf("attribute %.80q: want 1 to %d letters, digits, '-', '_', '.' or ':', a letter first", a.Name, MaxAttributeName)
		case i > 0 && a.Name == attributes[i-1].Name:
			return nil, fmt.Errorf("attribute %q: stands twice", a.Name)
		case !a.valid():
			return nil, fmt.Errorf("attribute %q: want a whole number, true or false, or at most %d bytes of text", a.Name, MaxAttributeText)
		}
	}
	return attributes, nil
}

func (a *Attribute) valid() bool {
	switch a.Kind {
	case KindText:
		return len(a.Text) <= MaxAttributeText && utf8.ValidString(a.Text)
	case KindNumber, KindTruth:
		return true
	}
	return false
}

// Validate checks a request. An error names the field.
func (r *Request) Validate() error {
	if !isName(r.Action, MaxAction) {
		return fmt.Errorf("action: %w", ValidateAction(r.Action))
	}
	if f := checkResource(r.Resource, r.Action == ActionSubscribe); f != faultNone {
		return fmt.Errorf("resource: %v", f)
	}
	if !r.contextValid() {
		if _, err := NewContext(slices.Clone(r.Context)); err != nil {
			return fmt.Errorf("context: %w", err)
		}
		return fmt.Errorf("context: want each name once, ascending")
	}
	return nil
}

// wellFormed is Validate without the words.
func (r *Request) wellFormed() bool {
	return isName(r.Action, MaxAction) &&
		checkResource(r.Resource, r.Action == ActionSubscribe) == faultNone &&
		r.contextValid()
}

func (r *Request) contextValid() bool {
	if len(r.Context) > MaxAttributes {
		return false
	}
	for i := range r.Context {
		a := &r.Context[i]
		if !isName(a.Name, MaxAttributeName) || i > 0 && a.Name <= r.Context[i-1].Name || !a.valid() {
			return false
		}
	}
	return true
}

// attribute finds an attribute by name, or nil.
func (r *Request) attribute(name string) *Attribute {
	lo, hi := 0, len(r.Context)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		switch a := &r.Context[mid]; {
		case a.Name == name:
			return a
		case a.Name < name:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return nil
}
