package identity

import (
	"encoding/hex"
	"testing"
)

// Computed by other means: every part, the domain too, preceded by its length.
const (
	goldenEnrolment = "00000012" + "68616c6c6d61726b2f656e726f6c6c2f7631" + // hallmark/enroll/v1
		"0000000a" + "68616c6c6d61726b2d31" + // hallmark-1
		"00000004" + "61636d65" + // acme
		"00000020" + "df0b15975ede72585205e87e588389fa256d39ec04d01831230c1a888ad3de97"
	goldenActivation = "00000014" + "68616c6c6d61726b2f61637469766174652f7631" + // hallmark/activate/v1
		"0000000a" + "68616c6c6d61726b2d31" + // hallmark-1
		"00000001" + "37" + // 7
		"00000020" + "84b5c19b09a32dfe5cb71b4aea966c6ee565bfaa0ea9d0a7b7649ef27bb20554" +
		"00000008" + "0000000000000001" +
		"00000005" + "706c616e74" + // plant
		"00000020" + "df0b15975ede72585205e87e588389fa256d39ec04d01831230c1a888ad3de97"
)

func TestStatementsAreGolden(t *testing.T) {
	key := manifest(t)[0].Key.Digest
	if got := hex.EncodeToString(EnrolStatement("hallmark-1", "acme", key)); got != goldenEnrolment {
		t.Errorf("enrolment:\n%s\nwant\n%s", got, goldenEnrolment)
	}
	root := Root(leaves(t))
	if got := hex.EncodeToString(ActivationStatement("hallmark-1", 7, root, 1, "plant", key)); got != goldenActivation {
		t.Errorf("activation:\n%s\nwant\n%s", got, goldenActivation)
	}
}

// Moving a byte from one part to the next changes the statement.
func TestStatementsAreUnambiguous(t *testing.T) {
	key := manifest(t)[0].Key.Digest
	root := Root(leaves(t))
	seen := map[string]string{}
	for name, statement := range map[string][]byte{
		"chain net, member 1a":     EnrolStatement("net", "1a", key),
		"chain net1, member a":     EnrolStatement("net1", "a", key),
		"chain empty":              EnrolStatement("", "net1a", key),
		"batch 1, row 1":           ActivationStatement("net", 1, root, 1, "ab", key),
		"batch 11, row 1":          ActivationStatement("net", 11, root, 1, "ab", key),
		"batch 1, row 2":           ActivationStatement("net", 1, root, 2, "ab", key),
		"another owner":            ActivationStatement("net", 1, root, 1, "abc", key),
		"another root":             ActivationStatement("net", 1, Hash{}, 1, "ab", key),
		"another key":              ActivationStatement("net", 1, root, 1, "ab", KeyDigest{}),
		"another chain, same rest": ActivationStatement("net2", 1, root, 1, "ab", key),
	} {
		if other, ok := seen[string(statement)]; ok {
			t.Errorf("%s and %s are the same", name, other)
		}
		seen[string(statement)] = name
	}
}

func TestSerialCommitmentIsGolden(t *testing.T) {
	got := SerialCommitment([]byte("salt"), "SEN20-2538-00001")
	if hex.EncodeToString(got[:]) != "20ab3f9bdb3736f796d3ae01ed3c64d1365363cd19ae35ca3a0badcc565e775b" {
		t.Fatalf("%x", got)
	}
}

// leaves are those of the factory list.
func leaves(t testing.TB) []Hash {
	t.Helper()
	rows := manifest(t)
	all := make([]Hash, len(rows))
	for i, row := range rows {
		all[i] = row.Leaf()
	}
	return all
}
