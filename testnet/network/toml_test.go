package network

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSetTOMLChangesOneKeyOfOneSection(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	before := "# laddr = 1\nmoniker = \"a\"\n[rpc]\n  laddr = \"x\" \n[p2p]\nladdr = \"y\"\n"
	if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := setTOML(path, map[string]string{"p2p.laddr": `"z"`, "moniker": `"b"`}); err != nil {
		t.Fatal(err)
	}
	after, _ := os.ReadFile(path)
	want := "# laddr = 1\nmoniker = \"b\"\n[rpc]\n  laddr = \"x\" \n[p2p]\nladdr = \"z\"\n"
	if string(after) != want {
		t.Fatalf("got %q", after)
	}
	if err := setTOML(path, map[string]string{"rpc.missing": "1"}); err == nil || !strings.Contains(err.Error(), "rpc.missing") {
		t.Fatalf("a missing key was not named: %v", err)
	}
}

func TestFreePortsDiffer(t *testing.T) {
	ports, err := freePorts(20)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, port := range ports {
		if seen[port] || port < lowestPort || port >= highestPort {
			t.Fatal(ports)
		}
		seen[port] = true
	}
}
