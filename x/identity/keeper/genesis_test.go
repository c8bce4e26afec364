package keeper_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cosmos/gogoproto/proto"

	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

// used is a ledger with something of everything.
func used(t testing.TB) *ledger {
	t.Helper()
	l := newLedger(t)
	batch := l.anchor(t)
	l.anchor(t)
	l.enrol(t, 1)
	id := l.enrol(t, 2)
	_, err := l.take("revoke", acmeOperator, id, "stolen")
	ok(t, err)
	_, _, err = deliver(l, l.Activate, activation(t, batch, 3, 4, 5))
	ok(t, err)
	ok(t, l.revokeRows(batch, 10, 20))
	ok(t, l.revokeRows(batch, 30, 40))
	return l
}

func exported(t testing.TB, l *ledger) *types.GenesisState {
	t.Helper()
	g, err := l.ExportGenesis(l.ctx)
	ok(t, err)
	return g
}

func TestExportImportExportIsTheSame(t *testing.T) {
	l := used(t)
	g := exported(t, l)
	ok(t, g.Validate())
	if len(g.Devices) != 5 || len(g.Batches) != 2 || len(g.Keys) != 5 || g.NextBatch != 3 {
		t.Fatalf("%d devices, %d batches, %d keys, next %d", len(g.Devices), len(g.Batches), len(g.Keys), g.NextBatch)
	}
	// With an empty feed, as on a fresh chain, and with one imported before.
	for _, shared := range []map[string][]byte{{}, l.feeds.clone()} {
		again := newLedger(t)
		again.feeds.shared = shared
		ok(t, again.InitGenesis(again.ctx, *g))
		if !slices.Equal(again.dump(again.ctx), l.dump(l.ctx)) {
			t.Error("the state differs")
		}
		first, err := proto.Marshal(g)
		ok(t, err)
		second, err := proto.Marshal(exported(t, again))
		ok(t, err)
		if string(first) != string(second) {
			t.Error("the second export differs")
		}
		// The chain goes on where it stood.
		again.refuses(t, "key used before", "public_key", identity.ErrKeyUsed, func() error {
			_, _, err := deliver(again, again.Enroll, enrolment(t, 2))
			return err
		})
		if batch := again.anchor(t); batch != 3 {
			t.Errorf("the next batch is %d", batch)
		}
	}
}

func TestDefaultGenesisIsEmptyAndGood(t *testing.T) {
	l := newLedger(t)
	ok(t, types.DefaultGenesis().Validate())
	ok(t, l.InitGenesis(l.ctx, *types.DefaultGenesis()))
	if g := exported(t, l); !proto.Equal(g, types.DefaultGenesis()) {
		t.Errorf("%v", g)
	}
	if g := exported(t, newLedger(t)); !proto.Equal(g, types.DefaultGenesis()) {
		t.Errorf("%v", g)
	}
}

