package await

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestUntilReturnsWhenTheConditionHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		err := Within(t.Context(), time.Second, "three looks", func(context.Context) error {
			if looks++; looks < 3 {
				return errors.New("not yet")
			}
			return nil
		})
		if err != nil || looks != 3 {
			t.Fatalf("looks %d, err %v", looks, err)
		}
	})
}

func TestUntilNamesWhatItWaitedForAndWhatItSaw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := Within(t.Context(), time.Second, "a block", func(context.Context) error { return errors.New("height 1") })
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "a block") || !strings.Contains(err.Error(), "height 1") {
			t.Fatal(err)
		}
	})
}

func TestUntilStopsAtAPermanentError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("the process has ended")
		began := time.Now()
		err := Within(t.Context(), time.Minute, "a node", func(context.Context) error { return Permanent{cause} })
		if !errors.Is(err, cause) || time.Since(began) > time.Second {
			t.Fatal(err, time.Since(began))
		}
	})
}
