package keeper_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/feed/keeper"
	"github.com/hallmark-ledger/hallmark/x/feed/types"
)

func TestQueriesRefuse(t *testing.T) {
	l := newLedger()
	l.create(t, plant)
	l.set(t, plant, "a", "1")
	l.end(t)
	head := func(name string) error {
		_, err := l.queries.Head(l.ctx, &feed.HeadRequest{Name: name})
		return err
	}
	records := func(name string, page []byte) error {
		_, err := l.queries.Records(l.ctx, &feed.RecordsRequest{Name: name, PageKey: page})
		return err
	}
	changes := func(name string, since uint64) error {
		_, err := l.queries.Changes(l.ctx, &feed.ChangesRequest{Name: name, Since: since})
		return err
	}
	heads := func(page string) error {
		_, err := l.queries.Heads(l.ctx, &types.HeadsRequest{PageKey: []byte(page)})
		return err
	}
	long := strings.Repeat("n", 1<<16)
	for what, c := range map[string]struct {
		err  error
		want codes.Code
	}{
		"head of no feed":          {head("segment/acme/other"), codes.NotFound},
		"head without a name":      {head(""), codes.InvalidArgument},
		"head of a long name":      {head(long), codes.InvalidArgument},
		"records of no feed":       {records("segment/acme/other", nil), codes.NotFound},
		"records of bytes":         {records("\x00\xff", nil), codes.InvalidArgument},
		"records, long page":       {records(plant, []byte(long)), codes.InvalidArgument},
		"changes of no feed":       {changes("segment/acme/other", 0), codes.NotFound},
		"changes of a long name":   {changes(long, 0), codes.InvalidArgument},
		"changes after the last":   {changes(plant, 2), codes.OutOfRange},
		"changes after all":        {changes(plant, math.MaxUint64), codes.OutOfRange},
		"heads from a wrong name":  {heads("\xff"), codes.InvalidArgument},
		"heads from a long name":   {heads(long), codes.InvalidArgument},
		"records from the end":     {records(plant, []byte("zzz")), codes.OK},
		"changes after the newest": {changes(plant, 1), codes.OK},
		"heads from the end":       {heads("zzz"), codes.OK},
	} {
		if got := status.Code(c.err); got != c.want {
			t.Errorf("%s: %v, %v; want %v", what, got, c.err, c.want)
		}
	}
	for what, call := range map[string]func() error{
		"head":    func() error { _, err := l.queries.Head(l.ctx, nil); return err },
		"records": func() error { _, err := l.queries.Records(l.ctx, nil); return err },
		"changes": func() error { _, err := l.queries.Changes(l.ctx, nil); return err },
	} {
		if status.Code(call()) != codes.InvalidArgument {
			t.Errorf("%s without a request: %v", what, call())
		}
	}
	if _, err := l.queries.Heads(l.ctx, nil); err != nil {
		t.Errorf("heads without a request: %v", err)
	}
}

func TestPagesAreBounded(t *testing.T) {
	l := newLedger()
	l.create(t, "many", "large")
	for i := range keeper.MaxLimit + 10 {
		l.set(t, "many", fmt.Sprintf("%06d", i), "")
	}
	value := strings.Repeat("v", 4000)
	for i := range 300 {
		l.set(t, "large", fmt.Sprintf("%03d", i), value)
	}
	l.end(t)
	for _, c := range []struct {
		name  string
		limit uint64
		want  int
	}{
		{"many", 0, keeper.DefaultLimit},
		{"many", 1, 1},
		{"many", keeper.MaxLimit, keeper.MaxLimit},
		{"many", math.MaxUint64, keeper.MaxLimit},
		{"large", 5, 5},
		{"large", 0, keeper.MaxPage / 4003},
	} {
		resp, err := l.queries.Records(l.ctx, &feed.RecordsRequest{Name: c.name, Limit: c.limit})
		ok(t, err)
		if len(resp.Records) != c.want || len(resp.Pagination.NextKey) == 0 {
			t.Errorf("records of %s, limit %d: %d, next %q; want %d", c.name, c.limit, len(resp.Records), resp.Pagination.NextKey, c.want)
		}
		list, err := l.queries.Changes(l.ctx, &feed.ChangesRequest{Name: c.name, Limit: c.limit})
		ok(t, err)
		if len(list.Changes) != c.want || list.To != uint64(c.want) {
			t.Errorf("changes of %s, limit %d: %d, to %d; want %d", c.name, c.limit, len(list.Changes), list.To, c.want)
		}
	}
	for _, name := range []string{"many", "large"} {
		head := l.head(t, name)
		ok(t, l.listing(t, name, 0).Check(&head))
		set, err := l.follow(t, feed.EmptySet(name), 0, 0)
		ok(t, err)
		ok(t, set.Check(&head))
	}
}

