// Package await waits for conditions. Whatever in the local network or its
// tests has to wait goes through Until: it polls, it ends at the deadline of
// its context, and its error says what was waited for and what was seen last.
package await

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Interval is the time between two looks at a condition.
const Interval = 50 * time.Millisecond

// Permanent marks an error that further waiting cannot cure.
type Permanent struct{ Err error }

func (p Permanent) Error() string { return p.Err.Error() }
func (p Permanent) Unwrap() error { return p.Err }

// Until calls condition every Interval until it returns nil. It fails when the
// context ends, or at once when the condition returns a Permanent error.
func Until(ctx context.Context, what string, condition func(context.Context) error) error {
	return Every(ctx, Interval, what, condition)
}

// Every is Until with an interval of its own.
func Every(ctx context.Context, interval time.Duration, what string, condition func(context.Context) error) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	var seen error
	for {
		err := condition(ctx)
		if err == nil {
			return nil
		}
		if permanent := (Permanent{}); errors.As(err, &permanent) {
			return fmt.Errorf("waiting for %s: %w", what, permanent.Err)
		}
		// The end of the context is not what the condition has to say.
		if ctx.Err() == nil || seen == nil {
			seen = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w; last: %w", what, ctx.Err(), seen)
		case <-ticker.C:
		}
	}
}

// Within is Until with a deadline of its own.
func Within(ctx context.Context, limit time.Duration, what string, condition func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return Until(ctx, what, condition)
}
