package identity

import (
	"crypto/sha256"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of strings and lists, in bytes and elements.
const (
	MaxModel  = 64
	MaxSerial = 128
	MaxReason = 256
	// MaxActivations is the most rows that one message activates.
	MaxActivations = 1000
	// MaxRevokedRanges is the most ranges of revoked rows that a batch keeps.
	MaxRevokedRanges = 1024
)

// ValidateModel checks a model: 1 to 64 letters, digits, "-", "_" and ".", the
// first a letter or a digit. It is narrower than free text because a model
// becomes part of a feed's name, which never changes.
func ValidateModel(model string) error {
	if len(model) == 0 || len(model) > MaxModel {
		return wrap(ErrInvalid, "model: %d bytes; want 1 to %d", len(model), MaxModel)
	}
	for i, c := range []byte(model) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case i > 0 && (c == '-' || c == '_' || c == '.'):
		default:
			return wrap(ErrInvalid, "model: %s; want letters, digits, '-', '_' and '.', beginning with a letter or a digit", excerpt(model))
		}
	}
	return nil
}

// ValidateSerial checks a serial, which stays off the chain but names files:
// 1 to 128 bytes of printable UTF-8 without slashes, not beginning with ".".
func ValidateSerial(serial string) error {
	if len(serial) == 0 || len(serial) > MaxSerial {
		return wrap(ErrInvalid, "serial: %d bytes; want 1 to %d", len(serial), MaxSerial)
	}
	if !utf8.ValidString(serial) {
		return wrap(ErrInvalid, "serial: %s is not UTF-8", excerpt(serial))
	}
	if serial[0] == '.' {
		return wrap(ErrInvalid, "serial: %s begins with '.'", excerpt(serial))
	}
	for _, c := range serial {
		if c == '/' || c == '\\' || !unicode.IsPrint(c) {
			return wrap(ErrInvalid, "serial: %s contains %q", excerpt(serial), c)
		}
	}
	return nil
}

// SerialCommitment is what the chain keeps of an enrolled device's serial:
// SHA-256 of salt || serial. Without the salt, which the maker keeps, it says
// nothing.
func SerialCommitment(salt []byte, serial string) Hash {
	return sha256.Sum256(append(append([]byte{}, salt...), serial...))
}

// ValidateReason checks the reason given with a step: at most 256 bytes of
// UTF-8 without control characters.
func ValidateReason(reason string) error {
	if len(reason) > MaxReason {
		return wrap(ErrInvalid, "reason: %d bytes; want at most %d", len(reason), MaxReason)
	}
	if !utf8.ValidString(reason) {
		return wrap(ErrInvalid, "reason: %s is not UTF-8", excerpt(reason))
	}
	if i := strings.IndexFunc(reason, unicode.IsControl); i >= 0 {
		return wrap(ErrInvalid, "reason: %s contains a control character", excerpt(reason))
	}
	return nil
}

// ParseHash reads 32 bytes; the field names them in the error.
func ParseHash(field string, value []byte) (Hash, error) {
	if len(value) != len(Hash{}) {
		return Hash{}, wrap(ErrInvalid, "%s: %d bytes; want %d", field, len(value), len(Hash{}))
	}
	return Hash(value), nil
}

// Validate checks a device's record as the ledger writes it.
func (d Device) Validate() error {
	if err := ValidateModel(d.Model); err != nil {
		return err
	}
	switch {
	case d.Maker == "":
		return wrap(ErrInvalid, "maker: empty")
	case d.Owner == "":
		return wrap(ErrInvalid, "owner: empty")
	case d.Ownership == 0:
		return wrap(ErrInvalid, "ownership: 0; want 1 or more")
	case d.Key.Algorithm != AlgorithmEd25519 && d.Key.Algorithm != AlgorithmP256:
		return wrap(ErrInvalid, "key.algorithm: %d is unknown", d.Key.Algorithm)
	case len(d.Key.Digest) != len(KeyDigest{}):
		return wrap(ErrInvalid, "key.digest: %d bytes; want %d", len(d.Key.Digest), len(KeyDigest{}))
	case d.Key.SinceHeight < 0:
		return wrap(ErrInvalid, "key.since_height: %d", d.Key.SinceHeight)
	case !d.Status.Known():
		return wrap(ErrInvalid, "status: %d is unknown", d.Status)
	case d.SinceHeight < 0:
		return wrap(ErrInvalid, "since_height: %d", d.SinceHeight)
	}
	return nil
}
