//go:build !linux

package clock

import (
	"errors"
	"time"
)

type system struct{}

// System has no boot clock here that counts through suspend: nothing is ever
// trusted.
func System() Boot { return system{} }

func (system) ID() string { return "" }

func (system) Reading() (time.Duration, error) {
	return 0, errors.New("no boot clock on this system")
}
