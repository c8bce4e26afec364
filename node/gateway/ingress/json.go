package ingress

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Bounds of a JSON body.
const (
	maxDepth   = 16
	maxMembers = 256 // of one object
)

// malformed is what is wrong with a request, and where.
type malformed struct {
	field   string // "subject.id"; empty for the whole body
	message string
}

func (m *malformed) Error() string {
	if m.field == "" {
		return m.message
	}
	return m.field + ": " + m.message
}

// reader reads JSON (RFC 8259) strictly: valid UTF-8, no name twice in an
// object, no lone surrogates, nothing after the value. Whoever reads the same
// bytes with another parser must see the same request, so whatever parsers
// disagree on is refused.
//
// encoding/json is not used: it takes the last of two equal names, matches
// names in any case, replaces broken UTF-8 and does not bound depth by choice.
type reader struct {
	data  []byte
	pos   int
	depth int
	path  []string
	names [][]byte // of the objects that are open, innermost last
}

func (r *reader) fail(format string, args ...any) error {
	return &malformed{field: r.field(), message: fmt.Sprintf(format, args...)}
}

// field is where the reader stands, "evaluations[2].subject.id".
func (r *reader) field() string {
	var b strings.Builder
	for _, p := range r.path {
		if b.Len() > 0 && p[0] != '[' {
			b.WriteByte('.')
		}
		b.WriteString(p)
	}
	return b.String()
}

// next skips white space and returns the byte that begins a value or token; 0
// at the end.
func (r *reader) next() byte {
	for r.pos < len(r.data) {
		switch c := r.data[r.pos]; c {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return c
		}
	}
	return 0
}

// end checks that nothing follows.
func (r *reader) end() error {
	if r.next() != 0 || r.pos < len(r.data) {
		return r.fail("something follows the JSON value at byte %d", r.pos)
	}
	return nil
}

func (r *reader) open(bracket byte, what string) error {
	if r.next() != bracket {
		return r.fail("want %s, not %s", what, r.kind())
	}
	if r.depth++; r.depth > maxDepth {
		return r.fail("nested deeper than %d", maxDepth)
	}
	r.pos++
	return nil
}

// kind says what stands here, for people.
func (r *reader) kind() string {
	switch c := r.next(); {
	case c == '{':
		return "an object"
	case c == '[':
		return "an array"
	case c == '"':
		return "a string"
	case c == 't', c == 'f':
		return "a truth value"
	case c == 'n':
		return "null"
	case c == '-', '0' <= c && c <= '9':
		return "a number"
	case r.pos >= len(r.data):
		return "the end of the body"
	default:
		return "what is no JSON"
	}
}

// object reads an object; each reads the value of one member.
func (r *reader) object(each func(name string) error) error {
	if err := r.open('{', "an object"); err != nil {
		return err
	}
	first := len(r.names)
	for n := 0; ; n++ {
		if r.next() == '}' && n == 0 {
			break
		}
		if n == maxMembers {
			return r.fail("more than %d members", maxMembers)
		}
		if r.next() != '"' {
			return r.fail("want a member's name at byte %d, not %s", r.pos, r.kind())
		}
		name, err := r.text()
		if err != nil {
			return err
		}
		for _, before := range r.names[first:] {
			if bytes.Equal(before, name) {
				return r.fail("%.80q stands twice", name)
			}
		}
		r.names = append(r.names, name)
		if r.next() != ':' {
			return r.fail("want ':' after %.80q", name)
		}
		r.pos++
		r.path = append(r.path, shorten(name))
		if err := each(string(name)); err != nil {
			return err
		}
		r.path = r.path[:len(r.path)-1]
		c := r.next()
		if c != ',' && c != '}' {
			return r.fail("want ',' or '}' at byte %d", r.pos)
		}
		if c == '}' {
			break
		}
		r.pos++
	}
	r.pos++
	r.depth--
	r.names = r.names[:first]
	return nil
}

// shorten makes a name fit for an error message.
func shorten(name []byte) string {
	if len(name) == 0 || len(name) > 40 {
		return strconv.Quote(string(name[:min(40, len(name))]))
	}
	return string(name)
}

// array reads an array; each reads one element.
func (r *reader) array(each func(i int) error) error {
	if err := r.open('[', "an array"); err != nil {
		return err
	}
	for i := 0; ; i++ {
		if r.next() == ']' && i == 0 {
			break
		}
		r.path = append(r.path, "["+strconv.Itoa(i)+"]")
		if err := each(i); err != nil {
			return err
		}
		r.path = r.path[:len(r.path)-1]
		c := r.next()
		if c != ',' && c != ']' {
			return r.fail("want ',' or ']' at byte %d", r.pos)
		}
		if c == ']' {
			break
		}
		r.pos++
	}
	r.pos++
	r.depth--
	return nil
}

