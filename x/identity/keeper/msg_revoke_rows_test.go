package keeper_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

func (l *ledger) revokeRows(batch, first, last uint64) error {
	_, _, err := deliver(l, l.RevokeRows, &types.MsgRevokeRows{Signer: acmeMaker, Batch: batch, Rows: types.Range{First: first, Last: last}, Reason: "lost"})
	return err
}

func TestRevokedRowsCannotBeActivated(t *testing.T) {
	l := newLedger(t)
	batch := l.anchor(t)
	ok(t, l.revokeRows(batch, 2, 3))
	for _, row := range []uint64{2, 3} {
		l.refuses(t, "revoked", "rows[0]: row", identity.ErrRowRevoked, func() error {
			_, _, err := deliver(l, l.Activate, activation(t, batch, row))
			return err
		})
	}
	_, _, err := deliver(l, l.Activate, activation(t, batch, 1, 4))
	ok(t, err)
}

// Rows activated before stay devices of their owner; to revoke again is no
// error.
func TestRevokeRowsLeavesDevicesAlone(t *testing.T) {
	l := newLedger(t)
	batch := l.anchor(t)
	resp, _, err := deliver(l, l.Activate, activation(t, batch, 2))
	ok(t, err)
	ok(t, l.revokeRows(batch, 1, 3))
	ok(t, l.revokeRows(batch, 1, 3))
	if status := l.device(t, resp.Ids[0]).Device.Status; status != identity.StatusActive {
		t.Errorf("the device is %s", status.Word())
	}
	b, err := l.query.Keeper.Batch(l.ctx, batch)
	ok(t, err)
	if !slices.Equal(b.Revoked, []types.Range{{First: 1, Last: 3}}) {
		t.Errorf("revoked: %v", b.Revoked)
	}
}

func TestRevokeRowsRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(*types.MsgRevokeRows)
		field string
		want  error
	}{
		"no such batch":   {func(m *types.MsgRevokeRows) { m.Batch = 9 }, "batch", identity.ErrBatchUnknown},
		"row 0":           {func(m *types.MsgRevokeRows) { m.Rows.First = 0 }, "rows: first", identity.ErrInvalid},
		"backwards":       {func(m *types.MsgRevokeRows) { m.Rows.First = 8 }, "rows: last", identity.ErrInvalid},
		"beyond the list": {func(m *types.MsgRevokeRows) { m.Rows.Last = 1001 }, "rows: last", identity.ErrInvalid},
		"far beyond":      {func(m *types.MsgRevokeRows) { m.Rows.Last = ^uint64(0) }, "rows: last", identity.ErrInvalid},
		"long reason":     {func(m *types.MsgRevokeRows) { m.Reason = strings.Repeat("x", 257) }, "reason", identity.ErrInvalid},
	} {
		l := newLedger(t)
		msg := &types.MsgRevokeRows{Signer: acmeMaker, Batch: l.anchor(t), Rows: types.Range{First: 3, Last: 7}}
		test.spoil(msg)
		l.refuses(t, name, test.field, test.want, func() error { _, _, err := deliver(l, l.RevokeRows, msg); return err })
	}
}

// The ranges of a batch are bounded, and yet there is always a way to revoke
// more: a range that joins others.
func TestRevokedRangesAreBounded(t *testing.T) {
	l := newLedger(t)
	msg := manifest(t)
	msg.Count = identity.MaxRows
	resp, _, err := deliver(l, l.EnrollBatch, msg)
	ok(t, err)
	for i := uint64(1); i <= identity.MaxRevokedRanges; i++ {
		ok(t, l.revokeRows(resp.Id, 2*i, 2*i))
	}
	l.refuses(t, "one more", "rows", identity.ErrInvalid, func() error { return l.revokeRows(resp.Id, 5000, 5000) })
	ok(t, l.revokeRows(resp.Id, 1, 5000))
	b, err := l.query.Keeper.Batch(l.ctx, resp.Id)
	ok(t, err)
	if !slices.Equal(b.Revoked, []types.Range{{First: 1, Last: 5000}}) {
		t.Errorf("revoked: %v", b.Revoked)
	}
}

// Whatever is revoked in whatever order, the batch knows exactly those rows, in
// ranges that are ascending and apart.
func TestRevokedRangesAreASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const count = 60
		batch := types.Batch{Id: 1, Maker: "acme", Model: "M", Root: make([]byte, 32), Count: count}
		revoked := make(map[uint64]bool)
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			first := rapid.Uint64Range(1, count).Draw(t, "first")
			r := types.Range{First: first, Last: rapid.Uint64Range(first, min(count, first+6)).Draw(t, "last")}
			before := slices.Clone(batch.Revoked)
			kept := batch.Revoked
			if err := batch.RevokeRows(r); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(before, kept) {
				t.Fatal("the ranges of the batch before were written to")
			}
			for row := r.First; row <= r.Last; row++ {
				revoked[row] = true
			}
			for row := uint64(1); row <= count; row++ {
				if batch.RowRevoked(row) != revoked[row] {
					t.Fatalf("row %d: %v in %v", row, batch.RowRevoked(row), batch.Revoked)
				}
			}
			if err := batch.Validate(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestNoRangeOverflows(t *testing.T) {
	batch := types.Batch{Count: identity.MaxRows}
	for _, r := range []types.Range{{First: 1, Last: identity.MaxRows}, {First: 1, Last: 1}, {First: identity.MaxRows, Last: identity.MaxRows}} {
		ok(t, r.Validate(batch.Count))
		ok(t, batch.RevokeRows(r))
	}
	if len(batch.Revoked) != 1 || !batch.RowRevoked(1) || !batch.RowRevoked(identity.MaxRows) || batch.RowRevoked(0) {
		t.Errorf("%v", batch.Revoked)
	}
	if err := (types.Range{First: 1, Last: ^uint64(0)}).Validate(identity.MaxRows); !errors.Is(err, identity.ErrInvalid) {
		t.Error(err)
	}
}
