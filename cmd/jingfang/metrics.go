package main

import (
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"jingfang/integration/translog"
	"jingfang/session/live"
	"jingfang/sql/db"
)

// metrics are the figures at /metrics. Labels name routes, never addresses,
// which hold codes and patients.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	anchors  *prometheus.CounterVec
}

func newMetrics(d *db.DB, hub *live.Hub, log *slog.Logger) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "jingfang_request_seconds", Help: "Time to answer a request, by route; scans are the route ending in /scans.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"method", "route", "status"}),
		anchors: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "jingfang_anchors_total", Help: "Tries to sign an anchor of the chains, by result."}, []string{"result"}),
	}
	m.registry.MustRegister(m.requests, m.anchors, newStateFigures(d, log),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.addPool(d)
	m.addHub(hub)
	return m
}

func (m *metrics) gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

func (m *metrics) counter(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, value))
}

func (m *metrics) addPool(d *db.DB) {
	m.gauge("jingfang_db_open_connections", "Open connections to the database.", func() float64 { return float64(d.Stats().OpenConnections) })
	m.gauge("jingfang_db_in_use_connections", "Connections in use.", func() float64 { return float64(d.Stats().InUse) })
	m.counter("jingfang_db_waits_total", "Times a request waited for a connection.", func() float64 { return float64(d.Stats().WaitCount) })
	m.counter("jingfang_db_wait_seconds_total", "Time requests waited for a connection.", func() float64 { return d.Stats().WaitDuration.Seconds() })
}

func (m *metrics) addSpool(s *translog.Spool) {
	m.gauge("jingfang_translog_waiting", "Transfers of devices and files that wait to be written into the transfer log.", func() float64 { return float64(s.Stats().Waiting) })
	m.counter("jingfang_translog_lost_total", "Transfers that left no entry because too many waited.", func() float64 { return float64(s.Stats().Lost) })
}

func (m *metrics) addHub(hub *live.Hub) {
	m.gauge("jingfang_live_viewers", "Open event streams.", func() float64 { return float64(hub.Viewers()) })
	m.gauge("jingfang_live_sessions", "Sessions that somebody looks at.", func() float64 { return float64(hub.Sessions()) })
	m.counter("jingfang_live_connects_total", "Event streams ever opened.", func() float64 { return float64(hub.Connects()) })
	m.counter("jingfang_live_renders_total", "Drawings of a session's board.", func() float64 { return float64(hub.Renders()) })
	m.counter("jingfang_live_failures_total", "Drawings and reads of versions that failed.", func() float64 { return float64(hub.Failures()) })
	m.counter("jingfang_live_bytes_total", "Bytes of event data handed to streams.", func() float64 { return float64(hub.Bytes()) })
	m.counter("jingfang_live_dropped_total", "Viewers that could not keep up.", func() float64 { return float64(hub.Dropped()) })
}

// handler answers /metrics.
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// measure times requests by the pattern that the router matched. An event
// stream lasts as long as its screen and is left out.
func (m *metrics) measure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		seen := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(seen, r)
		pattern := chi.RouteContext(r.Context()).RoutePattern()
		if pattern == streamPattern {
			return
		}
		if pattern == "" {
			pattern = "-"
		}
		m.requests.WithLabelValues(r.Method, pattern, strconv.Itoa(seen.Status())).Observe(time.Since(start).Seconds())
	})
}
