package keeper_test

import (
	"testing"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

// Who may do what. Each message is sent by everyone; take any one check of
// authority out of a handler and a line here goes red.
func TestAuthority(t *testing.T) {
	// ready is a ledger with batch 1 of acme, a device of acme (row 1), one of
	// plant (row 2), a manufactured one (row 3) and a suspended one (row 4).
	type world struct {
		*ledger
		acmes, plants, manufactured, suspended string
	}
	ready := func() world {
		w := world{ledger: newLedger(t)}
		batch := w.anchor(t)
		w.acmes = w.enrol(t, 1)
		resp, _, err := deliver(w.ledger, w.Activate, activation(t, batch, 2))
		ok(t, err)
		w.plants = resp.Ids[0]
		msg := enrolment(t, 3)
		msg.Manufactured = true
		made, _, err := deliver(w.ledger, w.Enroll, msg)
		ok(t, err)
		w.manufactured = made.Id
		w.suspended = w.enrol(t, 4)
		_, err = w.take("suspend", acmeOperator, w.suspended, "")
		ok(t, err)
		return w
	}
	step := func(name string, device func(world) string) func(world, string) error {
		return func(w world, signer string) error {
			_, err := w.take(name, signer, device(w), "")
			return err
		}
	}
	acmes := func(w world) string { return w.acmes }
	plants := func(w world) string { return w.plants }
	manufactured := func(w world) string { return w.manufactured }
	suspended := func(w world) string { return w.suspended }

	const (
		makers  = "acme's makers"
		owners  = "acme's operators"
		plantly = "plant's operators"
	)
	allowed := map[string][]string{
		makers:  {acmeMaker, acmeAdmin},
		owners:  {acmeOperator, acmeAdmin},
		plantly: {plantOp},
	}
	everyone := []string{acmeMaker, acmeOperator, acmeAdmin, acmeAuditor, plantOp, plantMaker, goneAdmin, stranger, ""}

	for name, test := range map[string]struct {
		send func(world, string) error
		who  string
		// others is how a member with the role is refused that is not the one.
		others error
	}{
		"enroll": {func(w world, signer string) error {
			msg := enrolment(t, 5)
			msg.Signer = signer
			_, _, err := deliver(w.ledger, w.Enroll, msg)
			return err
		}, makers, identity.ErrSignature},
		"activate": {func(w world, signer string) error {
			msg := activation(t, 1, 5)
			msg.Signer = signer
			_, _, err := deliver(w.ledger, w.Activate, msg)
			return err
		}, makers, identity.ErrNotMaker},
		"revoke-rows": {func(w world, signer string) error {
			_, _, err := deliver(w.ledger, w.RevokeRows, &types.MsgRevokeRows{Signer: signer, Batch: 1, Rows: types.Range{First: 5, Last: 9}})
			return err
		}, makers, identity.ErrNotMaker},
		"commission":                {step("commission", manufactured), owners, identity.ErrNotOwner},
		"suspend":                   {step("suspend", acmes), owners, identity.ErrNotOwner},
		"resume":                    {step("resume", suspended), owners, identity.ErrNotOwner},
		"retire":                    {step("retire", acmes), owners, identity.ErrNotOwner},
		"revoke":                    {step("revoke", acmes), owners, identity.ErrNotOwner},
		"suspend a device of plant": {step("suspend", plants), plantly, identity.ErrNotOwner},
		"revoke a device of plant":  {step("revoke", plants), plantly, identity.ErrNotOwner},
	} {
		for _, signer := range everyone {
			w := ready()
			may := false
			for _, a := range allowed[test.who] {
				may = may || a == signer
			}
			if may {
				if err := test.send(w, signer); err != nil {
					t.Errorf("%s by %s: %v", name, signer, err)
				}
				continue
			}
			want := test.others
			switch a, known := w.town.accounts[signer]; {
			case !known:
				want = consortium.ErrAccountUnknown
			case a.member == "gone":
				want = consortium.ErrNotActive
			case test.who == makers && !consortium.HasRole(a.roles, consortium.RoleManufacturer),
				test.who != makers && !consortium.HasRole(a.roles, consortium.RoleOperator):
				want = consortium.ErrRole
			}
			w.refuses(t, name+" by "+signer, "", want, func() error { return test.send(w, signer) })
		}
	}

	// Any manufacturer may anchor a list, in its own name only.
	for _, signer := range everyone {
		w := ready()
		msg := manifest(t)
		msg.Signer = signer
		resp, _, err := deliver(w.ledger, w.EnrollBatch, msg)
		a := w.town.accounts[signer]
		may := a.member != "gone" && consortium.HasRole(a.roles, consortium.RoleManufacturer)
		if (err == nil) != may {
			t.Errorf("enroll-batch by %s: %v", signer, err)
		}
		if err != nil {
			continue
		}
		if b, err := w.query.Keeper.Batch(w.ctx, resp.Id); err != nil || b.Maker != a.member {
			t.Errorf("enroll-batch by %s: made by %q, %v", signer, b.Maker, err)
		}
	}
}
