package identity

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestModels(t *testing.T) {
	for _, good := range []string{"SEN-20", "GW-100", "CAM-7", "a", "7", "s7_1200.v2", strings.Repeat("x", MaxModel)} {
		if err := ValidateModel(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "-a", ".a", "_a", "a b", "a/b", "a#", "a+", "é", "a\x00", strings.Repeat("x", MaxModel+1)} {
		if err := ValidateModel(bad); !errors.Is(err, ErrInvalid) || !strings.HasPrefix(err.Error(), "model: ") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestSerials(t *testing.T) {
	for _, good := range []string{"SEN20-2538-00001", "S/N"[:1], "α-7", "a b", "1.0", strings.Repeat("x", MaxSerial)} {
		if err := ValidateSerial(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", ".", "..", ".hidden", "a/b", `a\b`, "a\nb", "a\x00", "\xff", "a\u202eb", strings.Repeat("x", MaxSerial+1)} {
		if err := ValidateSerial(bad); !errors.Is(err, ErrInvalid) || !strings.HasPrefix(err.Error(), "serial: ") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// What passes is safe where it goes: models in feed names, serials in file
// names, reasons on terminals. What does not is refused with a short error.
func TestNaughtyStringsAreHarmless(t *testing.T) {
	models, serials := 0, 0
	for _, s := range naughty(t) {
		if err := ValidateModel(s); err == nil {
			models++
			if strings.ContainsAny(s, "/ \\\x00") || !utf8.ValidString(s) {
				t.Errorf("model %q", s)
			}
		} else if len(err.Error()) > 500 || !errors.Is(err, ErrInvalid) {
			t.Errorf("model %q: %v", s, err)
		}
		if err := ValidateSerial(s); err == nil {
			serials++
			if strings.ContainsAny(s, "/\\\x00\n\r") || s == ".." {
				t.Errorf("serial %q", s)
			}
		} else if len(err.Error()) > 800 || !errors.Is(err, ErrInvalid) {
			t.Errorf("serial %q: %v", s, err)
		}
		if err := ValidateReason(s); err == nil && strings.ContainsAny(s, "\x00\x1b\n\r") {
			t.Errorf("reason %q", s)
		}
		if err := ValidateCID(s); err == nil && s != "" {
			t.Errorf("cid %q", s)
		}
	}
	if models == 0 || serials == 0 {
		t.Errorf("%d models and %d serials pass; the test shows nothing", models, serials)
	}
}

func TestReasons(t *testing.T) {
	for _, good := range []string{"", "stolen in transit", "gestohlen – Straße", strings.Repeat("x", MaxReason)} {
		if err := ValidateReason(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"a\nb", "\x1b[31m", "\xff", strings.Repeat("x", MaxReason+1)} {
		if err := ValidateReason(bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestCIDOfTheListIsGolden(t *testing.T) {
	data, err := os.ReadFile(manifestFile)
	if err != nil {
		t.Fatal(err)
	}
	const want = "bafkreiekdhfwawgr2zfewbtdr2iom5akiw7rg5hhwb42b3golmnu376e4i"
	if got := RawCID(sha256.Sum256(data)); got != want {
		t.Errorf("%s; want %s", got, want)
	}
	for _, good := range []string{"", want, encodeCID(cidDagPB, Hash{})} {
		if err := ValidateCID(good); err != nil {
			t.Error(err)
		}
	}
	for name, bad := range map[string]string{
		"CIDv0":         "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG",
		"upper case":    strings.ToUpper(want),
		"base58":        "z" + want[1:],
		"short":         want[:58],
		"bits left":     want[:58] + "j",
		"dag-cbor":      encodeCID(0x71, Hash{}),
		"digit":         want[:58] + "1",
		"version 2":     "b" + lower.EncodeToString(append([]byte{2, cidRaw, 0x12, 0x20}, make([]byte, 32)...)),
		"line break":    want[:58] + "\n",
		"another hash":  "b" + lower.EncodeToString(append([]byte{1, cidRaw, 0x13, 0x20}, make([]byte, 32)...)),
		"another field": strings.Repeat("b", 59),
	} {
		if err := ValidateCID(bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStepsOfALife(t *testing.T) {
	const (
		m = StatusManufactured
		a = StatusActive
		s = StatusSuspended
		r = StatusRetired
		x = StatusRevoked
	)
	allowed := map[[2]Status]bool{
		{m, a}: true, {m, r}: true, {m, x}: true,
		{a, s}: true, {a, r}: true, {a, x}: true,
		{s, a}: true, {s, r}: true, {s, x}: true,
	}
	for from := StatusUnspecified; from <= StatusRevoked+1; from++ {
		for to := StatusUnspecified; to <= StatusRevoked+1; to++ {
			if CanMove(from, to) != allowed[[2]Status{from, to}] {
				t.Errorf("%s to %s: %v", from.Word(), to.Word(), CanMove(from, to))
			}
		}
		if final := from == r || from == x; from.Final() != final {
			t.Errorf("%s: final is %v", from.Word(), from.Final())
		}
	}
	for _, step := range Steps() {
		if narrows := step.To != a; step.Narrows != narrows {
			t.Errorf("%s: narrows is %v", step.Name, step.Narrows)
		}
		for from := StatusUnspecified; from <= StatusRevoked; from++ {
			err := step.Check(from)
			if (err == nil) != bytes.Contains(statuses(step.From), []byte{byte(from)}) {
				t.Errorf("%s from %s: %v", step.Name, from.Word(), err)
			}
			if err != nil && !errors.Is(err, ErrStep) {
				t.Errorf("%v is of another kind", err)
			}
		}
	}
}

func statuses(list []Status) []byte {
	var b []byte
	for _, s := range list {
		b = append(b, byte(s))
	}
	return b
}
