package identity

import (
	"strings"
)

// Step is a deliberate change of a device's status, named as its message.
type Step struct {
	Name string
	From []Status
	To   Status
	// Narrows marks a step after which the device may do less.
	Narrows bool
}

// Steps of a device's life. Retired and revoked are final.
var (
	Commission = Step{Name: "commission", From: []Status{StatusManufactured}, To: StatusActive}
	Suspend    = Step{Name: "suspend", From: []Status{StatusActive}, To: StatusSuspended, Narrows: true}
	Resume     = Step{Name: "resume", From: []Status{StatusSuspended}, To: StatusActive}
	Retire     = Step{Name: "retire", From: []Status{StatusManufactured, StatusActive, StatusSuspended}, To: StatusRetired, Narrows: true}
	Revoke     = Step{Name: "revoke", From: []Status{StatusManufactured, StatusActive, StatusSuspended}, To: StatusRevoked, Narrows: true}
)

// Steps lists every step there is.
func Steps() []Step { return []Step{Commission, Suspend, Resume, Retire, Revoke} }

// Check says whether a device of this status may take the step.
func (s Step) Check(from Status) error {
	for _, allowed := range s.From {
		if from == allowed {
			return nil
		}
	}
	if from.Final() {
		return wrap(ErrStep, "%s: the device is %s, which is final", s.Name, from.Word())
	}
	return wrap(ErrStep, "%s: the device is %s", s.Name, from.Word())
}

// CanMove reports whether any step leads from one status to the other.
func CanMove(from, to Status) bool {
	for _, step := range Steps() {
		if step.To == to && step.Check(from) == nil {
			return true
		}
	}
	return false
}

// Final reports whether no step leads on from the status.
func (s Status) Final() bool { return s == StatusRetired || s == StatusRevoked }

// Known reports whether the status is one that a device may have.
func (s Status) Known() bool { return s >= StatusManufactured && s <= StatusRevoked }

// Word is the status in lower case, "active" for instance.
func (s Status) Word() string {
	return strings.ToLower(strings.TrimPrefix(s.String(), "STATUS_"))
}

// Word is the algorithm's name as in factory lists, "p256" for instance.
func (a Algorithm) Word() string {
	return strings.ToLower(strings.TrimPrefix(a.String(), "ALGORITHM_"))
}
