package keeper_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cosmos/gogoproto/proto"

	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/feed/types"
)

// used is a ledger with something of everything in its state.
func used(t fataler) *ledger {
	l := newLedger()
	l.create(t, plant, "members", "old", "empty")
	l.set(t, "old", "k", "v")
	for _, key := range []string{"a", "b", "c", "d", "e"} {
		l.set(t, plant, key, key+"-1")
	}
	ok(t, l.SetShared(l.ctx, feed.System, []byte("dx"), []byte("active")))
	ok(t, l.SetShared(l.ctx, feed.System, []byte("dy"), []byte("nowhere")))
	for _, name := range []string{plant, "members", "old"} {
		ok(t, l.Subscribe(l.ctx, feed.System, name, []byte("dx")))
	}
	l.end(t)
	ok(t, l.Close(l.ctx, "old"))
	l.remove(t, plant, "a")
	l.end(t)
	l.wait(15 * 24 * time.Hour)
	l.remove(t, plant, "b")
	l.set(t, plant, "c", "c-2")
	l.end(t)
	l.wait(time.Hour)
	l.remove(t, plant, "d")
	l.end(t)
	return l
}

func TestExportImportExportIsTheSame(t *testing.T) {
	l := used(t)
	exported, err := l.ExportGenesis(l.ctx)
	ok(t, err)
	ok(t, exported.Validate())
	if len(exported.Feeds) != 4 || len(exported.Shared) != 2 {
		t.Fatalf("%d feeds, %d shared records", len(exported.Feeds), len(exported.Shared))
	}
	again := newLedger()
	again.ctx = again.ctx.WithBlockTime(l.ctx.BlockTime())
	ok(t, again.InitGenesis(again.ctx, exported))
	ok(t, again.EndBlock(again.ctx))
	if !reflect.DeepEqual(again.dump(t), l.dump(t)) {
		t.Errorf("the state differs:\n%s\nwant\n%s", strings.Join(again.dump(t), "\n"), strings.Join(l.dump(t), "\n"))
	}
	reexported, err := again.ExportGenesis(again.ctx)
	ok(t, err)
	first, err := proto.Marshal(exported)
	ok(t, err)
	second, err := proto.Marshal(reexported)
	ok(t, err)
	if !bytes.Equal(first, second) {
		t.Error("the second export has other bytes")
	}

	// And it goes on alike.
	for _, l := range []*ledger{l, again} {
		l.ctx = l.ctx.WithBlockHeight(100)
		l.set(t, plant, "a", "back")
		ok(t, l.SetShared(l.ctx, feed.System, []byte("dx"), []byte("revoked")))
		l.end(t)
		l.wait(20 * 24 * time.Hour)
		l.end(t)
	}
	if !reflect.DeepEqual(again.dump(t), l.dump(t)) {
		t.Error("the states part after the import")
	}
}

