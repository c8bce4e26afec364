package proof

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	ics23 "github.com/cosmos/ics23/go"
)

// The vectors are those of ICS 23 (see testdata/ics23/LICENSE).

func read(t testing.TB, path string, into any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

type hexBytes []byte

func (h *hexBytes) UnmarshalJSON(b []byte) (err error) {
	*h, err = hex.DecodeString(strings.Trim(string(b), `"`))
	return err
}

// TestVectorsOfTrees: proofs of existence in a tree of ours are accepted under
// our spec of it and no other; of absence, and of other trees, never.
func TestVectorsOfTrees(t *testing.T) {
	files, _ := filepath.Glob("testdata/ics23/*/*exist_*.json")
	if len(files) != 18 {
		t.Fatalf("%d files", len(files))
	}
	for _, file := range files {
		tree := filepath.Base(filepath.Dir(file))
		exists := strings.HasPrefix(filepath.Base(file), "exist")
		var v struct{ Key, Proof, Root, Value hexBytes }
		read(t, file, &v)
		for kind, spec := range map[string]*ics23.ProofSpec{"iavl": ics23.IavlSpec, "tendermint": ics23.TendermintSpec} {
			p, err := existence(Op{Type: kind, Key: v.Key, Data: v.Proof}, kind, spec, v.Key, ErrKey)
			want := exists && tree == kind
			if err == nil {
				root, cerr := p.Calculate()
				if cerr != nil {
					t.Fatal(cerr)
				}
				err = p.Verify(spec, ics23.CommitmentRoot(v.Root), v.Key, v.Value)
				if (string(root) == string(v.Root)) != want && tree == kind {
					t.Errorf("%s as %s: root %x", file, kind, root)
				}
			}
			if (err == nil) != want {
				t.Errorf("%s as %s: %v; want accepted %v", file, kind, err, want)
			}
			if !want || kind != "iavl" {
				continue
			}
			// The whole way: under a store of ours.
			root, simple := under("feed", v.Root)
			ops := []Op{{opTree, v.Key, v.Proof}, simple}
			if _, err := Verify(root, "feed", v.Key, v.Value, ops); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			for i := range v.Proof {
				bad := append([]byte(nil), v.Proof...)
				bad[i] ^= 0x10
				if _, err := Verify(root, "feed", v.Key, v.Value, []Op{{opTree, v.Key, bad}, simple}); err == nil {
					t.Errorf("%s: accepted with byte %d altered", file, i)
				}
			}
		}
	}
}

// TestVectorsOfOperations: what does not match the pinned specs is refused,
// whatever it computes.
func TestVectorsOfOperations(t *testing.T) {
	check := func(name string, p *ics23.ExistenceProof, want bool) {
		t.Helper()
		data, err := (&ics23.CommitmentProof{Proof: &ics23.CommitmentProof_Exist{Exist: p}}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		_, err = existence(Op{Type: opTree, Key: p.Key, Data: data}, opTree, ics23.IavlSpec, p.Key, ErrKey)
		if (err == nil) != want {
			t.Errorf("%s: %v; want accepted %v", name, err, want)
		}
	}
	var specs map[string]struct {
		Proof *ics23.ExistenceProof
		Spec  *ics23.ProofSpec
		Err   string
	}
	read(t, "testdata/ics23/TestCheckAgainstSpecData.json", &specs)
	for name, v := range specs {
		pinned := v.Spec.MaxDepth == 0 && v.Spec.MinDepth == 0 && v.Spec.LeafSpec.GetLength() == ics23.LengthOp_VAR_PROTO &&
			v.Spec.LeafSpec.GetPrehashValue() == ics23.HashOp_SHA256 && v.Spec.InnerSpec.GetMaxPrefixLength() == 12
		if pinned {
			check(name, v.Proof, v.Err == "")
		}
	}
	var proofs map[string]struct{ Proof *ics23.ExistenceProof }
	read(t, "testdata/ics23/TestExistenceProofData.json", &proofs)
	for name, v := range proofs {
		check(name, v.Proof, false)
	}
	var leaves map[string]struct {
		Op         *ics23.LeafOp
		Key, Value []byte
	}
	read(t, "testdata/ics23/TestLeafOpData.json", &leaves)
	for name, v := range leaves {
		check(name, &ics23.ExistenceProof{Key: v.Key, Value: v.Value, Leaf: v.Op}, false)
	}
	var inners map[string]struct{ Op *ics23.InnerOp }
	read(t, "testdata/ics23/TestInnerOpData.json", &inners)
	for name, v := range inners {
		leaf := *ics23.IavlSpec.LeafSpec
		leaf.Prefix = []byte{0, 2, 2}
		check(name, &ics23.ExistenceProof{Key: []byte("k"), Value: []byte("v"), Leaf: &leaf, Path: []*ics23.InnerOp{v.Op}}, false)
	}
	var empty []struct {
		Op   *ics23.InnerOp
		Spec *ics23.ProofSpec
	}
	read(t, "testdata/ics23/TestEmptyBranchData.json", &empty)
	for _, v := range empty {
		leaf := *ics23.IavlSpec.LeafSpec
		leaf.Prefix = []byte{0, 2, 2}
		check("empty branch", &ics23.ExistenceProof{Key: []byte("k"), Value: []byte("v"), Leaf: &leaf, Path: []*ics23.InnerOp{v.Op}}, false)
	}
}

// TestVectorsOfFuzzing: what once made the library panic is refused.
func TestVectorsOfFuzzing(t *testing.T) {
	files, _ := filepath.Glob("testdata/ics23/fuzz/*/*")
	if len(files) == 0 {
		t.Fatal("no files")
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(raw)) {
			s, ok := strings.CutPrefix(strings.TrimSpace(line), "[]byte(")
			if !ok {
				continue
			}
			text, err := strconv.Unquote(strings.TrimSuffix(s, ")"))
			if err != nil {
				t.Fatal(err)
			}
			var v struct {
				Proof, Exist *ics23.ExistenceProof
			}
			p := &ics23.ExistenceProof{}
			if json.Unmarshal([]byte(text), &v) == nil && v.Proof != nil {
				p = v.Proof
			} else {
				_ = json.Unmarshal([]byte(text), p)
			}
			data, err := (&ics23.CommitmentProof{Proof: &ics23.CommitmentProof_Exist{Exist: p}}).Marshal()
			if err != nil {
				continue
			}
			root, simple := under("feed", make([]byte, 32))
			for _, d := range [][]byte{data, []byte(text)} {
				if _, err := Verify(root, "feed", []byte("key"), []byte("value"), []Op{{opTree, []byte("key"), d}, simple}); err == nil {
					t.Errorf("%s: accepted", file)
				}
			}
		}
	}
}
