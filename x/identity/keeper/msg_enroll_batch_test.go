package keeper_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/types/tx"

	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

func TestEnrollBatchAnchorsAList(t *testing.T) {
	l := newLedger(t)
	msg := manifest(t)
	msg.Cid = "bafkreiekdhfwawgr2zfewbtdr2iom5akiw7rg5hhwb42b3golmnu376e4i"
	resp, events, err := deliver(l, l.EnrollBatch, msg)
	ok(t, err)
	if resp.Id != 1 {
		t.Errorf("the first batch is %d", resp.Id)
	}
	if ids := attributes(t, events, "identity_enroll_batch", "id"); !slices.Equal(ids, []string{"1"}) {
		t.Errorf("event with ids %v", ids)
	}
	got, err := l.query.Batch(l.ctx, &types.QueryBatchRequest{Id: 1})
	ok(t, err)
	want := types.Batch{Id: 1, Maker: "acme", Model: "SEN-20", Root: msg.Root, Count: 1000, Cid: msg.Cid, Height: 7, Time: l.ctx.BlockTime()}
	if got.Batch.String() != want.String() {
		t.Errorf("batch\n%v; want\n%v", got.Batch.String(), want.String())
	}
	// The same list again is another batch; a row of it is still used once.
	if second := l.anchor(t); second != 2 {
		t.Errorf("the second batch is %d", second)
	}
}

func TestEnrollBatchRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(*types.MsgEnrollBatch)
		field string
	}{
		"no model":   {func(m *types.MsgEnrollBatch) { m.Model = "" }, "model"},
		"long model": {func(m *types.MsgEnrollBatch) { m.Model = strings.Repeat("m", 65) }, "model"},
		"no root":    {func(m *types.MsgEnrollBatch) { m.Root = nil }, "root"},
		"long root":  {func(m *types.MsgEnrollBatch) { m.Root = make([]byte, 33) }, "root"},
		"no rows":    {func(m *types.MsgEnrollBatch) { m.Count = 0 }, "count"},
		"2^32 rows":  {func(m *types.MsgEnrollBatch) { m.Count = 1 << 32 }, "count"},
		"bad cid":    {func(m *types.MsgEnrollBatch) { m.Cid = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG" }, "cid"},
		"huge cid":   {func(m *types.MsgEnrollBatch) { m.Cid = strings.Repeat("b", 1<<20) }, "cid"},
	} {
		l := newLedger(t)
		msg := manifest(t)
		test.spoil(msg)
		l.refuses(t, name, test.field, identity.ErrInvalid, func() error { _, _, err := deliver(l, l.EnrollBatch, msg); return err })
	}
}

// A list of 1,048,576 devices is one transaction of under 2 KB, and any row of it
// can be activated.
func TestAMillionDevicesInOneSmallTransaction(t *testing.T) {
	const count, row = 1 << 20, 777_777
	device := theFactory(t).rows[0]
	leaves := make([]identity.Hash, count)
	for i := range leaves {
		leaves[i] = identity.LeafHash(binary.BigEndian.AppendUint64(nil, uint64(i)))
	}
	leaves[row-1] = device.Leaf()
	tree := identity.NewTree(leaves)
	root := tree.Root()

	l := newLedger(t)
	msg := &types.MsgEnrollBatch{
		Signer: acmeMaker, Model: strings.Repeat("m", identity.MaxModel), Root: root[:], Count: count,
		Cid: identity.RawCID(root),
	}
	packed, err := codectypes.NewAnyWithValue(msg)
	ok(t, err)
	body, err := (&tx.TxBody{Messages: []*codectypes.Any{packed}}).Marshal()
	ok(t, err)
	whole, err := (&tx.TxRaw{BodyBytes: body, AuthInfoBytes: make([]byte, 256), Signatures: [][]byte{make([]byte, 64)}}).Marshal()
	ok(t, err)
	if len(whole) >= 2048 {
		t.Errorf("a transaction of %d bytes; want under 2,048", len(whole))
	}
	t.Logf("%d devices: message %d bytes, transaction about %d", count, msg.Size(), len(whole))

	resp, _, err := deliver(l, l.EnrollBatch, msg)
	ok(t, err)
	wire := types.Row{Row: row, PublicKey: device.DER, RowDigest: device.Digest[:]}
	for _, hash := range tree.Path(row - 1) {
		wire.Proof = append(wire.Proof, bytes.Clone(hash[:]))
	}
	if len(wire.Proof) != 20 {
		t.Errorf("a path of %d hashes", len(wire.Proof))
	}
	wire.Signature = sign(t, privateKey(t, 1), identity.ActivationStatement(chain, resp.Id, root, row, "plant", device.Key.Digest))
	activate := &types.MsgActivate{Signer: acmeMaker, Batch: resp.Id, Rows: []types.Row{wire}, Owner: "plant"}
	_, _, err = deliver(l, l.Activate, activate)
	ok(t, err)
}
