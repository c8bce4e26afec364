package feed

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
)

// Apply returns the set after the changes, in any order, of distinct keys. The
// element of the value held is subtracted, whatever the sender says of it. The
// removal of a key that is not held changes nothing: changes are the latest of
// each key, so one that came and went since is listed too. Apply fails with
// [ErrOrder] on a key that stands twice, and on a record over its bounds; s is
// as it was.
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

	m := merger{set: &Set{
		name: s.name, acc: s.acc, count: s.count, bytes: s.bytes, hints: s.hints,
		first:  make([]uint64, 0, len(s.first)+1),
		chunks: make([]chunk, 0, len(s.chunks)+1),
	}}
	shared := 0 // chunks of s that are taken over or merged
	for len(sorted) > 0 {
		ci := max(0, s.chunkOf(sorted[0].Key))
		m.share(s, shared, ci)
		shared = ci
		var old chunk
		if ci < len(s.chunks) {
			old = s.chunks[ci]
			shared = ci + 1
		}
		// The changes that belong to this chunk: up to the next one's first key.
		n := len(sorted)
		if shared < len(s.chunks) {
			bound, _ := s.chunks[shared].at(0)
			n = sort.Search(n, func(i int) bool { return bytes.Compare(sorted[i].Key, bound) >= 0 })
		}
		m.merge(old, sorted[:n])
		sorted = sorted[n:]
	}
	m.share(s, shared, len(s.chunks))
	return m.set, nil
}

// merger makes a set from another one's chunks and changes.
type merger struct {
	set     *Set
	records []packed // of the chunk in the making
}

type packed struct{ key, value []byte }

// share takes over the chunks [from, to) of a set.
func (m *merger) share(s *Set, from, to int) {
	m.set.first = append(m.set.first, s.first[from:to]...)
	m.set.chunks = append(m.set.chunks, s.chunks[from:to]...)
}

// merge packs a chunk and the changes that belong to it.
func (m *merger) merge(old chunk, changes []Change) {
	m.records = m.records[:0]
	i, n := 0, max(0, old.len())
	for _, c := range changes {
		for ; i < n; i++ {
			key, value := old.at(i)
			if bytes.Compare(key, c.Key) >= 0 {
				break
			}
			m.records = append(m.records, packed{key, value})
		}
		if i < n {
			if key, value := old.at(i); bytes.Equal(key, c.Key) {
				m.set.uncount(key, value)
				i++
			}
		}
		if !c.Removed {
			m.set.counted(c.Key, c.Value)
			m.records = append(m.records, packed{c.Key, c.Value})
		}
	}
	for ; i < n; i++ {
		key, value := old.at(i)
		m.records = append(m.records, packed{key, value})
	}

	// A chunk that removals left small joins the one before, so that a set that
	// shrinks also shrinks in memory.
	if last := len(m.set.chunks) - 1; len(m.records) < minChunk && last >= 0 {
		if before := &m.set.chunks[last]; before.len()+len(m.records) <= maxChunk {
			joined := make([]packed, 0, before.len()+len(m.records))
			for i := range before.len() {
				key, value := before.at(i)
				joined = append(joined, packed{key, value})
			}
			m.records = append(joined, m.records...)
			m.set.first = m.set.first[:last]
			m.set.chunks = m.set.chunks[:last]
		}
	}
	// Split evenly, so that no chunk is left with a record or two.
	pieces := 1
	if len(m.records) > maxChunk {
		pieces = (len(m.records) + fillChunk - 1) / fillChunk
	}
	for rest := m.records; len(rest) > 0; pieces-- {
		n := (len(rest) + pieces - 1) / pieces
		m.set.push(pack(rest[:n]))
		rest = rest[n:]
	}
}

// pack makes a chunk of exactly the size of its records.
func pack(records []packed) chunk {
	size := 0
	for _, r := range records {
		size += 2 + len(r.key) + len(r.value)
	}
	c := chunk{data: make([]byte, 0, size), index: make([]uint64, 1, len(records)+1)}
	for _, r := range records {
		c.append(r.key, r.value)
	}
	return c
}
