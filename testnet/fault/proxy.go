package fault

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// bodyLimit bounds what passes in either direction.
const bodyLimit = 32 << 20

// Proxy stands in front of an honest node. It is honest itself until told to
// Lie. Its methods are safe for concurrent use.
type Proxy struct {
	upstream string
	pass     *httputil.ReverseProxy
	client   *http.Client
	lie      atomic.Pointer[Lie]
	told     atomic.Int64
	deaf     atomic.Bool

	listener net.Listener
	server   *http.Server
	done     sync.WaitGroup
}

// Listen starts a proxy on a free port of the loopback interface.
func Listen(upstream string) (*Proxy, error) {
	target, err := url.Parse(upstream)
	if err != nil {
		return nil, fmt.Errorf("upstream: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		upstream: strings.TrimRight(upstream, "/"),
		pass:     &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }},
		client:   &http.Client{Timeout: 20 * time.Second},
		listener: listener,
	}
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second}
	p.done.Go(func() { _ = p.server.Serve(listener) })
	return p, nil
}

// URL at which the proxy answers.
func (p *Proxy) URL() string { return "http://" + p.listener.Addr().String() }

// Close ends it and every connection through it.
func (p *Proxy) Close() error {
	err := p.server.Close()
	p.done.Wait()
	return err
}

// Lie makes the proxy tell a lie from now on and counts it from none.
func (p *Proxy) Lie(lie Lie) {
	p.lie.Store(&lie)
	p.told.Store(0)
}

// Honest makes the proxy tell the truth from now on.
func (p *Proxy) Honest() { p.lie.Store(nil) }

// Told is how often the lie was told.
func (p *Proxy) Told() int64 { return p.told.Load() }

// RefuseWebsockets says whether connections for events are refused from now
// on; otherwise they pass unchanged.
func (p *Proxy) RefuseWebsockets(refuse bool) { p.deaf.Store(refuse) }

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	lie := p.lie.Load()
	switch {
	case strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		if p.deaf.Load() {
			http.Error(w, "no events here", http.StatusServiceUnavailable)
			return
		}
		p.pass.ServeHTTP(w, r)
	case lie == nil:
		p.pass.ServeHTTP(w, r)
	case r.Method == http.MethodGet:
		p.serveGet(w, r, lie)
	default:
		p.servePost(w, r, lie)
	}
}

// call is one JSON-RPC request.
type call struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params,omitempty"`
}

// serveGet answers the URI form of a call. An abci_query is asked on in the
// other form, which the answer does not show but for its id.
func (p *Proxy) serveGet(w http.ResponseWriter, r *http.Request, lie *Lie) {
	method := strings.Trim(r.URL.Path, "/")
	if method == "abci_query" {
		query, err := queryOfURI(r.URL.Query())
		if err == nil {
			raw, err := p.query(json.RawMessage("-1"), query, lie)
			p.respondRaw(w, raw, err)
			return
		}
	}
	raw, err := p.fetch(http.MethodGet, p.upstream+r.URL.RequestURI(), nil)
	p.respondRaw(w, p.change(method, raw, lie), err)
}

func (p *Proxy) servePost(w http.ResponseWriter, r *http.Request, lie *Lie) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if trimmed := bytes.TrimSpace(body); len(trimmed) > 0 && trimmed[0] == '[' {
		var calls []call
		if err := json.Unmarshal(body, &calls); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answers := make([]json.RawMessage, 0, len(calls))
		for _, c := range calls {
			raw, err := p.one(c, lie)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadGateway)
				return
			}
			answers = append(answers, raw)
		}
		p.respond(w, answers, nil)
		return
	}
	var c call
	if err := json.Unmarshal(body, &c); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	raw, err := p.one(c, lie)
	p.respondRaw(w, raw, err)
}

