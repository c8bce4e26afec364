// Package progress tells a person what is being waited for and how long it
// took. On a terminal a running wait is one line that is redrawn; elsewhere it
// is one line when it ends, and one every few seconds while it does not.
// NO_COLOR is respected. The zero Teller and a nil one are silent.
package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// patience is how long a wait stays silent where lines cannot be redrawn.
const patience = 5 * time.Second

// Teller writes progress lines. It is safe for concurrent use.
type Teller struct {
	mu     sync.Mutex
	out    io.Writer
	began  time.Time
	redraw bool
	color  bool
	drawn  bool // the last line is a running wait
}

// New tells on out; lines are redrawn and coloured if out is a terminal.
func New(out *os.File) *Teller {
	terminal := term.IsTerminal(int(out.Fd())) && os.Getenv("TERM") != "dumb"
	return &Teller{out: out, began: time.Now(), redraw: terminal, color: terminal && os.Getenv("NO_COLOR") == ""}
}

// To tells plainly on any writer.
func To(out io.Writer) *Teller { return &Teller{out: out, began: time.Now()} }

// Elapsed is the time since the Teller was made.
func (t *Teller) Elapsed() time.Duration {
	if t == nil || t.began.IsZero() {
		return 0
	}
	return time.Since(t.began)
}

// Say writes one line.
func (t *Teller) Say(format string, args ...any) {
	t.line(t.paint(dim, t.stamp()) + "  " + fmt.Sprintf(format, args...))
}

// Add writes a line that belongs to the one before.
func (t *Teller) Add(format string, args ...any) {
	t.line("           " + t.paint(dim, fmt.Sprintf(format, args...)))
}

// Title writes a heading.
func (t *Teller) Title(format string, args ...any) {
	t.line("")
	t.line(t.paint(bold, fmt.Sprintf(format, args...)))
}

// Wait says that a wait begins. The function returned ends it: with the error
// it ended with, or with what came of it (empty for nothing to add).
func (t *Teller) Wait(format string, args ...any) func(err error, result string) {
	if t == nil || t.out == nil {
		return func(error, string) {}
	}
	what := fmt.Sprintf(format, args...)
	began := time.Now()
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.running(what, began, stop)
	}()
	return func(err error, result string) {
		close(stop)
		<-done
		took := t.paint(dim, fmt.Sprintf(" (%.1f s)", time.Since(began).Seconds()))
		if result != "" {
			what += ": " + result
		}
		mark := t.paint(green, "✓")
		if err != nil {
			mark, what = t.paint(red, "✗"), what+": "+err.Error()
		}
		t.line(t.paint(dim, t.stamp()) + " " + mark + " " + what + took)
	}
}

func (t *Teller) running(what string, began time.Time, stop <-chan struct{}) {
	interval := patience
	if t.redraw {
		interval = 200 * time.Millisecond
		t.draw(what, began)
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			if t.redraw {
				t.draw(what, began)
			} else {
				t.line(fmt.Sprintf("%s … %s, %.0f s so far", t.stamp(), what, time.Since(began).Seconds()))
			}
		}
	}
}

func (t *Teller) draw(what string, began time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.out, "\r\x1b[K%s … %s %s", t.paint(dim, t.stamp()), what, t.paint(dim, fmt.Sprintf("%.1f s", time.Since(began).Seconds())))
	t.drawn = true
}

func (t *Teller) line(text string) {
	if t == nil || t.out == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.drawn {
		fmt.Fprint(t.out, "\r\x1b[K")
		t.drawn = false
	}
	fmt.Fprintln(t.out, text)
}

func (t *Teller) stamp() string { return fmt.Sprintf("%6.1f s", t.Elapsed().Seconds()) }

const (
	bold  = "1"
	dim   = "2"
	red   = "31"
	green = "32"
)

func (t *Teller) paint(style, text string) string {
	if t == nil || !t.color {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// Good paints what went as it should, where colours are wanted.
func (t *Teller) Good(text string) string { return t.paint(green, text) }

// Bold paints what to look at first, where colours are wanted.
func (t *Teller) Bold(text string) string { return t.paint(bold, text) }
