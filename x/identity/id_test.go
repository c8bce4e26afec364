package identity

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

// The ids of rows 1, 2 and 20 of the factory list, computed by other means.
var goldenIDs = map[uint64]string{
	1:  "did:hallmark:ciqn6cyvs5pn44sykic6q7syqoe7ujlnhhwajuaygerqyguirlj55fy",
	2:  "did:hallmark:ciqp6rvxtcf5qivk6tnhpwmnve5s44ltsc4ou2f2axcuvrewxgmcchi",
	20: "did:hallmark:ciqb6nfwofbo4plvbohddakyx6remotx5rbvfqpovesccjdu2ywh2rq",
}

func TestIDIsGolden(t *testing.T) {
	for number, want := range goldenIDs {
		row := manifest(t)[number-1]
		if got := ID(row.Key.Digest); got != want {
			t.Errorf("row %d: %s; want %s", number, got, want)
		}
		digest, err := ParseID(want)
		if err != nil || digest != row.Key.Digest {
			t.Errorf("ParseID(%s) = %x, %v", want, digest, err)
		}
	}
}

func TestParseIDTakesOneSpelling(t *testing.T) {
	id := goldenIDs[1]
	body := strings.TrimPrefix(id, Method)
	for name, bad := range map[string]string{
		"empty":             "",
		"method alone":      Method,
		"other method":      "did:key:" + body,
		"no method":         body,
		"upper-case method": "DID:hallmark:" + body,
		"upper-case body":   Method + strings.ToUpper(body),
		"padded":            id + "=",
		"short":             id[:len(id)-1],
		"long":              id + "a",
		"line break inside": id[:len(id)-1] + "\n",
		"digit not base32":  id[:len(id)-1] + "1",
		"fragment":          id + "#key-1",
		"space before":      " " + id,
		"sha2-512 code":     Method + lower.EncodeToString(append([]byte{0x13, 0x20}, make([]byte, 32)...)),
		"length 31":         Method + lower.EncodeToString(append([]byte{0x12, 0x1f}, make([]byte, 32)...)),
		"bits left over":    id[:len(id)-1] + "z",
	} {
		if _, err := ParseID(bad); !errors.Is(err, ErrID) {
			t.Errorf("%s: ParseID(%q): %v; want ErrID", name, bad, err)
		}
	}
}

func TestNaughtyStringsAreNoIDs(t *testing.T) {
	for _, s := range naughty(t) {
		for _, id := range []string{s, Method + s} {
			if _, err := ParseID(id); !errors.Is(err, ErrID) {
				t.Errorf("ParseID(%q): %v; want ErrID", id, err)
			} else if len(err.Error()) > 500 {
				t.Errorf("ParseID(%q): an error of %d bytes", id, len(err.Error()))
			}
		}
	}
}

func FuzzParseID(f *testing.F) {
	for _, id := range goldenIDs {
		f.Add(id)
	}
	f.Add(Method)
	f.Fuzz(func(t *testing.T, id string) {
		digest, err := ParseID(id)
		if err == nil && ID(digest) != id {
			t.Fatalf("%q is taken and spelt %q", id, ID(digest))
		}
	})
}

func TestDeviceKeyIsGolden(t *testing.T) {
	digest := KeyDigest(sha256.Sum256([]byte("key")))
	key := DeviceKey(digest)
	if len(key) != 33 || key[0] != 'd' || [32]byte(key[1:]) != digest {
		t.Fatalf("%x", key)
	}
	back, ok := ParseDeviceKey(key)
	if !ok || back != digest {
		t.Fatalf("%x, %v", back, ok)
	}
	for _, bad := range [][]byte{nil, key[:32], append([]byte{'m'}, digest[:]...), append(key, 0)} {
		if _, ok := ParseDeviceKey(bad); ok {
			t.Errorf("%x is taken", bad)
		}
	}
}

// naughty reads the list of strings that trouble software.
func naughty(t *testing.T) []string {
	t.Helper()
	var all []string
	readJSON(t, "testdata/identifiers/blns.json", &all)
	if len(all) < 500 {
		t.Fatalf("%d strings", len(all))
	}
	return all
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}