func (p *Proxy) one(c call, lie *Lie) (json.RawMessage, error) {
	if c.Method == "abci_query" {
		if query, err := queryOfParams(c.Params); err == nil {
			return p.query(c.ID, query, lie)
		}
	}
	body, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	raw, err := p.fetch(http.MethodPost, p.upstream, body)
	return p.change(c.Method, raw, lie), err
}

// query asks the honest node what the lie makes of a query, and changes its
// answer.
func (p *Proxy) query(id json.RawMessage, asked Query, lie *Lie) (json.RawMessage, error) {
	sent := asked
	lied := lie.Ask != nil && lie.Ask(&sent)
	params, err := json.Marshal(map[string]any{
		"path": sent.Path, "data": hex.EncodeToString(sent.Data), "height": strconv.FormatInt(sent.Height, 10), "prove": sent.Prove,
	})
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(call{Version: "2.0", ID: id, Method: "abci_query", Params: params})
	if err != nil {
		return nil, err
	}
	raw, err := p.fetch(http.MethodPost, p.upstream, body)
	if err != nil {
		return nil, err
	}
	var envelope map[string]any
	if err := decode(raw, &envelope); err != nil {
		return nil, err
	}
	result, _ := envelope["result"].(map[string]any)
	if response, ok := result["response"].(map[string]any); ok && lie.Answer != nil && lie.Answer(asked, Response(response)) {
		lied = true
	}
	if lied {
		p.told.Add(1)
	}
	return json.Marshal(envelope)
}

// change lets the lie change the result of another method.
func (p *Proxy) change(method string, raw json.RawMessage, lie *Lie) json.RawMessage {
	var envelope map[string]any
	if lie.Result == nil || decode(raw, &envelope) != nil {
		return raw
	}
	result, ok := envelope["result"].(map[string]any)
	if !ok || !lie.Result(method, result) {
		return raw
	}
	changed, err := json.Marshal(envelope)
	if err != nil {
		return raw
	}
	p.told.Add(1)
	return changed
}

func (p *Proxy) fetch(method, url string, body []byte) (json.RawMessage, error) {
	request, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := p.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(io.LimitReader(response.Body, bodyLimit))
}

func (p *Proxy) respond(w http.ResponseWriter, answer any, err error) {
	raw, encodeErr := json.Marshal(answer)
	if err == nil {
		err = encodeErr
	}
	p.respondRaw(w, raw, err)
}

func (p *Proxy) respondRaw(w http.ResponseWriter, raw []byte, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(raw)
}

// queryOfParams reads the parameters of the JSON form, where numbers may stand
// in quotes.
func queryOfParams(raw json.RawMessage) (Query, error) {
	var params struct {
		Path   string          `json:"path"`
		Data   string          `json:"data"`
		Height json.RawMessage `json:"height"`
		Prove  bool            `json:"prove"`
	}
	if err := json.Unmarshal(raw, &params); err != nil {
		return Query{}, err
	}
	return newQuery(params.Path, params.Data, strings.Trim(string(params.Height), `"`), params.Prove)
}

// queryOfURI reads the parameters of the URI form, where text stands in quotes
// and bytes begin with 0x.
func queryOfURI(values url.Values) (Query, error) {
	prove, _ := strconv.ParseBool(values.Get("prove"))
	data, hexadecimal := strings.CutPrefix(values.Get("data"), "0x")
	if !hexadecimal {
		data = hex.EncodeToString([]byte(strings.Trim(data, `"`)))
	}
	return newQuery(strings.Trim(values.Get("path"), `"`), data, strings.Trim(values.Get("height"), `"`), prove)
}

func newQuery(path, data, height string, prove bool) (Query, error) {
	query := Query{Path: path, Prove: prove}
	var err error
	if query.Data, err = hex.DecodeString(data); err != nil {
		return query, fmt.Errorf("data: %w", err)
	}
	if height != "" && height != "null" {
		if query.Height, err = strconv.ParseInt(height, 10, 64); err != nil {
			return query, fmt.Errorf("height: %w", err)
		}
	}
	return query, nil
}
