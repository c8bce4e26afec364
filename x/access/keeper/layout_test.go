package keeper_test

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/types"
	"github.com/hallmark-ledger/hallmark/x/feed"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// The keys of the store and of the feeds are a format: this test freezes them.
func TestLayoutIsGolden(t *testing.T) {
	l := newLedger(t)
	l.open(t)
	line := l.segment(t, betaOp, "line", "mqtt:line/")
	device := l.enrol(t, 1, "acme")
	l.grant(t, l.spec(device))
	_, _, err := deliver(l, l.Admit, &types.MsgAdmit{Signer: acmeOp, Device: device, Segment: line})
	ok(t, err)
	digest, err := identity.ParseID(device)
	ok(t, err)
	text := func(s string) string { return hex.EncodeToString([]byte(s)) }
	one, bytes32 := "0000000000000001", "20"+hex.EncodeToString(digest[:])
	want := []string{
		"01" + text(plant), "01" + text(line), // segments
		"02" + text(plant), "02" + text(line), // next
		"03" + text(plant) + "00" + one,                      // subjects
		"04" + bytes32 + text(plant) + "00" + one,            // given
		"05" + bytes32 + text(plant),                         // counts
		"06" + bytes32 + text(plant),                         // slots
		"07" + bytes32 + text(line),                          // admissions
		"08" + "0000000069cd08c0" + text(plant) + "00" + one, // queue
		"09" + text(plant) + "00" + one,                      // histories
	}
	slices.Sort(want)
	var got []string
	for key := range stateOf(l) {
		got = append(got, hex.EncodeToString([]byte(key)))
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("keys:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for name, key := range map[string][]byte{
		"the policy": []byte("p"),
		"the grant":  append(append([]byte{'g', 1}, digest[:]...), 0, 0, 0, 0, 0, 0, 0, 1),
		"the device": append([]byte{'d'}, digest[:]...),
	} {
		if _, held, err := l.feeds.Get(l.ctx, "segment/acme/plant", key); err != nil || !held {
			t.Errorf("%s does not stand at %x: %v", name, key, err)
		}
	}
	if subject, id, is := access.ParseGrantKey(access.GrantKey(digest, 7)); subject != digest || id != 7 || !is {
		t.Error("a grant's key does not read as it is written")
	}
	if feed.Segment(plant) != "segment/acme/plant" {
		t.Error(feed.Segment(plant))
	}
}
