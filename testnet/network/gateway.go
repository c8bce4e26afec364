package network

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/hallmark-ledger/hallmark/testnet/await"
)

func (n *Network) startGateways(ctx context.Context) error {
	return together(len(n.state.Gateways), func(i int) error {
		if err := n.makeGateway(ctx, i); err != nil {
			return err
		}
		if err := n.launchGateway(i); err != nil {
			return err
		}
		return n.gatewayReady(ctx, i)
	})
}

// makeGateway makes the home of a gateway by its own command. Each gateway
// follows another node first; all the others are its witnesses.
func (n *Network) makeGateway(ctx context.Context, i int) error {
	n.mu.Lock()
	gateway, nodes := n.state.Gateways[i], n.state.Nodes
	n.mu.Unlock()
	if gateway.Ready {
		return nil
	}
	home := gatewayHome(n.dir, gateway.Name)
	if err := os.RemoveAll(home); err != nil {
		return err
	}
	var witnesses []string
	for j := 1; j < len(nodes); j++ {
		witnesses = append(witnesses, httpURL(nodes[(gateway.Primary+j)%len(nodes)].RPC))
	}
	args := InitGateway(home, n.state.ChainID, n.state.Trusted, httpURL(nodes[gateway.Primary].RPC), witnesses, n.state.Segment)
	if _, err := Run(ctx, n.binaries[GatewayBinary], args...); err != nil {
		return err
	}
	if err := n.configureGateway(i); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.state.Gateways[i].Ready = true
	return n.state.save(n.dir)
}

// InitGateway are the arguments that make a gateway's home.
func InitGateway(home, chainID string, trusted Trusted, primary string, witnesses []string, segments ...string) []string {
	args := []string{"init", "--home", home, "--chain-id", chainID,
		"--trust-height", strconv.FormatInt(trusted.Height, 10), "--trust-hash", trusted.Hash, "--primary", primary}
	for _, witness := range witnesses {
		args = append(args, "--witness", witness)
	}
	for _, segment := range segments {
		args = append(args, "--segment", segment)
	}
	return args
}

// configureGateway writes where a gateway listens and where its nodes are.
func (n *Network) configureGateway(i int) error {
	gateway := n.state.Gateways[i]
	nodes := n.state.Nodes
	witnesses := ""
	for j := 1; j < len(nodes); j++ {
		if j > 1 {
			witnesses += ", "
		}
		witnesses += quoted(httpURL(nodes[(gateway.Primary+j)%len(nodes)].RPC))
	}
	return setTOML(GatewayConfig(gatewayHome(n.dir, gateway.Name)), map[string]string{
		"decision.address": quoted(hostPort(gateway.HTTP)),
		"nodes.primary":    quoted(httpURL(nodes[gateway.Primary].RPC)),
		"nodes.witnesses":  "[" + witnesses + "]",
	})
}

// GatewayConfig is the configuration in a gateway's home.
func GatewayConfig(home string) string { return filepath.Join(home, "gateway.toml") }

func (n *Network) launchGateway(i int) error {
	gateway := n.state.Gateways[i]
	return n.launch(gateway.Name, n.binaries[GatewayBinary], "start", "--home", gatewayHome(n.dir, gateway.Name))
}

func (n *Network) gatewayReady(ctx context.Context, i int) error {
	gateway := n.state.Gateways[i]
	err := await.Within(ctx, 60*time.Second, gateway.Name, n.unlessEnded(gateway.Name, func(ctx context.Context) error {
		return ok(ctx, httpURL(gateway.HTTP)+"/readyz")
	}))
	if err != nil {
		return fmt.Errorf("%w; the end of its log:\n%s", err, tail(logFile(n.dir, gateway.Name), 8))
	}
	return nil
}

// firstAllow waits until the first device's grants have reached every gateway:
// the header that they began with may be older.
func (n *Network) firstAllow(ctx context.Context) error {
	device := n.state.Devices[0].ID
	return together(len(n.state.Gateways), func(i int) error {
		gateway := n.state.Gateways[i]
		return await.Within(ctx, 30*time.Second, gateway.Name+" to allow the first device", n.unlessEnded(gateway.Name, func(ctx context.Context) error {
			decision, err := Evaluate(ctx, httpURL(gateway.HTTP), device, "get", "http:/plant/")
			if err == nil && !decision.Decision {
				err = errors.New(decision.Context.Detail)
			}
			return err
		}))
	})
}
