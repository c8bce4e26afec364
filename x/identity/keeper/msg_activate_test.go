package keeper_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

func TestActivateMakesDevicesOfTheOwner(t *testing.T) {
	l := newLedger(t)
	batch := l.anchor(t)
	rows := make([]uint64, 20)
	for i := range rows {
		rows[i] = uint64(i + 1)
	}
	resp, events, err := deliver(l, l.Activate, activation(t, batch, rows...))
	ok(t, err)
	if len(resp.Ids) != 20 {
		t.Fatalf("%d ids", len(resp.Ids))
	}
	if ids := attributes(t, events, "identity_activate", "id"); !slices.Equal(ids, resp.Ids) {
		t.Errorf("event with ids %v", ids)
	}
	for i, id := range resp.Ids {
		row := theFactory(t).rows[i]
		got := l.device(t, id)
		d, e := got.Device, got.Enrolment
		if id != identity.ID(row.Key.Digest) || d.Maker != "acme" || d.Owner != "plant" || d.Ownership != 1 ||
			d.Model != "SEN-20" || d.Status != identity.StatusActive || !bytes.Equal(d.Key.Digest, row.Key.Digest[:]) {
			t.Errorf("row %d: %v", i+1, got)
		}
		if e.Batch != batch || e.Row != uint64(i+1) || !bytes.Equal(e.SerialCommitment, row.Digest[:]) {
			t.Errorf("row %d: enrolment %v", i+1, e)
		}
		if published := l.feeds.published(t, id); published.Owner != "plant" {
			t.Errorf("row %d: published %v", i+1, published)
		}
	}
	if b, err := l.query.Keeper.Batch(l.ctx, batch); err != nil || b.Activated != 20 {
		t.Errorf("activated %d, %v", b.Activated, err)
	}
}

