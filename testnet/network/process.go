package network

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Identity names a process beyond the reuse of its id.
type Identity struct {
	PID int `json:"pid"`
	// StartTime is field 22 of /proc/<pid>/stat: clock ticks since boot.
	StartTime uint64 `json:"start_time"`
}

// identify reads the identity and the state (R, S, Z, ...) of a process that
// exists now.
func identify(pid int) (id Identity, state string, err error) {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return Identity{}, "", err
	}
	// The command's name, in parentheses, may hold spaces and parentheses.
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	if len(fields) < 20 {
		return Identity{}, "", fmt.Errorf("/proc/%d/stat: %d fields after the name, want at least 20", pid, len(fields))
	}
	start, err := strconv.ParseUint(fields[19], 10, 64)
	if err != nil {
		return Identity{}, "", fmt.Errorf("/proc/%d/stat: start time: %w", pid, err)
	}
	return Identity{PID: pid, StartTime: start}, fields[0], nil
}

// Alive says whether the very process still exists and is not a zombie.
func (i Identity) Alive() bool {
	now, state, err := identify(i.PID)
	return err == nil && now == i && state != "Z"
}

// signal sends a signal to the very process; one that has ended is no error.
func (i Identity) signal(sig syscall.Signal) error {
	if i.PID <= 0 || !i.Alive() {
		return nil
	}
	if err := syscall.Kill(i.PID, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

// Process is one child: a program with its log file.
type Process struct {
	Identity
	name   string
	log    string
	ended  chan struct{} // closed when it has been waited for
	result error         // valid once ended is closed
}

// starter starts children on one thread that lives as long as it does: the
// kernel kills a child when the thread that started it ends (Pdeathsig), and Go
// ends threads at will.
type starter struct {
	once sync.Once
	work chan func()
}

func (s *starter) do(work func()) {
	s.once.Do(func() {
		s.work = make(chan func())
		go func() {
			runtime.LockOSThread()
			for work := range s.work {
				work()
			}
		}()
	})
	done := make(chan struct{})
	s.work <- func() { defer close(done); work() }
	<-done
}

var children starter

// Launch starts a program in a process group of its own, with its output
// appended to a log file. Nothing of ours is inherited but the environment.
func Launch(name, log, binary string, args ...string) (*Process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	fmt.Fprintf(out, "--- %s: %s %s\n", time.Now().UTC().Format(time.RFC3339), binary, strings.Join(args, " "))
	command := exec.Command(binary, args...)
	command.Stdout, command.Stderr = out, out
	// A log is no terminal.
	command.Env = append(environment(), "NO_COLOR=1")
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	children.do(func() { err = command.Start() })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	identity, _, err := identify(command.Process.Pid)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), command.Process.Kill(), command.Wait())
	}
	p := &Process{Identity: identity, name: name, log: log, ended: make(chan struct{})}
	go func() {
		p.result = command.Wait()
		close(p.ended)
	}()
	return p, nil
}

// Running says whether it has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Failure says how the process ended and what it last wrote.
func (p *Process) Failure() error {
	how := "it ended"
	if p.result != nil {
		how = p.result.Error()
	}
	return fmt.Errorf("%s: %s; the end of %s:\n%s", p.name, how, p.log, tail(p.log, 12))
}

// Stop ends the process: politely, and after grace at once.
func (p *Process) Stop(grace time.Duration) {
	if !p.Running() {
		return
	}
	// A paused process takes no signal but KILL until it goes on.
	_ = p.signal(syscall.SIGCONT)
	_ = p.signal(syscall.SIGTERM)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.ended:
	case <-timer.C:
		p.Kill()
	}
}

// Kill ends the process at once and waits until it is gone.
func (p *Process) Kill() {
	_ = p.signal(syscall.SIGKILL)
	<-p.ended
}

// tail returns the last lines of a file.
func tail(path string, lines int) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	if len(raw) > 1<<16 {
		raw = raw[len(raw)-1<<16:]
	}
	all := strings.Split(strings.TrimRight(string(raw), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
