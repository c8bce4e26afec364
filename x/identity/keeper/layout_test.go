package keeper_test

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"
)

// The keys of the store are a format: this test freezes them.
func TestLayoutIsGolden(t *testing.T) {
	l := newLedger(t)
	batch := l.anchor(t)
	l.enrol(t, 1)
	_, _, err := deliver(l, l.Activate, activation(t, batch, 2))
	ok(t, err)
	one := hex.EncodeToString(digest(t, 1))
	two := hex.EncodeToString(digest(t, 2))
	want := []string{
		"01" + one, "01" + two, // devices
		"02" + one, "02" + two, // enrolments
		"03" + hex.EncodeToString([]byte("acme")) + "00" + one, // owned
		"03" + hex.EncodeToString([]byte("plant")) + "00" + two,
		"04" + one, "04" + two, // keys
		"05" + "0000000000000001", // batches
		"06",                      // next batch
	}
	slices.Sort(want)
	var got []string
	it := l.ctx.KVStore(l.store).Iterator(nil, nil)
	defer it.Close()
	for ; it.Valid(); it.Next() {
		got = append(got, hex.EncodeToString(it.Key()))
	}
	if !slices.Equal(got, want) {
		t.Errorf("keys:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func digest(t testing.TB, row uint64) []byte {
	t.Helper()
	d := theFactory(t).rows[row-1].Key.Digest
	return d[:]
}
