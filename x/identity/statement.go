package identity

import (
	"encoding/binary"
	"strconv"
)

// Domains of what a device signs. A statement begins with its domain, so that
// no statement of one purpose is one of another.
const (
	EnrolDomain      = "hallmark/enroll/v1"
	ActivationDomain = "hallmark/activate/v1"
)

// EnrolStatement is what a device signs to be enrolled: the domain
// "hallmark/enroll/v1", the chain id, the member that enrols it and the digest
// of the key (32 bytes), each part, the domain too, preceded by its length as
// uint32be.
func EnrolStatement(chainID, member string, key KeyDigest) []byte {
	return statement([]byte(EnrolDomain), []byte(chainID), []byte(member), key[:])
}

// ActivationStatement is what a device signs to become active from a row of a
// batch: the domain "hallmark/activate/v1", the chain id, the batch's id in
// decimal, the batch's Merkle root (32 bytes), the row from 1 as uint64be, the
// owner and the digest of the key (32 bytes), each part, the domain too,
// preceded by its length as uint32be. Naming the root binds the signature to
// one list, the row to one place in it.
func ActivationStatement(chainID string, batch uint64, root Hash, row uint64, owner string, key KeyDigest) []byte {
	return statement(
		[]byte(ActivationDomain),
		[]byte(chainID),
		strconv.AppendUint(nil, batch, 10),
		root[:],
		binary.BigEndian.AppendUint64(nil, row),
		[]byte(owner),
		key[:],
	)
}

// statement joins parts, each preceded by its length: no two lists of parts
// give the same bytes.
func statement(parts ...[]byte) []byte {
	size := 0
	for _, part := range parts {
		size += 4 + len(part)
	}
	joined := make([]byte, 0, size)
	for _, part := range parts {
		joined = binary.BigEndian.AppendUint32(joined, uint32(len(part)))
		joined = append(joined, part...)
	}
	return joined
}
