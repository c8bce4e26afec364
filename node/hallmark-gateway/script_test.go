package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/hallmark-ledger/hallmark/node/gateway/chaintest"
	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// The scripts in testdata/script drive the real binary against nodes that serve
// a real chain of the test's own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"hallmark-gateway": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata/script",
		Setup: setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":        exits,
			"await":        await,
			"until":        until,
			"post":         post,
			"memory":       memory,
			"certificates": certificates,
			"terminate": func(ts *testscript.TestScript, _ bool, _ []string) {
				for _, cmd := range ts.BackgroundCmds() {
					ts.Check(cmd.Process.Signal(syscall.SIGTERM))
				}
			},
			"chain": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Value(worldKey{}).(*world).do(ts, args)
			},
		},
	})
}

// world is a chain that goes on, its other branch, and four nodes.
type world struct {
	mu    sync.Mutex
	main  *chaintest.Chain
	other *chaintest.Chain
	nodes []*chaintest.Node
}

type worldKey struct{}

const (
	chainID   = "plant-1"
	segmentID = "acme/plant"
	trusted   = 3
)

func digest(n int) identity.KeyDigest { return sha256.Sum256(fmt.Appendf(nil, "device %d", n)) }

func setup(env *testscript.Env) error {
	w := &world{
		main:  chaintest.New(chainID, "validators", 4),
		other: chaintest.New(chainID, "validators", 4),
	}
	if err := w.genesis(); err != nil {
		return err
	}
	begin := time.Now().Add(-10 * time.Second)
	for i := range 5 {
		w.next(begin.Add(time.Duration(i) * 2 * time.Second))
	}
	env.Setenv("CHAIN", chainID)
	env.Setenv("SEGMENT", segmentID)
	env.Setenv("HEIGHT", strconv.Itoa(trusted))
	env.Setenv("HASH", fmt.Sprintf("%X", w.main.Block(trusted).Header.Hash()))
	env.Setenv("WRONG", strings.Repeat("AB", 32))
	env.Setenv("DEVICE", identity.ID(digest(1)))
	env.Setenv("STRANGER", identity.ID(digest(2)))
	// A home of its own, and so an anchor of its own.
	env.Setenv("XDG_RUNTIME_DIR", env.WorkDir+"/run")
	for i := range 4 {
		n := chaintest.Serve(w.main, fmt.Sprintf("node%d", i))
		env.Defer(n.Close)
		w.nodes = append(w.nodes, n)
		env.Setenv(fmt.Sprintf("NODE%d", i), n.URL)
	}
	address, err := free()
	if err != nil {
		return err
	}
	env.Setenv("ADDRESS", address)
	_, port, _ := net.SplitHostPort(address)
	env.Setenv("PORT", port)
	env.Values[worldKey{}] = w

	// Blocks go on until the script ends.
	stop := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case now := <-tick.C:
				w.mu.Lock()
				w.next(now)
				w.mu.Unlock()
			}
		}
	})
	env.Defer(func() { close(stop); done.Wait() })
	return nil
}

// free is an address that nothing listens on.
func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// put writes a record on both branches.
func (w *world) put(name string, key []byte, m interface{ Marshal() ([]byte, error) }) error {
	value, err := m.Marshal()
	if err != nil {
		return err
	}
	w.main.Put(name, key, value)
	w.other.Put(name, key, value)
	return nil
}

func (w *world) next(at time.Time) {
	w.main.Next(at)
	w.other.Next(at)
	for _, n := range w.nodes {
		n.Announce()
	}
}

// genesis is a segment of acme in which device 1 may get, on line 4.
func (w *world) genesis() error {
	name := feed.Segment(segmentID)
	return errors.Join(
		w.put(name, access.PolicyKey(), &access.Policy{
			Member: "acme", Prefixes: []string{"http:/plant/"}, SinceHeight: 1,
			Classes: []access.Class{{Name: "read", MaxStaleness: 10 * time.Second, OnRestart: access.OnRestartDeny}},
		}),
		w.put(name, identity.DeviceKey(digest(1)), device(digest(1))),
		w.put(name, identity.DeviceKey(digest(2)), device(digest(2))),
		w.put(name, access.GrantKey(digest(1), 7), grant()),
		w.put(feed.Members, consortium.MemberKey("acme"), &consortium.Member{
			Id: "acme", Name: "Acme", Standing: consortium.StandingActive, SinceHeight: 1,
		}),
	)
}

func device(key identity.KeyDigest) *identity.Device {
	return &identity.Device{
		Maker: "maker", Owner: "acme", Ownership: 1, Model: "m1", Status: identity.StatusActive, SinceHeight: 1,
		Key: identity.Key{Algorithm: identity.AlgorithmEd25519, Digest: key[:], SinceHeight: 1},
	}
}

