package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/testnet/await"
)

// The commands of the documents are tests. A fenced block says on which machine
// it runs, in the words after "sh", which a reader does not see:
//
//	```sh on=here           runs there; several machines: on=one,two
//	```sh on=here background    starts and goes on until the document ends
//	```sh on=here exit=3    ends with this exit code
//	```sh on=here says=word prints this word
//
// Exported variables and the working directory last from block to block, as in
// a terminal. A block without a machine may only say what every reader does
// first: clone, make, PATH.

// repository is the root of the source tree.
const repository = "../.."

// block is one fenced block of commands.
type block struct {
	where      string // file:line
	on         []string
	background bool
	exit       int
	says       []string
	code       string
}

// readBlocks returns the blocks of a document in order.
func readBlocks(t *testing.T, path string) (blocks []block) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(repository, path))
	if err != nil {
		t.Fatal(err)
	}
	var open *block
	for i, line := range strings.Split(string(raw), "\n") {
		switch {
		case open != nil && line == "```":
			blocks = append(blocks, *open)
			open = nil
		case open != nil:
			open.code += line + "\n"
		case line == "```sh" || strings.HasPrefix(line, "```sh "):
			b := block{where: fmt.Sprintf("%s:%d", path, i+1)}
			for _, word := range strings.Fields(line)[1:] {
				name, value, _ := strings.Cut(word, "=")
				switch name {
				case "on":
					b.on = strings.Split(value, ",")
				case "background":
					b.background = true
				case "exit":
					if _, err := fmt.Sscan(value, &b.exit); err != nil {
						t.Fatalf("%s: %s: %v", b.where, word, err)
					}
				case "says":
					b.says = append(b.says, value)
				default:
					t.Fatalf("%s: unknown word %q", b.where, word)
				}
			}
			open = &b
		}
	}
	if open != nil {
		t.Fatalf("%s: the block never ends", open.where)
	}
	return blocks
}

// machine is a home with an address; commands run there one after the other.
type machine struct {
	name string
	home string // also its working directory at first
	env  []string
	// replace turns what a document says of addresses into this machine's.
	replace *strings.Replacer
}

// binaries is where make put the binaries.
func binaries(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("HALLMARK_BUILD")
	if dir == "" {
		t.Fatal("HALLMARK_BUILD is not set: run these tests by make test")
	}
	return dir
}

// newMachine makes a home below dir. Of the environment only PATH is kept.
func newMachine(t *testing.T, dir, name string, path []string, env ...string) *machine {
	t.Helper()
	home := filepath.Join(dir, name)
	if err := os.MkdirAll(home, 0o755); err != nil {
		t.Fatal(err)
	}
	path = append(slices.Clone(path), os.Getenv("PATH"))
	env = append(env, "HOME="+home, "PATH="+strings.Join(path, ":"), "NO_COLOR=1", "LANG=C.UTF-8")
	return &machine{name: name, home: home, env: env, replace: strings.NewReplacer()}
}

// command wraps a block in what a terminal remembers.
func (m *machine) command(b block) *exec.Cmd {
	script := "set -euo pipefail\n" +
		`if [ -e "$HOME/.terminal" ]; then . "$HOME/.terminal"; fi` + "\n" +
		m.replace.Replace(b.code) + "\n"
	if !b.background {
		script += `{ export -p; printf 'cd %q\n' "$PWD"; } >"$HOME/.terminal"` + "\n"
	}
	c := exec.Command("bash", "-c", script)
	c.Dir, c.Env = m.home, m.env
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return c
}

// run runs a block to its end.
func (m *machine) run(t *testing.T, b block) {
	t.Helper()
	var out bytes.Buffer
	c := m.command(b)
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(5*time.Minute, func() { _ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) })
	err := c.Wait()
	limit.Stop()
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if code != b.exit {
		t.Fatalf("%s on %s: exit code %d, the document says %d\n%s\n%s", b.where, m.name, code, b.exit, b.code, out.String())
	}
	for _, word := range b.says {
		if !strings.Contains(out.String(), word) {
			t.Fatalf("%s on %s: does not say %q\n%s\n%s", b.where, m.name, word, b.code, out.String())
		}
	}
	t.Logf("%s on %s:\n%s", b.where, m.name, out.String())
}

// start runs a block until the test ends, and shows the end of what it said if
// the test failed.
func (m *machine) start(t *testing.T, b block) {
	t.Helper()
	log, err := os.CreateTemp(m.home, "background-*.log")
	if err != nil {
		t.Fatal(err)
	}
	c := m.command(b)
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGTERM)
		limit := time.AfterFunc(20*time.Second, func() { _ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) })
		_ = c.Wait() // the shell; what it ran may take a moment more
		err := await.Within(context.Background(), 30*time.Second, "the end of "+b.where, func(context.Context) error {
			if err := syscall.Kill(-c.Process.Pid, 0); !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("process group %d: %v", c.Process.Pid, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		limit.Stop()
		_ = log.Close()
		if raw, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("%s on %s said at last:\n%s", b.where, m.name, raw[max(0, len(raw)-4000):])
		}
	})
}

// follow runs the blocks of a document on its machines.
func follow(t *testing.T, path string, machines map[string]*machine) {
	t.Helper()
	ran := 0
	for _, b := range readBlocks(t, path) {
		if len(b.on) == 0 {
			everyReader(t, b)
			continue
		}
		for _, name := range b.on {
			m := machines[name]
			switch {
			case m == nil:
				t.Fatalf("%s: no machine is called %q", b.where, name)
			case b.background:
				m.start(t, b)
			default:
				m.run(t, b)
			}
			ran++
		}
	}
	if ran == 0 {
		t.Fatalf("%s: no block ran", path)
	}
}

// everyReader refuses a block that nothing runs, unless it holds only what
// comes before anything can be run, or is run by whoever runs this test.
func everyReader(t *testing.T, b block) {
	t.Helper()
	for line := range strings.Lines(b.code) {
		line = strings.TrimSpace(line)
		known := slices.ContainsFunc([]string{"git clone ", "cd hallmark", "make ", "#"}, func(prefix string) bool {
			return strings.HasPrefix(line, prefix)
		})
		if line != "" && !known {
			t.Errorf("%s: nothing runs %q: say on which machine it runs", b.where, line)
		}
	}
}

// TestDocumentsReadme follows the README in a copy of the source tree that
// holds what its commands name.
func TestDocumentsReadme(t *testing.T) {
	dir := t.TempDir()
	here := newMachine(t, dir, "here", nil)
	link(t, binaries(t), filepath.Join(here.home, "build"))
	source, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	link(t, filepath.Join(source, "testnet"), filepath.Join(here.home, "testnet"))
	follow(t, "README.md", map[string]*machine{"here": here})
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

// TestDocumentsLinks finds every file that the documents point to.
func TestDocumentsLinks(t *testing.T) {
	var documents []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "x/*/README.md", "*/README.md"} {
		found, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, found...)
	}
	if len(documents) < 10 {
		t.Fatalf("found %d documents", len(documents))
	}
	for _, document := range documents {
		raw, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(raw), "](")[1:] {
			target, _, ok := strings.Cut(part, ")")
			target, _, _ = strings.Cut(target, "#")
			if !ok || target == "" || strings.Contains(target, ":") || strings.ContainsAny(target, " \n") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(document), target)); err != nil {
				t.Errorf("%s points to %s: %v", document, target, err)
			}
		}
	}
}
