package session_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// late is a label that was scanned while the link was down.
func (c *clinic) late(by identity.Actor, i int, at time.Time) session.ArrivalAnswer {
	c.t.Helper()
	a, err := c.svc.CheckIn(c.ctx, by, session.Arrival{SessionID: c.session, Visit: uuid.New(), CommandID: uuid.New(), Patient: c.tokens[i], Start: true, DoneAt: at})
	c.must(err)
	return a
}

// A patient came, got boxes and went while the link was down; the visit has the
// times of the device, its record stands in the chain, and the next label ended it.
func TestAVisitWithoutALink(t *testing.T) {
	c := newClinic(t, 2, 3, 4)
	at := time.Now().Add(-20 * time.Minute).Truncate(time.Second)
	a := c.late(c.doctors[0], 0, at)
	if a.Kind != session.Started {
		t.Fatalf("%+v", a)
	}
	c.replay(a.VisitID, at.Add(time.Minute), c.codes[0], c.codes[1])
	b := c.late(c.doctors[0], 1, at.Add(2*time.Minute))
	v, err := session.FindVisit(c.ctx, c.db.App, c.session, a.VisitID)
	c.must(err)
	if v.State != session.Finished || v.Lines != 2 || !v.StartedAt.Equal(at) || v.FinishedAt.Sub(*v.StartedAt) != 2*time.Minute {
		t.Errorf("the first visit: %+v", v)
	}
	// A clock that is ahead does not count; a visit without boxes still ends.
	_, err = c.svc.FinishVisit(c.ctx, c.doctors[0], session.Ending{SessionID: c.session, Visit: b.VisitID, CommandID: uuid.New(), AskLeft: true, DoneAt: time.Now().Add(time.Hour)})
	c.must(err)
	v, err = session.FindVisit(c.ctx, c.db.App, c.session, b.VisitID)
	c.must(err)
	if v.State != session.Finished || v.FinishedAt.After(time.Now()) || !strings.Contains(v.NoDrug, "断网") {
		t.Errorf("the second visit: %+v", v)
	}
	report, err := session.VerifyRecords(c.ctx, c.db.App, c.session)
	if err != nil || report.Problem != "" || report.Records != 2 {
		t.Errorf("%+v, %v", report, err)
	}
}

// The same command with and without its time is one command.
func TestACommandThatArrivedBeforeTheLinkBroke(t *testing.T) {
	c := newClinic(t, 1, 1, 2)
	visit := c.start(c.doctors[0], 0)
	scan := session.Scan{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Codes: c.codes[0]}
	first, err := c.svc.Dispense(c.ctx, c.doctors[0], scan)
	c.must(err)
	scan.DoneAt = time.Now()
	again, err := c.svc.Dispense(c.ctx, c.doctors[0], scan)
	c.must(err)
	if fmt.Sprint(first) != fmt.Sprint(again) || again.Late {
		t.Errorf("%+v, then %+v", first, again)
	}
	end := session.Ending{SessionID: c.session, Visit: visit, CommandID: uuid.New(), AskLeft: true}
	one, err := c.svc.FinishVisit(c.ctx, c.doctors[0], end)
	c.must(err)
	end.DoneAt = time.Now()
	two, err := c.svc.FinishVisit(c.ctx, c.doctors[0], end)
	c.must(err)
	if one != two {
		t.Errorf("%+v, then %+v", one, two)
	}
}

// The patient is with another doctor by now, or was: the boxes become facts and the
// duty holder is told.
func TestALatePatientIsElsewhere(t *testing.T) {
	c := newClinic(t, 2, 2, 4)
	other := c.start(c.doctors[1], 0)
	a := c.late(c.doctors[0], 0, time.Now().Add(-time.Minute))
	if a.Kind != session.WithOther || a.VisitID != other {
		t.Fatalf("%+v", a)
	}
	if said := c.replay(a.VisitID, time.Now(), c.codes[0]); said.Packs != 1 {
		t.Errorf("%+v", said)
	}
	_, err := c.svc.FinishVisit(c.ctx, c.doctors[0], session.Ending{SessionID: c.session, Visit: other, CommandID: uuid.New(), DoneAt: time.Now()})
	if db.KindOf(err) != db.Conflict {
		t.Errorf("another doctor's visit was finished: %v", err)
	}
	if n := len(c.alarms()); n != 1 {
		t.Errorf("%d alarms", n)
	}
	_, err = c.svc.FinishVisit(c.ctx, c.doctors[1], session.Ending{SessionID: c.session, Visit: other, CommandID: uuid.New()})
	c.must(err)
	b := c.late(c.doctors[0], 0, time.Now().Add(-time.Minute))
	if b.Kind != session.Started || b.VisitID == other || len(c.alarms()) != 2 {
		t.Errorf("%+v, %d alarms", b, len(c.alarms()))
	}
}

