package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// traffic asks a gateway a steady number of questions a second, all of which it
// must allow.
type traffic struct {
	mu    sync.Mutex
	times []float64 // nanoseconds an answer, over HTTP
	wrong error
	stop  context.CancelFunc
	done  sync.WaitGroup
}

func startTraffic(ctx context.Context, g *gateway, perSecond int, allowed []given, seed uint64) *traffic {
	ctx, cancel := context.WithCancel(ctx)
	t := &traffic{stop: cancel}
	bodies := make([][]byte, len(allowed))
	for i, a := range allowed {
		bodies[i] = a.ask.body()
	}
	random := rand.New(rand.NewPCG(seed, 5))
	t.done.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(perSecond))
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			i := random.IntN(len(bodies))
			t.done.Go(func() { t.one(ctx, g, bodies[i], allowed[i].id) })
		}
	})
	return t
}

func (t *traffic) one(ctx context.Context, g *gateway, body []byte, grant uint64) {
	start := time.Now()
	a, err := g.evaluate(ctx, body)
	took := time.Since(start)
	if ctx.Err() != nil {
		return
	}
	if err == nil && !a.Decision {
		err = fmt.Errorf("grant %d: denied with %s", grant, a.Context.Reason)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil && t.wrong == nil {
		t.wrong = err
	}
	t.times = append(t.times, float64(took))
}

// end stops the traffic and returns how long each answer took; an error when
// any was not an allow.
func (t *traffic) end() ([]float64, error) {
	t.stop()
	t.done.Wait()
	return t.times, t.wrong
}
