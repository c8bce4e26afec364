package feed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sort"
)

// Errors of sets. They are errors of the data received, never of its receiver.
var (
	// ErrOrder means that keys do not ascend strictly: a key stands twice, or
	// a listing was shuffled.
	ErrOrder = errors.New("keys do not ascend")
	// ErrMismatch means that a set is not the one that a head commits to.
	ErrMismatch = errors.New("set does not match its head")
	// ErrAbsent means that a change removes a key that the set does not hold.
	ErrAbsent = errors.New("removed key is absent")
)

// Set is the records of one feed with their digest. It never changes:
// [Set.Apply] makes a new one that shares what did not change. A Set is safe
// for concurrent use. A key stands in it at most once.
//
// Records are packed into chunks of at most maxChunk; a directory of the first
// eight bytes of each chunk's first key fits the processor's first cache for
// 100,000 records.
type Set struct {
	name   string
	acc    Accumulator
	count  uint64
	bytes  uint64
	first  []uint64
	chunks []chunk
}

// chunk packs records in order: offsets[i] is where record i begins in data,
// and the last offset is the end. A record is the length of its key (uint16,
// big endian), key, value.
type chunk struct {
	data    []byte
	offsets []uint32
}

const (
	maxChunk  = 64
	fillChunk = 48
)

func (c *chunk) len() int { return len(c.offsets) - 1 }

func (c *chunk) at(i int) (key, value []byte) {
	rec := c.data[c.offsets[i]:c.offsets[i+1]:c.offsets[i+1]]
	n := 2 + int(binary.BigEndian.Uint16(rec))
	return rec[2:n:n], rec[n:]
}

