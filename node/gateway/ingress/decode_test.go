package ingress

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hallmark-ledger/hallmark/x/access"
)

// parts of a good request.
var (
	goodSubject  = fmt.Sprintf(`"subject":{"type":"device","id":%q}`, did(1))
	goodAction   = `"action":{"name":"get"}`
	goodResource = `"resource":{"type":"http","id":"/plant/a"}`
	good         = "{" + goodSubject + "," + goodAction + "," + goodResource + "}"
)

func TestMalformedRequestsAre400AndNameTheField(t *testing.T) {
	p := newPoint(t)
	with := func(parts ...string) string { return "{" + strings.Join(parts, ",") + "}" }
	long := strings.Repeat("a", 2000)
	for _, test := range []struct{ name, body, field, want string }{
		{"nothing", "", "", "want an object"},
		{"no JSON", "subject=device", "", "want an object"},
		{"an array", "[]", "", "want an object, not an array"},
		{"null", "null", "", "want an object, not null"},
		{"cut", good[:len(good)-1], "", "want ',' or '}'"},
		{"two values", good + good, "", "something follows"},
		{"no subject", with(goodAction, goodResource), "subject", "missing"},
		{"no action", with(goodSubject, goodResource), "action", "missing"},
		{"no resource", with(goodSubject, goodAction), "resource", "missing"},
		{"names in another case", with(strings.Replace(goodSubject, "subject", "Subject", 1), goodAction, goodResource), "subject", "missing"},
		{"subject twice", with(goodSubject, goodSubject, goodAction, goodResource), "", `"subject" stands twice`},
		{"subject null", with(`"subject":null`, goodAction, goodResource), "subject", "want an object, not null"},
		{"subject a string", with(`"subject":"x"`, goodAction, goodResource), "subject", "want an object, not a string"},
		{"subject without type", with(fmt.Sprintf(`"subject":{"id":%q}`, did(1)), goodAction, goodResource), "subject.type", "missing"},
		{"subject without id", with(`"subject":{"type":"device"}`, goodAction, goodResource), "subject.id", "missing"},
		{"subject id a number", with(`"subject":{"type":"device","id":7}`, goodAction, goodResource), "subject.id", "want a string, not a number"},
		{"subject id twice", with(`"subject":{"type":"device","id":"a","id":"b"}`, goodAction, goodResource), "subject", `"id" stands twice`},
		{"subject of another type", with(`"subject":{"type":"user","id":"alice@acmecorp.com"}`, goodAction, goodResource), "subject.type", `"user"; want "device"`},
		{"an id that is none", with(`"subject":{"type":"device","id":"did:web:example.com"}`, goodAction, goodResource), "subject.id", "did:hallmark:"},
		{"an id in upper case", with(fmt.Sprintf(`"subject":{"type":"device","id":%q}`, strings.ToUpper(did(1))), goodAction, goodResource), "subject.id", ""},
		{"an id too short", with(fmt.Sprintf(`"subject":{"type":"device","id":%q}`, did(1)[:50]), goodAction, goodResource), "subject.id", ""},
		{"an empty id", with(`"subject":{"type":"device","id":""}`, goodAction, goodResource), "subject.id", ""},
		{"properties a list", with(fmt.Sprintf(`"subject":{"type":"device","id":%q,"properties":[]}`, did(1)), goodAction, goodResource), "subject.properties", "want an object, not an array"},
		{"duplicates in properties", with(fmt.Sprintf(`"subject":{"type":"device","id":%q,"properties":{"a":1,"a":2}}`, did(1)), goodAction, goodResource), "subject.properties", `"a" stands twice`},
		{"action a string", with(goodSubject, `"action":"get"`, goodResource), "action", "want an object, not a string"},
		{"action without name", with(goodSubject, `"action":{}`, goodResource), "action.name", "missing"},
		{"an empty action", with(goodSubject, `"action":{"name":""}`, goodResource), "action.name", ""},
		{"an action with a space", with(goodSubject, `"action":{"name":"can read"}`, goodResource), "action.name", ""},
		{"a long action", with(goodSubject, `"action":{"name":"`+long+`"}`, goodResource), "action.name", ""},
		{"resource without id", with(goodSubject, goodAction, `"resource":{"type":"http"}`), "resource.id", "missing"},
		{"resource without type", with(goodSubject, goodAction, `"resource":{"id":"/a"}`), "resource.type", "missing"},
		{"resource with an empty type", with(goodSubject, goodAction, `"resource":{"type":"","id":"/a"}`), "resource", ""},
		{"resource with a colon in its type", with(goodSubject, goodAction, `"resource":{"type":"http:/plant/x","id":"y"}`), "resource.type", "no colon"},
		{"resource with an empty path", with(goodSubject, goodAction, `"resource":{"type":"http","id":""}`), "resource", ""},
		{"resource with dots", with(goodSubject, goodAction, `"resource":{"type":"http","id":"/plant/../admin"}`), "resource", "ambiguous"},
		{"resource with an escaped slash", with(goodSubject, goodAction, `"resource":{"type":"http","id":"/plant/%2Fa"}`), "resource", "escape"},
		{"resource with a wildcard", with(goodSubject, goodAction, `"resource":{"type":"mqtt","id":"plant/+/x"}`), "resource", "wildcard"},
		{"resource with a zero byte", with(goodSubject, goodAction, `"resource":{"type":"mqtt","id":"plant/\u0000"}`), "resource", "control"},
		{"a long resource", with(goodSubject, goodAction, `"resource":{"type":"mqtt","id":"`+long+`"}`), "resource", "1,024"},
		{"a shared subscription", with(goodSubject, `"action":{"name":"subscribe"}`, `"resource":{"type":"mqtt","id":"$share/g/plant/#"}`), "resource", "shared"},
		{"context a list", with(goodSubject, goodAction, goodResource, `"context":[]`), "context", "want an object, not an array"},
		{"context null", with(goodSubject, goodAction, goodResource, `"context":null`), "context", "want an object, not null"},
		{"an attribute twice", with(goodSubject, goodAction, goodResource, `"context":{"line":4,"line":5}`), "context", `"line" stands twice`},
		{"too many attributes", with(goodSubject, goodAction, goodResource, `"context":{`+attributes(access.MaxAttributes+1)+`}`), fmt.Sprintf("context.a%d", access.MaxAttributes), "more than 64 attributes"},
		{"an attribute without a name", with(goodSubject, goodAction, goodResource, `"context":{"":4}`), "context", "attribute"},
		{"an attribute with a space in its name", with(goodSubject, goodAction, goodResource, `"context":{"a b":4}`), "context", "attribute"},
		{"a text too long", with(goodSubject, goodAction, goodResource, `"context":{"a":"`+long+`"}`), "context", "attribute"},
		{"deep context", with(goodSubject, goodAction, goodResource, `"context":{"a":`+strings.Repeat("[", 20)+strings.Repeat("]", 20)+`}`), "", "nested deeper"},
		{"an unknown field that is no JSON", with(goodSubject, goodAction, goodResource, `"more":{"a":}`), "more.a", "want a value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, path := range []string{PathEvaluation, PathEvaluations} {
				status, answer, _ := p.post(t, path, test.body)
				var got struct {
					Decision *bool
					Error    string
					Context  struct{ Reason, Field string }
				}
				if err := json.Unmarshal([]byte(answer), &got); err != nil {
					t.Fatalf("%s: %v", answer, err)
				}
				if status != 400 || got.Decision == nil || *got.Decision || got.Context.Reason != "bad_request" {
					t.Errorf("%s: %d %s", path, status, answer)
				}
				if !strings.Contains(got.Error, test.want) || !strings.HasPrefix(got.Error, test.field) {
					t.Errorf("%s: error %q; want field %q and %q", path, got.Error, test.field, test.want)
				}
				if test.name != "deep context" && got.Context.Field != test.field {
					t.Errorf("%s: field %q; want %q", path, got.Context.Field, test.field)
				}
			}
		})
	}
}

