package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/hallmark-ledger/hallmark/node/gateway/clock"
	"github.com/hallmark-ledger/hallmark/node/gateway/config"
	"github.com/hallmark-ledger/hallmark/node/gateway/follow"
	"github.com/hallmark-ledger/hallmark/node/gateway/ingress"
	"github.com/hallmark-ledger/hallmark/node/gateway/vault"
)

func statusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what the gateway knows and how fresh it is",
		Long: "status asks the running gateway. When none answers it opens the home read-only and shows what is on disk,\n" +
			"which is unverified.",
		Example: "  hallmark-gateway status -o json",
		Args:    arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			asJSON, err := wantsJSON(cmd)
			if err != nil {
				return err
			}
			home, err := homeOf(cmd)
			if err != nil {
				return err
			}
			c, err := config.Load(home, os.Environ())
			if err != nil {
				return err
			}
			s, err := statusOf(cmd, home, c)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), s)
			}
			return printStatus(cmd.OutOrStdout(), s)
		},
	}
	addOutput(cmd)
	addCaller(cmd)
	return cmd
}

// statusOf asks the running gateway, or looks at the home.
func statusOf(cmd *cobra.Command, home string, c config.Config) (follow.Status, error) {
	var s follow.Status
	asked, err := newCaller(cmd, c.Decision)
	if err != nil {
		return s, err
	}
	code, answer, err := asked.ask(cmd.Context(), ingress.PathStatus, nil)
	if err == nil {
		if code != http.StatusOK {
			return s, fmt.Errorf("the gateway at %s answered %d: %.200s", c.Decision.Address, code, answer)
		}
		if err := json.Unmarshal(answer, &s); err != nil {
			return s, fmt.Errorf("the answer from %s is no status: %w", c.Decision.Address, err)
		}
		return s, nil
	}
	if !errors.Is(err, errNobody) {
		return s, err
	}
	nobody := err
	records, err := openReadOnly(home, c)
	if err != nil {
		return s, errors.Join(nobody, err)
	}
	if records == nil {
		return follow.Status{
			ChainID: c.Chain.ID, State: follow.Unverified, Primary: c.Nodes.Primary,
			Witnesses: unknown(c.Nodes.Witnesses), Feeds: []follow.Feed{}, LastError: nobody.Error(),
		}, nil
	}
	defer records.Close()
	s = follow.Describe(followed(c), records, clock.New(clock.Options{Floor: records.Floor()}))
	if s.LastError == "" {
		s.LastError = nobody.Error()
	}
	return s, nil
}

func unknown(urls []string) []follow.Witness {
	list := []follow.Witness{}
	for _, url := range urls {
		list = append(list, follow.Witness{URL: url, State: "unknown"})
	}
	return list
}

// openReadOnly opens the vault of a gateway that does not run; nil when there
// is none yet. Its View is unverified: nothing has proven it current.
func openReadOnly(home string, c config.Config) (*vault.Vault, error) {
	v, err := vault.Open(filepath.Join(home, config.VaultName), vault.Options{
		ChainID: c.Chain.ID, Segments: c.Follow.Segments, ReadOnly: true,
	})
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return v, err
}

func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func printStatus(out io.Writer, s follow.Status) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "chain\t%s\n", s.ChainID)
	fmt.Fprintf(w, "state\t%s\n", s.State)
	if s.HeadTime != nil {
		fmt.Fprintf(w, "height\t%d of %s, %s old\n", s.Height, stamp(*s.HeadTime), time.Duration(s.AgeSeconds)*time.Second)
	}
	if s.TrustExpires != nil {
		fmt.Fprintf(w, "trust\tuntil %s\n", stamp(*s.TrustExpires))
	}
	fmt.Fprintf(w, "primary\t%s\n", s.Primary)
	for _, n := range s.Witnesses {
		fmt.Fprintf(w, "witness\t%s\t%s\n", n.URL, n.State)
	}
	for _, f := range s.Feeds {
		fmt.Fprintf(w, "feed\t%s\t%d records at sequence %d, changed at height %d\n", f.Name, f.Records, f.Sequence, f.Height)
	}
	if s.LastError != "" {
		fmt.Fprintf(w, "last error\t%s\n", s.LastError)
	}
	return w.Flush()
}
