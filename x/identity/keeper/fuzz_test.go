package keeper_test

import (
	"context"
	"testing"

	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

// message is a request that a handler takes.
type message interface {
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
}

// fuzz throws bytes, read as a message, at a handler of a ledger with something
// of everything: it never panics, fails with a short error, and leaves a state
// that is valid and one event when it succeeds.
func fuzz[M message, R any](f *testing.F, empty func() M, handler func(*ledger) func(context.Context, M) (R, error), good func(testing.TB, *ledger) M) {
	l := used(f)
	seed, err := good(f, l).Marshal()
	ok(f, err)
	f.Add(seed)
	f.Add([]byte{})
	base := l.ctx
	f.Fuzz(func(t *testing.T, raw []byte) {
		msg := empty()
		if msg.Unmarshal(raw) != nil {
			return
		}
		l.ctx, _ = base.CacheContext()
		shared := l.feeds.clone()
		_, events, err := deliver(l, handler(l), msg)
		switch {
		case err != nil && len(err.Error()) > 4096:
			t.Fatalf("an error of %d bytes", len(err.Error()))
		case err == nil && len(events) != 1:
			t.Fatalf("%d events", len(events))
		case err == nil:
			g, err := l.ExportGenesis(l.ctx)
			ok(t, err)
			if err := g.Validate(); err != nil {
				t.Fatalf("the state is not valid: %v", err)
			}
		}
		l.feeds.shared = shared
	})
}

func FuzzEnroll(f *testing.F) {
	fuzz(f, func() *types.MsgEnroll { return &types.MsgEnroll{} },
		func(l *ledger) func(context.Context, *types.MsgEnroll) (*types.MsgEnrollResponse, error) {
			return l.Enroll
		},
		func(t testing.TB, _ *ledger) *types.MsgEnroll { return enrolment(t, 6) })
}

func FuzzEnrollBatch(f *testing.F) {
	fuzz(f, func() *types.MsgEnrollBatch { return &types.MsgEnrollBatch{} },
		func(l *ledger) func(context.Context, *types.MsgEnrollBatch) (*types.MsgEnrollBatchResponse, error) {
			return l.EnrollBatch
		},
		func(t testing.TB, _ *ledger) *types.MsgEnrollBatch { return manifest(t) })
}

func FuzzActivate(f *testing.F) {
	fuzz(f, func() *types.MsgActivate { return &types.MsgActivate{} },
		func(l *ledger) func(context.Context, *types.MsgActivate) (*types.MsgActivateResponse, error) {
			return l.Activate
		},
		func(t testing.TB, _ *ledger) *types.MsgActivate { return activation(t, 1, 6, 7) })
}

func FuzzCommission(f *testing.F) {
	fuzz(f, func() *types.MsgCommission { return &types.MsgCommission{} },
		func(l *ledger) func(context.Context, *types.MsgCommission) (*types.MsgCommissionResponse, error) {
			return l.Commission
		},
		func(t testing.TB, l *ledger) *types.MsgCommission {
			msg := enrolment(t, 6)
			msg.Manufactured = true
			resp, _, err := deliver(l, l.Enroll, msg)
			ok(t, err)
			return &types.MsgCommission{Signer: acmeOperator, Device: resp.Id}
		})
}

func FuzzSuspend(f *testing.F) {
	fuzz(f, func() *types.MsgSuspend { return &types.MsgSuspend{} },
		func(l *ledger) func(context.Context, *types.MsgSuspend) (*types.MsgSuspendResponse, error) {
			return l.Suspend
		},
		func(t testing.TB, l *ledger) *types.MsgSuspend {
			return &types.MsgSuspend{Signer: acmeOperator, Device: l.enrol(t, 6), Reason: "lost"}
		})
}

func FuzzResume(f *testing.F) {
	fuzz(f, func() *types.MsgResume { return &types.MsgResume{} },
		func(l *ledger) func(context.Context, *types.MsgResume) (*types.MsgResumeResponse, error) {
			return l.Resume
		},
		func(t testing.TB, l *ledger) *types.MsgResume {
			id := l.enrol(t, 6)
			_, err := l.take("suspend", acmeOperator, id, "")
			ok(t, err)
			return &types.MsgResume{Signer: acmeOperator, Device: id, Reason: "found"}
		})
}

func FuzzRetire(f *testing.F) {
	fuzz(f, func() *types.MsgRetire { return &types.MsgRetire{} },
		func(l *ledger) func(context.Context, *types.MsgRetire) (*types.MsgRetireResponse, error) {
			return l.Retire
		},
		func(t testing.TB, l *ledger) *types.MsgRetire {
			return &types.MsgRetire{Signer: acmeOperator, Device: l.enrol(t, 6)}
		})
}

func FuzzRevoke(f *testing.F) {
	fuzz(f, func() *types.MsgRevoke { return &types.MsgRevoke{} },
		func(l *ledger) func(context.Context, *types.MsgRevoke) (*types.MsgRevokeResponse, error) {
			return l.Revoke
		},
		func(t testing.TB, l *ledger) *types.MsgRevoke {
			return &types.MsgRevoke{Signer: acmeOperator, Device: l.enrol(t, 6)}
		})
}

func FuzzRevokeRows(f *testing.F) {
	fuzz(f, func() *types.MsgRevokeRows { return &types.MsgRevokeRows{} },
		func(l *ledger) func(context.Context, *types.MsgRevokeRows) (*types.MsgRevokeRowsResponse, error) {
			return l.RevokeRows
		},
		func(testing.TB, *ledger) *types.MsgRevokeRows {
			return &types.MsgRevokeRows{Signer: acmeMaker, Batch: 1, Rows: types.Range{First: 15, Last: 35}, Reason: "lost"}
		})
}
