package session_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

// model is what the rows of the database must say. The sequential test keeps one
// by rules of its own and compares; the concurrent one only reads it.
type model struct {
	packs    map[string]modelPack
	visits   map[uuid.UUID]modelVisit
	sessions map[int64]*modelSession
	requests map[uuid.UUID]modelRequest
	bags     map[int64]modelBag
	totes    map[int64]modelTote
	given    map[share]int64 // units that a visit has of a box
	records  int
}

type modelBag struct {
	Session, Patient int64
	State            inventory.ContainerState
	Label            string
}

type modelTote struct {
	Label  string
	Sealed bool
	Packs  int // when it was sealed last
}

// share is what one visit has of one box.
type share struct {
	Visit uuid.UUID
	Code  string
}

// full is what every box here holds.
const full = 20

type modelPack struct {
	State   inventory.State
	Session int64
	Visit   uuid.UUID // who has it, while it is dispensed
	Drug    int64
	Batch   string
	Expired bool
	// Recalled says that a recall in force means it, SetApart that it lies in
	// quarantine because of one.
	Recalled, SetApart bool
	// Returned says that a patient once brought it back.
	Returned bool
	// Bag is the patient in whose bag it lies, Tote the tote; any move of its own
	// takes it out.
	Bag, Tote int64
	Left      int64 // units in the box
	Given     int64 // and with patients
}

type modelVisit struct {
	Session, Patient int64
	State            session.VisitState
	Doctor           int64
}

type modelRequest struct {
	Session  int64
	Visit    uuid.UUID
	Code     string
	Decision session.Decision
}

type modelSession struct {
	ID        int64
	State     session.State
	Team      map[int64]session.Part
	Counted   map[int64]modelCount // by drug
	Seen      map[string]bool
	Ticked    map[string]bool  // those of them that only the label of their tote was read for
	Reported  map[string]int64 // code → who says that it is lost and waits for a second
	Losses    map[string]bool  // codes that two people said are lost
	Target    map[int64]int64  // drug → session
	Confirmed map[int64]bool   // who → leading
	Carrier   int64
}

type modelCount struct {
	Packs int
	Loose int64
}

func newModelSession(id int64, state session.State) *modelSession {
	return &modelSession{ID: id, State: state, Team: map[int64]session.Part{}, Counted: map[int64]modelCount{}, Seen: map[string]bool{}, Ticked: map[string]bool{},
		Reported: map[string]int64{}, Losses: map[string]bool{}, Target: map[int64]int64{}, Confirmed: map[int64]bool{}}
}

// alive tells whether anything can still happen in the session.
func (s *modelSession) alive() bool { return s.State != session.Closed }

// part is what a person does in the session's team, "" for nothing.
func (s *modelSession) part(staff int64) session.Part { return s.Team[staff] }

// lines counts the packs that a visit has.
func (m *model) lines(visit uuid.UUID) int {
	n := 0
	for x := range m.given {
		if x.Visit == visit {
			n++
		}
	}
	return n
}

// line is a drug of a session as closing must count it; what the numbers then mean
// is the rule of [session.ClosingLine], which has a table of its own.
func (m *model) line(s *modelSession, drug int64) session.ClosingLine {
	l := session.ClosingLine{DrugID: drug}
	for code, p := range m.packs {
		if p.Session != s.ID || p.Drug != drug {
			continue
		}
		l.Taken++
		l.Capacity += full
		switch {
		case p.State != inventory.StateAllocated:
		case p.Left == full && s.Seen[code]:
			l.Packs, l.Seen = l.Packs+1, l.Seen+1
		case p.Left == full:
			l.Packs++
		default:
			l.Opened, l.Loose = l.Opened+1, l.Loose+p.Left
			if s.Seen[code] {
				l.SeenOpened, l.SeenLoose, l.SeenRoom = l.SeenOpened+1, l.SeenLoose+p.Left, l.SeenRoom+full-p.Left-p.Given
			}
		}
	}
	if n, counted := s.Counted[drug]; counted {
		l.CountedAt, l.CountedPacks, l.CountedLoose = &time.Time{}, n.Packs, n.Loose
	}
	return l
}

