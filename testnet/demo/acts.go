package demo

import (
	"context"
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hallmark-ledger/hallmark/testnet/await"
	"github.com/hallmark-ledger/hallmark/testnet/fault"
	"github.com/hallmark-ledger/hallmark/testnet/network"
)

// effect is how long a change may take to reach a gateway.
const effect = 30 * time.Second

func (s *story) enrol(ctx context.Context, values map[string]any) (Told, error) {
	result, err := s.maker.Tx(ctx, s.manufacturer(), "identity", "enroll-batch", s.list, "--model", listModel)
	if err != nil {
		return Told{}, err
	}
	if s.batch, err = oneOf(result, "enroll-batch"); err != nil {
		return Told{}, err
	}
	var answer struct {
		Batch struct {
			Root  []byte `json:"root"`
			Count string `json:"count"`
		} `json:"batch"`
	}
	if err := s.maker.Query(ctx, &answer, "identity", "batch", s.batch); err != nil {
		return Told{}, err
	}
	size, err := txSize(ctx, s.d.Nodes[1].RPC, result.TxHash)
	if err != nil {
		return Told{}, err
	}
	values["batch"], values["height"], values["bytes"], values["devices"] = s.batch, int64(result.Height), size, answer.Batch.Count
	return Told{
		Result: fmt.Sprintf("%s devices in one transaction of %d bytes", answer.Batch.Count, size),
		Detail: []string{fmt.Sprintf("batch %s at height %d, Merkle root %x", s.batch, result.Height, answer.Batch.Root)},
	}, nil
}

// txSize is the length of a transaction in its block.
func txSize(ctx context.Context, rpc, hash string) (int, error) {
	var tx struct {
		Tx string `json:"tx"`
	}
	err := await.Within(ctx, effect, "the index of transactions", func(ctx context.Context) error {
		return network.RPC(rpc).Call(ctx, &tx, "tx", "hash=0x"+hash)
	})
	return base64.StdEncoding.DecodedLen(len(strings.TrimRight(tx.Tx, "="))), err
}

func (s *story) activate(ctx context.Context, values map[string]any) (Told, error) {
	result, err := s.maker.Tx(ctx, s.manufacturer(), "identity", "activate", s.batch, "--list", s.list,
		"--rows", fmt.Sprintf("1-%d", activated), "--keys", filepath.Join(filepath.Dir(s.list), "keys"), "--owner", s.ownerName())
	if err != nil {
		return Told{}, err
	}
	var answer struct {
		Device struct {
			Owner  string `json:"owner"`
			Status string `json:"status"`
		} `json:"device"`
	}
	if err := s.maker.Query(ctx, &answer, "identity", "device", s.devices[0]); err != nil {
		return Told{}, err
	}
	if answer.Device.Owner != s.ownerName() || answer.Device.Status != "STATUS_ACTIVE" {
		return Told{}, fmt.Errorf("device %s: owner %q, status %q; want %q and active", s.devices[0], answer.Device.Owner, answer.Device.Status, s.ownerName())
	}
	values["devices"], values["height"], values["owner"] = s.devices, int64(result.Height), s.ownerName()
	return Told{
		Result: fmt.Sprintf("%d devices of %s at height %d", activated, s.ownerName(), result.Height),
		Detail: []string{"each with its key's signature and the proof of its place in the list; the first is " + s.devices[0]},
	}, nil
}

func (s *story) grant(ctx context.Context, values map[string]any) (Told, error) {
	lines := make([]network.GrantLine, 0, activated-1)
	for row := range activated - 1 {
		lines = append(lines, s.line(row))
	}
	result, err := s.owner.GrantBatch(ctx, s.operator(), s.segment, filepath.Join(s.Dir, "demo-grants.jsonl"), lines...)
	if err != nil {
		return Told{}, err
	}
	if s.grants = result.IDs; len(s.grants) != len(lines) {
		return Told{}, fmt.Errorf("%d grants were given ids %v", len(lines), s.grants)
	}
	values["grants"], values["height"], values["segment"] = s.grants, int64(result.Height), s.segment
	return Told{
		Result: fmt.Sprintf("%d grants of segment %s at height %d", len(s.grants), s.segment, result.Height),
		Detail: []string{fmt.Sprintf("grants %s to %s, each to publish below %s", s.grants[0], s.grants[len(s.grants)-1], "mqtt:plant/line-1/<serial>/#")},
	}, nil
}

