package ingress

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Paths of operations.
const (
	PathHealth  = "/healthz"
	PathReady   = "/readyz"
	PathStatus  = "/v1/status"
	PathMetrics = "/metrics"
)

// state answers a probe.
type state struct {
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"`
}

// health is 200 as long as the process answers.
func (h *handler) health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, state{Status: "ok"})
}

// readiness is 200 while some class of actions may still allow.
func (h *handler) readiness(w http.ResponseWriter, _ *http.Request) {
	if err := h.ready(); err != nil {
		writeJSON(w, http.StatusServiceUnavailable, state{"not ready", err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, state{Status: "ready"})
}

func (h *handler) statusPage(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, h.status())
}

// metrics serves a registry, to few at a time.
func metrics(gatherer prometheus.Gatherer) http.Handler {
	return promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{
		MaxRequestsInFlight: 4,
		Timeout:             5 * time.Second,
		DisableCompression:  true,
	})
}
