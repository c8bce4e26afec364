package ingress

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What the protocol adds to a decision, without the network.
func BenchmarkEvaluation(b *testing.B) {
	p := newPoint(b)
	body := strings.TrimSuffix(ask(3, "get", "http", "/plant/a"), "}") + `,"context":{"line":4,"service":false,"shift":"day"}}`
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, PathEvaluation, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		p.Config.Handler.ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	body := []byte(strings.TrimSuffix(ask(3, "get", "http", "/plant/a"), "}") + `,"context":{"line":4,"service":false,"shift":"day"}}`)
	b.ReportAllocs()
	for b.Loop() {
		m, err := decodeMessage(body, false)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := m.tuple.request(); err != nil {
			b.Fatal(err)
		}
	}
}
