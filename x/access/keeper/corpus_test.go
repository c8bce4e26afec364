package keeper_test

import (
	"testing"

	"github.com/hallmark-ledger/hallmark/x/access/corpus"
	"github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// TestDecisionsOnTheChain replays the corpus through the chain's state and its
// query. Left out is what a chain cannot be asked: a View that is not verified
// or another time than its own, a presented key, and a context that the query
// itself refuses.
func TestDecisionsOnTheChain(t *testing.T) {
	files, err := corpus.Load()
	ok(t, err)
	replayed := map[string]int{}
	for _, f := range files {
		if f.View.State != "verified" || len(f.View.Segments) == 0 || f.Name == "no_member" {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			l := onChain(t, &f.View)
			order := make([]string, len(f.View.Segments))
			for i, s := range f.View.Segments {
				order[i] = s.ID
			}
			for _, c := range f.Checks {
				if c.Now.Basis != "verified" || !c.Now.Time.Equal(f.View.Time) || c.Request.Key != "" {
					continue
				}
				req := &types.QueryDecideRequest{Subject: c.Request.Subject, Action: c.Request.Action, Resource: c.Request.Resource, Segments: order}
				req.Context, err = asked(&c)
				ok(t, err)
				got, err := l.query.Decide(l.ctx, req)
				if err != nil {
					if c.Decision.Reason != "bad_request" || req.Context == nil {
						t.Errorf("%s: %v", c.About, err)
					}
					continue
				}
				want := c.Decision
				if got.Decision != want.Allow || got.Reason != string(want.Reason) || got.Segment != want.Segment || got.Grant != want.Grant || got.Since != want.Since {
					t.Errorf("%s: %v; want %+v", c.About, got, want)
				}
				replayed[got.Reason]++
			}
		})
	}
	if len(replayed) < 15 {
		t.Errorf("only %d reasons came about: %v", len(replayed), replayed)
	}
}

// asked is the context of a check as the query has it.
func asked(c *corpus.Check) (out []types.Attribute, err error) {
	req, err := c.Ask()
	if err != nil {
		return nil, err
	}
	for _, a := range req.Context {
		w := types.Attribute{Name: a.Name}
		switch c.Request.Context[a.Name].(type) {
		case string:
			w.Value = &types.Attribute_Text{Text: a.Text}
		case bool:
			w.Value = &types.Attribute_Truth{Truth: a.Truth}
		default:
			w.Value = &types.Attribute_Number{Number: a.Number}
		}
		out = append(out, w)
	}
	return out, nil
}

// onChain imports a View as the genesis of a chain.
func onChain(t *testing.T, v *corpus.View) *ledger {
	t.Helper()
	l := newLedger(t)
	l.ctx = l.ctx.WithBlockHeight(v.Height).WithBlockTime(v.Time)
	ok(t, l.feeds.Create(l.ctx, feed.Members))
	for i := range v.Members {
		m, err := v.Members[i].Record()
		ok(t, err)
		l.town.standings[m.Id] = m.Standing
		record, err := m.Marshal()
		ok(t, err)
		ok(t, l.feeds.Set(l.ctx, feed.System, feed.Members, consortium.MemberKey(m.Id), record))
	}
	g := types.DefaultGenesis()
	for i := range v.Segments {
		s := &v.Segments[i]
		policy, err := s.Record()
		ok(t, err)
		g.Segments = append(g.Segments, types.Segment{Id: s.ID, Policy: policy, NextGrant: 1000})
		for j := range s.Devices {
			digest, d, err := s.Devices[j].Record()
			ok(t, err)

			l.put(t, digest, d)
		}
		for j := range s.Grants {
			subject, grant, err := s.Grants[j].Record(policy.Member)
			ok(t, err)
			g.Grants = append(g.Grants, types.GrantEntry{Id: s.Grants[j].ID, Segment: s.ID, Subject: identity.ID(subject), Grant: grant})
			h := types.GrantHistory{Segment: s.ID, Id: s.Grants[j].ID, Entries: []types.HistoryEntry{{Verb: types.VerbGranted, Time: v.Time}}}
			g.Histories = append(g.Histories, h)
		}
	}
	sortGenesis(g)
	ok(t, l.InitGenesis(l.ctx, *g))
	ok(t, l.feeds.EndBlock(l.ctx))
	return l
}