func grant() *access.Grant {
	return &access.Grant{
		Issuer: "acme", Actions: []string{"get"}, Resources: []string{"http:/plant/#"},
		NotBefore: time.Now().Add(-time.Hour).Unix(), NotAfter: time.Now().Add(time.Hour).Unix(),
		Conditions: []access.Condition{{Attribute: "line", Operator: access.OperatorEq, Value: &access.Condition_Number{Number: 4}}},
		Owner:      "acme", Ownership: 1, Height: 1,
	}
}

// do is what a script may do to the chain:
//
//	chain revoke        the grant of device 1 is revoked in the next block
//	chain grants N      so many more grants, ten to a device, in the next block
//	chain stop NODE     the node answers nothing from here on
//	chain go NODE       it answers again
//	chain fork          nodes 1 to 3 show another branch, signed by the same keys
func (w *world) do(ts *testscript.TestScript, args []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch args[0] {
	case "revoke":
		g := grant()
		g.RevokedHeight, g.RevokedReason = w.main.Height()+1, "stolen"
		ts.Check(w.put(feed.Segment(segmentID), access.GrantKey(digest(1), 7), g))
	case "grants":
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		ts.Check(w.grants(n))
	case "stop":
		i, err := strconv.Atoi(args[1])
		ts.Check(err)
		w.nodes[i].Raw(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) })
	case "go":
		i, err := strconv.Atoi(args[1])
		ts.Check(err)
		w.nodes[i].Raw(nil)
	case "fork":
		w.other.Put(feed.Segment(segmentID), access.GrantKey(digest(2), 9), []byte{0x0a, 0x04, 'a', 'c', 'm', 'e'})
		for _, n := range w.nodes[1:] {
			n.Follow(w.other)
		}
	default:
		ts.Fatalf("chain: unknown %q", args[0])
	}
}

// grants puts n grants, each with validity and two comparisons, ten to a device.
func (w *world) grants(n int) error {
	name := feed.Segment(segmentID)
	var errs []error
	for i := range n / 10 {
		key := digest(1000 + i)
		errs = append(errs, w.put(name, identity.DeviceKey(key), device(key)))
		for id := range 10 {
			g := grant()
			g.Resources = []string{fmt.Sprintf("http:/plant/line%d/device%d/#", id, i)}
			g.Conditions = append(g.Conditions, access.Condition{Attribute: "zone", Operator: access.OperatorEq, Value: &access.Condition_Text{Text: "north"}})
			errs = append(errs, w.put(name, access.GrantKey(key, uint64(1000+10*i+id)), g))
		}
	}
	return errors.Join(errs...)
}

// memory wants the gateway's anonymous resident memory to be at most so many
// MiB: memory MAX. Instrumented by the race detector it is another program.
func memory(ts *testscript.TestScript, _ bool, args []string) {
	most, err := strconv.ParseFloat(args[0], 64)
	ts.Check(err)
	for _, cmd := range ts.BackgroundCmds() {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
		ts.Check(err)
		for line := range strings.Lines(string(status)) {
			var kib float64
			if n, _ := fmt.Sscanf(line, "RssAnon: %f kB", &kib); n != 1 {
				continue
			}
			ts.Logf("anonymous resident memory: %.1f MiB", kib/1024)
			if kib/1024 > most && !raced {
				ts.Fatalf("%.1f MiB of anonymous memory; want at most %.1f", kib/1024, most)
			}
		}
	}
}

// exits runs the binary and wants an exit code: exits CODE hallmark-gateway ...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	if code := exitCode(ts, args); strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d; want %s", code, args[0])
	}
}

// until runs the binary again and again until it has an exit code.
func until(ts *testscript.TestScript, _ bool, args []string) {
	for end := time.Now().Add(patience); strconv.Itoa(exitCode(ts, args)) != args[0]; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("exit code is never %s", args[0])
		}
	}
}

func exitCode(ts *testscript.TestScript, args []string) (code int) {
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	return code
}

// patience is how long a script waits for the gateway to come so far.
const patience = time.Minute

// await asks a path of the gateway until its answer has a status and a text:
// await PATH STATUS [TEXT]
func await(ts *testscript.TestScript, _ bool, args []string) {
	last := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		response, err := http.Get("http://" + ts.Getenv("ADDRESS") + args[0])
		if err != nil {
			last = err.Error()
			continue
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		last = fmt.Sprintf("%d %s", response.StatusCode, body)
		if strconv.Itoa(response.StatusCode) == args[1] && (len(args) < 3 || strings.Contains(string(body), args[2])) {
			return
		}
	}
	ts.Fatalf("%s: last answer %s", args[0], last)
}

// post sends a file to a path of the gateway and keeps the answer in the file
// "answer": post PATH FILE STATUS
func post(ts *testscript.TestScript, _ bool, args []string) {
	body := os.Expand(ts.ReadFile(args[1]), ts.Getenv)
	response, err := http.Post("http://"+ts.Getenv("ADDRESS")+args[0], "application/json", strings.NewReader(body))
	ts.Check(err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("answer"), answer, 0o600))
	if strconv.Itoa(response.StatusCode) != args[2] {
		ts.Fatalf("%d %s; want %s", response.StatusCode, answer, args[2])
	}
}
