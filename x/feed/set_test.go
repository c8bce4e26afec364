package feed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func is(err, target error) bool { return errors.Is(err, target) }

// model is a set kept naively.
type model map[string]string

func (m model) apply(changes []Change) {
	for _, c := range changes {
		delete(m, string(c.Key))
		if !c.Removed {
			m[string(c.Key)] = string(c.Value)
		}
	}
}

// check compares a set with its model: every key, the order, prefixes, counts,
// digest, and the shape of its chunks.
func (m model) check(t interface{ Fatalf(string, ...any) }, s *Set, prefixes ...string) {
	var acc Accumulator
	var size uint64
	for k, v := range m {
		acc.Add(s.Name(), []byte(k), []byte(v))
		size += uint64(len(k) + len(v))
		if got, ok := s.Get([]byte(k)); !ok || string(got) != v {
			t.Fatalf("get %x: %q, %v; want %q", k, got, ok, v)
		}
		for _, near := range []string{k + "\x00", k[:len(k)-1]} {
			_, want := m[near]
			if _, ok := s.Get([]byte(near)); ok != want {
				t.Fatalf("get %x beside %x: %v; want %v", near, k, ok, want)
			}
		}
	}
	head := Head{Name: s.Name(), Records: uint64(len(m)), Bytes: size}
	digest := acc.Digest()
	head.Digest = digest[:]
	if err := s.Check(&head); err != nil {
		t.Fatalf("%v", err)
	}
	sorted := slices.Sorted(maps.Keys(m))
	for _, prefix := range append(prefixes, "") {
		r := s.Range([]byte(prefix))
		for _, k := range sorted {
			if !strings.HasPrefix(k, prefix) {
				continue
			}
			key, value, ok := r.Next()
			if !ok || string(key) != k || string(value) != m[k] {
				t.Fatalf("range %x: %x, %v; want %x", prefix, key, ok, k)
			}
		}
		for range 2 {
			if key, _, ok := r.Next(); ok {
				t.Fatalf("range %x: %x beyond the end", prefix, key)
			}
		}
	}
	for i := range s.chunks {
		c := &s.chunks[i]
		first, _ := c.at(0)
		if c.len() < 1 || c.len() > maxChunk || s.first[i] != head8(first) {
			t.Fatalf("chunk %d: %d records, directory %x, first key %x", i, c.len(), s.first[i], first)
		}
		if cap(c.data) != len(c.data) || cap(c.index) != len(c.index) {
			t.Fatalf("chunk %d: room for %d bytes, uses %d", i, cap(c.data), len(c.data))
		}
	}
}

// Keys of few letters collide, are prefixes of each other, and share their first
// eight bytes across chunks.
func keys() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringOfN(rapid.SampledFrom([]rune("ab\x00")), 1, 6, -1),
		rapid.Map(rapid.StringOfN(rapid.SampledFrom([]rune("abc")), 1, 7, -1), func(s string) string { return "12345678" + s }),
		rapid.Map(rapid.Uint16(), func(n uint16) string { return "g\x01" + fmt.Sprint(n) }),
	)
}

func changes(t *rapid.T, most int, removals int) []Change {
	ks := rapid.SliceOfNDistinct(keys(), 0, most, rapid.ID[string]).Draw(t, "keys")
	out := make([]Change, len(ks))
	for i, k := range ks {
		out[i] = Change{Key: []byte(k), Value: []byte(rapid.StringN(0, 20, -1).Draw(t, "value"))}
		if rapid.IntRange(0, 9).Draw(t, "remove") < removals {
			out[i].Value, out[i].Removed = nil, true
		}
	}
	return out
}

func TestApplyIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := model{}
		set := EmptySet("segment/acme/plant")
		for range rapid.IntRange(1, 6).Draw(t, "rounds") {
			before, kept := set, maps.Clone(want)
			batch := changes(t, rapid.SampledFrom([]int{1, 5, 300}).Draw(t, "most"), rapid.IntRange(0, 9).Draw(t, "removals"))
			next, err := set.Apply(batch)
			if err != nil {
				t.Fatalf("apply: %v", err)
			}
			want.apply(batch)
			want.check(t, next, "a", "b\x00", "1234567", "12345678", "12345678a", "g", "g\x01", "z")
			kept.check(t, before) // what was there before did not move
			set = next
		}
		// A listing of the same records is the same set.
		b := NewBuilder(set.Name())
		for _, k := range slices.Sorted(maps.Keys(want)) {
			if err := b.Add([]byte(k), []byte(want[k])); err != nil {
				t.Fatalf("add: %v", err)
			}
		}
		want.check(t, b.Set(), "a", "12345678b")
	})
}

