package follow

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/hallmark-ledger/hallmark/node/gateway/header"
	"github.com/hallmark-ledger/hallmark/node/gateway/source"
	"github.com/hallmark-ledger/hallmark/x/access"
)

const (
	// lagWait is the first wait for witnesses that lag behind an announcement.
	lagWait, lagEnd = 40 * time.Millisecond, time.Second
	// failWait is the first wait after a failure.
	failWait, failEnd = 250 * time.Millisecond, 5 * time.Second
	// calm is the least wait after a step that found nothing.
	calm = 100 * time.Millisecond
	// pollEvery is the wait while no node announces blocks.
	pollEvery = time.Second
	// resumeAfter is how long a fresh header is tried for, before a View of
	// before the start is resumed.
	resumeAfter = 3 * time.Second
)

// Run follows the chain until ctx ends, and then returns nil. It wakes when a
// node announces a block, and at the latest after the heartbeat. It ends with
// an error only when going on is useless: [ErrTrust], or an attack.
func (f *Follower) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	wake := make(chan struct{}, 1)
	var live atomic.Int32
	for _, p := range f.peers {
		go f.listen(ctx, p, wake, &live)
	}
	lag, fail := lagWait, failWait
	began, settled := time.Now(), false
	for {
		if f.vault.View().State == access.StateAttack {
			f.log.Error("attack detected earlier: everything is denied", "attack", f.vault.View().Attack)
			<-ctx.Done()
			return nil
		}
		err := f.Step(ctx)
		if ctx.Err() != nil {
			return nil
		}
		settled = settled || err == nil
		if !settled && time.Since(began) >= resumeAfter {
			f.Resume()
			settled = true
		}
		wait := f.cfg.Heartbeat
		if live.Load() == 0 || !settled {
			wait = min(wait, pollEvery)
		}
		var attack *header.Attack
		switch {
		case err == nil:
			lag, fail = lagWait, failWait
		case errors.Is(err, ErrTrust):
			return err
		case errors.As(err, &attack):
			continue
		case errors.Is(err, errLagging):
			wait, lag = min(wait, lag), min(2*lag, lagEnd)
		case errors.Is(err, source.ErrNotYet):
			lag = lagWait
			// Announcements of one block come from several nodes, and a liar's
			// without end.
			if !sleep(ctx, calm, nil) {
				return nil
			}
		default:
			f.log.Warn("no new view", "err", err, "retry", fail.String())
			wait, fail = min(wait, fail), min(2*fail, failEnd)
			// A wake is no reason to hurry into the same failure.
			if !sleep(ctx, wait, nil) {
				return nil
			}
			continue
		}
		if !sleep(ctx, wait, wake) {
			return nil
		}
	}
}

// sleep waits for a time or a wake; false when ctx has ended.
func sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-wake:
	case <-timer.C:
	}
	return true
}

// listen keeps a subscription to one node.
func (f *Follower) listen(ctx context.Context, p *peer, wake chan<- struct{}, live *atomic.Int32) {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		heard := false
		err := p.Subscribe(ctx, func() {
			if !heard {
				heard = true
				live.Add(1)
			}
			select {
			case wake <- struct{}{}:
			default:
			}
		})
		if heard {
			live.Add(-1)
			wait = time.Second
		}
		if ctx.Err() != nil {
			return
		}
		f.log.Debug("subscription ended", "source", p.URL(), "err", err, "retry", wait.String())
		if !sleep(ctx, wait, nil) {
			return
		}
	}
}
