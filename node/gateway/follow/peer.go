package follow

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hallmark-ledger/hallmark/node/gateway/source"
)

// Waits after a failure; each doubles up to its end.
const (
	silentWait, silentEnd = 500 * time.Millisecond, 30 * time.Second
	slowEnd               = 5 * time.Second
	wrongWait, wrongEnd   = 5 * time.Second, 10 * time.Minute
	demoteWait, demoteEnd = 30 * time.Second, 10 * time.Minute
	// grace is how long the slower nodes are waited for once enough have
	// reported their height.
	grace = 300 * time.Millisecond
)

// peer is a node and what was found of it.
type peer struct {
	*source.Node

	mu       sync.Mutex
	state    string
	failures int
	until    time.Time // set aside
	height   int64     // last reported

	// As primary alone: who answers promptly as a witness may still drip data.
	demotions int
	eligible  time.Time
}

// States of a peer.
const (
	peerUnknown     = "unknown"
	peerAgrees      = "agrees"
	peerBehind      = "behind"
	peerUnavailable = "unavailable"
	peerWrong       = "wrong"
)

func (p *peer) aside(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return now.Before(p.until)
}

// failed takes note of an error and returns how long the peer is set aside.
// One that does not know yet, or was cut off by us, is not to blame.
func (p *peer) failed(err error, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	wait, end := silentWait, silentEnd
	switch {
	case errors.Is(err, context.Canceled):
		return 0
	case errors.Is(err, source.ErrNotYet):
		p.state = peerBehind
		return 0
	case errors.Is(err, source.ErrWrong):
		p.state, wait, end = peerWrong, wrongWait, wrongEnd
	case errors.Is(err, errSlow):
		p.state, end = peerUnavailable, slowEnd // it may be needed soon
	default:
		p.state = peerUnavailable
	}
	p.failures++
	wait = doubled(wait, end, p.failures)
	p.until = now.Add(wait)
	return wait
}

// doubled is a wait after the nth failure in a row.
func doubled(wait, end time.Duration, n int) time.Duration {
	for range n - 1 {
		if wait *= 2; wait >= end {
			return end
		}
	}
	return wait
}

// demoted takes note that the peer failed as primary: others come first for a
// while.
func (p *peer) demoted(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.demotions++
	p.eligible = now.Add(doubled(demoteWait, demoteEnd, p.demotions))
}

// served takes note that a View was made of what the peer gave as primary.
func (p *peer) served() {
	p.agreed()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.demotions, p.eligible = 0, time.Time{}
}

func (p *peer) mayServe(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !now.Before(p.eligible)
}

func (p *peer) reported(height int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.height = height
}

// agreed takes note that the peer had what was adopted.
func (p *peer) agreed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state, p.failures, p.until = peerAgrees, 0, time.Time{}
}

func (p *peer) behind() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = peerBehind
}

func (p *peer) describe() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// report is what one peer said of its height.
type report struct {
	peer   *peer
	height int64
	err    error
}

// heights asks all peers at once. When enough of them are above a height, the
// others have a moment more, so that a silent node does not hold up the rest.
func heights(ctx context.Context, peers []*peer, above int64, enough int) (got []report) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan report, len(peers))
	for _, p := range peers {
		go func() {
			status, err := p.Status(ctx)
			answers <- report{p, status.Height, err}
		}()
	}
	var late <-chan time.Time
	for ready := 0; len(got) < len(peers); {
		select {
		case r := <-answers:
			got = append(got, r)
			if r.err == nil {
				r.peer.reported(r.height)
				if r.height > above {
					ready++
				}
			}
		case <-late:
			for _, p := range peers {
				if !answered(got, p) {
					got = append(got, report{p, 0, &source.Error{Source: p.URL(), What: source.Height, Err: errSlow}})
				}
			}
			return got
		case <-ctx.Done():
			return got
		}
		if ready >= enough && late == nil {
			late = time.After(grace)
		}
	}
	return got
}

var errSlow = fmt.Errorf("%w: slower than the others", source.ErrUnavailable)

func answered(got []report, p *peer) bool {
	for _, r := range got {
		if r.peer == p {
			return true
		}
	}
	return false
}
