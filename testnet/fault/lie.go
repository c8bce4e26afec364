package fault

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

// Query is an abci_query as a client asked for it.
type Query struct {
	Path   string
	Data   []byte
	Height int64
	Prove  bool
}

// Response is the `response` of an abci_query's result, with every number kept
// as it was written.
type Response map[string]any

// Bytes returns a field that is base64.
func (r Response) Bytes(field string) []byte {
	text, _ := r[field].(string)
	raw, _ := base64.StdEncoding.DecodeString(text)
	return raw
}

// SetBytes sets a field that is base64.
func (r Response) SetBytes(field string, raw []byte) {
	r[field] = base64.StdEncoding.EncodeToString(raw)
}

// Lie is one way of being wrong. Each function may be nil, and each says
// whether it changed anything.
type Lie struct {
	Name string
	// Ask changes a query before it reaches the honest node.
	Ask func(*Query) bool
	// Answer changes the answer to the query that the client asked.
	Answer func(asked Query, response Response) bool
	// Result changes the result of any other method.
	Result func(method string, result map[string]any) bool
}

// headPath is where heads of feeds are proven; feedPath begins the queries by
// which their data comes.
const (
	headPath = "/store/feed/key"
	feedPath = "/hallmark.feed.v1.Query/"
)

func headKey(name string) []byte { return append([]byte{1}, name...) }

// askedHead says whether a query asks for a proven head.
func askedHead(q Query) bool { return q.Path == headPath && q.Prove }

// OtherKey answers with the value and the valid proof of another feed's head,
// and says so: the key in the answer is the other one. Where the other feed
// itself is asked for, it is the spare one's.
func OtherKey(other, spare string) Lie {
	return Lie{Name: "key", Ask: func(q *Query) bool {
		if !askedHead(*q) {
			return false
		}
		wrong := headKey(other)
		if bytes.Equal(q.Data, wrong) {
			wrong = headKey(spare)
		}
		q.Data = wrong
		return true
	}}
}

// OtherKeyRenamed is OtherKey with the key in the answer set to the one asked.
func OtherKeyRenamed(other, spare string) Lie {
	lie := OtherKey(other, spare)
	lie.Name = "key-renamed"
	lie.Answer = renameKey
	return lie
}

func renameKey(asked Query, response Response) bool {
	if !askedHead(asked) {
		return false
	}
	response.SetBytes("key", asked.Data)
	return true
}

// OtherStore answers with a valid proof out of another store, under the key
// that was asked: the parameters of accounts, which every chain of the SDK has.
func OtherStore() Lie {
	return Lie{Name: "store", Ask: func(q *Query) bool {
		if !askedHead(*q) {
			return false
		}
		q.Path, q.Data = "/store/acc/key", []byte{0}
		return true
	}, Answer: renameKey}
}

// OtherHeight answers with the valid proof of a state some blocks older, and
// says so: the height in the answer is the older one.
func OtherHeight(back int64) Lie {
	return Lie{Name: "height", Ask: func(q *Query) bool {
		if !askedHead(*q) || q.Height-back < 2 {
			return false
		}
		q.Height -= back
		return true
	}}
}

// Replay answers everything about feeds with the state of one past height, with
// valid proofs, under the height that was asked.
func Replay(height int64) Lie {
	concerns := func(q Query) bool {
		return (askedHead(q) || strings.HasPrefix(q.Path, feedPath)) && q.Height > height
	}
	return Lie{Name: "replay", Ask: func(q *Query) bool {
		if !concerns(*q) {
			return false
		}
		q.Height = height
		return true
	}, Answer: func(asked Query, response Response) bool {
		if !concerns(asked) {
			return false
		}
		response["height"] = fmt.Sprint(asked.Height)
		return true
	}}
}

// OtherValue answers with a value of which one bit is another.
func OtherValue() Lie {
	return Lie{Name: "value", Answer: func(asked Query, response Response) bool {
		return askedHead(asked) && flip(response)
	}}
}

// OtherData changes one bit of the last record or change that is listed of a
// feed; no proof covers it but the digest of the head.
func OtherData() Lie {
	return Lie{Name: "data", Answer: func(asked Query, response Response) bool {
		value, err := alter(strings.TrimPrefix(asked.Path, feedPath), response.Bytes("value"))
		if value == nil || err != nil {
			return false
		}
		response.SetBytes("value", value)
		return true
	}}
}

// alter returns nil where there is nothing to change.
func alter(method string, answer []byte) ([]byte, error) {
	switch method {
	case "Records":
		var listed feed.RecordsResponse
		if err := listed.Unmarshal(answer); err != nil || len(listed.Records) == 0 {
			return nil, err
		}
		value := listed.Records[len(listed.Records)-1].Value
		value[len(value)-1] ^= 1
		return listed.Marshal()
	case "Changes":
		var listed feed.ChangesResponse
		if err := listed.Unmarshal(answer); err != nil || len(listed.Changes) == 0 {
			return nil, err
		}
		value := listed.Changes[len(listed.Changes)-1].Value
		if len(value) == 0 {
			return nil, nil
		}
		value[len(value)-1] ^= 1
		return listed.Marshal()
	}
	return nil, nil
}

// flip changes the last bit of the value.
func flip(response Response) bool {
	value := response.Bytes("value")
	if len(value) == 0 {
		return false
	}
	value[len(value)-1] ^= 1
	response.SetBytes("value", value)
	return true
}

// OtherChain names another chain wherever the chain's id stands.
func OtherChain(id string) Lie {
	return Lie{Name: "chain-id", Result: func(_ string, result map[string]any) bool {
		return rename(result, id, id+"-other")
	}}
}

func rename(node any, from, to string) (changed bool) {
	switch node := node.(type) {
	case map[string]any:
		for field, value := range node {
			if (field == "chain_id" || field == "network") && value == from {
				node[field] = to
				changed = true
			} else if rename(value, from, to) {
				changed = true
			}
		}
	case []any:
		for _, value := range node {
			changed = rename(value, from, to) || changed
		}
	}
	return changed
}

// decode keeps numbers as they were written.
func decode(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	return decoder.Decode(into)
}
