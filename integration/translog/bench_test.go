package translog_test

import (
	"context"
	"testing"

	"jingfang/integration/translog"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
)

// BenchmarkExchange is a whole exchange (intent and outcome, each committed)
// with a body of 2 kB, one after the other.
func BenchmarkExchange(b *testing.B) {
	log, body := benchLog(b)
	for b.Loop() {
		exchangeOnce(b, log, body)
	}
}

// BenchmarkExchangeParallel has 32 askers at once: their entries share
// transactions.
func BenchmarkExchangeParallel(b *testing.B) {
	log, body := benchLog(b)
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			exchangeOnce(b, log, body)
		}
	})
}

// BenchmarkEvent is one entry for what is over already.
func BenchmarkEvent(b *testing.B) {
	log, body := benchLog(b)
	x := pull("bench")
	for b.Loop() {
		if _, err := log.Record(context.Background(), x, ok(string(body)), 0); err != nil {
			b.Fatal(err)
		}
	}
}

func benchLog(b *testing.B) (*translog.Log, []byte) {
	b.Helper()
	d := dbtest.New(b)
	log := translog.New(d.App, seal.NewMemoryKeys(), "bench")
	exchangeOnce(b, log, nil)
	return log, make([]byte, 2048)
}

func exchangeOnce(b *testing.B, log *translog.Log, body []byte) {
	x := pull("bench")
	x.Body = body
	p, err := log.Begin(context.Background(), x)
	if err != nil {
		b.Fatal(err)
	}
	if err := p.End(context.Background(), translog.Outcome{Result: translog.OK, Body: body}); err != nil {
		b.Fatal(err)
	}
}
