package chaintest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"

	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cosmos/gogoproto/proto"
	"github.com/gorilla/websocket"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

// Node serves a chain over HTTP as a CometBFT node does.
type Node struct {
	*httptest.Server
	Name string

	mu     sync.Mutex
	chain  *Chain
	lag    int64
	ask    func(method string, q url.Values)
	answer func(method string, q url.Values, result map[string]any)
	raw    http.HandlerFunc
	wakes  map[chan struct{}]bool
	asked  map[string]int
	posted [][]byte
}

// Serve starts a node of a chain.
func Serve(c *Chain, name string) *Node {
	n := &Node{Name: name, chain: c, wakes: map[chan struct{}]bool{}, asked: map[string]int{}}
	n.Server = httptest.NewServer(n)
	return n
}

// Follow makes the node serve another chain.
func (n *Node) Follow(c *Chain) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.chain = c
}

// Lag makes the node know that many blocks less than there are.
func (n *Node) Lag(blocks int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lag = blocks
}

// Ask rewrites questions before they are answered; nil ends it.
func (n *Node) Ask(f func(method string, q url.Values)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ask = f
}

// Answer rewrites answers, as decoded JSON; nil ends it.
func (n *Node) Answer(f func(method string, q url.Values, result map[string]any)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.answer = f
}

// Raw takes over the node; nil ends it.
func (n *Node) Raw(f http.HandlerFunc) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.raw = f
}

// Announce tells subscribers of a block.
func (n *Node) Announce() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for w := range n.wakes {
		select {
		case w <- struct{}{}:
		default:
		}
	}
}

// Asked is how often a method was asked.
func (n *Node) Asked(method string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked[method]
}

// Posted is the bodies that were posted.
func (n *Node) Posted() [][]byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.posted
}

type failure struct{ text string }

func (n *Node) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	chain, lag, ask, answer, raw := n.chain, n.lag, n.ask, n.answer, n.raw
	method := strings.TrimPrefix(r.URL.Path, "/")
	n.asked[method]++
	n.mu.Unlock()
	if raw != nil {
		raw(w, r)
		return
	}
	if method == "websocket" {
		n.websocket(w, r)
		return
	}
	if r.Method == http.MethodPost {
		var b bytes.Buffer
		_, _ = b.ReadFrom(r.Body)
		n.mu.Lock()
		n.posted = append(n.posted, b.Bytes())
		n.mu.Unlock()
		fmt.Fprint(w, `{"jsonrpc":"2.0","id":1,"result":{"hash":""}}`)
		return
	}
	q := r.URL.Query()
	if ask != nil {
		ask(method, q)
	}
	result, fail := n.result(chain, method, q, chain.Height()-lag)
	if fail != nil {
		w.WriteHeader(http.StatusInternalServerError)
		_ = json.NewEncoder(w).Encode(map[string]any{"jsonrpc": "2.0", "id": -1,
			"error": map[string]any{"code": -32603, "message": "Internal error", "data": fail.text}})
		return
	}
	body := must(json.Marshal(result))
	if answer != nil {
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		var m map[string]any
		if err := decoder.Decode(&m); err != nil {
			panic(err)
		}
		answer(method, q, m)
		body = must(json.Marshal(m))
	}
	fmt.Fprintf(w, `{"jsonrpc":"2.0","id":-1,"result":%s}`, body)
}

func (n *Node) result(c *Chain, method string, q url.Values, top int64) (any, *failure) {
	height, _ := strconv.ParseInt(strings.Trim(q.Get("height"), `"`), 10, 64)
	if method == "status" {
		return map[string]any{
			"node_info": map[string]any{"id": n.Name, "network": c.ID},
			"sync_info": map[string]any{"latest_block_height": strconv.FormatInt(top, 10), "catching_up": false},
		}, nil
	}
	if height > top {
		return nil, &failure{fmt.Sprintf("height %d must be less than or equal to the current blockchain height %d", height, top)}
	}
	block := c.Block(height)
	switch {
	case method == "abci_query":
		return n.query(c, q, height)
	case block == nil:
		return nil, &failure{fmt.Sprintf("height %d is not available, lowest height is 1", height)}
	case method == "header":
		return map[string]any{"header": comet(block.Header)}, nil
	case method == "commit":
		return map[string]any{"signed_header": comet(block.SignedHeader), "canonical": true}, nil
	case method == "validators":
		return map[string]any{
			"block_height": strconv.FormatInt(height, 10), "validators": comet(block.ValidatorSet.Validators),
			"count": strconv.Itoa(block.ValidatorSet.Size()), "total": strconv.Itoa(block.ValidatorSet.Size()),
		}, nil
	}
	return nil, &failure{"no such method"}
}

