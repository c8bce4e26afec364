package network

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// state is what the directory keeps for resuming: the plan of the network and
// how far its making has come. It is ours alone; others read network.json.
type state struct {
	Version  int         `json:"version"`
	ChainID  string      `json:"chain_id"`
	Members  []string    `json:"members"`
	Segment  string      `json:"segment"`
	Nodes    []nodePlan  `json:"nodes"`
	Gateways []gatePlan  `json:"gateways"`
	Accounts []Account   `json:"accounts"`
	Devices  []devicePin `json:"devices"`
	Trusted  Trusted     `json:"trusted"`
	// Genesis is true once every home holds its files, Furnished once devices,
	// segment and grants are on the chain.
	Genesis   bool `json:"genesis"`
	Furnished bool `json:"furnished"`
	// Saved is when this was last written: at the latest when the network stopped.
	Saved time.Time `json:"saved"`
	// Owner is the foreground process; Children are the processes it started.
	Owner    *Identity           `json:"owner,omitempty"`
	Children map[string]Identity `json:"children,omitempty"`
}

type nodePlan struct {
	Name    string `json:"name"`
	Member  string `json:"member"`
	ID      string `json:"id"`
	RPC     int    `json:"rpc"`
	P2P     int    `json:"p2p"`
	GRPC    int    `json:"grpc"`
	REST    int    `json:"rest"`
	Metrics int    `json:"metrics"`
}

type gatePlan struct {
	Name string `json:"name"`
	HTTP int    `json:"http"`
	// Primary is the index of the node it follows first.
	Primary int  `json:"primary"`
	Ready   bool `json:"ready"` // its home was made
}

type devicePin struct {
	Name   string `json:"name"`
	ID     string `json:"id"`
	Member string `json:"member"`
}

const stateVersion = 1

func stateFile(dir string) string { return filepath.Join(dir, "testnet.json") }

func readState(dir string) (state, bool, error) {
	var s state
	raw, err := os.ReadFile(stateFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return s, false, nil
	}
	if err != nil {
		return s, false, err
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, false, fmt.Errorf("%s: %w", stateFile(dir), err)
	}
	if s.Version != stateVersion {
		return s, false, fmt.Errorf("%s: version %d; this binary reads %d: remove %s to make the network anew", stateFile(dir), s.Version, stateVersion, dir)
	}
	return s, true, nil
}

func (s *state) save(dir string) error {
	s.Saved = time.Now()
	return writeJSON(stateFile(dir), s, 0o600)
}

// Exists says whether a directory holds a network, running or not.
func Exists(dir string) bool {
	_, err := os.Stat(stateFile(dir))
	return err == nil
}
