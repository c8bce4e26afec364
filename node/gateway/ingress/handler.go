package ingress

import (
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hallmark-ledger/hallmark/node/gateway/guard"
)

// Options is what the ingress answers from.
type Options struct {
	Guard *guard.Guard
	// Ready returns nil while a verified View may allow something.
	Ready func() error
	// Status returns what /v1/status shows.
	Status func() any
	// Metrics are shown at /metrics.
	Metrics prometheus.Gatherer
	// URL by which callers know the gateway.
	URL string
	Log *slog.Logger
}

type handler struct {
	guard  *guard.Guard
	ready  func() error
	status func() any
	url    string
	log    *slog.Logger
	bodies *bodies
}

// route is one path with its only method.
type route struct {
	method string
	serve  http.Handler
}

// NewHandler answers every request that comes in.
func NewHandler(o Options) http.Handler {
	h := &handler{guard: o.Guard, ready: o.Ready, status: o.Status, url: o.URL, log: o.Log, bodies: newBodies()}
	routes := map[string]route{
		PathEvaluation:    {http.MethodPost, http.HandlerFunc(h.evaluation)},
		PathEvaluations:   {http.MethodPost, http.HandlerFunc(h.evaluations)},
		PathConfiguration: {http.MethodGet, http.HandlerFunc(h.configuration)},
		PathHealth:        {http.MethodGet, http.HandlerFunc(h.health)},
		PathReady:         {http.MethodGet, http.HandlerFunc(h.readiness)},
		PathStatus:        {http.MethodGet, http.HandlerFunc(h.statusPage)},
		PathMetrics:       {http.MethodGet, metrics(o.Metrics)},
	}
	// A map, not http.ServeMux: that one would redirect "//" and "/../", and a
	// redirect is an answer that was not asked for.
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer h.contain(w)
		header := w.Header()
		// AuthZEN 1.0, "Request Identification in a Response".
		if id := r.Header.Get("X-Request-ID"); id != "" {
			header.Set("X-Request-ID", id)
		}
		header.Set("Cache-Control", "no-store")
		header.Set("X-Content-Type-Options", "nosniff")
		route, ok := routes[r.URL.Path]
		switch {
		case !ok:
			writeError(w, http.StatusNotFound, "no such path")
		case r.Method == route.method, r.Method == http.MethodHead && route.method == http.MethodGet:
			route.serve.ServeHTTP(w, r)
		default:
			header.Set("Allow", route.method)
			writeError(w, http.StatusMethodNotAllowed, "want the method "+route.method)
		}
	})
}

// contain turns a panic into an answer that is no decision.
func (h *handler) contain(w http.ResponseWriter) {
	r := recover()
	if r == nil {
		return
	}
	if r == http.ErrAbortHandler {
		panic(r)
	}
	h.log.Error("a request panicked", "panic", r, "stack", string(debug.Stack()))
	writeError(w, http.StatusInternalServerError, "internal error")
}
