package access

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseDuration is time.ParseDuration with days: "30d", "1d12h", "90m".
func ParseDuration(s string) (time.Duration, error) {
	number, rest, days := strings.Cut(s, "d")
	if !days {
		rest = s
	}
	var total time.Duration
	if days {
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil {
			return 0, fmt.Errorf("%.40q is no duration; want for example 90s, 12h or 30d", s)
		}
		total = time.Duration(n) * 24 * time.Hour
		if rest == "" {
			return total, nil
		}
	}
	d, err := time.ParseDuration(rest)
	if err != nil || days && d < 0 {
		return 0, fmt.Errorf("%.40q is no duration; want for example 90s, 12h or 30d", s)
	}
	return total + d, nil
}

// ParseUntil reads the end of a validity: a time of RFC 3339, or a duration
// from now.
func ParseUntil(s string, now time.Time) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return at.UTC(), nil
	}
	d, err := ParseDuration(s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%.40q; want a time such as 2026-12-31T00:00:00Z or a duration such as 720h or 30d", s)
	}
	return now.Add(d).UTC().Truncate(time.Second), nil
}
