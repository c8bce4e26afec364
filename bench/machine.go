package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// machine is what a figure was measured on.
type machine struct {
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	CPU      string `json:"cpu"`
	Cores    int    `json:"cores"`
	MemoryMB int64  `json:"memory_mb"`
	Go       string `json:"go"`
	// Load is the machine's load average when the run began.
	Load  string            `json:"load"`
	Peers map[string]string `json:"peers"`
}

func thisMachine() machine {
	m := machine{OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU(), Go: runtime.Version(), CPU: "unknown", Peers: map[string]string{}}
	if raw, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if name := field(string(raw), "model name"); name != "" {
			m.CPU = name
		}
	}
	if raw, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kib int64
		if _, err := fmt.Sscanf(field(string(raw), "MemTotal"), "%d kB", &kib); err == nil {
			m.MemoryMB = kib * 1024 / 1e6
		}
	}
	if raw, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.Load = strings.Join(strings.Fields(string(raw))[:3], " ")
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			for _, peer := range []string{"github.com/cedar-policy/cedar-go", "github.com/open-policy-agent/opa", "github.com/casbin/casbin/v2", "github.com/cosmos/iavl"} {
				if dep.Path == peer {
					m.Peers[peer] = dep.Version
				}
			}
		}
	}
	return m
}

func (m machine) String() string {
	return fmt.Sprintf("%s/%s, %s, %d cores, %s MB, %s, load %s", m.OS, m.Arch, m.CPU, m.Cores, thousands(m.MemoryMB), m.Go, m.Load)
}

// field is the value of the first "name: value" line.
func field(text, name string) string {
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
