package keeper_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

func TestQuerySegments(t *testing.T) {
	l := newLedger(t)
	l.open(t)
	l.segment(t, acmeOp, "office", "mqtt:office/")
	l.segment(t, betaOp, "line", "mqtt:line/")
	all, err := l.query.Segments(l.ctx, &types.QuerySegmentsRequest{})
	ok(t, err)
	if len(all.Segments) != 3 || all.Segments[0].Id != "acme/office" || all.Segments[2].Id != "beta/line" {
		t.Errorf("%v", all)
	}
	own, err := l.query.Segments(l.ctx, &types.QuerySegmentsRequest{Member: "acme", Pagination: &query.PageRequest{Limit: 1}})
	ok(t, err)
	if len(own.Segments) != 1 || own.Pagination.NextKey == nil {
		t.Fatalf("%v", own)
	}
	own, err = l.query.Segments(l.ctx, &types.QuerySegmentsRequest{Member: "acme", Pagination: &query.PageRequest{Key: own.Pagination.NextKey}})
	ok(t, err)
	if len(own.Segments) != 1 || own.Segments[0].Id != plant || own.Pagination.NextKey != nil {
		t.Errorf("%v", own)
	}
	if _, err := l.query.Segments(l.ctx, &types.QuerySegmentsRequest{Member: "A"}); err == nil || !strings.Contains(err.Error(), "member") {
		t.Errorf("%v", err)
	}
	if _, err := l.query.Segment(l.ctx, &types.QuerySegmentRequest{Segment: "acme/none"}); !errors.Is(err, access.ErrSegmentUnknown) {
		t.Errorf("%v", err)
	}
	for name, page := range map[string]*query.PageRequest{
		"pagination.limit":       {Limit: 1001},
		"pagination.offset":      {Offset: 10_001},
		"pagination.count_total": {CountTotal: true},
	} {
		if _, err := l.query.Segments(l.ctx, &types.QuerySegmentsRequest{Pagination: page}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := l.query.Grants(l.ctx, &types.QueryGrantsRequest{Segment: plant, Pagination: page}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestQueryGrants(t *testing.T) {
	l := newLedger(t)
	l.open(t)
	one, two := l.enrol(t, 1, "acme"), l.enrol(t, 2, "acme")
	narrow := l.spec(two)
	narrow.Resources, narrow.NotAfter = []string{"mqtt:plant/line1/+"}, genesisTime.Add(time.Hour)
	l.grant(t, l.spec(one), narrow, l.spec(two), l.spec(one))
	soon := genesisTime.Add(2 * time.Hour)
	exact := genesisTime.Add(time.Hour)
	for name, c := range map[string]struct {
		req  types.QueryGrantsRequest
		want []uint64
	}{
		"all":          {types.QueryGrantsRequest{}, []uint64{1, 2, 3, 4}},
		"subject":      {types.QueryGrantsRequest{Subject: two}, []uint64{2, 3}},
		"a resource":   {types.QueryGrantsRequest{Resource: "mqtt:plant/line1/a"}, []uint64{1, 2, 3, 4}},
		"another":      {types.QueryGrantsRequest{Resource: "mqtt:plant/line2/a"}, []uint64{1, 3, 4}},
		"a filter":     {types.QueryGrantsRequest{Resource: "mqtt:plant/line1/#"}, []uint64{1, 3, 4}},
		"issuer":       {types.QueryGrantsRequest{Issuer: "acme"}, []uint64{1, 2, 3, 4}},
		"other issuer": {types.QueryGrantsRequest{Issuer: "beta"}, nil},
		"expiring":     {types.QueryGrantsRequest{ExpiringBefore: &soon}, []uint64{2}},
		"not before":   {types.QueryGrantsRequest{ExpiringBefore: &exact}, nil},
		"together":     {types.QueryGrantsRequest{Subject: two, Resource: "mqtt:plant/line2/a", Issuer: "acme"}, []uint64{3}},
	} {
		c.req.Segment = plant
		// One page at a time gives the same.
		for _, limit := range []uint64{0, 1} {
			var got []uint64
			for key := []byte(nil); ; {
				req := c.req
				req.Pagination = &query.PageRequest{Limit: limit, Key: key}
				resp, err := l.query.Grants(l.ctx, &req)
				ok(t, err)
				for _, e := range resp.Grants {
					got = append(got, e.Id)
				}
				if key = resp.Pagination.NextKey; key == nil {
					break
				}
			}
			if len(got) != len(c.want) {
				t.Errorf("%s, pages of %d: %v; want %v", name, limit, got, c.want)
				continue
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("%s, pages of %d: %v; want %v", name, limit, got, c.want)
				}
			}
		}
	}
	for field, req := range map[string]types.QueryGrantsRequest{
		"segment":  {Segment: "plant"},
		"subject":  {Segment: plant, Subject: "x"},
		"resource": {Segment: plant, Resource: "x"},
		"issuer":   {Segment: plant, Issuer: "X"},
	} {
		if _, err := l.query.Grants(l.ctx, &req); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, id := range []uint64{0, 5} {
		_, err := l.query.Grant(l.ctx, &types.QueryGrantRequest{Segment: plant, Id: id})
		if status.Code(err) != codes.NotFound || !strings.Contains(err.Error(), fmt.Sprintf("id: %d in segment", id)) {
			t.Errorf("%v", err)
		}
		if _, err := l.query.History(l.ctx, &types.QueryHistoryRequest{Segment: plant, Id: id}); !errors.Is(err, access.ErrGrantUnknown) {
			t.Errorf("%v", err)
		}
	}
}

func TestQueryDecide(t *testing.T) {
	l := newLedger(t)
	l.members(t)
	l.open(t)
	line := l.segment(t, acmeOp, "line", "mqtt:line/")
	device := l.enrol(t, 1, "acme")
	spec := l.spec(device)
	spec.Conditions = []access.Condition{{Attribute: "n", Operator: access.OperatorLe, Value: &access.Condition_Number{Number: 3}}}
	l.grant(t, spec)
	l.block(t, time.Second)
	ask := func(edit func(*types.QueryDecideRequest)) (*types.QueryDecideResponse, error) {
		req := &types.QueryDecideRequest{
			Subject: device, Action: "get", Resource: "mqtt:plant/a",
			Context: []types.Attribute{{Name: "n", Value: &types.Attribute_Number{Number: 3}}},
		}
		edit(req)
		return l.query.Decide(l.ctx, req)
	}
	resp, err := ask(func(*types.QueryDecideRequest) {})
	ok(t, err)
	if !resp.Decision || resp.Reason != "allowed" || resp.Grant != 1 || resp.Segment != plant || resp.Height != 7 {
		t.Errorf("%v", resp)
	}
	resp, err = ask(func(r *types.QueryDecideRequest) { r.Context = nil })
	ok(t, err)
	if resp.Decision || resp.Reason != "condition_failed" || !strings.Contains(resp.Detail, "n<=3") {
		t.Errorf("%v", resp)
	}
	resp, err = ask(func(r *types.QueryDecideRequest) { r.Segments = []string{line} })
	ok(t, err)
	if resp.Reason != "segment_unknown" {
		t.Errorf("%v", resp)
	}
	// Suspended in this block, and denied in it.
	l.change(t, device, func(d *identity.Device) { d.Status, d.SinceHeight = identity.StatusSuspended, 8 })
	l.block(t, time.Second)
	resp, err = ask(func(*types.QueryDecideRequest) {})
	ok(t, err)
	if resp.Reason != "device_suspended" || resp.Since != 8 || resp.Fix != "hallmarkd tx identity resume "+device {
		t.Errorf("%v", resp)
	}
	for field, edit := range map[string]func(*types.QueryDecideRequest){
		"subject":     func(r *types.QueryDecideRequest) { r.Subject = "x" },
		"segments[0]": func(r *types.QueryDecideRequest) { r.Segments = []string{"acme/none"} },
		"segments":    func(r *types.QueryDecideRequest) { r.Segments = make([]string, 65) },
		"context[0]":  func(r *types.QueryDecideRequest) { r.Context = make([]types.Attribute, 1) },
		"context":     func(r *types.QueryDecideRequest) { r.Context = append(r.Context, r.Context...) },
	} {
		if _, err := ask(edit); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}
