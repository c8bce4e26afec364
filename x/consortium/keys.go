package consortium

// ModuleName names the module and its store.
const ModuleName = "consortium"

// MemberKey is the key of a member's record in feed "members": 'm' || id.
func MemberKey(id string) []byte { return append([]byte{'m'}, id...) }
