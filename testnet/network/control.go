package network

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/hallmark-ledger/hallmark/testnet/await"
)

// Verbs that a process of each kind understands.
var (
	NodeVerbs    = []string{"kill", "pause", "resume", "start"}
	GatewayVerbs = []string{"kill", "start"}
)

// Request asks the owner of a network to do something to one of its processes.
type Request struct {
	Kind string `json:"kind"` // node or gateway
	Verb string `json:"verb"`
	Name string `json:"name"`
}

// Reply says what became of it.
type Reply struct {
	Name  string `json:"name"`
	Verb  string `json:"verb"`
	PID   int    `json:"pid,omitempty"`
	Error string `json:"error,omitempty"`
}

// controlTimeout bounds one request; a start waits until the process is ready.
const controlTimeout = 2 * time.Minute

// controlAddress is a path to the socket that is short whatever the length of
// the directory's: the address of a unix socket holds 107 bytes.
func controlAddress(dir string) (address string, held *os.File, err error) {
	held, err = os.Open(dir)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/control.sock", held.Fd()), held, nil
}

// Serve answers requests until the context ends. The directory is private to
// its user, and so is the socket in it.
func (n *Network) Serve(ctx context.Context) error {
	address, held, err := controlAddress(n.dir)
	if err != nil {
		return err
	}
	defer held.Close()
	socket := filepath.Join(n.dir, "control.sock")
	if err := os.RemoveAll(socket); err != nil {
		return err
	}
	listener, err := net.Listen("unix", address)
	if err != nil {
		return fmt.Errorf("%s: %w", socket, err)
	}
	stop := context.AfterFunc(ctx, func() { listener.Close() })
	defer stop()
	defer os.Remove(socket)
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", socket, err)
		}
		go n.answer(ctx, conn)
	}
}

func (n *Network) answer(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, controlTimeout)
	defer cancel()
	_ = conn.SetDeadline(time.Now().Add(controlTimeout + time.Second))
	var request Request
	if err := json.NewDecoder(conn).Decode(&request); err != nil {
		return
	}
	reply, err := n.Do(ctx, request)
	if err != nil {
		reply.Error = err.Error()
	}
	_ = json.NewEncoder(conn).Encode(reply)
}

// Ask sends a request to the owner of a directory.
func Ask(ctx context.Context, dir string, request Request) (Reply, error) {
	var reply Reply
	address, held, err := controlAddress(dir)
	if err != nil {
		return reply, fmt.Errorf("no network in %s: %w", dir, err)
	}
	defer held.Close()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", address)
	if err != nil {
		return reply, fmt.Errorf("no network runs in %s: start it with: hallmark-testnet start --dir %s", dir, dir)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(controlTimeout + 5*time.Second))
	if err := json.NewEncoder(conn).Encode(request); err != nil {
		return reply, err
	}
	if err := json.NewDecoder(conn).Decode(&reply); err != nil {
		return reply, fmt.Errorf("the network in %s did not answer: %w", dir, err)
	}
	if reply.Error != "" {
		return reply, errors.New(reply.Error)
	}
	return reply, nil
}

// Do does what a request asks for and renews network.json.
func (n *Network) Do(ctx context.Context, r Request) (Reply, error) {
	reply := Reply{Name: r.Name, Verb: r.Verb}
	verbs := map[string][]string{"node": NodeVerbs, "gateway": GatewayVerbs}[r.Kind]
	if !slices.Contains(verbs, r.Verb) {
		return reply, fmt.Errorf("%s %s: want one of %s", r.Kind, r.Verb, strings.Join(verbs, ", "))
	}
	index, err := n.index(r.Kind, r.Name)
	if err != nil {
		return reply, err
	}
	if r.Verb == "start" {
		err = n.restart(ctx, r.Kind, index)
	} else {
		err = n.signal(r.Name, r.Verb)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if p := n.running[r.Name]; p != nil && p.Running() {
		reply.PID = p.PID
	}
	return reply, errors.Join(err, n.publish())
}

func (n *Network) index(kind, name string) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var names []string
	if kind == "node" {
		for _, node := range n.state.Nodes {
			names = append(names, node.Name)
		}
	} else {
		for _, gateway := range n.state.Gateways {
			names = append(names, gateway.Name)
		}
	}
	if i := slices.Index(names, name); i >= 0 {
		return i, nil
	}
	return 0, fmt.Errorf("no %s %q: want one of %s", kind, name, strings.Join(names, ", "))
}

func (n *Network) restart(ctx context.Context, kind string, index int) error {
	if kind == "node" {
		if err := n.launchNode(index); err != nil {
			return err
		}
		return n.nodeReady(ctx, index)
	}
	if err := n.makeGateway(ctx, index); err != nil {
		return err
	}
	if err := n.launchGateway(index); err != nil {
		return err
	}
	return n.gatewayReady(ctx, index)
}

func (n *Network) signal(name, verb string) error {
	n.mu.Lock()
	p := n.running[name]
	if p == nil || !p.Running() {
		n.mu.Unlock()
		return fmt.Errorf("%s does not run: start it first", name)
	}
	if verb == "kill" {
		n.meant[name] = true
	}
	n.mu.Unlock()
	switch verb {
	case "kill":
		p.Kill()
		return nil
	case "pause":
		return p.signal(syscall.SIGSTOP)
	default:
		return p.signal(syscall.SIGCONT)
	}
}

// StopOwner ends the network of a directory: it asks the very process that owns
// it to stop and waits until it has. Without a living owner it ends what an
// owner left behind. It says whether anything was running.
func StopOwner(ctx context.Context, dir string) (bool, error) {
	s, found, err := readState(dir)
	if err != nil {
		return false, err
	}
	if !found {
		return false, fmt.Errorf("no network in %s", dir)
	}
	if s.Owner != nil && s.Owner.Alive() {
		if err := s.Owner.signal(syscall.SIGTERM); err != nil {
			return true, err
		}
		return true, await.Within(ctx, 3*grace, fmt.Sprintf("the network's process %d to end", s.Owner.PID), func(context.Context) error {
			if s.Owner.Alive() {
				return errors.New("it still runs")
			}
			return nil
		})
	}
	stopped := false
	for name, stray := range s.Children {
		if stray.Alive() {
			stopped = true
			if err := stray.signal(syscall.SIGKILL); err != nil {
				return stopped, fmt.Errorf("%s (pid %d): %w", name, stray.PID, err)
			}
		}
	}
	return stopped, os.RemoveAll(DescriptionFile(dir))
}
