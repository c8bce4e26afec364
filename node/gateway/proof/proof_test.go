package proof

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/cosmos/iavl"
	idb "github.com/cosmos/iavl/db"
	ics23 "github.com/cosmos/ics23/go"
)

// under puts a store's root beside another store, and returns the root of both
// with the operation that proves it.
func under(store string, root []byte) ([]byte, Op) {
	leaf := func(name string, value []byte) []byte {
		sum := sha256.Sum256(value)
		b := append([]byte{0, byte(len(name))}, name...)
		h := sha256.Sum256(append(append(b, 32), sum[:]...))
		return h[:]
	}
	other := leaf("auth", []byte("other"))
	h := sha256.Sum256(append(append([]byte{1}, other...), leaf(store, root)...))
	data, err := (&ics23.CommitmentProof{Proof: &ics23.CommitmentProof_Exist{Exist: &ics23.ExistenceProof{
		Key: []byte(store), Value: root, Leaf: ics23.TendermintSpec.LeafSpec,
		Path: []*ics23.InnerOp{{Hash: ics23.HashOp_SHA256, Prefix: append([]byte{1}, other...)}},
	}}}).Marshal()
	if err != nil {
		panic(err)
	}
	return h[:], Op{opStore, []byte(store), data}
}

// sample is a tree of 100 keys and the proof of one.
func sample(t testing.TB) (root []byte, key, value []byte, ops []Op) {
	t.Helper()
	tree := iavl.NewMutableTree(idb.NewMemDB(), 0, true, iavl.NewNopLogger())
	for i := range 100 {
		if _, err := tree.Set([]byte{1, byte(i)}, []byte{2, byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := tree.SaveVersion(); err != nil {
		t.Fatal(err)
	}
	key, value = []byte{1, 42}, []byte{2, 42}
	p, err := tree.GetMembershipProof(key)
	if err != nil {
		t.Fatal(err)
	}
	data, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	root, simple := under("feed", tree.Hash())
	return root, key, value, []Op{{opTree, key, data}, simple}
}

func TestAProvenRecordIsVerified(t *testing.T) {
	root, key, value, ops := sample(t)
	v, err := Verify(root, "feed", key, value, ops)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(v.Root(), root) || v.Store() != "feed" || !bytes.Equal(v.Key(), key) || !bytes.Equal(v.Value(), value) {
		t.Errorf("%+v", v)
	}
}

func TestEveryAlterationIsRefused(t *testing.T) {
	root, key, value, ops := sample(t)
	flip := func(b []byte, i int) []byte {
		b = bytes.Clone(b)
		b[i] ^= 1
		return b
	}
	for i := range root {
		if _, err := Verify(flip(root, i), "feed", key, value, ops); !errors.Is(err, ErrRoot) {
			t.Errorf("root, byte %d: %v", i, err)
		}
	}
	for i := range key {
		if _, err := Verify(root, "feed", flip(key, i), value, ops); !errors.Is(err, ErrKey) {
			t.Errorf("key, byte %d: %v", i, err)
		}
	}
	for i := range value {
		if _, err := Verify(root, "feed", key, flip(value, i), ops); !errors.Is(err, ErrValue) {
			t.Errorf("value, byte %d: %v", i, err)
		}
	}
	for o := range ops {
		for i := range ops[o].Data {
			for bit := range 8 {
				bad := []Op{ops[0], ops[1]}
				bad[o].Data = bytes.Clone(ops[o].Data)
				bad[o].Data[i] ^= 1 << bit
				if _, err := Verify(root, "feed", key, value, bad); err == nil {
					t.Errorf("operation %d, byte %d, bit %d: accepted", o, i, bit)
				}
			}
		}
	}
	op := func(o int, f func(*Op)) []Op {
		bad := []Op{ops[0], ops[1]}
		f(&bad[o])
		return bad
	}
	for name, c := range map[string]struct {
		store      string
		key, value []byte
		ops        []Op
		want       error
	}{
		"another store":        {"feeddata", key, value, ops, ErrStore},
		"no store":             {"", key, value, ops, ErrStore},
		"no key":               {"feed", nil, value, ops, ErrKey},
		"no value":             {"feed", key, nil, ops, ErrValue},
		"a long key":           {"feed", make([]byte, maxKey+1), value, ops, ErrKey},
		"a long value":         {"feed", key, make([]byte, maxValue+1), ops, ErrValue},
		"no operation":         {"feed", key, value, nil, ErrOps},
		"one operation":        {"feed", key, value, ops[:1], ErrOps},
		"three operations":     {"feed", key, value, append(ops[:2:2], ops[1]), ErrOps},
		"swapped operations":   {"feed", key, value, []Op{ops[1], ops[0]}, ErrOps},
		"the same twice":       {"feed", key, value, []Op{ops[0], ops[0]}, ErrOps},
		"a proof of another":   {"feed", []byte{1, 43}, []byte{2, 43}, op(0, func(o *Op) { o.Key = []byte{1, 43} }), ErrKey},
		"another type":         {"feed", key, value, op(0, func(o *Op) { o.Type = "ics23:smt" }), ErrOps},
		"another key named":    {"feed", key, value, op(0, func(o *Op) { o.Key = []byte("x") }), ErrKey},
		"another store named":  {"feed", key, value, op(1, func(o *Op) { o.Key = []byte("x") }), ErrStore},
		"an empty proof":       {"feed", key, value, op(0, func(o *Op) { o.Data = nil }), ErrOps},
		"a huge proof":         {"feed", key, value, op(0, func(o *Op) { o.Data = make([]byte, maxData+1) }), ErrOps},
		"a proof of an absent": {"feed", key, value, op(0, absence), ErrOps},
		"a deep proof":         {"feed", key, value, op(0, deepen), ErrOps},
	} {
		if _, err := Verify(root, c.store, c.key, c.value, c.ops); !errors.Is(err, c.want) {
			t.Errorf("%s: %v; want %v", name, err, c.want)
		}
	}
	if _, err := Verify(root[:31], "feed", key, value, ops); !errors.Is(err, ErrRoot) {
		t.Error(err)
	}
}

func absence(o *Op) {
	o.Data, _ = (&ics23.CommitmentProof{Proof: &ics23.CommitmentProof_Nonexist{Nonexist: &ics23.NonExistenceProof{Key: o.Key}}}).Marshal()
}

func deepen(o *Op) {
	var c ics23.CommitmentProof
	_ = c.Unmarshal(o.Data)
	for len(c.GetExist().Path) <= maxDepth {
		c.GetExist().Path = append(c.GetExist().Path, c.GetExist().Path[0])
	}
	o.Data, _ = c.Marshal()
}

// FuzzVerify: nothing but the record is ever verified, and nothing panics.
func FuzzVerify(f *testing.F) {
	root, key, value, ops := sample(f)
	f.Add(key, value, ops[0].Data, ops[1].Data)
	f.Add(key, []byte{2, 43}, ops[0].Data, ops[1].Data)
	f.Fuzz(func(t *testing.T, k, v, tree, store []byte) {
		got, err := Verify(root, "feed", k, v, []Op{{opTree, k, tree}, {opStore, []byte("feed"), store}})
		if err != nil {
			return
		}
		if k := got.Key(); len(k) != 2 || k[0] != 1 || k[1] >= 100 || !bytes.Equal(got.Value(), []byte{2, k[1]}) {
			t.Fatalf("verified %x -> %x", got.Key(), got.Value())
		}
	})
}