// missing tells whether closing asks for a code by name: its drug was counted
// with fewer packs or other loose units, those that are there were scanned, and
// this one was not.
func (m *model) missing(s *modelSession, code string) bool {
	p, ok := m.packs[code]
	if !ok || p.State != inventory.StateAllocated || p.Session != s.ID || s.Seen[code] {
		return false
	}
	l := m.line(s, p.Drug)
	wrong := l.CountedPacks != l.Packs
	if p.Left < full {
		wrong = l.CountedLoose != l.Loose
	}
	return l.State() == session.LineMissing && wrong
}

// settled tells whether a drug lets the session close.
func (m *model) settled(s *modelSession, drug int64) bool {
	l := m.line(s, drug)
	return l.Taken == 0 || l.State().Settled() // without packs there is no line
}

// openOf finds the open visit of a patient, or of a doctor, in a session.
func (m *model) openOf(s int64, is func(modelVisit) bool) (uuid.UUID, modelVisit, bool) {
	for id, v := range m.visits {
		if v.Session == s && (v.State == session.Waiting || v.State == session.InConsultation) && is(v) {
			return id, v, true
		}
	}
	return uuid.Nil, modelVisit{}, false
}

// withdraw takes back what a visit asks for.
func (m *model) withdraw(visit uuid.UUID) {
	for id, q := range m.requests {
		if q.Visit == visit && q.Decision == session.Undecided {
			q.Decision = session.Withdrawn
			m.requests[id] = q
		}
	}
}

// forget is what a step of closing does to the confirmations.
func (s *modelSession) forget() { s.Confirmed = map[int64]bool{} }

// forgetCounts is what resuming, or leaving with the left-overs, does.
func (s *modelSession) forgetCounts() {
	clear(s.Counted)
	clear(s.Seen)
	clear(s.Ticked)
	clear(s.Reported)
	s.forget()
}

// readModel reads the whole world on one snapshot.
func readModel(ctx context.Context, d *db.DB, now time.Time) (*model, error) {
	m := &model{packs: map[string]modelPack{}, visits: map[uuid.UUID]modelVisit{}, sessions: map[int64]*modelSession{}, requests: map[uuid.UUID]modelRequest{},
		bags: map[int64]modelBag{}, totes: map[int64]modelTote{}, given: map[share]int64{}}
	err := d.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, read := range []func(context.Context, *db.Tx, time.Time) error{m.readPacks, m.readBoxes, m.readShares, m.readVisits, m.readSessions, m.readClosing} {
			if err := read(ctx, tx, now); err != nil {
				return err
			}
		}
		return tx.Get(ctx, &m.records, `SELECT count(*) FROM record`)
	})
	return m, err
}

func (m *model) readPacks(ctx context.Context, tx *db.Tx, now time.Time) error {
	var rows []struct {
		Code    string          `db:"code"`
		State   inventory.State `db:"state"`
		Session int64           `db:"session_id"`
		Visit   *uuid.UUID      `db:"visit_id"`
		Drug    int64           `db:"drug_id"`
		Expires *time.Time      `db:"expires_on"`
		Left    int64           `db:"units_left"`
		Given   int64           `db:"units_given"`
		Back    bool            `db:"returned"`
		Bag     int64           `db:"bag"`
		Tote    int64           `db:"tote"`
		Batch   string          `db:"batch"`
		Recall  bool            `db:"recalled"`
		Apart   bool            `db:"apart"`
	}
	err := tx.Select(ctx, &rows, `SELECT k.batch, EXISTS (SELECT 1 FROM recall a WHERE a.lifted_at IS NULL AND (a.drug_id = k.drug_id AND (a.batch = '' OR a.batch = k.batch)
    OR EXISTS (SELECT 1 FROM recall_code c WHERE c.recall_id = a.id AND c.code = k.code))) AS recalled,
  k.state = 'quarantined' AND EXISTS (SELECT 1 FROM recall_pack f WHERE f.pack_id = k.id AND f.at = (SELECT max(m.at) FROM movement m
    WHERE m.pack_id = k.id AND m.to_state = 'quarantined' AND m.from_state <> 'quarantined')) AS apart,
  k.code, k.state, COALESCE(k.session_id, 0) AS session_id, k.visit_id, k.drug_id, k.expires_on, k.returned, k.units_left, k.units_given,
  COALESCE((SELECT b.patient_id FROM bag_pack x JOIN bag b ON b.id = x.bag_id AND b.state = 'packed' WHERE x.pack_id = k.id AND x.as_of = k.changed_at), 0) AS bag,
  COALESCE((SELECT x.tote_id FROM tote_pack x WHERE x.pack_id = k.id AND x.as_of = k.changed_at), 0) AS tote FROM pack k`)
	for _, r := range rows {
		p := modelPack{State: r.State, Session: r.Session, Drug: r.Drug, Returned: r.Back, Expired: r.Expires != nil && inventory.Expired(*r.Expires, now),
			Bag: r.Bag, Tote: r.Tote, Left: r.Left, Given: r.Given, Batch: r.Batch, Recalled: r.Recall, SetApart: r.Apart}
		if r.Visit != nil {
			p.Visit = *r.Visit
		}
		m.packs[r.Code] = p
	}
	return err
}

