package clock_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/node/gateway/clock"
	"github.com/hallmark-ledger/hallmark/x/access"
)

// machine has a boot clock and a wall clock that tests move.
type machine struct {
	id   string
	boot time.Duration
	wall time.Time
	err  error
}

func (m *machine) ID() string                      { return m.id }
func (m *machine) Reading() (time.Duration, error) { return m.boot, m.err }

// pass lets both clocks go on.
func (m *machine) pass(d time.Duration) {
	m.boot += d
	m.wall = m.wall.Add(d)
}

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func start(t *testing.T, floor time.Time) (*machine, *clock.Clock) {
	t.Helper()
	m := &machine{id: "boot-1", boot: time.Hour, wall: noon}
	return m, m.clock(floor, "")
}

func (m *machine) clock(floor time.Time, anchor string) *clock.Clock {
	return clock.New(clock.Options{Boot: m, Wall: func() time.Time { return m.wall }, Floor: floor, Anchor: anchor})
}

func want(t *testing.T, c *clock.Clock, at time.Time, basis access.Basis) {
	t.Helper()
	now := c.Now()
	if !now.Time.Equal(at) || now.Basis != basis {
		t.Errorf("now is %v, basis %d; want %v, basis %d", now.Time, now.Basis, at, basis)
	}
	if (c.Why() == "") != (basis == access.ClockVerified) {
		t.Errorf("why: %q with basis %d", c.Why(), basis)
	}
}

func TestTimeIsTheGreatestOverHeaders(t *testing.T) {
	m, c := start(t, time.Time{})
	c.Believe(noon.Add(-time.Second), c.Reading())
	want(t, c, noon.Add(-time.Second), access.ClockVerified)

	m.pass(1000 * time.Second)
	slow := noon.Add(999*time.Second - 200*time.Millisecond) // 200 ppm of 1000 s
	want(t, c, slow, access.ClockVerified)

	// A header that came late does not set time back.
	c.Believe(noon.Add(500*time.Second), c.Reading())
	want(t, c, slow, access.ClockVerified)
	// One that is ahead moves it on.
	c.Believe(noon.Add(999*time.Second), c.Reading())
	want(t, c, noon.Add(999*time.Second), access.ClockVerified)
}

func TestARelayAnHourLateLooksAnHourOld(t *testing.T) {
	m, c := start(t, time.Time{})
	c.Believe(noon, c.Reading())
	for range 60 {
		m.pass(time.Minute)
		// Each minute brings the header of an hour before.
		c.Believe(m.wall.Add(-time.Hour), c.Reading())
	}
	late := m.wall.Add(-time.Hour)
	if age := c.Now().Time.Sub(late); age < 59*time.Minute {
		t.Errorf("looks %v old", age)
	}
}

func TestSuspendCounts(t *testing.T) {
	m, c := start(t, time.Time{})
	c.Believe(noon, c.Reading())
	m.pass(8 * time.Hour) // the boot clock counts through it
	if now := c.Now(); now.Basis != access.ClockVerified || now.Time.Before(noon.Add(8*time.Hour-10*time.Second)) {
		t.Errorf("%+v", now)
	}
}

func TestAMachineThatStoodStillIsNoticedByItsWallClock(t *testing.T) {
	m, c := start(t, time.Time{})
	c.Believe(noon, c.Reading())
	m.wall = noon.Add(5 * time.Second)
	want(t, c, noon, access.ClockVerified)
	m.wall = noon.Add(5*time.Second + 1)
	want(t, c, noon, access.ClockUntrusted)
	// A header from before does not help; a fresh one does.
	m.wall = noon.Add(time.Hour)
	c.Believe(noon.Add(30*time.Minute), c.Reading())
	want(t, c, noon.Add(30*time.Minute), access.ClockUntrusted)
	c.Believe(noon.Add(time.Hour-time.Second), c.Reading())
	want(t, c, noon.Add(time.Hour-time.Second), access.ClockVerified)
}

