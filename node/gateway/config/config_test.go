package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/node/gateway/config"
)

func valid() config.Config {
	c := config.Default()
	c.Chain.ID = "plant-1"
	c.Chain.TrustHeight = 42
	c.Chain.TrustHash = strings.Repeat("ab", 32)
	c.Nodes.Primary = "http://127.0.0.1:26657"
	c.Nodes.Witnesses = []string{"http://127.0.0.2:26657", "https://node.example"}
	c.Follow.Segments = []string{"acme/plant"}
	return c
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	c := valid()
	c.Decision.Certificate, c.Decision.Key, c.Decision.ClientCA = "/a.pem", "/b.pem", `/q"\uote.pem`
	c.Chain.TrustingPeriod = config.Duration(90 * time.Minute)
	c.Memory.Limit = 96 << 20
	home := filepath.Join(t.TempDir(), "new", "home")
	if err := c.Write(home, false); err != nil {
		t.Fatal(err)
	}
	got, err := config.Load(home, nil)
	if err != nil {
		t.Fatal(err)
	}
	if g, w := string(got.File()), string(c.File()); g != w {
		t.Errorf("read back:\n%s\nwritten:\n%s", g, w)
	}
	info, err := os.Stat(filepath.Join(home, config.FileName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file mode %v, %v; want 0600", info.Mode(), err)
	}
	if err := c.Write(home, false); !errors.Is(err, config.ErrExists) {
		t.Errorf("a second write: %v; want ErrExists", err)
	}
	if err := c.Write(home, true); err != nil {
		t.Errorf("a forced write: %v", err)
	}
}

func TestAHomeWithoutConfigurationSaysWhatToRun(t *testing.T) {
	_, err := config.Load(t.TempDir(), nil)
	if !errors.Is(err, config.ErrMissing) || !strings.Contains(err.Error(), "hallmark-gateway init") {
		t.Errorf("%v", err)
	}
}

func TestRelativePathsBeginAtTheHome(t *testing.T) {
	home := t.TempDir()
	c := valid()
	c.Decision.Certificate, c.Decision.Key = "tls.pem", "/etc/key.pem"
	if err := c.Write(home, false); err != nil {
		t.Fatal(err)
	}
	got, err := config.Load(home, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Decision.Certificate != filepath.Join(home, "tls.pem") || got.Decision.Key != "/etc/key.pem" || got.Decision.ClientCA != "" {
		t.Errorf("%+v", got.Decision)
	}
}

// Every error names the field, and only the field that is wrong.
func TestEachFieldIsChecked(t *testing.T) {
	for _, test := range []struct {
		name  string
		alter func(*config.Config)
		want  string // "" when it is fine
	}{
		{"as it is", func(c *config.Config) {}, ""},
		{"no chain", func(c *config.Config) { c.Chain.ID = "" }, "chain.id: "},
		{"chain with a space", func(c *config.Config) { c.Chain.ID = "a b" }, "chain.id: "},
		{"height zero", func(c *config.Config) { c.Chain.TrustHeight = 0 }, "chain.trust_height: 0; want"},
		{"short hash", func(c *config.Config) { c.Chain.TrustHash = "abcd" }, "chain.trust_hash: 4 hexadecimal digits; want 64"},
		{"no hash", func(c *config.Config) { c.Chain.TrustHash = "0xzz" }, "chain.trust_hash: \"0xzz\" is not hexadecimal"},
		{"trusting for ever", func(c *config.Config) { c.Chain.TrustingPeriod = 1 << 62 }, "chain.trusting_period: "},
		{"no primary", func(c *config.Config) { c.Nodes.Primary = "" }, "nodes.primary: missing"},
		{"primary without scheme", func(c *config.Config) { c.Nodes.Primary = "127.0.0.1:26657" }, "nodes.primary: "},
		{"primary by tcp", func(c *config.Config) { c.Nodes.Primary = "tcp://127.0.0.1:26657" }, "nodes.primary: "},
		{"primary with a password", func(c *config.Config) { c.Nodes.Primary = "http://a:b@host" }, "nodes.primary: "},
		{"one witness", func(c *config.Config) { c.Nodes.Witnesses = c.Nodes.Witnesses[:1] }, "nodes.witnesses: 1; want 2"},
		{"a witness twice", func(c *config.Config) { c.Nodes.Witnesses[1] = c.Nodes.Witnesses[0] }, "nodes.witnesses[1]: http://127.0.0.2:26657 is nodes.witnesses[0] already"},
		{"the primary as witness", func(c *config.Config) { c.Nodes.Witnesses[1] = c.Nodes.Primary }, "nodes.witnesses[1]: http://127.0.0.1:26657 is nodes.primary already"},
		{"no segment", func(c *config.Config) { c.Follow.Segments = nil }, "follow.segments: 0; want"},
		{"a segment without slug", func(c *config.Config) { c.Follow.Segments = []string{"acme"} }, "follow.segments[0]: \"acme\" is no segment id; want <member>/<slug>"},
		{"a segment with a space", func(c *config.Config) { c.Follow.Segments = []string{"acme/a b"} }, "follow.segments[0]: "},
		{"a segment twice", func(c *config.Config) { c.Follow.Segments = []string{"aa/b", "aa/b"} }, "follow.segments[1]: aa/b stands twice"},
		{"a hasty heartbeat", func(c *config.Config) { c.Follow.Heartbeat = 5 }, "follow.heartbeat: "},
		{"localhost", func(c *config.Config) { c.Decision.Address = "localhost:1" }, ""},
		{"loopback of IPv6", func(c *config.Config) { c.Decision.Address = "[::1]:1" }, ""},
		{"another loopback", func(c *config.Config) { c.Decision.Address = "127.3.2.1:1" }, ""},
		{"every interface", func(c *config.Config) { c.Decision.Address = "0.0.0.0:8181" }, "decision.address: \"0.0.0.0:8181\" is not loopback"},
		{"every interface, in short", func(c *config.Config) { c.Decision.Address = ":8181" }, "decision.address: \":8181\" is not loopback"},
		{"a name", func(c *config.Config) { c.Decision.Address = "gateway.example:8181" }, "decision.address: \"gateway.example:8181\" is not loopback"},
		{"TLS without client authority", func(c *config.Config) {
			c.Decision.Address, c.Decision.Certificate, c.Decision.Key = "0.0.0.0:8181", "a", "b"
		}, "decision.address: \"0.0.0.0:8181\" is not loopback"},
		{"mutual TLS", func(c *config.Config) {
			c.Decision.Address, c.Decision.Certificate, c.Decision.Key, c.Decision.ClientCA = "0.0.0.0:8181", "a", "b", "c"
		}, ""},
		{"no port", func(c *config.Config) { c.Decision.Address = "127.0.0.1" }, "decision.address: \"127.0.0.1\"; want host:port"},
		{"a socket", func(c *config.Config) { c.Decision.Address = "unix:/run/hallmark.sock" }, ""},
		{"a relative socket", func(c *config.Config) { c.Decision.Address = "unix:run/hallmark.sock" }, "decision.address: "},
		{"certificate alone", func(c *config.Config) { c.Decision.Certificate = "a" }, "decision.certificate and decision.key"},
		{"authority alone", func(c *config.Config) { c.Decision.ClientCA = "a" }, "decision.client_ca: needs"},
		{"url without scheme", func(c *config.Config) { c.Decision.URL = "gateway" }, "decision.url: "},
		{"no connections", func(c *config.Config) { c.Decision.MaxConnections = 0 }, "decision.max_connections: 0"},
		{"no collector", func(c *config.Config) { c.Memory.Collect = -1 }, "memory.collect: -1"},
		{"a tiny limit", func(c *config.Config) { c.Memory.Limit = 1024 }, "memory.limit: 1KiB"},
		{"odd log", func(c *config.Config) { c.Log.Format = "xml" }, "log.format: \"xml\""},
		{"odd level", func(c *config.Config) { c.Log.Level = "loud" }, "log.level: \"loud\""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := valid()
			test.alter(&c)
			err := c.Validate()
			switch {
			case test.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.want != "" && err == nil:
				t.Errorf("accepted; want %q", test.want)
			case err != nil && (!strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "\n")):
				t.Errorf("%q; want one error that begins with %q", err, test.want)
			}
		})
	}
}

