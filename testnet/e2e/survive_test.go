package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/hallmark-ledger/hallmark/testnet/network"
)

// The tests of this file stop and start the shared network, and so they stand
// in the last file: Go runs files in the order of their names.

// gone waits until none of the processes of a network exists.
func gone(t *testing.T, d network.Description) {
	t.Helper()
	var pids []int
	for _, node := range d.Nodes {
		pids = append(pids, node.PID)
	}
	for _, gateway := range d.Gateways {
		pids = append(pids, gateway.PID)
	}
	eventually(t, "every process to end", func(context.Context) error {
		for _, pid := range pids {
			if pid != 0 && syscall.Kill(pid, 0) == nil {
				return fmt.Errorf("pid %d is there", pid)
			}
		}
		return nil
	})
}

// again starts the shared network on its directory.
func again(t *testing.T) *net {
	t.Helper()
	process, err := startNetwork(context.Background(), shared.dir)
	shared.process, shared.err = process, err
	return use(t)
}

// TestSurviveStopAndResume stops the network by its command and resumes it.
func TestSurviveStopAndResume(t *testing.T) {
	before := use(t)
	device := before.enrol(t, "resumed")
	granted := before.grant(t, line(device, "resumed"))
	const resource = "mqtt:plant/resumed/x"
	becomes(t, before.Gateways[0].HTTP, device, "publish", resource, "allowed")
	if code, _, stderr := exit(t, testnetBinary, "start", "--dir", before.dir); code != 1 {
		t.Errorf("a second network in the directory: exit code %d, want 1: %s", code, stderr)
	}
	if code, _, stderr := exit(t, testnetBinary, "stop", "--dir", before.dir); code != 0 {
		t.Fatalf("stop: exit code %d: %s", code, stderr)
	}
	if _, err := os.Stat(network.DescriptionFile(before.dir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("network.json is still there: %v", err)
	}
	gone(t, before.Description)
	after := again(t)
	if after.ChainID != before.ChainID || after.Devices[0] != before.Devices[0] || after.Trusted != before.Trusted {
		t.Errorf("another network came back: %+v", after.Description)
	}
	for _, gateway := range after.Gateways {
		if d := becomes(t, gateway.HTTP, device, "publish", resource, "allowed"); d.Context.Grant != granted.IDs[0] {
			t.Errorf("%s: grant %s, want %s", gateway.Name, d.Context.Grant, granted.IDs[0])
		}
	}
	revoked := after.revoke(t, granted.IDs[0])
	for _, gateway := range after.Gateways {
		if d := becomes(t, gateway.HTTP, device, "publish", resource, "grant_revoked"); d.Context.Since != revoked.Height {
			t.Errorf("%s: revoked since %d; want %d", gateway.Name, d.Context.Since, revoked.Height)
		}
	}
}

// TestSurviveKillOfTheForeground kills the process that owns the network: its
// children do not outlive it, and the directory resumes.
func TestSurviveKillOfTheForeground(t *testing.T) {
	before := use(t)
	shared.process.Kill()
	gone(t, before.Description)
	after := again(t)
	if d := becomes(t, after.Gateways[1].HTTP, after.Devices[0].ID, "get", "http:/plant/a", "allowed"); d.Context.Grant == "" {
		t.Errorf("%+v", d)
	}
}

// TestSurviveExportAndImport exports the state of the stopped chain and starts
// it again from that file as a genesis: the feeds are the same.
func TestSurviveExportAndImport(t *testing.T) {
	n := use(t)
	before := n.heads(t)
	shared.process.Stop(patience)
	gone(t, n.Description)
	exported := filepath.Join(n.files, "exported.json")
	run := func(node network.Node, args ...string) []byte {
		t.Helper()
		out, err := network.Run(t.Context(), n.cli.Binary, append(args, "--home", node.Home)...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	run(n.Nodes[0], "export", "--output-document", exported)
	run(n.Nodes[0], "genesis", "validate", exported)
	genesis, err := os.ReadFile(exported)
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range n.Nodes {
		run(node, "comet", "unsafe-reset-all")
		if err := os.WriteFile(filepath.Join(node.Home, "config", "genesis.json"), genesis, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// The gateways believed the chain that ended; a chain that begins again is
	// begun to be trusted anew.
	withoutGateways(t, n.dir)
	n = again(t)
	if after := n.heads(t); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the feeds changed:\n%v\n%v", before, after)
	}
	n.cli = n.CLI(n.Nodes[0])
	n.enrol(t, "after-import")
}

// withoutGateways takes the gateways out of what a directory resumes.
func withoutGateways(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, "testnet.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var state map[string]any
	if err := json.Unmarshal(raw, &state); err != nil {
		t.Fatal(err)
	}
	state["gateways"] = []any{}
	if raw, err = json.Marshal(state); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}
