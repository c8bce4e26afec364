package network

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/testnet/await"
)

func TestLaunchLogsAndStops(t *testing.T) {
	log := filepath.Join(t.TempDir(), "child.log")
	p, err := launch("child", log, "/bin/sh", []string{"WORD=hello"}, "-c", `echo "$WORD"; exec sleep 60`)
	if err != nil {
		t.Fatal(err)
	}
	defer p.kill()
	err = await.Within(t.Context(), 5*time.Second, "its first word", func(context.Context) error {
		if raw, _ := os.ReadFile(log); !strings.Contains(string(raw), "hello") {
			return errors.New(string(raw))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !p.Alive() || !p.running() {
		t.Fatal("a running child is not alive")
	}
	p.stop(5 * time.Second)
	if p.Alive() || p.running() {
		t.Fatal("a stopped child is alive")
	}
}

func TestSignalSparesAnotherProcessOfTheSameID(t *testing.T) {
	p, err := launch("child", filepath.Join(t.TempDir(), "log"), "/bin/sleep", nil, "60")
	if err != nil {
		t.Fatal(err)
	}
	defer p.kill()
	other := Identity{PID: p.PID, StartTime: p.StartTime + 1}
	if other.Alive() {
		t.Fatal("another start time passed for the same process")
	}
	if err := other.signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if !p.Alive() {
		t.Fatal("a process was killed by an id that was reused")
	}
}

func TestFailureShowsTheEndOfTheLog(t *testing.T) {
	p, err := launch("child", filepath.Join(t.TempDir(), "log"), "/bin/sh", nil, "-c", "echo broken pipe organ; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if err := p.failure(); !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "broken pipe organ") {
		t.Fatal(err)
	}
}
