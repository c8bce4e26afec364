package keeper

import (
	"encoding/binary"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

// Prefixes of the store of data. Names are preceded by their length (uint8) and
// keys, where something follows them, by theirs (uint16, big endian); numbers
// are big endian. A golden test freezes the layout.
const (
	prefixAccumulator  = 0x01 // name -> accumulator
	prefixRecord       = 0x02 // name, key -> sequence, value
	prefixIndex        = 0x03 // name, sequence -> kind, key
	prefixTombstone    = 0x04 // name, key -> sequence, time
	prefixPruning      = 0x05 // time, name, sequence -> key
	prefixFloor        = 0x06 // name -> sequence
	prefixShared       = 0x07 // key -> subscriptions (uint32), value
	prefixSubscription = 0x08 // key, name -> 0x01
)

// Prefixes of the transient store.
const (
	prefixMark   = 0x01 // name -> mark; ascending by name
	prefixBuffer = 0x02 // name, key -> kind, value
	prefixQuota  = 0x03 // lane, member -> changes paid for
)

// Kinds of an index entry and of a buffered operation.
const (
	kindSet    = 0x00
	kindRemove = 0x01
)

// prefixHead begins every key of the store of heads, see [feed.HeadKey].
var prefixHead = feed.HeadKey("")

func named(prefix byte, name string) []byte {
	b := make([]byte, 0, 2+len(name)+feed.MaxKey)
	b = append(b, prefix, byte(len(name)))
	return append(b, name...)
}

func accumulatorKey(name string) []byte { return named(prefixAccumulator, name) }

func recordsPrefix(name string) []byte { return named(prefixRecord, name) }

func recordKey(name string, key []byte) []byte {
	return append(named(prefixRecord, name), key...)
}

func indexPrefix(name string) []byte { return named(prefixIndex, name) }

func indexKey(name string, sequence uint64) []byte {
	return binary.BigEndian.AppendUint64(named(prefixIndex, name), sequence)
}

func tombstoneKey(name string, key []byte) []byte {
	return append(named(prefixTombstone, name), key...)
}

// pruningBound is the key before which all removals up to a time stand.
func pruningBound(until uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{prefixPruning}, until+1)
}

func pruningKey(removedAt uint64, name string, sequence uint64) []byte {
	b := binary.BigEndian.AppendUint64([]byte{prefixPruning}, removedAt)
	b = append(b, byte(len(name)))
	b = append(b, name...)
	return binary.BigEndian.AppendUint64(b, sequence)
}

// parsePruningKey is the inverse of pruningKey.
func parsePruningKey(b []byte) (name string, sequence uint64, ok bool) {
	const head = 1 + 8 + 1
	if len(b) < head+8 || len(b) != head+int(b[head-1])+8 {
		return "", 0, false
	}
	end := len(b) - 8
	return string(b[head:end]), binary.BigEndian.Uint64(b[end:]), true
}

func floorKey(name string) []byte { return named(prefixFloor, name) }

func sharedKey(key []byte) []byte {
	return append([]byte{prefixShared}, key...)
}

func subscriptionsPrefix(key []byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{prefixSubscription}, uint16(len(key)))
	return append(b, key...)
}

func subscriptionKey(key []byte, name string) []byte {
	return append(subscriptionsPrefix(key), name...)
}

func markKey(name string) []byte {
	return append([]byte{prefixMark}, name...)
}

func bufferPrefix(name string) []byte { return named(prefixBuffer, name) }

func bufferKey(name string, key []byte) []byte {
	return append(named(prefixBuffer, name), key...)
}

func quotaKey(payer feed.Payer) []byte {
	lane := byte(0)
	if payer.Narrows {
		lane = 1
	}
	return append([]byte{prefixQuota, lane}, payer.Member...)
}

// after is the closing bound of the keys that begin with prefix. No prefix here
// is all 0xff.
func after(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}
