package access

import (
	"time"

	"github.com/hallmark-ledger/hallmark/x/identity"
)

// MaxBehind is how far a time may lie before that of the View's header. A
// clock that is believed never lies before a header that is believed.
const MaxBehind = time.Minute

// Decision on a request. The zero value denies.
type Decision struct {
	Allow bool
	// Reason is empty only in the zero value, where it reads as internal.
	Reason Reason
	// Segment that decided; empty when none was reached.
	Segment string
	// Grant that allows, or whose failing is the reason; 0 when there is none.
	Grant uint64
	// Height and Sequence are those of the segment's head in the View. Where no
	// segment was reached Height is the View's own and Sequence 0.
	Height   int64
	Sequence uint64
	// Since is the height of the revocation, suspension or change that is the
	// reason; 0 when there is none.
	Since int64
	// Condition is the number, from 1, of the grant's condition that failed.
	Condition uint8
	// Age of the View, where its staleness was looked at.
	Age time.Duration
}

// Decide tells whether a request is allowed by what a View knows, now. It is
// deterministic, does no I/O, reads no clock, changes nothing and does not
// allocate. The first of these that holds denies:
//
//   - the View is of an attack, or not verified;
//   - the request is malformed;
//   - no segment of the View covers the resource; else the first that does, in
//     the operator's order, decides alone;
//   - the clock is not trusted, or the View is older than the bound of the
//     action's class, or its class does not go on after a restart;
//   - the segment's owner was removed from the consortium and its notice is
//     over, and the device is another member's;
//   - the device is unknown to the segment, or not active, or its live key is
//     not the one presented;
//   - no grant to the device allows: see [View.decideGrants].
func Decide(req *Request, view *View, now Now) Decision {
	var d Decision
	if view == nil {
		d.Reason = ReasonViewUnverified
		return d
	}
	d.Height = view.Height
	switch view.State {
	case StateVerified:
	case StateAttack:
		d.Reason = ReasonAttackDetected
		return d
	default:
		d.Reason = ReasonViewUnverified
		return d
	}
	if req == nil || !req.wellFormed() {
		d.Reason = ReasonBadRequest
		return d
	}
	seg := view.segment(req.Resource)
	if seg == nil {
		d.Reason = ReasonSegmentUnknown
		return d
	}
	d.Segment, d.Height, d.Sequence = seg.ID, seg.HeadHeight, seg.Sequence
	if d.Reason = checkTime(&d, seg.policy.ClassOf(req.Action), view, now); d.Reason != "" {
		return d
	}
	// The chain's own time is a lower bound, so that no clock that lags lets an
	// expired grant live.
	at := now.Time
	if at.Before(view.Time) {
		at = view.Time
	}

	var dev device
	key := deviceKey(req.Subject)
	record, known := seg.Set.Get(key[:])
	if known && !dev.scan(record) {
		d.Reason = ReasonInternal
		return d
	}
	if d.Reason = checkMember(&d, seg, view, at, &dev, known); d.Reason != "" {
		return d
	}
	if !known {
		d.Reason = ReasonDeviceUnknown
		return d
	}
	if d.Reason = checkDevice(&d, req, &dev); d.Reason != "" {
		return d
	}
	decideGrants(&d, req, seg, &dev, at.Unix())
	return d
}

// checkTime returns why a View may not be used now for a class, or "".
func checkTime(d *Decision, class *Class, view *View, now Now) Reason {
	if class == nil {
		return ReasonInternal
	}
	age := now.Time.Sub(view.Time)
	if now.Basis != ClockVerified && now.Basis != ClockRestarted || age < -MaxBehind {
		return ReasonClockUntrusted
	}
	d.Age = max(0, age)
	if d.Age > class.MaxStaleness || now.Basis == ClockRestarted && class.OnRestart != OnRestartTrustClock {
		return ReasonViewStale
	}
	return ""
}

// checkMember returns why the standing of a segment's owner denies, or "". Its
// own devices go on in its own segments whatever its standing: nobody can brick
// another's plant.
func checkMember(d *Decision, seg *Segment, view *View, at time.Time, dev *device, known bool) Reason {
	if view.Members == nil {
		return ReasonViewUnverified
	}
	var m member
	record, ok := view.Members.Get(seg.memberKey)
	if !ok || !m.scan(record) {
		return ReasonInternal
	}
	if m.ended(at) && (!known || string(dev.owner) != seg.policy.Member) {
		d.Since = m.sinceHeight
		return ReasonMemberSuspended
	}
	return ""
}

// checkDevice returns why a device may do nothing at all, or "".
func checkDevice(d *Decision, req *Request, dev *device) Reason {
	d.Since = dev.sinceHeight
	switch dev.status {
	case identity.StatusActive:
	case identity.StatusManufactured:
		return ReasonDeviceManufactured
	case identity.StatusSuspended:
		return ReasonDeviceSuspended
	case identity.StatusRetired:
		return ReasonDeviceRetired
	case identity.StatusRevoked:
		return ReasonDeviceRevoked
	default:
		return ReasonInternal
	}
	if req.Key != (identity.KeyDigest{}) && string(dev.key) != string(req.Key[:]) {
		d.Since = dev.keySince
		return ReasonKeyRevoked
	}
	d.Since = 0
	return ""
}

