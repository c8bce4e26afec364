package access

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// Match tells whether a pattern covers a resource, both valid. The type and all
// literal levels are equal byte by byte; '+' is exactly one level, also an
// empty one; a final '#' is any number of levels, also none. A level that
// begins with '$' is matched by no wildcard, wherever it stands: MQTT 4.7.2
// says so of the first level, and we are stricter.
func Match(pattern, resource string) bool {
	p, r, ok := paths(pattern, resource)
	return ok && matchPath(p, r)
}

// matchPath is Match behind the type. A resource holds neither '+' nor '#', so
// what is equal is literal, and the first difference tells what stands there.
func matchPath(p, r string) bool {
	for {
		n := common(p, r)
		p, r = p[n:], r[n:]
		switch {
		case p == "":
			return r == ""
		case p[0] == '#':
			return !hasDollar(r)
		case p[0] == '+':
			if r != "" && r[0] == '$' {
				return false
			}
			n := 0
			for n < len(r) && r[n] != '/' {
				n++
			}
			p, r = p[1:], r[n:]
		default:
			return r == "" && p == "/#"
		}
	}
}

// common is the number of bytes that two strings begin with alike.
func common(a, b string) int {
	n := min(len(a), len(b))
	x, y := unsafe.Slice(unsafe.StringData(a), n), unsafe.Slice(unsafe.StringData(b), n)
	i := 0
	for ; i+8 <= n; i += 8 {
		if d := binary.LittleEndian.Uint64(x[i:]) ^ binary.LittleEndian.Uint64(y[i:]); d != 0 {
			return i + bits.TrailingZeros64(d)>>3
		}
	}
	for i < n && x[i] == y[i] {
		i++
	}
	return i
}

// Contains tells whether a pattern covers every resource that a filter matches,
// both valid. It never says so wrongly; of a filter that a pattern covers only
// by both together ("a:#" under "a:+/#") it says no.
func Contains(pattern, filter string) bool {
	p, f, ok := paths(pattern, filter)
	return ok && containsPath(p, f)
}

// containsPath is Contains behind the type.
func containsPath(p, f string) bool {
	i, j := 0, 0
	for {
		if i < len(p) {
			switch p[i] {
			case '#':
				return !hasDollar(f[j:])
			case '+':
				// One level cannot hold any number of them.
				if j < len(f) && (f[j] == '$' || f[j] == '#') {
					return false
				}
				for i++; j < len(f) && f[j] != '/'; j++ {
				}
			default:
				if j < len(f) && (f[j] == '+' || f[j] == '#') {
					return false
				}
			}
		}
		for i < len(p) && j < len(f) && p[i] == f[j] && p[i] != '/' {
			i++
			j++
		}
		switch {
		case i == len(p) && j == len(f):
			return true
		case i == len(p):
			return false
		case j == len(f):
			return p[i:] == "/#"
		case p[i] != '/' || f[j] != '/':
			return false
		}
		i++
		j++
	}
}

// paths cuts the types off; ok is false unless they are equal.
func paths(a, b string) (pathA, pathB string, ok bool) {
	n := typeLen(b)
	if n > len(a) || a[:n] != b[:n] || n == 0 {
		return "", "", false
	}
	return a[n:], b[n:], true
}

// typeLen is the length of a resource's type with its colon; 0 without one.
func typeLen(resource string) int {
	for i := 0; i < len(resource) && i <= MaxType; i++ {
		if resource[i] == ':' {
			return i + 1
		}
	}
	return 0
}

// hasDollar tells whether a level of the rest of a path begins with '$'.
func hasDollar(rest string) bool {
	for i := 0; i < len(rest); i++ {
		if rest[i] == '$' && (i == 0 || rest[i-1] == '/') {
			return true
		}
	}
	return false
}

// Covers tells whether a prefix "<type>:<path>/" covers a resource, a filter or
// a pattern: what stands literally below it, and the prefix itself without its
// slash, since the pattern <prefix># matches that too.
func Covers(prefix, resource string) bool {
	n := len(prefix) - 1
	if n < 0 || len(resource) < n || resource[:n] != prefix[:n] {
		return false
	}
	return len(resource) == n || resource[n] == '/'
}

// Overlap tells whether two prefixes cover a common resource.
func Overlap(a, b string) bool { return Covers(a, b) || Covers(b, a) }
