package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/hallmark-ledger/hallmark/testnet/network"
)

// patience bounds each wait for the local network.
const patience = 5 * time.Minute

// localNetwork is a running network of real processes.
type localNetwork struct {
	network.Description
	stop func() error
}

// startNetwork starts four validators and two gateways in a directory of its
// own, or joins the network that runs in o.network.
func startNetwork(ctx context.Context, o options) (*localNetwork, error) {
	if o.network != "" {
		d, err := network.ReadDescription(o.network)
		return &localNetwork{d, func() error { return nil }}, err
	}
	dir, err := os.MkdirTemp("", "hallmark-bench-")
	if err != nil {
		return nil, err
	}
	ours, err := os.Create(filepath.Join(dir, "testnet.log"))
	if err != nil {
		return nil, err
	}
	defer ours.Close()
	home := filepath.Join(dir, "network")
	command := exec.Command(filepath.Join(o.build, "hallmark-testnet"), "start", "--dir", home, "--binaries", o.build, "--validators", "4", "--gateways", "2")
	command.Stdout, command.Stderr = ours, ours
	// A Ctrl-C in the terminal is for us, who then stop it in good order.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	stop := func() error {
		_ = command.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(time.Minute):
			_ = command.Process.Kill()
			<-ended
		}
		return os.RemoveAll(dir)
	}
	o.tell("network: starting 4 validators and 2 gateways in %s", home)
	deadline := time.Now().Add(patience)
	for {
		d, err := network.ReadDescription(home)
		if err == nil {
			return &localNetwork{d, stop}, nil
		}
		select {
		case err := <-ended:
			ended <- err
			return nil, fmt.Errorf("hallmark-testnet ended: %v; its log: %s:\n%s", err, ours.Name(), tail(ours.Name()))
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), stop())
		case <-time.After(200 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			said := tail(ours.Name())
			return nil, errors.Join(fmt.Errorf("no network within %s:\n%s", patience, said), stop())
		}
	}
}

func tail(file string) string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

// nodeAt is the node with an RPC address.
func (n *localNetwork) nodeAt(rpc string) (network.Node, error) {
	for _, node := range n.Nodes {
		if strings.TrimRight(node.RPC, "/") == strings.TrimRight(rpc, "/") {
			return node, nil
		}
	}
	return network.Node{}, fmt.Errorf("no node at %s", rpc)
}

// admin is an account with every role of a member.
func (n *localNetwork) admin(member string) (network.Account, error) {
	for _, a := range n.Accounts {
		for _, role := range a.Roles {
			if a.Member == member && role == "admin" {
				return a, nil
			}
		}
	}
	return network.Account{}, fmt.Errorf("member %q has no account with role admin", member)
}
