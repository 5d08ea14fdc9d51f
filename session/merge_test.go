package session_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

func (c *clinic) merge(by identity.Actor, a, b int64) error {
	_, err := c.svc.MergePatients(c.ctx, by, session.Merging{CommandID: uuid.New(), A: a, B: b, Reason: "登记了两次"})
	return err
}

func (c *clinic) count(query string, args ...any) (n int) {
	c.t.Helper()
	c.must(c.db.App.Get(c.ctx, &n, query, args...))
	return n
}

// Two entries of one person: visits stay where they were written, history, owed
// medicine, last supply and labels are one person's from then on.
func TestMergeOfTwoEntries(t *testing.T) {
	c := newClinic(t, 1, 3, 4)
	doctor, old, young := c.doctors[0], c.patients[0], c.patients[1]
	for i := range 2 {
		v := c.start(doctor, i)
		c.scan(doctor, v, c.codes[i])
		if i == 1 {
			if err := c.merge(c.chief, old.ID, young.ID); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "正在候诊或就诊") {
				t.Fatalf("merged with an open visit: %v", err)
			}
			_, err := c.svc.SetDose(c.ctx, doctor, session.Dosing{SessionID: c.session, Visit: v, CommandID: uuid.New(), Pack: c.packNo(c.codes[i]), Dose: "每晚1片", Days: 28})
			c.must(err)
			_, err = c.svc.NoteOwed(c.ctx, doctor, session.OwedNote{SessionID: c.session, Visit: v, CommandID: uuid.New(), DrugID: c.drug, Packs: 1})
			c.must(err)
		}
		_, err := c.svc.FinishVisit(c.ctx, doctor, session.Ending{SessionID: c.session, Visit: v, CommandID: uuid.New()})
		c.must(err)
	}
	records := c.count(`SELECT count(*) FROM record WHERE patient_id = $1`, young.ID)
	if err := c.merge(doctor, old.ID, young.ID); db.KindOf(err) != db.Denied {
		t.Fatalf("a doctor merges: %v", err)
	}
	sides, err := c.svc.CompareForMerge(c.ctx, c.chief, young.ID, old.ID)
	c.must(err)
	if sides[0].Patient.ID != old.ID || sides[0].Visits != 1 || sides[1].Visits != 1 {
		t.Errorf("side by side: %+v", sides)
	}
	c.must(c.merge(c.chief, young.ID, old.ID))
	if n := c.count(`SELECT count(*) FROM record WHERE patient_id = $1`, young.ID); n != records {
		t.Errorf("%d records of the younger entry, were %d", n, records)
	}
	h, err := c.svc.History(c.ctx, doctor, old.ID, time.Time{})
	c.must(err)
	if len(h.Visits) != 2 || h.Visits[0].PatientNo != young.Number || len(h.Visits[0].Boxes) != 1 || h.Visits[0].Boxes[0].Code != c.codes[1] || h.Visits[0].Seq == 0 {
		t.Errorf("history %+v", h.Visits)
	}
	if text := h.Last.Sentence(h.Today); !strings.Contains(text, "还剩 28 天") {
		t.Errorf("last supply: %s", text)
	}
	// The rosters to come know the medicine of both, too.
	next, err := c.svc.PlanSession(c.ctx, c.chief, session.Plan{SiteID: c.site, HeldOn: session.Today(time.Now()).AddDate(0, 0, 28), Team: c.team()})
	c.must(err)
	plan, err := session.ReadPacking(c.ctx, c.db.App, next)
	if err != nil || plan.Known != 1 || plan.Expected != 2 || plan.Lines[0].Patients != 1 {
		t.Errorf("packing: %+v, %v", plan, err)
	}
	due, err := session.ReadAbsentees(c.ctx, c.db.App, plan.Session, time.Now())
	c.must(err)
	i := slices.IndexFunc(due, func(d session.Due) bool { return d.PatientID == old.ID })
	if left, known := due[max(i, 0)].Left(h.Today); i < 0 || !known || left != 28 {
		t.Errorf("due: %+v", due)
	}
	family, err := patient.Family(c.ctx, c.db.App, old.ID)
	c.must(err)
	if owed, err := session.OwedTo(c.ctx, c.db.App, family...); err != nil || len(owed) != 1 {
		t.Errorf("owed %v %v", owed, err)
	}
	a, err := c.svc.CheckIn(c.ctx, doctor, session.Arrival{SessionID: c.session, Visit: uuid.New(), CommandID: uuid.New(), Patient: c.tokens[1], Start: true})
	c.must(err)
	if n := c.count(`SELECT count(*) FROM visit WHERE id = $1 AND patient_id = $2`, a.VisitID, old.ID); n != 1 {
		t.Error("the label of the merged entry does not lead to the other")
	}
	if n := c.count(`SELECT count(*) FROM audit WHERE event = 'patient.history'`); n != 1 {
		t.Errorf("%d looks at the history in the audit", n)
	}
}

