package follow_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/node/gateway/chaintest"
	"github.com/hallmark-ledger/hallmark/node/gateway/source"
	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// at walks decoded JSON.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			v = v.(map[string]any)[p]
		case int:
			v = v.([]any)[p]
		}
	}
	return v
}

func object(v any, path ...any) map[string]any { return at(v, path...).(map[string]any) }

// flip alters one byte of base64.
func flip(s any, i int) string {
	b, err := base64.StdEncoding.DecodeString(s.(string))
	if err != nil {
		panic(err)
	}
	b[i%len(b)] ^= 1
	return base64.StdEncoding.EncodeToString(b)
}

func isHead(method string, q url.Values) bool {
	return method == "abci_query" && strings.Contains(q.Get("path"), "/store/")
}

// headOf swaps the key that is asked for.
func askKey(name string) func(string, url.Values) {
	return func(method string, q url.Values) {
		if isHead(method, q) {
			q.Set("data", "0x"+hex.EncodeToString(feed.HeadKey(name)))
		}
	}
}

// TestALyingPrimaryIsNeverAdoptedAndIsNamed tampers with one thing a time.
func TestALyingPrimaryIsNeverAdoptedAndIsNamed(t *testing.T) {
	onHead := func(f func(r map[string]any)) func(string, url.Values, map[string]any) {
		return func(method string, q url.Values, result map[string]any) {
			if isHead(method, q) {
				f(object(result, "response"))
			}
		}
	}
	on := func(want string, f func(r map[string]any)) func(string, url.Values, map[string]any) {
		return func(method string, _ url.Values, result map[string]any) {
			if method == want {
				f(result)
			}
		}
	}
	cases := []struct {
		name   string
		what   source.What
		says   string
		ask    func(string, url.Values)
		answer func(string, url.Values, map[string]any)
	}{
		{name: "a valid proof of another key", what: source.Key, says: "members", ask: askKey(feed.Members)},
		{name: "another key, called ours", what: source.Key, ask: askKey(feed.Members),
			answer: onHead(func(r map[string]any) {
				r["key"] = base64.StdEncoding.EncodeToString(feed.HeadKey(segmentFeed))
			})},
		{name: "another key, called ours in the operation too", what: source.Key, ask: askKey(feed.Members),
			answer: onHead(func(r map[string]any) {
				key := base64.StdEncoding.EncodeToString(feed.HeadKey(segmentFeed))
				r["key"], object(r, "proofOps", "ops", 0)["key"] = key, key
			})},
		{name: "another store", what: source.Store, says: "bank",
			answer: onHead(func(r map[string]any) {
				object(r, "proofOps", "ops", 1)["key"] = base64.StdEncoding.EncodeToString([]byte("bank"))
			})},
		{name: "another height", what: source.Height, says: "asked for",
			answer: onHead(func(r map[string]any) { r["height"] = "2" })},
		{name: "a proof of the past, called present", what: source.Root, says: "another height",
			ask: func(method string, q url.Values) {
				if isHead(method, q) {
					q.Set("height", "2")
				}
			},
			answer: onHead(func(r map[string]any) { r["height"] = "5" })},
		{name: "another value", what: source.Value,
			answer: onHead(func(r map[string]any) { r["value"] = flip(r["value"], 40) })},
		{name: "no proof", what: source.ProofOps,
			answer: onHead(func(r map[string]any) { r["proofOps"] = nil })},
		{name: "operations swapped", what: source.Store,
			answer: onHead(func(r map[string]any) {
				ops := at(r, "proofOps", "ops").([]any)
				ops[0], ops[1] = ops[1], ops[0]
			})},
		{name: "an operation more", what: source.ProofOps,
			answer: onHead(func(r map[string]any) {
				p := object(r, "proofOps")
				p["ops"] = append(p["ops"].([]any), at(p, "ops", 1))
			})},
		{name: "a huge proof", what: source.ProofOps,
			answer: onHead(func(r map[string]any) {
				object(r, "proofOps", "ops", 0)["data"] = base64.StdEncoding.EncodeToString(make([]byte, 100_000))
			})},
		{name: "a status of another chain", what: source.ChainID, says: "other-1",
			answer: on("status", func(r map[string]any) { object(r, "node_info")["network"] = "other-1" })},
		{name: "a header of another chain", what: source.ChainID, says: "other-1",
			answer: on("commit", func(r map[string]any) { object(r, "signed_header", "header")["chain_id"] = "other-1" })},
		{name: "an altered header", what: source.Header,
			answer: on("commit", func(r map[string]any) {
				object(r, "signed_header", "header")["app_hash"] = strings.Repeat("AB", 32)
			})},
		{name: "a header of another height", what: source.Height,
			ask: func(method string, q url.Values) {
				if method == "commit" {
					q.Set("height", "3")
				}
			}},
		{name: "a signature of nobody", what: source.Header,
			answer: on("commit", func(r map[string]any) {
				for i := range 4 {
					s := object(r, "signed_header", "commit", "signatures", i)
					s["signature"] = flip(s["signature"], 3)
				}
			})},
		{name: "changes with another value", what: source.Changes, says: "digest",
			answer: tamperChanges(func(r *feed.ChangesResponse) { r.Changes[0].Value = []byte("XXX") })},
		{name: "changes without one", what: source.Changes,
			answer: tamperChanges(func(r *feed.ChangesResponse) { r.Changes = r.Changes[1:] })},
		{name: "changes twice", what: source.Changes,
			answer: tamperChanges(func(r *feed.ChangesResponse) { r.Changes = append(r.Changes, r.Changes[0]) })},
		{name: "changes of another range", what: source.Changes,
			answer: tamperChanges(func(r *feed.ChangesResponse) { r.From-- })},
		{name: "changes that do not go on", what: source.Changes,
			answer: tamperChanges(func(r *feed.ChangesResponse) { r.To = r.From })},
		{name: "changes without end", what: source.Changes, says: "more than",
			answer: tamperChanges(func(r *feed.ChangesResponse) {
				for i := range 5 {
					r.Changes[i%len(r.Changes)].Value = bytes.Repeat([]byte{1}, 3000)
				}
			})},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.open()
			b.adopt()
			b.chain.Put(segmentFeed, chaintest.Key(1), []byte("two"))
			b.chain.Put(segmentFeed, chaintest.Key(2), []byte("two"))
			b.chain.Remove(segmentFeed, chaintest.Key(3))
			b.block()
			b.block()
			b.nodes[0].Ask(c.ask)
			b.nodes[0].Answer(c.answer)
			err := b.step()
			if c.what != source.ChainID || err != nil { // a wrong status leaves three others
				var of *source.Error
				if !errors.As(err, &of) || !errors.Is(err, source.ErrWrong) {
					t.Fatalf("step: %v", err)
				}
				if of.What != c.what || of.Source != b.nodes[0].URL {
					t.Errorf("%s of %s is named; want %s of the primary: %v", of.What, of.Source, c.what, err)
				}
				b.verified(3)
			}
			b.logged("source is wrong", b.nodes[0].URL, fmt.Sprintf("what=%s", quoted(c.what)), c.says, "chain_id="+chainID)
			// It is set aside, and the others go on.
			b.block()
			if err == nil {
				return
			}
			b.adopt()
			b.verified(6)
			if s := b.follower.Status(); s.Primary != b.nodes[1].URL {
				t.Errorf("primary is %s", s.Primary)
			} else if w := s.Witnesses[0]; w.URL != b.nodes[0].URL || w.State != "wrong" {
				t.Errorf("%+v", w)
			}
		})
	}
}

