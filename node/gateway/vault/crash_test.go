package vault_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/node/gateway/vault"
	"github.com/hallmark-ledger/hallmark/x/access"
)

// crashBlocks is how long the chain of the crash test is. Parent and child
// build the same.
const crashBlocks = 80

// TestMain runs the child of the crash test: it adopts block after block and
// says so, until it is killed.
func TestMain(m *testing.M) {
	at := os.Getenv("HALLMARK_TEST_CRASH")
	if at == "" {
		os.Exit(m.Run())
	}
	t := &testing.B{} // only to fail with
	l := newLedger(150).grow(crashBlocks)
	v, err := vault.Open(at, options)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println("ready")
	next := v.View().Height + 2
	if next < 3 {
		next = 3
	}
	for ; next <= crashBlocks; next++ {
		u, err := v.Stage(l.believed(t, next), l.heads(t, next, v.Feeds()...))
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		var zero []string
		if next%3 == 0 { // now and then from zero
			zero = []string{segmentFeed}
		}
		if err := l.fill(u, zero...); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		if err := u.Adopt(time.Time{}); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println(v.View().Height)
	}
	fmt.Println("done")
	os.Exit(0)
}

// TestKilledAtAnyMoment kills a writer with SIGKILL, again and again, and finds
// each time a whole View, not below the last that was reported.
func TestKilledAtAnyMoment(t *testing.T) {
	l, at := newLedger(150).grow(crashBlocks), path(t)
	reported, kills := int64(0), 0
	for ; kills < 20; kills++ {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "HALLMARK_TEST_CRASH="+at)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done, left := false, 1+rand.IntN(5) // blocks until the kill
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			line := lines.Text()
			switch {
			case line == "ready":
			case line == "done":
				done = true
			case strings.HasPrefix(line, "error"):
				_ = cmd.Process.Kill()
				t.Fatal(line)
			default:
				if h, err := strconv.ParseInt(line, 10, 64); err == nil {
					reported = h
				}
				if left--; left == 0 {
					time.Sleep(time.Duration(rand.IntN(8_000)) * time.Microsecond)
					_ = cmd.Process.Kill()
				}
			}
		}
		_ = cmd.Wait()
		v, err := vault.Open(at, options)
		if err != nil {
			t.Fatalf("after kill %d: %v", kills, err)
		}
		view := v.View()
		if view.State != access.StateUnverified || view.Height < reported {
			t.Fatalf("after kill %d: state %d at height %d; %d was reported", kills, view.State, view.Height, reported)
		}
		if view.Height > 0 {
			l.check(t, view)
		}
		v.Close()
		if _, err := os.Stat(at + ".corrupt"); err == nil {
			t.Fatalf("after kill %d the vault was taken for corrupt", kills)
		}
		if done {
			break
		}
	}
	t.Logf("%d kills, %d blocks", kills, reported)
	if reported == 0 {
		t.Error("nothing was ever adopted")
	}
}

// TestFlippedBits alters bytes of the file: what opens is whole or unverified,
// never a View of other records, and nothing panics.
func TestFlippedBits(t *testing.T) {
	l, at := newLedger(300).grow(10), path(t)
	v := open(t, at)
	for h := int64(3); h < 10; h++ {
		l.adopt(t, v, h)
	}
	v.Close()
	good, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	whole := 0
	for i := range 200 {
		bad := append([]byte(nil), good...)
		for range 1 + i%8 {
			bad[random.IntN(len(bad))] ^= 1 << random.IntN(8)
		}
		if i%40 == 0 {
			bad = bad[:random.IntN(len(bad))]
		}
		if err := os.WriteFile(at, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		v, err := vault.Open(at, options)
		if err != nil {
			continue // refused
		}
		view := v.View()
		if view.State == access.StateVerified {
			t.Fatalf("flip %d: a verified view", i)
		}
		if len(view.Heads) > 0 {
			l.check(t, view)
			whole++
		}
		// It goes on from there, whatever was lost.
		if trail := v.Trail(); len(trail) == 0 || trail[len(trail)-1].Height < 11 {
			if u, err := v.Stage(l.believed(t, 11), l.heads(t, 11, v.Feeds()...)); err == nil {
				if l.fill(u) == nil && u.Adopt(time.Time{}) == nil {
					l.check(t, v.View())
				}
			}
		}
		v.Close()
	}
	t.Logf("%d of 200 were whole", whole)
	if whole == 0 || whole == 200 {
		t.Error("the test shows nothing")
	}
}