func TestHeadsAreListedByName(t *testing.T) {
	l := newLedger()
	want := []string{"a", "aa", "b", "members", plant}
	l.create(t, plant, "b", "a", "members", "aa")
	l.end(t)
	for limit := range uint64(7) {
		var got []string
		for page := []byte(nil); ; {
			resp, err := l.queries.Heads(l.ctx, &types.HeadsRequest{Limit: limit, PageKey: page})
			ok(t, err)
			for _, h := range resp.Heads {
				got = append(got, h.Name)
			}
			if page = resp.Pagination.NextKey; page == nil {
				break
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("limit %d: %v", limit, got)
		}
	}
}

func TestOldRemovalsAreForgotten(t *testing.T) {
	l := newLedger()
	l.create(t, plant)
	for _, key := range []string{"a", "b", "c", "d"} {
		l.set(t, plant, key, "1") // 1 to 4
	}
	l.end(t)
	held := l.listing(t, plant, 0)
	l.remove(t, plant, "a") // 5
	l.remove(t, plant, "b") // 6
	l.end(t)
	l.set(t, plant, "b", "back") // 7: its removal is no longer the latest change
	l.end(t)
	l.wait(10 * 24 * time.Hour)
	l.remove(t, plant, "c") // 8
	l.end(t)

	head := l.head(t, plant)
	set, err := l.follow(t, held, 4, 0)
	ok(t, err)
	ok(t, set.Check(&head))

	l.wait(4 * 24 * time.Hour)
	l.end(t) // forgets 5
	for since := range uint64(5) {
		_, err := l.follow(t, held, since, 0)
		if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "history_pruned") {
			t.Errorf("since %d: %v", since, err)
		}
	}
	set, err = held.Apply([]feed.Change{{Key: []byte("a"), Removed: true}})
	ok(t, err)
	set, err = l.follow(t, set, 5, 0)
	ok(t, err)
	ok(t, set.Check(&head))
	if now := l.head(t, plant); !reflect.DeepEqual(now, head) {
		t.Errorf("to forget moved the head: %+v", now)
	}

	// A key whose removal is forgotten may return.
	l.wait(30 * 24 * time.Hour)
	l.end(t)
	for _, key := range []string{"a", "c"} {
		l.set(t, plant, key, "again")
	}
	l.end(t)
	head = l.head(t, plant)
	ok(t, l.listing(t, plant, 0).Check(&head))
	if _, err := l.follow(t, held, 7, 0); err == nil || !strings.Contains(err.Error(), "history_pruned") {
		t.Errorf("since 7: %v", err)
	}
}

func TestABlockForgetsABoundedNumber(t *testing.T) {
	l := newLedger()
	l.create(t, plant)
	n := keeper.MaxPruned*2 + 10
	for i := range n {
		l.set(t, plant, fmt.Sprint(i), "1")
	}
	l.end(t)
	for i := range n {
		l.remove(t, plant, fmt.Sprint(i))
	}
	l.end(t)
	entries := len(l.dump(t))
	l.wait(keeper.HistoryKept)
	for block := range 3 {
		l.end(t)
		now := len(l.dump(t))
		// An index entry, a removal and its place in the queue each; one floor.
		if want := 3 * min(keeper.MaxPruned, n-block*keeper.MaxPruned); entries-now > want {
			t.Errorf("block %d forgot %d entries; want at most %d", block, entries-now, want)
		}
		entries = now
	}
	if left := l.dump(t); len(left) != 3 {
		t.Errorf("a head, its accumulator and its floor should be left; there are %d entries", len(left))
	}
}

// FuzzQueries sends anything to the queries.
func FuzzQueries(f *testing.F) {
	l := newLedger()
	l.create(f, plant, "members")
	for i := range 20 {
		l.set(f, plant, fmt.Sprint(i), "1")
	}
	l.end(f)
	l.remove(f, plant, "3")
	l.end(f)
	f.Add(plant, uint64(0), uint64(0), []byte(nil))
	f.Add("members", uint64(math.MaxUint64), uint64(math.MaxUint64), []byte{0xff, 0xff})
	f.Fuzz(func(t *testing.T, name string, since, limit uint64, page []byte) {
		ctx := context.Context(l.ctx)
		records, err := l.queries.Records(ctx, &feed.RecordsRequest{Name: name, Limit: limit, PageKey: page})
		if err == nil && (records.Head.Name != name || len(records.Records) > keeper.MaxLimit) {
			t.Errorf("asked for %q, got %q", name, records.Head.Name)
		}
		if err == nil && len(records.Records) > 0 && string(records.Records[0].Key) < string(page) {
			t.Errorf("page %x begins at %x", page, records.Records[0].Key)
		}
		changes, err := l.queries.Changes(ctx, &feed.ChangesRequest{Name: name, Since: since, Limit: limit})
		if err == nil && (changes.From != since || changes.To < since) {
			t.Errorf("since %d: (%d, %d]", since, changes.From, changes.To)
		}
		_, _ = l.queries.Heads(ctx, &types.HeadsRequest{Limit: limit, PageKey: page})
		_, err = l.queries.Head(ctx, &feed.HeadRequest{Name: name})
		if code := status.Code(err); code == codes.Internal || errors.Is(err, feed.ErrCorrupt) {
			t.Errorf("head: %v", err)
		}
	})
}
