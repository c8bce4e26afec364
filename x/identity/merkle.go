package identity

import (
	"crypto/sha256"
	"math/bits"
)

// Hash is a node of a Merkle tree (SHA-256).
type Hash [32]byte

// MaxRows is the largest number of rows of a batch.
const MaxRows = 1<<32 - 1

// MaxPath is the length of the longest inclusion path: one hash a level.
const MaxPath = 32

// Tags of the tree (RFC 9162, section 2.1.1) and of a row's leaf.
const (
	leafTag = 0x00
	nodeTag = 0x01
	rowTag  = 0x01
)

// LeafData is the data of a row's leaf: the byte 0x01, the key digest and
// SHA-256 of the row's bytes without its line end, so that serials and
// addresses stay off the chain.
func LeafData(key KeyDigest, rowDigest Hash) []byte {
	data := make([]byte, 0, 1+len(key)+len(rowDigest))
	data = append(data, rowTag)
	data = append(data, key[:]...)
	return append(data, rowDigest[:]...)
}

// LeafHash is the hash of a leaf: SHA-256 of 0x00 || data.
func LeafHash(data []byte) Hash {
	h := sha256.New()
	h.Write([]byte{leafTag})
	h.Write(data)
	return Hash(h.Sum(nil))
}

// nodeHash is the hash of an inner node: SHA-256 of 0x01 || left || right.
func nodeHash(left, right Hash) Hash {
	var data [65]byte
	data[0] = nodeTag
	copy(data[1:], left[:])
	copy(data[33:], right[:])
	return sha256.Sum256(data[:])
}

// Frontier computes a root leaf by leaf, holding one hash a level: a list need
// not fit in memory. The zero value is the empty list.
type Frontier struct {
	count uint64
	nodes []Hash // roots of the perfect subtrees, largest first
}

// Append adds the next leaf, given by its hash.
func (f *Frontier) Append(leaf Hash) {
	// Each trailing one bit of the count is a perfect subtree that this leaf
	// completes into one of twice its size.
	for n := f.count; n&1 == 1; n >>= 1 {
		last := len(f.nodes) - 1
		leaf = nodeHash(f.nodes[last], leaf)
		f.nodes = f.nodes[:last]
	}
	f.nodes = append(f.nodes, leaf)
	f.count++
}

// Count is the number of leaves so far.
func (f *Frontier) Count() uint64 { return f.count }

// Root is the Merkle tree hash of the leaves so far (RFC 9162, section 2.1.1);
// of none, SHA-256 of nothing.
func (f *Frontier) Root() Hash {
	if len(f.nodes) == 0 {
		return sha256.Sum256(nil)
	}
	root := f.nodes[len(f.nodes)-1]
	for i := len(f.nodes) - 2; i >= 0; i-- {
		root = nodeHash(f.nodes[i], root)
	}
	return root
}

// Root is the Merkle tree hash of leaves given by their hashes.
func Root(leaves []Hash) Hash {
	var f Frontier
	for _, leaf := range leaves {
		f.Append(leaf)
	}
	return f.Root()
}

// Tree holds every level of a Merkle tree, to give many paths; it takes twice
// the memory of its leaves.
type Tree struct {
	levels [][]Hash // leaves first; a level's last node without a sibling rises unchanged
}

// NewTree builds the tree of leaves given by their hashes, and keeps them.
func NewTree(leaves []Hash) *Tree {
	t := &Tree{levels: [][]Hash{leaves}}
	for level := leaves; len(level) > 1; {
		above := make([]Hash, 0, (len(level)+1)/2)
		for i := 0; i+1 < len(level); i += 2 {
			above = append(above, nodeHash(level[i], level[i+1]))
		}
		if len(level)%2 == 1 {
			above = append(above, level[len(level)-1])
		}
		t.levels = append(t.levels, above)
		level = above
	}
	return t
}

// Root is the tree's root.
func (t *Tree) Root() Hash {
	top := t.levels[len(t.levels)-1]
	if len(top) == 0 {
		return sha256.Sum256(nil)
	}
	return top[0]
}

// Path is the inclusion path of the leaf at index (from 0), leaf to root
// (RFC 9162, section 2.1.3.1). It panics when there is no such leaf.
func (t *Tree) Path(index uint64) []Hash {
	_ = t.levels[0][index]
	var path []Hash
	for _, level := range t.levels[:len(t.levels)-1] {
		if sibling := index ^ 1; sibling < uint64(len(level)) {
			path = append(path, level[sibling])
		}
		index >>= 1
	}
	return path
}

// Path is the inclusion path of one leaf; for many, build a [Tree].
func Path(leaves []Hash, index uint64) []Hash {
	return NewTree(leaves).Path(index)
}

// VerifyPath checks that the leaf with this hash stands at index (from 0) of
// the list of count leaves with this root, step for step as RFC 9162, section
// 2.1.3.2.
func VerifyPath(root Hash, index, count uint64, leaf Hash, path []Hash) error {
	if index >= count {
		return wrap(ErrProof, "index %d of a list of %d", index, count)
	}
	if len(path) > bits.Len64(count-1) {
		return wrap(ErrProof, "path of %d hashes for a list of %d", len(path), count)
	}
	node, last := index, count-1
	hash := leaf
	for _, sibling := range path {
		if last == 0 {
			return wrap(ErrProof, "path too long")
		}
		if node&1 == 1 || node == last {
			hash = nodeHash(sibling, hash)
			for node&1 == 0 && node != 0 {
				node >>= 1
				last >>= 1
			}
		} else {
			hash = nodeHash(hash, sibling)
		}
		node >>= 1
		last >>= 1
	}
	if last != 0 {
		return wrap(ErrProof, "path too short")
	}
	if hash != root {
		return wrap(ErrProof, "another root, index, key or row")
	}
	return nil
}
