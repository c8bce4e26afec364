package keeper_test

import (
	"strings"
	"testing"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

// take sends the message of a step.
func (l *ledger) take(step, signer, device, reason string) (sdk.Events, error) {
	var events sdk.Events
	var err error
	switch step {
	case "commission":
		_, events, err = deliver(l, l.Commission, &types.MsgCommission{Signer: signer, Device: device})
	case "suspend":
		_, events, err = deliver(l, l.Suspend, &types.MsgSuspend{Signer: signer, Device: device, Reason: reason})
	case "resume":
		_, events, err = deliver(l, l.Resume, &types.MsgResume{Signer: signer, Device: device, Reason: reason})
	case "retire":
		_, events, err = deliver(l, l.Retire, &types.MsgRetire{Signer: signer, Device: device, Reason: reason})
	case "revoke":
		_, events, err = deliver(l, l.Revoke, &types.MsgRevoke{Signer: signer, Device: device, Reason: reason})
	default:
		panic(step)
	}
	return events, err
}

// way leads a new device to a status.
var way = map[identity.Status][]string{
	identity.StatusManufactured: nil,
	identity.StatusActive:       {"commission"},
	identity.StatusSuspended:    {"commission", "suspend"},
	identity.StatusRetired:      {"retire"},
	identity.StatusRevoked:      {"revoke"},
}

// Every step from every status: what the rules allow happens, is published from
// the right lane and told; everything else is refused and changes nothing.
func TestEveryStepFromEveryStatus(t *testing.T) {
	for from, steps := range way {
		for _, step := range identity.Steps() {
			name := step.Name + " from " + from.Word()
			l := newLedger(t)
			msg := enrolment(t, 1)
			msg.Manufactured = true
			resp, _, err := deliver(l, l.Enroll, msg)
			ok(t, err)
			for _, s := range steps {
				_, err := l.take(s, acmeOperator, resp.Id, "")
				ok(t, err)
			}
			l.ctx = l.ctx.WithBlockHeight(9)
			if step.Check(from) != nil {
				l.refuses(t, name, "device", identity.ErrStep, func() error {
					_, err := l.take(step.Name, acmeOperator, resp.Id, "")
					return err
				})
				continue
			}
			reason := "because"
			if step.Name == "commission" {
				reason = ""
			}
			events, err := l.take(step.Name, acmeOperator, resp.Id, reason)
			ok(t, err)
			got := l.device(t, resp.Id)
			if got.Device.Status != step.To || got.Device.SinceHeight != 9 || got.Enrolment.Reason != reason {
				t.Errorf("%s: %v", name, got)
			}
			if got.Device.Key.SinceHeight != 7 || got.Enrolment.Height != 7 {
				t.Errorf("%s: the key's and the enrolment's heights moved: %v", name, got)
			}
			if published := l.feeds.published(t, resp.Id); published.String() != got.Device.String() {
				t.Errorf("%s: published %v", name, published.String())
			}
			if l.feeds.payer.Narrows != step.Narrows || l.feeds.payer.Member != "acme" {
				t.Errorf("%s: paid by %+v", name, l.feeds.payer)
			}
			if ids := attributes(t, events, "identity_"+step.Name, "device"); len(ids) != 1 || ids[0] != resp.Id {
				t.Errorf("%s: event about %v", name, ids)
			}
			if created := attributes(t, events, "identity_"+step.Name, "id"); len(created) != 0 {
				t.Errorf("%s: event with created ids %v", name, created)
			}
		}
	}
}

func TestStepsRefuse(t *testing.T) {
	for _, step := range identity.Steps() {
		l := newLedger(t)
		id := l.enrol(t, 1)
		for name, test := range map[string]struct {
			device, reason string
			field          string
			want           error
		}{
			"no id":          {"", "", "device", identity.ErrID},
			"malformed id":   {strings.ToUpper(id), "", "device", identity.ErrID},
			"huge id":        {id + strings.Repeat("a", 1<<20), "", "device", identity.ErrID},
			"unknown device": {identity.ID(identity.KeyDigest{1}), "", "device", identity.ErrDeviceUnknown},
			"long reason":    {id, strings.Repeat("x", 257), "reason", identity.ErrInvalid},
			"reason, escape": {id, "\x1b[2J", "reason", identity.ErrInvalid},
		} {
			if step.Name == "commission" && test.reason != "" {
				continue // it has none
			}
			l.refuses(t, step.Name+", "+name, test.field, test.want, func() error {
				_, err := l.take(step.Name, acmeOperator, test.device, test.reason)
				return err
			})
		}
	}
}

// A device activated for another member is that member's to lead, no longer its
// maker's.
func TestOnlyTheOwnerLeadsADevice(t *testing.T) {
	l := newLedger(t)
	resp, _, err := deliver(l, l.Activate, activation(t, l.anchor(t), 1))
	ok(t, err)
	for _, step := range identity.Steps() {
		for _, signer := range []string{acmeOperator, acmeAdmin} {
			l.refuses(t, step.Name+" by the maker", "device", identity.ErrNotOwner, func() error {
				_, err := l.take(step.Name, signer, resp.Ids[0], "")
				return err
			})
		}
	}
	_, err = l.take("suspend", plantOp, resp.Ids[0], "")
	ok(t, err)
}