// What the server refuses becomes an alarm for each box, once, also for a visit
// that never came to be.
func TestLateConflicts(t *testing.T) {
	c := newClinic(t, 2, 1, 2)
	in := session.LateConflict{SessionID: c.session, CommandID: uuid.New(), Visit: uuid.New(), What: "scans", Codes: c.codes[0] + "\n" + c.codes[1],
		DoneAt: time.Now(), Refusal: "本场次没有这次就诊。"}
	for range 2 {
		_, err := c.svc.NoteConflict(c.ctx, c.doctors[0], in)
		c.must(err)
	}
	list, open, err := session.Alarms(c.ctx, c.db.App, c.session)
	c.must(err)
	if open != 2 || list[0].Code != c.codes[0] || list[0].Drug == "" || !strings.Contains(list[0].Sentence, "的发药没有记成：本场次没有这次就诊") {
		t.Errorf("%d: %+v", open, list)
	}
	in.CommandID, in.What = uuid.New(), "something"
	if _, err := c.svc.NoteConflict(c.ctx, c.doctors[0], in); db.KindOf(err) != db.Invalid {
		t.Errorf("an unknown command: %v", err)
	}
	in.What = "finish"
	if _, err := c.svc.NoteConflict(c.ctx, c.person("医生外", identity.Doctor), in); db.KindOf(err) != db.Denied {
		t.Errorf("a stranger: %v", err)
	}
}

func (c *clinic) reports(device uuid.UUID, unsent int, open bool) {
	c.t.Helper()
	c.must(c.svc.ReportDevice(c.ctx, c.doctors[0], session.DeviceReport{SessionID: c.session, Device: device, Model: "安卓手机", Unsent: unsent, AtTable: open}))
}

func (c *clinic) waiting(later time.Duration) []session.Device {
	c.t.Helper()
	list, err := session.WaitingDevices(c.ctx, c.db.App, c.session, time.Now().Add(later))
	c.must(err)
	return list
}

func TestDevices(t *testing.T) {
	c := newClinic(t, 1, 1, 0)
	c.svc = session.New(c.db.App, nil, c.registry)
	device := uuid.New()
	c.reports(device, 0, true)
	if n := len(c.waiting(0)); n != 0 {
		t.Errorf("a device that was heard of just now waits: %d", n)
	}
	if n := len(c.waiting(5 * time.Minute)); n != 1 {
		t.Errorf("an open table that fell silent: %d", n)
	}
	c.reports(device, 0, false)
	if n := len(c.waiting(5 * time.Minute)); n != 0 {
		t.Errorf("a table that was left: %d", n)
	}
	c.reports(device, 5, true)
	_, err := c.svc.StopDispensing(c.ctx, c.chief, session.Stopping{SessionID: c.session, CommandID: uuid.New()})
	c.must(err)
	_, err = c.svc.ConfirmClosing(c.ctx, c.chief, session.Confirming{SessionID: c.session, CommandID: uuid.New()})
	if db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "医生1") || !strings.Contains(db.Sentence(err), "安卓手机") || !strings.Contains(db.Sentence(err), "还有 5 条没有上传") {
		t.Fatalf("closing: %v", err)
	}
	out := session.Releasing{SessionID: c.session, CommandID: uuid.New(), Device: device, StaffID: c.doctors[0].StaffID}
	if _, err := c.svc.ReleaseDevice(c.ctx, c.chief, out); db.KindOf(err) != db.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	out.Reason = "手机没电"
	if _, err := c.svc.ReleaseDevice(c.ctx, c.doctors[0], out); db.KindOf(err) != db.Denied {
		t.Errorf("by the doctor: %v", err)
	}
	_, err = c.svc.ReleaseDevice(c.ctx, c.chief, out)
	c.must(err)
	_, err = c.svc.ConfirmClosing(c.ctx, c.chief, session.Confirming{SessionID: c.session, CommandID: uuid.New()})
	c.must(err)
	// A device that is heard of again is waited for again.
	c.reports(device, 3, true)
	if n := len(c.waiting(0)); n != 1 {
		t.Errorf("heard of again: %d", n)
	}
	if err := c.svc.ReportDevice(c.ctx, c.helper, session.DeviceReport{SessionID: c.session, Device: device}); db.KindOf(err) != db.Denied {
		t.Errorf("an assistant's device: %v", err)
	}
}

