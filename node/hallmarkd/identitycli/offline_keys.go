package identitycli

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hallmark-ledger/hallmark/x/identity"
)

func keygenCommand() *cobra.Command {
	var algorithm, out, publicOut string
	cmd := &cobra.Command{
		Use:   "keygen --out FILE.pem",
		Short: "Make a device key and print its id",
		Long: `Make a key for a device: PKCS#8 in PEM, without a passphrase, readable by its
owner alone. It never overwrites a file. A device that can make its own key
should: then the key never leaves it, and only its public half is needed here.`,
		Example: `  hallmarkd identity keygen --out device.pem
  hallmarkd identity keygen --out device.pem --public-out device.pub --algorithm p256`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			key, err := generate(algorithm)
			if err != nil {
				return err
			}
			der, public, err := identity.PublicDER(key)
			if err != nil {
				return err
			}
			private, err := x509.MarshalPKCS8PrivateKey(key)
			if err != nil {
				return err
			}
			if err := writeNew(out, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})); err != nil {
				return fmt.Errorf("out: %w", err)
			}
			if publicOut != "" {
				if err := writeNew(publicOut, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})); err != nil {
					return fmt.Errorf("public-out: %w", err)
				}
			}
			return printKey(cmd, der, public)
		},
	}
	f := cmd.Flags()
	f.StringVar(&algorithm, "algorithm", "ed25519", "ed25519 or p256")
	f.StringVar(&out, "out", "", "new file for the private key")
	f.StringVar(&publicOut, "public-out", "", "new file for the public key, in PEM")
	required(cmd, "out")
	addOutput(cmd)
	return cmd
}

func generate(algorithm string) (crypto.Signer, error) {
	a, err := identity.ParseAlgorithm(algorithm)
	if err != nil {
		return nil, err
	}
	if a == identity.AlgorithmP256 {
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return key, err
}

func printKey(cmd *cobra.Command, der []byte, public identity.PublicKey) error {
	return printFields(cmd, []field{
		{"id", identity.ID(public.Digest)},
		{"algorithm", public.Algorithm.Word()},
		{"key_digest", hex.EncodeToString(public.Digest[:])},
		{"public_key", base64.StdEncoding.EncodeToString(der)},
	})
}

func signCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "sign STATEMENT --key FILE.pem",
		Short: "Sign a statement as a device does",
		Long: `Sign a statement, given in base64 as "hallmarkd identity statement" prints it, or
"-" to read that from standard input; print the signature in base64. Ed25519
signs the statement itself, P-256 its SHA-256 (ASN.1).`,
		Example: `  hallmarkd identity statement enroll --public-key device.pub --member maker --chain-id net-1 | hallmarkd identity sign - --key device.pem`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text := args[0]
			if text == "-" {
				data, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), maxKeyFile))
				if err != nil {
					return err
				}
				text = strings.TrimSpace(string(data))
			}
			statement, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return fmt.Errorf("statement: not base64: %w", err)
			}
			if len(statement) == 0 {
				return fmt.Errorf("statement: empty")
			}
			key, err := readKey(path)
			if err != nil {
				return fmt.Errorf("key: %w", err)
			}
			signature, err := identity.Sign(key, statement)
			if err != nil {
				return fmt.Errorf("key: %s: %w", path, err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), base64.StdEncoding.EncodeToString(signature))
			return err
		},
	}
	cmd.Flags().StringVar(&path, "key", "", "private key of the device, PKCS#8 in PEM")
	required(cmd, "key")
	return cmd
}

// digestOf reads the key that a statement is about, public or private.
func digestOf(path string) (identity.KeyDigest, error) {
	data, err := readBounded(path, maxKeyFile)
	if err != nil {
		return identity.KeyDigest{}, err
	}
	if block, _ := pem.Decode(data); block != nil && block.Type == "PRIVATE KEY" {
		key, err := readKey(path)
		if err != nil {
			return identity.KeyDigest{}, err
		}
		_, public, err := identity.PublicDER(key)
		return public.Digest, err
	}
	_, public, err := readPublicKey(path)
	return public.Digest, err
}
