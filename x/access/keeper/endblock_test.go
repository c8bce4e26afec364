package keeper_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/keeper"
	"github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// TestExpiry follows two grants through their end, the day on which they still
// say so, and the years after.
func TestExpiry(t *testing.T) {
	l := newLedger(t)
	l.members(t)
	l.open(t)
	device := l.enrol(t, 1, "acme")
	short, long := l.spec(device), l.spec(device)
	short.NotAfter, long.NotAfter = genesisTime.Add(time.Hour), genesisTime.Add(2*time.Hour)
	l.grant(t, short, long)
	l.block(t, 2*time.Hour)
	if d := l.decide(t, device, "mqtt:plant/a"); d.Reason != "grant_expired" || d.Grant != 1 {
		t.Errorf("%v", d)
	}
	l.block(t, 23*time.Hour-time.Second) // short ended a day ago but for a second
	l.block(t, time.Second)
	if _, err := l.query.Grant(l.ctx, &types.QueryGrantRequest{Segment: plant, Id: 1}); err != nil {
		t.Errorf("gone too early: %v", err)
	}
	l.block(t, time.Hour)
	if _, err := l.query.Grant(l.ctx, &types.QueryGrantRequest{Segment: plant, Id: 1}); status.Code(err) != codes.NotFound {
		t.Errorf("still there: %v", err)
	}
	if !l.holds(t, plant, device) {
		t.Error("the device's record went with the first of two grants")
	}
	l.block(t, time.Second)
	if l.holds(t, plant, device) {
		t.Error("the device's record stayed after the last grant")
	}
	l.block(t, time.Second)
	head, err := l.feeds.Head(l.ctx, feed.Segment(plant))
	ok(t, err)
	if head.Records != 1 {
		t.Errorf("%d records; want the policy alone", head.Records)
	}
	history, err := l.query.History(l.ctx, &types.QueryHistoryRequest{Segment: plant, Id: 1})
	ok(t, err)
	if len(history.Entries) != 2 || history.Entries[1].Verb != "pruned" || history.Entries[1].Txhash != "" || history.Entries[1].Signer != "" {
		t.Errorf("%v", history)
	}
	if ids := l.grant(t, l.spec(device)); !slices.Equal(ids, []uint64{3}) {
		t.Errorf("ids %v; want none reused", ids)
	}
	l.block(t, keeper.HistoryKept)
	l.block(t, time.Second)
	if _, err := l.query.History(l.ctx, &types.QueryHistoryRequest{Segment: plant, Id: 1}); !errors.Is(err, access.ErrGrantUnknown) {
		t.Errorf("the history stayed: %v", err)
	}
}

// TestPruningIsBounded: a block prunes no more than its bound, and the next ones
// take the rest.
func TestPruningIsBounded(t *testing.T) {
	l := newLedger(t)
	l.open(t)
	device := l.enrol(t, 1, "acme")
	spec := l.spec(device)
	spec.NotAfter = genesisTime.Add(time.Hour)
	l.grant(t, slices.Repeat([]types.GrantSpec{spec}, 2*keeper.PrunedPerBlock+1)...)
	l.block(t, 48*time.Hour)
	for _, left := range []uint64{keeper.PrunedPerBlock + 1, 1, 0} {
		l.block(t, time.Second)
		head, err := l.feeds.Head(l.ctx, feed.Segment(plant))
		ok(t, err)
		if grants := head.Records - 1; left > 0 && grants != left+1 || left == 0 && grants != 0 { // and the device
			t.Errorf("%d records beside the policy; want %d grants", grants, left)
		}
	}
}
