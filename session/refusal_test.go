package session_test

import (
	"testing"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// refusals counts what the audit says a login was refused.
func (c *clinic) refusals(by identity.Actor) (n int) {
	c.t.Helper()
	c.must(c.db.App.Get(c.ctx, &n, `SELECT count(*) FROM audit WHERE login_id = $1 AND outcome = 'refused'`, by.LoginID))
	return n
}

// Who reaches for another site, or for a session whose team is another, leaves a
// trace.
func TestADenialIsAudited(t *testing.T) {
	c := newClinic(t, 2, 1, 2)
	visit := c.start(c.doctors[0], 0)
	stranger := c.doctors[1]
	stranger.LoginID, stranger.Grants = uuid.New(), []identity.Grant{{Role: identity.Doctor, SiteID: c.site + 99}}
	_, err := c.svc.Dispense(c.ctx, stranger, session.Scan{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Codes: c.codes[0]})
	if db.KindOf(err) != db.Denied || c.refusals(stranger) != 1 {
		t.Errorf("another site: %v, %d rows", err, c.refusals(stranger))
	}
	guest := c.person("医生外", identity.Doctor)
	_, err = c.svc.CheckIn(c.ctx, guest, session.Arrival{SessionID: c.session, Visit: uuid.New(), CommandID: uuid.New(), Patient: c.tokens[0], Start: true})
	if db.KindOf(err) != db.Denied || c.refusals(guest) != 1 {
		t.Errorf("not of the team: %v, %d rows", err, c.refusals(guest))
	}
	_, err = c.svc.Undo(c.ctx, guest, session.Undoing{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Code: c.codes[0]})
	if db.KindOf(err) != db.Denied || c.refusals(guest) != 2 {
		t.Errorf("undo: %v, %d rows", err, c.refusals(guest))
	}
}

// A visit that a forgotten 诊毕 sends back to the queue is an act like any other.
func TestAVisitPutBackIsAudited(t *testing.T) {
	c := newClinic(t, 1, 2, 0)
	visit := c.start(c.doctors[0], 0)
	c.start(c.doctors[0], 1)
	var n int
	c.must(c.db.App.Get(c.ctx, &n, `SELECT count(*) FROM audit WHERE event = 'visit.put_back' AND object_id = $1`, visit.String()))
	if n != 1 {
		t.Errorf("%d rows", n)
	}
}

// A command that was done is answered again whatever became of the label.
func TestACheckInIsReplayedAfterTheLabelWasRevoked(t *testing.T) {
	c := newClinic(t, 1, 1, 0)
	in := session.Arrival{SessionID: c.session, Visit: uuid.New(), CommandID: uuid.New(), Patient: c.tokens[0], Start: true}
	first, err := c.svc.CheckIn(c.ctx, c.doctors[0], in)
	c.must(err)
	var patient int64
	c.insert(&patient, `UPDATE patient_label SET revoked_at = now() WHERE token = $1 RETURNING patient_id`, c.tokens[0])
	again, err := c.svc.CheckIn(c.ctx, c.doctors[0], in)
	if err != nil || again != first {
		t.Errorf("replay: %+v, %v; first %+v", again, err, first)
	}
	in.CommandID = uuid.New()
	if _, err := c.svc.CheckIn(c.ctx, c.doctors[0], in); db.KindOf(err) != db.Conflict {
		t.Errorf("a new command: %v", err)
	}
}
