package feed

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"lukechampine.com/blake3"
)

// AccumulatorSize is the size of an [Accumulator] in bytes: 1,024 lanes of
// uint16, little endian.
const AccumulatorSize = 2048

// Accumulator is the LtHash of a set of records (Bellare and Micciancio, "A New
// Paradigm for Collision-Free Hashing", 1997; Lewi et al., "Securing Update
// Propagation with Homomorphic Hashing", 2019): the sum, lane by lane modulo
// 2^16, of one element a record. The zero value is the empty set.
//
// 65,536 copies of one element cancel out, so whoever adds must hold each key
// at most once: [Set] does.
type Accumulator [AccumulatorSize]byte

// Add adds the element of a record.
func (a *Accumulator) Add(name string, key, value []byte) {
	h := hashers.Get().(*hasher)
	a.add(h.element(name, key, value))
	hashers.Put(h)
}

// Remove subtracts the element of a record that was added before.
func (a *Accumulator) Remove(name string, key, value []byte) {
	h := hashers.Get().(*hasher)
	a.subtract(h.element(name, key, value))
	hashers.Put(h)
}

const (
	top1  = 0x8000_8000_8000_8000
	low15 = 0x7fff_7fff_7fff_7fff
)

// add adds four lanes at once: the low 15 bits of each, which cannot carry out
// of it, then the top bits without carry.
func (a *Accumulator) add(e *[AccumulatorSize]byte) {
	for i := 0; i < AccumulatorSize; i += 8 {
		x := binary.LittleEndian.Uint64(a[i:])
		y := binary.LittleEndian.Uint64(e[i:])
		binary.LittleEndian.PutUint64(a[i:], (x&low15+y&low15)^((x^y)&top1))
	}
}

// subtract subtracts four lanes at once: with the top bit of each set, none
// borrows from the next; then the top bits are put right.
func (a *Accumulator) subtract(e *[AccumulatorSize]byte) {
	for i := 0; i < AccumulatorSize; i += 8 {
		x := binary.LittleEndian.Uint64(a[i:])
		y := binary.LittleEndian.Uint64(e[i:])
		binary.LittleEndian.PutUint64(a[i:], ((x|top1)-y&low15)^((x^^y)&top1))
	}
}

// Digest is SHA-256 of the accumulator.
func (a *Accumulator) Digest() [32]byte { return sha256.Sum256(a[:]) }

// hasher makes elements. It is kept and reused: a set of 100,000 records makes
// as many, and the hash's own state is larger than a record.
type hasher struct {
	blake   *blake3.Hasher
	message []byte
	sum     [AccumulatorSize]byte
}

var hashers = sync.Pool{New: func() any { return &hasher{blake: blake3.New(32, nil)} }}

// element returns the first 2,048 bytes of the BLAKE3 extendable output of the
// record, each part preceded by its length. They are valid until the next call.
func (h *hasher) element(name string, key, value []byte) *[AccumulatorSize]byte {
	m := binary.BigEndian.AppendUint32(h.message[:0], uint32(len(name)))
	m = append(m, name...)
	m = binary.BigEndian.AppendUint32(m, uint32(len(key)))
	m = append(m, key...)
	m = binary.BigEndian.AppendUint32(m, uint32(len(value)))
	m = append(m, value...)
	h.message = m
	h.blake.Reset()
	// Neither the hash nor its output ever fails.
	_, _ = h.blake.Write(m)
	_, _ = h.blake.XOF().Read(h.sum[:])
	return &h.sum
}
