package keeper_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/keeper"
	"github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

func give(l *ledger, signer, segment string, spec types.GrantSpec) *types.MsgGrant {
	return &types.MsgGrant{Signer: signer, Segment: segment, Grants: []types.GrantSpec{spec}}
}

func TestAdmit(t *testing.T) {
	l := newLedger(t)
	l.open(t)
	line := l.segment(t, betaOp, "line", "mqtt:line/")
	device := l.enrol(t, 1, "acme")
	spec := l.spec(device)
	spec.Resources = []string{"mqtt:line/#"}
	admit := &types.MsgAdmit{Signer: acmeOp, Device: device, Segment: line}
	refused(t, l, l.Grant, give(l, betaOp, line, spec), access.ErrNotAdmitted, "grants[0].subject")
	refused(t, l, l.Admit, &types.MsgAdmit{Signer: acmeOp, Device: "did:x", Segment: line}, identity.ErrID, "device")
	refused(t, l, l.Admit, &types.MsgAdmit{Signer: acmeOp, Device: identity.ID(identity.KeyDigest{9}), Segment: line}, identity.ErrDeviceUnknown, "device")
	refused(t, l, l.Admit, &types.MsgAdmit{Signer: acmeOp, Device: device, Segment: "beta/none"}, access.ErrSegmentUnknown, "segment")
	refused(t, l, l.Admit, &types.MsgAdmit{Signer: acmeOp, Device: device, Segment: plant}, access.ErrInvalid, "segment")
	_, _, err := deliver(l, l.Admit, admit)
	ok(t, err)
	_, _, err = deliver(l, l.Grant, give(l, betaOp, line, spec))
	ok(t, err)
	if !l.holds(t, line, device) {
		t.Error("the record does not stand in the admitted segment")
	}
	// The admission was the owner's; it ends with it.
	l.change(t, device, func(d *identity.Device) { d.Owner, d.Ownership = "gone", 2 })
	refused(t, l, l.Grant, give(l, betaOp, line, spec), access.ErrNotAdmitted, "gone")
	l.change(t, device, func(d *identity.Device) { d.Owner, d.Ownership = "acme", 3 })
	refused(t, l, l.Grant, give(l, betaOp, line, spec), access.ErrNotAdmitted, "acme")
	l.change(t, device, func(d *identity.Device) { d.Status = identity.StatusRetired })
	refused(t, l, l.Admit, admit, access.ErrDeviceState, "device")
}

// TestSlots: a device's record stands in at most 64 segments, which strangers
// cannot fill and a former owner cannot keep.
func TestSlots(t *testing.T) {
	l := newLedger(t)
	device := l.enrol(t, 1, "acme")
	spec := func(n int) types.GrantSpec {
		s := l.spec(device)
		s.Resources = []string{fmt.Sprintf("mqtt:s%d/#", n)}
		return s
	}
	for n := range keeper.MaxSlots + 1 {
		segment := l.segment(t, acmeOp, fmt.Sprintf("s%d", n), fmt.Sprintf("mqtt:s%d/", n))
		if n < keeper.MaxSlots {
			_, _, err := deliver(l, l.Grant, give(l, acmeOp, segment, spec(n)))
			ok(t, err)
			continue
		}
		refused(t, l, l.Grant, give(l, acmeOp, segment, spec(n)), access.ErrTooMany, "grants[0].subject")
	}
	_, _, err := deliver(l, l.Grant, give(l, acmeOp, "acme/s5", spec(5))) // it has a slot there
	ok(t, err)

	l.change(t, device, func(d *identity.Device) { d.Owner, d.Ownership = "beta", 2 })
	line := l.segment(t, betaOp, "line", "mqtt:line/")
	s := l.spec(device)
	s.Resources = []string{"mqtt:line/#"}
	_, _, err = deliver(l, l.Grant, give(l, betaOp, line, s))
	ok(t, err)
	if !l.holds(t, line, device) || l.holds(t, "acme/s0", device) || !l.holds(t, "acme/s1", device) {
		t.Error("the new owner's slot did not take that of the former owner")
	}
	// What was given there is pruned in time all the same.
	l.block(t, 32*24*time.Hour)
	l.block(t, time.Second)
	if _, err := l.query.Grant(l.ctx, &types.QueryGrantRequest{Segment: "acme/s0", Id: 1}); err == nil {
		t.Error("the grant still stands")
	}
}

func TestAdmissionsAreBounded(t *testing.T) {
	l := newLedger(t)
	device := l.enrol(t, 1, "acme")
	for n := range keeper.MaxSlots + 1 {
		segment := l.segment(t, betaOp, fmt.Sprintf("s%d", n), fmt.Sprintf("mqtt:s%d/", n))
		msg := &types.MsgAdmit{Signer: acmeOp, Device: device, Segment: segment}
		if n == keeper.MaxSlots {
			refused(t, l, l.Admit, msg, access.ErrTooMany, "device")
			continue
		}
		_, _, err := deliver(l, l.Admit, msg)
		ok(t, err)
	}
	_, _, err := deliver(l, l.Admit, &types.MsgAdmit{Signer: acmeOp, Device: device, Segment: "beta/s3"}) // again
	ok(t, err)
	l.change(t, device, func(d *identity.Device) { d.Ownership = 2 })
	_, _, err = deliver(l, l.Admit, &types.MsgAdmit{Signer: acmeOp, Device: device, Segment: "beta/s64"})
	ok(t, err)
	g, err := l.ExportGenesis(l.ctx)
	ok(t, err)
	if len(g.Admissions) != 1 {
		t.Errorf("%d admissions; those of the former owner are to be dropped", len(g.Admissions))
	}
}
