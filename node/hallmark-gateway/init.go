package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/hallmark-ledger/hallmark/node/gateway/config"
	"github.com/hallmark-ledger/hallmark/node/gateway/follow"
	"github.com/hallmark-ledger/hallmark/node/gateway/vault"
)

// initWait bounds the checks of all addresses.
const initWait = 60 * time.Second

func initCommand() *cobra.Command {
	c := config.Default()
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write the configuration, after checking every address",
		Long: "init asks every address for its chain and for the trusted header, proves the segments from there, shows\n" +
			"what the gateway will trust, and writes a commented configuration into the home. A trusted hash that no\n" +
			"node has, another chain, or an address that does not answer is refused and nothing is written.",
		Example: "  hallmark-gateway init --chain-id plant-1 --trust-height 120 --trust-hash 5A3F... \\\n" +
			"    --primary http://node0:26657 --witness http://node1:26657 --witness http://node2:26657 --segment acme/plant",
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required(cmd, "chain-id", "trust-height", "trust-hash", "primary", "witness", "segment"); err != nil {
				return err
			}
			home, err := homeOf(cmd)
			if err != nil {
				return err
			}
			force, err := cmd.Flags().GetBool("force")
			if err != nil {
				return err
			}
			return initialise(cmd.Context(), home, c, force, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.Chain.ID, "chain-id", "", "id of the chain")
	f.Int64Var(&c.Chain.TrustHeight, "trust-height", 0, "height of the trusted header")
	f.StringVar(&c.Chain.TrustHash, "trust-hash", "", "its hash, 64 hexadecimal digits, from somebody you trust")
	f.DurationVar((*time.Duration)(&c.Chain.TrustingPeriod), "trusting-period", time.Duration(c.Chain.TrustingPeriod), "how long a believed header vouches for the next")
	f.StringVar(&c.Nodes.Primary, "primary", "", "CometBFT RPC address of the node to follow")
	f.StringArrayVar(&c.Nodes.Witnesses, "witness", nil, "address of a node of another member (at least two; repeat the flag)")
	f.StringArrayVar(&c.Follow.Segments, "segment", nil, "segment to decide on, <member>/<slug> (repeat the flag)")
	f.StringVar(&c.Decision.Address, "address", c.Decision.Address, "where decisions are served: host:port or unix:/path")
	f.Bool("force", false, "overwrite the configuration and begin with an empty vault; the old one is set aside")
	return cmd
}

func initialise(ctx context.Context, home string, c config.Config, force bool, out io.Writer) error {
	if err := c.Validate(); err != nil {
		return err
	}
	path := filepath.Join(home, config.FileName)
	if _, err := os.Stat(path); err == nil && !force {
		return fmt.Errorf("%w: %s; --force overwrites it", config.ErrExists, path)
	}
	ctx, cancel := context.WithTimeout(ctx, initWait)
	defer cancel()
	report, err := follow.Check(ctx, followed(c))
	if err != nil {
		return fmt.Errorf("nothing was written: %w", err)
	}
	if err := setAside(home, c); err != nil {
		return fmt.Errorf("nothing was written: %w", err)
	}
	if err := c.Write(home, force); err != nil {
		return err
	}
	return describe(out, path, report)
}

// followed is the part of a configuration that the follower reads.
func followed(c config.Config) follow.Config {
	hash, _ := c.Chain.Hash() // validated before
	return follow.Config{
		ChainID:        c.Chain.ID,
		TrustHeight:    c.Chain.TrustHeight,
		TrustHash:      hash,
		Primary:        c.Nodes.Primary,
		Witnesses:      c.Nodes.Witnesses,
		Segments:       c.Follow.Segments,
		TrustingPeriod: time.Duration(c.Chain.TrustingPeriod),
		Heartbeat:      time.Duration(c.Follow.Heartbeat),
	}
}

// setAside takes an earlier vault out of the way: what it believed, or that it
// saw an attack, was verified from another root. It is kept for people to look
// at. A vault that a gateway has open stays.
func setAside(home string, c config.Config) error {
	path := filepath.Join(home, config.VaultName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	v, err := vault.Open(path, vault.Options{ChainID: c.Chain.ID, Segments: c.Follow.Segments, ReadOnly: true})
	if errors.Is(err, vault.ErrHeld) {
		return fmt.Errorf("a gateway runs on this home; stop it first: %w", err)
	}
	if err == nil {
		_ = v.Close()
	}
	if err := os.Rename(path, path+".old"); err != nil {
		return fmt.Errorf("set the old vault aside: %w", err)
	}
	return dropAnchor(home)
}

func describe(out io.Writer, path string, r follow.Report) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "This gateway will trust\n")
	fmt.Fprintf(w, "  chain\t%s\n", r.ChainID)
	fmt.Fprintf(w, "  height\t%d\n", r.TrustHeight)
	fmt.Fprintf(w, "  hash\t%s\n", r.TrustHash)
	if r.TrustTime != nil && r.Expires != nil {
		fmt.Fprintf(w, "  time\t%s, trusted until %s\n", stamp(*r.TrustTime), stamp(*r.Expires))
	}
	fmt.Fprintf(w, "and ask\n")
	for _, n := range r.Nodes {
		fmt.Fprintf(w, "  %s\t%s\tnode %s at height %d, has the trusted header\n", n.Role, n.URL, n.NodeID, n.Height)
	}
	fmt.Fprintf(w, "to decide on\n")
	for _, s := range r.Segments {
		fmt.Fprintf(w, "  segment\t%s\t%d records at sequence %d, proven at height %d\n", s.ID, s.Records, s.Sequence, r.Height)
	}
	fmt.Fprintf(w, "Written to %s\n", path)
	return w.Flush()
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
