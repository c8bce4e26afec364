package follow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cometbft/cometbft/types"

	"github.com/hallmark-ledger/hallmark/node/gateway/clock"
	"github.com/hallmark-ledger/hallmark/node/gateway/header"
	"github.com/hallmark-ledger/hallmark/node/gateway/source"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// Report is what [Check] found: what a gateway with this configuration would
// trust.
type Report struct {
	ChainID     string          `json:"chain_id"`
	TrustHeight int64           `json:"trust_height,string"`
	TrustHash   string          `json:"trust_hash"`
	TrustTime   *time.Time      `json:"trust_time"`
	Expires     *time.Time      `json:"trust_expires"`
	Height      int64           `json:"height,string"` // of the state that was proven
	Nodes       []NodeReport    `json:"nodes"`
	Segments    []SegmentReport `json:"segments"`
}

// NodeReport is what was found of one address.
type NodeReport struct {
	URL    string `json:"url"`
	Role   string `json:"role"` // primary, witness
	NodeID string `json:"node_id"`
	Height int64  `json:"height,string"`
	Hash   string `json:"hash"` // of the header at the trusted height
	Error  string `json:"error,omitempty"`
}

// SegmentReport is a proven segment.
type SegmentReport struct {
	ID       string `json:"id"`
	Sequence uint64 `json:"sequence,string"`
	Records  uint64 `json:"records,string"`
}

// checkWait is how long Check waits for a block above the trusted one.
const checkWait = 20 * time.Second

// Check asks every address: its chain id, whether it has the trusted header,
// and proves that the segments exist. The error names each address and field
// that is wrong; the report is as far as it came.
func Check(ctx context.Context, cfg Config) (Report, error) {
	cfg, err := cfg.validate()
	r := Report{ChainID: cfg.ChainID, TrustHeight: cfg.TrustHeight, TrustHash: fmt.Sprintf("%X", cfg.TrustHash)}
	if err != nil {
		return r, err
	}
	nodes, err := cfg.nodes()
	if err != nil {
		return r, err
	}
	var peers []*peer
	var wrong []error
	for i, n := range nodes {
		report, err := checkNode(ctx, cfg, n)
		report.Role = "witness"
		if i == 0 {
			report.Role = "primary"
		}
		if err != nil {
			report.Error = err.Error()
			wrong = append(wrong, fmt.Errorf("%s %w", report.Role, err))
		}
		for _, other := range r.Nodes {
			if report.NodeID != "" && report.NodeID == other.NodeID {
				wrong = append(wrong, fmt.Errorf("%s %s is the same node as %s: a node cannot witness for itself", report.Role, n.URL(), other.URL))
			}
		}
		r.Nodes = append(r.Nodes, report)
		peers = append(peers, &peer{Node: n, state: peerUnknown})
	}
	if len(wrong) > 0 {
		return r, errors.Join(wrong...)
	}
	return r, checkSegments(ctx, cfg, peers, &r)
}

func checkNode(ctx context.Context, cfg Config, n *source.Node) (NodeReport, error) {
	report := NodeReport{URL: n.URL()}
	status, err := n.Status(ctx)
	if err != nil {
		return report, err
	}
	report.NodeID, report.Height = status.NodeID, status.Height
	h, err := n.Header(ctx, cfg.TrustHeight)
	if err != nil {
		return report, fmt.Errorf("trusted header %d: %w", cfg.TrustHeight, err)
	}
	report.Hash = fmt.Sprintf("%X", h.Hash())
	if !bytes.Equal(h.Hash(), cfg.TrustHash) {
		return report, source.Wrong(n.URL(), source.Header, "header %d has hash %X; trusted is %X: either the trusted hash is wrong or this node is",
			cfg.TrustHeight, h.Hash(), cfg.TrustHash)
	}
	return report, nil
}

// checkSegments goes the whole way once, in memory.
func checkSegments(ctx context.Context, cfg Config, peers []*peer, r *Report) error {
	ctx, cancel := context.WithTimeout(ctx, checkWait)
	defer cancel()
	block, err := peers[0].LightBlock(ctx, cfg.TrustHeight, nil)
	if err != nil {
		return err
	}
	root, err := cfg.rules().Root(peers[0].URL(), block, cfg.TrustHash)
	if err != nil {
		return err
	}
	at, expires := block.Time.UTC(), block.Time.Add(cfg.TrustingPeriod).UTC()
	r.TrustTime, r.Expires = &at, &expires

	var chosen round
	for {
		chosen, err = choose(peers, heights(ctx, peers, cfg.TrustHeight, cfg.Agree+1), cfg.TrustHeight, cfg.Agree, time.Now())
		if !errors.Is(err, source.ErrNotYet) || !sleep(ctx, 200*time.Millisecond, nil) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("no header above the trusted %d: %w", cfg.TrustHeight, err)
	}
	clk := clock.New(clock.Options{})
	believed, findings, err := chosen.believe(ctx, cfg.rules(), header.Question{
		Trail: []*types.LightBlock{root.Block()}, Now: clk.ForHeader,
	})
	for _, found := range findings {
		err = errors.Join(err, found.Err)
	}
	if err != nil {
		return err
	}
	r.Height = believed.Block().Height - 1
	for i, id := range cfg.Segments {
		v, err := proveHead(ctx, chosen.primary.Node, believed, feed.Segment(id))
		if errors.Is(err, source.ErrAbsent) {
			return fmt.Errorf("segments[%d]: %q does not exist at height %d, says %s", i, id, r.Height, chosen.primary.URL())
		}
		if err != nil {
			return fmt.Errorf("segments[%d]: %w", i, err)
		}
		var head feed.Head
		if err := head.Unmarshal(v.Value()); err != nil {
			return fmt.Errorf("segments[%d]: head: %w", i, err)
		}
		r.Segments = append(r.Segments, SegmentReport{id, head.Sequence, head.Records})
	}
	_, err = proveHead(ctx, chosen.primary.Node, believed, feed.Members)
	return err
}
