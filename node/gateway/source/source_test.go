package source_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/node/gateway/chaintest"
	"github.com/hallmark-ledger/hallmark/node/gateway/proof"
	"github.com/hallmark-ledger/hallmark/node/gateway/source"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

func serve(t *testing.T) (*chaintest.Chain, *chaintest.Node, *source.Node) {
	t.Helper()
	c := chaintest.New("c", "v", 4)
	c.Member("acme")
	for range 5 {
		c.Next(time.Now())
	}
	n := chaintest.Serve(c, "n")
	t.Cleanup(n.Close)
	return c, n, dial(t, n.URL)
}

func dial(t *testing.T, url string) *source.Node {
	t.Helper()
	n, err := source.New(url, "c")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}

// blamed checks what a source is blamed for.
func blamed(t *testing.T, err error, kind error, what source.What) {
	t.Helper()
	var of *source.Error
	if !errors.Is(err, kind) || !errors.As(err, &of) || of.What != what {
		t.Errorf("%v; want %v of %s", err, kind, what)
	}
}

func TestAnHonestNodeIsUnderstood(t *testing.T) {
	c, _, n := serve(t)
	s, err := n.Status(t.Context())
	if err != nil || s.Height != 5 || s.NodeID != "n" {
		t.Errorf("%+v %v", s, err)
	}
	b, err := n.LightBlock(t.Context(), 3, nil)
	if err != nil || string(b.Header.Hash()) != string(c.Block(3).Header.Hash()) {
		t.Fatalf("%v", err)
	}
	if err := b.ValidateBasic("c"); err != nil {
		t.Error(err)
	}
	claim, err := n.Value(t.Context(), feed.HeadStore, feed.HeadKey(feed.Members), 4)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := proof.Verify(c.Block(5).AppHash, claim.Store, claim.Key, claim.Value, claim.Ops); err != nil {
		t.Error(err)
	}
	_, err = n.Value(t.Context(), feed.HeadStore, feed.HeadKey("segment/no/such"), 4)
	blamed(t, err, source.ErrAbsent, source.Value)
}

func TestWhatIsNotKnownYetIsNotWrong(t *testing.T) {
	_, _, n := serve(t)
	_, err := n.Header(t.Context(), 6)
	blamed(t, err, source.ErrNotYet, source.Header)
	_, err = n.SignedHeader(t.Context(), 6)
	blamed(t, err, source.ErrNotYet, source.Header)
	_, err = n.Value(t.Context(), feed.HeadStore, []byte("k"), 6)
	blamed(t, err, source.ErrNotYet, source.Value)
	for text, kind := range map[string]error{
		"height 9 must be less than or equal to the current blockchain height 5":                        source.ErrNotYet,
		"cannot query with height in the future; please provide a valid height":                         source.ErrNotYet,
		"failed to load state at height 9; version does not exist (latest height: 5)":                   source.ErrNotYet,
		"height 1 is not available, lowest height is 3":                                                 source.ErrGone,
		"rpc error: code = FailedPrecondition desc = since: 1 is below 5: history_pruned: bad sequence": source.ErrGone,
		"no such feed": source.ErrUnavailable,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			body, _ := json.Marshal(map[string]any{"error": map[string]any{"code": -32603, "message": "Internal error", "data": text}})
			_, _ = w.Write(body)
		}))
		_, err := dial(t, server.URL).Header(t.Context(), 9)
		blamed(t, err, kind, source.Header)
		server.Close()
	}
}

