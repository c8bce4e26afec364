package network

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/hallmark-ledger/hallmark/testnet/await"
)

// Guest is a gateway beside the network's own: it follows the nodes that it is
// told to, a lying one among them, and is not part of what is resumed.
type Guest struct {
	Name string
	Home string
	Log  string
	// HTTP is where it answers.
	HTTP string

	binary string
	mu     sync.Mutex
	p      *Process
}

// NewGuest makes the home of a gateway below dir by the gateway's own command.
func (d Description) NewGuest(ctx context.Context, dir, name, primary string, witnesses ...string) (*Guest, error) {
	ports, err := freePorts(1)
	if err != nil {
		return nil, err
	}
	g := &Guest{Name: name, Home: filepath.Join(dir, name), Log: filepath.Join(dir, name+".log"), HTTP: httpURL(ports[0]), binary: d.Binaries[GatewayBinary]}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	segments := d.Gateways[0].Segments
	if _, err := Run(ctx, g.binary, InitGateway(g.Home, d.ChainID, d.Trusted, primary, witnesses, segments...)...); err != nil {
		return nil, err
	}
	return g, g.Configure(map[string]string{"decision.address": quoted(hostPort(ports[0]))})
}

// Configure changes keys of its configuration, "section.key" to TOML.
func (g *Guest) Configure(values map[string]string) error {
	return setTOML(GatewayConfig(g.Home), values)
}

// Start starts it; Ready waits until it holds a verified view.
func (g *Guest) Start() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.p != nil && g.p.Running() {
		return fmt.Errorf("%s runs already", g.Name)
	}
	p, err := Launch(g.Name, g.Log, g.binary, "start", "--home", g.Home)
	g.p = p
	return err
}

// Ready waits until it may allow something.
func (g *Guest) Ready(ctx context.Context) error {
	return await.Within(ctx, 60*time.Second, g.Name, g.While(func(ctx context.Context) error { return ok(ctx, g.HTTP+"/readyz") }))
}

// While is a condition that gives up when the gateway has ended.
func (g *Guest) While(condition func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		g.mu.Lock()
		p := g.p
		g.mu.Unlock()
		if p == nil || !p.Running() {
			err := errors.New(g.Name + " does not run")
			if p != nil {
				err = p.Failure()
			}
			return await.Permanent{Err: err}
		}
		return condition(ctx)
	}
}

// Kill ends it at once, as a crash would; Stop ends it in good order.
func (g *Guest) Kill() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.p != nil {
		g.p.Kill()
	}
}

// Stop ends it in good order.
func (g *Guest) Stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.p != nil {
		g.p.Stop(grace)
	}
}

// ReadLog returns all that it has written so far.
func (g *Guest) ReadLog() string {
	raw, err := os.ReadFile(g.Log)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}
