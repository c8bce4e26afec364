package identity

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeysOfTheListSignAndVerify(t *testing.T) {
	statement := EnrolStatement("hallmark-1", "acme", KeyDigest{})
	for _, row := range manifest(t)[:20] {
		key := testKey(t, row.Serial)
		der, public, err := PublicDER(key)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(der, row.DER) || public.Digest != row.Key.Digest {
			t.Fatalf("%s is not the key of row %d", row.Serial, row.Number)
		}
		signature, err := Sign(key, statement)
		if err != nil {
			t.Fatal(err)
		}
		if err := public.Verify(statement, signature); err != nil {
			t.Errorf("row %d: %v", row.Number, err)
		}
		for name, err := range map[string]error{
			"another statement": public.Verify(append(statement, 0), signature),
			"another key":       manifest(t)[row.Number].Key.Verify(statement, signature),
			"no signature":      public.Verify(statement, nil),
			"a byte more":       public.Verify(statement, append(signature, 0)),
			"a byte less":       public.Verify(statement, signature[:len(signature)-1]),
			"no key":            PublicKey{}.Verify(statement, signature),
			"huge":              public.Verify(statement, make([]byte, 1<<20)),
		} {
			if !errors.Is(err, ErrSignature) {
				t.Errorf("row %d, %s: %v; want ErrSignature", row.Number, name, err)
			}
		}
	}
}

func TestOtherAlgorithmsAreRefusedByName(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	spki := func(public any) []byte {
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	curve := func(c elliptic.Curve) []byte {
		key, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return spki(key.Public())
	}
	raw := func(oid asn1.ObjectIdentifier, size int) []byte {
		type algorithm struct{ ID asn1.ObjectIdentifier }
		der, err := asn1.Marshal(struct {
			Algorithm algorithm
			Key       asn1.BitString
		}{algorithm{oid}, asn1.BitString{Bytes: make([]byte, size), BitLength: 8 * size}})
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	// A compressed P-256 point: 26 bytes of header are cut to fit 33 of point.
	compressed := []byte{0x30, 0x39, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
		0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x22, 0x00}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	compressed = append(append(compressed, 2+point[64]&1), point[1:33]...)

	for name, test := range map[string]struct {
		der  []byte
		want string
	}{
		"RSA":              {spki(rsaKey.Public()), "algorithm RSA"},
		"P-224":            {curve(elliptic.P224()), "algorithm P-224"},
		"P-384":            {curve(elliptic.P384()), "algorithm P-384"},
		"P-521":            {curve(elliptic.P521()), "algorithm P-521"},
		"X25519":           {raw(asn1.ObjectIdentifier{1, 3, 101, 110}, 32), "algorithm X25519"},
		"Ed448":            {raw(asn1.ObjectIdentifier{1, 3, 101, 113}, 57), "algorithm Ed448"},
		"ML-DSA-65":        {raw(asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 18}, 1952), "algorithm ML-DSA-65"},
		"unheard of":       {raw(asn1.ObjectIdentifier{1, 2, 3, 4}, 32), "object identifier 1.2.3.4"},
		"compressed point": {compressed, "DER"},
		"point off curve":  {append(bytes.Clone(p256DER(t)[:90]), p256DER(t)[90]^1), "DER"},
		"empty":            {nil, "DER"},
		"garbage":          {[]byte("hello"), "DER"},
		"a certificate":    {bytes.Repeat([]byte{0x30}, 400), "400 bytes"},
	} {
		_, err := ParsePublicKey(test.der)
		if !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v; want ErrKey with %q", name, err, test.want)
		}
	}
	if _, err := Sign(rsaKey, nil); !errors.Is(err, ErrKey) {
		t.Errorf("an RSA key signs: %v", err)
	}
}

// One key has one encoding, and so one digest.
func TestOnlyCanonicalDERIsTaken(t *testing.T) {
	ed := manifest(t)[0].DER
	p256 := p256DER(t)
	null := []byte{0x05, 0x00}
	// A bit string with one unused bit: the library shifts it right and would take
	// another key for it.
	shifted := bytes.Clone(ed)
	for _, row := range manifest(t) {
		if d := row.DER; row.Key.Algorithm == AlgorithmEd25519 && d[len(d)-1]&1 == 0 {
			shifted = bytes.Clone(d)
			break
		}
	}
	shifted[11] = 1
	if _, err := x509.ParsePKIXPublicKey(shifted); err != nil {
		t.Errorf("the library refuses %x too; the case shows nothing", shifted)
	}
	for name, der := range map[string][]byte{
		"shifted":              shifted,
		"trailing byte":        append(bytes.Clone(ed), 0),
		"long-form length":     append([]byte{0x30, 0x81, ed[1]}, ed[2:]...),
		"NULL parameters":      append([]byte{0x30, 0x2c, 0x30, 0x07, 0x06, 0x03, 0x2b, 0x65, 0x70, null[0], null[1]}, ed[9:]...),
		"unused bits":          append(append(bytes.Clone(ed[:11]), 1), ed[12:]...),
		"trailing byte, P-256": append(bytes.Clone(p256), 0),
		"long form, P-256":     append([]byte{0x30, 0x81, p256[1]}, p256[2:]...),
		"short key":            append([]byte{0x30, 0x29, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x20, 0x00}, ed[13:]...),
	} {
		if _, err := ParsePublicKey(der); !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v; want ErrKey", name, err)
		}
	}
}

