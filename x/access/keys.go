package access

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/hallmark-ledger/hallmark/x/consortium"
	"github.com/hallmark-ledger/hallmark/x/identity"
)

// ModuleName names the module and its store.
const ModuleName = "access"

// Keys of the records in the feed of a segment. The records of devices stand
// there too, see identity.DeviceKey.
const (
	policyByte  = 'p'
	grantByte   = 'g'
	kindDevice  = 0x01 // the kind of a grant's subject
	deviceByte  = 'd'
	deviceLen   = 1 + 32
	prefixLen   = 2 + 32
	grantKeyLen = prefixLen + 8
)

// PolicyKey is the key of a segment's policy: "p".
func PolicyKey() []byte { return []byte{policyByte} }

// GrantPrefix begins the keys of all grants to a device: 'g' || 0x01 || subject.
func GrantPrefix(subject identity.KeyDigest) []byte {
	k := grantPrefix(subject)
	return k[:]
}

func grantPrefix(subject identity.KeyDigest) (k [prefixLen]byte) {
	k[0], k[1] = grantByte, kindDevice
	copy(k[2:], subject[:])
	return k
}

func deviceKey(subject identity.KeyDigest) (k [deviceLen]byte) {
	k[0] = deviceByte
	copy(k[1:], subject[:])
	return k
}

// GrantKey is the key of a grant: 'g' || 0x01 || subject (32 bytes) || id
// (uint64, big endian), so that the grants to a device stand together and
// ascend by id.
func GrantKey(subject identity.KeyDigest, id uint64) []byte {
	k := make([]byte, 0, grantKeyLen)
	k = append(k, grantByte, kindDevice)
	k = append(k, subject[:]...)
	return binary.BigEndian.AppendUint64(k, id)
}

// ParseGrantKey takes a grant's key apart; ok is false for any other key.
func ParseGrantKey(key []byte) (subject identity.KeyDigest, id uint64, ok bool) {
	if len(key) != grantKeyLen || key[0] != grantByte || key[1] != kindDevice {
		return subject, 0, false
	}
	copy(subject[:], key[2:])
	return subject, binary.BigEndian.Uint64(key[prefixLen:]), true
}

// SegmentID names a segment: <member>/<slug>.
func SegmentID(member, slug string) string { return member + "/" + slug }

// ParseSegmentID takes a segment's id apart and checks both parts.
func ParseSegmentID(id string) (member, slug string, err error) {
	member, slug, ok := strings.Cut(id, "/")
	if !ok {
		return "", "", fmt.Errorf("%.80q is no segment id; want <member>/<slug>", id)
	}
	if err := consortium.ValidateID(member); err != nil {
		return "", "", fmt.Errorf("%.80q is no segment id: member %w", id, err)
	}
	if err := ValidateSlug(slug); err != nil {
		return "", "", fmt.Errorf("%.80q is no segment id: %w", id, err)
	}
	return member, slug, nil
}

// ValidateSlug checks a segment's name within its owner: 1 to 32 bytes of
// lower-case letters, digits and inner hyphens.
func ValidateSlug(slug string) error {
	if len(slug) == 0 || len(slug) > 32 {
		return fmt.Errorf("slug: %d bytes; want 1 to 32", len(slug))
	}
	for i, c := range []byte(slug) {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case c == '-' && 0 < i && i < len(slug)-1:
		default:
			return fmt.Errorf("slug: %q; want lower-case letters, digits and inner hyphens", slug)
		}
	}
	return nil
}
