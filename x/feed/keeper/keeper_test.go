package keeper_test

import (
	"context"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"pgregory.net/rapid"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

const plant = "segment/acme/plant"

func TestAHeadStandsAtTheEndOfTheBlock(t *testing.T) {
	l := newLedger()
	l.create(t, plant)
	if has, err := l.Has(l.ctx, plant); !has || err != nil {
		t.Fatalf("a feed created in this block: %v, %v", has, err)
	}
	if _, err := l.Head(l.ctx, plant); !errors.Is(err, feed.ErrFeedUnknown) {
		t.Fatalf("its head before the end of the block: %v", err)
	}
	l.set(t, plant, "p", "policy")
	l.set(t, plant, "g1", "grant")
	l.end(t)

	head := l.head(t, plant)
	if head.Name != plant || head.Sequence != 2 || head.Records != 2 || head.Bytes != 1+6+2+5 ||
		head.Height != 1 || !head.Time.Equal(start) || head.Closed {
		t.Errorf("head %+v", head)
	}
	ok(t, l.listing(t, plant, 0).Check(&head))
}

func TestAnEmptyFeedHasAHead(t *testing.T) {
	l := newLedger()
	l.create(t, plant)
	l.end(t)
	head := l.head(t, plant)
	if head.Sequence != 0 || head.Height != 1 {
		t.Errorf("head %+v", head)
	}
	ok(t, feed.EmptySet(plant).Check(&head))
}

func TestNamesAreNeverReused(t *testing.T) {
	l := newLedger()
	l.create(t, plant)
	if err := l.Create(l.ctx, plant); !errors.Is(err, feed.ErrFeedExists) {
		t.Errorf("in the same block: %v", err)
	}
	l.end(t)
	ok(t, l.Close(l.ctx, plant))
	l.end(t)
	if err := l.Create(l.ctx, plant); !errors.Is(err, feed.ErrFeedExists) {
		t.Errorf("after it was closed: %v", err)
	}
	for _, name := range []string{"", "segment/ä", "a b", strings.Repeat("n", feed.MaxName+1)} {
		if err := l.Create(l.ctx, name); !errors.Is(err, feed.ErrInvalid) {
			t.Errorf("name %q: %v", name, err)
		}
	}
}

func TestClosedFeedsRefuse(t *testing.T) {
	l := newLedger()
	l.create(t, plant)
	l.set(t, plant, "p", "1")
	l.end(t)
	l.set(t, plant, "p", "2") // before it closes: still written
	ok(t, l.Close(l.ctx, plant))
	for range 2 {
		for what, err := range map[string]error{
			"set":       l.Set(l.ctx, feed.System, plant, []byte("p"), nil),
			"remove":    l.Remove(l.ctx, feed.System, plant, []byte("p")),
			"subscribe": l.Subscribe(l.ctx, feed.System, plant, []byte("d")),
			"close":     l.Close(l.ctx, plant),
		} {
			if !errors.Is(err, feed.ErrFeedClosed) {
				t.Errorf("%s: %v", what, err)
			}
		}
		l.end(t)
	}
	head := l.head(t, plant)
	if !head.Closed || head.Sequence != 2 || head.Height != 2 {
		t.Errorf("head %+v", head)
	}
}

func TestOnlyWhatChangesCounts(t *testing.T) {
	l := newLedger()
	l.create(t, plant)
	l.set(t, plant, "a", "1")
	l.set(t, plant, "b", "1")
	l.end(t)

	before := l.head(t, plant)
	l.set(t, plant, "a", "2")
	l.set(t, plant, "a", "1") // the last write wins: as it was
	l.remove(t, plant, "never there")
	l.set(t, plant, "came", "and")
	l.remove(t, plant, "came")
	l.end(t)
	if head := l.head(t, plant); !reflect.DeepEqual(head, before) {
		t.Errorf("the head moved: %+v", head)
	}

	l.set(t, plant, "a", "2")
	l.set(t, plant, "a", "3")
	l.remove(t, plant, "b")
	l.set(t, plant, "c", "")
	l.end(t)
	head := l.head(t, plant)
	if head.Sequence != before.Sequence+3 || head.Records != 2 || head.Height != 3 {
		t.Errorf("head %+v", head)
	}
	ok(t, l.listing(t, plant, 0).Check(&head))
}

func TestGetSeesTheBlock(t *testing.T) {
	l := newLedger()
	l.create(t, plant)
	expect := func(key, want string, held bool) {
		t.Helper()
		value, has, err := l.Get(l.ctx, plant, []byte(key))
		if err != nil || has != held || string(value) != want {
			t.Errorf("get %q: %q, %v, %v; want %q, %v", key, value, has, err, want, held)
		}
	}
	expect("a", "", false)
	l.set(t, plant, "a", "1")
	expect("a", "1", true)
	l.end(t)
	expect("a", "1", true)
	l.remove(t, plant, "a")
	expect("a", "", false)
	l.end(t)
	expect("a", "", false)
	l.set(t, plant, "a", "")
	expect("a", "", true)
}

func TestRecordsHaveBounds(t *testing.T) {
	l := newLedger()
	l.create(t, plant)
	for _, r := range [][2]string{
		{"", "v"}, {strings.Repeat("k", feed.MaxKey+1), ""}, {"k", strings.Repeat("v", feed.MaxRecord)},
	} {
		for what, err := range map[string]error{
			"set":    l.Set(l.ctx, feed.System, plant, []byte(r[0]), []byte(r[1])),
			"shared": l.SetShared(l.ctx, feed.System, []byte(r[0]), []byte(r[1])),
		} {
			if !errors.Is(err, feed.ErrInvalid) {
				t.Errorf("%s: key of %d, value of %d bytes: %v", what, len(r[0]), len(r[1]), err)
			}
		}
	}
	if err := l.Set(l.ctx, feed.System, "segment/acme/other", []byte("k"), nil); !errors.Is(err, feed.ErrFeedUnknown) {
		t.Errorf("unknown feed: %v", err)
	}
}

func TestEachLanePaysForItself(t *testing.T) {
	l := newLedger()
	l.create(t, plant)
	normal := feed.Payer{Member: "acme", Limit: 2}
	narrows := feed.Payer{Member: "acme", Limit: 1, Narrows: true}
	set := func(p feed.Payer, key string) error {
		return l.deliver(func(ctx context.Context) error { return l.Set(ctx, p, plant, []byte(key), nil) })
	}
	for round := range 2 { // the next block begins anew
		ok(t, set(normal, "a"))
		ok(t, set(normal, "b"))
		err := set(normal, "c")
		if !errors.Is(err, feed.ErrQuota) {
			t.Fatalf("round %d: beyond the limit: %v", round, err)
		}
		for _, want := range []string{`"acme"`, "normal", "limit is 2"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q does not name %s", err, want)
			}
		}
		ok(t, set(narrows, "d"))
		if err := set(narrows, "e"); !errors.Is(err, feed.ErrQuota) || !strings.Contains(err.Error(), "narrowing") {
			t.Errorf("beyond the limit of what narrows: %v", err)
		}
		ok(t, set(feed.Payer{Member: "bolt", Limit: 1}, "f"))
		if err := set(feed.Payer{}, "g"); !errors.Is(err, feed.ErrQuota) {
			t.Errorf("the zero payer: %v", err)
		}
		ok(t, set(feed.System, "h"))
		if _, held, _ := l.Get(l.ctx, plant, []byte("c")); held {
			t.Error("what was refused is buffered")
		}
		l.end(t)
	}
}