func attributes(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"a%d":%d`, i, i)
	}
	return strings.Join(list, ",")
}

// A condition compares what it can; what it cannot is as if it were absent.
func TestContextOfEveryType(t *testing.T) {
	p := newPoint(t)
	for _, test := range []struct{ context, reason string }{
		{`{"line":4,"service":false,"shift":"day"}`, "allowed"},
		{`{"shift":"day","service":false,"line":4,"other":[1,{"x":null}],"temperature":21.5}`, "allowed"},
		{`{"line":5,"service":false,"shift":"day"}`, "condition_failed"},
		{`{"line":4,"service":true,"shift":"day"}`, "condition_failed"},
		{`{"line":4,"service":false,"shift":"night"}`, "condition_failed"},
		{`{"line":4.0,"service":false,"shift":"day"}`, "condition_failed"},
		{`{"line":4e0,"service":false,"shift":"day"}`, "condition_failed"},
		{`{"line":"4","service":false,"shift":"day"}`, "condition_failed"},
		{`{"line":99999999999999999999,"service":false,"shift":"day"}`, "condition_failed"},
		{`{"line":4,"service":"false","shift":"day"}`, "condition_failed"},
		{`{"line":4,"service":0,"shift":"day"}`, "condition_failed"},
		{`{"line":4,"service":null,"shift":"day"}`, "condition_failed"},
		{`{"line":4,"service":false,"shift":["day"]}`, "condition_failed"},
		{`{"line":4,"service":false}`, "condition_failed"},
		{`{}`, "condition_failed"},
	} {
		body := strings.TrimSuffix(ask(3, "get", "http", "/plant/a"), "}") + `,"context":` + test.context + "}"
		status, answer, _ := p.post(t, PathEvaluation, body)
		if status != 200 || !strings.Contains(answer, `"reason":"`+test.reason+`"`) {
			t.Errorf("%s: %d %s; want %s", test.context, status, answer, test.reason)
		}
	}
}

func TestUnknownFieldsAreTolerated(t *testing.T) {
	p := newPoint(t)
	body := fmt.Sprintf(`{"more":[{}],"subject":{"type":"device","id":%q,"properties":{"ip_address":"172.217.22.14"},"x":1},`, did(1)) +
		`"action":{"name":"get","properties":{"method":"GET"},"type":7},"resource":{"type":"http","id":"/plant/a","properties":{"library_record":{"title":"x"}}},` +
		`"context":{"time":"1985-10-26T01:22-07:00"},"evaluations":"not for this endpoint","options":7}`
	if status, answer, _ := p.post(t, PathEvaluation, body); status != 200 || !strings.Contains(answer, `"decision":true`) {
		t.Errorf("%d %s", status, answer)
	}
}

// FuzzDecode: whatever comes in, a request that goes on to the guard is one
// that the evaluator does not find malformed.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(good), false)
	f.Add([]byte(`{"evaluations":[`+good+`,{}],"options":{"evaluations_semantic":"deny_on_first_deny"},`+goodSubject+`}`), true)
	f.Add([]byte(`{"context":{"a":1,"b":"x","c":true,"d":1.5,"e":null},`+goodSubject+","+goodAction+","+goodResource+"}"), true)
	v := view(f)
	f.Fuzz(func(t *testing.T, body []byte, several bool) {
		m, err := decodeMessage(body, several)
		if err != nil {
			return
		}
		if !json.Valid(body) {
			t.Fatalf("%q is no JSON", body)
		}
		if len(m.evaluations) > maxEvaluations {
			t.Fatal("too many requests")
		}
		for _, tuple := range append(m.evaluations, m.tuple) {
			req, err := tuple.request()
			if err != nil {
				continue
			}
			if d := access.Decide(req, v, access.Now{Time: epoch, Basis: access.ClockVerified}); d.Reason == access.ReasonBadRequest {
				t.Fatalf("%q: %+v is malformed to the evaluator", body, req)
			}
		}
	})
}
