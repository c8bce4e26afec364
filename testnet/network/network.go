package network

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/hallmark-ledger/hallmark/testnet/await"
	"github.com/hallmark-ledger/hallmark/testnet/progress"
)

// grace is what a process gets to end in good order.
const grace = 10 * time.Second

// trustLasts is below the trusting period of a gateway (32 hours by default).
const trustLasts = 24 * time.Hour

// AsStored takes the number that the directory's network has; a new one has 4
// validators and 2 gateways.
const AsStored = -1

// Options say what network to run.
type Options struct {
	// Dir holds all of it; one with a network in it is resumed.
	Dir string
	// Validators and Gateways to make, or AsStored.
	Validators int
	Gateways   int
	// Binaries by name, see FindBinaries.
	Binaries map[string]string
	// Tell may be nil.
	Tell *progress.Teller
}

// Network is the one owner of a directory and its processes. Its methods are
// safe for concurrent use.
type Network struct {
	dir      string
	binaries map[string]string
	tell     *progress.Teller
	lock     *os.File

	mu      sync.Mutex
	state   state
	running map[string]*Process
	// meant are processes that are down because somebody asked for it.
	meant   map[string]bool
	ready   bool
	stopped bool
}

// Open takes the directory, which no other process may own, and plans the
// network or reads the plan that is there. Close it with Stop.
func Open(o Options) (*Network, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	for _, sub := range []string{"", "logs", "devices"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	n := &Network{dir: dir, binaries: o.Binaries, tell: o.Tell, lock: lock, running: map[string]*Process{}, meant: map[string]bool{}}
	if err := n.plan(o); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return n, nil
}

// Start makes what is not there yet, starts every process, waits until each is
// ready, and writes network.json. After an error, call Stop.
func (n *Network) Start(ctx context.Context) error {
	owner, _, err := identify(os.Getpid())
	if err != nil {
		return err
	}
	n.state.Owner = &owner
	slept := n.state.Furnished && time.Since(n.state.Saved) > trustLasts
	if !n.state.Genesis {
		err := n.step(ctx, "genesis of "+count(len(n.state.Members), "member"), n.makeGenesis)
		if err != nil {
			return err
		}
		n.state.Genesis = true
	}
	if err := n.settlePorts(); err != nil {
		return err
	}
	if err := n.state.save(n.dir); err != nil {
		return err
	}
	if err := n.step(ctx, count(len(n.state.Nodes), "validator")+" ready, with blocks each second", n.startNodes); err != nil {
		return err
	}
	fresh := !n.state.Furnished
	if fresh {
		if err := n.step(ctx, "two devices, a segment and its first grants", n.furnish); err != nil {
			return err
		}
		if n.state.Trusted, err = n.trust(ctx); err != nil {
			return err
		}
		n.state.Furnished = true
		if err := n.state.save(n.dir); err != nil {
			return err
		}
	}
	if slept {
		if err := n.trustAnew(ctx); err != nil {
			return err
		}
	}
	if len(n.state.Gateways) > 0 {
		if err := n.step(ctx, count(len(n.state.Gateways), "gateway")+" ready with a verified view", n.startGateways); err != nil {
			return err
		}
	}
	// Later on the first device's grants are the user's to revoke.
	if fresh {
		if err := n.firstAllow(ctx); err != nil {
			return err
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ready = true
	return n.publish()
}

func (n *Network) step(ctx context.Context, what string, do func(context.Context) error) error {
	done := n.tell.Wait("%s", what)
	err := do(ctx)
	if err != nil {
		done(errors.New("failed"), "")
		return fmt.Errorf("%s: %w", what, err)
	}
	done(nil, "")
	return nil
}

func (n *Network) startNodes(ctx context.Context) error {
	for i := range n.state.Nodes {
		if err := n.launchNode(i); err != nil {
			return err
		}
	}
	return together(len(n.state.Nodes), func(i int) error { return n.nodeReady(ctx, i) })
}

func (n *Network) launchNode(i int) error {
	node := n.state.Nodes[i]
	return n.launch(node.Name, n.binaries[NodeBinary], "start", "--home", nodeHome(n.dir, node.Name))
}

// nodeReady waits until a node makes blocks and serves RPC and REST; proofs
// need a height above 1.
func (n *Network) nodeReady(ctx context.Context, i int) error {
	node := n.state.Nodes[i]
	return await.Within(ctx, 90*time.Second, node.Name, n.unlessEnded(node.Name, func(ctx context.Context) error {
		height, err := RPC(httpURL(node.RPC)).Height(ctx)
		if err != nil {
			return err
		}
		if height < 2 {
			return fmt.Errorf("height %d", height)
		}
		var params struct{}
		return restQuery(ctx, httpURL(node.REST)+"/hallmark/consortium/v1/params", &params)
	}))
}

// unlessEnded is a condition that gives up when the process has ended.
func (n *Network) unlessEnded(name string, condition func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		n.mu.Lock()
		p := n.running[name]
		n.mu.Unlock()
		if p == nil || !p.Running() {
			err := fmt.Errorf("%s does not run", name)
			if p != nil {
				err = p.Failure()
			}
			return await.Permanent{Err: err}
		}
		return condition(ctx)
	}
}

// trust takes the latest header as the one that gateways begin with.
func (n *Network) trust(ctx context.Context) (Trusted, error) {
	header, err := RPC(httpURL(n.state.Nodes[0].RPC)).Header(ctx, 0)
	if err != nil {
		return Trusted{}, err
	}
	// The latest commit is not final until the next block holds it.
	if header, err = RPC(httpURL(n.state.Nodes[0].RPC)).Header(ctx, header.Height-1); err != nil {
		return Trusted{}, err
	}
	return Trusted{Height: header.Height, Hash: header.Hash}, nil
}

// trustAnew begins the gateways again at the latest header: what they believed
// has expired while the network was down.
func (n *Network) trustAnew(ctx context.Context) (err error) {
	if n.state.Trusted, err = n.trust(ctx); err != nil {
		return err
	}
	for i := range n.state.Gateways {
		n.state.Gateways[i].Ready = false
	}
	return n.state.save(n.dir)
}

// launch starts a child, remembers it on disk, and watches over it.
func (n *Network) launch(name, binary string, args ...string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stopped {
		return errors.New("the network is being stopped")
	}
	if p := n.running[name]; p != nil && p.Running() {
		return fmt.Errorf("%s runs already (pid %d)", name, p.PID)
	}
	p, err := Launch(name, logFile(n.dir, name), binary, args...)
	if err != nil {
		return err
	}
	n.running[name] = p
	delete(n.meant, name)
	if n.state.Children == nil {
		n.state.Children = map[string]Identity{}
	}
	n.state.Children[name] = p.Identity
	go n.watch(p)
	return n.state.save(n.dir)
}

// watch tells when a child ends that nobody asked to end.
func (n *Network) watch(p *Process) {
	<-p.ended
	n.mu.Lock()
	surprise := n.ready && !n.stopped && !n.meant[p.name]
	n.mu.Unlock()
	if surprise {
		n.tell.Say("%v", p.Failure())
	}
}

// Description is what network.json says.
func (n *Network) Description() Description {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.describe()
}

func (n *Network) describe() Description {
	d := Description{ChainID: n.state.ChainID, Binaries: n.binaries, Accounts: n.state.Accounts, Trusted: n.state.Trusted}
	pid := func(name string) int {
		if p := n.running[name]; p != nil && p.Running() {
			return p.PID
		}
		return 0
	}
	for _, node := range n.state.Nodes {
		d.Nodes = append(d.Nodes, Node{
			Name: node.Name, Home: nodeHome(n.dir, node.Name), PID: pid(node.Name), Log: logFile(n.dir, node.Name),
			RPC: httpURL(node.RPC), GRPC: httpURL(node.GRPC), REST: httpURL(node.REST),
			P2P: "tcp://" + node.ID + "@" + hostPort(node.P2P),
		})
	}
	for _, gateway := range n.state.Gateways {
		d.Gateways = append(d.Gateways, Gateway{
			Name: gateway.Name, Home: gatewayHome(n.dir, gateway.Name), PID: pid(gateway.Name), Log: logFile(n.dir, gateway.Name),
			Segments: []string{n.state.Segment}, HTTP: httpURL(gateway.HTTP),
		})
	}
	for _, device := range n.state.Devices {
		cert, key := deviceFiles(n.dir, device.Name)
		d.Devices = append(d.Devices, Device{ID: device.ID, Member: device.Member, CertFile: cert, KeyFile: key})
	}
	return d
}

// publish writes network.json; the caller holds mu.
func (n *Network) publish() error {
	if !n.ready || n.stopped {
		return nil
	}
	return writeJSON(DescriptionFile(n.dir), n.describe(), 0o644)
}

// Stop takes network.json away and ends every child, gateways first.
func (n *Network) Stop() error {
	n.mu.Lock()
	if n.stopped {
		n.mu.Unlock()
		return nil
	}
	n.stopped = true
	err := os.RemoveAll(DescriptionFile(n.dir))
	var gateways, nodes []*Process
	for name, p := range n.running {
		if strings.HasPrefix(name, "gateway") {
			gateways = append(gateways, p)
		} else {
			nodes = append(nodes, p)
		}
	}
	n.mu.Unlock()
	for _, group := range [][]*Process{gateways, nodes} {
		_ = together(len(group), func(i int) error { group[i].Stop(grace); return nil })
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.state.Owner, n.state.Children = nil, nil
	return errors.Join(err, n.state.save(n.dir), n.lock.Close())
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// ok is a condition: a URL answers 200.
func ok(ctx context.Context, url string) error {
	raw, status, err := Get(ctx, url)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s: HTTP %d: %s", url, status, strings.TrimSpace(string(raw)))
	}
	return err
}
