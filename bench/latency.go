package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/hallmark-ledger/hallmark/testnet/network"
	accesstypes "github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

const (
	decisionsPerSecond = 50
	// pollEvery is how closely the first denial is looked for; it is counted in.
	pollEvery = 5 * time.Millisecond
	// slowest is when a revocation counts as never having arrived.
	slowest = time.Minute
)

// measureNetwork runs what needs a network of real processes: one network for
// both measures, so that revocations meet a segment that is full.
func measureNetwork(ctx context.Context, o options, r *report, latency, memory bool) (err error) {
	n, err := startNetwork(ctx, o)
	if err != nil {
		return err
	}
	defer func() {
		if stopped := n.stop(); err == nil && stopped != nil {
			err = fmt.Errorf("stop the network: %w", stopped)
		}
	}()
	if len(n.Gateways) == 0 {
		return fmt.Errorf("the network has no gateway")
	}
	guarded := n.Gateways[0]
	g := newGateway(guarded.HTTP)
	status, err := g.status(ctx)
	if err != nil {
		return err
	}
	followed, err := n.nodeAt(status.Primary)
	if err != nil {
		return err
	}
	w, err := watch(ctx, followed.RPC)
	if err != nil {
		return err
	}
	segment := guarded.Segments[0]
	member, _, _ := strings.Cut(segment, "/")
	account, err := n.admin(member)
	if err != nil {
		return err
	}
	owner, err := openWallet(ctx, n.Description, account)
	if err != nil {
		return err
	}
	m := &onNetwork{localNetwork: n, o: o, guarded: guarded, followed: followed, gateway: g, watcher: w, owner: owner, member: member, segment: segment}
	if err := m.fill(ctx, memory); err != nil {
		return err
	}
	if latency {
		if err := m.revocations(ctx, r); err != nil {
			return err
		}
	}
	if memory {
		return m.memory(ctx, r)
	}
	return nil
}

// onNetwork is a gateway of a network, the node that it follows, and a segment
// with grants.
type onNetwork struct {
	*localNetwork
	o               options
	guarded         network.Gateway
	followed        network.Node
	gateway         *gateway
	watcher         *watcher
	owner           *wallet
	member, segment string

	grants  []given
	filling time.Duration
	peak    int64 // most anonymous memory of the gateway seen while it filled
}

