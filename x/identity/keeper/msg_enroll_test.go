package keeper_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

func TestEnrollMakesAnActiveDevice(t *testing.T) {
	for _, row := range []uint64{1, 2} { // Ed25519, P-256
		l := newLedger(t)
		msg := enrolment(t, row)
		resp, events, err := deliver(l, l.Enroll, msg)
		ok(t, err)
		key := theFactory(t).rows[row-1].Key
		if resp.Id != identity.ID(key.Digest) {
			t.Errorf("id %s; want %s", resp.Id, identity.ID(key.Digest))
		}
		if ids := attributes(t, events, "identity_enroll", "id"); !slices.Equal(ids, []string{resp.Id}) {
			t.Errorf("event with ids %v", ids)
		}
		got := l.device(t, resp.Id)
		want := identity.Device{
			Maker: "acme", Owner: "acme", Ownership: 1, Model: msg.Model,
			Key:    identity.Key{Algorithm: key.Algorithm, Digest: key.Digest[:], SinceHeight: 7},
			Status: identity.StatusActive, SinceHeight: 7,
		}
		if got.Device.String() != want.String() {
			t.Errorf("device\n%v; want\n%v", got.Device.String(), want.String())
		}
		if published := l.feeds.published(t, resp.Id); published.String() != want.String() {
			t.Errorf("published %v", published.String())
		}
		if e := got.Enrolment; !bytes.Equal(e.SerialCommitment, msg.SerialCommitment) || e.Batch != 0 || e.Row != 0 || e.Height != 7 || !e.Time.Equal(l.ctx.BlockTime()) {
			t.Errorf("enrolment %v", e.String())
		}
		if l.feeds.payer.Member != "acme" || l.feeds.payer.Narrows {
			t.Errorf("paid by %+v", l.feeds.payer)
		}
	}
}

func TestEnrollManufactured(t *testing.T) {
	l := newLedger(t)
	msg := enrolment(t, 1)
	msg.Manufactured = true
	resp, _, err := deliver(l, l.Enroll, msg)
	ok(t, err)
	if status := l.device(t, resp.Id).Device.Status; status != identity.StatusManufactured {
		t.Errorf("status %s", status.Word())
	}
}

func TestEnrollRefuses(t *testing.T) {
	other := theFactory(t).rows[2]
	first := theFactory(t).rows[0]
	for name, test := range map[string]struct {
		spoil func(*types.MsgEnroll)
		field string
		want  error
	}{
		"no model":           {func(m *types.MsgEnroll) { m.Model = "" }, "model", identity.ErrInvalid},
		"long model":         {func(m *types.MsgEnroll) { m.Model = strings.Repeat("m", 65) }, "model", identity.ErrInvalid},
		"model of odd bytes": {func(m *types.MsgEnroll) { m.Model = "a/b" }, "model", identity.ErrInvalid},
		"no commitment":      {func(m *types.MsgEnroll) { m.SerialCommitment = nil }, "serial_commitment", identity.ErrInvalid},
		"short commitment":   {func(m *types.MsgEnroll) { m.SerialCommitment = make([]byte, 31) }, "serial_commitment", identity.ErrInvalid},
		"no key":             {func(m *types.MsgEnroll) { m.PublicKey = nil }, "public_key", identity.ErrKey},
		"malformed key":      {func(m *types.MsgEnroll) { m.PublicKey = m.PublicKey[1:] }, "public_key", identity.ErrKey},
		"huge key":           {func(m *types.MsgEnroll) { m.PublicKey = make([]byte, 1<<20) }, "public_key", identity.ErrKey},
		"another's key":      {func(m *types.MsgEnroll) { m.PublicKey = other.DER }, "signature", identity.ErrSignature},
		"no signature":       {func(m *types.MsgEnroll) { m.Signature = nil }, "signature", identity.ErrSignature},
		"huge signature":     {func(m *types.MsgEnroll) { m.Signature = make([]byte, 1<<20) }, "signature", identity.ErrSignature},
		"signature by another": {func(m *types.MsgEnroll) {
			m.Signature = sign(t, privateKey(t, 3), identity.EnrolStatement(chain, "acme", first.Key.Digest))
		}, "signature", identity.ErrSignature},
		"for another chain": {func(m *types.MsgEnroll) {
			m.Signature = sign(t, privateKey(t, 1), identity.EnrolStatement("hallmark-2", "acme", first.Key.Digest))
		}, "signature", identity.ErrSignature},
		"for another member": {func(m *types.MsgEnroll) {
			m.Signature = sign(t, privateKey(t, 1), identity.EnrolStatement(chain, "plant", first.Key.Digest))
		}, "signature", identity.ErrSignature},
		"about another key": {func(m *types.MsgEnroll) {
			m.Signature = sign(t, privateKey(t, 1), identity.EnrolStatement(chain, "acme", other.Key.Digest))
		}, "signature", identity.ErrSignature},
		"of another purpose": {func(m *types.MsgEnroll) {
			m.Signature = sign(t, privateKey(t, 1), identity.ActivationStatement(chain, 1, identity.Hash{}, 1, "acme", first.Key.Digest))
		}, "signature", identity.ErrSignature},
		"enrolled by plant": {func(m *types.MsgEnroll) { m.Signer = plantMaker }, "signature", identity.ErrSignature},
	} {
		l := newLedger(t)
		msg := enrolment(t, 1)
		test.spoil(msg)
		l.refuses(t, name, test.field, test.want, func() error { _, _, err := deliver(l, l.Enroll, msg); return err })
	}
}

// A key serves once: not again after its device was retired, not for another
// member, not from a batch.
func TestEnrollRefusesAKeyUsedBefore(t *testing.T) {
	l := newLedger(t)
	id := l.enrol(t, 1)
	again := func() error { _, _, err := deliver(l, l.Enroll, enrolment(t, 1)); return err }
	l.refuses(t, "again", "public_key", identity.ErrKeyUsed, again)
	_, _, err := deliver(l, l.Retire, &types.MsgRetire{Signer: acmeOperator, Device: id})
	ok(t, err)
	l.refuses(t, "after retirement", "public_key", identity.ErrKeyUsed, again)
	batch := l.anchor(t)
	l.refuses(t, "from a batch", "rows[0].public_key", identity.ErrKeyUsed, func() error {
		_, _, err := deliver(l, l.Activate, activation(t, batch, 1))
		return err
	})
}

func TestEnrollFailsWithTheFeed(t *testing.T) {
	l := newLedger(t)
	l.feeds.fail = feed.ErrQuota
	if _, _, err := deliver(l, l.Enroll, enrolment(t, 1)); !errors.Is(err, feed.ErrQuota) {
		t.Errorf("%v", err)
	}
}

// refuses checks that a message fails with the error, names the field, keeps
// its error short, and wrote nothing before it failed. Only of several rows may
// the first have been written, for the transaction to roll back.
func (l *ledger) refuses(t testing.TB, name, field string, want error, run func() error) {
	t.Helper()
	l.watched, l.spoilt = true, false
	err := run()
	l.watched = false
	if !errors.Is(err, want) {
		t.Errorf("%s: %v; want %v", name, err, want)
		return
	}
	if !strings.HasPrefix(err.Error(), field) {
		t.Errorf("%s: %v; want it to name %s", name, err, field)
	}
	if len(err.Error()) > 500 {
		t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
	}
	if l.spoilt && !strings.HasPrefix(field, "rows[1]") {
		t.Errorf("%s: it wrote before it failed", name)
	}
}
