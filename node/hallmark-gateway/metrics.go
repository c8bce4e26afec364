package main

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/hallmark-ledger/hallmark/node/gateway/follow"
)

// newLatency measures how soon a change on the chain counts here.
func newLatency(registry prometheus.Registerer) prometheus.Observer {
	latency := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "hallmark_gateway_revocation_latency_seconds",
		Help:    "From the time of the block that changed a followed feed to its View here, by the wall clock.",
		Buckets: []float64{0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 5, 10, 30, 60, 300, 3600},
	})
	registry.MustRegister(latency)
	return latency
}

// gauges reads the follower's numbers once a scrape.
type gauges struct {
	read                          func() follow.Gauges
	height, age, trust, witnesses *prometheus.Desc
}

func registerGauges(registry prometheus.Registerer, read func() follow.Gauges) {
	describe := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("hallmark_gateway_"+name, help, nil, nil)
	}
	registry.MustRegister(
		&gauges{
			read:      read,
			height:    describe("head_height", "Height of the View."),
			age:       describe("head_age_seconds", "Age of the View by verified time; -1 when there is none."),
			trust:     describe("trust_remaining_seconds", "How long the last believed header still vouches for the next; below 0 when it does not."),
			witnesses: describe("witnesses", "Witnesses that agreed when last asked."),
		},
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
}

func (g *gauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.height, g.age, g.trust, g.witnesses} {
		ch <- d
	}
}

func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	now := g.read()
	for d, v := range map[*prometheus.Desc]float64{
		g.height: float64(now.HeadHeight), g.age: now.HeadAge.Seconds(),
		g.trust: now.TrustRemaining.Seconds(), g.witnesses: float64(now.Witnesses),
	} {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
}
