package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"jingfang/integration"
	"jingfang/integration/translog"
	"jingfang/sql/db"
)

// scrapeTimeout bounds the questions that one look at the figures asks.
const scrapeTimeout = 2 * time.Second

// stateFigures are the figures that stand in the database: how the exchange with
// other systems goes, whichever server did it. They are read when somebody
// looks; while the database does not answer they are missing.
type stateFigures struct {
	db  *db.DB
	log *slog.Logger

	failures, problems, success, entries *prometheus.Desc
}

func newStateFigures(d *db.DB, log *slog.Logger) *stateFigures {
	stream := []string{"source", "stream"}
	return &stateFigures{db: d, log: log,
		failures: prometheus.NewDesc("jingfang_pull_failures", "Rounds that failed since the last good one.", stream, nil),
		problems: prometheus.NewDesc("jingfang_pull_problems", "Documents that could not be taken in and wait for a person.", stream, nil),
		success:  prometheus.NewDesc("jingfang_pull_last_success_seconds", "Time of the last good round, Unix seconds.", stream, nil),
		entries:  prometheus.NewDesc("jingfang_translog_entries_total", "Entries of the sealed transfer log.", nil, nil),
	}
}

// Describe names the figures.
func (s *stateFigures) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.failures, s.problems, s.success, s.entries} {
		to <- d
	}
}

// Collect reads them.
func (s *stateFigures) Collect(to chan<- prometheus.Metric) {
	// The interface of the library hands no context over.
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	streams, err := integration.Streams(ctx, s.db)
	if err != nil {
		s.log.Warn("figures of the pulls are missing", "error", err)
	}
	for _, x := range streams {
		to <- prometheus.MustNewConstMetric(s.failures, prometheus.GaugeValue, float64(x.Failures), x.Source, x.Stream)
		to <- prometheus.MustNewConstMetric(s.problems, prometheus.GaugeValue, float64(x.Problems), x.Source, x.Stream)
		if x.LastSuccessAt != nil {
			to <- prometheus.MustNewConstMetric(s.success, prometheus.GaugeValue, float64(x.LastSuccessAt.Unix()), x.Source, x.Stream)
		}
	}
	heads, err := translog.Heads(ctx, s.db)
	if err != nil {
		s.log.Warn("figures of the transfer log are missing", "error", err)
		return
	}
	var n int64
	for _, h := range heads {
		n += h.Length
	}
	to <- prometheus.MustNewConstMetric(s.entries, prometheus.CounterValue, float64(n))
}