func TestActivateRefuses(t *testing.T) {
	root := theFactory(t).tree.Root()
	key := theFactory(t).rows[0].Key.Digest
	statement := func(chain string, batch uint64, root identity.Hash, row uint64, owner string) func(*types.MsgActivate) {
		return func(m *types.MsgActivate) {
			m.Rows[0].Signature = sign(t, privateKey(t, 1), identity.ActivationStatement(chain, batch, root, row, owner, key))
		}
	}
	row := func(spoil func(*types.Row)) func(*types.MsgActivate) {
		return func(m *types.MsgActivate) { spoil(&m.Rows[0]) }
	}
	for name, test := range map[string]struct {
		spoil func(*types.MsgActivate)
		field string
		want  error
	}{
		"no rows":                   {func(m *types.MsgActivate) { m.Rows = nil }, "rows: 0", identity.ErrInvalid},
		"1,001 rows":                {func(m *types.MsgActivate) { m.Rows = make([]types.Row, 1001) }, "rows: 1001", identity.ErrInvalid},
		"no such batch":             {func(m *types.MsgActivate) { m.Batch = 9 }, "batch", identity.ErrBatchUnknown},
		"no owner":                  {func(m *types.MsgActivate) { m.Owner = "" }, "owner", identity.ErrInvalid},
		"malformed owner":           {func(m *types.MsgActivate) { m.Owner = "Plant!" }, "owner", identity.ErrInvalid},
		"huge owner":                {func(m *types.MsgActivate) { m.Owner = strings.Repeat("p", 1<<20) }, "owner", identity.ErrInvalid},
		"unknown owner":             {func(m *types.MsgActivate) { m.Owner = "nobody" }, "owner", identity.ErrOwner},
		"suspended owner":           {func(m *types.MsgActivate) { m.Owner = "gone" }, "owner", identity.ErrOwner},
		"removed owner":             {func(m *types.MsgActivate) { m.Owner = "left" }, "owner", identity.ErrOwner},
		"owner that was not signed": {func(m *types.MsgActivate) { m.Owner = "acme" }, "rows[0]: signature", identity.ErrSignature},
		"row 0":                     {row(func(r *types.Row) { r.Row = 0 }), "rows[0]: row", identity.ErrInvalid},
		"row beyond the list":       {row(func(r *types.Row) { r.Row = 1001 }), "rows[0]: row", identity.ErrInvalid},
		"another row":               {row(func(r *types.Row) { r.Row = 2 }), "rows[0]: proof", identity.ErrProof},
		"no row digest":             {row(func(r *types.Row) { r.RowDigest = nil }), "rows[0]: row_digest", identity.ErrInvalid},
		"another row digest":        {row(func(r *types.Row) { r.RowDigest[0] ^= 1 }), "rows[0]: proof", identity.ErrProof},
		"no path":                   {row(func(r *types.Row) { r.Proof = nil }), "rows[0]: proof", identity.ErrProof},
		"path of another row":       {row(func(r *types.Row) { r.Proof = rowOf(t, 1, 3, "plant").Proof }), "rows[0]: proof", identity.ErrProof},
		"path cut":                  {row(func(r *types.Row) { r.Proof = r.Proof[:9] }), "rows[0]: proof", identity.ErrProof},
		"path with a hash more":     {row(func(r *types.Row) { r.Proof = append(r.Proof, root[:]) }), "rows[0]: proof", identity.ErrProof},
		"path of 33":                {row(func(r *types.Row) { r.Proof = make([][]byte, 33) }), "rows[0].proof", identity.ErrProof},
		"path altered":              {row(func(r *types.Row) { r.Proof[4][7] ^= 1 }), "rows[0]: proof", identity.ErrProof},
		"hash of 31 bytes":          {row(func(r *types.Row) { r.Proof[4] = r.Proof[4][:31] }), "rows[0]: proof[4]", identity.ErrInvalid},
		"malformed key":             {row(func(r *types.Row) { r.PublicKey = r.PublicKey[1:] }), "rows[0]: public_key", identity.ErrKey},
		"key of another row":        {row(func(r *types.Row) { r.PublicKey = theFactory(t).rows[2].DER }), "rows[0]: proof", identity.ErrProof},
		"no signature":              {row(func(r *types.Row) { r.Signature = nil }), "rows[0]: signature", identity.ErrSignature},
		"signed by another": {row(func(r *types.Row) {
			r.Signature = sign(t, privateKey(t, 3), identity.ActivationStatement(chain, 1, root, 1, "plant", key))
		}), "rows[0]: signature", identity.ErrSignature},
		"signed for another chain": {statement("hallmark-2", 1, root, 1, "plant"), "rows[0]: signature", identity.ErrSignature},
		"signed for another batch": {statement(chain, 2, root, 1, "plant"), "rows[0]: signature", identity.ErrSignature},
		"signed for another root":  {statement(chain, 1, identity.Hash{}, 1, "plant"), "rows[0]: signature", identity.ErrSignature},
		"signed for another row":   {statement(chain, 1, root, 2, "plant"), "rows[0]: signature", identity.ErrSignature},
		"signed for another owner": {statement(chain, 1, root, 1, "acme"), "rows[0]: signature", identity.ErrSignature},
		"signed to be enrolled": {row(func(r *types.Row) {
			r.Signature = sign(t, privateKey(t, 1), identity.EnrolStatement(chain, "acme", key))
		}), "rows[0]: signature", identity.ErrSignature},
		"the same row twice": {func(m *types.MsgActivate) { m.Rows = append(m.Rows, m.Rows[0]) }, "rows[1].public_key", identity.ErrKeyUsed},
		"the last row bad": {func(m *types.MsgActivate) {
			m.Rows = append(m.Rows, rowOf(t, 1, 2, "acme"))
		}, "rows[1]: signature", identity.ErrSignature},
	} {
		l := newLedger(t)
		msg := activation(t, l.anchor(t), 1)
		test.spoil(msg)
		l.refuses(t, name, test.field, test.want, func() error { _, _, err := deliver(l, l.Activate, msg); return err })
	}
}

// A proof of another list's root is refused even where row and key agree.
func TestActivateRefusesTheProofOfAnotherRoot(t *testing.T) {
	l := newLedger(t)
	other := manifest(t)
	other.Root[0] ^= 1
	resp, _, err := deliver(l, l.EnrollBatch, other)
	ok(t, err)
	l.refuses(t, "another root", "rows[0]: proof", identity.ErrProof, func() error {
		_, _, err := deliver(l, l.Activate, activation(t, resp.Id, 1))
		return err
	})
}