func TestTheWallClockNeverSetsTime(t *testing.T) {
	for _, wall := range []time.Time{time.Unix(0, 0), noon.Add(-10 * time.Hour), noon.Add(-time.Second)} {
		m, c := start(t, time.Time{})
		m.wall = wall
		c.Believe(noon, c.Reading())
		want(t, c, noon, access.ClockVerified)
	}
	m, c := start(t, time.Time{})
	c.Believe(noon, c.Reading())
	m.wall = noon.AddDate(10, 0, 0)
	want(t, c, noon, access.ClockUntrusted)
}

func TestBeingCutOffForDaysDoesNotLookLikeStandingStill(t *testing.T) {
	m, c := start(t, time.Time{})
	c.Believe(noon, c.Reading())
	for range 30 {
		m.pass(24 * time.Hour)
		if now := c.Now(); now.Basis != access.ClockVerified {
			t.Fatalf("untrusted after %v", m.boot)
		}
	}
	if behind := m.wall.Sub(c.Now().Time); behind > 30*18*time.Second {
		t.Errorf("%v behind after 30 days; want at most 18 s a day", behind)
	}
	// Then headers come back, ahead of slow time, and are no headers of the future.
	at, known := c.ForHeader(m.wall.Add(-time.Second))
	if !known || at.Before(m.wall.Add(-11*time.Second)) {
		t.Errorf("headers are verified at %v; the wall clock says %v", at, m.wall)
	}
	m.wall = time.Unix(0, 0) // nor without a wall clock
	if at, _ := c.ForHeader(noon.AddDate(0, 0, 30)); at.Before(noon.AddDate(0, 0, 30).Add(-11 * time.Second)) {
		t.Errorf("headers are verified at %v", at)
	}
}

func TestAtBoot(t *testing.T) {
	floor := noon.Add(-time.Minute)
	for name, x := range map[string]struct {
		wall, agreed time.Time
		now          time.Time // in which a header is verified
		known        bool
		before       access.Basis
		after        access.Basis // once the agreed header is believed
	}{
		"wall and headers agree":     {noon, noon.Add(-2 * time.Second), noon, true, access.ClockRestarted, access.ClockVerified},
		"wall is ten seconds ahead":  {noon, noon.Add(-10 * time.Second), noon, true, access.ClockRestarted, access.ClockUntrusted},
		"wall is 1970":               {time.Unix(0, 0), noon, noon, true, access.ClockUntrusted, access.ClockVerified},
		"wall is years ahead":        {noon.AddDate(5, 0, 0), noon, noon, true, access.ClockRestarted, access.ClockUntrusted},
		"headers before the floor":   {noon, noon.Add(-time.Hour), floor, true, access.ClockRestarted, access.ClockUntrusted},
		"no agreement, wall usable":  {noon, time.Time{}, noon, true, access.ClockRestarted, 0},
		"no agreement, wall is 1970": {time.Unix(0, 0), time.Time{}, time.Time{}, false, access.ClockUntrusted, 0},
	} {
		t.Run(name, func(t *testing.T) {
			m, c := start(t, floor)
			m.wall = x.wall
			if got := c.Now().Basis; got != x.before {
				t.Errorf("basis %d before any header; want %d", got, x.before)
			}
			now, known := c.ForHeader(x.agreed)
			if known != x.known || known && !now.Equal(x.now) {
				t.Errorf("verified at %v, %v; want %v", now, known, x.now)
			}
			if x.agreed.IsZero() {
				return
			}
			c.Believe(x.agreed, c.Reading())
			if got := c.Now(); got.Basis != x.after || !got.Time.Equal(x.agreed) {
				t.Errorf("%+v; want basis %d", got, x.after)
			}
		})
	}
}