// until waits for a decision at a gateway and returns it.
func until(ctx context.Context, gateway, device, action, resource string, want bool) (network.Decision, error) {
	var decision network.Decision
	ctx, cancel := context.WithTimeout(ctx, effect)
	defer cancel()
	what := map[bool]string{true: "to allow", false: "to deny"}[want]
	err := await.Every(ctx, 5*time.Millisecond, gateway+" "+what, func(ctx context.Context) (err error) {
		if decision, err = network.Evaluate(ctx, gateway, device, action, resource); err != nil {
			return err
		}
		if decision.Decision != want {
			return fmt.Errorf("%w: %s: %s", errStillOld, decision.Context.Reason, decision.Context.Detail)
		}
		return nil
	})
	return decision, err
}

func (s *story) allow(ctx context.Context, values map[string]any) (Told, error) {
	var parts []string
	for _, gateway := range s.gateways() {
		decision, err := until(ctx, gateway.HTTP, s.devices[0], "publish", s.resource(0), true)
		if err != nil {
			return Told{}, err
		}
		if decision.Context.Grant != s.grants[0] || decision.Context.Height == 0 {
			return Told{}, fmt.Errorf("%s allowed by grant %q at height %d; want grant %s", gateway.Name, decision.Context.Grant, decision.Context.Height, s.grants[0])
		}
		values[gateway.Name] = decision
		parts = append(parts, fmt.Sprintf("%s: grant %s at height %d", gateway.Name, decision.Context.Grant, decision.Context.Height))
	}
	return Told{
		Result: strings.Join(parts, ", "),
		Detail: []string{fmt.Sprintf("%s publishes on %s", s.devices[0], s.resource(0))},
	}, nil
}

func (s *story) deny(ctx context.Context, values map[string]any) (Told, error) {
	row := activated - 1
	var last network.Decision
	for _, gateway := range s.gateways() {
		decision, err := network.Evaluate(ctx, gateway.HTTP, s.devices[row], "publish", s.resource(row))
		if err != nil {
			return Told{}, err
		}
		if decision.Decision || decision.Context.Reason == "" || decision.Context.Fix == "" {
			return Told{}, fmt.Errorf("%s: decision %v, reason %q, fix %q; want a denial with both", gateway.Name, decision.Decision, decision.Context.Reason, decision.Context.Fix)
		}
		values[gateway.Name] = decision
		last = decision
	}
	return Told{
		Result: fmt.Sprintf("denied: %s, with the command that would change it", last.Context.Reason),
		Detail: []string{"reason: " + last.Context.Detail, "fix: " + last.Context.Fix},
	}, nil
}

// revoke measures from the event of the block at the node that the first
// gateway follows to the first denial.
func (s *story) revoke(ctx context.Context, values map[string]any) (Told, error) {
	const row = 0
	gateways := s.gateways()
	type denial struct {
		at       time.Time
		decision network.Decision
		err      error
	}
	denials := make([]denial, len(gateways))
	var group sync.WaitGroup
	for i, gateway := range gateways {
		group.Go(func() {
			d, err := until(ctx, gateway.HTTP, s.devices[row], "publish", s.resource(row), false)
			denials[i] = denial{time.Now(), d, err}
		})
	}
	result, err := s.owner.Tx(ctx, s.operator(), "access", "revoke", s.segment, s.grants[row])
	if err != nil {
		return Told{}, err
	}
	committed, err := s.blocks.Announced(ctx, int64(result.Height))
	if err != nil {
		return Told{}, err
	}
	group.Wait()
	var parts []string
	for i, gateway := range gateways {
		d := denials[i]
		if d.err != nil {
			return Told{}, d.err
		}
		if d.decision.Context.Reason != "grant_revoked" || int64(d.decision.Context.Since) != int64(result.Height) {
			return Told{}, fmt.Errorf("%s: %s since %d; want grant_revoked since %d", gateway.Name, d.decision.Context.Reason, d.decision.Context.Since, result.Height)
		}
		latency := inMilliseconds(d.at.Sub(committed))
		values[gateway.Name] = map[string]any{"decision": d.decision, "milliseconds": latency}
		parts = append(parts, fmt.Sprintf("%s %d ms", gateway.Name, latency))
	}
	interval := inMilliseconds(s.blocks.Interval())
	values["height"], values["block_interval_milliseconds"] = int64(result.Height), interval
	return Told{
		Result: "from the commit to the denial: " + strings.Join(parts, ", "),
		Detail: []string{fmt.Sprintf("grant %s is revoked since height %d; the header that proves it came with the next block (%d ms a block)", s.grants[row], result.Height, interval)},
	}, nil
}

