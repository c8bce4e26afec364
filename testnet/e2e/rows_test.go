package e2e

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/hallmark-ledger/hallmark/node/gateway/proof"
	"github.com/hallmark-ledger/hallmark/testnet/network"
	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/feed"
)

// question is one query as the command line, REST and gRPC ask it.
type question struct {
	cli    []string
	rest   string
	method string
	body   []byte
}

func text(field protowire.Number, value string) []byte {
	return protowire.AppendString(protowire.AppendTag(nil, field, protowire.BytesType), value)
}

func number(field protowire.Number, value uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.VarintType), value)
}

func (n *net) questions() []question {
	segment, device, name := n.segment(), n.Devices[0].ID, feedName(n.segment())
	in := func(path, parameter, value string) string {
		return path + "?" + parameter + "=" + url.QueryEscape(value)
	}
	resource := "http:/plant/a"
	return []question{
		{[]string{"feed", "head", name}, in("/hallmark/feed/v1/head", "name", name), "hallmark.feed.v1.Query/Head", text(1, name)},
		{[]string{"feed", "heads"}, "/hallmark/feed/v1/heads", "hallmark.feed.v1.Query/Heads", nil},
		{[]string{"feed", "records", "members"}, in("/hallmark/feed/v1/records", "name", "members"), "hallmark.feed.v1.Query/Records", text(1, "members")},
		{[]string{"feed", "changes", "members", "--since", "1"}, in("/hallmark/feed/v1/changes", "name", "members") + "&since=1", "hallmark.feed.v1.Query/Changes", append(text(1, "members"), number(2, 1)...)},
		{[]string{"consortium", "member", n.owner()}, "/hallmark/consortium/v1/members/" + n.owner(), "hallmark.consortium.v1.Query/Member", text(1, n.owner())},
		{[]string{"consortium", "members"}, "/hallmark/consortium/v1/members", "hallmark.consortium.v1.Query/Members", nil},
		{[]string{"consortium", "account", n.Accounts[0].Address}, "/hallmark/consortium/v1/accounts/" + n.Accounts[0].Address, "hallmark.consortium.v1.Query/Account", text(1, n.Accounts[0].Address)},
		{[]string{"consortium", "params"}, "/hallmark/consortium/v1/params", "hallmark.consortium.v1.Query/Params", nil},
		{[]string{"identity", "device", device}, "/hallmark/identity/v1/devices/" + device, "hallmark.identity.v1.Query/Device", text(1, device)},
		{[]string{"identity", "devices", "--owner", n.owner()}, in("/hallmark/identity/v1/devices", "owner", n.owner()), "hallmark.identity.v1.Query/Devices", text(1, n.owner())},
		{[]string{"access", "segment", segment}, in("/hallmark/access/v1/segment", "segment", segment), "hallmark.access.v1.Query/Segment", text(1, segment)},
		{[]string{"access", "segments"}, "/hallmark/access/v1/segments", "hallmark.access.v1.Query/Segments", nil},
		{[]string{"access", "grant", segment, "1"}, in("/hallmark/access/v1/grant", "segment", segment) + "&id=1", "hallmark.access.v1.Query/Grant", append(text(1, segment), number(2, 1)...)},
		{[]string{"access", "grants", segment, "--subject", device}, in("/hallmark/access/v1/grants", "segment", segment) + "&subject=" + url.QueryEscape(device), "hallmark.access.v1.Query/Grants", append(text(1, segment), text(2, device)...)},
		{[]string{"access", "history", segment, "1"}, in("/hallmark/access/v1/history", "segment", segment) + "&id=1", "hallmark.access.v1.Query/History", append(text(1, segment), number(2, 1)...)},
		{
			[]string{"access", "decide", "--subject", device, "--action", "get", "--resource", resource, "--segment", segment},
			in("/hallmark/access/v1/decide", "subject", device) + "&action=get&resource=" + url.QueryEscape(resource) + "&segments=" + url.QueryEscape(segment),
			"hallmark.access.v1.Query/Decide", slices.Concat(text(1, device), text(2, "get"), text(3, resource), text(5, segment)),
		},
	}
}

