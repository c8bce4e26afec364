package network

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// memberNames are the organisations of a local network, one a validator.
var memberNames = []string{"plant", "maker", "carrier", "service"}

const segmentSlug = "floor"

func members(n int) []string {
	names := slices.Clone(memberNames[:min(n, len(memberNames))])
	for i := len(names); i < n; i++ {
		names = append(names, fmt.Sprintf("member-%d", i+1))
	}
	return names
}

// accountPlans says who signs for whom: each member an account of every role,
// and accounts of one role for the owner of the plant and the maker.
func accountPlans(members []string) []Account {
	var accounts []Account
	for _, member := range members {
		accounts = append(accounts, Account{Name: member + "-admin", Member: member, Roles: []string{"admin"}})
	}
	maker := members[min(1, len(members)-1)]
	return append(accounts,
		Account{Name: members[0] + "-operator", Member: members[0], Roles: []string{"operator"}},
		Account{Name: maker + "-manufacturer", Member: maker, Roles: []string{"manufacturer"}},
	)
}

func nodeHome(dir, name string) string    { return filepath.Join(dir, "nodes", name) }
func gatewayHome(dir, name string) string { return filepath.Join(dir, "gateways", name) }
func logFile(dir, name string) string     { return filepath.Join(dir, "logs", name+".log") }

// makeGenesis makes the homes of all nodes with one genesis file, by the
// commands that one would type.
func (n *Network) makeGenesis(ctx context.Context) error {
	if err := os.RemoveAll(filepath.Join(n.dir, "nodes")); err != nil {
		return err
	}
	binary := n.binaries[NodeBinary]
	first := nodeHome(n.dir, n.state.Nodes[0].Name)
	keys := make([]string, len(n.state.Nodes))
	err := together(len(n.state.Nodes), func(i int) error {
		node := &n.state.Nodes[i]
		home := nodeHome(n.dir, node.Name)
		if _, err := Run(ctx, binary, "init", node.Name, "--chain-id", n.state.ChainID, "--home", home); err != nil {
			return err
		}
		id, err := Run(ctx, binary, "comet", "show-node-id", "--home", home)
		if err != nil {
			return err
		}
		key, err := Run(ctx, binary, "comet", "show-validator", "--home", home)
		node.ID, keys[i] = strings.TrimSpace(string(id)), strings.TrimSpace(string(key))
		return err
	})
	if err != nil {
		return err
	}
	err = together(len(n.state.Accounts), func(i int) (err error) {
		account := &n.state.Accounts[i]
		account.Address, err = n.addKey(ctx, first, account.Name)
		return err
	})
	if err != nil {
		return err
	}
	genesis := func(args ...string) error {
		_, err := Run(ctx, binary, append(append([]string{"genesis"}, args...), "--home", first)...)
		return err
	}
	for _, member := range n.state.Members {
		if err := genesis("add-member", member); err != nil {
			return err
		}
	}
	for _, account := range n.state.Accounts {
		args := []string{"add-account", account.Member, account.Address}
		for _, role := range account.Roles {
			args = append(args, "--role", role)
		}
		if err := genesis(args...); err != nil {
			return err
		}
	}
	for i, node := range n.state.Nodes {
		if err := genesis("add-validator", node.Member, "--pubkey", keys[i]); err != nil {
			return err
		}
	}
	if err := genesis("validate"); err != nil {
		return err
	}
	raw, err := os.ReadFile(genesisFile(first))
	if err != nil {
		return err
	}
	for _, node := range n.state.Nodes[1:] {
		if err := writeFile(genesisFile(nodeHome(n.dir, node.Name)), raw, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func genesisFile(home string) string { return filepath.Join(home, "config", "genesis.json") }

func (n *Network) addKey(ctx context.Context, home, name string) (address string, err error) {
	out, err := Run(ctx, n.binaries[NodeBinary], "keys", "add", name, "--keyring-backend", "test", "--home", home, "--output", "json")
	if err != nil {
		return "", err
	}
	var key struct {
		Address string `json:"address"`
	}
	if err := json.Unmarshal(out, &key); err != nil || key.Address == "" {
		return "", fmt.Errorf("keys add %s: no address in its output: %w", name, err)
	}
	return key.Address, nil
}

// configureNode writes where a node listens and whom it talks to. Blocks come
// each second, as in every home that init makes.
func (n *Network) configureNode(i int) error {
	node := n.state.Nodes[i]
	var peers []string
	for j, peer := range n.state.Nodes {
		if j != i {
			peers = append(peers, peer.ID+"@"+hostPort(peer.P2P))
		}
	}
	config := filepath.Join(nodeHome(n.dir, node.Name), "config")
	err := setTOML(filepath.Join(config, "config.toml"), map[string]string{
		"rpc.laddr":                              quoted("tcp://" + hostPort(node.RPC)),
		"rpc.pprof_laddr":                        quoted(""),
		"p2p.laddr":                              quoted("tcp://" + hostPort(node.P2P)),
		"p2p.persistent_peers":                   quoted(strings.Join(peers, ",")),
		"p2p.pex":                                "false",
		"p2p.addr_book_strict":                   "false",
		"p2p.allow_duplicate_ip":                 "true",
		"instrumentation.prometheus":             "true",
		"instrumentation.prometheus_listen_addr": quoted(hostPort(node.Metrics)),
	})
	if err != nil {
		return err
	}
	return setTOML(filepath.Join(config, "app.toml"), map[string]string{
		"api.enable":   "true",
		"api.address":  quoted("tcp://" + hostPort(node.REST)),
		"grpc.enable":  "true",
		"grpc.address": quoted(hostPort(node.GRPC)),
	})
}

// together does n things at once and returns the first error by index.
func together(n int, do func(i int) error) error {
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { errs[i] = do(i) })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
