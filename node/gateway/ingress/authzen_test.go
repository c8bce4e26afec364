package ingress

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hallmark-ledger/hallmark/x/access"
)

func TestARepliesExactShape(t *testing.T) {
	p := newPoint(t)
	for _, test := range []struct{ name, body, want string }{
		{"allowed", ask(1, "get", "http", "/plant/a"),
			`{"decision":true,"context":{"reason":"allowed","segment":"acme/plant","grant":"5","height":"120","sequence":"31"}}`},
		{"allowed by another grant", ask(1, "publish", "mqtt", "plant/"+did(1)+"/temperature"),
			`{"decision":true,"context":{"reason":"allowed","segment":"acme/plant","grant":"6","height":"120","sequence":"31"}}`},
		{"revoked", ask(2, "get", "http", "/plant/a"),
			`{"decision":false,"context":{"reason":"grant_revoked","detail":"*","fix":"*","segment":"acme/plant","grant":"7","height":"120","sequence":"31","since":"118"}}`},
		{"no grant", ask(1, "post", "http", "/plant/a"),
			`{"decision":false,"context":{"reason":"no_grant","detail":"*","fix":"*","segment":"acme/plant","height":"120","sequence":"31"}}`},
		{"unknown device", ask(9, "get", "http", "/plant/a"),
			`{"decision":false,"context":{"reason":"device_unknown","detail":"*","fix":"*","segment":"acme/plant","height":"120","sequence":"31"}}`},
		{"unknown segment", ask(1, "get", "http", "/office/a"),
			`{"decision":false,"context":{"reason":"segment_unknown","detail":"*","fix":"*"}}`},
	} {
		status, answer, header := p.post(t, PathEvaluation, test.body)
		if status != 200 || header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s", test.name, status, header)
		}
		if got := withoutWords(t, answer); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
	}
}