func TestPointsOfSmallOrderAreRefused(t *testing.T) {
	for i, y := range smallOrder {
		for _, sign := range []byte{0, 0x80} {
			point := y
			point[31] |= sign
			if _, err := ParsePublicKey(edDER(point[:])); !errors.Is(err, ErrKey) {
				t.Errorf("point %d, sign %x: %v; want ErrKey", i, sign, err)
			}
		}
	}
	// The 19 encodings of y at or above the prime.
	for low := 0xed; low <= 0xff; low++ {
		point := bytes.Repeat([]byte{0xff}, 32)
		point[0], point[31] = byte(low), 0x7f
		if _, err := ParsePublicKey(edDER(point)); !errors.Is(err, ErrKey) {
			t.Errorf("y = p + %d: %v; want ErrKey", low-0xed, err)
		}
	}
}

type wycheproof struct {
	TestGroups []struct {
		PublicKeyDer string `json:"publicKeyDer"`
		Tests        []struct {
			TcID    int      `json:"tcId"`
			Comment string   `json:"comment"`
			Flags   []string `json:"flags"`
			Msg     string   `json:"msg"`
			Sig     string   `json:"sig"`
			Result  string   `json:"result"`
		} `json:"tests"`
	} `json:"testGroups"`
}

func TestWycheproof(t *testing.T) {
	for file, want := range map[string][2]int{
		"ed25519_test.json":                {88, 63},
		"ecdsa_secp256r1_sha256_test.json": {174, 310},
	} {
		var vectors wycheproof
		readJSON(t, filepath.Join("testdata/wycheproof", file), &vectors)
		var counts [2]int
		for _, group := range vectors.TestGroups {
			key, err := ParsePublicKey(unhex(t, group.PublicKeyDer))
			if err != nil {
				t.Errorf("%s: key %s: %v", file, group.PublicKeyDer, err)
				continue
			}
			for _, test := range group.Tests {
				err := key.Verify(unhex(t, test.Msg), unhex(t, test.Sig))
				if (err == nil) != (test.Result == "valid") {
					t.Errorf("%s: case %d (%s %v): %v; want %s", file, test.TcID, test.Comment, test.Flags, err, test.Result)
				}
				if err == nil {
					counts[0]++
				} else {
					counts[1]++
				}
			}
		}
		if counts != want {
			t.Errorf("%s: %d valid, %d invalid; want %v", file, counts[0], counts[1], want)
		}
	}
}

// How our one rule judges the cases on which libraries differ. The keys of the
// first two are of small order and those of the last two are not canonical: the
// key itself is refused. Of the rest, cases 2 and 3 hold for every rule; 4 and 5
// need the cofactor, 6 and 7 have S at or above the order, 8 and 9 an R that is
// not canonical.
func TestSpeccheckIsGolden(t *testing.T) {
	var cases []struct{ Message, PubKey, Signature string }
	var raw []map[string]string
	readJSON(t, "testdata/ed25519-speccheck/cases.json", &raw)
	for _, c := range raw {
		cases = append(cases, struct{ Message, PubKey, Signature string }{c["message"], c["pub_key"], c["signature"]})
	}
	want := []string{
		"key", "key", "valid", "valid", "signature", "signature",
		"signature", "signature", "signature", "signature", "key", "key",
	}
	if len(cases) != len(want) {
		t.Fatalf("%d cases", len(cases))
	}
	for i, c := range cases {
		got := "valid"
		key, err := ParsePublicKey(edDER(unhex(t, c.PubKey)))
		if err != nil {
			got = "key"
		} else if key.Verify(unhex(t, c.Message), unhex(t, c.Signature)) != nil {
			got = "signature"
		}
		if got != want[i] {
			t.Errorf("case %d: %s; want %s", i, got, want[i])
		}
	}
}

func FuzzParsePublicKey(f *testing.F) {
	rows, err := readManifest()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(rows[0].DER)
	f.Add(rows[1].DER)
	f.Fuzz(func(t *testing.T, der []byte) {
		key, err := ParsePublicKey(der)
		if err != nil {
			if !errors.Is(err, ErrKey) {
				t.Fatalf("%v is of no registered kind", err)
			}
			return
		}
		var public crypto.PublicKey = key.p256
		if key.Algorithm == AlgorithmEd25519 {
			public = key.ed25519
		}
		again, err := x509.MarshalPKIXPublicKey(public)
		if err != nil || !bytes.Equal(again, der) {
			t.Fatalf("%x is encoded %x, %v", der, again, err)
		}
		if key.Verify(nil, nil) == nil || key.Verify(der, make([]byte, 64)) == nil {
			t.Fatal("a signature of zeros verifies")
		}
	})
}

func FuzzVerify(f *testing.F) {
	for _, row := range []string{"GW100-2538-00001", "SEN20-2538-00001"} {
		key := testKey(f, row)
		der, _, err := PublicDER(key)
		if err != nil {
			f.Fatal(err)
		}
		signature, err := Sign(key, []byte("statement"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der, []byte("statement"), signature)
	}
	f.Fuzz(func(t *testing.T, der, message, signature []byte) {
		key, err := ParsePublicKey(der)
		if err != nil {
			return
		}
		if key.Verify(message, signature) == nil && key.Verify(append(bytes.Clone(message), 0), signature) == nil {
			t.Fatal("one signature for two messages")
		}
	})
}

// testKey reads a public test key of the factory list.
func testKey(t testing.TB, serial string) crypto.Signer {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata/devices/keys", serial+".pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(crypto.Signer)
}

func p256DER(t testing.TB) []byte { return manifest(t)[1].DER }

// edDER is the SubjectPublicKeyInfo of any 32 bytes.
func edDER(point []byte) []byte {
	return append([]byte{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00}, point...)
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