func (s *story) kill(ctx context.Context, values map[string]any) (Told, error) {
	victim := s.d.Nodes[3]
	if _, err := s.Net.Do(ctx, network.Request{Kind: "node", Verb: "kill", Name: victim.Name}); err != nil {
		return Told{}, err
	}
	began := time.Now()
	line := s.line(0)
	result, err := s.owner.GrantBatch(ctx, s.operator(), s.segment, filepath.Join(s.Dir, "demo-again.jsonl"), line)
	if err != nil {
		return Told{}, err
	}
	grant, err := oneOf(result, "grant-batch")
	if err != nil {
		return Told{}, err
	}
	for _, gateway := range s.gateways() {
		decision, err := until(ctx, gateway.HTTP, s.devices[0], "publish", s.resource(0), true)
		if err != nil {
			return Told{}, err
		}
		if decision.Context.Grant != grant {
			return Told{}, fmt.Errorf("%s allowed by grant %q; want the new one, %s", gateway.Name, decision.Context.Grant, grant)
		}
		values[gateway.Name] = decision
	}
	took := time.Since(began)
	values["killed"], values["grant"], values["height"], values["milliseconds"] = victim.Name, grant, int64(result.Height), inMilliseconds(took)
	if _, err := s.Net.Do(ctx, network.Request{Kind: "node", Verb: "start", Name: victim.Name}); err != nil {
		return Told{}, err
	}
	return Told{
		Result: fmt.Sprintf("without %s: a new grant is allowed at both gateways after %.1f s", victim.Name, took.Seconds()),
		Detail: []string{fmt.Sprintf("grant %s at height %d; then %s is started again and catches up", grant, result.Height, victim.Name)},
	}, nil
}

func (s *story) lie(ctx context.Context, values map[string]any) (Told, error) {
	proxy, err := fault.Listen(s.d.Nodes[1].RPC)
	if err != nil {
		return Told{}, err
	}
	defer proxy.Close()
	guest, err := s.d.NewGuest(ctx, filepath.Join(s.Dir, "guests", s.d.ChainID+time.Now().Format("-150405")), "gateway2", proxy.URL(), s.d.Nodes[0].RPC, s.d.Nodes[2].RPC, s.d.Nodes[3].RPC)
	if err != nil {
		return Told{}, err
	}
	if err := guest.Start(); err != nil {
		return Told{}, err
	}
	defer guest.Stop()
	if err := guest.Ready(ctx); err != nil {
		return Told{}, err
	}
	proxy.Lie(fault.OtherKey("members", "segment/"+s.segment))
	// The lie is told about the head that a revocation has just moved.
	const row = 1
	if _, err := until(ctx, guest.HTTP, s.devices[row], "publish", s.resource(row), true); err != nil {
		return Told{}, err
	}
	result, err := s.owner.Tx(ctx, s.operator(), "access", "revoke", s.segment, s.grants[row])
	if err != nil {
		return Told{}, err
	}
	decision, err := until(ctx, guest.HTTP, s.devices[row], "publish", s.resource(row), false)
	if err != nil {
		return Told{}, err
	}
	var named string
	err = await.Within(ctx, effect, "the gateway to name the lying node", guest.While(func(context.Context) error {
		var found bool
		if named, found = lineWith(guest.ReadLog(), "source is wrong", proxy.URL()); !found || proxy.Told() == 0 {
			return fmt.Errorf("%d lies told; no line of its log names %s", proxy.Told(), proxy.URL())
		}
		return nil
	}))
	if err != nil {
		return Told{}, err
	}
	values["node"], values["lies"], values["log"], values["decision"], values["height"] = proxy.URL(), proxy.Told(), named, decision, int64(result.Height)
	return Told{
		Result: "caught and named; the gateway went on with other nodes",
		Detail: []string{
			"its log says: " + reason(named),
			fmt.Sprintf("meanwhile the revocation of grant %s at height %d reached it from another node: %s", s.grants[row], result.Height, decision.Context.Reason),
		},
	}, nil
}

// lineWith finds the last line that holds all words.
func lineWith(log string, words ...string) (string, bool) {
	lines := strings.Split(log, "\n")
next:
	for i := len(lines) - 1; i >= 0; i-- {
		for _, word := range words {
			if !strings.Contains(lines[i], word) {
				continue next
			}
		}
		return strings.TrimSpace(lines[i]), true
	}
	return "", false
}

// reason is the error in a line of a log.
func reason(line string) string {
	_, rest, found := strings.Cut(line, " err=")
	if said, err := strconv.QuotedPrefix(rest); found && err == nil {
		if said, err = strconv.Unquote(said); err == nil {
			return said
		}
	}
	return line
}
