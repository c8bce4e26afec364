package follow

import (
	"time"

	"github.com/hallmark-ledger/hallmark/node/gateway/clock"
	"github.com/hallmark-ledger/hallmark/node/gateway/vault"
	"github.com/hallmark-ledger/hallmark/x/access"
)

// States of a gateway.
const (
	Fresh      = "fresh"      // every class may allow
	Stale      = "stale"      // the View is too old for some class, or the clock is not trusted
	Unverified = "unverified" // no View was proven since the machine booted
	Attacked   = "attack"     // two chains were shown; everything is denied
)

// Status is the answer of /v1/status. It follows the SDK's JSON: 64-bit
// integers of the chain are strings, times RFC 3339 in UTC, bytes base64.
type Status struct {
	ChainID      string     `json:"chain_id"`
	State        string     `json:"state"`
	Height       int64      `json:"height,string"`
	HeadTime     *time.Time `json:"head_time"`
	AgeSeconds   int64      `json:"age_seconds"`
	TrustExpires *time.Time `json:"trust_expires"`
	Primary      string     `json:"primary"`
	Witnesses    []Witness  `json:"witnesses"`
	Feeds        []Feed     `json:"feeds"`
	LastError    string     `json:"last_error"`
}

// Witness is a node other than the one that serves as primary.
type Witness struct {
	URL   string `json:"url"`
	State string `json:"state"` // unknown, agrees, behind, unavailable, wrong
}

// Feed is a feed in the View.
type Feed struct {
	Name     string `json:"name"`
	Sequence uint64 `json:"sequence,string"`
	Records  uint64 `json:"records,string"`
	Digest   []byte `json:"digest"`
	Height   int64  `json:"height,string"`
}

// Status tells how things stand.
func (f *Follower) Status() Status {
	f.mu.Lock()
	primary, lastErr := f.primary, f.lastErr
	f.mu.Unlock()
	s := Describe(f.cfg, f.vault, f.clock)
	s.Primary, s.Witnesses = primary, []Witness{}
	for _, p := range f.peers {
		if p.URL() != primary {
			s.Witnesses = append(s.Witnesses, Witness{p.URL(), p.describe()})
		}
	}
	switch {
	case lastErr != "":
		s.LastError = lastErr
	case s.LastError == "" && s.State != Fresh:
		s.LastError = f.clock.Why()
	}
	return s
}

// Describe is the status of a vault that nobody follows: of a gateway that does
// not run.
func Describe(cfg Config, v *vault.Vault, c *clock.Clock) Status {
	if cfg.TrustingPeriod == 0 {
		cfg.TrustingPeriod = DefaultTrustingPeriod
	}
	view, now := v.View(), c.Now()
	s := Status{
		ChainID: cfg.ChainID, State: stateOf(view, now), Height: view.Height,
		Primary: cfg.Primary, Witnesses: []Witness{}, Feeds: []Feed{}, LastError: view.Attack,
	}
	for _, url := range cfg.Witnesses {
		s.Witnesses = append(s.Witnesses, Witness{url, peerUnknown})
	}
	if view.Height > 0 {
		at := view.Time.UTC()
		s.HeadTime = &at
		if !now.Time.IsZero() {
			s.AgeSeconds = int64(max(0, now.Time.Sub(view.Time)) / time.Second)
		}
	}
	if trail := v.Trail(); len(trail) > 0 {
		expires := trail[len(trail)-1].Time.Add(cfg.TrustingPeriod).UTC()
		s.TrustExpires = &expires
	}
	for i := range view.Heads {
		h := &view.Heads[i]
		s.Feeds = append(s.Feeds, Feed{h.Name, h.Sequence, h.Records, h.Digest, h.Height})
	}
	return s
}

func stateOf(view *vault.View, now access.Now) string {
	switch {
	case view.State == access.StateAttack:
		return Attacked
	case view.State != access.StateVerified, now.Basis == access.ClockRestarted:
		return Unverified
	case now.Basis != access.ClockVerified, now.Time.Sub(view.Time) > view.Strictest():
		return Stale
	}
	return Fresh
}

// Gauges are the numbers of the follower for metrics.
type Gauges struct {
	HeadHeight     int64
	HeadAge        time.Duration // by verified time; negative when there is no View
	TrustRemaining time.Duration // negative when trust has expired or never began
	Witnesses      int           // that agreed when last asked
}

// Gauges tells them as of now.
func (f *Follower) Gauges() Gauges {
	view, now := f.vault.View(), f.clock.Now()
	g := Gauges{HeadHeight: view.Height, HeadAge: -time.Second, TrustRemaining: -time.Second}
	if view.Height > 0 && !now.Time.IsZero() {
		g.HeadAge = max(0, now.Time.Sub(view.Time))
	}
	if trail := f.vault.Trail(); len(trail) > 0 && !now.Time.IsZero() {
		g.TrustRemaining = trail[len(trail)-1].Time.Add(f.cfg.TrustingPeriod).Sub(now.Time)
	}
	f.mu.Lock()
	primary := f.primary
	f.mu.Unlock()
	for _, p := range f.peers {
		if p.URL() != primary && p.describe() == peerAgrees {
			g.Witnesses++
		}
	}
	return g
}
