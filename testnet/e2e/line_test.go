package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/hallmark-ledger/hallmark/testnet/network"
)

// TestLineFromEnrolmentToDenial follows one device through the whole line.
func TestLineFromEnrolmentToDenial(t *testing.T) {
	n := use(t)
	device := n.enrol(t, "line")
	resource := "mqtt:plant/line/temperature"
	for _, gateway := range n.Gateways {
		before := decide(t, gateway.HTTP, device, "publish", resource)
		if before.Decision || before.Context.Fix == "" {
			t.Fatalf("%s: without a grant: %+v; want a denial with a fix", gateway.Name, before)
		}
	}
	granted := n.grant(t, line(device, "line"))
	for _, gateway := range n.Gateways {
		allowed := becomes(t, gateway.HTTP, device, "publish", resource, "allowed")
		if allowed.Context.Grant != granted.IDs[0] || allowed.Context.Height != granted.Height {
			t.Errorf("%s: grant %s at height %d; want %s at %d", gateway.Name, allowed.Context.Grant, allowed.Context.Height, granted.IDs[0], granted.Height)
		}
		// What the grant does not name stays denied.
		for _, other := range [][2]string{{"publish", "mqtt:plant/other/temperature"}, {"get", resource}, {"publish", "http:/plant/line"}} {
			if d := decide(t, gateway.HTTP, device, other[0], other[1]); d.Decision || d.Context.Reason != "no_grant" {
				t.Errorf("%s: %v: %+v; want no_grant", gateway.Name, other, d)
			}
		}
		if d := decide(t, gateway.HTTP, device, "get", "http:/elsewhere/a"); d.Context.Reason != "segment_unknown" {
			t.Errorf("%s: outside of every segment: %+v", gateway.Name, d)
		}
	}
	revoked := n.revoke(t, granted.IDs[0])
	for _, gateway := range n.Gateways {
		denied := becomes(t, gateway.HTTP, device, "publish", resource, "grant_revoked")
		if denied.Context.Since != revoked.Height || denied.Context.Grant != granted.IDs[0] {
			t.Errorf("%s: grant %s since %d; want %s since %d", gateway.Name, denied.Context.Grant, denied.Context.Since, granted.IDs[0], revoked.Height)
		}
	}
}

// TestLineFollowsTheLifeOfADevice sees each step of a life at a gateway.
func TestLineFollowsTheLifeOfADevice(t *testing.T) {
	n := use(t)
	device := n.enrol(t, "life")
	n.grant(t, line(device, "life"))
	gateway, resource := n.Gateways[0].HTTP, "mqtt:plant/life/x"
	becomes(t, gateway, device, "publish", resource, "allowed")
	step := func(verb string) network.TxResult { return n.tx(t, n.operator(), "identity", verb, device) }
	suspended := step("suspend")
	if d := becomes(t, gateway, device, "publish", resource, "device_suspended"); d.Context.Since != suspended.Height {
		t.Errorf("suspended since %d; want %d", d.Context.Since, suspended.Height)
	}
	step("resume")
	becomes(t, gateway, device, "publish", resource, "allowed")
	step("retire")
	becomes(t, gateway, device, "publish", resource, "device_retired")
	if _, err := n.cli.Tx(t.Context(), n.operator(), "identity", "resume", device); err == nil {
		t.Error("a retired device was resumed")
	}
}

// TestLineComparesContext allows only where the conditions of the grant hold.
func TestLineComparesContext(t *testing.T) {
	n := use(t)
	device := n.enrol(t, "context")
	grant := line(device, "context")
	grant.Conditions = []string{"temperature<=30"}
	n.grant(t, grant)
	gateway := n.Gateways[1].HTTP
	becomes(t, gateway, device, "publish", "mqtt:plant/context/x", "condition_failed")
	for _, c := range []struct {
		context string
		want    string
	}{{`{"temperature":30}`, "allowed"}, {`{"temperature":31}`, "condition_failed"}, {`{"temperature":"30"}`, "condition_failed"}} {
		body := fmt.Sprintf(`{"subject":{"type":"device","id":%q},"action":{"name":"publish"},"resource":{"type":"mqtt","id":"plant/context/x"},"context":%s}`, device, c.context)
		raw, status, err := network.Post(t.Context(), gateway+"/access/v1/evaluation", "application/json", strings.NewReader(body))
		if err != nil || status != 200 || !strings.Contains(string(raw), `"`+c.want+`"`) {
			t.Errorf("%s: HTTP %d %s %v; want %s", c.context, status, raw, err, c.want)
		}
	}
}

