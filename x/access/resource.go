package access

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bounds, in bytes.
const (
	MaxResource = 1024 // a resource, a pattern or a prefix
	MaxType     = 32   // the type of a resource
	MaxAction   = 64   // an action
)

// ActionSubscribe is the only action whose resource may be a filter.
const ActionSubscribe = "subscribe"

// typeHTTP resources are absolute paths of HTTP, typeMQTT names of MQTT topics.
const (
	typeHTTP = "http"
	typeMQTT = "mqtt"
)

// Classes of bytes, so that an ordinary resource is checked in one pass.
const (
	byteControl = 1 << iota // C0 controls, DEL
	byteHigh                // not ASCII
	byteWild                // + and #
	byteHTTP                // what HTTP paths are ambiguous about
)

var byteClass = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c < 0x20 || c == 0x7f:
			t[c] = byteControl
		case c >= 0x80:
			t[c] = byteHigh
		}
	}
	t['+'], t['#'] = byteWild, byteWild
	for _, c := range []byte(`\?;%`) {
		t[c] = byteHTTP
	}
	return t
}()

// fault is what is wrong with a resource; the zero value is nothing. It is a
// number so that a request is refused without allocating.
type fault uint8

const (
	faultNone fault = iota
	faultLength
	faultType
	faultPath
	faultControl
	faultUTF8
	faultWildcard
	faultLevel
	faultHTTPRoot
	faultHTTPEmpty
	faultHTTPDots
	faultHTTPByte
	faultHTTPEscape
	faultShare
	faultPrefix
)

func (f fault) String() string {
	switch f {
	case faultLength:
		return "want 1 to 1,024 bytes"
	case faultType:
		return `want "<type>:<path>", the type 1 to 32 lower-case letters, digits and '-', a letter first`
	case faultPath:
		return "the path is empty"
	case faultControl:
		return "control characters are not allowed"
	case faultUTF8:
		return "not valid UTF-8"
	case faultWildcard:
		return "'+' and '#' are wildcards and not allowed here"
	case faultLevel:
		return "'+' must be a whole level, '#' the whole last level"
	case faultHTTPRoot:
		return `the path of an http resource begins with "/"`
	case faultHTTPEmpty:
		return `"//" is ambiguous in an http resource`
	case faultHTTPDots:
		return `"." and ".." segments are ambiguous in an http resource`
	case faultHTTPByte:
		return `'\', '?' and ';' are not allowed in an http resource`
	case faultHTTPEscape:
		return `a percent escape in an http resource must be two hex digits and must not hide '/', '\', '.', '%', ';', '?' or a control`
	case faultShare:
		return `a shared subscription is asked for by the filter that it shares, without "$share/<group>/"`
	case faultPrefix:
		return `a prefix ends in "/"`
	default:
		return "no fault"
	}
}

// ValidateResource checks a resource "<type>:<path>" without wildcards: at most
// 1,024 bytes of valid UTF-8 without control characters. Types are open; "http"
// paths must besides be absolute and free of what two parsers may read in two
// ways: empty inner segments, "." and "..", backslashes, parameters, queries
// and escapes of these.
func ValidateResource(resource string) error { return asError(checkResource(resource, false)) }

// ValidateFilter is [ValidateResource] for a subscription: wildcards are
// allowed where MQTT allows them.
func ValidateFilter(filter string) error { return asError(checkResource(filter, true)) }

// ValidatePattern checks the pattern of a grant: a resource in which a level
// may be '+' and the last one '#'.
func ValidatePattern(pattern string) error { return asError(checkResource(pattern, true)) }

// ValidatePrefix checks a prefix of a segment: a resource without wildcards
// that ends in "/".
func ValidatePrefix(prefix string) error {
	if f := checkResource(prefix, false); f != faultNone {
		return asError(f)
	}
	if prefix[len(prefix)-1] != '/' {
		return asError(faultPrefix)
	}
	return nil
}

func asError(f fault) error {
	if f == faultNone {
		return nil
	}
	return fmt.Errorf("%v", f)
}

// HasWildcard tells whether a resource is a filter.
func HasWildcard(resource string) bool { return strings.ContainsAny(resource, "+#") }

