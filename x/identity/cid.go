package identity

// Parts of a content id: version 1, one of two codecs, and a sha2-256 multihash.
const (
	cidVersion = 0x01
	cidRaw     = 0x55
	cidDagPB   = 0x70
	cidLength  = 1 + 58 // "b" and the base32 of 36 bytes
)

// RawCID is the content id of a block of at most 256 KiB with this SHA-256:
// CIDv1, codec raw, in lower-case base32, as `ipfs add --cid-version=1
// --raw-leaves` prints it.
func RawCID(digest Hash) string { return encodeCID(cidRaw, digest) }

func encodeCID(codec byte, digest Hash) string {
	cid := [36]byte{cidVersion, codec, sha256Multihash[0], sha256Multihash[1]}
	copy(cid[4:], digest[:])
	return "b" + lower.EncodeToString(cid[:])
}

// ValidateCID checks a content id: empty, or the canonical base32 of a CIDv1
// with codec raw or dag-pb and a sha2-256 multihash.
func ValidateCID(cid string) error {
	if cid == "" {
		return nil
	}
	if len(cid) != cidLength || cid[0] != 'b' {
		return wrap(ErrInvalid, "cid: %s; want a CIDv1 in base32 of %d bytes", excerpt(cid), cidLength)
	}
	var bytes [37]byte
	n, err := lower.Decode(bytes[:], []byte(cid[1:]))
	if err != nil {
		return wrap(ErrInvalid, "cid: %s is not lower-case base32: %v", excerpt(cid), err)
	}
	if n != 36 || bytes[0] != cidVersion || bytes[1] != cidRaw && bytes[1] != cidDagPB || [2]byte(bytes[2:4]) != sha256Multihash {
		return wrap(ErrInvalid, "cid: %s; want version 1, codec raw or dag-pb, hash sha2-256", excerpt(cid))
	}
	if encodeCID(bytes[1], Hash(bytes[4:36])) != cid {
		return wrap(ErrInvalid, "cid: %s is not canonical", excerpt(cid))
	}
	return nil
}
