package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/testnet/await"
	"github.com/hallmark-ledger/hallmark/testnet/network"
)

// kills of a gateway, each at another moment of its life.
const kills = 20

// load asks a gateway again and again until it is stopped, and hands each
// answer to see.
func load(ctx context.Context, gateway, device, resource string, see func(network.Decision)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			// It ends with its context; a gateway that is down is expected.
			_ = await.Every(ctx, 10*time.Millisecond, "the end of the load", func(ctx context.Context) error {
				if d, err := network.Evaluate(ctx, gateway, device, "publish", resource); err == nil {
					see(d)
				}
				return errors.New("under load")
			})
		})
	}
	return func() { cancel(); group.Wait() }
}

// seen is what a gateway answered, as far as its feed had come each time.
type seen struct {
	mu sync.Mutex
	// highest sequence of the segment's head in any answer, and in one that
	// allowed.
	highest, allowed network.Int64
	lowest           network.Int64
}

func (s *seen) see(d network.Decision) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sequence := d.Context.Sequence
	if sequence == 0 { // no segment was reached: nothing is verified yet
		return
	}
	if s.lowest == 0 || sequence < s.lowest {
		s.lowest = sequence
	}
	s.highest = max(s.highest, sequence)
	if d.Decision {
		s.allowed = max(s.allowed, sequence)
	}
}

