// Command bench measures Hallmark beside its peers, in one run, and prints one
// table. See README.md.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options of a run.
type options struct {
	seed      uint64
	rounds    int
	slice     time.Duration
	grants    int
	questions int
	rules     int
	proven    int
	quiet     bool
}

func (o options) tell(format string, args ...any) {
	if !o.quiet {
		fmt.Fprintf(os.Stderr, format+"\n", args...)
	}
}

var measures = []string{"decide", "bytes", "latency", "memory"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var o options
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	only := flags.String("only", strings.Join(measures, ","), "what to measure")
	asJSON := flags.Bool("json", false, "print JSON instead of a table")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the workload")
	flags.IntVar(&o.rounds, "rounds", 21, "rounds in which the contenders take turns")
	flags.DurationVar(&o.slice, "slice", 100*time.Millisecond, "length of one turn")
	flags.IntVar(&o.grants, "grants", 100_000, "grants, ten to a device")
	flags.IntVar(&o.questions, "requests", 20_000, "different requests")
	flags.IntVar(&o.rules, "rules", 1_000, "rules of Casbin")
	flags.IntVar(&o.proven, "proven", 10_000, "grants whose proof is weighed")
	flags.BoolVar(&o.quiet, "quiet", false, "no progress on standard error")
	_ = flags.Parse(args)
	chosen := strings.Split(*only, ",")
	for _, name := range chosen {
		if !slices.Contains(measures, name) {
			return fmt.Errorf("--only: %q is no measure; want some of %s", name, strings.Join(measures, ","))
		}
	}
	r := &report{Machine: thisMachine(), Seed: o.seed, Rounds: o.rounds, Selected: *only}
	began := time.Now()
	if slices.Contains(chosen, "decide") {
		if err := measureDecisions(o, r); err != nil {
			return fmt.Errorf("decide: %w", err)
		}
	}
	if slices.Contains(chosen, "bytes") {
		if err := measureBytes(o, r); err != nil {
			return fmt.Errorf("bytes: %w", err)
		}
	}
	r.Seconds = time.Since(began).Seconds()
	if *asJSON {
		return r.json(os.Stdout)
	}
	return r.table(os.Stdout)
}
