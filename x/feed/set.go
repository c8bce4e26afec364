package feed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"sort"
)

// Errors of sets. They are errors of the data received, never of its receiver.
var (
	// ErrOrder means that keys do not ascend strictly: a key stands twice, or
	// a listing was shuffled.
	ErrOrder = errors.New("keys do not ascend")
	// ErrMismatch means that a set is not the one that a head commits to.
	ErrMismatch = errors.New("set does not match its head")
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
	hints  func(key, value []byte) Hints
}

// Hints are bits of what a record may be wanted for, at most hintBits of them. A
// walk that wants some bits passes over records that lack any, without reading
// them. A record of which nothing is known has all.
type Hints uint16

// AllHints is every bit.
const AllHints Hints = 1<<hintBits - 1

// chunk packs records in order. An entry of index is of record i: its low
// offsetBits are where the record begins in data, the next hintBits its hints,
// and the high half is the four bytes of its key behind the first skip, which
// all keys of the chunk share. The last entry is the end. So a search or a walk
// touches data only where it must. A record is the length of its key (uint16,
// big endian), key, value.
type chunk struct {
	data  []byte
	index []uint64
	skip  uint8 // at most 8
}

// Bits of an index entry. A full chunk of the largest records has 262,272 bytes.
const (
	offsetBits = 19
	hintBits   = 13
	offsetMask = 1<<offsetBits - 1
	hintShift  = offsetBits
	tagShift   = offsetBits + hintBits
)

// Records in a chunk: at most maxChunk; fillChunk when it is made, to leave room;
// below minChunk it joins the one before.
const (
	maxChunk  = 64
	fillChunk = 48
	minChunk  = 16
)

// len is -1 for the zero chunk.
func (c *chunk) len() int { return len(c.index) - 1 }

// append adds a record; seal must follow before a search.
func (c *chunk) append(key, value []byte) {
	c.data = binary.BigEndian.AppendUint16(c.data, uint16(len(key)))
	c.data = append(c.data, key...)
	c.data = append(c.data, value...)
	c.index = append(c.index, uint64(len(c.data)))
}

// seal completes the index.
func (c *chunk) seal(hints func(key, value []byte) Hints) {
	n := c.len()
	first, _ := c.at(0)
	last, _ := c.at(n - 1)
	c.skip = uint8(bits.LeadingZeros64(head8(first)^head8(last)) / 8)
	for i := range n {
		key, value := c.at(i)
		h := AllHints
		if hints != nil {
			h &= hints(key, value)
		}
		c.index[i] = uint64(c.tag(key))<<tagShift | uint64(h)<<hintShift | c.index[i]&offsetMask
	}
}

// apart tells whether a key cannot share what all keys of a chunk begin with.
// first is the head8 of its first key. Shifting by 64 gives 0.
func (c *chunk) apart(k8, first uint64) bool { return (k8^first)>>(64-8*uint(c.skip)) != 0 }

// tag is the four bytes of a key behind the first skip, a number that sorts
// alike among the keys that share those.
func (c *chunk) tag(key []byte) uint32 {
	if len(key) >= int(c.skip)+4 {
		return binary.BigEndian.Uint32(key[c.skip:])
	}
	var b [4]byte
	copy(b[:], key[min(int(c.skip), len(key)):])
	return binary.BigEndian.Uint32(b[:])
}

func (c *chunk) at(i int) (key, value []byte) {
	from, to := c.index[i]&offsetMask, c.index[i+1]&offsetMask
	rec := c.data[from:to:to]
	n := 2 + int(binary.BigEndian.Uint16(rec))
	return rec[2:n:n], rec[n:]
}

