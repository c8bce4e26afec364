package access

// Match tells whether a pattern covers a resource, both valid. The type and all
// literal levels are equal byte by byte; '+' is exactly one level, also an
// empty one; a final '#' is any number of levels, also none. A level that
// begins with '$' is matched by no wildcard, wherever it stands: MQTT 4.7.2
// says so of the first level, and we are stricter.
func Match(pattern, resource string) bool {
	p, r, ok := paths(pattern, resource)
	if !ok {
		return false
	}
	i, j := 0, 0
	for {
		// Both stand at the beginning of a level.
		if i < len(p) {
			switch p[i] {
			case '#':
				return !hasDollar(r[j:])
			case '+':
				if j < len(r) && r[j] == '$' {
					return false
				}
				for i++; j < len(r) && r[j] != '/'; j++ {
				}
			}
		}
		for i < len(p) && j < len(r) && p[i] == r[j] && p[i] != '/' {
			i++
			j++
		}
		switch {
		case i == len(p) && j == len(r):
			return true
		case i == len(p):
			return false
		case j == len(r):
			return p[i:] == "/#"
		case p[i] != '/' || r[j] != '/':
			return false
		}
		i++
		j++
	}
}

// Contains tells whether a pattern covers every resource that a filter matches,
// both valid. It never says so wrongly; of a filter that a pattern covers only
// by both together ("a:#" under "a:+/#") it says no.
func Contains(pattern, filter string) bool {
	p, f, ok := paths(pattern, filter)
	if !ok {
		return false
	}
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
	for i := 0; i < len(a) && i < len(b) && a[i] == b[i]; i++ {
		if a[i] == ':' {
			return a[i+1:], b[i+1:], true
		}
	}
	return "", "", false
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
