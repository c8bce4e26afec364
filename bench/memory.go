package main

import (
	"context"
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const megabyte = 1_000_000

// measureSize weighs the gateway's binary.
func measureSize(o options, r *report) error {
	gateway, err := stripped(filepath.Join(o.build, "hallmark-gateway"))
	if err != nil {
		return err
	}
	node, err := stripped(filepath.Join(o.build, "hallmarkd"))
	if err != nil {
		return err
	}
	r.add(row{Group: "footprint", Measure: "stripped gateway", Ours: figure(gateway) + " MB", Peer: figure(node) + " MB", PeerIs: "hallmarkd", Value: gateway, Unit: "MB"}.atMost(25))
	return nil
}

// stripped is the size of a binary without symbols, in millions of bytes.
func stripped(path string) (float64, error) {
	file, err := elf.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	if file.Section(".symtab") != nil || file.Section(".debug_info") != nil {
		return 0, fmt.Errorf("%s is not stripped: make build", path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return float64(info.Size()) / megabyte, nil
}

// memory reads the anonymous memory of the gateway, and of the node that it
// follows, for a while under the usual traffic.
func (m *onNetwork) memory(ctx context.Context, r *report) error {
	m.o.tell("memory: %s under %d decisions a second", m.o.watch, decisionsPerSecond)
	background := startTraffic(ctx, m.gateway, decisionsPerSecond, m.grants, m.o.seed+1)
	gateway, node := sample(ctx, m.guarded.PID), sample(ctx, m.followed.PID)
	if err := pause(ctx, m.o.watch); err != nil {
		return err
	}
	ours, theirs := gateway(), node()
	if _, err := background.end(); err != nil {
		return fmt.Errorf("background: %w", err)
	}
	if len(ours) == 0 || len(theirs) == 0 {
		return fmt.Errorf("no memory of gateway %d or node %d could be read", m.guarded.PID, m.followed.PID)
	}
	mb := func(values []float64) float64 { return median(values) / megabyte }
	grants := thousands(int64(m.o.grants))
	r.add(
		row{Group: "footprint", Measure: "anonymous memory with " + grants + " grants", Ours: figure(mb(ours)) + " MB", Peer: figure(mb(theirs)) + " MB", PeerIs: "hallmarkd", Value: mb(ours), Unit: "MB",
			Note: fmt.Sprintf("RssAnon, median of %d readings over %s under %d decisions a second, most %s MB; most while the gateway followed them in, %s MB", len(ours), m.o.watch, decisionsPerSecond,
				figure(quantile(ours, 1)/megabyte), figure(float64(m.peak)/megabyte))}.atMost(64),
		row{Group: "footprint", Measure: "writing " + grants + " grants to the chain", Ours: fmt.Sprintf("%.0f s", m.filling.Seconds()), Value: float64(m.o.grants) / m.filling.Seconds(), Unit: "grants a second",
			Note: "with their devices enrolled and activated, one transaction of the segment's owner a block, until the gateway held them all"},
	)
	return nil
}

// sample reads a process's anonymous memory every half second until the
// function that it returns is called.
func sample(ctx context.Context, pid int) func() []float64 {
	ctx, cancel := context.WithCancel(ctx)
	var values []float64
	var done sync.WaitGroup
	done.Go(func() {
		for {
			if n, err := anonymous(pid); err == nil {
				values = append(values, float64(n))
			}
			if pause(ctx, 500*time.Millisecond) != nil {
				return
			}
		}
	})
	return func() []float64 {
		cancel()
		done.Wait()
		return values
	}
}

// anonymous is the resident memory of a process that no file backs, in bytes.
func anonymous(pid int) (int64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	var kib int64
	if _, err := fmt.Sscanf(field(string(raw), "RssAnon"), "%d kB", &kib); err != nil {
		return 0, fmt.Errorf("RssAnon of %d: %w", pid, err)
	}
	return kib * 1024, nil
}

func maximum(values []float64) int64 {
	if len(values) == 0 {
		return 0
	}
	return int64(quantile(values, 1))
}
