package config

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/hallmark-ledger/hallmark/x/access"
)

// Names of the files in a gateway's home.
const (
	// FileName is the configuration.
	FileName = "gateway.toml"
	// VaultName is the file of what was verified.
	VaultName = "vault.db"
)

// Config is a gateway's configuration. Its keys are the file's, and in the
// environment HALLMARK_GATEWAY_<SECTION>_<KEY>.
type Config struct {
	Chain    Chain    `toml:"chain"`
	Nodes    Nodes    `toml:"nodes"`
	Follow   Follow   `toml:"follow"`
	Decision Decision `toml:"decision"`
	Memory   Memory   `toml:"memory"`
	Log      Log      `toml:"log"`
}

// Chain is what the gateway trusts before it has verified anything.
type Chain struct {
	ID             string   `toml:"id"`
	TrustHeight    int64    `toml:"trust_height"`
	TrustHash      string   `toml:"trust_hash"`
	TrustingPeriod Duration `toml:"trusting_period"`
}

// Nodes are the CometBFT RPC addresses that it asks and compares.
type Nodes struct {
	Primary   string   `toml:"primary"`
	Witnesses []string `toml:"witnesses"`
}

// Follow is what it follows, and how often at least.
type Follow struct {
	Segments  []string `toml:"segments"`
	Heartbeat Duration `toml:"heartbeat"`
}

// Decision is the point at which it answers.
type Decision struct {
	Address        string `toml:"address"`
	URL            string `toml:"url"`
	Certificate    string `toml:"certificate"`
	Key            string `toml:"key"`
	ClientCA       string `toml:"client_ca"`
	MaxConnections int64  `toml:"max_connections"`
}

// Memory is how the process keeps itself small.
type Memory struct {
	Collect int64 `toml:"collect"`
	Limit   Size  `toml:"limit"`
}

// Log is what it says of itself.
type Log struct {
	Format string `toml:"format"`
	Level  string `toml:"level"`
}

// Default is the configuration before anybody chose anything. It does not pass
// [Config.Validate]: whom to trust is never a default.
func Default() Config {
	return Config{
		Chain:    Chain{TrustingPeriod: Duration(32 * time.Hour)},
		Follow:   Follow{Heartbeat: Duration(5 * time.Second)},
		Decision: Decision{Address: "127.0.0.1:8181", MaxConnections: 512},
		Memory:   Memory{Collect: 40},
		Log:      Log{Format: "text", Level: "info"},
	}
}

// Bounds of the configuration.
const (
	maxWitnesses   = 16
	maxSegments    = 64
	minHeartbeat   = time.Second
	maxHeartbeat   = time.Hour
	minTrusting    = 10 * time.Minute
	maxTrusting    = 400 * 24 * time.Hour
	maxConnections = 65536
)

// Validate checks every field and returns all that is wrong, each with its
// name.
func (c *Config) Validate() error {
	return errors.Join(c.Chain.validate(), c.Nodes.validate(), c.Follow.validate(),
		c.Decision.validate(), c.Memory.validate(), c.Log.validate())
}

func (c *Chain) validate() error {
	var errs []error
	if c.ID == "" || len(c.ID) > 50 || strings.ContainsFunc(c.ID, func(r rune) bool { return r <= ' ' || r > '~' }) {
		errs = append(errs, fmt.Errorf("chain.id: %q; want 1 to 50 printable characters", c.ID))
	}
	if c.TrustHeight < 1 {
		errs = append(errs, fmt.Errorf("chain.trust_height: %d; want a height from 1", c.TrustHeight))
	}
	if _, err := c.Hash(); err != nil {
		errs = append(errs, err)
	}
	if d := time.Duration(c.TrustingPeriod); d < minTrusting || d > maxTrusting {
		errs = append(errs, fmt.Errorf("chain.trusting_period: %s; want %s to %s", d, minTrusting, maxTrusting))
	}
	return errors.Join(errs...)
}

// Hash is the trusted hash in bytes.
func (c *Chain) Hash() ([]byte, error) {
	hash, err := hex.DecodeString(c.TrustHash)
	if err != nil {
		return nil, fmt.Errorf("chain.trust_hash: %q is not hexadecimal", c.TrustHash)
	}
	if len(hash) != 32 {
		return nil, fmt.Errorf("chain.trust_hash: %d hexadecimal digits; want 64", len(c.TrustHash))
	}
	return hash, nil
}

