package identity

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
)

// Bounds of what a device presents, in bytes.
const (
	MaxPublicKey = 128
	MaxSignature = 128
)

// PublicKey is a device key that was parsed and may be used. The zero value
// verifies nothing.
type PublicKey struct {
	Algorithm Algorithm
	// Digest is SHA-256 of the DER SubjectPublicKeyInfo.
	Digest KeyDigest

	ed25519 ed25519.PublicKey
	p256    *ecdsa.PublicKey
}

// ParsePublicKey reads a DER SubjectPublicKeyInfo: Ed25519 (RFC 8410) or P-256
// as an uncompressed point (RFC 5480). The encoding must be the canonical one,
// so that a key has one digest; every other algorithm is refused by name.
//
// An Ed25519 key must be a canonical point that is not of small order: under
// such a point one signature verifies for many messages.
func ParsePublicKey(der []byte) (PublicKey, error) {
	if len(der) > MaxPublicKey {
		if name := algorithmName(der); name != "" {
			return PublicKey{}, wrap(ErrKey, "algorithm %s; want Ed25519 or P-256", name)
		}
		return PublicKey{}, wrap(ErrKey, "%d bytes; want at most %d", len(der), MaxPublicKey)
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		if name := algorithmName(der); name != "" && name != "Ed25519" && name != "P-256" {
			return PublicKey{}, wrap(ErrKey, "algorithm %s; want Ed25519 or P-256", name)
		}
		return PublicKey{}, wrap(ErrKey, "not a DER SubjectPublicKeyInfo: %v", err)
	}
	key := PublicKey{Digest: sha256.Sum256(der)}
	switch public := parsed.(type) {
	case ed25519.PublicKey:
		if err := checkPoint(public); err != nil {
			return PublicKey{}, err
		}
		key.Algorithm, key.ed25519 = AlgorithmEd25519, public
	case *ecdsa.PublicKey:
		if public.Curve != elliptic.P256() {
			return PublicKey{}, wrap(ErrKey, "algorithm %s; want Ed25519 or P-256", public.Curve.Params().Name)
		}
		key.Algorithm, key.p256 = AlgorithmP256, public
	default:
		return PublicKey{}, wrap(ErrKey, "algorithm %s; want Ed25519 or P-256", algorithmName(der))
	}
	canonical, err := x509.MarshalPKIXPublicKey(parsed)
	if err != nil {
		return PublicKey{}, wrap(ErrKey, "cannot be encoded: %v", err)
	}
	if !bytes.Equal(canonical, der) {
		return PublicKey{}, wrap(ErrKey, "not the canonical DER encoding")
	}
	return key, nil
}

// Verify checks a signature over the message. It is the one rule of chain and
// gateway:
//
//   - Ed25519 (RFC 8032, pure): S below the group's order, R compared as bytes,
//     no multiplication by the cofactor;
//   - P-256: ASN.1 DER ECDSA over SHA-256 of the message; both S and its
//     negative verify, so a signature never serves as an identifier.
func (k PublicKey) Verify(message, signature []byte) error {
	if len(signature) > MaxSignature {
		return wrap(ErrSignature, "%d bytes; want at most %d", len(signature), MaxSignature)
	}
	switch k.Algorithm {
	case AlgorithmEd25519:
		if len(signature) != ed25519.SignatureSize {
			return wrap(ErrSignature, "%d bytes; want %d for Ed25519", len(signature), ed25519.SignatureSize)
		}
		if len(k.ed25519) == ed25519.PublicKeySize && ed25519.Verify(k.ed25519, message, signature) {
			return nil
		}
	case AlgorithmP256:
		digest := sha256.Sum256(message)
		if k.p256 != nil && ecdsa.VerifyASN1(k.p256, digest[:], signature) {
			return nil
		}
	default:
		return wrap(ErrSignature, "no key")
	}
	return wrap(ErrSignature, "another key, or another statement")
}

// ParseAlgorithm reads the name that factory lists use: "ed25519" or "p256".
func ParseAlgorithm(name string) (Algorithm, error) {
	switch name {
	case "ed25519":
		return AlgorithmEd25519, nil
	case "p256":
		return AlgorithmP256, nil
	}
	return AlgorithmUnspecified, wrap(ErrKey, "algorithm %s; want ed25519 or p256", excerpt(name))
}

// checkPoint refuses encodings of y at or above 2^255 - 19 and the points of
// small order.
func checkPoint(key ed25519.PublicKey) error {
	if len(key) != ed25519.PublicKeySize {
		return wrap(ErrKey, "Ed25519 point of %d bytes; want %d", len(key), ed25519.PublicKeySize)
	}
	y := [32]byte(key)
	y[31] &= 0x7f // the sign of x
	if !belowPrime(y) {
		return wrap(ErrKey, "Ed25519 point is not canonical")
	}
	for _, small := range smallOrder {
		if y == small {
			return wrap(ErrKey, "Ed25519 point is of small order")
		}
	}
	return nil
}

// belowPrime reports whether a little-endian number below 2^255 is below
// 2^255 - 19.
func belowPrime(y [32]byte) bool {
	if y[31] != 0x7f || y[0] < 0xed {
		return true
	}
	for _, b := range y[1:31] {
		if b != 0xff {
			return true
		}
	}
	return false
}

// smallOrder holds the y of the eight points of small order, little-endian.
var smallOrder = [5][32]byte{
	{0x00}, // order 4
	{0x01}, // order 1
	{ // order 8
		0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
	},
	{ // order 8
		0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
	},
	{ // order 2
		0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
	},
}

// algorithmNames are the object identifiers worth a name in an error.
var algorithmNames = map[string]string{
	"1.2.840.113549.1.1.1":    "RSA",
	"1.2.840.113549.1.1.10":   "RSA-PSS",
	"1.2.840.10040.4.1":       "DSA",
	"1.3.101.110":             "X25519",
	"1.3.101.111":             "X448",
	"1.3.101.112":             "Ed25519",
	"1.3.101.113":             "Ed448",
	"2.16.840.1.101.3.4.3.17": "ML-DSA-44",
	"2.16.840.1.101.3.4.3.18": "ML-DSA-65",
	"2.16.840.1.101.3.4.3.19": "ML-DSA-87",
	"1.2.840.10045.3.1.7":     "P-256",
	"1.3.132.0.33":            "P-224",
	"1.3.132.0.34":            "P-384",
	"1.3.132.0.35":            "P-521",
	"1.3.132.0.10":            "secp256k1",
}

// algorithmName names the algorithm that a SubjectPublicKeyInfo claims, for an
// error; empty when it is none.
func algorithmName(der []byte) string {
	var info struct {
		Algorithm struct {
			Algorithm  asn1.ObjectIdentifier
			Parameters asn1.RawValue `asn1:"optional"`
		}
		Key asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return ""
	}
	id := info.Algorithm.Algorithm.String()
	if id == "1.2.840.10045.2.1" { // id-ecPublicKey: the curve is a parameter
		var curve asn1.ObjectIdentifier
		if _, err := asn1.Unmarshal(info.Algorithm.Parameters.FullBytes, &curve); err != nil {
			return "EC with explicit parameters"
		}
		id = curve.String()
	}
	if name, ok := algorithmNames[id]; ok {
		return name
	}
	return fmt.Sprintf("with object identifier %s", id)
}