func quoted(w source.What) string {
	if strings.Contains(string(w), " ") {
		return `"` + string(w) + `"`
	}
	return string(w)
}

func tamperChanges(f func(*feed.ChangesResponse)) func(string, url.Values, map[string]any) {
	return func(method string, q url.Values, result map[string]any) {
		if method != "abci_query" || !strings.Contains(q.Get("path"), "/Changes") {
			return
		}
		r := object(result, "response")
		raw, err := base64.StdEncoding.DecodeString(r["value"].(string))
		if err != nil {
			panic(err)
		}
		var page feed.ChangesResponse
		if err := page.Unmarshal(raw); err != nil {
			panic(err)
		}
		f(&page)
		raw, err = page.Marshal()
		if err != nil {
			panic(err)
		}
		r["value"] = base64.StdEncoding.EncodeToString(raw)
	}
}

// TestRecordsThatLieAreNeverAdopted is about the first load.
func TestRecordsThatLieAreNeverAdopted(t *testing.T) {
	for name, f := range map[string]func(*feed.RecordsResponse){
		"altered":       func(r *feed.RecordsResponse) { r.Records[0].Value = []byte("XXX") },
		"missing":       func(r *feed.RecordsResponse) { r.Records = r.Records[:len(r.Records)-1] },
		"twice":         func(r *feed.RecordsResponse) { r.Records = append(r.Records, r.Records[0]) },
		"never ends":    func(r *feed.RecordsResponse) { r.Pagination.NextKey = r.Records[0].Key },
		"goes on":       func(r *feed.RecordsResponse) { r.Pagination.NextKey = []byte{0xff, 0xff} },
		"of another":    func(r *feed.RecordsResponse) { r.Head.Name = feed.Members },
		"too large":     func(r *feed.RecordsResponse) { r.Records[0].Value = make([]byte, 3900) },
		"of other time": func(r *feed.RecordsResponse) { r.Head.Sequence++ },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.open()
			b.nodes[0].Answer(func(method string, q url.Values, result map[string]any) {
				if method != "abci_query" || !strings.Contains(q.Get("path"), "/Records") {
					return
				}
				r := object(result, "response")
				raw, _ := base64.StdEncoding.DecodeString(r["value"].(string))
				var page feed.RecordsResponse
				if err := page.Unmarshal(raw); err != nil {
					panic(err)
				}
				f(&page)
				raw, _ = page.Marshal()
				r["value"] = base64.StdEncoding.EncodeToString(raw)
			})
			err := b.step()
			if name == "goes on" { // an empty page ends it, and the set is short
				if err == nil || !errors.Is(err, source.ErrWrong) {
					t.Fatalf("step: %v", err)
				}
			} else if !errors.Is(err, source.ErrWrong) || !strings.Contains(err.Error(), b.nodes[0].URL) {
				t.Fatalf("step: %v", err)
			}
			if b.vault.View().State != access.StateUnverified {
				t.Fatal("a view was made of a lie")
			}
			b.logged("source is wrong", b.nodes[0].URL, "what=records")
			b.block()
			b.adopt()
			b.verified(4)
		})
	}
}

