package guard

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hallmark-ledger/hallmark/x/access"
)

// Metrics of decisions. No label ever names a device.
type Metrics struct {
	decisions *prometheus.CounterVec
	duration  *prometheus.HistogramVec
}

// NewMetrics registers them.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "hallmark_gateway_decisions_total",
			Help: "Decisions by outcome, reason and point of entry.",
		}, []string{"decision", "reason", "point"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "hallmark_gateway_decision_duration_seconds",
			Help: "Time to decide, without reading the request and writing the answer.",
			// A decision takes about a microsecond.
			Buckets: []float64{0.5e-6, 1e-6, 2e-6, 5e-6, 10e-6, 20e-6, 50e-6, 100e-6, 500e-6, 1e-3, 10e-3, 0.1},
		}, []string{"point"}),
	}
	registry.MustRegister(m.decisions, m.duration)
	return m
}

// Meter counts the decisions of one point of entry. Its counters are looked up
// once, so that counting does not allocate.
type Meter struct {
	allowed  prometheus.Counter
	denied   map[access.Reason]prometheus.Counter
	duration prometheus.Observer
}

// At is the meter of a point of entry, "authzen" for instance.
func (m *Metrics) At(point string) *Meter {
	meter := &Meter{
		allowed:  m.decisions.WithLabelValues("allow", string(access.ReasonAllowed), point),
		denied:   make(map[access.Reason]prometheus.Counter),
		duration: m.duration.WithLabelValues(point),
	}
	for _, reason := range access.Reasons() {
		if reason != access.ReasonAllowed {
			meter.denied[reason] = m.decisions.WithLabelValues("deny", string(reason), point)
		}
	}
	return meter
}

func (m *Meter) count(d *access.Decision, took time.Duration) {
	if m == nil {
		return
	}
	m.duration.Observe(took.Seconds())
	if d.Allow {
		m.allowed.Inc()
		return
	}
	counter, ok := m.denied[d.Reason]
	if !ok {
		counter = m.denied[access.ReasonInternal]
	}
	counter.Inc()
}
