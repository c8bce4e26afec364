package guard

import (
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/hallmark-ledger/hallmark/x/access"
)

// Guard decides requests at one point of entry. It is safe for concurrent use.
type Guard struct {
	// View returns what is known now. It may return nil, which denies.
	View func() *access.View
	// Now returns the time with what it rests on.
	Now func() access.Now
	// Meter counts decisions; nil counts none.
	Meter *Meter
	// Log hears of panics alone; nil is silent.
	Log *slog.Logger
}

// Answer is a decision with what it was made of, so that it is explained from
// the very View that it rests on. The zero value denies.
type Answer struct {
	access.Decision
	request *access.Request
	view    *access.View
}

// decide is the one evaluator; tests replace it to see a panic contained.
var decide = access.Decide

// Handle decides one request. It never panics, and it returns within the time
// that a decision takes: there is no I/O in it. The request must not be changed
// while the answer is in use.
func (g *Guard) Handle(req *access.Request) Answer {
	return g.handle(g.View, req)
}

// Session decides several requests on one View, the one of its first request.
// It is not safe for concurrent use.
type Session struct {
	guard *Guard
	view  *access.View
	taken bool
}

// Session begins a session.
func (g *Guard) Session() *Session { return &Session{guard: g} }

// Handle decides one request of the session, as [Guard.Handle] does.
func (s *Session) Handle(req *access.Request) Answer {
	return s.guard.handle(func() *access.View {
		if !s.taken {
			s.view, s.taken = s.guard.View(), true
		}
		return s.view
	}, req)
}

func (g *Guard) handle(take func() *access.View, req *access.Request) (answer Answer) {
	began := time.Now()
	defer func() {
		if r := recover(); r != nil {
			g.panicked("decide", r)
			answer = Answer{Decision: access.Decision{Reason: access.ReasonInternal}}
		}
		g.Meter.count(&answer.Decision, time.Since(began))
	}()
	view := take()
	decision := decide(req, view, g.Now())
	if decision.Reason == "" {
		decision = access.Decision{Reason: access.ReasonInternal}
	}
	return Answer{Decision: decision, request: req, view: view}
}

// Refuse counts a request that was too malformed to be decided on, and returns
// its denial.
func (g *Guard) Refuse() Answer {
	answer := Answer{Decision: access.Decision{Reason: access.ReasonBadRequest}}
	g.Meter.count(&answer.Decision, 0)
	return answer
}

// Explain says in plain words why an answer is what it is, and what would
// change it; fix is empty where there is nothing to do.
func (g *Guard) Explain(a Answer) (detail, fix string) {
	defer func() {
		if r := recover(); r != nil {
			g.panicked("explain", r)
			detail, fix = "", ""
		}
	}()
	if a.request == nil {
		return "", ""
	}
	return a.Decision.Explain(a.request, a.view)
}

func (g *Guard) panicked(doing string, r any) {
	if g.Log != nil {
		g.Log.Error("a decision panicked and was denied", "while", doing, "panic", r, "stack", string(debug.Stack()))
	}
}
