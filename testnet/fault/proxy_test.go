package fault

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hallmark-ledger/hallmark/x/feed"
)

// node is an honest node: it answers an abci_query with what was asked, and
// anything else with a header of chain "c".
func node(t *testing.T) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var c call
		_ = json.NewDecoder(r.Body).Decode(&c)
		if c.Method != "abci_query" {
			_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":1,"result":{"signed_header":{"header":{"chain_id":"c","height":"12345678901234567890"}},"node_info":{"network":"c"}}}`)
			return
		}
		query, err := queryOfParams(c.Params)
		if err != nil {
			t.Error(err)
		}
		answer, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": c.ID, "result": map[string]any{"response": map[string]any{
			"key": query.Data, "value": []byte("value of " + query.Path), "height": query.Height,
		}}})
		_, _ = w.Write(answer)
	}))
	t.Cleanup(server.Close)
	return server
}

func liar(t *testing.T, lie *Lie) *Proxy {
	t.Helper()
	proxy, err := Listen(node(t).URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	if lie != nil {
		proxy.Lie(*lie)
	}
	return proxy
}

type response struct {
	Key    []byte
	Value  []byte
	Height json.Number
}

// ask asks for the head of "a" at height 9, in one of the two forms.
func ask(t *testing.T, p *Proxy, uri bool) response {
	t.Helper()
	var answer *http.Response
	var err error
	if uri {
		answer, err = http.Get(p.URL() + `/abci_query?path="/store/feed/key"&data=0x` + hex.EncodeToString(headKey("a")) + `&height=9&prove=true`)
	} else {
		answer, err = http.Post(p.URL(), "application/json", strings.NewReader(
			`{"jsonrpc":"2.0","id":7,"method":"abci_query","params":{"path":"/store/feed/key","data":"`+hex.EncodeToString(headKey("a"))+`","height":"9","prove":true}}`))
	}
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var envelope struct {
		ID     json.RawMessage
		Result struct{ Response response }
	}
	if err := json.NewDecoder(answer.Body).Decode(&envelope); err != nil {
		t.Fatal(err)
	}
	if want := map[bool]string{true: "-1", false: "7"}[uri]; string(envelope.ID) != want {
		t.Fatalf("id %s, want %s", envelope.ID, want)
	}
	return envelope.Result.Response
}

func TestEachLieIsToldInBothForms(t *testing.T) {
	honest := response{Key: headKey("a"), Value: []byte("value of /store/feed/key"), Height: "9"}
	flipped := bytes.Clone(honest.Value)
	flipped[len(flipped)-1] ^= 1
	for _, c := range []struct {
		lie  Lie
		want response
	}{
		{OtherKey("b", "c"), response{headKey("b"), honest.Value, "9"}},
		{OtherKey("a", "c"), response{headKey("c"), honest.Value, "9"}},
		{OtherKeyRenamed("b", "c"), honest},
		{OtherStore(), response{honest.Key, []byte("value of /store/acc/key"), "9"}},
		{OtherHeight(3), response{honest.Key, honest.Value, "6"}},
		{Replay(3), honest},
		{OtherValue(), response{honest.Key, flipped, "9"}},
	} {
		t.Run(c.lie.Name, func(t *testing.T) {
			for _, uri := range []bool{false, true} {
				proxy := liar(t, &c.lie)
				got := ask(t, proxy, uri)
				if !bytes.Equal(got.Key, c.want.Key) || !bytes.Equal(got.Value, c.want.Value) || got.Height != c.want.Height {
					t.Errorf("uri %v: got %x %q %s", uri, got.Key, got.Value, got.Height)
				}
				if proxy.Told() != 1 {
					t.Errorf("uri %v: told %d", uri, proxy.Told())
				}
			}
		})
	}
}

func TestAnotherChainIsNamedEverywhere(t *testing.T) {
	lie := OtherChain("c")
	proxy := liar(t, &lie)
	answer, err := http.Get(proxy.URL() + "/commit?height=3")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, _ := io.ReadAll(answer.Body)
	if strings.Count(string(raw), `"c-other"`) != 2 || !strings.Contains(string(raw), `"12345678901234567890"`) || proxy.Told() != 1 {
		t.Fatalf("%s, told %d", raw, proxy.Told())
	}
}

func TestDataIsChangedWithoutAProof(t *testing.T) {
	listed := feed.ChangesResponse{To: 1, Changes: []feed.Change{{Sequence: 1, Key: []byte("k"), Value: []byte("v")}}}
	truth, err := listed.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	response := Response{}
	response.SetBytes("value", truth)
	if !OtherData().Answer(Query{Path: feedPath + "Changes"}, response) {
		t.Fatal("nothing was changed")
	}
	var told feed.ChangesResponse
	if err := told.Unmarshal(response.Bytes("value")); err != nil || string(told.Changes[0].Value) != "w" || string(told.Changes[0].Key) != "k" {
		t.Fatalf("%+v %v", told, err)
	}
	if OtherData().Answer(Query{Path: feedPath + "Heads"}, response) {
		t.Fatal("another query was changed")
	}
}

func TestAnHonestProxyChangesNothing(t *testing.T) {
	proxy := liar(t, nil)
	if got := ask(t, proxy, false); !bytes.Equal(got.Key, headKey("a")) || proxy.Told() != 0 {
		t.Fatalf("%x, told %d", got.Key, proxy.Told())
	}
	proxy.RefuseWebsockets(true)
	request, _ := http.NewRequest(http.MethodGet, proxy.URL()+"/websocket", nil)
	request.Header.Set("Upgrade", "websocket")
	request.Header.Set("Connection", "Upgrade")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusServiceUnavailable {
		t.Fatal(answer.Status)
	}
}