func TestAllThatIsWrongIsSaidAtOnce(t *testing.T) {
	c := config.Default()
	err := c.Validate()
	for _, name := range []string{"chain.id", "chain.trust_height", "chain.trust_hash", "nodes.primary", "nodes.witnesses", "follow.segments"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
}

func TestAFileIsReadStrictly(t *testing.T) {
	for _, test := range []struct{ file, want string }{
		{"[chain]\nid = \"a\"\ntrust_heigth = 1\n", "line 3: chain.trust_heigth: unknown key"},
		{"[chains]\nid = \"a\"\n", "chains"},
		{"top = 1\n", "top: unknown key"},
		{"[chain]\nid = 7\n", "line 2: "},
		{"[chain]\ntrusting_period = \"two weeks\"\n", "want a duration"},
		{"[memory]\nlimit = \"a lot\"\n", "want a size"},
		{"[chain]\nid = \"a\"\nid = \"b\"\n", "id"},
		{"[chain", "line 1"},
		{strings.Repeat("#", 1<<20+1), "want at most"},
	} {
		if _, err := config.Parse([]byte(test.file)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.40q: %v; want %q", test.file, err, test.want)
		}
	}
}

func TestTheEnvironmentOverrides(t *testing.T) {
	c := valid()
	err := c.Override([]string{
		"PATH=/bin",
		"HALLMARK_GATEWAY_CHAIN_TRUST_HEIGHT=77",
		"HALLMARK_GATEWAY_NODES_WITNESSES=http://a, http://b",
		"HALLMARK_GATEWAY_FOLLOW_HEARTBEAT=2s",
		"HALLMARK_GATEWAY_DECISION_ADDRESS=127.0.0.1:1",
		"HALLMARK_GATEWAY_MEMORY_LIMIT=1GiB",
		"HALLMARK_GATEWAY_SERVICE_HOST=10.0.0.1",
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Chain.TrustHeight != 77 || strings.Join(c.Nodes.Witnesses, " ") != "http://a http://b" ||
		c.Follow.Heartbeat != config.Duration(2*time.Second) || c.Decision.Address != "127.0.0.1:1" || c.Memory.Limit != 1<<30 {
		t.Errorf("%+v", c)
	}
	for entry, want := range map[string]string{
		"HALLMARK_GATEWAY_CHAIN_TRUST_HEIGTH=1": "HALLMARK_GATEWAY_CHAIN_TRUST_HEIGTH: unknown key of section chain",
		"HALLMARK_GATEWAY_CHAIN_TRUST_HEIGHT=x": "HALLMARK_GATEWAY_CHAIN_TRUST_HEIGHT: \"x\"; want a whole number",
		"HALLMARK_GATEWAY_FOLLOW_HEARTBEAT=x":   "HALLMARK_GATEWAY_FOLLOW_HEARTBEAT: \"x\"; want a duration, for instance 30s or 12h",
	} {
		if err := c.Override([]string{entry}); err == nil || err.Error() != want {
			t.Errorf("%s: %v; want %q", entry, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	c := valid()
	f.Add(c.File())
	f.Add([]byte("[chain]\nid = 7"))
	f.Fuzz(func(t *testing.T, file []byte) {
		c, err := config.Parse(file)
		if err != nil {
			return
		}
		again, err := config.Parse(c.File())
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, c.File())
		}
		if string(again.File()) != string(c.File()) {
			t.Fatal("written and read, it differs")
		}
	})
}
