package feed

import (
	"bytes"
	"fmt"
)

// Builder makes a set from records in ascending order.
type Builder struct {
	set  *Set
	open chunk
	last []byte
}

// NewBuilder begins a set of the named feed.
func NewBuilder(name string) *Builder {
	return &Builder{set: &Set{name: name}, open: chunk{index: make([]uint64, 1, fillChunk+1)}}
}

// Hints makes the set, and all that are made of it, note of each record what it
// may be wanted for. It must come before the first record.
func (b *Builder) Hints(of func(key, value []byte) Hints) *Builder {
	b.set.hints = of
	return b
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
	b.set.counted(key, value)
	b.open.append(key, value)
	if b.open.len() == fillChunk {
		b.flush()
	}
	return nil
}

// flush closes the open chunk: a copy of exactly its size.
func (b *Builder) flush() {
	if b.open.len() == 0 {
		return
	}
	data := make([]byte, len(b.open.data))
	copy(data, b.open.data)
	index := make([]uint64, len(b.open.index))
	copy(index, b.open.index)
	b.set.push(chunk{data: data, index: index})
	b.open.data = b.open.data[:0]
	b.open.index = b.open.index[:1]
}

// Set ends the work and returns the set. The builder must not be used again.
func (b *Builder) Set() *Set {
	b.flush()
	return b.set
}