// text reads a string. The result may share the body's memory.
func (r *reader) text() ([]byte, error) {
	if r.next() != '"' {
		return nil, r.fail("want a string, not %s", r.kind())
	}
	r.pos++
	begin := r.pos
	for r.pos < len(r.data) {
		switch c := r.data[r.pos]; {
		case c == '"':
			s := r.data[begin:r.pos:r.pos]
			if !utf8.Valid(s) {
				return nil, r.fail("a string is not valid UTF-8")
			}
			r.pos++
			return s, nil
		case c == '\\':
			return r.escaped(begin)
		case c < ' ':
			return nil, r.fail("a control character at byte %d is not escaped", r.pos)
		default:
			r.pos++
		}
	}
	return nil, r.fail("a string does not end")
}

// escaped reads on from the first escape.
func (r *reader) escaped(begin int) ([]byte, error) {
	s := bytes.Clone(r.data[begin:r.pos])
	for r.pos < len(r.data) {
		c := r.data[r.pos]
		r.pos++
		switch {
		case c == '"':
			if !utf8.Valid(s) {
				return nil, r.fail("a string is not valid UTF-8")
			}
			return s, nil
		case c < ' ':
			return nil, r.fail("a control character at byte %d is not escaped", r.pos-1)
		case c != '\\':
			s = append(s, c)
		default:
			char, ok := r.escape()
			if !ok {
				return nil, r.fail("a broken escape before byte %d", r.pos)
			}
			s = utf8.AppendRune(s, char)
		}
	}
	return nil, r.fail("a string does not end")
}

// escape reads what follows a backslash.
func (r *reader) escape() (rune, bool) {
	if r.pos >= len(r.data) {
		return 0, false
	}
	c := r.data[r.pos]
	r.pos++
	switch c {
	case '"', '\\', '/':
		return rune(c), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'u':
		char, ok := r.hex4()
		if !ok || !utf16.IsSurrogate(char) {
			return char, ok
		}
		if !bytes.HasPrefix(r.data[r.pos:], []byte(`\u`)) {
			return 0, false
		}
		r.pos += 2
		low, ok := r.hex4()
		if !ok {
			return 0, false
		}
		char = utf16.DecodeRune(char, low)
		return char, char != utf8.RuneError
	}
	return 0, false
}

func (r *reader) hex4() (rune, bool) {
	if len(r.data)-r.pos < 4 {
		return 0, false
	}
	var char rune
	for _, c := range r.data[r.pos : r.pos+4] {
		switch {
		case '0' <= c && c <= '9':
			char = char<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			char = char<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			char = char<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	r.pos += 4
	return char, true
}

// number reads a number and returns its text.
func (r *reader) number() ([]byte, error) {
	begin := r.pos
	digits := func() bool {
		n := r.pos
		for r.pos < len(r.data) && '0' <= r.data[r.pos] && r.data[r.pos] <= '9' {
			r.pos++
		}
		return r.pos > n
	}
	at := func(set string) bool {
		if r.pos < len(r.data) && strings.IndexByte(set, r.data[r.pos]) >= 0 {
			r.pos++
			return true
		}
		return false
	}
	at("-")
	zero := at("0")
	ok := zero || digits()
	if ok && at(".") {
		ok = digits()
	}
	if ok && at("eE") {
		at("+-")
		ok = digits()
	}
	if !ok {
		return nil, r.fail("a broken number at byte %d", begin)
	}
	return r.data[begin:r.pos], nil
}

// literal reads true, false or null.
func (r *reader) literal(word string) error {
	if !bytes.HasPrefix(r.data[r.pos:], []byte(word)) {
		return r.fail("what is no JSON at byte %d", r.pos)
	}
	r.pos += len(word)
	return nil
}

// skip reads any value and checks it as strictly as the rest.
func (r *reader) skip() error {
	switch c := r.next(); {
	case c == '{':
		return r.object(func(string) error { return r.skip() })
	case c == '[':
		return r.array(func(int) error { return r.skip() })
	case c == '"':
		_, err := r.text()
		return err
	case c == 't':
		return r.literal("true")
	case c == 'f':
		return r.literal("false")
	case c == 'n':
		return r.literal("null")
	case c == '-', '0' <= c && c <= '9':
		_, err := r.number()
		return err
	default:
		return r.fail("want a value at byte %d, not %s", r.pos, r.kind())
	}
}