// TestKillsOfAGateway kills a gateway at random moments under load, while a
// grant is revoked. After each start
//   - it knows at least what it knew when it was killed: no answer is by an
//     older head;
//   - it allows by the revoked grant at most as it did before, by the head that
//     it had verified and that is within its bound, never by one that holds the
//     revocation;
//   - it comes to deny it, and allows by the next grant.
func TestKillsOfAGateway(t *testing.T) {
	n := use(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	device := n.enrol(t, "killed")
	topic := func(i int) string { return fmt.Sprintf("kills/%d", i) }
	var lines []network.GrantLine
	for i := range kills + 1 {
		lines = append(lines, line(device, topic(i)))
	}
	grants := n.grant(t, lines...).IDs
	guest := n.guest(t, "killed", n.Nodes[2].RPC, n.Nodes[0].RPC, n.Nodes[1].RPC, n.Nodes[3].RPC)
	for i := range kills {
		resource, next := "mqtt:plant/"+topic(i)+"/x", "mqtt:plant/"+topic(i+1)+"/x"
		var before, after seen
		before.see(becomes(t, guest.HTTP, device, "publish", resource, "allowed"))
		stop := load(t.Context(), guest.HTTP, device, resource, before.see)
		done := make(chan error, 1)
		go func() {
			_, err := n.cli.Tx(t.Context(), n.operator(), "access", "revoke", n.segment(), grants[i])
			done <- err
		}()
		// From before the transaction is sent to after its effect.
		wait := time.NewTimer(time.Duration(random.Int64N(int64(2500 * time.Millisecond))))
		select {
		case <-wait.C:
		case <-t.Context().Done():
		}
		guest.Kill()
		stop()
		if err := <-done; err != nil {
			t.Fatalf("kill %d (seed %d): revoke: %v", i, seed, err)
		}
		stop = load(t.Context(), guest.HTTP, device, resource, after.see)
		if err := guest.Start(); err != nil {
			t.Fatal(err)
		}
		denied := becomes(t, guest.HTTP, device, "publish", resource, "grant_revoked")
		becomes(t, guest.HTTP, device, "publish", next, "allowed")
		stop()
		if after.lowest < before.highest {
			t.Fatalf("kill %d (seed %d): answered by sequence %d after it had answered by %d", i, seed, after.lowest, before.highest)
		}
		if after.allowed >= denied.Context.Sequence {
			t.Fatalf("kill %d (seed %d): allowed by sequence %d; the revocation is in %d", i, seed, after.allowed, denied.Context.Sequence)
		}
		if after.allowed > before.highest {
			t.Fatalf("kill %d (seed %d): allowed by sequence %d, which it had not verified before (%d)", i, seed, after.allowed, before.highest)
		}
	}
}

// ask asks the owner of the network through its command line.
func (n *net) ask(t *testing.T, args ...string) {
	t.Helper()
	if code, _, stderr := exit(t, testnetBinary, append(args, "--dir", n.dir)...); code != 0 {
		t.Fatalf("%v: exit code %d: %s", args, code, stderr)
	}
}

// TestKilledValidatorStopsNobody kills the node that a gateway follows first:
// the chain makes blocks and a revocation reaches the gateway.
func TestKilledValidatorStopsNobody(t *testing.T) {
	n := use(t)
	device := n.enrol(t, "validator")
	granted := n.grant(t, line(device, "validator"))
	const resource = "mqtt:plant/validator/x"
	gateway := n.Gateways[1]
	becomes(t, gateway.HTTP, device, "publish", resource, "allowed")
	victim := n.Nodes[1]
	status, err := network.Status(t.Context(), gateway.HTTP)
	if err != nil || status.State != "fresh" {
		t.Fatalf("status %+v %v", status, err)
	}
	n.ask(t, "node", "kill", victim.Name)
	if d, err := network.ReadDescription(n.dir); err != nil || d.Nodes[1].PID != 0 {
		t.Errorf("network.json gives a killed node the pid %d %v", d.Nodes[1].PID, err)
	}
	revoked := n.revoke(t, granted.IDs[0])
	if d := becomes(t, gateway.HTTP, device, "publish", resource, "grant_revoked"); d.Context.Since != revoked.Height {
		t.Errorf("revoked since %d; want %d", d.Context.Since, revoked.Height)
	}
	n.ask(t, "node", "start", victim.Name)
	eventually(t, victim.Name+" to catch up", func(ctx context.Context) error {
		height, err := network.RPC(victim.RPC).Height(ctx)
		if err == nil && height <= int64(revoked.Height) {
			err = fmt.Errorf("height %d of %d", height, revoked.Height)
		}
		return err
	})
}

// TestPausedNodeIsSilent pauses a node and lets it go on.
func TestPausedNodeIsSilent(t *testing.T) {
	n := use(t)
	node := n.Nodes[3]
	n.ask(t, "node", "pause", node.Name)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if height, err := network.RPC(node.RPC).Height(ctx); err == nil {
		t.Errorf("a paused node answers: height %d", height)
	}
	n.ask(t, "node", "resume", node.Name)
	eventually(t, "the node to answer", func(ctx context.Context) error {
		_, err := network.RPC(node.RPC).Height(ctx)
		return err
	})
}

// TestSilenceEndsAllows halts the chain. What bears ten seconds of silence is
// denied when they are over, what bears an hour goes on.
func TestSilenceEndsAllows(t *testing.T) {
	n := use(t)
	device := n.enrol(t, "silence")
	grant := line(device, "silence")
	grant.Actions = []string{"command", "publish"}
	n.grant(t, grant)
	gateway := n.Gateways[0]
	const resource = "mqtt:plant/silence/x"
	becomes(t, gateway.HTTP, device, "command", resource, "allowed")
	// Two of four validators make no blocks.
	halted := n.Nodes[2:4]
	for _, node := range halted {
		n.ask(t, "node", "pause", node.Name)
	}
	becomes(t, gateway.HTTP, device, "command", resource, "view_stale")
	if d := decide(t, gateway.HTTP, device, "publish", resource); !d.Decision {
		t.Errorf("what bears an hour is denied: %+v", d)
	}
	code, _, stderr := exit(t, network.GatewayBinary, "check", "--home", gateway.Home, "--subject", device, "--action", "command", "--resource", resource)
	if code != 4 {
		t.Errorf("check: exit code %d, want 4: %s", code, stderr)
	}
	for _, node := range halted {
		n.ask(t, "node", "resume", node.Name)
	}
	becomes(t, gateway.HTTP, device, "command", resource, "allowed")
}
