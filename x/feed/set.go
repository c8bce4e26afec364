package feed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
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
}

// chunk packs records in order: offsets[i] is where record i begins in data,
// and the last offset is the end. A record is the length of its key (uint16,
// big endian), key, value. heads[i] is the first eight bytes of its key: a search
// stays within them instead of touching a distant line of data at each step. They
// are there once the chunk is in a set.
type chunk struct {
	data    []byte
	offsets []uint32
	heads   []uint64
}

// Records in a chunk: at most maxChunk; fillChunk when it is made, to leave room;
// below minChunk it joins the one before.
const (
	maxChunk  = 64
	fillChunk = 48
	minChunk  = 16
)

// len is -1 for the zero chunk.
func (c *chunk) len() int { return len(c.offsets) - 1 }

func (c *chunk) append(key, value []byte) {
	c.data = binary.BigEndian.AppendUint16(c.data, uint16(len(key)))
	c.data = append(c.data, key...)
	c.data = append(c.data, value...)
	c.offsets = append(c.offsets, uint32(len(c.data)))
}

func (c *chunk) at(i int) (key, value []byte) {
	rec := c.data[c.offsets[i]:c.offsets[i+1]:c.offsets[i+1]]
	n := 2 + int(binary.BigEndian.Uint16(rec))
	return rec[2:n:n], rec[n:]
}

// search returns the first index whose key is at least key, and whether it is
// that key.
func (c *chunk) search(key []byte) (int, bool) {
	k8 := head8(key)
	lo, hi := 0, c.len()
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if c.heads[mid] < k8 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	// Keys that begin with the same eight bytes are told apart by the rest.
	for hi = c.len(); lo < hi && c.heads[lo] == k8; lo++ {
		k, _ := c.at(lo)
		if cmp := bytes.Compare(k, key); cmp >= 0 {
			return lo, cmp == 0
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
	if c.heads == nil {
		c.heads = make([]uint64, c.len())
		for i := range c.heads {
			key, _ := c.at(i)
			c.heads[i] = head8(key)
		}
	}
	s.first = append(s.first, c.heads[0])
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