// search returns the first index whose key is at least key, and whether it is
// that key.
func (c *chunk) search(key []byte) (int, bool) {
	lo, hi := 0, c.len()
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		k, _ := c.at(mid)
		switch cmp := bytes.Compare(k, key); {
		case cmp == 0:
			return mid, true
		case cmp < 0:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return lo, false
}

// head8 is the first eight bytes of a key as a number that sorts alike.
func head8(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var b [8]byte
	copy(b[:], key)
	return binary.BigEndian.Uint64(b[:])
}

// EmptySet is the empty set of a feed.
func EmptySet(name string) *Set { return &Set{name: name} }

// Name of the feed.
func (s *Set) Name() string { return s.name }

// Len is the number of records.
func (s *Set) Len() uint64 { return s.count }

// Bytes is the sum of len(key) + len(value).
func (s *Set) Bytes() uint64 { return s.bytes }

// Digest is the digest of the set.
func (s *Set) Digest() [32]byte { return s.acc.Digest() }

// Check returns nil if the set is the one that the head commits to: same name,
// count, bytes and digest. Otherwise [ErrMismatch].
func (s *Set) Check(h *Head) error {
	digest := s.Digest()
	switch {
	case h.Name != s.name:
		return fmt.Errorf("%w: name %q, head %q", ErrMismatch, s.name, h.Name)
	case h.Records != s.count:
		return fmt.Errorf("%w: %d records, head %d", ErrMismatch, s.count, h.Records)
	case h.Bytes != s.bytes:
		return fmt.Errorf("%w: %d bytes, head %d", ErrMismatch, s.bytes, h.Bytes)
	case !bytes.Equal(h.Digest, digest[:]):
		return fmt.Errorf("%w: digest %x, head %x", ErrMismatch, digest, h.Digest)
	}
	return nil
}

// chunkOf returns the index of the chunk that holds key if any does: the last
// whose first key is at most key. -1 when key is before all.
func (s *Set) chunkOf(key []byte) int {
	k8 := head8(key)
	lo, hi := 0, len(s.first)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if s.first[mid] > k8 {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	// Chunks that begin with the same eight bytes are told apart by the key.
	i := lo - 1
	if i >= 0 && s.first[i] == k8 {
		j := sort.Search(i+1, func(j int) bool { return s.first[j] >= k8 })
		n := sort.Search(i+1-j, func(n int) bool {
			k, _ := s.chunks[j+n].at(0)
			return bytes.Compare(k, key) > 0
		})
		i = j + n - 1
	}
	return i
}

// Get returns the value of key. The value must not be changed.
func (s *Set) Get(key []byte) (value []byte, ok bool) {
	ci := s.chunkOf(key)
	if ci < 0 {
		return nil, false
	}
	i, ok := s.chunks[ci].search(key)
	if !ok {
		return nil, false
	}
	_, value = s.chunks[ci].at(i)
	return value, true
}

// Range walks the records whose keys begin with a prefix, ascending.
type Range struct {
	set    *Set
	chunk  int
	index  int
	prefix []byte
}

// Range begins a walk. The empty prefix walks the whole set.
func (s *Set) Range(prefix []byte) Range {
	r := Range{set: s, prefix: prefix}
	if ci := s.chunkOf(prefix); ci >= 0 {
		r.chunk = ci
		r.index, _ = s.chunks[ci].search(prefix)
	}
	return r
}

// Next returns the next record. Key and value must not be changed.
func (r *Range) Next() (key, value []byte, ok bool) {
	for r.chunk < len(r.set.chunks) {
		c := &r.set.chunks[r.chunk]
		if r.index < c.len() {
			key, value = c.at(r.index)
			r.index++
			if !bytes.HasPrefix(key, r.prefix) {
				r.chunk = len(r.set.chunks)
				return nil, nil, false
			}
			return key, value, true
		}
		r.chunk++
		r.index = 0
	}
	return nil, nil, false
}

// Builder makes a set from records in ascending order.
type Builder struct {
	set  *Set
	open chunk
	last []byte
	fill int // records in a chunk when it is closed
}

// NewBuilder begins a set of the named feed.
func NewBuilder(name string) *Builder {
	return &Builder{set: &Set{name: name}, fill: fillChunk}
}

// Add takes the next record and copies it. It fails with [ErrOrder] when key
// is not above the key before, and on a record over its bounds.
func (b *Builder) Add(key, value []byte) error {
	if err := ValidateRecord(key, value); err != nil {
		return err
	}
	if b.last != nil && bytes.Compare(key, b.last) <= 0 {
		return fmt.Errorf("%w: %x after %x", ErrOrder, key, b.last)
	}
	b.last = append(b.last[:0], key...)
	b.set.acc.Add(b.set.name, key, value)
	b.set.count++
	b.set.bytes += uint64(len(key) + len(value))
	b.place(key, value)
	return nil
}

// place packs a record without counting it.
func (b *Builder) place(key, value []byte) {
	if b.open.offsets == nil {
		b.open.offsets = append(make([]uint32, 0, fillChunk+1), 0)
	}
	b.open.data = binary.BigEndian.AppendUint16(b.open.data, uint16(len(key)))
	b.open.data = append(b.open.data, key...)
	b.open.data = append(b.open.data, value...)
	b.open.offsets = append(b.open.offsets, uint32(len(b.open.data)))
	if b.open.len() == b.fill {
		b.flush()
	}
}

func (b *Builder) flush() {
	if b.open.len() <= 0 {
		return
	}
	b.set.push(chunk{slices.Clip(slices.Clone(b.open.data)), slices.Clone(b.open.offsets)})
	b.open.data = b.open.data[:0]
	b.open.offsets = append(b.open.offsets[:0], 0)
}

func (s *Set) push(c chunk) {
	key, _ := c.at(0)
	s.first = append(s.first, head8(key))
	s.chunks = append(s.chunks, c)
}

// Set ends the work and returns the set. The builder must not be used again.
func (b *Builder) Set() *Set {
	if b.open.offsets != nil {
		b.flush()
	}
	return b.set
}

// Apply returns the set after the changes, in any order, of distinct keys. The
// element of the value held is subtracted, whatever the sender says of it. It
// fails with [ErrOrder] on a key that stands twice, with [ErrAbsent] on the
// removal of a key that is not held, and on a record over its bounds; s is as
// it was.
func (s *Set) Apply(changes []Change) (*Set, error) {
	if len(changes) == 0 {
		return s, nil
	}
	sorted := slices.Clone(changes)
	slices.SortFunc(sorted, func(a, b Change) int { return bytes.Compare(a.Key, b.Key) })
	for i := range sorted {
		value := sorted[i].Value
		if sorted[i].Removed && len(value) > 0 {
			return nil, fmt.Errorf("change of key %x is removed and has a value", sorted[i].Key)
		}
		if err := ValidateRecord(sorted[i].Key, value); err != nil {
			return nil, err
		}
		if i > 0 && bytes.Equal(sorted[i-1].Key, sorted[i].Key) {
			return nil, fmt.Errorf("%w: key %x stands twice", ErrOrder, sorted[i].Key)
		}
	}

	b := &Builder{set: &Set{name: s.name, acc: s.acc, count: s.count, bytes: s.bytes}}
	b.set.first = make([]uint64, 0, len(s.first)+1)
	b.set.chunks = make([]chunk, 0, len(s.chunks)+1)
	next := 0
	for ci := range max(1, len(s.chunks)) {
		// The changes that belong to this chunk: up to the next one's first key.
		end := len(sorted)
		if ci+1 < len(s.chunks) {
			bound, _ := s.chunks[ci+1].at(0)
			end = next + sort.Search(len(sorted)-next, func(i int) bool {
				return bytes.Compare(sorted[next+i].Key, bound) >= 0
			})
		}
		if end == next {
			if len(s.chunks) > 0 {
				b.set.push(s.chunks[ci])
			}
			continue
		}
		var old chunk
		if len(s.chunks) > 0 {
			old = s.chunks[ci]
		}
		if err := b.merge(old, sorted[next:end]); err != nil {
			return nil, err
		}
		next = end
	}
	return b.set, nil
}

// merge packs a chunk and the changes that belong to it.
func (b *Builder) merge(old chunk, changes []Change) error {
	set, i := b.set, 0
	n := max(0, old.len())
	// Split evenly, so that no chunk is left with a record or two.
	b.fill = n + len(changes)
	if pieces := (b.fill + fillChunk - 1) / fillChunk; b.fill > maxChunk {
		b.fill = (b.fill + pieces - 1) / pieces
	}
	for _, c := range changes {
		for ; i < n; i++ {
			key, value := old.at(i)
			if bytes.Compare(key, c.Key) >= 0 {
				break
			}
			b.place(key, value)
		}
		held := false
		if i < n {
			if key, value := old.at(i); bytes.Equal(key, c.Key) {
				held = true
				set.acc.Remove(set.name, key, value)
				set.count--
				set.bytes -= uint64(len(key) + len(value))
				i++
			}
		}
		if c.Removed {
			if !held {
				return fmt.Errorf("%w: %x", ErrAbsent, c.Key)
			}
			continue
		}
		set.acc.Add(set.name, c.Key, c.Value)
		set.count++
		set.bytes += uint64(len(c.Key) + len(c.Value))
		b.place(c.Key, c.Value)
	}
	for ; i < n; i++ {
		key, value := old.at(i)
		b.place(key, value)
	}
	if b.open.offsets != nil {
		b.flush()
	}
	return nil
}
