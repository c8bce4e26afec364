package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/testnet/fault"
	"github.com/hallmark-ledger/hallmark/testnet/network"
)

// lies are the ways of being wrong, and the word by which a gateway's log names
// each.
func (n *net) lies() []struct {
	lie  fault.Lie
	name string
} {
	segment := feedName(n.segment())
	return []struct {
		lie  fault.Lie
		name string
	}{
		{fault.OtherKey("members", segment), "key"},
		{fault.OtherKeyRenamed("members", segment), "key"},
		{fault.OtherStore(), "key"}, // the leaf of the other store has another key
		{fault.OtherHeight(1), "height"},
		{fault.OtherHeightRenamed(2), "root"},
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
	for _, c := range n.lies() {
		t.Run(c.lie.Name, func(t *testing.T) {
			n := use(t)
			topic := "lies/" + c.lie.Name
			resource := "mqtt:plant/" + topic + "/x"
			granted := n.grant(t, line(device, topic))
			proxy := n.proxy(t, 1)
			guest := n.guest(t, "guest", proxy.URL(), n.Nodes[0].RPC, n.Nodes[2].RPC, n.Nodes[3].RPC)
			becomes(t, guest.HTTP, device, "publish", resource, "allowed")
			proxy.Lie(c.lie)
			revoked := n.revoke(t, granted.IDs[0])
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
// moment: it never allows anything.
func TestLiesOfEveryNode(t *testing.T) {
	n := use(t)
	device := n.enrol(t, "all-lies")
	granted := n.grant(t, line(device, "all-lies"))
	becomes(t, n.Gateways[0].HTTP, device, "publish", "mqtt:plant/all-lies/x", "allowed")
	for _, c := range n.lies() {
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
			defer guest.Stop()
			told := func() (sum int64) {
				for _, proxy := range proxies {
					sum += proxy.Told()
				}
				return sum
			}
			eventually(t, "three lies", func(ctx context.Context) error {
				d, err := network.Evaluate(ctx, guest.HTTP, device, "publish", "mqtt:plant/all-lies/x")
				if err == nil && d.Decision {
					t.Errorf("allowed by lies alone: %+v", d)
				}
				// A gateway that refuses to start allows nothing either.
				if told() >= 3 || strings.Contains(guest.ReadLog(), "gateway ended") {
					return nil
				}
				return fmt.Errorf("%d told; %v", told(), err)
			})
			if d, err := network.Evaluate(t.Context(), guest.HTTP, device, "publish", "mqtt:plant/all-lies/x"); err == nil && d.Decision {
				t.Errorf("allowed by lies alone: %+v", d)
			}
		})
	}
	n.revoke(t, granted.IDs...)
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