// rank orders the reasons for which grants that name the action and cover the
// resource do not allow.
type rank uint8

const (
	rankNoGrant rank = iota
	rankOwnerChanged
	rankCondition
	rankNotYetValid
	rankExpired
	rankRevoked
	rankUnreadable
)

var rankReason = [...]Reason{
	rankNoGrant:      ReasonNoGrant,
	rankOwnerChanged: ReasonOwnerChanged,
	rankCondition:    ReasonConditionFailed,
	rankNotYetValid:  ReasonGrantNotYetValid,
	rankExpired:      ReasonGrantExpired,
	rankRevoked:      ReasonGrantRevoked,
	rankUnreadable:   ReasonInternal,
}

// decideGrants walks the grants to the device, ids ascending. The first that
// allows does so. Otherwise the reason is the highest of: a record that cannot
// be read, revoked, expired, not yet valid, a condition failed, the device has
// changed its owner since, no grant; and of several grants of that reason it
// names the lowest id. Of one grant the first that holds counts: revoked, owner
// changed, expired, not yet valid, the first condition that fails.
func decideGrants(d *Decision, req *Request, seg *Segment, dev *device, now int64) {
	filter := req.Action == ActionSubscribe && HasWildcard(req.Resource)
	kind := typeLen(req.Resource)
	prefix := grantPrefix(req.Subject)
	worst := rankNoGrant
	walk := seg.Set.Wanted(prefix[:], wantedHints(req.Action, req.Resource, filter))
	for {
		key, record, ok := walk.Next()
		if !ok {
			break
		}
		if len(key) != grantKeyLen {
			continue // not a grant; the chain writes no such key
		}
		c, hit := matchGrant(record, req.Action, req.Resource, kind, filter)
		if !hit && !c.bad {
			continue
		}
		r, since, index := judge(&c, req, dev, now)
		if r == rankNoGrant {
			d.Allow, d.Reason, d.Grant = true, ReasonAllowed, grantID(key)
			d.Since, d.Condition = 0, 0
			return
		}
		if r > worst {
			worst = r
			d.Grant, d.Since, d.Condition = grantID(key), since, index
		}
	}
	d.Reason = rankReason[worst]
}

// judge tells why a grant that names the action and covers the resource does not
// allow, or rankNoGrant when it does; since is the height of its revocation, and
// index the number of the condition that failed.
func judge(c *cursor, req *Request, dev *device, now int64) (r rank, since int64, index uint8) {
	var t terms
	switch {
	case c.bad || !t.scan(c):
		return rankUnreadable, 0, 0
	case t.revokedHeight != 0:
		return rankRevoked, t.revokedHeight, 0
	case t.ownership != dev.ownership || string(t.owner) != string(dev.owner):
		return rankOwnerChanged, 0, 0
	case now >= t.notAfter:
		return rankExpired, 0, 0
	case now < t.notBefore:
		return rankNotYetValid, 0, 0
	}
	r, index = checkConditions(t.conditions, req)
	return r, 0, index
}

// grantID reads the id at the end of a grant's key.
func grantID(key []byte) (id uint64) {
	for _, b := range key[prefixLen:grantKeyLen] {
		id = id<<8 | uint64(b)
	}
	return id
}

// checkConditions returns rankNoGrant when all conditions hold, otherwise why
// not and the number of the first that fails.
func checkConditions(conditions []byte, req *Request) (rank, uint8) {
	c := cursor{b: conditions}
	for n := uint8(1); c.is(grantConditions); n++ {
		var cond condition
		if !cond.scan(c.bytes()) || n > MaxConditions {
			return rankUnreadable, 0
		}
		if !cond.holds(req.attribute(text(cond.attribute))) {
			return rankCondition, n
		}
	}
	return rankNoGrant, 0
}

// holds compares an attribute with the condition's constant. An attribute that
// is absent or of another type fails, also under ne.
func (d *condition) holds(a *Attribute) bool {
	if a == nil || a.Kind != d.kind {
		return false
	}
	switch d.kind {
	case KindNumber:
		switch d.operator {
		case OperatorEq:
			return a.Number == d.number
		case OperatorNe:
			return a.Number != d.number
		case OperatorLt:
			return a.Number < d.number
		case OperatorLe:
			return a.Number <= d.number
		case OperatorGt:
			return a.Number > d.number
		case OperatorGe:
			return a.Number >= d.number
		}
		return false
	case KindText:
		return equals(d.operator, a.Text == string(d.text))
	case KindTruth:
		return equals(d.operator, a.Truth == d.truth)
	}
	return false
}

// equals is the outcome of eq or ne; other operators fail.
func equals(op Operator, equal bool) bool {
	switch op {
	case OperatorEq:
		return equal
	case OperatorNe:
		return !equal
	}
	return false
}
