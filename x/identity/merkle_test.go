package identity

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Roots of the first rows of the factory list, computed by other means.
func TestRootIsGolden(t *testing.T) {
	all := leaves(t)
	for n, want := range map[int]string{
		0:    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		1:    "d98f37caecd240ebc9192e2e443d02d095764def8d8e7c6bde8e1ea585ff5f02",
		2:    "6025f935db917bb620fa5ece28286a9f55f986ebd6b1173de34e6039580e1d2b",
		3:    "f47e93cf8da5f95839e614056bc41f20479aa2a2e64c6c1df8f3d513128a6fb3",
		7:    "1a8e17e86e3466732e86f5b45a575980701475ea09434328329c8d27a0ca1d29",
		20:   "e555a1b9933bf5caecb5686c7f025ff0c530c4dd729552a75002bb7b8e57aeb3",
		1000: "84b5c19b09a32dfe5cb71b4aea966c6ee565bfaa0ea9d0a7b7649ef27bb20554",
	} {
		root := Root(all[:n])
		if got := hex.EncodeToString(root[:]); got != want {
			t.Errorf("%d leaves: %s; want %s", n, got, want)
		}
		if tree := NewTree(all[:n]).Root(); tree != root {
			t.Errorf("%d leaves: the tree has root %x", n, tree)
		}
	}
}

func TestEveryRowOfTheListIsProved(t *testing.T) {
	all := leaves(t)
	tree := NewTree(all)
	for i, leaf := range all {
		if err := VerifyPath(tree.Root(), uint64(i), 1000, leaf, tree.Path(uint64(i))); err != nil {
			t.Fatalf("row %d: %v", i+1, err)
		}
	}
}

// mth is the definition of RFC 9162, section 2.1.1, word for word.
func mth(leaves []Hash) Hash {
	switch n := len(leaves); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	default:
		k := 1
		for k*2 < n {
			k *= 2
		}
		return nodeHash(mth(leaves[:k]), mth(leaves[k:]))
	}
}

// path is the definition of RFC 9162, section 2.1.3.1.
func path(index int, leaves []Hash) []Hash {
	if len(leaves) == 1 {
		return nil
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	if index < k {
		return append(path(index, leaves[:k]), mth(leaves[k:]))
	}
	return append(path(index-k, leaves[k:]), mth(leaves[:k]))
}

func someLeaves(t *rapid.T) []Hash {
	all := make([]Hash, rapid.IntRange(1, 300).Draw(t, "count"))
	seed := rapid.Uint64().Draw(t, "seed")
	for i := range all {
		all[i] = LeafHash(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, seed), uint64(i)))
	}
	return all
}

func TestTreeIsAsDefined(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := someLeaves(t)
		index := rapid.IntRange(0, len(all)-1).Draw(t, "index")
		tree := NewTree(all)
		want := mth(all)
		if tree.Root() != want || Root(all) != want {
			t.Fatal("another root")
		}
		if !slices.Equal(tree.Path(uint64(index)), path(index, all)) || !slices.Equal(Path(all, uint64(index)), path(index, all)) {
			t.Fatal("another path")
		}
		if err := VerifyPath(want, uint64(index), uint64(len(all)), all[index], path(index, all)); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAlteredPathsAreRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := someLeaves(t)
		count := uint64(len(all))
		index := rapid.Uint64Range(0, count-1).Draw(t, "index")
		root, leaf, good := mth(all), all[index], Path(all, index)
		refuse := func(what string, err error) {
			if !errors.Is(err, ErrProof) {
				t.Fatalf("%s: %v; want ErrProof", what, err)
			}
		}
		flip := func(h Hash) Hash {
			h[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			return h
		}
		refuse("another root", VerifyPath(flip(root), index, count, leaf, good))
		refuse("another leaf", VerifyPath(root, index, count, flip(leaf), good))
		refuse("longer", VerifyPath(root, index, count, leaf, append(slices.Clone(good), root)))
		refuse("index beyond", VerifyPath(root, index+count, count, leaf, good))
		if other := rapid.Uint64Range(0, count-1).Draw(t, "other"); other != index {
			refuse("another index", VerifyPath(root, other, count, leaf, good))
		}
		if n := len(good); n > 0 {
			refuse("shorter", VerifyPath(root, index, count, leaf, good[:n-1]))
			at := rapid.IntRange(0, n-1).Draw(t, "at")
			altered := slices.Clone(good)
			altered[at] = flip(altered[at])
			refuse("altered", VerifyPath(root, index, count, leaf, altered))
			// An inner node never passes for a leaf: its level is missing below.
			refuse("inner node as leaf", VerifyPath(root, index/2, count, nodeHash(leaf, good[0]), good[1:]))
		}
	})
}

func TestVerifyPathAtItsBounds(t *testing.T) {
	leaf := LeafHash([]byte("alone"))
	if err := VerifyPath(leaf, 0, 1, leaf, nil); err != nil {
		t.Errorf("a list of one: %v", err)
	}
	for name, err := range map[string]error{
		"empty list":        VerifyPath(leaf, 0, 0, leaf, nil),
		"path for one":      VerifyPath(leaf, 0, 1, leaf, []Hash{leaf}),
		"index of the next": VerifyPath(leaf, 1, 1, leaf, nil),
		"huge count":        VerifyPath(leaf, 1<<63, 1<<63, leaf, nil),
		"longest path":      VerifyPath(leaf, MaxRows-1, MaxRows, leaf, make([]Hash, MaxPath)),
		"beyond it":         VerifyPath(leaf, 0, MaxRows, leaf, make([]Hash, MaxPath+1)),
	} {
		if !errors.Is(err, ErrProof) {
			t.Errorf("%s: %v; want ErrProof", name, err)
		}
	}
}

func FuzzVerifyPath(f *testing.F) {
	all := make([]Hash, 5)
	for i := range all {
		all[i] = LeafHash([]byte{byte(i)})
	}
	root := Root(all)
	tree := NewTree(all)
	for i := range all {
		f.Add(uint64(i), uint64(5), all[i][:], flatten(tree.Path(uint64(i))))
	}
	f.Fuzz(func(t *testing.T, index, count uint64, leaf, flat []byte) {
		if len(leaf) != 32 || len(flat)%32 != 0 || len(flat) > 64*32 {
			return
		}
		var path []Hash
		for hash := range slices.Chunk(flat, 32) {
			path = append(path, Hash(hash))
		}
		if VerifyPath(root, index, count, Hash(leaf), path) != nil || count != 5 {
			return
		}
		if Hash(leaf) != all[index] || !slices.Equal(path, tree.Path(index)) {
			t.Fatalf("another leaf or path is taken at %d", index)
		}
	})
}

func flatten(path []Hash) []byte {
	var flat []byte
	for _, hash := range path {
		flat = append(flat, hash[:]...)
	}
	return flat
}