func TestTimeBelowTheFloorIsNotTrustedUntilItIsReached(t *testing.T) {
	m, c := start(t, noon)
	m.wall = time.Unix(0, 0)
	c.Believe(noon.Add(-time.Minute), c.Reading())
	want(t, c, noon.Add(-time.Minute), access.ClockUntrusted)
	m.boot += 2 * time.Minute
	if now := c.Now(); now.Basis != access.ClockVerified || now.Time.Before(noon) {
		t.Errorf("%+v", now)
	}
	if !c.Floor().Equal(c.Now().Time) {
		t.Errorf("floor is %v", c.Floor())
	}
}

func TestWithoutAFloorNothingIsResumed(t *testing.T) {
	_, c := start(t, time.Time{})
	if c.Now().Basis != access.ClockUntrusted {
		t.Error("a gateway that never verified anything trusts its wall clock")
	}
}

func TestAnAnchorCarriesTimeThroughARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run", "anchor")
	m := &machine{id: "boot-1", boot: time.Hour, wall: noon}
	c := m.clock(time.Time{}, path)
	if err := c.Anchor(1, []byte("h")); err != nil { // knows nothing yet
		t.Fatal(err)
	}
	c.Believe(noon, c.Reading())
	if err := c.Anchor(7, []byte("hash")); err != nil {
		t.Fatal(err)
	}
	m.pass(100 * time.Second)
	again := m.clock(noon, path)
	want(t, again, noon.Add(100*time.Second-20*time.Millisecond), access.ClockVerified)
	if a, ok := again.Anchored(); !ok || a.Height != 7 || string(a.Hash) != "hash" {
		t.Errorf("%+v", a)
	}
	for name, spoil := range map[string]func(){
		"another boot":         func() { m.id = "boot-2" },
		"no boot id":           func() { m.id = "" },
		"a boot clock before":  func() { m.boot = time.Minute },
		"no boot clock":        func() { m.err = errors.New("none") },
		"a file others write":  func() { _ = os.Chmod(path, 0o666) },
		"a file cut short":     func() { _ = os.Truncate(path, 20) },
		"a link to it":         func() { _ = os.Rename(path, path+"2"); _ = os.Symlink(path+"2", path) },
		"none":                 func() { _ = os.Remove(path) },
		"a reading below zero": func() { _ = os.WriteFile(path, []byte(`{"boot_id":"boot-1","boot_reading":-5}`), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			was := *m
			body, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			spoil()
			if _, ok := m.clock(noon, path).Anchored(); ok {
				t.Error("resumed")
			}
			*m = was
			_ = os.Remove(path)
			_ = os.Remove(path + "2")
			if err := os.WriteFile(path, body, 0o600); err != nil {
				t.Fatal(err)
			}
		})
	}
	if err := again.DropAnchor(); err != nil {
		t.Fatal(err)
	}
	if _, ok := m.clock(noon, path).Anchored(); ok {
		t.Error("resumed from a dropped anchor")
	}
}

func TestNowDoesNotAllocate(t *testing.T) {
	c := clock.New(clock.Options{})
	c.Believe(time.Now(), c.Reading())
	if n := testing.AllocsPerRun(100, func() { c.Now() }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestTheSystemHasABootClock(t *testing.T) {
	b := clock.System()
	first, err := b.Reading()
	if err != nil {
		t.Fatal(err)
	}
	second, _ := b.Reading()
	if b.ID() == "" || second < first || first == 0 {
		t.Errorf("%q %v %v", b.ID(), first, second)
	}
}

func TestABootClockThatFailsIsNotTrusted(t *testing.T) {
	m, c := start(t, time.Time{})
	c.Believe(noon, c.Reading())
	m.err = errors.New("broken")
	if c.Now().Basis != access.ClockUntrusted {
		t.Error("trusted")
	}
	c.Believe(noon.Add(time.Hour), c.Reading()) // a reading that failed
	m.err = nil
	want(t, c, noon, access.ClockVerified)
}