func TestImportRefuses(t *testing.T) {
	exported := func() *types.GenesisState {
		l := used(t)
		g, err := l.ExportGenesis(l.ctx)
		ok(t, err)
		return g
	}
	index := map[string]int{}
	for i, f := range exported().Feeds {
		index[f.Head.Name] = i
	}
	of := func(g *types.GenesisState, name string) *types.Feed { return &g.Feeds[index[name]] }
	for name, c := range map[string]struct {
		alter func(*types.GenesisState)
		want  []string
	}{
		"another value": {func(g *types.GenesisState) { of(g, plant).Changes[0].Value = []byte("ACTIVE") }, []string{plant, "digest"}},
		"another key":   {func(g *types.GenesisState) { of(g, plant).Changes[0].Key = []byte("dz") }, []string{plant, "digest"}},
		"another name": {func(g *types.GenesisState) {
			of(g, plant).Head.Name += "x"
			for i := range g.Shared[0].Feeds {
				if g.Shared[0].Feeds[i] == plant {
					g.Shared[0].Feeds[i] += "x"
				}
			}
		}, []string{plant + "x", "digest"}},
		"another digest":     {func(g *types.GenesisState) { of(g, "empty").Head.Digest[0] ^= 1 }, []string{"empty", "digest"}},
		"another count":      {func(g *types.GenesisState) { of(g, plant).Head.Records++ }, []string{plant, "head.records"}},
		"other bytes":        {func(g *types.GenesisState) { of(g, plant).Head.Bytes-- }, []string{plant, "head.bytes"}},
		"another sequence":   {func(g *types.GenesisState) { of(g, plant).Head.Sequence++ }, []string{plant, "head.sequence"}},
		"a negative height":  {func(g *types.GenesisState) { of(g, plant).Head.Height = -1 }, []string{plant, "head.height"}},
		"a wrong name":       {func(g *types.GenesisState) { of(g, "empty").Head.Name = "é" }, []string{"feeds[0].head.name"}},
		"a feed twice":       {func(g *types.GenesisState) { g.Feeds[1] = g.Feeds[0] }, []string{"feeds[1].head.name"}},
		"a record dropped":   {func(g *types.GenesisState) { f := of(g, plant); f.Changes = f.Changes[1:] }, []string{plant, "head.records"}},
		"a key twice":        {func(g *types.GenesisState) { f := of(g, plant); f.Changes[1].Key = f.Changes[0].Key }, []string{plant, "changes[1].key", "twice"}},
		"a sequence twice":   {func(g *types.GenesisState) { f := of(g, plant); f.Changes[1].Sequence = f.Changes[0].Sequence }, []string{plant, "changes[1].sequence"}},
		"a long record":      {func(g *types.GenesisState) { of(g, plant).Changes[0].Value = make([]byte, feed.MaxRecord) }, []string{plant, "changes[0].record"}},
		"a pruned removal":   {func(g *types.GenesisState) { f := of(g, plant); f.PrunedTo = f.Head.Sequence }, []string{plant, "pruned_to"}},
		"pruned ahead":       {func(g *types.GenesisState) { of(g, "empty").PrunedTo = 9 }, []string{"empty", "pruned_to"}},
		"a time too few":     {func(g *types.GenesisState) { of(g, plant).RemovedAt = nil }, []string{plant, "removed_at"}},
		"a time too many":    {func(g *types.GenesisState) { of(g, "empty").RemovedAt = []int64{1} }, []string{"empty", "removed_at"}},
		"a negative time":    {func(g *types.GenesisState) { of(g, plant).RemovedAt[0] = -1 }, []string{plant, "removed_at[0]"}},
		"a removal's value":  {func(g *types.GenesisState) { f := of(g, plant); f.Changes[len(f.Changes)-1].Value = []byte("v") }, []string{plant, "value"}},
		"shared twice":       {func(g *types.GenesisState) { g.Shared[1].Key = g.Shared[0].Key }, []string{"shared[1].key"}},
		"shared elsewhere":   {func(g *types.GenesisState) { g.Shared[1].Feeds = []string{"nowhere"} }, []string{"shared[1].feeds[0]", "nowhere"}},
		"shared not held":    {func(g *types.GenesisState) { g.Shared[1].Feeds = []string{plant} }, []string{"shared[1].feeds[0]", plant}},
		"shared otherwise":   {func(g *types.GenesisState) { g.Shared[0].Value = []byte("x") }, []string{"shared[0].feeds"}},
		"subscribed twice":   {func(g *types.GenesisState) { s := &g.Shared[0]; s.Feeds = append(s.Feeds, s.Feeds[len(s.Feeds)-1]) }, []string{"shared[0].feeds"}},
		"a shared empty key": {func(g *types.GenesisState) { g.Shared[0].Key = nil }, []string{"shared[0].key"}},
	} {
		g := exported()
		c.alter(g)
		l := newLedger()
		err := l.InitGenesis(l.ctx, g)
		if err == nil {
			t.Errorf("%s: imported", name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not name %q", name, err, want)
			}
		}
		if left := l.dump(t); len(left) > 0 {
			t.Errorf("%s: refused and yet wrote %d entries", name, len(left))
		}
	}
}
