package identitycli

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hallmark-ledger/hallmark/x/identity"
)

// maxKeyFile is the size of the largest key file that is read.
const maxKeyFile = 64 << 10

// readKey reads a private key: PKCS#8 in PEM, without a passphrase.
func readKey(path string) (crypto.Signer, error) {
	block, err := readPEM(path)
	if err != nil {
		return nil, err
	}
	switch block.Type {
	case "PRIVATE KEY":
	case "EC PRIVATE KEY":
		return nil, fmt.Errorf("%s: SEC 1 key; want PKCS#8: openssl pkcs8 -topk8 -nocrypt -in %[1]s", path)
	case "ENCRYPTED PRIVATE KEY":
		return nil, fmt.Errorf("%s: has a passphrase; sign elsewhere and give the signature", path)
	default:
		return nil, fmt.Errorf("%s: PEM block %q; want a private key in PKCS#8", path, block.Type)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	key, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%s: a key of type %T does not sign", path, parsed)
	}
	return key, nil
}

// readPublicKey reads a public key: SubjectPublicKeyInfo in PEM or DER.
func readPublicKey(path string) ([]byte, identity.PublicKey, error) {
	data, err := readBounded(path, maxKeyFile)
	if err != nil {
		return nil, identity.PublicKey{}, err
	}
	der := data
	if block, _ := pem.Decode(data); block != nil {
		if block.Type != "PUBLIC KEY" {
			return nil, identity.PublicKey{}, fmt.Errorf("%s: PEM block %q; want a public key", path, block.Type)
		}
		der = block.Bytes
	}
	key, err := identity.ParsePublicKey(der)
	if err != nil {
		return nil, identity.PublicKey{}, fmt.Errorf("%s: %w", path, err)
	}
	return der, key, nil
}

func readPEM(path string) (*pem.Block, error) {
	data, err := readBounded(path, maxKeyFile)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s: not PEM", path)
	}
	return block, nil
}

// readBounded reads a file that a person named, up to a size.
func readBounded(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("%s: larger than %d bytes", path, most)
	}
	return data, nil
}

// writeNew writes a file that must not exist yet; what stands in it is secret.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