// A link that was lost shortly before 停止发药 is named: every table has to answer the
// stop. One that does is not waited for.
func TestALinkLostShortlyBeforeClosing(t *testing.T) {
	c := newClinic(t, 1, 1, 0)
	here, lost := uuid.New(), uuid.New()
	c.reports(here, 0, true)
	c.reports(lost, 0, true)
	_, err := c.svc.StopDispensing(c.ctx, c.chief, session.Stopping{SessionID: c.session, CommandID: uuid.New()})
	c.must(err)
	c.reports(here, 0, true)
	if n := len(c.waiting(0)); n != 0 {
		t.Errorf("at once, %d are waited for", n)
	}
	if list := c.waiting(30 * time.Second); len(list) != 1 || list[0].ID != lost || !strings.Contains(list[0].Sentence(), "可能还有没上传的") {
		t.Errorf("a moment later: %+v", list)
	}
	c.exec(`UPDATE clinic_session SET stopped_at = stopped_at - interval '1 minute'`)
	c.exec(`UPDATE session_device SET heard_at = heard_at - interval '70 seconds' WHERE device = $1`, lost)
	in := session.Confirming{SessionID: c.session, CommandID: uuid.New()}
	if _, err = c.svc.ConfirmClosing(c.ctx, c.chief, in); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "没有联系") {
		t.Errorf("closing: %v", err)
	}
	version := c.version()
	c.reports(here, 0, true)
	if c.version() != version {
		t.Error("who counts is disturbed by a device that was there all the time")
	}
	c.reports(lost, 0, true)
	if c.version() == version {
		t.Error("nobody is told that the device is back")
	}
	_, err = c.svc.ConfirmClosing(c.ctx, c.chief, in)
	c.must(err)
}

func (c *clinic) version() int {
	c.t.Helper()
	return c.count(`SELECT version FROM session_version WHERE session_id = $1`, c.session)
}

// What a doctor has to know of a patient is there before the link breaks: allergies,
// the last medicine with the days left, the dose; and it is sent once.
func TestOfflineFacts(t *testing.T) {
	c := newClinic(t, 1, 3, 3)
	c.exec(`UPDATE patient SET allergies = '青霉素' WHERE id = $1`, c.patients[1].ID)
	visit := c.start(c.doctors[0], 0)
	c.scan(c.doctors[0], visit, c.codes[0])
	c.dose(visit, c.packNo(c.codes[0]), 28, "")
	c.finish(c.doctors[0], visit, "")
	c.exec(`UPDATE clinic_session SET held_on = held_on - 26, state = 'closed'`)
	c.codes = c.codes[1:]
	c.exec(`UPDATE pack SET state = 'in_store', session_id = NULL WHERE state = 'allocated'`)
	c.open()
	_, err := c.svc.ChangeRoster(c.ctx, c.helper, session.RosterChange{SessionID: c.session, CommandID: uuid.New(), Refill: true})
	c.must(err)
	o, _, err := c.svc.ReadOffline(c.ctx, c.doctors[0], c.session, 0, "")
	c.must(err)
	if f := o.Facts[c.patients[0].ID]; !strings.HasSuffix(f.Last, "还剩 2 天") || f.Tone != "caution" || f.Doses[c.drug] != "每晚1片 · 28 天" {
		t.Errorf("%+v", f)
	}
	if f := o.Facts[c.patients[1].ID]; f.Allergies != "青霉素" || f.Last != "" || len(o.Facts) != 2 {
		t.Errorf("%+v of %d", f, len(o.Facts))
	}
	// A box handed out today changes the version and not what was known before.
	visit = c.start(c.doctors[0], 2)
	c.scan(c.doctors[0], visit, c.codes[0])
	c.finish(c.doctors[0], visit, "")
	again, fresh, err := c.svc.ReadOffline(c.ctx, c.doctors[0], c.session, o.Version, o.Mark)
	if err != nil || !fresh || again.Facts != nil || again.Mark != o.Mark {
		t.Errorf("sent again: %+v, %v", again.Facts, err)
	}
	c.exec(`UPDATE patient SET allergies = '' WHERE id = $1`, c.patients[1].ID)
	if again, _, err = c.svc.ReadOffline(c.ctx, c.doctors[0], c.session, 0, o.Mark); err != nil || again.Mark == o.Mark || len(again.Facts) != 1 {
		t.Errorf("a changed allergy is not sent: %+v, %v", again.Facts, err)
	}
}

