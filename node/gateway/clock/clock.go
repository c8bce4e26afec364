package clock

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/hallmark-ledger/hallmark/node/gateway/header"
	"github.com/hallmark-ledger/hallmark/x/access"
)

const (
	// MaxAhead is how far the wall clock may run ahead of verified time.
	MaxAhead = 5 * time.Second
	// MaxApart is how far the wall clock may be from an agreed header at boot
	// to be used to verify it.
	MaxApart = 10 * time.Second
	// slow is how much slower than the boot clock verified time runs, in parts
	// per million: an oscillator is off by less.
	slow = 200
)

// Boot is the clock of the running boot.
type Boot interface {
	// ID differs from one boot to the next.
	ID() string
	// Reading is the time since boot, suspend included.
	Reading() (time.Duration, error)
}

// Options of a clock.
type Options struct {
	Boot Boot             // nil: the system's
	Wall func() time.Time // nil: time.Now
	// Floor is the greatest time that was ever verified, from the vault.
	Floor time.Time
	// Anchor is the file in a directory that does not outlive the boot, from
	// which a restarted process goes on; empty: none.
	Anchor string
}

// Clock is safe for concurrent use.
type Clock struct {
	boot   Boot
	wall   func() time.Time
	anchor string
	was    Anchor // as it was found

	mu    sync.Mutex // held to write
	state atomic.Pointer[state]
}

// state is the line that is greatest, and the floor.
type state struct {
	known bool
	time  time.Time
	at    time.Duration
	floor time.Time
}

// New returns a clock. An anchor of the same boot is resumed.
func New(o Options) *Clock {
	c := &Clock{boot: o.Boot, wall: o.Wall, anchor: o.Anchor}
	if c.boot == nil {
		c.boot = System()
	}
	if c.wall == nil {
		c.wall = time.Now
	}
	s := &state{floor: o.Floor}
	if a, ok := readAnchor(o.Anchor); ok && a.BootID != "" && a.BootID == c.boot.ID() {
		if b, err := c.boot.Reading(); err == nil && b >= a.At && a.At >= 0 {
			c.was = a
			s.known, s.time, s.at = true, a.Time, a.At
		}
	}
	c.state.Store(s)
	return c
}

// verified time at a reading.
func (s *state) verified(b time.Duration) time.Time {
	elapsed := b - s.at
	return s.time.Add(elapsed - elapsed/1_000_000*slow - elapsed%1_000_000*slow/1_000_000)
}

// slack is how far an honest clock may be ahead of the verified time: that runs
// slow by design, and the boot clock may be as slow again.
func (s *state) slack(b time.Duration) time.Duration {
	return (b - s.at) / 1_000_000 * 2 * slow
}

// Now is the time and what it rests on. It does not allocate.
func (c *Clock) Now() access.Now {
	s := c.state.Load()
	wall := c.wall()
	if !s.known {
		// After a reboot, until a header comes.
		if s.floor.IsZero() || wall.Before(s.floor) {
			return access.Now{Time: s.floor}
		}
		return access.Now{Time: wall, Basis: access.ClockRestarted}
	}
	b, err := c.boot.Reading()
	if err != nil || b < s.at {
		return access.Now{Time: s.time}
	}
	v := s.verified(b)
	if v.Before(s.floor) || wall.After(v.Add(MaxAhead+s.slack(b))) {
		return access.Now{Time: v}
	}
	return access.Now{Time: v, Basis: access.ClockVerified}
}

// Why says in words why [Clock.Now] is not trusted; empty when it is.
func (c *Clock) Why() string {
	now, s := c.Now(), c.state.Load()
	switch {
	case now.Basis == access.ClockVerified:
		return ""
	case !s.known:
		return "no header was believed since the machine booted"
	case now.Time.Before(s.floor):
		return "believed headers lie before what was verified earlier (" + s.floor.UTC().Format(time.RFC3339) + ")"
	}
	return "the wall clock runs " + c.wall().Sub(now.Time).Round(time.Second).String() +
		" ahead of the newest believed header: wait for a fresh one, or set the clock"
}

// Reading of the boot clock, to be taken when a header comes and handed to
// [Clock.Believe]. Negative when it cannot be read.
func (c *Clock) Reading() time.Duration {
	b, err := c.boot.Reading()
	if err != nil {
		return -1
	}
	return b
}

// Believe takes the time of a header that was believed, and the reading when
// it came. Only a header that is ahead of verified time moves it.
func (c *Clock) Believe(headerTime time.Time, at time.Duration) {
	if at < 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := *c.state.Load()
	if s.known && (at < s.at || !headerTime.After(s.verified(at))) {
		return
	}
	s.known, s.time, s.at = true, headerTime.Round(0), at
	c.state.Store(&s)
}

// Floor is the greatest time that was ever verified, to be kept on disk.
func (c *Clock) Floor() time.Time {
	s := c.state.Load()
	b, err := c.boot.Reading()
	if !s.known || err != nil || b < s.at {
		return s.floor
	}
	if v := s.verified(b); v.After(s.floor) {
		return v
	}
	return s.floor
}

// ForHeader returns the time at which a header is verified. agreed is the time
// of a header that enough nodes have, or zero when they do not agree. False
// means that nothing is known.
//
// Verified time comes first. Without it, after a reboot, the wall clock is used
// if it is not below the floor and close to the agreed header, else the agreed
// header's own time. A header ahead of verified time is accepted as far as
// drift explains it, or the wall clock agrees that so much time has passed.
func (c *Clock) ForHeader(agreed time.Time) (time.Time, bool) {
	s := c.state.Load()
	wall := c.wall()
	b, err := c.boot.Reading()
	if s.known && err == nil && b >= s.at {
		v := s.verified(b)
		limit := v.Add(s.slack(b))
		if wall.After(limit) {
			limit = wall
		}
		if agreed.After(v) && !agreed.After(limit.Add(header.MaxDrift)) {
			v = agreed
		}
		return v, true
	}
	usable := !wall.Before(s.floor)
	if agreed.IsZero() {
		return wall, usable
	}
	if usable && wall.Sub(agreed).Abs() <= MaxApart {
		return wall, true
	}
	if agreed.Before(s.floor) {
		return s.floor, true
	}
	return agreed, true
}
