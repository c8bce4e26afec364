package feed

import (
	"crypto/sha256"
	"encoding/binary"

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
	e := element(name, key, value)
	for i := 0; i < AccumulatorSize; i += 8 {
		x := binary.LittleEndian.Uint64(a[i:])
		y := binary.LittleEndian.Uint64(e[i:])
		// Four lanes at once: add the low 15 bits of each lane, then the top
		// bits without carry.
		sum := (x&low15 + y&low15) ^ ((x ^ y) & top1)
		binary.LittleEndian.PutUint64(a[i:], sum)
	}
}

// Remove subtracts the element of a record that was added before.
func (a *Accumulator) Remove(name string, key, value []byte) {
	e := element(name, key, value)
	for i := 0; i < AccumulatorSize; i += 8 {
		x := binary.LittleEndian.Uint64(a[i:])
		y := binary.LittleEndian.Uint64(e[i:])
		diff := (x | top1) - y&low15
		diff ^= (x ^ ^y) & top1
		binary.LittleEndian.PutUint64(a[i:], diff)
	}
}

const (
	top1  = 0x8000_8000_8000_8000
	low15 = 0x7fff_7fff_7fff_7fff
)

// Digest is SHA-256 of the accumulator.
func (a *Accumulator) Digest() [32]byte { return sha256.Sum256(a[:]) }

// element is the first 2,048 bytes of the BLAKE3 extendable output of the
// record, each part preceded by its length.
func element(name string, key, value []byte) (e [AccumulatorSize]byte) {
	msg := make([]byte, 0, 12+len(name)+len(key)+len(value))
	msg = binary.BigEndian.AppendUint32(msg, uint32(len(name)))
	msg = append(msg, name...)
	msg = binary.BigEndian.AppendUint32(msg, uint32(len(key)))
	msg = append(msg, key...)
	msg = binary.BigEndian.AppendUint32(msg, uint32(len(value)))
	msg = append(msg, value...)
	h := blake3.New(32, nil)
	h.Write(msg)
	h.XOF().Read(e[:])
	return e
}
