package identity

// ModuleName names the module, its store and the code space of its errors.
const ModuleName = "identity"

// deviceTag begins the key of a device's shared record.
const deviceTag = 'd'

// DeviceKey is the key, in every feed that holds it, of a device's record:
// 'd' || the digest of its first key (33 bytes). The value is a [Device].
func DeviceKey(first KeyDigest) []byte {
	return append([]byte{deviceTag}, first[:]...)
}

// ParseDeviceKey is the inverse of [DeviceKey]; false for any other key.
func ParseDeviceKey(key []byte) (KeyDigest, bool) {
	var digest KeyDigest
	if len(key) != 1+len(digest) || key[0] != deviceTag {
		return digest, false
	}
	copy(digest[:], key[1:])
	return digest, true
}
