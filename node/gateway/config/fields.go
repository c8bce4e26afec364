package config

import (
	"encoding"
	"fmt"
	"strconv"
	"strings"
)

// field is one key of the file: its name, what to tell a person of it, and
// where its value stands.
type field struct {
	section, key, about string
	value               any // *string, *int64, *[]string, *Duration or *Size
}

// name is what an error and the documentation call it.
func (f *field) name() string { return f.section + "." + f.key }

// env is the variable that overrides it.
func (f *field) env() string {
	return Prefix + strings.ToUpper(f.section+"_"+f.key)
}

// fields is the one table from which the file is written and the environment
// read.
func (c *Config) fields() []field {
	return []field{
		{"chain", "id", "The chain. Headers of another chain are refused.", &c.Chain.ID},
		{"chain", "trust_height", "A height whose header you compared with somebody you trust, and its hash:\neverything this gateway ever believes is verified from there.", &c.Chain.TrustHeight},
		{"chain", "trust_hash", "", &c.Chain.TrustHash},
		{"chain", "trusting_period", "How long a believed header can vouch for the next one. A gateway cut off for\nlonger must be given a new trusted height. At most two thirds of the time for\nwhich former validators stay accountable.", &c.Chain.TrustingPeriod},

		{"nodes", "primary", "CometBFT RPC addresses. The primary serves headers, proofs and records; nothing\nit says is believed unless it verifies.", &c.Nodes.Primary},
		{"nodes", "witnesses", "At least two nodes of other members: they must agree with the primary's header.", &c.Nodes.Witnesses},

		{"follow", "segments", "The segments decided on here, <member>/<slug>, in the order in which they are\nasked for a resource.", &c.Follow.Segments},
		{"follow", "heartbeat", "Without changes, how often the records are proven complete and current again.\nIt must be well below the smallest max_staleness of the segments' policies.", &c.Follow.Heartbeat},

		{"decision", "address", "Where decisions and operations are served: host:port or unix:/path. Callers are\nbelieved to have authenticated the device: anything but loopback or a Unix\nsocket needs client_ca.", &c.Decision.Address},
		{"decision", "url", "The address by which callers know this gateway, if it is another one.", &c.Decision.URL},
		{"decision", "certificate", "PEM files for TLS, and the authority of the callers' certificates.", &c.Decision.Certificate},
		{"decision", "key", "", &c.Decision.Key},
		{"decision", "client_ca", "", &c.Decision.ClientCA},
		{"decision", "max_connections", "More connections than this wait.", &c.Decision.MaxConnections},

		{"memory", "collect", "The garbage collector runs when the heap has grown by this many per cent.", &c.Memory.Collect},
		{"memory", "limit", "A soft limit of the process, for instance \"64MiB\"; \"0\" for none. Close to it the\ncollector works harder; records are never dropped for it.", &c.Memory.Limit},

		{"log", "format", "text or json", &c.Log.Format},
		{"log", "level", "debug, info, warn or error", &c.Log.Level},
	}
}

// set reads the field from the text of an environment variable; a list is
// separated by commas.
func (f *field) set(text string) error {
	switch v := f.value.(type) {
	case *string:
		*v = text
	case *int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%q; want a whole number", text)
		}
		*v = n
	case *[]string:
		*v = nil
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				*v = append(*v, part)
			}
		}
	case encoding.TextUnmarshaler:
		return v.UnmarshalText([]byte(text))
	default:
		panic("config: " + f.name() + " has a type that cannot be set")
	}
	return nil
}

// toml writes the value.
func (f *field) toml() string {
	switch v := f.value.(type) {
	case *string:
		return quote(*v)
	case *int64:
		return strconv.FormatInt(*v, 10)
	case *[]string:
		quoted := make([]string, len(*v))
		for i, s := range *v {
			quoted[i] = quote(s)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case fmt.Stringer:
		return quote(v.String())
	}
	panic("config: " + f.name() + " has a type that cannot be written")
}

// quote writes a TOML basic string.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
