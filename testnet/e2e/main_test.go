// Package e2e tests the real binaries over the wire, on a network of real
// processes, and runs the commands of the documents. What it imports of the
// product it uses to check what it was told, never to tell.
package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/testnet/await"
	"github.com/hallmark-ledger/hallmark/testnet/network"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// The tests below run against one network of real processes, made by the real
// binaries at the first test that asks for it. They run one after the other.

// buildVariable names the directory of the binaries; without it they are built.
const buildVariable = "HALLMARK_BUILD"

// patience bounds one wait for the network.
const patience = 60 * time.Second

var shared struct {
	once    sync.Once
	err     error
	dir     string
	process *network.Process
}

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "hallmark-e2e-")
	if err != nil {
		return 1, err
	}
	shared.dir = filepath.Join(dir, "net")
	if os.Getenv(buildVariable) == "" {
		build := filepath.Join(dir, "build")
		if err := network.Build(context.Background(), repository, build); err != nil {
			return 1, err
		}
		if err := os.Setenv(buildVariable, build); err != nil {
			return 1, err
		}
	}
	code := m.Run()
	if shared.process != nil {
		shared.process.Stop(patience)
	}
	if code != 0 {
		return code, fmt.Errorf("logs are kept in %s", dir)
	}
	return code, os.RemoveAll(dir)
}

// binary is the path of one of the binaries.
func binary(name string) string {
	path, err := filepath.Abs(filepath.Join(os.Getenv(buildVariable), name))
	if err != nil {
		panic(err)
	}
	return path
}

const testnetBinary = "hallmark-testnet"

// startNetwork runs `hallmark-testnet start` until its network.json appears.
func startNetwork(ctx context.Context, dir string, args ...string) (*network.Process, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	// A process that was killed leaves its file behind.
	if err := os.RemoveAll(network.DescriptionFile(dir)); err != nil {
		return nil, err
	}
	process, err := network.Launch(testnetBinary, filepath.Join(dir, "testnet.log"), binary(testnetBinary), append([]string{"start", "--dir", dir}, args...)...)
	if err != nil {
		return nil, err
	}
	return process, await.Within(ctx, 3*time.Minute, "the network", func(context.Context) error {
		if !process.Running() {
			return await.Permanent{Err: process.Failure()}
		}
		_, err := network.ReadDescription(dir)
		return err
	})
}

// net is the shared network as a test sees it.
type net struct {
	network.Description
	dir string
	// cli asks the first node.
	cli network.CLI
	// files is a directory of the test's own.
	files string
}

// use starts the shared network, or returns the one that runs.
func use(t *testing.T) *net {
	t.Helper()
	shared.once.Do(func() {
		shared.process, shared.err = startNetwork(context.Background(), shared.dir, "--validators", "4", "--gateways", "2")
	})
	if shared.err != nil {
		t.Fatalf("the shared network did not start: %v", shared.err)
	}
	d, err := network.ReadDescription(shared.dir)
	if err != nil {
		t.Fatal(err)
	}
	return &net{Description: d, dir: shared.dir, cli: d.CLI(d.Nodes[0]), files: t.TempDir()}
}

func (n *net) owner() string    { return n.Devices[0].Member }
func (n *net) admin() string    { return n.owner() + "-admin" }
func (n *net) operator() string { return n.owner() + "-operator" }
func (n *net) segment() string  { return n.Gateways[0].Segments[0] }

