package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/testnet/fault"
	"github.com/hallmark-ledger/hallmark/testnet/network"
)

// told is a lie and the word by which a gateway's log names it.
type told struct {
	lie  fault.Lie
	name string
}

// lies are the ways of being wrong; past is a height at which a grant was still
// in force.
func (n *net) lies(past int64) []told {
	segment := feedName(n.segment())
	return []told{
		{fault.OtherKey("members", segment), "key"},
		{fault.OtherKeyRenamed("members", segment), "key"},
		{fault.OtherStore(), "store"},
		{fault.OtherHeight(1), "height"},
		{fault.Replay(past), "root"},
		{fault.OtherValue(), "value"},
		{fault.OtherData(), "digest"},
		{fault.OtherChain(n.ChainID), "chain"},
	}
}

// guest starts a gateway that follows a proxy first and honest nodes besides.
func (n *net) guest(t *testing.T, name string, primary string, witnesses ...string) *network.Guest {
	t.Helper()
	guest, err := n.NewGuest(t.Context(), n.files, name, primary, witnesses...)
	if err != nil {
		t.Fatal(err)
	}
	if err := guest.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		guest.Stop()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, guest.ReadLog())
		}
	})
	return guest
}

func (n *net) proxy(t *testing.T, node int) *fault.Proxy {
	t.Helper()
	proxy, err := fault.Listen(n.Nodes[node].RPC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	return proxy
}

// TestLiesOfThePrimary tells each lie in front of the primary about a
// revocation. The gateway learns of it from another node, never allows by the
// lie, and names what was wrong.
func TestLiesOfThePrimary(t *testing.T) {
	n := use(t)
	device := n.enrol(t, "lied-to")
	topic := func(i int) string { return fmt.Sprintf("lies/%d", i) }
	var lines []network.GrantLine
	for i := range n.lies(0) {
		lines = append(lines, line(device, topic(i)))
	}
	granted := n.grant(t, lines...)
	for i, c := range n.lies(int64(granted.Height)) {
		t.Run(c.lie.Name, func(t *testing.T) {
			n := use(t)
			resource := "mqtt:plant/" + topic(i) + "/x"
			proxy := n.proxy(t, 1)
			guest := n.guest(t, "guest", proxy.URL(), n.Nodes[0].RPC, n.Nodes[2].RPC, n.Nodes[3].RPC)
			becomes(t, guest.HTTP, device, "publish", resource, "allowed")
			proxy.Lie(c.lie)
			revoked := n.revoke(t, granted.IDs[i])
			denied := becomes(t, guest.HTTP, device, "publish", resource, "grant_revoked")
			if denied.Context.Since != revoked.Height {
				t.Errorf("revoked since %d; want %d", denied.Context.Since, revoked.Height)
			}
			eventually(t, "the log to name the lie", guest.While(func(context.Context) error {
				if proxy.Told() == 0 {
					return errors.New("the lie was not told yet")
				}
				if !wrongSource(guest.ReadLog(), proxy.URL(), c.name) {
					return fmt.Errorf("told %d times; no line names %s and %q", proxy.Told(), proxy.URL(), c.name)
				}
				return nil
			}))
			// Once denied it stays so, however often the lie is told.
			if d := decide(t, guest.HTTP, device, "publish", resource); d.Decision {
				t.Errorf("allowed after the revocation: %+v", d)
			}
		})
	}
}

// wrongSource finds a warning about a node that names what was wrong.
func wrongSource(log, url, what string) bool {
	for line := range strings.Lines(log) {
		if strings.Contains(line, "source is wrong") && strings.Contains(line, url) && strings.Contains(line, what) {
			return true
		}
	}
	return false
}

// TestLiesOfEveryNode gives a gateway nothing but the lie, from its first
// moment, about a grant that was revoked: it is never ready and allows nothing.
func TestLiesOfEveryNode(t *testing.T) {
	n := use(t)
	device := n.enrol(t, "all-lies")
	granted := n.grant(t, line(device, "all-lies"))
	revoked := n.revoke(t, granted.IDs...)
	const resource = "mqtt:plant/all-lies/x"
	if d := becomes(t, n.Gateways[0].HTTP, device, "publish", resource, "grant_revoked"); d.Context.Since != revoked.Height {
		t.Fatalf("revoked since %d; want %d", d.Context.Since, revoked.Height)
	}
	for _, c := range n.lies(int64(granted.Height)) {
		t.Run(c.lie.Name, func(t *testing.T) {
			n := use(t)
			proxies := []*fault.Proxy{n.proxy(t, 0), n.proxy(t, 1), n.proxy(t, 2)}
			// init checks its nodes; they are honest until it has.
			guest, err := n.NewGuest(t.Context(), n.files, "guest", proxies[0].URL(), proxies[1].URL(), proxies[2].URL())
			if err != nil {
				t.Fatal(err)
			}
			for _, proxy := range proxies {
				proxy.Lie(c.lie)
			}
			if err := guest.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				guest.Stop()
				if t.Failed() {
					t.Logf("it said:\n%s", guest.ReadLog())
				}
			}()
			eventually(t, "the lie to be refused", func(ctx context.Context) error {
				if d, err := network.Evaluate(ctx, guest.HTTP, device, "publish", resource); err == nil && d.Decision {
					t.Errorf("allowed by lies alone: %+v", d)
				}
				if _, status, err := network.Get(ctx, guest.HTTP+"/readyz"); err == nil && status == http.StatusOK {
					t.Errorf("ready by lies alone")
				}
				log := guest.ReadLog()
				// A gateway that refuses to start allows nothing either.
				for _, proxy := range proxies {
					if proxy.Told() > 0 && (wrongSource(log, proxy.URL(), c.name) || strings.Contains(log, "gateway ended")) {
						return nil
					}
				}
				return errors.New("no node was named yet")
			})
			if d, err := network.Evaluate(t.Context(), guest.HTTP, device, "publish", resource); err == nil && d.Decision {
				t.Errorf("allowed by lies alone: %+v", d)
			}
		})
	}
}

// TestWrongTrustedHashIsRefused starts a gateway on a hash that no node has.
func TestWrongTrustedHashIsRefused(t *testing.T) {
	n := use(t)
	wrong := n.Trusted
	wrong.Hash = strings.Repeat("5A", 32)
	home := n.files + "/home"
	args := network.InitGateway(home, n.ChainID, wrong, n.Nodes[0].RPC, []string{n.Nodes[1].RPC, n.Nodes[2].RPC}, n.segment())
	code, _, stderr := exit(t, network.GatewayBinary, args...)
	if code != 1 {
		t.Errorf("init: exit code %d, want 1", code)
	}
	contains(t, "init", stderr, "trust", "hash")
	// A home that was made with the right hash and then altered does not start.
	guest, err := n.NewGuest(t.Context(), n.files, "guest", n.Nodes[0].RPC, n.Nodes[1].RPC, n.Nodes[2].RPC)
	if err != nil {
		t.Fatal(err)
	}
	if err := guest.Configure(map[string]string{"chain.trust_hash": `"` + wrong.Hash + `"`}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	code, _, stderr = exit(t, network.GatewayBinary, "start", "--home", guest.Home)
	if code != 1 || time.Since(began) > patience {
		t.Errorf("start: exit code %d after %s, want 1", code, time.Since(began))
	}
	contains(t, "start", stderr, "hash")
}