func TestApplyRefuses(t *testing.T) {
	set := numbered(t, 100)
	digest := set.Digest()
	long := bytes.Repeat([]byte{'k'}, MaxKey+1)
	for name, batch := range map[string][]Change{
		"a key twice":               {{Key: []byte("x"), Value: []byte("1")}, {Key: []byte("y")}, {Key: []byte("x"), Value: []byte("2")}},
		"a key set and removed":     {{Key: []byte("x"), Value: []byte("1")}, {Key: []byte("x"), Removed: true}},
		"no key":                    {{Value: []byte("1")}},
		"a long key":                {{Key: long}},
		"a long record":             {{Key: []byte("x"), Value: make([]byte, MaxRecord)}},
		"a removal with its value":  {{Key: []byte("x"), Value: []byte("1"), Removed: true}},
		"one bad among a good many": {{Key: []byte("a")}, {Key: []byte("b")}, {}},
	} {
		if _, err := set.Apply(batch); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if set.Digest() != digest || set.Len() != 100 {
		t.Error("a refused change moved the set")
	}
}

// Changes are the latest of each key: one that came and went since is listed as
// removed to a follower that never held it.
func TestRemovalOfAnAbsentKeyChangesNothing(t *testing.T) {
	set := numbered(t, 100)
	next, err := set.Apply([]Change{{Sequence: 101, Key: []byte("came and went"), Removed: true}})
	if err != nil {
		t.Fatal(err)
	}
	if next.Digest() != set.Digest() || next.Len() != set.Len() || next.Bytes() != set.Bytes() {
		t.Error("the removal of an absent key moved the set")
	}
}

func TestBuilderRefuses(t *testing.T) {
	for name, add := range map[string][2]string{
		"a key twice":     {"b", "b"},
		"falling keys":    {"b", "a"},
		"a prefix after":  {"bb", "b"},
		"an empty key":    {"b", ""},
		"a key too long":  {"b", "c" + strings.Repeat("k", MaxKey)},
		"an empty first":  {"", "b"},
		"a key too short": {"b\x00", "b"},
	} {
		b := NewBuilder("f")
		err := b.Add([]byte(add[0]), nil)
		if err == nil {
			err = b.Add([]byte(add[1]), nil)
		}
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestCheckNamesWhatDiffers(t *testing.T) {
	set := numbered(t, 10)
	digest := set.Digest()
	good := Head{Name: set.Name(), Records: set.Len(), Bytes: set.Bytes(), Digest: digest[:]}
	if err := set.Check(&good); err != nil {
		t.Fatal(err)
	}
	for want, alter := range map[string]func(*Head){
		"name":    func(h *Head) { h.Name += "x" },
		"records": func(h *Head) { h.Records++ },
		"bytes":   func(h *Head) { h.Bytes-- },
		"digest":  func(h *Head) { h.Digest = make([]byte, 32) },
	} {
		bad := good
		alter(&bad)
		if err := set.Check(&bad); !is(err, ErrMismatch) || !strings.Contains(err.Error(), want) {
			t.Errorf("altered %s: %v", want, err)
		}
	}
	for _, d := range [][]byte{nil, digest[:31]} {
		bad := good
		bad.Digest = d
		if err := set.Check(&bad); !is(err, ErrMismatch) {
			t.Errorf("digest of %d bytes: %v", len(d), err)
		}
	}
}

func TestGetAndRangeDoNotAllocate(t *testing.T) {
	set := numbered(t, 10_000)
	key, prefix := number(4_711), number(4_711)[:7]
	if n := testing.AllocsPerRun(100, func() { set.Get(key) }); n != 0 {
		t.Errorf("Get allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		for r := set.Range(prefix); ; {
			if _, _, ok := r.Next(); !ok {
				break
			}
		}
	}); n != 0 {
		t.Errorf("Range allocates %v times", n)
	}
}

func TestASetThatShrinksLetsGo(t *testing.T) {
	set := numbered(t, 10_000)
	for i := 0; i < 10_000; i += 100 {
		var batch []Change
		for j := i + 1; j < i+100; j++ {
			batch = append(batch, Change{Key: number(j), Removed: true})
		}
		var err error
		if set, err = set.Apply(batch); err != nil {
			t.Fatal(err)
		}
	}
	if set.Len() != 100 || len(set.chunks) > 100/minChunk+1 {
		t.Errorf("%d records in %d chunks", set.Len(), len(set.chunks))
	}
}

// number is a key of the shape of a grant's.
func number(i int) []byte {
	b := append([]byte("g\x01"), make([]byte, 40)...)
	binary.BigEndian.PutUint32(b[2:], uint32(i)*2654435761) // spread
	binary.BigEndian.PutUint64(b[34:], uint64(i))
	return b
}

func numbered(t testing.TB, n int) *Set {
	t.Helper()
	batch := make([]Change, n)
	for i := range batch {
		batch[i] = Change{Sequence: uint64(i + 1), Key: number(i), Value: bytes.Repeat([]byte{byte(i)}, 160)}
	}
	set, err := EmptySet("segment/acme/plant").Apply(batch)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// decodeChanges reads changes from bytes as a hostile source might send them.
func decodeChanges(data []byte) (out []Change) {
	for len(data) >= 3 {
		kl, vl, removed := int(data[0]), int(data[1])*20, data[2]&1 == 1
		data = data[3:]
		kl = min(kl, len(data))
		key := data[:kl]
		data = data[kl:]
		vl = min(vl, len(data))
		out = append(out, Change{Key: key, Value: data[:vl], Removed: removed})
		data = data[vl:]
	}
	return out
}

// FuzzApply gives any changes to a set, in two halves: it refuses them or is the
// map that they make.
func FuzzApply(f *testing.F) {
	f.Add([]byte("\x01\x00\x00a\x01\x00\x00b\x01\x00\x01a"))
	f.Add([]byte("\x02\x01\x00abvalue\x00\x00\x00"))
	f.Add(bytes.Repeat([]byte("\x01\x00\x00a"), 3))
	f.Fuzz(func(t *testing.T, data []byte) {
		all := decodeChanges(data)
		set, want := EmptySet("f"), model{}
		for _, batch := range [][]Change{all[:len(all)/2], all[len(all)/2:]} {
			next, err := set.Apply(batch)
			if err != nil {
				if next != nil {
					t.Fatal("an error and a set")
				}
				want.check(t, set)
				continue
			}
			want.apply(batch)
			want.check(t, next)
			set = next
		}
	})
}

// FuzzBuilder gives any listing: it refuses it or is the map that it makes.
func FuzzBuilder(f *testing.F) {
	f.Add([]byte("\x01\x00\x00a\x01\x00\x00b\x02\x00\x01bb"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, want := NewBuilder("f"), model{}
		for _, c := range decodeChanges(data) {
			if b.Add(c.Key, c.Value) == nil {
				if _, twice := want[string(c.Key)]; twice {
					t.Fatalf("key %x was taken twice", c.Key)
				}
				want[string(c.Key)] = string(c.Value)
			}
		}
		want.check(t, b.Set())
	})
}

// FuzzHead decodes what a node says is a head.
func FuzzHead(f *testing.F) {
	digest := EmptySet("members").Digest()
	good, err := (&Head{Name: "members", Digest: digest[:], Height: 5}).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, data []byte) {
		var h Head
		if h.Unmarshal(data) == nil && EmptySet("members").Check(&h) == nil && (h.Records != 0 || h.Bytes != 0) {
			t.Fatal("the empty set matches a head of records")
		}
	})
}

func BenchmarkApplyOneOf100000(b *testing.B) {
	set := numbered(b, 100_000)
	change := []Change{{Key: number(50_000), Value: bytes.Repeat([]byte{7}, 160)}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := set.Apply(change); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGetOf100000(b *testing.B) {
	set := numbered(b, 100_000)
	keys := make([][]byte, 1024)
	for i := range keys {
		keys[i] = number(i * 97)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		set.Get(keys[i&1023])
		i++
	}
}
