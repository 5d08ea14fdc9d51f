package reporting_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"jingfang/reporting"
	"jingfang/session"
	"jingfang/sql/db"
)

// maxReadStatements bounds the statements of one report, whatever its size.
// Raise it only with a reason.
const maxReadStatements = 16

func TestStatementsOfAReport(t *testing.T) {
	d := newDay(t, 2, usualDrugs()...)
	playUsual(d)
	ctx, counter := db.WithCounter(context.Background())
	if _, err := reporting.ReadSessionReport(ctx, d.db.App, d.session); err != nil {
		t.Fatal(err)
	}
	if n := counter.Count(); n > maxReadStatements {
		t.Errorf("a report takes %d statements, at most %d are allowed", n, maxReadStatements)
	}
}

// BenchmarkReadAndDraw reads and draws a session of 350 patients and 1,500 packs
// from the database.
func BenchmarkReadAndDraw(b *testing.B) {
	needFonts(b)
	d := newDay(b, 5, drugLine{"演示利培酮片", "1mg×20片", risperidone, 20, 750}, drugLine{"演示阿立哌唑口崩片", "10mg×14片", aripiprazol, 14, 750})
	d.open()
	codes := append(append([]string{}, d.codes[risperidone]...), d.codes[aripiprazol]...)
	for n := range 350 {
		doctor := d.doctors[n%5]
		v := d.start(doctor, d.patient(fmt.Sprintf("演示患者%d", n)))
		d.scan(doctor, v, codes[4*n:4*n+4]...)
		d.finish(doctor, session.Ending{Visit: v})
	}
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			d.read()
		}
	})
	r := d.read()
	if len(r.Differences) != 0 || r.Main.Problem != "" || r.Main.Length != 350 {
		b.Fatalf("%d differences, chain %+v", len(r.Differences), r.Main)
	}
	b.Run("draw", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var w bytes.Buffer
			if err := drawn(reporting.WriteSessionPDF(&w, r, made())); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(w.Len()), "bytes")
		}
	})
}
