package session_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

// What a doctor says was given, though it could not be recorded, is written down
// as a fact: a pack of the store, one that nobody knew, none that is another
// patient's.
func TestWhatADoctorSaysWasGiven(t *testing.T) {
	e := &evening{clinic: newClinic(t, 2, 2, 4)}
	e.svc = e.svc.WithKeys(newKeys(e))
	_, err := e.svc.Unpack(e.ctx, e.chief, session.Packing{SessionID: e.session, CommandID: uuid.New(), Codes: e.codes[3]})
	e.must(err)
	other := e.start(e.doctors[1], 1)
	e.scan(e.doctors[1], other, e.codes[1])
	visit, unknown := e.start(e.doctors[0], 0), "80000019999999999999"
	e.scan(e.doctors[0], visit, e.codes[0], e.codes[3], unknown, e.codes[1])
	_, err = e.svc.FinishVisit(e.ctx, e.doctors[0], session.Ending{SessionID: e.session, Visit: visit, CommandID: uuid.New(), AskLeft: true, Left: session.LeftGiven})
	e.must(err)
	_, err = e.svc.FinishVisit(e.ctx, e.doctors[1], session.Ending{SessionID: e.session, Visit: other, CommandID: uuid.New()})
	e.must(err)
	e.must(e.stop(e.chief))
	tell := func(code string) error {
		in := session.Telling{SessionID: e.session, CommandID: uuid.New(), Visit: visit, Code: code}
		_, err := e.svc.WriteTold(e.ctx, e.doctors[0], in)
		e.refused(err, db.Denied)
		_, err = e.svc.WriteTold(e.ctx, e.chief, in)
		return err
	}
	view := func() session.ClosingView {
		v, err := session.ReadClosing(e.ctx, e.db.App, e.session)
		e.must(err)
		return v
	}
	if told := view().Told; len(told) != 3 || told[0].Number == 0 || told[0].Doctor != "医生1" {
		t.Fatalf("told: %+v", told)
	}
	e.must(tell(e.codes[3]))
	e.must(tell(unknown))
	e.refused(tell(e.codes[1]), db.Conflict)
	e.refused(tell(unknown), db.Conflict, "已经补记")
	e.refused(tell(e.codes[2]), db.Conflict)
	if told := view().Told; len(told) != 1 || told[0].Code != e.codes[1] {
		t.Errorf("left to tell: %+v", told)
	}
	lines, err := session.VisitLines(e.ctx, e.db.App, visit)
	e.must(err)
	if len(lines) != 3 || lines[0].Code != unknown || lines[0].How != string(inventory.HowScanned) {
		t.Errorf("lines: %+v", lines)
	}
	late, err := session.LateRecords(e.ctx, e.db.App, e.doctors[0].StaffID)
	if err != nil || len(late) != 2 || !strings.Contains(late[1].Text, unknown) {
		t.Errorf("late: %+v, %v", late, err)
	}
	e.must(e.count(1, 0))
	e.close()
	if got, want := e.equation(), (session.Equation{Taken: 5, Given: 4, Home: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	e.verified(4, 1)
}
