package source

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"github.com/cosmos/gogoproto/proto"

	"github.com/hallmark-ledger/hallmark/node/gateway/proof"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// Claim is a value with what is said to prove it. Nothing of it is verified
// but that it answers the question: same key, same height.
type Claim struct {
	Height int64
	Store  string
	Key    []byte
	Value  []byte
	Ops    []proof.Op
}

// Value asks for a key of a store at a height, with proof.
func (n *Node) Value(ctx context.Context, store string, key []byte, height int64) (Claim, error) {
	resp, err := n.query(ctx, Value, "/store/"+store+"/key", key, height, true, maxSmall, smallTimeout)
	if err != nil {
		return Claim{}, err
	}
	if !bytes.Equal(resp.Key, key) {
		return Claim{}, Wrong(n.URL(), Key, "answer is of key %s; asked for %s", text(resp.Key), text(key))
	}
	if len(resp.Value) == 0 {
		return Claim{}, failure(n.URL(), Value, ErrAbsent, "%w of key %s in store %q at height %d", errNoValue, text(key), store, height)
	}
	ops := resp.ops()
	// The second operation names the store; a proof of the same key in another
	// store is the oldest trick.
	if len(ops) == 2 && string(ops[1].Key) != store {
		return Claim{}, Wrong(n.URL(), Store, "proof is of store %s; asked for %q", text(ops[1].Key), store)
	}
	return Claim{Height: height, Store: store, Key: key, Value: resp.Value, Ops: ops}, nil
}

// Changes asks for a page of the changes of a feed after a sequence, as they
// stand at exactly that height. Pruned history is [ErrGone].
func (n *Node) Changes(ctx context.Context, req *feed.ChangesRequest, height int64) (*feed.ChangesResponse, error) {
	resp := new(feed.ChangesResponse)
	return resp, n.module(ctx, Changes, "/hallmark.feed.v1.Query/Changes", req, resp, height)
}

// Records asks for a page of the records of a feed at exactly that height.
func (n *Node) Records(ctx context.Context, req *feed.RecordsRequest, height int64) (*feed.RecordsResponse, error) {
	resp := new(feed.RecordsResponse)
	return resp, n.module(ctx, Records, "/hallmark.feed.v1.Query/Records", req, resp, height)
}

func (n *Node) module(ctx context.Context, what What, path string, req, resp proto.Message, height int64) error {
	data, err := proto.Marshal(req)
	if err != nil {
		return err
	}
	answer, err := n.query(ctx, what, path, data, height, false, maxData, dataTimeout)
	if err != nil {
		return err
	}
	if err := decodeProto(answer.Value, resp); err != nil {
		return Wrong(n.URL(), what, "%w", err)
	}
	return nil
}

func decodeProto(b []byte, m proto.Message) (err error) {
	defer recovered(&err)
	return proto.Unmarshal(b, m)
}

type response struct {
	Code      uint32 `json:"code"`
	Log       string `json:"log"`
	Codespace string `json:"codespace"`
	Key       []byte `json:"key"`
	Value     []byte `json:"value"`
	Height    quoted `json:"height"`
	ProofOps  *struct {
		Ops []proof.Op `json:"ops"`
	} `json:"proofOps"`
}

func (r *response) ops() []proof.Op {
	if r.ProofOps == nil {
		return nil
	}
	return r.ProofOps.Ops
}

func (n *Node) query(ctx context.Context, what What, path string, data []byte, height int64, prove bool, limit int64, timeout time.Duration) (*response, error) {
	params := url.Values{
		"path":   {strconv.Quote(path)},
		"data":   {"0x" + hex.EncodeToString(data)},
		"height": {strconv.FormatInt(height, 10)},
		"prove":  {strconv.FormatBool(prove)},
	}
	raw, err := n.call(ctx, what, "abci_query", params, limit, timeout)
	if err != nil {
		return nil, err
	}
	resp, err := decodeQuery(raw)
	if err != nil {
		return nil, Wrong(n.URL(), Body, "%s: %w", what, err)
	}
	if resp.Code != 0 {
		r := refusal{clip(resp.Log)}
		return nil, failure(n.URL(), what, r.kind(), "code %d of %s: %s", resp.Code, clip(resp.Codespace), r.text)
	}
	if int64(resp.Height) != height {
		return nil, Wrong(n.URL(), Height, "%s of height %d; asked for %d", what, resp.Height, height)
	}
	return resp, nil
}

func decodeQuery(raw []byte) (*response, error) {
	var r struct {
		Response response `json:"response"`
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, err
	}
	return &r.Response, nil
}

// text shows a key: the name in it when it is one of a head, else hex.
func text(key []byte) string {
	if len(key) > 300 {
		key = key[:300]
	}
	if len(key) > 1 && key[0] == 1 && feed.ValidateName(string(key[1:])) == nil {
		return "0x01||" + string(key[1:])
	}
	if feed.ValidateName(string(key)) == nil {
		return strconv.Quote(string(key))
	}
	return "0x" + hex.EncodeToString(key)
}
