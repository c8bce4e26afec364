package proof

import (
	"bytes"
	"errors"
	"fmt"

	ics23 "github.com/cosmos/ics23/go"
)

// The two operations of a proof of a multistore, in this order (ICS 23; the
// names are those of the Cosmos SDK's store).
const (
	opTree  = "ics23:iavl"
	opStore = "ics23:simple"
)

// Bounds of a proof. A tree of 2^40 keys is at most 58 deep.
const (
	maxData  = 16 << 10
	maxDepth = 64
	maxKey   = 512
	maxValue = 8 << 10
	rootSize = 32
)

// What was wrong. Each error of [Verify] wraps exactly one.
var (
	ErrOps   = errors.New("proof operations")
	ErrStore = errors.New("store")
	ErrKey   = errors.New("key")
	ErrValue = errors.New("value")
	ErrRoot  = errors.New("root")
)

// Op is one operation of a proof as it travels.
type Op struct {
	Type string `json:"type"`
	Key  []byte `json:"key"`
	Data []byte `json:"data"`
}

// Verified is a record that a root commits to. The zero value is of no record;
// only [Verify] makes another. It is immutable as long as its slices are not
// written to.
type Verified struct {
	root  []byte
	store string
	key   []byte
	value []byte
}

// Root that commits to the record.
func (v Verified) Root() []byte { return v.root }

// Store that holds the record.
func (v Verified) Store() string { return v.store }

// Key of the record.
func (v Verified) Key() []byte { return v.key }

// Value of the record; never empty.
func (v Verified) Value() []byte { return v.value }

// Verify proves that root commits to key -> value in the store. The proof is
// exactly two operations, of the tree and of the store in this order, under our
// own specs; every key and value of the proof is compared with ours.
func Verify(root []byte, store string, key, value []byte, ops []Op) (v Verified, err error) {
	defer func() {
		if r := recover(); r != nil {
			v, err = Verified{}, fmt.Errorf("%w: cannot be computed: %v", ErrOps, r)
		}
	}()
	switch {
	case len(root) != rootSize:
		return v, fmt.Errorf("%w: %d bytes; want %d", ErrRoot, len(root), rootSize)
	case store == "":
		return v, fmt.Errorf("%w: empty", ErrStore)
	case len(key) == 0 || len(key) > maxKey:
		return v, fmt.Errorf("%w: %d bytes; want 1 to %d", ErrKey, len(key), maxKey)
	case len(value) == 0 || len(value) > maxValue:
		return v, fmt.Errorf("%w: %d bytes; want 1 to %d", ErrValue, len(value), maxValue)
	case len(ops) != 2:
		return v, fmt.Errorf("%w: %d; want 2", ErrOps, len(ops))
	}
	tree, err := existence(ops[0], opTree, ics23.IavlSpec, key, ErrKey)
	if err != nil {
		return v, err
	}
	if !bytes.Equal(tree.Value, value) {
		return v, fmt.Errorf("%w: proof is of %x, answer is %x", ErrValue, clip(tree.Value), clip(value))
	}
	storeRoot, err := tree.Calculate()
	if err != nil {
		return v, fmt.Errorf("%w: %s: %w", ErrOps, opTree, err)
	}
	simple, err := existence(ops[1], opStore, ics23.TendermintSpec, []byte(store), ErrStore)
	if err != nil {
		return v, err
	}
	if !bytes.Equal(simple.Value, storeRoot) {
		return v, fmt.Errorf("%w: tree of store %q has root %x, the proof of the store says %x: key, value or path was altered",
			ErrRoot, store, storeRoot, clip(simple.Value))
	}
	if got, err := simple.Calculate(); err != nil {
		return v, fmt.Errorf("%w: %s: %w", ErrOps, opStore, err)
	} else if !bytes.Equal(got, root) {
		return v, fmt.Errorf("%w: proof leads to %x, want %x: it is of another height or another chain", ErrRoot, got, root)
	}
	// All that follows was just compared piece by piece, to name the piece. The
	// library's own verification is the one that counts.
	if err := tree.Verify(ics23.IavlSpec, storeRoot, key, value); err != nil {
		return v, fmt.Errorf("%w: %s: %w", ErrOps, opTree, err)
	}
	if err := simple.Verify(ics23.TendermintSpec, root, []byte(store), storeRoot); err != nil {
		return v, fmt.Errorf("%w: %s: %w", ErrOps, opStore, err)
	}
	return Verified{
		root: bytes.Clone(root), store: store,
		key: bytes.Clone(key), value: bytes.Clone(value),
	}, nil
}

// existence decodes one operation and checks everything but what it computes.
func existence(op Op, kind string, spec *ics23.ProofSpec, key []byte, errKey error) (*ics23.ExistenceProof, error) {
	if op.Type != kind {
		return nil, fmt.Errorf("%w: type %q; want %q", ErrOps, clip([]byte(op.Type)), kind)
	}
	if len(op.Data) == 0 || len(op.Data) > maxData {
		return nil, fmt.Errorf("%w: %s: %d bytes; want 1 to %d", ErrOps, kind, len(op.Data), maxData)
	}
	if !bytes.Equal(op.Key, key) {
		return nil, fmt.Errorf("%w: %s: operation is of %q, want %q", errKey, kind, clip(op.Key), key)
	}
	var commitment ics23.CommitmentProof
	if err := commitment.Unmarshal(op.Data); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrOps, kind, err)
	}
	// Batches and compressed proofs are other ways to say the same, and more
	// code to be wrong in.
	proof := commitment.GetExist()
	if proof == nil {
		return nil, fmt.Errorf("%w: %s: not a proof of existence", ErrOps, kind)
	}
	if len(proof.Path) > maxDepth {
		return nil, fmt.Errorf("%w: %s: %d deep; at most %d", ErrOps, kind, len(proof.Path), maxDepth)
	}
	if !bytes.Equal(proof.Key, key) {
		return nil, fmt.Errorf("%w: %s: proof is of %q, want %q", errKey, kind, clip(proof.Key), key)
	}
	if err := proof.CheckAgainstSpec(spec); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrOps, kind, err)
	}
	return proof, nil
}

func clip(b []byte) []byte { return b[:min(len(b), 64)] }
