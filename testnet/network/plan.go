package network

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// Bounds of a local network.
const (
	MaxValidators = 16
	MaxGateways   = 8
)

func lockDir(dir string) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("a network runs in %s already: stop it with: hallmark-testnet stop --dir %s", dir, dir), lock.Close())
	}
	return lock, nil
}

func (n *Network) plan(o Options) error {
	stored, found, err := readState(n.dir)
	if err != nil {
		return err
	}
	if found {
		if v := len(stored.Nodes); o.Validators != AsStored && o.Validators != v {
			return fmt.Errorf("--validators %d: the network in %s has %d; leave the flag out to resume it", o.Validators, n.dir, v)
		}
		if g := len(stored.Gateways); o.Gateways != AsStored && o.Gateways != g {
			return fmt.Errorf("--gateways %d: the network in %s has %d; leave the flag out to resume it", o.Gateways, n.dir, g)
		}
		n.state = stored
		return n.endStrays()
	}
	if o.Validators == AsStored {
		o.Validators = 4
	}
	if o.Gateways == AsStored {
		o.Gateways = 2
	}
	if o.Validators < 1 || o.Validators > MaxValidators {
		return fmt.Errorf("--validators %d: want 1 to %d", o.Validators, MaxValidators)
	}
	if o.Gateways < 0 || o.Gateways > MaxGateways {
		return fmt.Errorf("--gateways %d: want 0 to %d", o.Gateways, MaxGateways)
	}
	if o.Gateways > 0 && o.Validators < 3 {
		return fmt.Errorf("--validators %d: a gateway needs a primary and two witnesses: want at least 3", o.Validators)
	}
	n.state = state{Version: stateVersion, ChainID: "hallmark-local-" + strconv.FormatInt(time.Now().Unix(), 36), Members: members(o.Validators)}
	n.state.Segment = n.state.Members[0] + "/" + segmentSlug
	n.state.Accounts = accountPlans(n.state.Members)
	ports, err := freePorts(5*o.Validators + o.Gateways)
	if err != nil {
		return err
	}
	for i := range o.Validators {
		p := ports[5*i:]
		n.state.Nodes = append(n.state.Nodes, nodePlan{Name: fmt.Sprintf("node%d", i), Member: n.state.Members[i], RPC: p[0], P2P: p[1], GRPC: p[2], REST: p[3], Metrics: p[4]})
	}
	for i := range o.Gateways {
		n.state.Gateways = append(n.state.Gateways, gatePlan{Name: fmt.Sprintf("gateway%d", i), HTTP: ports[5*o.Validators+i], Primary: i % o.Validators})
	}
	return n.state.save(n.dir)
}

// endStrays ends what a former owner left behind. The kernel should have: this
// is for a kernel that did not.
func (n *Network) endStrays() error {
	for name, stray := range n.state.Children {
		if err := stray.signal(syscall.SIGKILL); err != nil {
			return fmt.Errorf("%s (pid %d) of a former run: %w", name, stray.PID, err)
		}
	}
	return os.RemoveAll(DescriptionFile(n.dir))
}

// settlePorts keeps the ports of a resumed network unless another program has
// taken one: then the network moves as a whole.
func (n *Network) settlePorts() error {
	all := n.ports()
	if !slices.ContainsFunc(all, func(p *int) bool { return !portFree(*p) }) {
		return n.configure()
	}
	fresh, err := freePorts(len(all))
	if err != nil {
		return err
	}
	for i, port := range all {
		*port = fresh[i]
	}
	return n.configure()
}

func (n *Network) ports() []*int {
	var all []*int
	for i := range n.state.Nodes {
		node := &n.state.Nodes[i]
		all = append(all, &node.RPC, &node.P2P, &node.GRPC, &node.REST, &node.Metrics)
	}
	for i := range n.state.Gateways {
		all = append(all, &n.state.Gateways[i].HTTP)
	}
	return all
}

func (n *Network) configure() error {
	for i := range n.state.Nodes {
		if err := n.configureNode(i); err != nil {
			return err
		}
	}
	for i, gateway := range n.state.Gateways {
		if gateway.Ready {
			if err := n.configureGateway(i); err != nil {
				return err
			}
		}
	}
	return nil
}
