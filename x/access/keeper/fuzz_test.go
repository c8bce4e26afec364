package keeper_test

import (
	"cmp"
	"context"
	"slices"
	"testing"

	"github.com/hallmark-ledger/hallmark/x/access/types"
)

// message is a request that a handler takes.
type message interface {
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
}

// sortGenesis gives a genesis its one spelling.
func sortGenesis(g *types.GenesisState) {
	slices.SortFunc(g.Segments, func(a, b types.Segment) int { return cmp.Compare(a.Id, b.Id) })
	slices.SortFunc(g.Grants, func(a, b types.GrantEntry) int {
		return cmp.Or(cmp.Compare(a.Segment, b.Segment), cmp.Compare(a.Id, b.Id))
	})
	slices.SortFunc(g.Histories, func(a, b types.GrantHistory) int {
		return cmp.Or(cmp.Compare(a.Segment, b.Segment), cmp.Compare(a.Id, b.Id))
	})
}

// fuzz throws bytes, read as a message, at a handler of a ledger with something
// of everything: it never panics, when it fails nothing has changed, and when it
// does not the state is one that a genesis may have.
func fuzz[M message, R any](f *testing.F, empty func() M, handler func(*ledger) func(context.Context, M) (R, error), good func(*ledger) M) {
	l := used(f)
	msg := good(l)
	seed, err := msg.Marshal()
	ok(f, err)
	if _, _, err := deliver(l, handler(l), msg); err != nil {
		f.Fatalf("the seed is refused: %v", err)
	}
	l = used(f)
	f.Add(seed)
	f.Add([]byte{})
	base := l.ctx
	f.Fuzz(func(t *testing.T, raw []byte) {
		msg := empty()
		if msg.Unmarshal(raw) != nil {
			return
		}
		l.ctx, _ = base.CacheContext()
		before := l.dump()
		_, events, err := deliver(l, handler(l), msg)
		switch {
		case err != nil && !slices.Equal(before, l.dump()):
			t.Fatal("a message that failed changed the state")
		case err == nil && len(events) != 1:
			t.Fatalf("%d events", len(events))
		case err == nil:
			g, err := l.ExportGenesis(l.ctx)
			ok(t, err)
			ok(t, g.Validate())
			ok(t, l.EndBlock(l.ctx))
			ok(t, l.feeds.EndBlock(l.ctx))
		}
	})
}

func FuzzCreateSegment(f *testing.F) {
	fuzz(f, func() *types.MsgCreateSegment { return new(types.MsgCreateSegment) },
		func(l *ledger) func(context.Context, *types.MsgCreateSegment) (*types.MsgCreateSegmentResponse, error) {
			return l.CreateSegment
		},
		func(*ledger) *types.MsgCreateSegment {
			return &types.MsgCreateSegment{Signer: acmeOp, Slug: "office", Policy: policy("mqtt:office/")}
		})
}

func FuzzSetPolicy(f *testing.F) {
	fuzz(f, func() *types.MsgSetPolicy { return new(types.MsgSetPolicy) },
		func(l *ledger) func(context.Context, *types.MsgSetPolicy) (*types.MsgSetPolicyResponse, error) {
			return l.SetPolicy
		},
		func(*ledger) *types.MsgSetPolicy {
			return &types.MsgSetPolicy{Signer: acmeOp, Segment: plant, Policy: policy("mqtt:plant/line1/", "coap:plant/")}
		})
}

func FuzzGrant(f *testing.F) {
	fuzz(f, func() *types.MsgGrant { return new(types.MsgGrant) },
		func(l *ledger) func(context.Context, *types.MsgGrant) (*types.MsgGrantResponse, error) {
			return l.Grant
		},
		func(l *ledger) *types.MsgGrant {
			spec := l.spec(l.enrol(f, 1, "acme"))
			spec.NotBefore = &genesisTime
			return &types.MsgGrant{Signer: acmeOp, Segment: plant, Grants: []types.GrantSpec{spec, spec}}
		})
}

func FuzzRevoke(f *testing.F) {
	fuzz(f, func() *types.MsgRevoke { return new(types.MsgRevoke) },
		func(l *ledger) func(context.Context, *types.MsgRevoke) (*types.MsgRevokeResponse, error) {
			return l.Revoke
		},
		func(*ledger) *types.MsgRevoke {
			return &types.MsgRevoke{Signer: acmeOp, Segment: plant, Grants: []uint64{2}, Reason: "lost"}
		})
}

func FuzzAdmit(f *testing.F) {
	fuzz(f, func() *types.MsgAdmit { return new(types.MsgAdmit) },
		func(l *ledger) func(context.Context, *types.MsgAdmit) (*types.MsgAdmitResponse, error) {
			return l.Admit
		},
		func(l *ledger) *types.MsgAdmit {
			return &types.MsgAdmit{Signer: acmeOp, Device: l.enrol(f, 2, "acme"), Segment: "beta/line"}
		})
}
