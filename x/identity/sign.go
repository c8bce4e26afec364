package identity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
)

// Sign makes a signature that [PublicKey.Verify] accepts. It is for devices,
// makers and tests; no handler calls it.
func Sign(key crypto.Signer, message []byte) ([]byte, error) {
	switch key := key.(type) {
	case ed25519.PrivateKey:
		return ed25519.Sign(key, message), nil
	case *ecdsa.PrivateKey:
		if key.Curve != elliptic.P256() {
			return nil, wrap(ErrKey, "algorithm %s; want Ed25519 or P-256", key.Curve.Params().Name)
		}
		digest := sha256.Sum256(message)
		return ecdsa.SignASN1(rand.Reader, key, digest[:])
	}
	return nil, wrap(ErrKey, "private key of type %T; want Ed25519 or P-256", key)
}

// PublicDER is the canonical DER SubjectPublicKeyInfo of a private key's public
// half, together with that half as [ParsePublicKey] reads it.
func PublicDER(key crypto.Signer) ([]byte, PublicKey, error) {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, PublicKey{}, wrap(ErrKey, "cannot be encoded: %v", err)
	}
	public, err := ParsePublicKey(der)
	return der, public, err
}
