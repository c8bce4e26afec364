package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hallmark-ledger/hallmark/testnet/network"
)

// bad is an input that must be refused, and the field that the error names.
type bad struct {
	name  string
	from  string
	args  []string
	field string
}

// TestBadInputIsRefused gives the command line what it must refuse: exit code
// 1, an error that names the field, and no feed changed.
func TestBadInputIsRefused(t *testing.T) {
	n := use(t)
	file := func(name, content string) string {
		path := filepath.Join(n.files, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	maker := n.Accounts[1].Name // of another member than the segment's owner
	retired := n.enrol(t, "retired")
	n.tx(t, n.operator(), "identity", "retire", retired)
	used := n.newKey(t, "used")
	enroll := []string{"identity", "enroll", "--model", "E2E", "--serial", "s"}
	device := only(t, n.tx(t, n.admin(), append(enroll, "--key", used)...))
	fresh := n.newKey(t, "fresh")
	public := strings.TrimSuffix(fresh, ".pem") + ".pub"
	signature := n.signed(t, fresh, public, n.ChainID, n.owner())
	ofAnotherChain := n.signed(t, fresh, public, "another-chain", n.owner())
	byAnotherKey := n.signed(t, used, public, n.ChainID, n.owner())

	list, err := os.ReadFile(filepath.Join(repository, "testnet/testdata/devices/factory-manifest.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.SplitAfter(string(list), "\n")
	whole, keys := file("list.csv", string(list)), filepath.Join(repository, "testnet/testdata/devices/keys")
	batch := only(t, n.tx(t, n.admin(), "identity", "enroll-batch", whole, "--model", "SEN-20"))
	shorter := file("shorter.csv", strings.Join(rows[:len(rows)-2], ""))
	swapped := file("swapped.csv", rows[0]+rows[2]+rows[1]+strings.Join(rows[3:], ""))

	grant := func(args ...string) []string {
		return append([]string{"access", "grant", n.segment(), "--subject", device}, args...)
	}
	get := []string{"--action", "get", "--resource", "http:/plant/#", "--until", "24h"}
	with := func(args []string, more ...string) []string { return append(append([]string{}, args...), more...) }
	overlapping := file("overlap.json", `{"prefixes":["mqtt:plant/line/"],"classes":{"read":{"max_staleness":"1h","on_restart":"deny"}},"actions":{},"fleets":[],"advisory_issuers":[]}`)
	long := strings.Repeat("x", 65)
	many := []string{"--resource", "http:/plant/#", "--until", "24h"}
	for i := range 17 {
		many = append(many, "--action", "a"+string(rune('a'+i)))
	}
	cases := []bad{
		{"malformed key", n.admin(), with(enroll, "--key", file("garbage.pem", "no key")), "key"},
		{"malformed id", n.operator(), []string{"identity", "suspend", "did:hallmark:ciq"}, "device"},
		{"upper-case id", n.operator(), []string{"identity", "suspend", strings.ToUpper(device)}, "device"},
		{"signature by another key", n.admin(), with(enroll, "--public-key", public, "--signature", byAnotherKey), "signature"},
		{"signature over another statement", n.admin(), with(enroll, "--public-key", public, "--signature", ofAnotherChain), "signature"},
		{"signature of another member", maker, with(enroll, "--public-key", public, "--signature", signature), "signature"},
		{"proof of another root", n.admin(), []string{"identity", "activate", batch, "--list", shorter, "--rows", "1", "--keys", keys, "--owner", n.owner()}, "list"},
		{"proof of another index", n.admin(), []string{"identity", "activate", batch, "--list", swapped, "--rows", "1", "--keys", keys, "--owner", n.owner()}, "list"},
		{"row beyond the list", n.admin(), []string{"identity", "activate", batch, "--list", whole, "--rows", "1001", "--keys", keys, "--owner", n.owner()}, "rows"},
		{"key used before", n.admin(), with(enroll, "--key", used), "key"},
		{"duplicate pattern", n.operator(), grant(with(get, "--resource", "http:/plant/#")...), "resources[1]"},
		{"empty pattern", n.operator(), grant(with(get, "--resource", "")...), "resources["},
		{"pattern of another segment", n.operator(), grant(with(get, "--resource", "http:/elsewhere/#")...), "resources["},
		{"overlapping prefixes", n.operator(), []string{"access", "create-segment", "second", "--policy", overlapping}, "prefixes"},
		{"ends before it begins", n.operator(), grant("--action", "get", "--resource", "http:/plant/#", "--not-before", "2030-01-02T00:00:00Z", "--until", "2030-01-01T00:00:00Z"), "not_after"},
		{"ends after 400 days", n.operator(), grant("--action", "get", "--resource", "http:/plant/#", "--until", "401d"), "not_after"},
		{"segment of another member", maker, grant(get...), "segment"},
		{"unknown segment", n.operator(), []string{"access", "grant", n.owner() + "/nowhere", "--subject", device, "--action", "get", "--resource", "http:/plant/#", "--until", "24h"}, "segment"},
		{"retired device", n.operator(), with([]string{"access", "grant", n.segment(), "--subject", retired}, get...), "subject"},
		{"retired device resumes", n.operator(), []string{"identity", "resume", retired}, "device"},
		{"string over its bound", n.admin(), []string{"identity", "enroll", "--model", long, "--serial", "s", "--key", fresh}, "model"},
		{"list over its bound", n.operator(), grant(many...), "actions"},
		{"reason over its bound", n.operator(), []string{"identity", "suspend", device, "--reason", strings.Repeat("y", 257)}, "reason"},
		{"role that the account lacks", n.operator(), with(enroll, "--key", fresh), "role"},
	}
	before := n.heads(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			code, out, stderr := exit(t, network.NodeBinary, n.cli.TxArgs(c.from, c.args...)...)
			if code != 1 {
				t.Errorf("exit code %d, want 1: %s", code, out)
			}
			contains(t, "the error", stderr, c.field)
		})
	}
	t.Run("unknown chain id", func(t *testing.T) {
		elsewhere := n.cli
		elsewhere.ChainID = "nowhere-1"
		code, _, stderr := exit(t, network.NodeBinary, elsewhere.TxArgs(n.operator(), "identity", "suspend", device)...)
		if code != 1 {
			t.Errorf("exit code %d, want 1", code)
		}
		contains(t, "the error", stderr, "chain-id", "nowhere-1")
	})
	if after := n.heads(t); !maps.Equal(before, after) {
		t.Errorf("something changed:\n%v\n%v", before, after)
	}
}

// signed is the signature of one key over the enrolment statement of another,
// as a device makes it offline.
func (n *net) signed(t *testing.T, key, public, chain, member string) string {
	t.Helper()
	offline := func(args ...string) string {
		out, err := network.Run(t.Context(), n.cli.Binary, append([]string{"identity"}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	statement := offline("statement", "enroll", "--public-key", public, "--member", member, "--chain-id", chain)
	return offline("sign", statement, "--key", key)
}