// TestLineOfAFactoryList enrols the list in one transaction of under 2 KB and
// activates rows of it for another member.
func TestLineOfAFactoryList(t *testing.T) {
	n := use(t)
	input := filepath.Join(repository, "testnet/testdata/devices")
	maker := ""
	for _, account := range n.Accounts {
		if slices.Equal(account.Roles, []string{"manufacturer"}) {
			maker = account.Name
		}
	}
	list := filepath.Join(input, "factory-manifest.csv")
	result := n.tx(t, maker, "identity", "enroll-batch", list, "--model", "SEN-20")
	batch := only(t, result)
	var tx struct {
		Tx []byte `json:"tx"`
	}
	eventually(t, "the index of transactions", func(ctx context.Context) error {
		return network.RPC(n.Nodes[0].RPC).Call(ctx, &tx, "tx", "hash=0x"+result.TxHash)
	})
	if len(tx.Tx) == 0 || len(tx.Tx) >= 2048 {
		t.Errorf("the transaction has %d bytes; want under 2,048", len(tx.Tx))
	}
	activated := n.tx(t, maker, "identity", "activate", batch, "--list", list, "--rows", "1-20", "--keys", filepath.Join(input, "keys"), "--owner", n.owner())
	if len(activated.IDs) != 20 {
		t.Fatalf("activated %v; want 20 devices", activated.IDs)
	}
	var answer struct {
		Batch struct {
			Count     string `json:"count"`
			Activated string `json:"activated"`
		} `json:"batch"`
	}
	getJSON(t, n.Nodes[0].REST+"/hallmark/identity/v1/batches/"+batch, &answer)
	if answer.Batch.Count != "1000" || answer.Batch.Activated != "20" {
		t.Errorf("batch: %+v", answer.Batch)
	}
	n.grant(t, line(activated.IDs[19], "factory"))
	becomes(t, n.Gateways[0].HTTP, activated.IDs[19], "publish", "mqtt:plant/factory/a", "allowed")
	// The same rows again, or a row by another row's key, change nothing.
	for _, args := range [][]string{
		{"--rows", "1", "--keys", filepath.Join(input, "keys"), "--owner", n.owner()},
	} {
		if _, err := n.cli.Tx(t.Context(), maker, append([]string{"identity", "activate", batch, "--list", list}, args...)...); err == nil {
			t.Errorf("activated twice: %v", args)
		}
	}
}

// TestNetworkFileSaysWhatIsServed reads network.json as a program outside would.
func TestNetworkFileSaysWhatIsServed(t *testing.T) {
	n := use(t)
	raw, err := os.ReadFile(network.DescriptionFile(n.dir))
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]json.RawMessage
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	fields := func(what string, object map[string]json.RawMessage, want ...string) {
		t.Helper()
		slices.Sort(want)
		if got := keysOf(object); !slices.Equal(got, want) {
			t.Errorf("%s has the fields %v, want %v", what, got, want)
		}
	}
	fields("network.json", file, "chain_id", "binaries", "nodes", "gateways", "accounts", "devices", "trusted")
	each := func(list string, want ...string) {
		t.Helper()
		var objects []map[string]json.RawMessage
		if err := json.Unmarshal(file[list], &objects); err != nil || len(objects) == 0 {
			t.Fatalf("%s: %v %s", list, err, file[list])
		}
		for i, object := range objects {
			fields(fmt.Sprintf("%s[%d]", list, i), object, want...)
		}
	}
	each("nodes", "name", "home", "pid", "log", "rpc", "grpc", "rest", "p2p")
	// What is not served yet is absent.
	each("gateways", "name", "home", "pid", "log", "segments", "http")
	each("accounts", "name", "member", "roles", "address")
	each("devices", "id", "member", "cert_file", "key_file")
	if len(n.Nodes) != 4 || len(n.Gateways) != 2 || len(n.Devices) != 2 {
		t.Fatalf("%d nodes, %d gateways, %d devices", len(n.Nodes), len(n.Gateways), len(n.Devices))
	}
	for _, node := range n.Nodes {
		if err := syscall.Kill(node.PID, 0); err != nil {
			t.Errorf("%s: pid %d: %v", node.Name, node.PID, err)
		}
		for _, url := range []string{node.RPC, node.GRPC, node.REST} {
			if !strings.HasPrefix(url, "http://127.0.0.1:") {
				t.Errorf("%s: %q has no scheme or is not loopback", node.Name, url)
			}
		}
	}
	header, err := network.RPC(n.Nodes[2].RPC).Header(t.Context(), n.Trusted.Height)
	if err != nil || header.Hash != n.Trusted.Hash {
		t.Errorf("trusted %+v, a node says %+v %v", n.Trusted, header, err)
	}
	for _, account := range n.Accounts {
		out, err := network.Run(t.Context(), n.cli.Binary, "keys", "show", account.Name, "-a", "--keyring-backend", "test", "--home", n.Nodes[0].Home)
		if err != nil || strings.TrimSpace(string(out)) != account.Address {
			t.Errorf("%s: keyring has %q %v, want %s", account.Name, out, err, account.Address)
		}
	}
	for _, device := range n.Devices {
		pair, err := tls.LoadX509KeyPair(device.CertFile, device.KeyFile)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := x509.ParseCertificate(pair.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		if id := plainID(t, cert.RawSubjectPublicKeyInfo); id != device.ID {
			t.Errorf("certificate is of %s, the file says %s", id, device.ID)
		}
	}
	first, second := n.Devices[0].ID, n.Devices[1].ID
	for _, gateway := range n.Gateways {
		for _, c := range []struct {
			device, action, resource string
			want                     bool
		}{
			{first, "publish", "mqtt:plant/" + first + "/temperature", true},
			{first, "get", "http:/plant/a/b", true},
			{first, "publish", "mqtt:plant/" + second + "/temperature", false},
			{first, "get", "mqtt:plant/" + first + "/temperature", false},
			{second, "publish", "mqtt:plant/" + second + "/temperature", false},
			{second, "get", "http:/plant/a", false},
		} {
			if d := decide(t, gateway.HTTP, c.device, c.action, c.resource); d.Decision != c.want {
				t.Errorf("%s: %s on %s: %+v", gateway.Name, c.action, c.resource, d)
			}
		}
	}
}