// A session without a roster and without packs has empty lists: a device goes through
// them when a patient comes from the street and the link breaks.
func TestOfflineRosterOfNobody(t *testing.T) {
	c := newClinic(t, 1, 0, 0)
	o, _, err := c.svc.ReadOffline(c.ctx, c.doctors[0], c.session, 0, "")
	c.must(err)
	text, err := json.Marshal(o)
	c.must(err)
	for _, want := range []string{`"patients":[]`, `"drugs":[]`, `"packs":{}`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %s", text, want)
		}
	}
}

// The roster of a device holds no label and no whole name, and 350 patients with
// 1,500 packs stay below 150 kB.
func TestOfflineRoster(t *testing.T) {
	c := newClinic(t, 1, 2, 3)
	c.start(c.doctors[0], 0)
	empty, err := c.svc.PlanSession(c.ctx, c.chief, session.Plan{SiteID: c.site, HeldOn: session.Today(time.Now()), Kind: "home", Place: "演示上门", Team: c.team()})
	c.must(err)
	bare, _, err := c.svc.ReadOffline(c.ctx, c.doctors[0], empty, 0, "")
	c.must(err)
	if said, err := json.Marshal(bare); err != nil || !strings.Contains(string(said), `"patients":[]`) || !strings.Contains(string(said), `"drugs":[]`) {
		t.Errorf("a round without a roster: %s, %v", said, err)
	}
	o, fresh, err := c.svc.ReadOffline(c.ctx, c.doctors[0], c.session, 0, "")
	c.must(err)
	text, err := json.Marshal(o)
	c.must(err)
	if !fresh || len(o.Packs) != 3 || len(o.Patients) != 2 || o.Patients[0].Turn != 1 || o.Patients[0].Labels[0] != session.LabelDigest(c.tokens[0]) {
		t.Errorf("%s", text)
	}
	for _, secret := range []string{c.tokens[0], c.tokens[1], "演示1", "演示2"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the roster holds %q", secret)
		}
	}
	if _, fresh, err = c.svc.ReadOffline(c.ctx, c.doctors[0], c.session, o.Version, o.Mark); fresh || err != nil {
		t.Errorf("the same version again: %t, %v", fresh, err)
	}
	if _, _, err = c.svc.ReadOffline(c.ctx, c.chief, c.session, 0, ""); db.KindOf(err) != db.Denied {
		t.Errorf("not a doctor: %v", err)
	}
	big := session.OfflineRoster{Packs: map[string]int{}, Facts: map[int64]session.OfflineFacts{}}
	for i := range 350 {
		big.Facts[int64(i)] = session.OfflineFacts{Allergies: "青霉素、头孢", Last: "上次 10-12 · 还剩 3 天", Tone: "caution", Doses: map[int64]string{3: "每晚1片 · 28 天", 17: "早1片晚1片 · 28 天"}}
		big.Patients = append(big.Patients, session.OfflinePatient{Labels: []string{session.LabelDigest(patient.NewToken().String())},
			Number: fmt.Sprintf("%06d", i), Name: "演**", ID: int64(i), Turn: i, Visit: uuid.NewString()})
	}
	for i := range 1500 {
		big.Packs[fmt.Sprintf("80000010000000%06d", i)] = i % 25
	}
	text, err = json.Marshal(big)
	c.must(err)
	if len(text) > 150_000 {
		t.Errorf("%d bytes", len(text))
	}
	big.Facts = nil
	less, err := json.Marshal(big)
	c.must(err)
	t.Logf("350 patients, 1,500 packs: %d bytes, without the facts %d", len(text), len(less))
}