// raw passes messages of gRPC as the bytes they are.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error)   { return *v.(*[]byte), nil }
func (raw) Unmarshal(b []byte, v any) error { *v.(*[]byte) = bytes.Clone(b); return nil }
func (raw) Name() string                    { return "proto" }

// TestRowsQueries asks every query in each of its three forms at one height.
func TestRowsQueries(t *testing.T) {
	n := use(t)
	height, err := network.RPC(n.Nodes[0].RPC).Height(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := fmt.Sprint(height - 1)
	connection, err := grpc.NewClient(strings.TrimPrefix(n.Nodes[0].GRPC, "http://"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	for _, q := range n.questions() {
		t.Run(strings.Join(q.cli[:2], " "), func(t *testing.T) {
			var printed any
			if err := n.cli.Query(t.Context(), &printed, append(slices.Clone(q.cli), "--height", at)...); err != nil {
				t.Fatal(err)
			}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.Nodes[0].REST+q.rest, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("x-cosmos-block-height", at)
			body, status, err := network.Do(request)
			if err != nil || status != http.StatusOK {
				t.Fatalf("REST: HTTP %d %s %v", status, body, err)
			}
			var served any
			if err := json.Unmarshal(body, &served); err != nil {
				t.Fatal(err)
			}
			if a, b := canonical(t, printed), canonical(t, served); a != b {
				t.Errorf("the command line and REST differ:\n%s\n%s", a, b)
			}
			snakeCase(t, served)
			var answer []byte
			ctx := metadata.AppendToOutgoingContext(t.Context(), "x-cosmos-block-height", at)
			if err := connection.Invoke(ctx, "/"+q.method, &q.body, &answer, grpc.ForceCodec(raw{})); err != nil {
				t.Fatalf("gRPC: %v", err)
			}
			var abci struct {
				Response struct {
					Code  uint32 `json:"code"`
					Value []byte `json:"value"`
				} `json:"response"`
			}
			if err := network.RPC(n.Nodes[0].RPC).Call(t.Context(), &abci, "abci_query", `path="/`+q.method+`"`, fmt.Sprintf("data=0x%x", q.body), "height="+at); err != nil {
				t.Fatal(err)
			}
			if len(answer) == 0 || !bytes.Equal(answer, abci.Response.Value) {
				t.Errorf("gRPC answers %x, abci_query code %d %x", answer, abci.Response.Code, abci.Response.Value)
			}
		})
	}
}

// canonical is an answer without the count of all, which REST adds to a page and
// the command line does not ask for.
func canonical(t *testing.T, value any) string {
	t.Helper()
	if object, ok := value.(map[string]any); ok {
		if page, ok := object["pagination"].(map[string]any); ok {
			delete(page, "total")
		}
	}
	out, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// snakeCase refuses names of fields in another case.
func snakeCase(t *testing.T, value any) {
	t.Helper()
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			if name != strings.ToLower(name) {
				t.Errorf("field %q is not snake_case", name)
			}
			snakeCase(t, inner)
		}
	case []any:
		for _, inner := range value {
			snakeCase(t, inner)
		}
	case float64:
		if value != float64(uint32(value)) {
			t.Errorf("number %v is not in quotes", value)
		}
	}
}

// TestRowsHeadIsProvable proves the head of a feed by the contract alone, and
// adds its records up to it.
func TestRowsHeadIsProvable(t *testing.T) {
	n := use(t)
	rpc := network.RPC(n.Nodes[1].RPC)
	height, err := rpc.Height(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	height--
	for _, name := range []string{"members", feedName(n.segment())} {
		key := append([]byte{1}, name...)
		var answer struct {
			Response struct {
				Key      []byte        `json:"key"`
				Value    []byte        `json:"value"`
				Height   network.Int64 `json:"height"`
				ProofOps struct {
					Ops []proof.Op `json:"ops"`
				} `json:"proofOps"`
			} `json:"response"`
		}
		err := rpc.Call(t.Context(), &answer, "abci_query", `path="/store/feed/key"`, fmt.Sprintf("data=0x%x", key), fmt.Sprintf("height=%d", height), "prove=true")
		if err != nil {
			t.Fatal(err)
		}
		var next struct {
			SignedHeader struct {
				Header struct {
					AppHash hexBytes `json:"app_hash"`
				} `json:"header"`
			} `json:"signed_header"`
		}
		eventually(t, "the header that commits to it", func(ctx context.Context) error {
			return rpc.Call(ctx, &next, "commit", fmt.Sprintf("height=%d", height+1))
		})
		r := answer.Response
		if _, err := proof.Verify(next.SignedHeader.Header.AppHash, "feed", key, r.Value, r.ProofOps.Ops); err != nil {
			t.Fatalf("%s at %d: %v", name, height, err)
		}
		var head feed.Head
		if err := head.Unmarshal(r.Value); err != nil {
			t.Fatal(err)
		}
		if head.Name != name || len(head.Digest) != 32 {
			t.Fatalf("head %+v", head)
		}
		n.addsUp(t, head, height)
	}
}

// addsUp reads the records by the command line and compares them with a head.
func (n *net) addsUp(t *testing.T, head feed.Head, height int64) {
	t.Helper()
	var listing struct {
		Records []struct {
			Key   []byte `json:"key"`
			Value []byte `json:"value"`
		} `json:"records"`
	}
	if err := n.cli.Query(t.Context(), &listing, "feed", "records", head.Name, "--height", fmt.Sprint(height)); err != nil {
		t.Fatal(err)
	}
	builder := feed.NewBuilder(head.Name)
	for _, record := range listing.Records {
		if err := builder.Add(record.Key, record.Value); err != nil {
			t.Fatal(err)
		}
	}
	set := builder.Set()
	if digest := set.Digest(); !bytes.Equal(digest[:], head.Digest) || uint64(set.Len()) != head.Records || uint64(set.Bytes()) != head.Bytes {
		t.Errorf("%s: %d records, %d bytes, digest %x; the head says %d, %d, %x", head.Name, set.Len(), set.Bytes(), digest, head.Records, head.Bytes, head.Digest)
	}
	var changes struct {
		To      string `json:"to"`
		Changes []struct {
			Sequence string `json:"sequence"`
		} `json:"changes"`
	}
	if err := n.cli.Query(t.Context(), &changes, "feed", "changes", head.Name, "--since", "0", "--height", fmt.Sprint(height)); err != nil {
		t.Fatal(err)
	}
	if changes.To != fmt.Sprint(head.Sequence) || len(changes.Changes) < len(listing.Records) {
		t.Errorf("%s: %d changes to %s; the head has sequence %d", head.Name, len(changes.Changes), changes.To, head.Sequence)
	}
}

// TestRowsTransactions sees what a transaction prints and how it exits.
func TestRowsTransactions(t *testing.T) {
	n := use(t)
	fields := []string{"code", "codespace", "height", "raw_log", "txhash"}
	object := func(out string) map[string]json.RawMessage {
		t.Helper()
		var o map[string]json.RawMessage
		if err := json.Unmarshal([]byte(out), &o); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		for _, field := range fields {
			if _, there := o[field]; !there {
				t.Errorf("no %s in %s", field, out)
			}
		}
		return o
	}
	device := n.enrol(t, "rows")
	code, out, stderr := exit(t, network.NodeBinary, n.cli.TxArgs(n.operator(), "identity", "suspend", device, "--reason", "a test")...)
	if o := object(out); code != 0 || string(o["code"]) != "0" || string(o["height"]) == `"0"` {
		t.Errorf("exit code %d, %s %s", code, out, stderr)
	}
	code, out, _ = exit(t, network.NodeBinary, n.cli.TxArgs(n.operator(), "identity", "resume", device, "--no-wait")...)
	if o := object(out); code != 0 || string(o["height"]) != `"0"` {
		t.Errorf("--no-wait: exit code %d, %s", code, out)
	}
	var created struct {
		Result struct {
			Events []struct {
				Attributes []struct{ Key, Value string } `json:"attributes"`
			} `json:"events"`
		} `json:"tx_result"`
	}
	granted := n.grant(t, line(device, "rows"))
	eventually(t, "the index of transactions", func(ctx context.Context) error {
		return network.RPC(n.Nodes[0].RPC).Call(ctx, &created, "tx", "hash=0x"+granted.TxHash)
	})
	found := false
	for _, event := range created.Result.Events {
		for _, a := range event.Attributes {
			found = found || a.Key == "id" && strings.Trim(a.Value, `"`) == granted.IDs[0]
		}
	}
	if !found {
		t.Errorf("no event attribute id = %s: %+v", granted.IDs[0], created)
	}
	// A transaction that the execution refuses: gas is given, so that nothing is simulated.
	code, out, stderr = exit(t, network.NodeBinary, n.cli.TxArgs(n.operator(), "access", "revoke", n.segment(), "999999", "--gas", "500000")...)
	if o := object(out); code != 1 || string(o["code"]) == "0" || string(o["height"]) == `"0"` {
		t.Errorf("refused: exit code %d, %s %s", code, out, stderr)
	}
	for name, args := range map[string][]string{
		"unknown flag":     {"tx", "access", "revoke", "--nonsense"},
		"unknown command":  {"tx", "nonsense"},
		"missing argument": {"query", "feed", "head"},
	} {
		if code, _, stderr := exit(t, network.NodeBinary, args...); code != 2 {
			t.Errorf("%s: exit code %d, want 2: %s", name, code, stderr)
		}
	}
}

// TestRowsDecisionPoint speaks AuthZEN.
func TestRowsDecisionPoint(t *testing.T) {
	n := use(t)
	gateway, device := n.Gateways[0].HTTP, n.Devices[0].ID
	post := func(path, body string) (int, string) {
		t.Helper()
		out, status, err := network.Post(t.Context(), gateway+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		return status, string(out)
	}
	good := fmt.Sprintf(`{"subject":{"type":"device","id":%q},"action":{"name":"get"},"resource":{"type":"http","id":"/plant/a"}}`, device)
	if status, out := post("/access/v1/evaluation", good); status != 200 || !strings.Contains(out, `"decision":true`) {
		t.Errorf("HTTP %d %s", status, out)
	}
	status, out := post("/access/v1/evaluations", strings.TrimSuffix(good, "}")+`,"evaluations":[{},{"action":{"name":"delete"}}]}`)
	if status != 200 || strings.Count(out, `"decision":true`) != 1 || strings.Count(out, `"decision":false`) != 1 {
		t.Errorf("evaluations: HTTP %d %s", status, out)
	}
	var configuration map[string]json.RawMessage
	getJSON(t, gateway+"/.well-known/authzen-configuration", &configuration)
	for _, field := range []string{"policy_decision_point", "access_evaluation_endpoint", "access_evaluations_endpoint"} {
		if _, there := configuration[field]; !there {
			t.Errorf("no %s in the configuration", field)
		}
	}
	for name, body := range map[string]string{
		"empty":           "",
		"not JSON":        "{",
		"not an object":   "[]",
		"twice":           good + good,
		"no subject":      strings.Replace(good, "subject", "subjekt", 1),
		"no resource":     strings.Replace(good, "resource", "thing", 1),
		"another type":    strings.Replace(good, `"device"`, `"user"`, 1),
		"id not a device": strings.Replace(good, device, "did:web:example", 1),
		"id as number":    strings.Replace(good, fmt.Sprintf("%q", device), "7", 1),
		"empty action":    strings.Replace(good, `"get"`, `""`, 1),
		"dots in path":    strings.Replace(good, "/plant/a", "/plant/../a", 1),
		"wildcard":        strings.Replace(good, "/plant/a", "/plant/#", 1),
	} {
		status, out := post("/access/v1/evaluation", body)
		if status != 400 || strings.Contains(out, `"decision":true`) {
			t.Errorf("%s: HTTP %d, want 400: %s", name, status, out)
		}
	}
}

// TestRowsOperations reads what operators read.
func TestRowsOperations(t *testing.T) {
	n := use(t)
	gateway := n.Gateways[0]
	for _, path := range []string{"/healthz", "/readyz"} {
		var state map[string]any
		getJSON(t, gateway.HTTP+path, &state)
	}
	want := []string{"age_seconds", "chain_id", "feeds", "head_time", "height", "last_error", "primary", "state", "trust_expires", "witnesses"}
	var served map[string]json.RawMessage
	getJSON(t, gateway.HTTP+"/v1/status", &served)
	code, out, stderr := exit(t, network.GatewayBinary, "status", "--home", gateway.Home, "-o", "json")
	var printed map[string]json.RawMessage
	if err := json.Unmarshal([]byte(out), &printed); code != 0 || err != nil {
		t.Fatalf("status: exit code %d %v: %s %s", code, err, out, stderr)
	}
	for form, status := range map[string]map[string]json.RawMessage{"/v1/status": served, "status -o json": printed} {
		if got := keysOf(status); !slices.Equal(got, want) {
			t.Errorf("%s has %v, want %v", form, got, want)
		}
		if string(status["state"]) != `"fresh"` || string(status["chain_id"]) != fmt.Sprintf("%q", n.ChainID) {
			t.Errorf("%s: %s of %s", form, status["state"], status["chain_id"])
		}
	}
	page, status, err := network.Get(t.Context(), gateway.HTTP+"/metrics")
	if err != nil || status != 200 {
		t.Fatalf("metrics: HTTP %d %v", status, err)
	}
	for _, name := range []string{
		`hallmark_gateway_decisions_total{decision="allow",point=`, "hallmark_gateway_decision_duration_seconds", "hallmark_gateway_head_height",
		"hallmark_gateway_head_age_seconds", "hallmark_gateway_trust_remaining_seconds", "hallmark_gateway_witnesses", "hallmark_gateway_revocation_latency_seconds",
	} {
		if !strings.Contains(string(page), name) {
			t.Errorf("no metric %s", name)
		}
	}
	if strings.Contains(string(page), "did:hallmark:") {
		t.Error("a metric names a device")
	}
}

// TestRowsCheck sees the exit codes of `check`.
func TestRowsCheck(t *testing.T) {
	n := use(t)
	check := func(home, action string) int {
		t.Helper()
		code, _, _ := exit(t, network.GatewayBinary, "check", "--home", home, "--subject", n.Devices[0].ID, "--action", action, "--resource", "http:/plant/a")
		return code
	}
	if code := check(n.Gateways[0].Home, "get"); code != 0 {
		t.Errorf("allowed: exit code %d, want 0", code)
	}
	if code := check(n.Gateways[0].Home, "delete"); code != 3 {
		t.Errorf("denied: exit code %d, want 3", code)
	}
	// A home that no gateway serves: nothing proves that it is current.
	guest, err := n.NewGuest(t.Context(), n.files, "guest", n.Nodes[0].RPC, n.Nodes[1].RPC, n.Nodes[2].RPC)
	if err != nil {
		t.Fatal(err)
	}
	if code := check(guest.Home, "get"); code != 4 {
		t.Errorf("unverifiable: exit code %d, want 4", code)
	}
	if code, _, _ := exit(t, network.GatewayBinary, "check", "--home", guest.Home); code != 2 {
		t.Errorf("missing flags: exit code %d, want 2", code)
	}
}

// TestRowsReasons finds only reasons of the closed list on the wire.
func TestRowsReasons(t *testing.T) {
	n := use(t)
	page, _, err := network.Get(t.Context(), n.Gateways[0].HTTP+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	known := access.Reasons()
	for _, part := range strings.Split(string(page), `reason="`)[1:] {
		reason, _, _ := strings.Cut(part, `"`)
		if !slices.Contains(known, access.Reason(reason)) {
			t.Errorf("reason %q is not in the list", reason)
		}
	}
}

// hexBytes are bytes as CometBFT writes hashes.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(raw []byte) (err error) {
	*h, err = hex.DecodeString(string(raw))
	return err
}

// TestRowsBlocksOfASecond sees blocks of about a second.
func TestRowsBlocksOfASecond(t *testing.T) {
	n := use(t)
	rpc := network.RPC(n.Nodes[0].RPC)
	last, err := rpc.Header(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	first, err := rpc.Header(t.Context(), max(1, last.Height-5))
	if err != nil {
		t.Fatal(err)
	}
	each := last.Time.Sub(first.Time) / time.Duration(last.Height-first.Height)
	if each < 800*time.Millisecond || each > 5*time.Second {
		t.Errorf("%s a block over %d blocks", each, last.Height-first.Height)
	}
}