func (n *Nodes) validate() error {
	var errs []error
	if err := validateNode(n.Primary); err != nil {
		errs = append(errs, fmt.Errorf("nodes.primary: %w", err))
	}
	if len(n.Witnesses) < 2 || len(n.Witnesses) > maxWitnesses {
		errs = append(errs, fmt.Errorf("nodes.witnesses: %d; want 2 to %d, nodes of other members than the primary's", len(n.Witnesses), maxWitnesses))
	}
	seen := map[string]string{n.Primary: "nodes.primary"}
	for i, w := range n.Witnesses {
		name := fmt.Sprintf("nodes.witnesses[%d]", i)
		if err := validateNode(w); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
			continue
		}
		if first, ok := seen[w]; ok {
			errs = append(errs, fmt.Errorf("%s: %s is %s already; a witness must be another node", name, w, first))
		}
		seen[w] = name
	}
	return errors.Join(errs...)
}

func validateNode(address string) error {
	if address == "" {
		return errors.New("missing; want the RPC address of a node, for instance http://node.example:26657")
	}
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return fmt.Errorf("%q is not a URL", address)
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%q; want a URL that begins with http:// or https://", address)
	case u.Hostname() == "":
		return fmt.Errorf("%q names no host", address)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("%q; want no user, query or fragment", address)
	}
	return nil
}

func (f *Follow) validate() error {
	var errs []error
	if len(f.Segments) < 1 || len(f.Segments) > maxSegments {
		errs = append(errs, fmt.Errorf("follow.segments: %d; want 1 to %d", len(f.Segments), maxSegments))
	}
	seen := map[string]bool{}
	for i, id := range f.Segments {
		if _, _, err := access.ParseSegmentID(id); err != nil {
			errs = append(errs, fmt.Errorf("follow.segments[%d]: %w", i, err))
		}
		if seen[id] {
			errs = append(errs, fmt.Errorf("follow.segments[%d]: %s stands twice", i, id))
		}
		seen[id] = true
	}
	if d := time.Duration(f.Heartbeat); d < minHeartbeat || d > maxHeartbeat {
		errs = append(errs, fmt.Errorf("follow.heartbeat: %s; want %s to %s", d, minHeartbeat, maxHeartbeat))
	}
	return errors.Join(errs...)
}

func (d *Decision) validate() error {
	var errs []error
	if err := d.validateAddress(); err != nil {
		errs = append(errs, fmt.Errorf("decision.address: %w", err))
	}
	if (d.Certificate == "") != (d.Key == "") {
		errs = append(errs, errors.New("decision.certificate and decision.key: one without the other"))
	}
	if d.ClientCA != "" && d.Certificate == "" {
		errs = append(errs, errors.New("decision.client_ca: needs decision.certificate and decision.key"))
	}
	if d.URL != "" {
		u, err := url.Parse(d.URL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
			errs = append(errs, fmt.Errorf("decision.url: %q; want the address at which callers know this gateway, for instance https://gateway.example:8181", d.URL))
		}
	}
	if d.MaxConnections < 1 || d.MaxConnections > maxConnections {
		errs = append(errs, fmt.Errorf("decision.max_connections: %d; want 1 to %d", d.MaxConnections, maxConnections))
	}
	return errors.Join(errs...)
}

// validateAddress refuses to answer strangers: whoever asks is believed to have
// authenticated the device.
func (d *Decision) validateAddress() error {
	network, address := d.Network()
	if network == "unix" {
		if !filepath.IsAbs(address) || len(address) > 100 {
			return fmt.Errorf("%q; want unix: and an absolute path of at most 100 bytes", d.Address)
		}
		return nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return fmt.Errorf("%q; want host:port or unix:/path", d.Address)
	}
	ip := net.ParseIP(host)
	if host == "localhost" || ip != nil && ip.IsLoopback() || d.ClientCA != "" {
		return nil
	}
	return fmt.Errorf("%q is not loopback: callers are believed to have authenticated the device, so set decision.client_ca (with certificate and key), or use 127.0.0.1 or unix:/path", d.Address)
}

// Network is the network and address to listen on: "tcp" or "unix".
func (d *Decision) Network() (network, address string) {
	if path, ok := strings.CutPrefix(d.Address, "unix:"); ok {
		return "unix", path
	}
	return "tcp", d.Address
}

func (m *Memory) validate() error {
	var errs []error
	if m.Collect < 5 || m.Collect > 1000 {
		errs = append(errs, fmt.Errorf("memory.collect: %d; want 5 to 1000 per cent", m.Collect))
	}
	if m.Limit != 0 && m.Limit < 16<<20 {
		errs = append(errs, fmt.Errorf("memory.limit: %s; want at least 16MiB, or 0 for none", m.Limit))
	}
	return errors.Join(errs...)
}

func (l *Log) validate() error {
	var errs []error
	if l.Format != "text" && l.Format != "json" {
		errs = append(errs, fmt.Errorf("log.format: %q; want text or json", l.Format))
	}
	switch l.Level {
	case "debug", "info", "warn", "error":
	default:
		errs = append(errs, fmt.Errorf("log.level: %q; want debug, info, warn or error", l.Level))
	}
	return errors.Join(errs...)
}
