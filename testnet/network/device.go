package network

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/hallmark-ledger/hallmark/x/identity"
)

// deviceNames are those of the two devices that a network begins with.
var deviceNames = []string{"device0", "device1"}

func deviceFiles(dir, name string) (cert, key string) {
	base := filepath.Join(dir, "devices", name)
	return base + ".cert.pem", base + ".key.pem"
}

// makeDevice writes a key and a self-signed certificate, unless they are there,
// and returns the device's id. The first kind is P-256, the second Ed25519.
func makeDevice(dir string, kind int, name string) (id string, err error) {
	certFile, keyFile := deviceFiles(dir, name)
	signer, err := readKey(keyFile)
	if errors.Is(err, fs.ErrNotExist) {
		signer, err = writeKey(keyFile, kind)
	}
	if err != nil {
		return "", err
	}
	_, public, err := identity.PublicDER(signer)
	if err != nil {
		return "", err
	}
	// The dates of a device's certificate do not count, only its key does.
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(10, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, signer.Public(), signer)
	if err != nil {
		return "", err
	}
	err = writeFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o644)
	return identity.ID(public.Digest), err
}

func writeKey(path string, kind int) (crypto.Signer, error) {
	var signer crypto.Signer
	var err error
	if kind == 0 {
		signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	} else {
		_, signer, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(signer)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return signer, writeFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

func readKey(path string) (crypto.Signer, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, fmt.Errorf("%s: no PEM block", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%s: a %T does not sign", path, key)
	}
	return signer, nil
}
