package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/hallmark-ledger/hallmark/node/gateway/clock"
	"github.com/hallmark-ledger/hallmark/node/gateway/config"
	"github.com/hallmark-ledger/hallmark/node/gateway/follow"
	"github.com/hallmark-ledger/hallmark/node/gateway/guard"
	"github.com/hallmark-ledger/hallmark/node/gateway/ingress"
	"github.com/hallmark-ledger/hallmark/node/gateway/vault"
	"github.com/hallmark-ledger/hallmark/x/access"
)

func startCommand() *cobra.Command {
	var format, level string
	cmd := &cobra.Command{
		Use:   "start",
		Short: "Follow the chain and serve decisions",
		Long: "start follows the chain and serves decisions until it is told to end (SIGTERM or SIGINT). Until a View was\n" +
			"verified everything is denied. It refuses to go on when no node has the trusted header.",
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, err := homeOf(cmd)
			if err != nil {
				return err
			}
			c, err := config.Load(home, os.Environ())
			if err != nil {
				return err
			}
			if format != "" {
				c.Log.Format = format
			}
			if level != "" {
				c.Log.Level = level
			}
			if err := c.Validate(); err != nil {
				return usage("%v", err)
			}
			return start(cmd.Context(), home, c, newLog(cmd.ErrOrStderr(), c.Log))
		},
	}
	cmd.Flags().StringVar(&format, "log-format", "", "text or json (default: as configured)")
	cmd.Flags().StringVar(&level, "log-level", "", "debug, info, warn or error (default: as configured)")
	return cmd
}

// start is the life of a gateway: open what was verified, wire the corridors,
// serve until the end.
func start(ctx context.Context, home string, c config.Config, log *slog.Logger) (err error) {
	limitMemory(c.Memory)
	records, err := vault.Open(filepath.Join(home, config.VaultName), vault.Options{
		ChainID: c.Chain.ID, Segments: c.Follow.Segments, Log: log,
	})
	if err != nil {
		return explainVault(err)
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	now := clock.New(clock.Options{Floor: records.Floor(), Anchor: anchorFile(home)})

	registry := prometheus.NewRegistry()
	latency := newLatency(registry)
	following := followed(c)
	release := sync.OnceFunc(func() { go debug.FreeOSMemory() })
	following.Adopted = func(a follow.Adoption) {
		// Loading the first View leaves as much garbage as it leaves records.
		release()
		for _, took := range a.Changed {
			latency.Observe(took.Seconds())
		}
	}
	follower, err := follow.New(following, records, now, log)
	if err != nil {
		return err
	}
	registerGauges(registry, follower.Gauges)

	door := &guard.Guard{
		View:  func() *access.View { return records.View().View },
		Now:   now.Now,
		Meter: guard.NewMetrics(registry).At("authzen"),
		Log:   log,
	}
	tls, err := serverTLS(c.Decision)
	if err != nil {
		return err
	}
	listener, err := ingress.Listen(c.Decision.Network())
	if err != nil {
		return fmt.Errorf("decision.address: %w", err)
	}
	server := &ingress.Server{
		Handler: ingress.NewHandler(ingress.Options{
			Guard:   door,
			Ready:   func() error { return ready(records.View(), now) },
			Status:  func() any { return follower.Status() },
			Metrics: registry,
			URL:     publicURL(c.Decision, listener.Addr()),
			Log:     log,
		}),
		TLS: tls, MaxConnections: int(c.Decision.MaxConnections), Log: log,
	}
	log.Info("gateway starts", "version", version, "home", home, "address", listener.Addr().String(), "segments", c.Follow.Segments)
	err = together(ctx,
		func(ctx context.Context) error { return server.Serve(ctx, listener) },
		follower.Run)
	if errors.Is(err, follow.ErrTrust) {
		err = fmt.Errorf("chain.trust_hash: %w", err)
	}
	if err == nil {
		log.Info("gateway ended")
	}
	return err
}

// together runs all until one of them ends, then ends the others. It returns
// what went wrong in any of them.
func together(ctx context.Context, all ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, len(all))
	for _, one := range all {
		go func() {
			err := one(ctx)
			cancel()
			ended <- err
		}()
	}
	var errs []error
	for range all {
		errs = append(errs, <-ended)
	}
	return errors.Join(errs...)
}

// ready returns nil while some class of actions may still allow.
func ready(view *vault.View, now *clock.Clock) error {
	switch {
	case view.MayAllow(now.Now()):
		return nil
	case view.State == access.StateAttack:
		return errors.New("attack detected: " + view.Attack)
	case view.State != access.StateVerified:
		return errors.New("no verified view yet")
	}
	if why := now.Why(); why != "" {
		return errors.New(why)
	}
	return errors.New("the view is too old for every class of actions")
}

func explainVault(err error) error {
	switch {
	case errors.Is(err, vault.ErrHeld):
		return fmt.Errorf("another gateway runs on this home: %w", err)
	case errors.Is(err, vault.ErrChain):
		return fmt.Errorf("chain.id: %w; init --force begins anew", err)
	}
	return err
}

// newLog is the gateway's log, on standard error.
func newLog(w io.Writer, c config.Log) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // validated before
	options := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// limitMemory sets the collector as configured, unless the Go runtime was told
// otherwise by its own variables. The records are one large heap that hardly
// changes, so that an eager collector costs little.
func limitMemory(m config.Memory) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(int(m.Collect))
	}
	if os.Getenv("GOMEMLIMIT") == "" && m.Limit > 0 {
		debug.SetMemoryLimit(int64(m.Limit))
	}
}
