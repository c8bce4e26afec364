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
	p, err := Launch("child", log, "/bin/sh", "-c", "echo hello; exec sleep 60")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Kill()
	err = await.Within(t.Context(), 5*time.Second, "its first word", func(context.Context) error {
		if raw, _ := os.ReadFile(log); !strings.Contains(string(raw), "hello") {
			return errors.New(string(raw))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !p.Alive() || !p.Running() {
		t.Fatal("a running child is not alive")
	}
	p.Stop(5 * time.Second)
	if p.Alive() || p.Running() {
		t.Fatal("a stopped child is alive")
	}
}

func TestSignalSparesAnotherProcessOfTheSameID(t *testing.T) {
	p, err := Launch("child", filepath.Join(t.TempDir(), "log"), "/bin/sleep", "60")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Kill()
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
	p, err := Launch("child", filepath.Join(t.TempDir(), "log"), "/bin/sh", "-c", "echo broken pipe organ; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if err := p.Failure(); !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "broken pipe organ") {
		t.Fatal(err)
	}
}