func (c *clinic) packNo(code string) (id int64) {
	c.t.Helper()
	c.must(c.db.App.Get(c.ctx, &id, `SELECT id FROM pack WHERE code = $1`, code))
	return id
}

// expected tells whether a session expects a patient.
func (c *clinic) expected(session, patientID int64) bool {
	c.t.Helper()
	return c.count(`SELECT count(*) FROM session_roster WHERE session_id = $1 AND patient_id = $2`, session, patientID) == 1
}

// The rosters of three sessions: one expects the younger entry only, one both, and at
// one the younger has been seen. A merge moves the first, undoing it puts everything
// back but what happened meanwhile.
func TestMergeAndTheRoster(t *testing.T) {
	c := newClinic(t, 1, 3, 1)
	old, young := c.patients[0].ID, c.patients[1].ID
	_, err := c.svc.ChangeRoster(c.ctx, c.helper, session.RosterChange{SessionID: c.session, CommandID: uuid.New(), Refill: true})
	c.must(err)
	_, err = c.svc.ChangeRoster(c.ctx, c.helper, session.RosterChange{SessionID: c.session, CommandID: uuid.New(), Remove: old})
	c.must(err)
	day := session.Today(time.Now())
	both, err := c.svc.PlanSession(c.ctx, c.chief, session.Plan{SiteID: c.site, HeldOn: day.AddDate(0, 1, 0), Team: c.team()})
	c.must(err)
	gone, err := c.svc.PlanSession(c.ctx, c.chief, session.Plan{SiteID: c.site, HeldOn: day.AddDate(0, 2, 0), Team: c.team()})
	c.must(err)
	c.exec(`DELETE FROM session_roster WHERE session_id = $1 AND patient_id = $2`, gone, old)
	type line struct {
		Source  string    `db:"source"`
		AddedBy *int64    `db:"added_by"`
		AddedAt time.Time `db:"added_at"`
	}
	read := func(of int64) (l line) {
		t.Helper()
		c.must(c.db.App.Get(c.ctx, &l, `SELECT source, added_by, added_at FROM session_roster WHERE session_id = $1 AND patient_id = $2`, c.session, of))
		return l
	}
	before := read(young)
	c.must(c.merge(c.chief, old, young))
	if !c.expected(c.session, old) || c.expected(c.session, young) || !c.expected(both, old) || c.expected(both, young) || !c.expected(gone, old) {
		t.Error("after the merge the rosters do not expect the entry that goes on alone")
	}
	if after := read(old); !after.AddedAt.Equal(before.AddedAt) || after.Source != before.Source {
		t.Errorf("the line was %+v, is %+v", before, after)
	}
	merges, err := patient.Merges(c.ctx, c.db.App, old)
	c.must(err)
	c.exec(`UPDATE clinic_session SET state = 'cancelled' WHERE id = $1`, gone)
	undo := session.Parting{CommandID: uuid.New(), MergeID: merges[0].ID}
	if _, err := c.svc.UndoMerge(c.ctx, c.doctors[0], undo); db.KindOf(err) != db.Denied {
		t.Errorf("a doctor undoes: %v", err)
	}
	for range 2 {
		_, err = c.svc.UndoMerge(c.ctx, c.chief, undo)
		c.must(err)
	}
	p, err := patient.ByID(c.ctx, c.db.App, young)
	c.must(err)
	if p.State != patient.Active || p.MergedInto != nil {
		t.Errorf("after undoing: %+v", p)
	}
	if c.expected(c.session, old) || !c.expected(c.session, young) || !c.expected(both, old) || !c.expected(both, young) {
		t.Error("after undoing the rosters are not what they were")
	}
	if after := read(young); !after.AddedAt.Equal(before.AddedAt) || after.Source != before.Source {
		t.Errorf("the line was %+v, came back as %+v", before, after)
	}
	if !c.expected(gone, old) || c.expected(gone, young) {
		t.Error("undoing changed a session that is over")
	}
}

