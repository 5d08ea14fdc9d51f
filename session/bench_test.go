package session_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

// maxScanStatements bounds the statements of one scan of one pack, the check of
// the permission included. Raise it only with a reason.
const maxScanStatements = 13

func TestStatementsOfAScan(t *testing.T) {
	c := newClinic(t, 1, 1, 2)
	visit := c.start(c.doctors[0], 0)
	// The first act of a login opens its audit chain.
	c.scan(c.doctors[0], visit, c.codes[0])
	ctx, counter := db.WithCounter(c.ctx)
	c.ctx = ctx
	c.scan(c.doctors[0], visit, c.codes[1])
	if n := counter.Count(); n > maxScanStatements {
		t.Errorf("a scan takes %d statements, at most %d are allowed", n, maxScanStatements)
	}
}

// A batch reader's scan takes hardly more statements than one code: the others of
// the session wait for it.
func TestStatementsOfABatch(t *testing.T) {
	c := newClinic(t, 1, 1, 150)
	visit := c.start(c.doctors[0], 0)
	c.scan(c.doctors[0], visit, c.codes[0])
	batch := append(c.codes[1:150:150], c.codes[3], c.codes[0])
	for i := range 40 {
		batch = append(batch, fmt.Sprintf("8000009%013d", i))
	}
	ctx, counter := db.WithCounter(c.ctx)
	c.ctx = ctx
	a := c.scan(c.doctors[0], visit, batch...)
	if n := counter.Count(); n > maxScanStatements+3 {
		t.Errorf("a batch takes %d statements, at most %d are allowed", n, maxScanStatements+3)
	}
	kinds := map[inventory.AnswerKind]int{}
	for _, x := range a.Answers {
		kinds[x.Kind]++
	}
	if a.Packs != 150 || kinds[inventory.KindOK] != 149 || kinds[inventory.KindAbsorbed] != 2 || kinds[inventory.KindUnknownPrefix] != 40 {
		t.Errorf("%d packs, %v", a.Packs, kinds)
	}
	lines, err := session.VisitLines(c.ctx, c.db.App, visit)
	c.must(err)
	if len(lines) != 150 || lines[0].Code != c.codes[149] {
		t.Errorf("%d lines, the last %s", len(lines), lines[0].Code)
	}
	refused, err := session.Refusals(c.ctx, c.db.App, visit)
	c.must(err)
	if len(refused) != 40 {
		t.Errorf("%d refusals", len(refused))
	}
}

func TestStatementsOfTheBoard(t *testing.T) {
	c := newClinic(t, 3, 3, 12)
	for i, d := range c.doctors {
		c.scan(d, c.start(d, i), c.codes[3*i], c.codes[3*i+1])
	}
	ctx, counter := db.WithCounter(context.Background())
	if _, err := session.ReadBoard(ctx, c.db.App, c.session); err != nil {
		t.Fatal(err)
	}
	if n := counter.Count(); n > 9 {
		t.Errorf("the board takes %d statements, at most 9 are allowed", n)
	}
}

// BenchmarkScan is one scan after another, one doctor.
func BenchmarkScan(b *testing.B) {
	const packs = 2000
	c := newClinic(b, 1, 1, packs)
	visit := c.start(c.doctors[0], 0)
	b.ResetTimer()
	for i := range b.N {
		code := c.codes[i%packs]
		if i >= packs {
			undo := session.Undoing{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Code: code}
			if _, err := c.svc.Undo(c.ctx, c.doctors[0], undo); err != nil {
				b.Fatal(err)
			}
		}
		c.scan(c.doctors[0], visit, code)
	}
}

// BenchmarkBoard reads the board of a session ten times the usual size: 350
// patients, 5 doctors, 1,500 packs, two thirds of them handed out.
func BenchmarkBoard(b *testing.B) {
	c := newClinic(b, 5, 350, 1500)
	for i := range 250 {
		d := c.doctors[i%5]
		visit := c.start(d, i)
		c.scan(d, visit, c.codes[4*i:4*i+4]...)
		if _, err := c.svc.FinishVisit(c.ctx, d, session.Ending{SessionID: c.session, Visit: visit, CommandID: uuid.New()}); err != nil {
			b.Fatal(err)
		}
	}
	for i := 250; i < 350; i++ {
		in := session.Arrival{SessionID: c.session, Visit: uuid.New(), CommandID: uuid.New(), Patient: c.tokens[i]}
		if _, err := c.svc.CheckIn(c.ctx, c.helper, in); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for range b.N {
		if _, err := session.ReadBoard(c.ctx, c.db.App, c.session); err != nil {
			b.Fatal(err)
		}
	}
}
