package follow

import (
	"fmt"
	"time"

	"github.com/hallmark-ledger/hallmark/node/gateway/header"
	"github.com/hallmark-ledger/hallmark/node/gateway/source"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// Defaults of a [Config].
const (
	DefaultTrustingPeriod = 14 * 24 * time.Hour
	DefaultHeartbeat      = 10 * time.Second
	DefaultAgree          = 2
)

// Config says what is followed and whom it is asked of.
type Config struct {
	ChainID string
	// TrustHeight and TrustHash are the header that is trusted by hand, from
	// which all others are verified.
	TrustHeight int64
	TrustHash   []byte
	// Primary and Witnesses are CometBFT RPC URLs of different nodes, best of
	// different members. Any of them takes the primary's part when it fails.
	Primary   string
	Witnesses []string
	// Segments followed, <member>/<slug>, in the operator's order.
	Segments []string
	// TrustingPeriod is at most two thirds of the time that an ex-validator
	// stays accountable; zero: two weeks.
	TrustingPeriod time.Duration
	// Heartbeat is the longest wait between two steps; zero: ten seconds.
	Heartbeat time.Duration
	// Agree is how many witnesses must have the primary's header; zero: two.
	Agree int
	// Adopted, if not nil, is told of each adopted View. It must not block.
	Adopted func(Adoption)
}

// Adoption is a View that was adopted.
type Adoption struct {
	Height int64
	// Changed tells how long after the block that changed a feed its View was
	// adopted, by the wall clock, for each feed that changed since the View
	// before; empty on a heartbeat, and on the first View of a process.
	Changed []time.Duration
}

// validate checks a configuration and fills in defaults. An error names the
// field.
func (c Config) validate() (Config, error) {
	if c.TrustingPeriod == 0 {
		c.TrustingPeriod = DefaultTrustingPeriod
	}
	if c.Heartbeat == 0 {
		c.Heartbeat = DefaultHeartbeat
	}
	if c.Agree == 0 {
		c.Agree = DefaultAgree
	}
	switch {
	case c.ChainID == "" || len(c.ChainID) > 50:
		return c, fmt.Errorf("chain_id: %d bytes; want 1 to 50", len(c.ChainID))
	case c.TrustHeight < 1:
		return c, fmt.Errorf("trust_height: %d; want at least 1", c.TrustHeight)
	case len(c.TrustHash) != 32:
		return c, fmt.Errorf("trust_hash: %d bytes; want 32", len(c.TrustHash))
	case c.TrustingPeriod < time.Minute:
		return c, fmt.Errorf("trusting_period: %v; want at least a minute", c.TrustingPeriod)
	case c.Heartbeat < 100*time.Millisecond || c.Heartbeat > time.Hour:
		return c, fmt.Errorf("heartbeat: %v; want 100ms to an hour", c.Heartbeat)
	case c.Agree < 1:
		return c, fmt.Errorf("agree: %d; want at least 1", c.Agree)
	case len(c.Witnesses) < c.Agree:
		return c, fmt.Errorf("witnesses: %d; want at least %d, of other members than the primary", len(c.Witnesses), c.Agree)
	case len(c.Witnesses) > 16:
		return c, fmt.Errorf("witnesses: %d; want at most 16", len(c.Witnesses))
	case len(c.Segments) == 0 || len(c.Segments) > 64:
		return c, fmt.Errorf("segments: %d; want 1 to 64", len(c.Segments))
	}
	seen := map[string]string{}
	for i, raw := range append([]string{c.Primary}, c.Witnesses...) {
		field := "primary"
		if i > 0 {
			field = fmt.Sprintf("witnesses[%d]", i-1)
		}
		u, err := source.ParseURL(raw)
		if err != nil {
			return c, fmt.Errorf("%s: %w", field, err)
		}
		if other := seen[u.Host]; other != "" {
			return c, fmt.Errorf("%s: %q is the address of %s too; a node cannot witness for itself", field, raw, other)
		}
		seen[u.Host] = field
	}
	for i, id := range c.Segments {
		if err := feed.ValidateName(feed.Segment(id)); err != nil || id == "" {
			return c, fmt.Errorf("segments[%d]: %q; want <member>/<slug>", i, id)
		}
		for _, before := range c.Segments[:i] {
			if before == id {
				return c, fmt.Errorf("segments[%d]: %q stands twice", i, id)
			}
		}
	}
	return c, nil
}

func (c Config) rules() header.Rules {
	return header.Rules{ChainID: c.ChainID, TrustingPeriod: c.TrustingPeriod, Agree: c.Agree}
}

// nodes makes the nodes: the primary first.
func (c Config) nodes() ([]*source.Node, error) {
	var all []*source.Node
	for _, url := range append([]string{c.Primary}, c.Witnesses...) {
		n, err := source.New(url, c.ChainID)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}