// search returns the first index whose key is at least key, and whether it is
// that key. first is the head8 of the chunk's first key.
func (c *chunk) search(key []byte, first uint64) (int, bool) {
	n := c.len()
	lo, tag := c.searchTag(key, first)
	if lo == n || uint32(c.index[lo]>>tagShift) != tag {
		return lo, false
	}
	// Keys of one tag are told apart by themselves; mostly the first is meant.
	k, _ := c.at(lo)
	cmp := bytes.Compare(k, key)
	if cmp < 0 {
		lo++
		lo += sort.Search(n-lo, func(i int) bool {
			k, _ := c.at(lo + i)
			return bytes.Compare(k, key) >= 0
		})
		if lo < n {
			k, _ = c.at(lo)
			cmp = bytes.Compare(k, key)
		}
	}
	return lo, cmp == 0
}

// searchTag returns the first index whose tag is at least that of key, and that
// tag: a lower bound of search that reads no record.
func (c *chunk) searchTag(key []byte, first uint64) (int, uint32) {
	n := c.len()
	tag := c.tag(key)
	if k8 := head8(key); c.apart(k8, first) {
		if k8 < first {
			return 0, tag
		}
		return n, tag
	}
	lo, hi := 0, n
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if uint32(c.index[mid]>>tagShift) < tag {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, tag
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

// counted counts a record in.
func (s *Set) counted(key, value []byte) {
	s.acc.Add(s.name, key, value)
	s.count++
	s.bytes += uint64(len(key) + len(value))
}

// uncount counts a record out.
func (s *Set) uncount(key, value []byte) {
	s.acc.Remove(s.name, key, value)
	s.count--
	s.bytes -= uint64(len(key) + len(value))
}

func (s *Set) push(c chunk) {
	c.seal(s.hints)
	key, _ := c.at(0)
	s.first = append(s.first, head8(key))
	s.chunks = append(s.chunks, c)
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
	i, ok := s.chunks[ci].search(key, s.first[ci])
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
	want   Hints
	// tag of the prefix in the chunk, where the prefix is long enough: records
	// of another do not have the prefix.
	tag    uint32
	tagged bool
}

// Range begins a walk. The empty prefix walks the whole set.
func (s *Set) Range(prefix []byte) Range { return s.Wanted(prefix, 0) }

// Wanted begins a walk that passes over records that lack any of some hints.
func (s *Set) Wanted(prefix []byte, want Hints) Range {
	r := Range{set: s, prefix: prefix, want: want}
	if ci := s.chunkOf(prefix); ci >= 0 {
		r.chunk = ci
		r.index, _ = s.chunks[ci].searchTag(prefix, s.first[ci])
	}
	r.enter()
	return r
}

// enter prepares the walk of a chunk.
func (r *Range) enter() {
	if r.chunk >= len(r.set.chunks) {
		return
	}
	c := &r.set.chunks[r.chunk]
	r.tagged = len(r.prefix) >= int(c.skip)+4
	if !r.tagged {
		return
	}
	if c.apart(head8(r.prefix), r.set.first[r.chunk]) && r.index < c.len() {
		r.chunk = len(r.set.chunks)
		return
	}
	r.tag = c.tag(r.prefix)
}

// Next returns the next record. Key and value must not be changed.
func (r *Range) Next() (key, value []byte, ok bool) {
	for r.chunk < len(r.set.chunks) {
		c := &r.set.chunks[r.chunk]
		for n := c.len(); r.index < n; {
			entry := c.index[r.index]
			if r.tagged && uint32(entry>>tagShift) != r.tag {
				r.chunk = len(r.set.chunks)
				return nil, nil, false
			}
			r.index++
			if Hints(entry>>hintShift)&r.want != r.want {
				continue
			}
			key, value = c.at(r.index - 1)
			if !bytes.HasPrefix(key, r.prefix) {
				if bytes.Compare(key, r.prefix) < 0 {
					continue // the walk began at the prefix's tag
				}
				r.chunk = len(r.set.chunks)
				return nil, nil, false
			}
			return key, value, true
		}
		r.chunk++
		r.index = 0
		r.enter()
	}
	return nil, nil, false
}
