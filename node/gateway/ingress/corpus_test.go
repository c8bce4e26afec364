package ingress

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hallmark-ledger/hallmark/node/gateway/guard"
	"github.com/hallmark-ledger/hallmark/x/access"
	"github.com/hallmark-ledger/hallmark/x/access/corpus"
)

// The corpus of decisions, put as JSON to a decision point on the wire.
func TestTheCorpusOverTheWire(t *testing.T) {
	files, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	p := newPoint(t)
	asked := 0
	for _, file := range files {
		view, err := file.View.Build()
		if err != nil {
			t.Fatalf("%s: %v", file.Name, err)
		}
		p.view.Store(view)
		for _, check := range file.Checks {
			name := file.Name + ": " + check.About
			req, err := check.Ask()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			now, err := check.At()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			direct := (&guard.Guard{View: p.view.Load, Now: func() access.Now { return now }}).Handle(req)
			if got := corpus.Of(direct.Decision); got != check.Decision {
				t.Errorf("%s: the guard decides %+v; want %+v", name, got, check.Decision)
			}
			// On the wire the caller vouches for the subject.
			if check.Request.Key != "" {
				continue
			}
			asked++
			p.now.Store(&now)
			compare(t, p, name, check)
		}
	}
	if asked < 50 {
		t.Errorf("only %d requests were put", asked)
	}
}

func compare(t *testing.T, p *point, name string, check corpus.Check) {
	t.Helper()
	kind, path, _ := strings.Cut(check.Request.Resource, ":")
	body := map[string]any{
		"subject":  map[string]string{"type": "device", "id": check.Request.Subject},
		"action":   map[string]string{"name": check.Request.Action},
		"resource": map[string]string{"type": kind, "id": path},
	}
	if check.Request.Context != nil {
		body["context"] = check.Request.Context
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	status, answer, _ := p.post(t, PathEvaluation, string(text))
	var reply Reply
	if err := json.Unmarshal([]byte(answer), &reply); err != nil {
		t.Errorf("%s: %s: %v", name, answer, err)
		return
	}
	want := check.Decision
	got := reply.Context
	if reply.Decision != want.Allow {
		t.Errorf("%s: %s; want %+v", name, answer, want)
	}
	// A malformed request is refused before the View is looked at.
	if req, err := check.Ask(); err != nil || req.Validate() != nil {
		if status != 400 || got.Reason != access.ReasonBadRequest {
			t.Errorf("%s: %d %s; want it refused as malformed", name, status, answer)
		}
		return
	}
	if want.Segment == "" {
		want.Height, want.Sequence = 0, 0
	}
	if status != 200 || got.Reason != want.Reason || got.Segment != want.Segment || got.Grant != want.Grant ||
		got.Height != want.Height || got.Sequence != want.Sequence || got.Since != want.Since {
		t.Errorf("%s: %d %s; want %+v", name, status, answer, want)
	}
	if !want.Allow && got.Detail == "" {
		t.Errorf("%s: no word of explanation: %s", name, answer)
	}
}