func (m *model) readBoxes(ctx context.Context, tx *db.Tx, _ time.Time) error {
	var bags []struct {
		ID      int64                    `db:"id"`
		Session int64                    `db:"session_id"`
		Patient int64                    `db:"patient_id"`
		State   inventory.ContainerState `db:"state"`
		Label   string                   `db:"code"`
	}
	if err := tx.Select(ctx, &bags, `SELECT id, session_id, patient_id, state, code FROM bag`); err != nil {
		return err
	}
	for _, b := range bags {
		m.bags[b.ID] = modelBag{b.Session, b.Patient, b.State, b.Label}
	}
	var totes []struct {
		ID     int64  `db:"id"`
		Label  string `db:"code"`
		Sealed bool   `db:"sealed"`
		Packs  int    `db:"sealed_packs"`
	}
	err := tx.Select(ctx, &totes, `SELECT id, code, (sealed_at IS NOT NULL) AS sealed, sealed_packs FROM tote`)
	for _, x := range totes {
		m.totes[x.ID] = modelTote{x.Label, x.Sealed, x.Packs}
	}
	return err
}

func (m *model) readShares(ctx context.Context, tx *db.Tx, _ time.Time) error {
	var rows []struct {
		Visit    uuid.UUID `db:"visit_id"`
		Code     string    `db:"code"`
		Quantity int64     `db:"quantity"`
	}
	err := tx.Select(ctx, &rows, `SELECT l.visit_id, k.code, l.quantity FROM visit_line l JOIN pack k ON k.id = l.pack_id WHERE l.undone_at IS NULL`)
	for _, r := range rows {
		m.given[share{r.Visit, r.Code}] = r.Quantity
	}
	return err
}

func (m *model) readVisits(ctx context.Context, tx *db.Tx, _ time.Time) error {
	var visits []struct {
		ID      uuid.UUID          `db:"id"`
		Session int64              `db:"session_id"`
		Patient int64              `db:"patient_id"`
		State   session.VisitState `db:"state"`
		Doctor  int64              `db:"doctor_id"`
	}
	if err := tx.Select(ctx, &visits, `SELECT id, session_id, patient_id, state, COALESCE(doctor_id, 0) AS doctor_id FROM visit`); err != nil {
		return err
	}
	for _, v := range visits {
		m.visits[v.ID] = modelVisit{v.Session, v.Patient, v.State, v.Doctor}
	}
	var requests []struct {
		ID       uuid.UUID        `db:"id"`
		Session  int64            `db:"session_id"`
		Visit    uuid.UUID        `db:"visit_id"`
		Code     string           `db:"code"`
		Decision session.Decision `db:"decision"`
	}
	err := tx.Select(ctx, &requests, `SELECT id, session_id, visit_id, code, decision FROM let_in_request`)
	for _, q := range requests {
		m.requests[q.ID] = modelRequest{q.Session, q.Visit, q.Code, q.Decision}
	}
	return err
}

