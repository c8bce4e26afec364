package feed

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"pgregory.net/rapid"
)

// vector is a set and its digest, frozen in testdata/digests.json.
type vector struct {
	Name    string `json:"name"`
	Records []struct {
		Key   string `json:"key"`   // hex
		Value string `json:"value"` // hex
	} `json:"records"`
	Digest string `json:"digest"` // hex
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDigestsAreFrozen(t *testing.T) {
	raw, err := os.ReadFile("testdata/digests.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		var acc Accumulator
		b := NewBuilder(v.Name)
		for _, r := range v.Records {
			acc.Add(v.Name, unhex(t, r.Key), unhex(t, r.Value))
			if err := b.Add(unhex(t, r.Key), unhex(t, r.Value)); err != nil {
				t.Fatal(err)
			}
		}
		digest := acc.Digest()
		if got := hex.EncodeToString(digest[:]); got != v.Digest {
			t.Errorf("%s, %d records: digest %s, want %s", v.Name, len(v.Records), got, v.Digest)
		}
		if b.Set().Digest() != digest {
			t.Errorf("%s, %d records: the set has another digest than the sum", v.Name, len(v.Records))
		}
	}
}

// 65,536 copies of one element cancel out, so a receiver that only summed a
// stream would take them for nothing. A set holds each key at most once.
func TestCopiesCancelOutAndAreRefused(t *testing.T) {
	const copies = 1 << 16
	key, value := []byte("g-of-an-attacker"), []byte("allow everything")
	var h hasher = *hashers.New().(*hasher)
	e := *h.element("segment/acme/plant", key, value)

	honest := Accumulator{}
	honest.Add("segment/acme/plant", []byte("p"), []byte("policy"))
	fooled := honest
	for i := range copies {
		fooled.add(&e)
		if i < copies-1 && fooled == honest {
			t.Fatalf("%d copies cancel out", i+1)
		}
	}
	if fooled != honest {
		t.Fatal("65,536 copies do not cancel out: lanes are not of 16 bits")
	}

	b := NewBuilder("segment/acme/plant")
	if err := b.Add(key, value); err != nil {
		t.Fatal(err)
	}
	if err := b.Add(key, value); !is(err, ErrOrder) {
		t.Errorf("a listing with a key twice: %v; want ErrOrder", err)
	}
	changes := make([]Change, copies)
	for i := range changes {
		changes[i] = Change{Sequence: uint64(i + 1), Key: key, Value: value}
	}
	if _, err := EmptySet("segment/acme/plant").Apply(changes); !is(err, ErrOrder) {
		t.Errorf("changes with a key twice: %v; want ErrOrder", err)
	}
	// One after another, each change subtracts the element of the value held.
	set := EmptySet("segment/acme/plant")
	for range 3 {
		var err error
		if set, err = set.Apply(changes[:1]); err != nil {
			t.Fatal(err)
		}
	}
	var once Accumulator
	once.add(&e)
	if set.Len() != 1 || set.Digest() != once.Digest() {
		t.Errorf("a key set three times stands %d times", set.Len())
	}
}

// Every part of a record moves the digest, also where only the border between
// two parts moves.
func TestDigestTellsRecordsApart(t *testing.T) {
	seen := map[[32]byte]string{}
	for _, r := range [][3]string{
		{"a", "b", "c"}, {"ab", "", "c"}, {"", "ab", "c"}, {"a", "bc", ""}, {"a", "", "bc"}, {"b", "a", "c"},
	} {
		var acc Accumulator
		acc.Add(r[0], []byte(r[1]), []byte(r[2]))
		if other, ok := seen[acc.Digest()]; ok {
			t.Errorf("%q and %s have one digest", r, other)
		}
		seen[acc.Digest()] = r[0] + "|" + r[1] + "|" + r[2]
	}
}

// The lanes are added four at once; this does it one by one.
func TestLanesAreAddedModulo65536(t *testing.T) {
	lane := func(b *[AccumulatorSize]byte, i int) uint16 { return binary.LittleEndian.Uint16(b[2*i:]) }
	rapid.Check(t, func(t *rapid.T) {
		var a, e [AccumulatorSize]byte
		for i := 0; i < AccumulatorSize; i += 64 {
			// Runs of edges, and noise.
			x := rapid.SampledFrom([]uint16{0, 1, 0x7fff, 0x8000, 0x8001, 0xffff, rapid.Uint16().Draw(t, "x")}).Draw(t, "lane")
			y := rapid.SampledFrom([]uint16{0, 1, 0x7fff, 0x8000, 0x8001, 0xffff, rapid.Uint16().Draw(t, "y")}).Draw(t, "other")
			for j := i; j < i+64; j += 2 {
				binary.LittleEndian.PutUint16(a[j:], x)
				binary.LittleEndian.PutUint16(e[j:], y)
				x, y = x*31+7, y*29+11
			}
		}
		sum, diff := Accumulator(a), Accumulator(a)
		sum.add(&e)
		diff.subtract(&e)
		for i := range AccumulatorSize / 2 {
			x, y := lane(&a, i), lane(&e, i)
			s, d := [AccumulatorSize]byte(sum), [AccumulatorSize]byte(diff)
			if lane(&s, i) != x+y || lane(&d, i) != x-y {
				t.Fatalf("lane %d: %#x and %#x: sum %#x, difference %#x", i, x, y, lane(&s, i), lane(&d, i))
			}
		}
		sum.subtract(&e)
		if sum != a {
			t.Fatal("to subtract does not undo to add")
		}
	})
}

func BenchmarkAccumulatorAdd(b *testing.B) {
	b.ReportAllocs()
	var acc Accumulator
	key, value := make([]byte, 41), make([]byte, 200)
	for b.Loop() {
		acc.Add("segment/owner/plant", key, value)
	}
}