// fill writes devices and grants to the chain and waits until the gateway holds
// them all: those of the memory measure, or a few.
func (m *onNetwork) fill(ctx context.Context, all bool) error {
	n := m.o.grants
	if !all {
		n = min(n, 10*m.o.revocations)
	}
	before, err := m.gateway.status(ctx)
	if err != nil {
		return err
	}
	name := feed.Segment(m.segment)
	want := before.records(name) + uint64(n+n/grantsPerDevice)
	began := time.Now()
	memory := sample(ctx, m.guarded.PID)
	l := &loader{o: m.o, owner: m.owner, watcher: m.watcher, member: m.member, segment: m.segment}
	m.o.tell("network: writing %s devices and %s grants to the chain", thousands(int64(n/grantsPerDevice)), thousands(int64(n)))
	devices, err := l.devices(ctx, n/grantsPerDevice)
	if err != nil {
		return err
	}
	if m.grants, err = l.grants(ctx, devices); err != nil {
		return err
	}
	for deadline := time.Now().Add(patience); ; {
		s, err := m.gateway.status(ctx)
		if err == nil && s.records(name) >= want {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the gateway holds %d records of %s, want %d: %s: %w", s.records(name), name, want, s.LastError, err)
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	m.filling, m.peak = time.Since(began), maximum(memory())
	m.o.tell("network: the gateway holds %s grants after %.0f s", thousands(int64(n)), m.filling.Seconds())
	return nil
}

// revocations revokes grants one by one and times each from the event of its
// commit at the followed node to the first denial at the gateway.
func (m *onNetwork) revocations(ctx context.Context, r *report) error {
	random := rand.New(rand.NewPCG(m.o.seed, 6))
	random.Shuffle(len(m.grants), func(i, j int) { m.grants[i], m.grants[j] = m.grants[j], m.grants[i] })
	revoked := m.grants[:m.o.revocations]
	m.grants = m.grants[m.o.revocations:]
	m.o.tell("latency: %d revocations under %d decisions a second", len(revoked), decisionsPerSecond)
	background := startTraffic(ctx, m.gateway, decisionsPerSecond, m.grants, m.o.seed)
	began := time.Now()

	var group sync.WaitGroup
	var mu sync.Mutex
	var latencies []float64
	var failed error
	for i, grant := range revoked {
		// Two a second on average, at times that know nothing of blocks.
		if err := pause(ctx, time.Duration(random.Int64N(int64(time.Second)))); err != nil {
			return err
		}
		body := grant.ask.body()
		a, err := m.gateway.evaluate(ctx, body)
		if err != nil || !a.Decision {
			return fmt.Errorf("grant %d before its revocation: %v, %s, %w", grant.id, a.Decision, a.Context.Reason, err)
		}
		tx, err := m.owner.sign(gasRevoke, &accesstypes.MsgRevoke{Signer: m.owner.address, Segment: m.segment, Grants: []uint64{grant.id}, Reason: "bench"})
		if err != nil {
			return err
		}
		done, err := m.watcher.send(ctx, tx)
		if err != nil {
			return fmt.Errorf("revoke grant %d: %w", grant.id, err)
		}
		group.Go(func() {
			took, err := m.untilDenied(ctx, done, body)
			mu.Lock()
			defer mu.Unlock()
			if err != nil && failed == nil {
				failed = fmt.Errorf("grant %d: %w", grant.id, err)
			}
			latencies = append(latencies, took.Seconds()*1e3)
		})
		if (i+1)%50 == 0 {
			m.o.tell("latency: %d of %d sent", i+1, len(revoked))
		}
	}
	group.Wait()
	answers, err := background.end()
	if failed != nil {
		return failed
	}
	if err != nil {
		return fmt.Errorf("background: %w", err)
	}
	interval := median(m.watcher.intervals(began)) * 1e3
	rate := float64(len(answers)) / time.Since(began).Seconds()
	const group1 = "revocation"
	milliseconds := func(ms float64) string { return nanoseconds(ms * 1e6) }
	peer := "median block interval of the same run"
	r.add(
		row{Group: group1, Measure: "median block interval", Ours: milliseconds(interval), Value: interval, Unit: "ms",
			Note: fmt.Sprintf("4 validators, 2 gateways and this program on the same machine; %d intervals between events of commits", len(m.watcher.intervals(began)))}.atMost(1500),
		row{Group: group1, Measure: "commit event to first denial, p50", Ours: milliseconds(quantile(latencies, 0.5)), Peer: milliseconds(interval), PeerIs: peer, Value: quantile(latencies, 0.5), Unit: "ms"},
		row{Group: group1, Measure: "commit event to first denial, p99", Ours: milliseconds(quantile(latencies, 0.99)), Peer: milliseconds(interval), PeerIs: peer, Value: quantile(latencies, 0.99), Unit: "ms",
			Note: fmt.Sprintf("%d revocations in a segment of %s grants; slowest %s; the header that proves a block's state is the next one's, so an interval is the least there is",
				len(latencies), thousands(int64(len(m.grants)+len(revoked))), milliseconds(quantile(latencies, 1)))}.atMost(interval+500),
		row{Group: group1, Measure: fmt.Sprintf("background, %.1f decisions a second", rate), Ours: nanoseconds(median(answers)), Value: quantile(answers, 0.99) / 1e6, Unit: "ms p99 over HTTP"},
	)
	return nil
}

// untilDenied waits for a revocation's commit and then asks until it is denied.
func (m *onNetwork) untilDenied(ctx context.Context, done <-chan outcome, body []byte) (time.Duration, error) {
	var o outcome
	select {
	case o = <-done:
	case <-time.After(slowest):
		return 0, fmt.Errorf("no block within %s", slowest)
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	if o.code != 0 {
		return 0, fmt.Errorf("block %d: code %d: %s", o.height, o.code, o.log)
	}
	for {
		a, err := m.gateway.evaluate(ctx, body)
		at := time.Now()
		if err != nil {
			return 0, err
		}
		if !a.Decision {
			if a.Context.Reason != "grant_revoked" {
				return 0, fmt.Errorf("denied with %s", a.Context.Reason)
			}
			return at.Sub(o.seen), nil
		}
		if at.Sub(o.seen) > slowest {
			return 0, fmt.Errorf("still allowed %s after the commit", slowest)
		}
		if err := pause(ctx, pollEvery); err != nil {
			return 0, err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
