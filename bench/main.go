// Command bench measures Hallmark beside its peers, in one run, and prints one
// table. See README.md.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options of a run.
type options struct {
	seed        uint64
	rounds      int
	slice       time.Duration
	grants      int
	questions   int
	rules       int
	proven      int
	revocations int
	watch       time.Duration
	build       string
	network     string
	quiet       bool
}

func (o options) tell(format string, args ...any) {
	if !o.quiet {
		fmt.Fprintf(os.Stderr, format+"\n", args...)
	}
}

var measures = []string{"decide", "bytes", "latency", "memory"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	o, only, asJSON, err := parse(args)
	if err != nil {
		return err
	}
	chosen := func(name string) bool { return slices.Contains(only, name) }
	r := &report{Machine: thisMachine(), Options: o.counts(), Selected: only}
	began := time.Now()
	if chosen("decide") {
		if err := measureDecisions(o, r); err != nil {
			return fmt.Errorf("decide: %w", err)
		}
	}
	if chosen("bytes") {
		if err := measureBytes(o, r); err != nil {
			return fmt.Errorf("bytes: %w", err)
		}
	}
	if chosen("latency") || chosen("memory") {
		if err := measureNetwork(ctx, o, r, chosen("latency"), chosen("memory")); err != nil {
			return fmt.Errorf("on the network: %w", err)
		}
	}
	if chosen("memory") {
		if err := measureSize(o, r); err != nil {
			return fmt.Errorf("memory: %w", err)
		}
	}
	r.Seconds = time.Since(began).Seconds()
	if asJSON {
		return r.json(os.Stdout)
	}
	return r.table(os.Stdout)
}

func parse(args []string) (o options, only []string, asJSON bool, err error) {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	list := flags.String("only", strings.Join(measures, ","), "what to measure")
	flags.BoolVar(&asJSON, "json", false, "print JSON instead of a table")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the workload")
	flags.IntVar(&o.rounds, "rounds", 21, "rounds in which the contenders take turns")
	flags.DurationVar(&o.slice, "slice", 100*time.Millisecond, "length of one turn")
	flags.IntVar(&o.grants, "grants", 100_000, "grants, ten to a device")
	flags.IntVar(&o.questions, "requests", 20_000, "different requests")
	flags.IntVar(&o.rules, "rules", 1_000, "rules of Casbin")
	flags.IntVar(&o.proven, "proven", 10_000, "grants whose proof is weighed")
	flags.IntVar(&o.revocations, "revocations", 200, "revocations that are timed")
	flags.DurationVar(&o.watch, "watch", 20*time.Second, "how long memory is watched")
	flags.StringVar(&o.build, "build", os.Getenv("HALLMARK_BUILD"), "directory of the binaries (default: HALLMARK_BUILD, else ../build)")
	flags.StringVar(&o.network, "network", "", "directory of a running network to measure on, instead of one of its own")
	flags.BoolVar(&o.quiet, "quiet", false, "no progress on standard error")
	_ = flags.Parse(args)
	if o.build == "" {
		o.build = filepath.Join("..", "build")
	}
	if o.build, err = filepath.Abs(o.build); err != nil {
		return o, nil, false, err
	}
	only = strings.Split(*list, ",")
	for _, name := range only {
		if !slices.Contains(measures, name) {
			return o, nil, false, fmt.Errorf("--only: %q is no measure; want some of %s", name, strings.Join(measures, ","))
		}
	}
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("%q: unknown argument", flags.Arg(0))
	case o.grants < 1000 || o.grants%1000 != 0:
		err = fmt.Errorf("--grants: %d; want a multiple of 1,000", o.grants)
	case o.rules < 10 || o.rules%10 != 0 || o.rules > o.grants:
		err = fmt.Errorf("--rules: %d; want a multiple of 10, at most the grants", o.rules)
	case o.proven < 100 || o.proven%100 != 0:
		err = fmt.Errorf("--proven: %d; want a multiple of 100", o.proven)
	case o.rounds < 1 || o.questions < 100 || o.revocations < 1 || o.revocations > o.grants/2:
		err = fmt.Errorf("--rounds, --requests or --revocations: out of range")
	}
	return o, only, asJSON, err
}

// counts says what was measured, for the report.
func (o options) counts() counts {
	return counts{o.seed, o.rounds, o.slice.String(), o.grants, o.questions, o.rules, o.proven, o.revocations}
}
