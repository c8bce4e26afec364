package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// row is one measure beside its peer.
type row struct {
	Group   string  `json:"group"`
	Measure string  `json:"measure"`
	Ours    string  `json:"ours"`
	Peer    string  `json:"peer"`
	PeerIs  string  `json:"peer_is"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	// Target says what is to be reached; empty for a row that only informs.
	Target string `json:"target,omitempty"`
	Met    *bool  `json:"met,omitempty"`
	Note   string `json:"note,omitempty"`
}

// atLeast and atMost judge the row's value.
func (r row) atLeast(want float64) row {
	met := r.Value >= want
	r.Met, r.Target = &met, fmt.Sprintf(">= %s %s", figure(want), r.Unit)
	return r
}

func (r row) atMost(want float64) row {
	met := r.Value <= want
	r.Met, r.Target = &met, fmt.Sprintf("<= %s %s", figure(want), r.Unit)
	return r
}

// counts are the options that a run's figures rest on.
type counts struct {
	Seed        uint64 `json:"seed"`
	Rounds      int    `json:"rounds"`
	Turn        string `json:"turn"`
	Grants      int    `json:"grants"`
	Requests    int    `json:"requests"`
	Rules       int    `json:"rules"`
	Proven      int    `json:"proven"`
	Revocations int    `json:"revocations"`
}

// report is what one run says.
type report struct {
	Machine  machine  `json:"machine"`
	Options  counts   `json:"options"`
	Selected []string `json:"selected"`
	Seconds  float64  `json:"seconds"`
	Rows     []row    `json:"rows"`
}

func (r *report) add(rows ...row) { r.Rows = append(r.Rows, rows...) }

func (r *report) json(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

func (r *report) table(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "measure\tours\tpeer\tvalue\tto reach\t")
	group := ""
	var notes []string
	for _, row := range r.Rows {
		if row.Group != group {
			group = row.Group
			fmt.Fprintf(table, "\t\t\t\t\t\n%s\t\t\t\t\t\n", strings.ToUpper(group))
		}
		verdict := "-"
		if row.Met != nil {
			verdict = "missed"
			if *row.Met {
				verdict = "met"
			}
		}
		peer := strings.TrimSpace(row.PeerIs + " " + row.Peer)
		if peer == "" {
			peer = "-"
		}
		mark := ""
		if row.Note != "" {
			notes = append(notes, row.Note)
			mark = fmt.Sprintf(" [%d]", len(notes))
		}
		fmt.Fprintf(table, "  %s%s\t%s\t%s\t%s %s\t%s\t%s\n", row.Measure, mark, row.Ours, peer, figure(row.Value), row.Unit, row.Target, verdict)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	for i, note := range notes {
		fmt.Fprintf(out, "[%d] %s\n", i+1, note)
	}
	_, err := fmt.Fprintf(out, "\n%s\n%s grants, %d rounds of %s turns, seed %d; the run took %.0f s\n", r.Machine,
		thousands(int64(r.Options.Grants)), r.Options.Rounds, r.Options.Turn, r.Options.Seed, r.Seconds)
	return err
}

// figure writes a number with three significant digits and thousands apart.
func figure(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 0:
		return "-" + figure(-v)
	case v < 10:
		return strings.TrimSuffix(fmt.Sprintf("%.2f", v), ".00")
	case v < 100:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
	}
	return thousands(int64(v + 0.5))
}

func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// nanoseconds as people read them.
func nanoseconds(ns float64) string {
	switch {
	case ns < 1e3:
		return figure(ns) + " ns"
	case ns < 1e6:
		return figure(ns/1e3) + " µs"
	case ns < 1e9:
		return figure(ns/1e6) + " ms"
	}
	return figure(ns/1e9) + " s"
}
