package guard

import (
	"errors"
	"fmt"
	"time"

	"github.com/hallmark-ledger/hallmark/x/access"
)

// Reasons for which a gateway may allow nothing at all.
var (
	ErrUnverified = errors.New("no verified view")
	ErrAttack     = errors.New("two different chains were shown to this gateway")
	ErrClock      = errors.New("the time is not known well enough")
	ErrStale      = errors.New("the view is too old for every class of actions")
)

// Ready returns nil while a View may allow something now: the action of some
// class of some segment. It looks at what [access.Decide] looks at before it
// looks at the request.
func Ready(view *access.View, now access.Now) error {
	switch {
	case view == nil || view.State == access.StateUnverified:
		return ErrUnverified
	case view.State == access.StateAttack:
		return ErrAttack
	case view.State != access.StateVerified || view.Members == nil || len(view.Segments) == 0:
		return ErrUnverified
	}
	age := now.Time.Sub(view.Time)
	if now.Basis != access.ClockVerified && now.Basis != access.ClockRestarted || age < -access.MaxBehind {
		return ErrClock
	}
	for i := range view.Segments {
		policy := view.Segments[i].Policy()
		if policy == nil {
			continue
		}
		for _, class := range policy.Classes {
			if age <= class.MaxStaleness && (now.Basis == access.ClockVerified || class.OnRestart == access.OnRestartTrustClock) {
				return nil
			}
		}
	}
	return fmt.Errorf("%w: it is %s old", ErrStale, age.Round(time.Second))
}