// comet is CometBFT's own JSON.
func comet(v any) json.RawMessage { return must(cmtjson.Marshal(v)) }

func (n *Node) query(c *Chain, q url.Values, height int64) (any, *failure) {
	path, _ := strconv.Unquote(q.Get("path"))
	data, err := hex.DecodeString(strings.TrimPrefix(q.Get("data"), "0x"))
	if err != nil {
		return nil, &failure{err.Error()}
	}
	answer := func(m map[string]any) (any, *failure) {
		m["height"] = strconv.FormatInt(height, 10)
		return map[string]any{"response": m}, nil
	}
	refuse := func(text string) (any, *failure) {
		return answer(map[string]any{"code": 9, "codespace": "sdk", "log": text})
	}
	switch path {
	case "/store/" + feed.HeadStore + "/key":
		value, ops := c.Prove(data, height)
		return answer(map[string]any{"code": 0, "key": data, "value": value, "proofOps": map[string]any{"ops": ops}})
	case "/hallmark.feed.v1.Query/Changes":
		var req feed.ChangesRequest
		must(0, req.Unmarshal(data))
		resp, text := c.changes(&req, height)
		if resp == nil {
			return refuse(text)
		}
		return answer(map[string]any{"code": 0, "value": must(proto.Marshal(resp))})
	case "/hallmark.feed.v1.Query/Records":
		var req feed.RecordsRequest
		must(0, req.Unmarshal(data))
		resp := c.records(&req, height)
		if resp == nil {
			return refuse("unknown feed")
		}
		return answer(map[string]any{"code": 0, "value": must(proto.Marshal(resp))})
	}
	return refuse("unknown path " + path)
}

// page is how many entries a page has, few enough for tests to see several.
const page = 100

func (c *Chain) changes(req *feed.ChangesRequest, height int64) (*feed.ChangesResponse, string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.feeds[req.Name]
	if l == nil {
		return nil, "unknown feed"
	}
	if req.Since < l.pruned {
		return nil, "history_pruned"
	}
	head, _ := l.head(height)
	resp := &feed.ChangesResponse{From: req.Since, To: head.Sequence, Changes: l.since(req.Since, height)}
	if len(resp.Changes) > page {
		resp.Changes = resp.Changes[:page]
		resp.To = resp.Changes[page-1].Sequence
	}
	return resp, ""
}

func (c *Chain) records(req *feed.RecordsRequest, height int64) *feed.RecordsResponse {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.feeds[req.Name]
	if l == nil {
		return nil
	}
	head, _ := l.head(height)
	resp := &feed.RecordsResponse{Head: head}
	r := l.at(req.Name, height).Range(nil)
	for key, value, ok := r.Next(); ok; key, value, ok = r.Next() {
		if bytes.Compare(key, req.PageKey) < 0 {
			continue
		}
		if len(resp.Records) == page {
			resp.Pagination.NextKey = key
			break
		}
		resp.Records = append(resp.Records, feed.Record{Key: key, Value: value})
	}
	return resp
}

func (n *Node) websocket(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	if _, _, err := conn.ReadMessage(); err != nil {
		return
	}
	wake := make(chan struct{}, 8)
	n.mu.Lock()
	n.wakes[wake] = true
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		delete(n.wakes, wake)
		n.mu.Unlock()
	}()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _, _ = conn.ReadMessage()
	}()
	body := `{"jsonrpc":"2.0","id":1,"result":{}}`
	for {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(body)); err != nil {
			return
		}
		body = `{"jsonrpc":"2.0","id":1,"result":{"query":"tm.event='NewBlockHeader'","data":{}}}`
		select {
		case <-wake:
		case <-gone:
			return
		}
	}
}