// withoutWords replaces what is for people by "*".
func withoutWords(t *testing.T, answer string) string {
	t.Helper()
	var reply Reply
	if err := json.Unmarshal([]byte(answer), &reply); err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
	for _, s := range []*string{&reply.Context.Detail, &reply.Context.Fix} {
		if *s != "" {
			*s = "*"
		}
	}
	b, err := json.Marshal(reply)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestStateAndClockDeny(t *testing.T) {
	p := newPoint(t)
	body := ask(1, "get", "http", "/plant/a")
	reason := func(want string) {
		t.Helper()
		if status, answer, _ := p.post(t, PathEvaluation, body); status != 200 || !strings.Contains(answer, `"reason":"`+want+`"`) {
			t.Errorf("%d %s; want %s", status, answer, want)
		}
	}
	reason("allowed")
	p.now.Store(&access.Now{Time: epoch.Add(time.Hour + time.Second), Basis: access.ClockVerified})
	reason("view_stale")
	p.now.Store(&access.Now{Time: epoch})
	reason("clock_untrusted")
	p.view.Store(&access.View{})
	reason("view_unverified")
	p.view.Store(&access.View{State: access.StateAttack})
	reason("attack_detected")
	p.view.Store(nil)
	reason("view_unverified")
}

func TestReadinessSaysWhyNot(t *testing.T) {
	p := newPoint(t)
	get := func() (int, string) {
		response, err := http.Get(p.Server.URL + PathReady)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return response.StatusCode, strings.TrimSpace(string(body))
	}
	if status, body := get(); status != 200 || body != `{"status":"ready"}` {
		t.Errorf("%d %s", status, body)
	}
	why := errors.New("the view is too old")
	p.unready.Store(&why)
	if status, body := get(); status != 503 || body != `{"status":"not ready","reason":"the view is too old"}` {
		t.Errorf("%d %s", status, body)
	}
}

// The examples of AuthZEN 1.0 for three documents and the three semantics, with
// a device that may read the first and the third.
func TestEvaluationsSemantics(t *testing.T) {
	p := newPoint(t)
	for _, test := range []struct {
		options string
		want    []string
	}{
		{``, []string{"allowed", "segment_unknown", "allowed"}},
		{`,"options":{}`, []string{"allowed", "segment_unknown", "allowed"}},
		{`,"options":{"evaluations_semantic":"execute_all","another_option":"value"}`, []string{"allowed", "segment_unknown", "allowed"}},
		{`,"options":{"evaluations_semantic":"deny_on_first_deny"}`, []string{"allowed", "segment_unknown"}},
		{`,"options":{"evaluations_semantic":"permit_on_first_permit"}`, []string{"allowed"}},
	} {
		body := "{" + goodSubject + "," + goodAction + test.options + `,"evaluations":[
			{"resource":{"type":"http","id":"/plant/1"}},
			{"resource":{"type":"http","id":"/office/2"}},
			{"resource":{"type":"http","id":"/plant/3"}}]}`
		expect(t, p, test.options, body, test.want)
	}
}

// expect posts several requests and compares their reasons.
func expect(t *testing.T, p *point, name, body string, want []string) {
	t.Helper()
	status, answer, _ := p.post(t, PathEvaluations, body)
	var got struct{ Evaluations []Reply }
	if err := json.Unmarshal([]byte(answer), &got); err != nil || status != 200 {
		t.Errorf("%s: %d %s", name, status, answer)
		return
	}
	var reasons []string
	for _, r := range got.Evaluations {
		reasons = append(reasons, string(r.Context.Reason))
		if r.Decision != (r.Context.Reason == access.ReasonAllowed) {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if fmt.Sprint(reasons) != fmt.Sprint(want) {
		t.Errorf("%s: %v; want %v", name, reasons, want)
	}
	if strings.Contains(strings.SplitN(answer, `"evaluations"`, 2)[0], "decision") {
		t.Errorf("%s: a decision beside the evaluations: %s", name, answer)
	}
}

func TestEvaluationsDefaults(t *testing.T) {
	p := newPoint(t)
	expect(t, p, "none", `{"evaluations":[`+good+`,`+ask(2, "get", "http", "/plant/a")+`]}`, []string{"allowed", "grant_revoked"})
	expect(t, p, "action overridden",
		"{"+goodSubject+","+goodAction+`,"evaluations":[{"resource":{"type":"http","id":"/plant/1"}},{"action":{"name":"post"},"resource":{"type":"http","id":"/plant/1"}}]}`,
		[]string{"allowed", "no_grant"})
	// A context replaces the default one as a whole.
	expect(t, p, "context",
		fmt.Sprintf(`{"subject":{"type":"device","id":%q},"context":{"line":4,"service":false,"shift":"day"},`, did(3))+goodAction+","+goodResource+
			`,"evaluations":[{},{"context":{"line":4}},{"context":{}},{"context":{"line":4,"service":false,"shift":"late"}}]}`,
		[]string{"allowed", "condition_failed", "condition_failed", "allowed"})
	// A value that makes one of them no question denies that one alone.
	expect(t, p, "a bad one",
		"{"+goodSubject+","+goodAction+`,"evaluations":[{"resource":{"type":"http","id":"/plant/../x"}},{"resource":{"type":"http","id":"/plant/1"}},{"subject":{"type":"user","id":"x"},"resource":{"type":"http","id":"/plant/1"}}]}`,
		[]string{"bad_request", "allowed", "bad_request"})
	expect(t, p, "a bad one ends",
		"{"+goodSubject+","+goodAction+`,"options":{"evaluations_semantic":"deny_on_first_deny"},"evaluations":[{"resource":{"type":"http","id":"/plant/../x"}},{"resource":{"type":"http","id":"/plant/1"}}]}`,
		[]string{"bad_request"})
}

func TestWithoutEvaluationsItIsOneRequest(t *testing.T) {
	p := newPoint(t)
	for _, body := range []string{good, strings.TrimSuffix(good, "}") + `,"evaluations":[]}`} {
		if status, answer, _ := p.post(t, PathEvaluations, body); status != 200 || !strings.HasPrefix(answer, `{"decision":true,`) {
			t.Errorf("%d %s", status, answer)
		}
	}
}

func TestMalformedEvaluationsAre400(t *testing.T) {
	p := newPoint(t)
	many := strings.TrimSuffix(strings.Repeat("{},", maxEvaluations), ",")
	if status, answer, _ := p.post(t, PathEvaluations, strings.TrimSuffix(good, "}")+`,"evaluations":[`+many+`]}`); status != 200 {
		t.Errorf("as many as allowed: %d %.200s", status, answer)
	}
	for _, test := range []struct{ body, field, want string }{
		{`{"evaluations":{}}`, "evaluations", "want an array"},
		{`{"evaluations":null}`, "evaluations", "want an array"},
		{`{"evaluations":[7]}`, "evaluations[0]", "want an object"},
		{`{"evaluations":[` + good + `,{}]}`, "evaluations[1].subject", "missing"},
		{`{"evaluations":[{` + goodSubject + `}]}`, "evaluations[0].action", "missing"},
		{`{"evaluations":[` + good + `,{"subject":{"type":7}}]}`, "evaluations[1].subject.type", "want a string"},
		{`{"evaluations":[` + good + `],"options":[]}`, "options", "want an object"},
		{`{"evaluations":[` + good + `],"options":{"evaluations_semantic":"all"}}`, "options.evaluations_semantic", "want execute_all"},
		{`{"evaluations":[` + good + `],"options":{"evaluations_semantic":1}}`, "options.evaluations_semantic", "want a string"},
		{strings.TrimSuffix(good, "}") + `,"evaluations":[` + many + `,{}]}`, "evaluations[256]", "more than 256"},
	} {
		status, answer, _ := p.post(t, PathEvaluations, test.body)
		var got struct{ Error string }
		if err := json.Unmarshal([]byte(answer), &got); err != nil || status != 400 ||
			!strings.HasPrefix(got.Error, test.field+": ") || !strings.Contains(got.Error, test.want) {
			t.Errorf("%.80s: %d %s; want field %q, %q", test.body, status, answer, test.field, test.want)
		}
	}
}

func TestTheConfigurationNamesTheEndpoints(t *testing.T) {
	p := newPoint(t)
	request, err := http.NewRequest(http.MethodGet, p.Server.URL+PathConfiguration, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "attacker.example"
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"policy_decision_point":"http://127.0.0.1:8181","access_evaluation_endpoint":"http://127.0.0.1:8181/access/v1/evaluation","access_evaluations_endpoint":"http://127.0.0.1:8181/access/v1/evaluations"}`
	if got := strings.TrimSpace(string(body)); got != want || response.StatusCode != 200 {
		t.Errorf("%d %s; want %s", response.StatusCode, got, want)
	}
}