func TestAFailedTransactionTakesItsPartBack(t *testing.T) {
	l := newLedger()
	l.create(t, plant)
	l.end(t)
	payer := feed.Payer{Member: "acme", Limit: 1}
	failed := errors.New("later in the same transaction")
	err := l.deliver(func(ctx context.Context) error {
		ok(t, l.Create(ctx, "members"))
		ok(t, l.Set(ctx, payer, plant, []byte("a"), nil))
		return failed
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	if has, _ := l.Has(l.ctx, "members"); has {
		t.Error("the feed stayed")
	}
	ok(t, l.Set(l.ctx, payer, plant, []byte("b"), nil)) // its quota is whole again
	l.end(t)
	if head := l.head(t, plant); head.Sequence != 1 || head.Records != 1 {
		t.Errorf("head %+v", head)
	}
}

func TestChangesCostGasByTheirSize(t *testing.T) {
	l := newLedger()
	l.create(t, plant)
	cost := func(value string) storetypes.Gas {
		ctx := l.ctx.WithGasMeter(storetypes.NewInfiniteGasMeter())
		ok(t, l.Set(ctx, feed.System, plant, []byte("key"), []byte(value)))
		return ctx.GasMeter().GasConsumed()
	}
	config := storetypes.KVGasConfig()
	small, large := cost("v"), cost(strings.Repeat("v", 1001))
	if small < 2*config.WriteCostFlat || large-small < 1000*config.WriteCostPerByte {
		t.Errorf("a small record costs %d, one of 1,000 bytes more %d", small, large)
	}
	// Out of gas: nothing is buffered.
	ctx := l.ctx.WithGasMeter(storetypes.NewGasMeter(100))
	func() {
		defer func() { _ = recover() }()
		_ = l.Set(ctx, feed.System, plant, []byte("starved"), []byte("v"))
	}()
	if _, held, _ := l.Get(l.ctx, plant, []byte("starved")); held {
		t.Error("buffered without gas")
	}
}

// The layout of the state is frozen: what is on a chain cannot be read otherwise.
func TestLayoutIsFrozen(t *testing.T) {
	l := newLedger()
	l.create(t, plant, "members")
	l.set(t, plant, "p", "policy")
	l.set(t, plant, "gone", "1")
	ok(t, l.SetShared(l.ctx, feed.System, []byte("d1"), []byte("device")))
	ok(t, l.Subscribe(l.ctx, feed.System, plant, []byte("d1")))
	l.set(t, "members", "macme", "active")
	l.set(t, "members", "mleft", "active")
	l.end(t)
	l.remove(t, "members", "mleft")
	l.end(t)
	l.wait(15 * 24 * 3600e9)
	l.remove(t, plant, "gone")
	l.end(t)

	got := strings.Join(l.dump(t), "\n") + "\n"
	want, err := os.ReadFile("testdata/layout.txt")
	ok(t, err)
	if got != string(want) {
		t.Errorf("the layout changed:\n%s\nwant:\n%s", got, want)
	}
}

// Whatever is done in whatever order, the head commits to the records, and a
// follower reaches it from wherever it was.
func TestAFollowerReachesTheHead(t *testing.T) {
	names := []string{plant, "segment/acme/plant2", "members"}
	rapid.Check(t, func(t *rapid.T) {
		l := newLedger()
		l.create(t, names...)
		l.end(t)
		type mark struct {
			set      *feed.Set
			sequence uint64
		}
		seen := map[string][]mark{}
		model := map[string]map[string]string{}
		sharedValue, subscribed := map[string]string{}, map[string]map[string]bool{}
		for _, name := range names {
			seen[name] = []mark{{feed.EmptySet(name), 0}}
			model[name] = map[string]string{}
		}
		for range rapid.IntRange(1, 6).Draw(t, "blocks") {
			for range rapid.IntRange(0, 12).Draw(t, "operations") {
				name := rapid.SampledFrom(names).Draw(t, "feed")
				key := rapid.SampledFrom([]string{"a", "b", "aa", "a\x00", "c"}).Draw(t, "key")
				shared := "d" + key
				value := rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "value")
				switch rapid.IntRange(0, 4).Draw(t, "what") {
				case 0:
					l.set(t, name, key, value)
					model[name][key] = value
				case 1:
					l.remove(t, name, key)
					delete(model[name], key)
				case 2:
					ok(t, l.SetShared(l.ctx, feed.System, []byte(shared), []byte(value)))
					sharedValue[shared] = value
					for feed := range subscribed[shared] {
						model[feed][shared] = value
					}
				case 3:
					err := l.Subscribe(l.ctx, feed.System, name, []byte(shared))
					if value, held := sharedValue[shared]; held {
						ok(t, err)
						if subscribed[shared] == nil {
							subscribed[shared] = map[string]bool{}
						}
						subscribed[shared][name] = true
						model[name][shared] = value
					} else if !errors.Is(err, feed.ErrSharedUnknown) {
						t.Fatalf("subscribe to nothing: %v", err)
					}
				case 4:
					ok(t, l.Unsubscribe(l.ctx, feed.System, name, []byte(shared)))
					if subscribed[shared][name] {
						delete(subscribed[shared], name)
						delete(model[name], shared)
					}
				}
			}
			l.end(t)
			for _, name := range names {
				head := l.head(t, name)
				set := l.listing(t, name, rapid.Uint64Range(1, 4).Draw(t, "page"))
				ok(t, set.Check(&head))
				if set.Len() != uint64(len(model[name])) {
					t.Fatalf("%s: %d records, want %d", name, set.Len(), len(model[name]))
				}
				for key, value := range model[name] {
					if got, held := set.Get([]byte(key)); !held || string(got) != value {
						t.Fatalf("%s: %q is %q, %v; want %q", name, key, got, held, value)
					}
				}
				for _, m := range seen[name] {
					followed, err := l.follow(t, m.set, m.sequence, rapid.Uint64Range(0, 3).Draw(t, "limit"))
					ok(t, err)
					ok(t, followed.Check(&head))
				}
				seen[name] = append(seen[name], mark{set, head.Sequence})
			}
		}
	})
}

// Feeds with names that begin alike do not see each other's records.
func TestFeedsAreApart(t *testing.T) {
	l := newLedger()
	names := []string{"a", "aa", "a/", "b"}
	l.create(t, names...)
	for _, name := range names {
		l.set(t, name, "a", name)
		l.set(t, name, "aa", name)
	}
	l.end(t)
	for _, name := range names {
		set := l.listing(t, name, 0)
		value, _ := set.Get([]byte("aa"))
		if set.Len() != 2 || string(value) != name {
			t.Errorf("%s: %d records, aa is %q", name, set.Len(), value)
		}
	}
	g, err := l.ExportGenesis(l.ctx)
	ok(t, err)
	var order []string
	for _, f := range g.Feeds {
		order = append(order, f.Head.Name)
	}
	if !slices.IsSorted(order) {
		t.Errorf("feeds are exported as %v", order)
	}
}

func TestEndBlockNamesTheFeedOfCorruptState(t *testing.T) {
	l := newLedger()
	l.create(t, plant)
	l.set(t, plant, "a", "1")
	l.end(t)
	alter := func(ctx sdk.Context, prefix byte) {
		it := ctx.KVStore(l.data).Iterator([]byte{prefix}, []byte{prefix + 1})
		key := it.Key()
		_ = it.Close()
		ctx.KVStore(l.data).Set(key, []byte("bad"))
	}
	for _, prefix := range []byte{0x01, 0x02} {
		ctx, _ := l.ctx.CacheContext()
		alter(ctx, prefix)
		ok(t, l.Set(ctx, feed.System, plant, []byte("a"), []byte("2")))
		if err := l.EndBlock(ctx); !errors.Is(err, feed.ErrCorrupt) || !strings.Contains(err.Error(), plant) {
			t.Errorf("prefix %#x: %v", prefix, err)
		}
	}
}
