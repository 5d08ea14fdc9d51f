package session_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// evening is a clinic whose day is over: some packs were given, the others are to
// be accounted for.
type evening struct {
	*clinic
	keys   *seal.MemoryKeys
	visits []uuid.UUID
}

// newEvening gives each patient one pack in a finished visit and stops dispensing.
func newEvening(t *testing.T, patients, packs int) *evening {
	t.Helper()
	e := &evening{clinic: newClinic(t, 2, patients, packs), keys: seal.NewMemoryKeys()}
	e.svc = e.svc.WithKeys(e.keys)
	for i := range patients {
		by := e.doctors[i%2]
		visit := e.start(by, i)
		e.scan(by, visit, e.codes[i])
		_, err := e.svc.FinishVisit(e.ctx, by, session.Ending{SessionID: e.session, Visit: visit, CommandID: uuid.New()})
		e.must(err)
		e.visits = append(e.visits, visit)
	}
	e.must(e.stop(e.chief))
	return e
}

func (e *evening) stop(by identity.Actor) error {
	_, err := e.svc.StopDispensing(e.ctx, by, session.Stopping{SessionID: e.session, CommandID: uuid.New()})
	return err
}

func (e *evening) count(packs int, loose int64) error {
	_, err := e.svc.CountLeft(e.ctx, e.doctors[0], session.Counting{SessionID: e.session, CommandID: uuid.New(), DrugID: e.drug, Packs: packs, Loose: loose})
	return err
}

func (e *evening) see(codes ...string) session.PackingAnswer {
	e.t.Helper()
	a, err := e.svc.ScanLeft(e.ctx, e.doctors[0], session.LeftScan{SessionID: e.session, CommandID: uuid.New(), Codes: join(codes)})
	e.must(err)
	return a
}

func (e *evening) explain(by identity.Actor, in session.Explaining) error {
	in.SessionID, in.CommandID = e.session, uuid.New()
	_, err := e.svc.ExplainMissing(e.ctx, by, in)
	return err
}

func (e *evening) confirm(by identity.Actor) (session.ClosingAnswer, error) {
	return e.svc.ConfirmClosing(e.ctx, by, session.Confirming{SessionID: e.session, CommandID: uuid.New()})
}

// close lets the pharmacist and a doctor confirm.
func (e *evening) close() session.ClosingAnswer {
	e.t.Helper()
	_, err := e.confirm(e.chief)
	e.must(err)
	a, err := e.confirm(e.doctors[0])
	e.must(err)
	if a.State != session.Closed {
		e.t.Fatalf("not closed: %+v", a)
	}
	return a
}

// refused holds an error to a kind and to words in its sentence.
func (e *evening) refused(err error, kind db.Kind, words ...string) {
	e.t.Helper()
	var said *db.Error
	if !errors.As(err, &said) || said.Kind != kind {
		e.t.Errorf("want %s, got %v", kind, err)
		return
	}
	for _, w := range words {
		if !strings.Contains(said.Message, w) {
			e.t.Errorf("%q does not say %q", said.Message, w)
		}
	}
}

// ways counts the movements of a kind that ended the day, by how they were read.
func (e *evening) ways(kind inventory.MovementKind, how inventory.How) (n int) {
	e.t.Helper()
	e.must(e.db.App.Get(e.ctx, &n, `SELECT count(*) FROM movement WHERE kind = $1 AND how = $2`, string(kind), string(how)))
	return n
}

func (e *evening) equation() session.Equation {
	e.t.Helper()
	s, err := session.ReadBoard(e.ctx, e.db.App, e.session)
	e.must(err)
	e.agrees(s)
	return s.Equation()
}

// agrees compares the board with the movements and the stock with its
// ledger.
func (e *evening) agrees(s session.Snapshot) {
	e.t.Helper()
	moves, err := session.ReadEquation(e.ctx, e.db.App, s.Session)
	e.must(err)
	if moves != s.Equation() || !moves.Holds() {
		e.t.Errorf("by packs %+v, by movements %+v", s.Equation(), moves)
	}
	check, err := inventory.VerifyStock(e.ctx, e.db.App, nil)
	if err != nil || check.First != nil {
		e.t.Errorf("stock: %+v, %v", check.First, err)
	}
}

// verified holds the chains and the signed heads.
func (e *evening) verified(records, heads int) {
	e.t.Helper()
	r, err := session.VerifyRecords(e.ctx, e.db.App, 0)
	e.must(err)
	h, err := session.VerifyHeads(e.ctx, e.db.App, 0, e.keys.PublicKey)
	e.must(err)
	if r.Problem != "" || r.Records != records || h.Problem != "" || h.Chains != heads {
		e.t.Errorf("records %+v, heads %+v; want %d and %d", r, h, records, heads)
	}
}

func newKeys(e *evening) *seal.MemoryKeys {
	e.keys = seal.NewMemoryKeys()
	return e.keys
}
