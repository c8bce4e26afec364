package keeper_test

import (
	"bytes"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/hallmark-ledger/hallmark/x/identity"
	"github.com/hallmark-ledger/hallmark/x/identity/types"
)

func TestDevicesAreListedByOwnerInPages(t *testing.T) {
	l := newLedger(t)
	l.enrol(t, 1)
	l.enrol(t, 2)
	resp, _, err := deliver(l, l.Activate, activation(t, l.anchor(t), 3, 4, 5, 6, 7))
	ok(t, err)
	for owner, want := range map[string]int{"": 7, "acme": 2, "plant": 5, "nobody": 0, "pla": 0} {
		var ids []string
		page := &query.PageRequest{Limit: 2}
		for {
			got, err := l.query.Devices(l.ctx, &types.QueryDevicesRequest{Owner: owner, Pagination: page})
			ok(t, err)
			if len(got.Devices) > 2 {
				t.Fatalf("a page of %d", len(got.Devices))
			}
			for _, d := range got.Devices {
				if owner != "" && d.Device.Owner != owner {
					t.Errorf("%s is listed as of %q", d.Id, owner)
				}
				ids = append(ids, d.Id)
			}
			if len(got.Pagination.GetNextKey()) == 0 {
				break
			}
			page = &query.PageRequest{Limit: 2, Key: got.Pagination.NextKey}
		}
		if len(ids) != want {
			t.Errorf("%q: %d devices; want %d", owner, len(ids), want)
		}
		for i := 1; i < len(ids); i++ {
			a, err := identity.ParseID(ids[i-1])
			ok(t, err)
			b, err := identity.ParseID(ids[i])
			ok(t, err)
			if bytes.Compare(a[:], b[:]) >= 0 {
				t.Errorf("%q: not ascending", owner)
			}
		}
	}
	if d := l.device(t, resp.Ids[0]); d.Enrolment.Row != 3 {
		t.Errorf("%v", d)
	}
}

func TestBatchesAreListedInPages(t *testing.T) {
	l := newLedger(t)
	for range 3 {
		l.anchor(t)
	}
	first, err := l.query.Batches(l.ctx, &types.QueryBatchesRequest{Pagination: &query.PageRequest{Limit: 2}})
	ok(t, err)
	second, err := l.query.Batches(l.ctx, &types.QueryBatchesRequest{Pagination: &query.PageRequest{Limit: 2, Key: first.Pagination.NextKey}})
	ok(t, err)
	if len(first.Batches) != 2 || len(second.Batches) != 1 || second.Batches[0].Id != 3 || len(second.Pagination.NextKey) != 0 {
		t.Errorf("%v, %v", first, second)
	}
}

func TestQueriesRefuse(t *testing.T) {
	l := newLedger(t)
	id := l.enrol(t, 1)
	l.anchor(t)
	devices := func(r *types.QueryDevicesRequest) func() error {
		return func() error { _, err := l.query.Devices(l.ctx, r); return err }
	}
	batches := func(p *query.PageRequest) func() error {
		return func() error {
			_, err := l.query.Batches(l.ctx, &types.QueryBatchesRequest{Pagination: p})
			return err
		}
	}
	device := func(id string) func() error {
		return func() error { _, err := l.query.Device(l.ctx, &types.QueryDeviceRequest{Id: id}); return err }
	}
	for name, test := range map[string]struct {
		ask  func() error
		want codes.Code
	}{
		"malformed id":       {device(id + "a"), codes.InvalidArgument},
		"no id":              {device(""), codes.InvalidArgument},
		"unknown device":     {device(identity.ID(identity.KeyDigest{})), codes.NotFound},
		"nil request":        {func() error { _, err := l.query.Device(l.ctx, nil); return err }, codes.InvalidArgument},
		"unknown batch":      {func() error { _, err := l.query.Batch(l.ctx, &types.QueryBatchRequest{Id: 9}); return err }, codes.NotFound},
		"batch 0":            {func() error { _, err := l.query.Batch(l.ctx, nil); return err }, codes.NotFound},
		"malformed owner":    {devices(&types.QueryDevicesRequest{Owner: "A B"}), codes.InvalidArgument},
		"page too large":     {devices(&types.QueryDevicesRequest{Pagination: &query.PageRequest{Limit: 1001}}), codes.InvalidArgument},
		"offset too far":     {devices(&types.QueryDevicesRequest{Pagination: &query.PageRequest{Offset: 10_001}}), codes.InvalidArgument},
		"counting":           {devices(&types.QueryDevicesRequest{Pagination: &query.PageRequest{CountTotal: true}}), codes.InvalidArgument},
		"batches, too large": {batches(&query.PageRequest{Limit: ^uint64(0)}), codes.InvalidArgument},
		"batches, counting":  {batches(&query.PageRequest{CountTotal: true}), codes.InvalidArgument},
	} {
		err := test.ask()
		if text := status.Convert(err).Message(); strings.Contains(text, "codespace") || strings.Contains(text, ".go:") {
			t.Errorf("%s: says %q", name, text)
		}
		if got := status.Code(err); got != test.want {
			t.Errorf("%s: %v (%v); want %v", name, err, got, test.want)
		}
	}
	for name, ask := range map[string]func() error{
		"nil devices":          devices(nil),
		"odd page key":         devices(&types.QueryDevicesRequest{Pagination: &query.PageRequest{Key: []byte{1, 2, 3}}}),
		"odd page key, owned":  devices(&types.QueryDevicesRequest{Owner: "acme", Pagination: &query.PageRequest{Key: []byte{1, 2, 3}}}),
		"long page key, owned": devices(&types.QueryDevicesRequest{Owner: "acme", Pagination: &query.PageRequest{Key: make([]byte, 5000)}}),
		"odd key, batches":     batches(&query.PageRequest{Key: []byte{1, 2, 3}}),
		"empty key, batches":   batches(&query.PageRequest{Key: []byte{}}),
	} {
		func() {
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("%s: panics: %v", name, r)
				}
			}()
			_ = ask()
		}()
	}
}
