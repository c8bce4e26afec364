package keeper_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

var device = []byte("d-one")

func (l *ledger) holds(t *testing.T, name string, key []byte, want string) {
	t.Helper()
	value, held, err := l.Get(l.ctx, name, key)
	if err != nil || !held || string(value) != want {
		t.Errorf("%s holds %q, %v, %v; want %q", name, value, held, err, want)
	}
}

func (l *ledger) lacks(t *testing.T, name string, key []byte) {
	t.Helper()
	if value, held, err := l.Get(l.ctx, name, key); err != nil || held {
		t.Errorf("%s holds %q, %v", name, value, err)
	}
}

func TestASharedRecordStandsWhereItIsSubscribed(t *testing.T) {
	l := newLedger()
	l.create(t, "a", "b", "c")
	ok(t, l.SetShared(l.ctx, feed.System, device, []byte("active")))
	for _, name := range []string{"b", "a"} {
		ok(t, l.Subscribe(l.ctx, feed.System, name, device))
	}
	l.end(t)
	l.holds(t, "a", device, "active")
	l.holds(t, "b", device, "active")
	l.lacks(t, "c", device)
	if names, err := l.Subscriptions(l.ctx, device); err != nil || !reflect.DeepEqual(names, []string{"a", "b"}) {
		t.Errorf("subscriptions %v, %v", names, err)
	}

	ok(t, l.SetShared(l.ctx, feed.System, device, []byte("suspended")))
	l.holds(t, "a", device, "suspended") // within the block, for the grant that asks
	l.end(t)
	for _, name := range []string{"a", "b"} {
		l.holds(t, name, device, "suspended")
		if head := l.head(t, name); head.Sequence != 2 || head.Height != 2 {
			t.Errorf("head %+v", head)
		}
	}

	ok(t, l.Unsubscribe(l.ctx, feed.System, "a", device))
	ok(t, l.SetShared(l.ctx, feed.System, device, []byte("active")))
	l.end(t)
	l.lacks(t, "a", device)
	l.holds(t, "b", device, "active")
	if value, held, err := l.Shared(l.ctx, device); err != nil || !held || string(value) != "active" {
		t.Errorf("shared %q, %v, %v", value, held, err)
	}
}

func TestSubscriptionsAreIdempotentAndThenFree(t *testing.T) {
	l := newLedger()
	l.create(t, "a")
	ok(t, l.SetShared(l.ctx, feed.System, device, []byte("1")))
	once := feed.Payer{Member: "acme", Limit: 1}
	for range 3 {
		ok(t, l.Subscribe(l.ctx, once, "a", device))
	}
	l.end(t)
	for range 3 {
		ok(t, l.Unsubscribe(l.ctx, once, "a", device))
		ok(t, l.Unsubscribe(l.ctx, once, "no such feed", device))
	}
	l.end(t)
	l.lacks(t, "a", device)
	if names, _ := l.Subscriptions(l.ctx, device); len(names) != 0 {
		t.Errorf("subscriptions %v", names)
	}
}

func TestASharedRecordMustExist(t *testing.T) {
	l := newLedger()
	l.create(t, "a")
	if err := l.Subscribe(l.ctx, feed.System, "a", device); !errors.Is(err, feed.ErrSharedUnknown) {
		t.Errorf("subscribe: %v", err)
	}
	if _, held, err := l.Shared(l.ctx, device); held || err != nil {
		t.Errorf("shared: %v, %v", held, err)
	}
	if err := l.Subscribe(l.ctx, feed.System, "b", device); !errors.Is(err, feed.ErrFeedUnknown) {
		t.Errorf("unknown feed: %v", err)
	}
}

// A change of a shared record is paid for once for every feed that it reaches,
// before the first is written.
func TestFanOutIsPaidFirst(t *testing.T) {
	l := newLedger()
	ok(t, l.SetShared(l.ctx, feed.Payer{Member: "maker"}, device, []byte("1"))) // reaches none: free
	for i := range 5 {
		name := fmt.Sprintf("segment/acme/s%d", i)
		l.create(t, name)
		ok(t, l.Subscribe(l.ctx, feed.System, name, device))
	}
	l.end(t)
	payer := feed.Payer{Member: "maker", Limit: 9}
	set := func(value string) error {
		return l.deliver(func(ctx context.Context) error { return l.SetShared(ctx, payer, device, []byte(value)) })
	}
	ok(t, set("1")) // as it was: free
	ok(t, set("2"))
	if err := set("3"); !errors.Is(err, feed.ErrQuota) {
		t.Errorf("the second five of nine: %v", err)
	}
	l.holds(t, "segment/acme/s4", device, "2")
	l.end(t)
	ok(t, set("3"))
}

func TestFanOutIsBounded(t *testing.T) {
	l := newLedger()
	ok(t, l.SetShared(l.ctx, feed.System, device, []byte("1")))
	for i := range feed.MaxFanOut + 1 {
		name := fmt.Sprintf("f%d", i)
		l.create(t, name)
		err := l.Subscribe(l.ctx, feed.System, name, device)
		if i < feed.MaxFanOut && err != nil || i == feed.MaxFanOut && !errors.Is(err, feed.ErrFanOut) {
			t.Fatalf("subscription %d: %v", i+1, err)
		}
	}
}

// No one stops a device from being revoked by closing a feed that holds it.
func TestAClosedFeedHoldsNothingUp(t *testing.T) {
	l := newLedger()
	l.create(t, "a", "b", "c")
	ok(t, l.SetShared(l.ctx, feed.System, device, []byte("active")))
	for _, name := range []string{"a", "b", "c"} {
		ok(t, l.Subscribe(l.ctx, feed.System, name, device))
	}
	l.end(t)
	ok(t, l.Close(l.ctx, "a"))
	ok(t, l.Close(l.ctx, "b"))
	l.end(t)
	ok(t, l.Unsubscribe(l.ctx, feed.System, "b", device))
	ok(t, l.SetShared(l.ctx, feed.System, device, []byte("revoked")))
	l.end(t)
	l.holds(t, "a", device, "active") // as it was when it closed
	l.holds(t, "b", device, "active")
	l.holds(t, "c", device, "revoked")
	if names, _ := l.Subscriptions(l.ctx, device); !reflect.DeepEqual(names, []string{"c"}) {
		t.Errorf("subscriptions %v", names)
	}
	// The count agrees, so the next change pays for one.
	ok(t, l.SetShared(l.ctx, feed.Payer{Member: "m", Limit: 1}, device, []byte("again")))
}