func TestActivateRefusesARowActivatedBefore(t *testing.T) {
	l := newLedger(t)
	first, second := l.anchor(t), l.anchor(t)
	_, _, err := deliver(l, l.Activate, activation(t, first, 1, 2))
	ok(t, err)
	for _, batch := range []uint64{first, second} {
		l.refuses(t, fmt.Sprintf("batch %d", batch), "rows[1].public_key", identity.ErrKeyUsed, func() error {
			_, _, err := deliver(l, l.Activate, activation(t, batch, 3, 2))
			return err
		})
	}
}

// A thousand devices go in one message; none of its work is done unpaid.
func TestActivateAThousandDevices(t *testing.T) {
	const count = identity.MaxActivations
	keys := make([]ed25519.PrivateKey, count)
	ders := make([][]byte, count)
	digests := make([]identity.KeyDigest, count)
	leaves := make([]identity.Hash, count)
	for i := range keys {
		seed := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("device"), uint64(i)))
		keys[i] = ed25519.NewKeyFromSeed(seed[:])
		der, public, err := identity.PublicDER(keys[i])
		ok(t, err)
		ders[i], digests[i] = der, public.Digest
		leaves[i] = identity.LeafHash(identity.LeafData(public.Digest, seed))
	}
	tree := identity.NewTree(leaves)
	root := tree.Root()
	l := newLedger(t)
	resp, _, err := deliver(l, l.EnrollBatch, &types.MsgEnrollBatch{Signer: acmeMaker, Model: "M", Root: root[:], Count: count})
	ok(t, err)
	msg := &types.MsgActivate{Signer: acmeMaker, Batch: resp.Id, Owner: "acme"}
	for i := range keys {
		seed := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("device"), uint64(i)))
		row := types.Row{Row: uint64(i + 1), PublicKey: ders[i], RowDigest: bytes.Clone(seed[:])}
		for _, hash := range tree.Path(uint64(i)) {
			row.Proof = append(row.Proof, bytes.Clone(hash[:]))
		}
		row.Signature = sign(t, keys[i], identity.ActivationStatement(chain, resp.Id, root, row.Row, "acme", digests[i]))
		msg.Rows = append(msg.Rows, row)
	}
	t.Logf("message of %d bytes", msg.Size())

	// With gas for all but the last signature nothing is verified: the charge
	// comes first, and in one piece.
	short := l.ctx.WithGasMeter(storetypes.NewGasMeter(count * 2_000))
	func() {
		defer func() {
			if _, out := recover().(storetypes.ErrorOutOfGas); !out {
				t.Error("the work was begun before it was paid for")
			}
		}()
		_, _ = l.Activate(short, msg)
	}()
	if used := short.GasMeter().GasConsumed(); used < count*2_000 || len(l.feeds.shared) != 0 {
		t.Errorf("%d gas, %d devices", used, len(l.feeds.shared))
	}

	before := l.ctx.GasMeter().GasConsumed()
	_, _, err = deliver(l, l.Activate, msg)
	ok(t, err)
	t.Logf("gas: %d", l.ctx.GasMeter().GasConsumed()-before)
	if len(l.feeds.shared) != count {
		t.Errorf("%d devices", len(l.feeds.shared))
	}
}

func TestActivateFollowsTheOwnersStanding(t *testing.T) {
	l := newLedger(t)
	batch := l.anchor(t)
	l.town.members["plant"] = consortium.StandingSuspended
	l.refuses(t, "suspended", "owner", identity.ErrOwner, func() error {
		_, _, err := deliver(l, l.Activate, activation(t, batch, 1))
		return err
	})
	l.town.members["plant"] = consortium.StandingActive
	_, _, err := deliver(l, l.Activate, activation(t, batch, 1))
	ok(t, err)
}

func TestRowBoundsAreNamed(t *testing.T) {
	l := newLedger(t)
	msg := activation(t, l.anchor(t), 1, 2, 3)
	msg.Rows[2].Signature = nil
	_, _, err := deliver(l, l.Activate, msg)
	if err == nil || !strings.HasPrefix(err.Error(), "rows[2]: signature: ") {
		t.Errorf("%v", err)
	}
}