// tx must succeed.
func (n *net) tx(t *testing.T, from string, args ...string) network.TxResult {
	t.Helper()
	result, err := n.cli.Tx(t.Context(), from, args...)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// only returns the one id that a transaction created.
func only(t *testing.T, result network.TxResult) string {
	t.Helper()
	if len(result.IDs) != 1 {
		t.Fatalf("transaction %s created %v, want one id", result.TxHash, result.IDs)
	}
	return result.IDs[0]
}

// newKey writes a new key of a device and returns its file; its public half is
// beside it, with the suffix .pub.
func (n *net) newKey(t *testing.T, name string) string {
	t.Helper()
	file := filepath.Join(n.files, name+".pem")
	if _, err := network.Run(t.Context(), n.cli.Binary, "identity", "keygen", "--out", file, "--public-out", filepath.Join(n.files, name+".pub")); err != nil {
		t.Fatal(err)
	}
	return file
}

// enrol makes a new active device of the owner.
func (n *net) enrol(t *testing.T, name string) string {
	t.Helper()
	return only(t, n.tx(t, n.admin(), "identity", "enroll", "--key", n.newKey(t, name), "--model", "E2E", "--serial", name))
}

// line is a grant to publish below a topic of one's own.
func line(device, topic string) network.GrantLine {
	return network.GrantLine{Subject: device, Actions: []string{"publish"}, Resources: []string{"mqtt:plant/" + topic + "/#"}, Until: time.Now().AddDate(0, 1, 0)}
}

// grant gives grants in one transaction.
func (n *net) grant(t *testing.T, lines ...network.GrantLine) network.TxResult {
	t.Helper()
	result, err := n.cli.GrantBatch(t.Context(), n.operator(), n.segment(), filepath.Join(n.files, "grants.jsonl"), lines...)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.IDs) != len(lines) {
		t.Fatalf("%d grants were given ids %v", len(lines), result.IDs)
	}
	return result
}

func (n *net) revoke(t *testing.T, grants ...string) network.TxResult {
	t.Helper()
	return n.tx(t, n.operator(), append([]string{"access", "revoke", n.segment()}, grants...)...)
}

// decide asks once.
func decide(t *testing.T, gateway, device, action, resource string) network.Decision {
	t.Helper()
	decision, err := network.Evaluate(t.Context(), gateway, device, action, resource)
	if err != nil {
		t.Fatal(err)
	}
	return decision
}

// becomes waits until a gateway decides with a reason.
func becomes(t *testing.T, gateway, device, action, resource, reason string) network.Decision {
	t.Helper()
	var decision network.Decision
	eventually(t, gateway+" says "+reason, func(ctx context.Context) (err error) {
		if decision, err = network.Evaluate(ctx, gateway, device, action, resource); err != nil {
			return err
		}
		if decision.Context.Reason != reason {
			return fmt.Errorf("%s: %s", decision.Context.Reason, decision.Context.Detail)
		}
		return nil
	})
	if decision.Decision != (reason == "allowed") {
		t.Fatalf("%s: decision %v with reason %s", gateway, decision.Decision, reason)
	}
	return decision
}

// eventually waits for a condition, or fails the test.
func eventually(t *testing.T, what string, condition func(context.Context) error) {
	t.Helper()
	if err := await.Within(t.Context(), patience, what, condition); err != nil {
		t.Fatal(err)
	}
}

// getJSON decodes what a URL answers with 200.
func getJSON(t *testing.T, url string, answer any) {
	t.Helper()
	raw, status, err := network.Get(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if status != 200 {
		t.Fatalf("%s: HTTP %d: %s", url, status, raw)
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		t.Fatalf("%s: %v: %s", url, err, raw)
	}
}

// exit runs a command and returns its exit code and what it said.
func exit(t *testing.T, name string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	out, err := network.Run(t.Context(), binary(name), args...)
	if failed := (*network.CommandError)(nil); errors.As(err, &failed) {
		return failed.Code, failed.Stdout, failed.Stderr
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, string(out), ""
}

// heads are the digests of all feeds: what has changed if anything has.
func (n *net) heads(t *testing.T) map[string]string {
	t.Helper()
	var answer struct {
		Heads []struct {
			Name     string `json:"name"`
			Sequence string `json:"sequence"`
			Digest   string `json:"digest"`
		} `json:"heads"`
	}
	getJSON(t, n.Nodes[0].REST+"/hallmark/feed/v1/heads", &answer)
	all := map[string]string{}
	for _, head := range answer.Heads {
		all[head.Name] = head.Sequence + " " + head.Digest
	}
	if len(all) < 2 {
		t.Fatalf("heads: %v", answer)
	}
	return all
}

// keysOf returns the sorted keys of an object.
func keysOf(object map[string]json.RawMessage) []string {
	var keys []string
	for key := range object {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func feedName(segment string) string { return "segment/" + segment }

// plainID is the id that the ledger gives a public key.
func plainID(t *testing.T, der []byte) string {
	t.Helper()
	key, err := identity.ParsePublicKey(der)
	if err != nil {
		t.Fatal(err)
	}
	return identity.ID(key.Digest)
}

func contains(t *testing.T, what, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%s does not name %q: %s", what, word, text)
		}
	}
}