// TestABodyIsBounded is about nodes that answer too much, too little or too
// slowly.
func TestABodyIsBounded(t *testing.T) {
	for name, raw := range map[string]http.HandlerFunc{
		"endless": func(w http.ResponseWriter, r *http.Request) {
			for range 1 << 14 {
				if _, err := w.Write(bytes.Repeat([]byte(" "), 4096)); err != nil {
					return
				}
			}
		},
		"truncated": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"jsonrpc":"2.0","result":{"si`) },
		"no JSON":   func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `<html>`) },
		"empty":     func(w http.ResponseWriter, r *http.Request) {},
		"nulls":     func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"jsonrpc":"2.0","result":{}}`) },
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		},
		"dripping": func(w http.ResponseWriter, r *http.Request) {
			for range 200 {
				fmt.Fprint(w, " ")
				w.(http.Flusher).Flush()
				select {
				case <-r.Context().Done():
					return
				case <-time.After(100 * time.Millisecond):
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.open()
			b.adopt()
			b.nodes[0].Raw(raw)
			b.block()
			begin := time.Now()
			b.adopt() // with the three others
			b.verified(4)
			if took := time.Since(begin); took > 4*time.Second {
				t.Errorf("one node held up the others for %v", took)
			}
			b.logged(b.nodes[0].URL, "set_aside")
		})
	}
}