func (m *model) readSessions(ctx context.Context, tx *db.Tx, _ time.Time) error {
	var sessions []struct {
		ID      int64         `db:"id"`
		State   session.State `db:"state"`
		Carrier int64         `db:"carrier"`
	}
	if err := tx.Select(ctx, &sessions, `SELECT id, state, COALESCE(carrier_id, 0) AS carrier FROM clinic_session`); err != nil {
		return err
	}
	for _, s := range sessions {
		m.sessions[s.ID] = newModelSession(s.ID, s.State)
		m.sessions[s.ID].Carrier = s.Carrier
	}
	var team []struct {
		Session int64        `db:"session_id"`
		Staff   int64        `db:"staff_id"`
		Part    session.Part `db:"part"`
	}
	err := tx.Select(ctx, &team, `SELECT session_id, staff_id, part FROM session_team`)
	for _, x := range team {
		m.sessions[x.Session].Team[x.Staff] = x.Part
	}
	return err
}

// readClosing reads what was counted in the sessions that are closing; of closed
// ones it is history.
func (m *model) readClosing(ctx context.Context, tx *db.Tx, _ time.Time) error {
	var rows []struct {
		Session int64  `db:"session_id"`
		What    string `db:"what"`
		Code    string `db:"code"`
		A       int64  `db:"a"`
		B       int64  `db:"b"`
		C       int64  `db:"c"`
	}
	err := tx.Select(ctx, &rows, `SELECT session_id, 'count' AS what, '' AS code, drug_id AS a, packs AS b, loose_units AS c FROM closing_count
UNION ALL SELECT z.session_id, 'seen', k.code, CASE WHEN z.how = 'container' THEN 1 ELSE 0 END, 0, 0 FROM closing_seen z JOIN pack k ON k.id = z.pack_id
UNION ALL SELECT e.session_id, 'lost', k.code, e.by_id, COALESCE(e.second_id, 0), 0 FROM closing_exit e JOIN pack k ON k.id = e.pack_id WHERE e.exit_kind = 'lost'
UNION ALL SELECT session_id, 'target', '', drug_id, to_id, 0 FROM closing_target
UNION ALL SELECT session_id, 'confirm', '', staff_id, CASE WHEN part = 'lead' THEN 1 ELSE 0 END, 0 FROM closing_confirm`)
	for _, r := range rows {
		s := m.sessions[r.Session]
		switch r.What {
		case "count":
			s.Counted[r.A] = modelCount{int(r.B), r.C}
		case "seen":
			s.Seen[r.Code] = true
			if r.A == 1 {
				s.Ticked[r.Code] = true
			}
		case "target":
			s.Target[r.A] = r.B
		case "confirm":
			s.Confirmed[r.A] = r.B == 1
		case "lost":
			if r.B == 0 {
				s.Reported[r.Code] = r.A
			} else {
				s.Losses[r.Code] = true
			}
		}
	}
	return err
}

// differs says where the database is not what the model says, "" when it is.
func (m *model) differs(have *model) string {
	text := unlike("pack", m.packs, have.packs) + unlike("visit", m.visits, have.visits) + unlike("request", m.requests, have.requests) +
		unlike("bag", m.bags, have.bags) + unlike("tote", m.totes, have.totes) + unlike("share", m.given, have.given)
	for id, s := range m.sessions {
		if !reflect.DeepEqual(s, have.sessions[id]) {
			text += fmt.Sprintf("session %d: want %+v, have %+v\n", id, s, have.sessions[id])
		}
	}
	if m.records != have.records || len(m.sessions) != len(have.sessions) {
		text += fmt.Sprintf("records: want %d, have %d; sessions: want %d, have %d\n", m.records, have.records, len(m.sessions), len(have.sessions))
	}
	return text
}

func unlike[K comparable, V comparable](what string, want, have map[K]V) string {
	if maps.Equal(want, have) {
		return ""
	}
	text := ""
	for k, v := range want {
		if h, ok := have[k]; !ok || h != v {
			text += fmt.Sprintf("%s %v: want %+v, have %+v\n", what, k, v, h)
		}
	}
	if len(have) > len(want) {
		text += fmt.Sprintf("%d more of %s than there should be\n", len(have)-len(want), what)
	}
	return text
}