// Who came between the merge and its undoing stays expected under the entry that was
// seen.
func TestUndoingAMergeAfterAVisit(t *testing.T) {
	c := newClinic(t, 1, 2, 1)
	old, young := c.patients[0].ID, c.patients[1].ID
	_, err := c.svc.ChangeRoster(c.ctx, c.helper, session.RosterChange{SessionID: c.session, CommandID: uuid.New(), Refill: true})
	c.must(err)
	_, err = c.svc.ChangeRoster(c.ctx, c.helper, session.RosterChange{SessionID: c.session, CommandID: uuid.New(), Remove: old})
	c.must(err)
	c.must(c.merge(c.chief, old, young))
	visit := c.start(c.doctors[0], 1) // the younger one's label
	merges, err := patient.Merges(c.ctx, c.db.App, old)
	c.must(err)
	_, err = c.svc.UndoMerge(c.ctx, c.chief, session.Parting{CommandID: uuid.New(), MergeID: merges[0].ID})
	c.must(err)
	if !c.expected(c.session, old) || !c.expected(c.session, young) {
		t.Error("both are to be expected: one has come, the other was expected")
	}
	if n := c.count(`SELECT count(*) FROM visit WHERE id = $1 AND patient_id = $2`, visit, old); n != 1 {
		t.Error("the visit changed its patient")
	}
}

// A label is scanned while its entry is being merged, many times: no visit is ever
// begun for an entry that is merged, and no entry is merged while it has one.
func TestMergeAgainstArrival(t *testing.T) {
	c := newClinic(t, 1, 12, 1)
	for i := 0; i < len(c.patients); i += 2 {
		var all sync.WaitGroup
		all.Add(2)
		var merged, arrived error
		go func() { defer all.Done(); merged = c.merge(c.chief, c.patients[i].ID, c.patients[i+1].ID) }()
		go func() {
			defer all.Done()
			_, arrived = c.svc.CheckIn(c.ctx, c.helper, session.Arrival{SessionID: c.session, Visit: uuid.New(), CommandID: uuid.New(), Patient: c.tokens[i+1]})
		}()
		all.Wait()
		for _, err := range []error{merged, arrived} {
			if err != nil && db.KindOf(err) != db.Conflict {
				t.Fatalf("neither done nor refused: %v", err)
			}
		}
		if merged != nil && arrived != nil {
			t.Errorf("both refused: %v; %v", merged, arrived)
		}
	}
	if n := c.count(`SELECT count(*) FROM visit v JOIN patient p ON p.id = v.patient_id WHERE p.state = 'merged'`); n != 0 {
		t.Errorf("%d visits of merged entries", n)
	}
}

func TestPaperRoster(t *testing.T) {
	c := newClinic(t, 1, 2, 3)
	_, err := c.svc.ChangeRoster(c.ctx, c.helper, session.RosterChange{SessionID: c.session, CommandID: uuid.New(), Refill: true})
	c.must(err)
	manager := c.person("管理甲", identity.Manager)
	if _, err := c.svc.ReadPaperRoster(c.ctx, manager, c.session); db.KindOf(err) != db.Denied {
		t.Errorf("a manager prints labels: %v", err)
	}
	p, err := c.svc.ReadPaperRoster(c.ctx, c.helper, c.session)
	c.must(err)
	if len(p.People) != 2 || p.Labels[c.patients[0].ID] != c.tokens[0] || len(p.Drugs) != 1 || len(p.Drugs[0].Codes) != 3 {
		t.Errorf("%+v", p)
	}
	if n := c.count(`SELECT count(*) FROM audit WHERE event = 'session.paper'`); n != 1 {
		t.Errorf("%d papers in the audit", n)
	}
	if n := c.count(`SELECT COALESCE(sum(print_count), 0) FROM patient_label`); n != 0 {
		t.Errorf("%d prints counted", n)
	}
}