func TestValidatorsAreBoundedAndStandOnce(t *testing.T) {
	_, node, n := serve(t)
	for name, x := range map[string]struct {
		what source.What
		f    func(map[string]any)
	}{
		"another height":   {source.Height, func(r map[string]any) { r["block_height"] = "2" }},
		"too many":         {source.Validators, func(r map[string]any) { r["total"] = "100000" }},
		"none":             {source.Validators, func(r map[string]any) { r["total"] = "0" }},
		"an empty page":    {source.Validators, func(r map[string]any) { r["validators"] = []any{} }},
		"more than stated": {source.Validators, func(r map[string]any) { r["total"] = "3" }},
		"one twice": {source.Validators, func(r map[string]any) {
			v := r["validators"].([]any)
			v[1] = v[0]
		}},
		"one missing": {source.Validators, func(r map[string]any) {
			r["validators"], r["total"] = r["validators"].([]any)[1:], "3"
		}},
		"more power": {source.Validators, func(r map[string]any) {
			r["validators"].([]any)[0].(map[string]any)["voting_power"] = "999"
		}},
		"no power": {source.Validators, func(r map[string]any) {
			r["validators"].([]any)[0].(map[string]any)["voting_power"] = "0"
		}},
		"power beyond all": {source.Validators, func(r map[string]any) {
			for _, v := range r["validators"].([]any) {
				v.(map[string]any)["voting_power"] = "9223372036854775807"
			}
		}},
		"no key":  {source.Validators, func(r map[string]any) { r["validators"].([]any)[0].(map[string]any)["pub_key"] = nil }},
		"a null":  {source.Validators, func(r map[string]any) { r["validators"].([]any)[0] = nil }},
		"strings": {source.Validators, func(r map[string]any) { r["validators"] = "x" }},
	} {
		node.Answer(func(method string, _ url.Values, r map[string]any) {
			if method == "validators" {
				x.f(r)
			}
		})
		_, err := n.LightBlock(t.Context(), 3, nil)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		blamed(t, err, source.ErrWrong, x.what)
	}
}

func TestAnAnswerIsToTheQuestion(t *testing.T) {
	_, node, n := serve(t)
	key := feed.HeadKey(feed.Members)
	for what, f := range map[source.What]func(map[string]any){
		source.Key:    func(r map[string]any) { r["key"] = "AQ==" },
		source.Height: func(r map[string]any) { r["height"] = "3" },
		source.Store: func(r map[string]any) {
			r["proofOps"].(map[string]any)["ops"].([]any)[1].(map[string]any)["key"] = "AQ=="
		},
	} {
		node.Answer(func(_ string, _ url.Values, r map[string]any) { f(r["response"].(map[string]any)) })
		_, err := n.Value(t.Context(), feed.HeadStore, key, 4)
		blamed(t, err, source.ErrWrong, what)
	}
}

func TestURLs(t *testing.T) {
	for raw, ok := range map[string]bool{
		"http://host:26657": true, "https://host": true, "tcp://host:26657": true, "http://host/path/": true,
		"host:26657": false, "": false, "ftp://host": false, "http://": false, "http://host?x=1": false, "http://host#x": false, "http://%zz": false,
	} {
		if _, err := source.New(raw, "c"); (err == nil) != ok {
			t.Errorf("%q: %v", raw, err)
		}
	}
	n, err := source.New("http://user:secret@host", "c")
	if err != nil || strings.Contains(n.URL(), "secret") {
		t.Errorf("%s: %v", n.URL(), err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var reached atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	defer other.Close()
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer server.Close()
	_, err := dial(t, server.URL).Status(t.Context())
	blamed(t, err, source.ErrUnavailable, source.Height)
	if reached.Load() {
		t.Error("followed")
	}
}

func TestANodesTextDoesNotForgeTheLog(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"error":{"message":"a\nlevel=INFO msg=allowed\u001b[2J","data":"%s"}}`, strings.Repeat("x", 10_000))
	}))
	defer server.Close()
	_, err := dial(t, server.URL).Status(t.Context())
	if s := err.Error(); strings.ContainsAny(s, "\n\x1b") || len(s) > 1000 {
		t.Errorf("%q", s)
	}
}

func TestASubscriptionOnlyWakes(t *testing.T) {
	_, node, n := serve(t)
	woken := make(chan struct{}, 100)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.Subscribe(ctx, func() { woken <- struct{}{} }) }()
	deadline := time.After(10 * time.Second)
	for ok := false; !ok; {
		node.Announce()
		select {
		case <-woken:
			ok = true
		case <-time.After(10 * time.Millisecond):
		case <-deadline:
			t.Fatal("never woken")
		}
	}
	cancel()
	select {
	case err := <-done:
		if err == nil {
			t.Error("ended without an error")
		}
	case <-deadline:
		t.Fatal("does not end")
	}
	// A node that serves none says so at once.
	node.Raw(func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) })
	blamed(t, n.Subscribe(t.Context(), func() { t.Error("woken") }), source.ErrUnavailable, source.Header)
}
