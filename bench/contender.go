package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hallmark-ledger/hallmark/x/access"
)

// contender answers the questions that it was made with.
type contender struct {
	name string
	// size is how many questions it has.
	size int
	// decide answers question i. An error means that it could not be measured.
	decide func(i int) (bool, error)
}

// ours is Decide over a verified view, as a gateway runs it.
func ours(name string, w *workload, qs []question) (contender, func(i int) access.Decision, error) {
	view, err := w.view()
	if err != nil {
		return contender{}, nil, err
	}
	now := access.Now{Time: requestTime, Basis: access.ClockVerified}
	requests := make([]access.Request, len(qs))
	for i, q := range qs {
		requests[i] = access.Request{Subject: digest(q.device), Action: q.action, Resource: topicOf(q.area)}
		if q.pressure != noAttribute {
			requests[i].Context = append(requests[i].Context, access.Attribute{Name: "pressure", Kind: access.KindNumber, Number: q.pressure})
		}
		if q.temperature != noAttribute {
			requests[i].Context = append(requests[i].Context, access.Attribute{Name: "temperature", Kind: access.KindNumber, Number: q.temperature})
		}
		if err := requests[i].Validate(); err != nil {
			return contender{}, nil, fmt.Errorf("question %d: %w", i, err)
		}
	}
	decide := func(i int) access.Decision { return access.Decide(&requests[i], view, now) }
	return contender{name, len(qs), func(i int) (bool, error) { return decide(i).Allow, nil }}, decide, nil
}

// race measures contenders in turns, so that noise of the machine meets all of
// them alike, and returns each one's nanoseconds per decision, round by round.
// Each turn lasts about a slice of time.
//
// What counts is the processor time of the deciding thread: a decision waits
// for nothing, so on an idle machine that is the time it takes, and on a busy
// one the time that others took is left out. So is the collector's work on
// other threads, to the advantage of who allocates.
func race(rounds int, slice time.Duration, contenders ...contender) ([][]float64, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	batches := make([]int, len(contenders))
	for c := range contenders {
		n := 1
		for {
			elapsed, err := turn(contenders[c], 0, n)
			if err != nil {
				return nil, err
			}
			if elapsed > slice/4 || n > 1<<30 {
				batches[c] = max(1, int(float64(n)*float64(slice)/float64(elapsed)))
				break
			}
			n *= 4
		}
	}
	perOp := make([][]float64, len(contenders))
	order := make([]int, len(contenders))
	for i := range order {
		order[i] = i
	}
	random := rand.New(rand.NewPCG(uint64(rounds), 3))
	for round := range rounds {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, c := range order {
			runtime.GC()
			elapsed, err := turn(contenders[c], round*7919, batches[c])
			if err != nil {
				return nil, err
			}
			perOp[c] = append(perOp[c], float64(elapsed)/float64(batches[c]))
		}
	}
	return perOp, nil
}

func turn(c contender, from, n int) (time.Duration, error) {
	i := from % c.size
	start, err := threadTime()
	if err != nil {
		return 0, err
	}
	for range n {
		if _, err := c.decide(i); err != nil {
			return 0, fmt.Errorf("%s: question %d: %w", c.name, i, err)
		}
		if i++; i == c.size {
			i = 0
		}
	}
	end, err := threadTime()
	return end - start, err
}

// threadTime is the processor time that the calling thread has used.
func threadTime() (time.Duration, error) {
	var t unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t)
	return time.Duration(t.Nano()), err
}

// agree checks that all contenders give the same answer to every question and
// returns how many are allowed.
func agree(contenders ...contender) (allowed int, err error) {
	for i := range contenders[0].size {
		want, err := contenders[0].decide(i)
		if err != nil {
			return 0, fmt.Errorf("%s: question %d: %w", contenders[0].name, i, err)
		}
		for _, c := range contenders[1:] {
			got, err := c.decide(i)
			if err != nil {
				return 0, fmt.Errorf("%s: question %d: %w", c.name, i, err)
			}
			if got != want {
				return 0, fmt.Errorf("question %d: %s says %v, %s says %v", i, contenders[0].name, want, c.name, got)
			}
		}
		if want {
			allowed++
		}
	}
	if allowed == 0 || allowed == contenders[0].size {
		return 0, fmt.Errorf("%d of %d questions are allowed; the workload is meant to be mixed", allowed, contenders[0].size)
	}
	return allowed, nil
}
