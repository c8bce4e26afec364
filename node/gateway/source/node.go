package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Bounds of one answer, in bytes, and of one request.
const (
	maxSmall     = 256 << 10 // status, header, proof
	maxCommit    = 2 << 20   // 10,000 ed25519 or 400 ML-DSA-65 signatures
	maxPage      = 1 << 20   // 100 validators, ML-DSA-65 included
	maxData      = 16 << 20  // a page of records or changes
	maxMessage   = 512       // of a node's error, for the log
	smallTimeout = 5 * time.Second
	dataTimeout  = 60 * time.Second
)

// Node is one CometBFT node, asked over JSON-RPC. It is safe for concurrent use.
type Node struct {
	base    *url.URL
	name    string
	chainID string
	client  *http.Client
}

// New names a node: its URL is http or https (tcp is read as http), without
// query. Answers of another chain than chainID are refused.
func New(rawURL, chainID string) (*Node, error) {
	base, err := ParseURL(rawURL)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		DialContext:            (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:    3 * time.Second,
		ResponseHeaderTimeout:  dataTimeout,
		MaxResponseHeaderBytes: 16 << 10,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        time.Minute,
		DisableCompression:     true, // a bounded body must stay bounded
	}
	return &Node{
		base: base, name: base.String(), chainID: chainID,
		client: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// ParseURL checks the URL of a node.
func ParseURL(raw string) (*url.URL, error) {
	if rest, ok := strings.CutPrefix(raw, "tcp://"); ok {
		raw = "http://" + rest
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, fmt.Errorf("node %q: %w", raw, err)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("node %q: scheme %q; want http or https", raw, u.Scheme)
	case u.Host == "":
		return nil, fmt.Errorf("node %q: no host; want http://host:26657", raw)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("node %q: has a query or fragment", raw)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u, nil
}

// URL of the node, as it is named in logs and errors. It holds no password.
func (n *Node) URL() string {
	if n.base.User != nil {
		return n.base.Redacted()
	}
	return n.name
}

// Close ends idle connections.
func (n *Node) Close() { n.client.CloseIdleConnections() }

type envelope struct {
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int64  `json:"code"`
		Message string `json:"message"`
		Data    string `json:"data"`
	} `json:"error"`
}

// call asks one method by URI and returns the result's bytes, at most limit.
func (n *Node) call(ctx context.Context, what What, method string, params url.Values, limit int64, timeout time.Duration) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	target := *n.base
	target.Path += "/" + method
	target.RawQuery = params.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, failure(n.URL(), what, ErrUnavailable, "%w", err)
	}
	return n.do(req, what, limit)
}

func (n *Node) do(req *http.Request, what What, limit int64) (json.RawMessage, error) {
	resp, err := n.client.Do(req)
	if err != nil {
		return nil, failure(n.URL(), what, ErrUnavailable, "%w", unwrapURL(err))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, failure(n.URL(), what, ErrUnavailable, "body ended early: %w", err)
	}
	if int64(len(body)) > limit {
		return nil, Wrong(n.URL(), Body, "more than %d bytes for %s", limit, what)
	}
	// A node answers an error with status 500 and an envelope; a redirect or a
	// page of some proxy has none.
	result, err := decodeEnvelope(body)
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		return nil, failure(n.URL(), what, refused.kind(), "%s", refused.text)
	case resp.StatusCode >= 300:
		return nil, failure(n.URL(), what, ErrUnavailable, "status %s", resp.Status)
	case err != nil:
		return nil, Wrong(n.URL(), Body, "%s: %w", what, err)
	}
	return result, nil
}

// unwrapURL drops the URL that net/http puts before its errors: the source is
// named already.
func unwrapURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func decodeEnvelope(body []byte) (json.RawMessage, error) {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, fmt.Errorf("not JSON-RPC: %w", err)
	}
	if e.Error != nil {
		return nil, &refusal{text: clip(e.Error.Message + ": " + e.Error.Data)}
	}
	if len(e.Result) == 0 || string(e.Result) == "null" {
		return nil, errors.New("not JSON-RPC: neither result nor error")
	}
	return e.Result, nil
}

// refusal is an error that a node answered.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

// kind reads the text, which is all there is: CometBFT and the SDK have no
// codes for these. A liar gains nothing by it, for neither kind is believed.
func (r *refusal) kind() error {
	t := r.text
	switch {
	case strings.Contains(t, "must be less than or equal to"),
		strings.Contains(t, "height in the future"),
		strings.Contains(t, "failed to load state"),
		strings.Contains(t, "version does not exist"),
		strings.Contains(t, "could not find"):
		return ErrNotYet
	case strings.Contains(t, "is not available, lowest height is"),
		strings.Contains(t, "history_pruned"),
		strings.Contains(t, "has been pruned"),
		strings.Contains(t, "proof is unexpectedly empty"):
		return ErrGone
	}
	return ErrUnavailable
}

// clip bounds a node's text and keeps control characters out of the log.
func clip(s string) string {
	if len(s) > maxMessage {
		s = s[:maxMessage]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}
