package demo

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is what was shown, for programs.
type Report struct {
	OK      bool    `json:"ok"`
	ChainID string  `json:"chain_id"`
	Dir     string  `json:"dir,omitempty"`
	Seconds float64 `json:"seconds"`
	Shown   []Shown `json:"shown"`
	// Error is why it ended early.
	Error string `json:"error,omitempty"`
}

// Shown is one act: what it shows, in words, and the values that it saw.
type Shown struct {
	Act     string  `json:"act"`
	Title   string  `json:"title"`
	Seconds float64 `json:"seconds"`
	Told
	Values map[string]any `json:"values"`
}

// Told is what an act has to say: a result that fits into a table, and lines
// with more.
type Told struct {
	Result string   `json:"result"`
	Detail []string `json:"detail"`
}

// columns is the width for the words of a detail.
const columns = 92

// Table writes the report for people.
func (r *Report) Table(out io.Writer, good func(string) string) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, shown := range r.Shown {
		fmt.Fprintf(table, "  %s\t%s\t%.1f s\n", shown.Title, shown.Result, shown.Seconds)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n  %s\n", good(fmt.Sprintf("Shown: all %d, in %.0f s, on chain %s.", len(r.Shown), r.Seconds, r.ChainID)))
	return err
}

// wrap breaks text at spaces.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// inMilliseconds rounds a time to what is worth printing.
func inMilliseconds(d time.Duration) int64 { return d.Round(time.Millisecond).Milliseconds() }