// checkResource is the one rule for resources, filters, patterns and prefixes.
func checkResource(s string, wild bool) fault {
	if len(s) == 0 || len(s) > MaxResource {
		return faultLength
	}
	var seen uint8
	for i := 0; i < len(s); i++ {
		seen |= byteClass[s[i]]
	}
	switch {
	case seen&byteControl != 0:
		return faultControl
	case seen&byteHigh != 0 && !utf8.ValidString(s):
		return faultUTF8
	case seen&byteHigh != 0 && hasC1(s):
		return faultControl
	case seen&byteWild != 0 && !wild:
		return faultWildcard
	}
	n := 0
	for n < len(s) && n <= MaxType && s[n] != ':' {
		c := s[n]
		if !('a' <= c && c <= 'z' || n > 0 && ('0' <= c && c <= '9' || c == '-')) {
			return faultType
		}
		n++
	}
	if n == 0 || n > MaxType || n == len(s) {
		return faultType
	}
	path := s[n+1:]
	if path == "" {
		return faultPath
	}
	if seen&byteWild != 0 && !wildcardsStandAlone(path) {
		return faultLevel
	}
	switch s[:n] {
	case typeHTTP:
		return checkHTTP(path, seen)
	case typeMQTT:
		// A broker takes the group away and subscribes to the rest, so the rest
		// is what must be decided on.
		if path[0] == '$' && (hasLevel(path, "$share") || hasLevel(path, "$queue")) {
			return faultShare
		}
	}
	return faultNone
}

// hasC1 tells whether valid UTF-8 holds a control of U+0080 to U+009F.
func hasC1(s string) bool {
	for i := 0; i+1 < len(s); i++ {
		if s[i] == 0xc2 && s[i+1] < 0xa0 {
			return true
		}
	}
	return false
}

// hasLevel tells whether the first level of a path is the one given.
func hasLevel(path, level string) bool {
	return strings.HasPrefix(path, level) && (len(path) == len(level) || path[len(level)] == '/')
}

// wildcardsStandAlone tells whether each '+' is a whole level and '#' the whole
// last one.
func wildcardsStandAlone(path string) bool {
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c != '+' && c != '#' {
			continue
		}
		last := i+1 == len(path)
		if i > 0 && path[i-1] != '/' || !last && (c == '#' || path[i+1] != '/') {
			return false
		}
	}
	return true
}

func checkHTTP(path string, seen uint8) fault {
	if path[0] != '/' {
		return faultHTTPRoot
	}
	for i := 0; i < len(path); i++ {
		if path[i] != '/' || i+1 == len(path) {
			continue
		}
		switch rest := path[i+1:]; rest[0] {
		case '/':
			return faultHTTPEmpty
		case '.':
			if hasLevel(rest, ".") || hasLevel(rest, "..") {
				return faultHTTPDots
			}
		}
	}
	if seen&byteHTTP == 0 {
		return faultNone
	}
	for i := 0; i < len(path); i++ {
		switch path[i] {
		case '\\', '?', ';':
			return faultHTTPByte
		case '%':
			if i+2 >= len(path) {
				return faultHTTPEscape
			}
			hi, lo := unhex(path[i+1]), unhex(path[i+2])
			if hi > 15 || lo > 15 {
				return faultHTTPEscape
			}
			switch c := hi<<4 | lo; c {
			case '/', '\\', '.', '%', ';', '?':
				return faultHTTPEscape
			default:
				if c < 0x20 || c == 0x7f {
					return faultHTTPEscape
				}
			}
		}
	}
	return faultNone
}

// unhex is the value of a hex digit, or 255.
func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// ValidateAction checks an action: 1 to 64 bytes of ASCII letters, digits, '-',
// '_', '.' and ':', a letter first. Case counts.
func ValidateAction(action string) error {
	if !isName(action, MaxAction) {
		return fmt.Errorf("%.80q; want 1 to %d letters, digits, '-', '_', '.' or ':', a letter first", action, MaxAction)
	}
	return nil
}

// isName tells whether s is 1 to limit ASCII letters, digits, '-', '_', '.' and
// ':' with a letter first: the syntax of actions and attributes.
func isName(s string, limit int) bool {
	if len(s) == 0 || len(s) > limit || nameClass[s[0]] != nameLetter {
		return false
	}
	seen := uint8(0)
	for i := 1; i < len(s); i++ {
		seen |= nameClass[s[i]]
	}
	return seen&nameOther == 0
}

const (
	nameLetter = 1 << iota
	nameMark   // digits and marks
	nameOther
)

var nameClass = func() (t [256]uint8) {
	for c := range t {
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z' && c < 0x80:
			t[c] = nameLetter
		case '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == ':':
			t[c] = nameMark
		default:
			t[c] = nameOther
		}
	}
	return t
}()
