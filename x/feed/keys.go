package feed

import "fmt"

// ModuleName names the module.
const ModuleName = "feed"

// Stores of the module. Heads stand alone in theirs, so that proofs of them
// stay short.
const (
	// HeadStore holds heads, see [HeadKey].
	HeadStore = "feed"
	// DataStore holds accumulators, records, the change index and subscriptions.
	DataStore = "feeddata"
)

// Bounds of names and records, in bytes.
const (
	MaxName   = 128
	MaxKey    = 256
	MaxRecord = 4096 // len(key) + len(value)
)

// MaxFanOut bounds the feeds that hold one shared record. It is a bound of what
// a change may cost; modules keep their own, lower ones.
const MaxFanOut = 128

// HeadKey is the key of a head in store [HeadStore]: 0x01 || name.
func HeadKey(name string) []byte {
	return append([]byte{0x01}, name...)
}

// Members is the name of the feed of the members' standing.
const Members = "members"

// Segment is the name of the feed of a segment, whose id is <member>/<slug>.
func Segment(id string) string { return "segment/" + id }

// ValidateName checks a feed's name: 1 to 128 bytes of lower- and upper-case
// letters, digits and "-", "_", ".", "/".
func ValidateName(name string) error {
	if len(name) == 0 || len(name) > MaxName {
		return fmt.Errorf("name: %d bytes; want 1 to %d", len(name), MaxName)
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '_', c == '.', c == '/':
		default:
			return fmt.Errorf("name: byte %q; want letters, digits, '-', '_', '.', '/'", c)
		}
	}
	return nil
}

// ValidateRecord checks the bounds of a record.
func ValidateRecord(key, value []byte) error {
	switch {
	case len(key) == 0 || len(key) > MaxKey:
		return fmt.Errorf("key: %d bytes; want 1 to %d", len(key), MaxKey)
	case len(key)+len(value) > MaxRecord:
		return fmt.Errorf("record: %d bytes; want at most %d", len(key)+len(value), MaxRecord)
	}
	return nil
}
