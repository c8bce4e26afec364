package access

import (
	"math"
	"time"
	"unsafe"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// This file reads records from their protobuf bytes without allocating. It
// accepts only what the generated code writes: fields ascending, shortest
// varints, nothing unknown, no zero spelt out. Anything else is refused, since
// a record that is read in two ways, or that a later version has given a
// further meaning, must not allow. A fuzz test holds it against Unmarshal.

// cursor walks the fields of one message.
type cursor struct {
	b   []byte
	i   int
	bad bool
}

// is tells whether the next field has the tag.
func (c *cursor) is(tag byte) bool { return c.i < len(c.b) && c.b[c.i] == tag }

// end tells whether the message is read to its end without fault.
func (c *cursor) end() bool { return c.i == len(c.b) && !c.bad }

func (c *cursor) fail() {
	c.bad = true
	c.i = len(c.b)
}

// uvarint reads a tag's value.
func (c *cursor) uvarint() uint64 {
	c.i++
	return c.value()
}

func (c *cursor) value() uint64 {
	if c.i < len(c.b) && c.b[c.i] < 0x80 {
		c.i++
		return uint64(c.b[c.i-1])
	}
	return c.longValue()
}

func (c *cursor) longValue() (v uint64) {
	for shift := uint(0); shift < 64 && c.i < len(c.b); shift += 7 {
		x := c.b[c.i]
		c.i++
		if shift == 63 && x > 1 {
			break
		}
		v |= uint64(x&0x7f) << shift
		if x < 0x80 {
			if x == 0 {
				break // not the shortest
			}
			return v
		}
	}
	c.fail()
	return 0
}

// nonzero reads a scalar of proto3, which is absent when it is zero.
func (c *cursor) nonzero() uint64 {
	v := c.uvarint()
	if v == 0 {
		c.fail()
	}
	return v
}

// enum reads a non-zero enum value.
func (c *cursor) enum() int32 {
	v := int64(c.nonzero())
	if v < math.MinInt32 || v > math.MaxInt32 {
		c.fail()
		return 0
	}
	return int32(v)
}

// bytes reads what is preceded by its length.
func (c *cursor) bytes() []byte {
	body, next := take(c.b, c.i)
	if next < 0 {
		c.fail()
		return nil
	}
	c.i = next
	return body
}

// take reads the body of the field at i, a tag of one byte and what is preceded
// by its length; next is where the field after it begins, or -1.
func take(b []byte, i int) (body []byte, next int) {
	if i += 2; i <= len(b) {
		if n := int(b[i-1]); n < 0x80 && n <= len(b)-i {
			return b[i : i+n], i + n
		}
	}
	return takeLong(b, i-2)
}

func takeLong(b []byte, i int) (body []byte, next int) {
	c := cursor{b: b, i: i}
	n := c.uvarint()
	if c.bad || n > uint64(len(b)-c.i) {
		return nil, -1
	}
	return b[c.i : c.i+int(n)], c.i + int(n)
}

// nonempty reads a string or bytes field, which is absent when it is empty.
func (c *cursor) nonempty() []byte {
	b := c.bytes()
	if len(b) == 0 {
		c.fail()
	}
	return b
}

// text is bytes of a record, which never change, as a string.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Tags of Grant: field number << 3 | wire type.
const (
	grantIssuer        = 1<<3 | 2
	grantActions       = 2<<3 | 2
	grantResources     = 3<<3 | 2
	grantNotBefore     = 4 << 3
	grantNotAfter      = 5 << 3
	grantConditions    = 6<<3 | 2
	grantDepth         = 7 << 3
	grantOwner         = 8<<3 | 2
	grantOwnership     = 9 << 3
	grantHeight        = 10 << 3
	grantRevokedHeight = 11 << 3
	grantRevokedReason = 12<<3 | 2
)

// matchGrant tells whether a grant names the action and covers the resource, of
// which filter says that it is one; kind is the length of its type with the
// colon. The cursor then stands behind the grant's resources; cursor.bad means
// that the record is malformed so far.
func matchGrant(record []byte, action, resource string, kind int, filter bool) (c cursor, hit bool) {
	var body []byte
	i := 0
	if len(record) > 0 && record[0] == grantIssuer {
		if body, i = take(record, 0); len(body) == 0 {
			return cursor{bad: true}, false
		}
	}
	for uint(i) < uint(len(record)) && record[i] == grantActions {
		if body, i = take(record, i); string(body) == action {
			hit = true
		}
	}
	if i < 0 {
		return cursor{bad: true}, false
	}
	if !hit {
		return cursor{}, false
	}
	hit = false
	for uint(i) < uint(len(record)) && record[i] == grantResources {
		body, i = take(record, i)
		if hit || len(body) < kind || string(body[:kind]) != resource[:kind] {
			continue
		}
		if pattern := text(body[kind:]); filter {
			hit = containsPath(pattern, resource[kind:])
		} else {
			hit = matchPath(pattern, resource[kind:])
		}
	}
	if i < 0 {
		return cursor{bad: true}, false
	}
	return cursor{b: record, i: i}, hit
}

// terms of a grant: what stands behind its resources.
type terms struct {
	notBefore, notAfter int64
	conditions          []byte // fields 6, unread
	depth               uint32
	owner               []byte
	ownership           uint64
	height              int64
	revokedHeight       int64
}

// scan reads the terms; false when the record is malformed. The conditions are
// only walked over.
func (t *terms) scan(c *cursor) bool {
	if c.is(grantNotBefore) {
		t.notBefore = int64(c.nonzero())
	}
	if c.is(grantNotAfter) {
		t.notAfter = int64(c.nonzero())
	}
	start := c.i
	for c.is(grantConditions) {
		c.bytes()
	}
	if !c.bad {
		t.conditions = c.b[start:c.i]
	}
	if c.is(grantDepth) {
		depth := c.nonzero()
		if depth > math.MaxUint32 {
			c.fail()
		}
		t.depth = uint32(depth)
	}
	if c.is(grantOwner) {
		t.owner = c.nonempty()
	}
	if c.is(grantOwnership) {
		t.ownership = c.nonzero()
	}
	if c.is(grantHeight) {
		t.height = int64(c.nonzero())
	}
	if c.is(grantRevokedHeight) {
		t.revokedHeight = int64(c.nonzero())
	}
	if c.is(grantRevokedReason) {
		c.nonempty()
	}
	return c.end()
}

// Tags of Condition.
const (
	conditionAttribute = 1<<3 | 2
	conditionOperator  = 2 << 3
	conditionText      = 3<<3 | 2
	conditionNumber    = 4 << 3
	conditionTruth     = 5 << 3
)

// condition as it stands in a record. Kind 0 has no value.
type condition struct {
	attribute []byte
	operator  Operator
	kind      Kind
	text      []byte
	number    int64
	truth     bool
}

// scan reads a condition; false when it is malformed.
func (d *condition) scan(b []byte) bool {
	c := cursor{b: b}
	if c.is(conditionAttribute) {
		d.attribute = c.nonempty()
	}
	if c.is(conditionOperator) {
		d.operator = Operator(c.enum())
	}
	// At most one: these are a oneof, whose zero values are spelt out.
	switch {
	case c.is(conditionText):
		d.kind, d.text = KindText, c.bytes()
	case c.is(conditionNumber):
		v := c.uvarint()
		d.kind, d.number = KindNumber, int64(v>>1)^-int64(v&1)
	case c.is(conditionTruth):
		v := c.uvarint()
		if v > 1 {
			c.fail()
		}
		d.kind, d.truth = KindTruth, v == 1
	}
	return c.end()
}

// device is what Decide needs of a device's record.
type device struct {
	owner       []byte
	ownership   uint64
	key         []byte
	keySince    int64
	status      identity.Status
	sinceHeight int64
}

// Tags of Device and Key.
const (
	deviceMaker     = 1<<3 | 2
	deviceOwner     = 2<<3 | 2
	deviceOwnership = 3 << 3
	deviceModel     = 4<<3 | 2
	deviceLiveKey   = 5<<3 | 2
	deviceStatus    = 6 << 3
	deviceSince     = 7 << 3

	keyAlgorithm = 1 << 3
	keyDigest    = 2<<3 | 2
	keySince     = 3 << 3
)

// scan reads a device; false when it is malformed.
func (d *device) scan(record []byte) bool {
	c := cursor{b: record}
	if c.is(deviceMaker) {
		c.nonempty()
	}
	if c.is(deviceOwner) {
		d.owner = c.nonempty()
	}
	if c.is(deviceOwnership) {
		d.ownership = c.nonzero()
	}
	if c.is(deviceModel) {
		c.nonempty()
	}
	if !c.is(deviceLiveKey) {
		return false
	}
	k := cursor{b: c.bytes()}
	if k.is(keyAlgorithm) {
		k.enum()
	}
	if k.is(keyDigest) {
		d.key = k.nonempty()
	}
	if k.is(keySince) {
		d.keySince = int64(k.nonzero())
	}
	if c.is(deviceStatus) {
		d.status = identity.Status(c.enum())
	}
	if c.is(deviceSince) {
		d.sinceHeight = int64(c.nonzero())
	}
	return k.end() && c.end()
}

// Tags of Member and Timestamp.
const (
	memberID       = 1<<3 | 2
	memberName     = 2<<3 | 2
	memberStanding = 3 << 3
	memberSince    = 4 << 3
	memberEnds     = 5<<3 | 2

	timeSeconds = 1 << 3
	timeNanos   = 2 << 3
)

// member is what Decide needs of a member's record.
type member struct {
	standing    consortium.Standing
	sinceHeight int64
	hasEnds     bool
	ends        int64 // Unix seconds
	endsNanos   int32
}

// scan reads a member; false when it is malformed.
func (m *member) scan(record []byte) bool {
	c := cursor{b: record}
	if c.is(memberID) {
		c.nonempty()
	}
	if c.is(memberName) {
		c.nonempty()
	}
	if c.is(memberStanding) {
		m.standing = consortium.Standing(c.enum())
	}
	if c.is(memberSince) {
		m.sinceHeight = int64(c.nonzero())
	}
	var t cursor
	if c.is(memberEnds) {
		m.hasEnds = true
		t.b = c.bytes()
		if t.is(timeSeconds) {
			m.ends = int64(t.nonzero())
		}
		if t.is(timeNanos) {
			m.endsNanos = t.enum()
		}
		if m.endsNanos < 0 || m.endsNanos >= int32(time.Second) {
			return false
		}
	}
	return t.end() && c.end()
}

// ended is consortium.Member.Ended. A removed member without an end has ended.
func (m *member) ended(now time.Time) bool {
	if m.standing != consortium.StandingRemoved {
		return false
	}
	if !m.hasEnds {
		return true
	}
	sec := now.Unix()
	return sec > m.ends || sec == m.ends && now.Nanosecond() >= int(m.endsNanos)
}