func TestGenesisRefuses(t *testing.T) {
	good := exported(t, used(t))
	activated := slices.IndexFunc(good.Devices, func(d types.DeviceEntry) bool { return d.Enrolment.Batch != 0 })
	stray := identity.ID(identity.KeyDigest{0xff, 0xff})
	for name, test := range map[string]struct {
		spoil func(*types.GenesisState)
		field string
	}{
		"next batch 0":          {func(g *types.GenesisState) { g.NextBatch = 0 }, "next_batch"},
		"next batch used":       {func(g *types.GenesisState) { g.NextBatch = 2 }, "batches[1].id"},
		"batch twice":           {func(g *types.GenesisState) { g.Batches[1].Id = 1 }, "batches[1].id"},
		"batch 0":               {func(g *types.GenesisState) { g.Batches[0].Id = 0 }, "batches[0]"},
		"batch without maker":   {func(g *types.GenesisState) { g.Batches[0].Maker = "" }, "batches[0]"},
		"batch, stray maker":    {func(g *types.GenesisState) { g.Batches[1].Maker = "nobody" }, "batches[1].maker"},
		"batch, short root":     {func(g *types.GenesisState) { g.Batches[0].Root = g.Batches[0].Root[1:] }, "batches[0]"},
		"batch, activated":      {func(g *types.GenesisState) { g.Batches[0].Activated = 4 }, "batches[0].activated"},
		"batch, over-activated": {func(g *types.GenesisState) { g.Batches[0].Activated = 1001 }, "batches[0]"},
		"batch, height":         {func(g *types.GenesisState) { g.Batches[0].Height = -1 }, "batches[0]"},
		"ranges that touch":     {func(g *types.GenesisState) { g.Batches[0].Revoked[1].First = 21 }, "batches[0]: revoked[1]"},
		"range beyond":          {func(g *types.GenesisState) { g.Batches[0].Revoked[1].Last = 1001 }, "batches[0]: revoked[1]"},
		"many ranges":           {func(g *types.GenesisState) { g.Batches[0].Revoked = make([]types.Range, 1025) }, "batches[0]"},
		"device id":             {func(g *types.GenesisState) { g.Devices[0].Id += "a" }, "devices[0].id"},
		"device twice":          {func(g *types.GenesisState) { g.Devices[1] = g.Devices[0] }, "devices[1].id"},
		"devices out of order":  {func(g *types.GenesisState) { g.Devices[0], g.Devices[1] = g.Devices[1], g.Devices[0] }, "devices[1].id"},
		"device, no model":      {func(g *types.GenesisState) { g.Devices[0].Device.Model = "" }, "devices[0].device"},
		"device, no owner":      {func(g *types.GenesisState) { g.Devices[0].Device.Owner = "" }, "devices[0].device"},
		"device, stray owner":   {func(g *types.GenesisState) { g.Devices[0].Device.Owner = "nobody" }, "devices[0].device.owner"},
		"device, no maker":      {func(g *types.GenesisState) { g.Devices[0].Device.Maker = "" }, "devices[0].device"},
		"device, ownership 0":   {func(g *types.GenesisState) { g.Devices[0].Device.Ownership = 0 }, "devices[0].device"},
		"device, no status":     {func(g *types.GenesisState) { g.Devices[0].Device.Status = 0 }, "devices[0].device"},
		"device, status 6":      {func(g *types.GenesisState) { g.Devices[0].Device.Status = 6 }, "devices[0].device"},
		"device, algorithm":     {func(g *types.GenesisState) { g.Devices[0].Device.Key.Algorithm = 7 }, "devices[0].device"},
		"device, short digest":  {func(g *types.GenesisState) { g.Devices[0].Device.Key.Digest = make([]byte, 31) }, "devices[0].device"},
		"device, stray key":     {func(g *types.GenesisState) { g.Devices[0].Device.Key.Digest = make([]byte, 32) }, "devices[0].device.key.digest"},
		"device, since":         {func(g *types.GenesisState) { g.Devices[0].Device.SinceHeight = -1 }, "devices[0].device"},
		"device, key since":     {func(g *types.GenesisState) { g.Devices[0].Device.Key.SinceHeight = -1 }, "devices[0].device"},
		"commitment":            {func(g *types.GenesisState) { g.Devices[0].Enrolment.SerialCommitment = nil }, "devices[0].enrolment"},
		"reason":                {func(g *types.GenesisState) { g.Devices[0].Enrolment.Reason = strings.Repeat("x", 257) }, "devices[0].enrolment"},
		"enrolment, height":     {func(g *types.GenesisState) { g.Devices[0].Enrolment.Height = -1 }, "devices[0].enrolment"},
		"stray batch":           {func(g *types.GenesisState) { g.Devices[activated].Enrolment.Batch = 9 }, "devices["},
		"batch without row":     {func(g *types.GenesisState) { g.Devices[activated].Enrolment.Row = 0 }, "devices["},
		"row beyond":            {func(g *types.GenesisState) { g.Devices[activated].Enrolment.Row = 1001 }, "devices["},
		"row of another": {func(g *types.GenesisState) {
			for i := range g.Devices {
				if g.Devices[i].Enrolment.Row == 4 {
					g.Devices[i].Enrolment.Row = 3
				}
			}
		}, "devices["},
		"maker is not the batch's": {func(g *types.GenesisState) { g.Devices[activated].Device.Maker = "plant" }, "devices["},
		"key of 31 bytes":          {func(g *types.GenesisState) { g.Keys[0].Digest = g.Keys[0].Digest[1:] }, "keys[0]"},
		"key twice":                {func(g *types.GenesisState) { g.Keys[1] = g.Keys[0] }, "keys[1].digest"},
		"key of no device":         {func(g *types.GenesisState) { g.Keys[0].Device = stray }, "keys[0].device"},
		"key of a malformed id":    {func(g *types.GenesisState) { g.Keys[0].Device = "x" }, "keys[0].device"},
		"key of another device":    {func(g *types.GenesisState) { g.Keys[0].Device = g.Devices[1].Id }, "devices[0].id"},
		"device without its key":   {func(g *types.GenesisState) { g.Keys = g.Keys[1:] }, "devices[0].id"},
	} {
		g := &types.GenesisState{}
		raw, err := proto.Marshal(good)
		ok(t, err)
		ok(t, proto.Unmarshal(raw, g))
		test.spoil(g)
		l := newLedger(t)
		err = l.InitGenesis(l.ctx, *g)
		if !errors.Is(err, identity.ErrInvalid) && !errors.Is(err, identity.ErrID) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.HasPrefix(err.Error(), test.field) {
			t.Errorf("%s: %v; want it to name %s", name, err, test.field)
		}
	}
}

// A device that an imported feed shows otherwise is refused.
func TestGenesisAgreesWithTheFeeds(t *testing.T) {
	l := used(t)
	g := exported(t, l)
	again := newLedger(t)
	again.feeds.shared = l.feeds.clone()
	first, err := identity.ParseID(g.Devices[0].Id)
	ok(t, err)
	again.feeds.shared[string(identity.DeviceKey(first))] = []byte{1}
	if err := again.InitGenesis(again.ctx, *g); !errors.Is(err, identity.ErrInvalid) {
		t.Errorf("%v", err)
	}
}
