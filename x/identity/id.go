package identity

import (
	"encoding/base32"
	"fmt"
	"strings"
)

// KeyDigest is SHA-256 of a public key's DER SubjectPublicKeyInfo. A digest once
// used is never used again, anywhere.
type KeyDigest [32]byte

// Method begins every device id.
const Method = "did:hallmark:"

// IDLength is the length of a device id in bytes: the method and 55 characters,
// which carry the 34 bytes of a sha2-256 multihash.
const IDLength = len(Method) + 55

// sha256Multihash begins the multihash of a SHA-256 digest: its code and length.
var sha256Multihash = [2]byte{0x12, 0x20}

// lower is base32 of RFC 4648 in lower case without padding, as in multibase.
var lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// ID is the id of the device whose first key has this digest: "did:hallmark:"
// and the lower-case base32, without padding, of the digest's multihash.
func ID(first KeyDigest) string {
	var multihash [34]byte
	copy(multihash[:], sha256Multihash[:])
	copy(multihash[2:], first[:])
	var id [IDLength]byte
	copy(id[:], Method)
	lower.Encode(id[len(Method):], multihash[:])
	return string(id[:])
}

// ParseID is the inverse of [ID]. It accepts the one canonical spelling and
// nothing else: no upper case, no padding, no stray bits at the end.
func ParseID(id string) (KeyDigest, error) {
	var digest KeyDigest
	rest, ok := strings.CutPrefix(id, Method)
	if !ok {
		return digest, wrap(ErrID, "%s does not begin with %q", excerpt(id), Method)
	}
	if len(id) != IDLength {
		return digest, wrap(ErrID, "%s has %d bytes; want %d", excerpt(id), len(id), IDLength)
	}
	var multihash [35]byte
	n, err := lower.Decode(multihash[:], []byte(rest))
	if err != nil {
		return digest, wrap(ErrID, "%s is not lower-case base32: %v", excerpt(id), err)
	}
	if n != 34 || [2]byte(multihash[:2]) != sha256Multihash {
		return digest, wrap(ErrID, "%s does not name a sha2-256 multihash", excerpt(id))
	}
	copy(digest[:], multihash[2:34])
	// The decoder ignores line breaks and the two bits left over; only the
	// canonical spelling encodes back to itself.
	if ID(digest) != id {
		return KeyDigest{}, wrap(ErrID, "%s is not canonical; want %s", excerpt(id), ID(digest))
	}
	return digest, nil
}

// excerpt quotes what a stranger sent, cut so that an error stays short.
func excerpt(s string) string {
	const most = 80
	if len(s) > most {
		return fmt.Sprintf("%q...", s[:most])
	}
	return fmt.Sprintf("%q", s)
}
