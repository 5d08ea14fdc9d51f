package session

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/session/live"
	"jingfang/sql/db"
)

// Part is what somebody does in a session's team.
type Part string

// The parts in a team. A deputy takes the pharmacist's duty where none came.
const (
	PartDoctor     Part = "doctor"
	PartPharmacist Part = "pharmacist"
	PartDeputy     Part = "deputy"
	PartAssistant  Part = "assistant"
)

// Valid tells whether the part is in the list.
func (p Part) Valid() bool {
	return p == PartDoctor || p == PartPharmacist || p == PartDeputy || p == PartAssistant
}

// Member is one person of a team.
type Member struct {
	StaffID int64  `db:"staff_id"`
	Name    string `db:"name"`
	Part    Part   `db:"part"`
}

// Plan is the input of PlanSession.
type Plan struct {
	// CommandID is made with the form, so that sending it twice plans once; the
	// zero id is a program's that does not repeat itself.
	CommandID uuid.UUID
	SiteID    int64
	HeldOn    time.Time
	Kind      string // "site" or "home"
	Place     string
	Team      []Member
	// DutyStaffID is the pharmacist or deputy who answers requests and closes;
	// 0 takes the team's first pharmacist, then its first deputy.
	DutyStaffID int64
}

// PlanSession enters a clinic day with its team and gives its id.
func (s *Service) PlanSession(ctx context.Context, by identity.Actor, p Plan) (int64, error) {
	if err := identity.Allow(ctx, s.db, by, identity.PlanSession, p.SiteID); err != nil {
		return 0, err
	}
	p, err := p.check(Today(s.db.Now()))
	if err != nil {
		return 0, err
	}
	if p.CommandID == uuid.Nil {
		p.CommandID = uuid.New()
	}
	cmd := identity.Command{ID: p.CommandID, Kind: "plan", Request: p}
	id, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (int64, error) {
		return plan(ctx, tx, by, p)
	})
	if db.IsUnique(err, "clinic_session_day_uq") {
		return 0, db.RefuseBecause(err, db.Conflict, "这个精防点在 %s 已有场次，请直接打开它。", p.HeldOn.Format("1月2日"))
	}
	return id, err
}

func plan(ctx context.Context, tx *db.Tx, by identity.Actor, p Plan) (int64, error) {
	id, err := enter(ctx, tx, by, p)
	if err != nil {
		return 0, err
	}
	return id, identity.Audit(ctx, tx, by, identity.Event{Name: "session.plan", ObjectKind: "session",
		ObjectID: fmt.Sprint(id), SiteID: p.SiteID, SessionID: id})
}

// enter writes a planned session with its team, its roster and its version.
func enter(ctx context.Context, tx *db.Tx, by identity.Actor, p Plan) (int64, error) {
	id, err := insertSession(ctx, tx, by, p)
	if err != nil {
		return 0, err
	}
	if err := insertTeam(ctx, tx, id, p.Team); err != nil {
		return 0, err
	}
	if _, err := fillRoster(ctx, tx, Session{ID: id}, false); err != nil {
		return 0, err
	}
	return id, live.Create(ctx, tx, id)
}

func (p Plan) check(today time.Time) (Plan, error) {
	if p.Kind == "" {
		p.Kind = "site"
	}
	if p.SiteID == 0 || p.HeldOn.IsZero() {
		return p, db.Refuse(db.Invalid, "请选择精防点和日期。")
	}
	if p.HeldOn.Before(today) {
		return p, db.Refuse(db.Invalid, "日期已过。补记过去的义诊请用“补充记录”。")
	}
	if p.HeldOn.After(today.AddDate(2, 0, 0)) {
		return p, db.Refuse(db.Invalid, "日期在两年以后，请核对。")
	}
	if err := p.checkPlace(); err != nil {
		return p, err
	}
	return p, p.checkTeam()
}

func (p Plan) checkPlace() error {
	switch {
	case p.Kind != "site" && p.Kind != "home":
		return db.Refuse(db.Invalid, "请选择场次的形式：定点或上门。")
	case p.Kind == "home" && p.Place == "":
		return db.Refuse(db.Invalid, "上门场次请写明地点和原因。")
	case utf8.RuneCountInString(p.Place) > 100:
		return db.Refuse(db.Invalid, "地点和原因最多 100 个字，请写短一些。")
	}
	return nil
}

func (p *Plan) checkTeam() error {
	seen := map[int64]bool{}
	doctors := 0
	for _, m := range p.Team {
		if !m.Part.Valid() {
			return db.Refuse(db.Invalid, "名单里有不认识的分工，请刷新后重新选择人员。")
		}
		if seen[m.StaffID] {
			return db.Refuse(db.Invalid, "同一个人在名单里出现了两次，请去掉一个。")
		}
		seen[m.StaffID] = true
		if m.Part == PartDoctor {
			doctors++
		}
		if p.DutyStaffID == 0 && m.Part == PartPharmacist {
			p.DutyStaffID = m.StaffID
		}
	}
	for _, m := range p.Team {
		if p.DutyStaffID == 0 && m.Part == PartDeputy {
			p.DutyStaffID = m.StaffID
		}
	}
	if doctors == 0 {
		return db.Refuse(db.Invalid, "请至少选一名医生。")
	}
	if p.DutyStaffID == 0 || !seen[p.DutyStaffID] {
		return db.Refuse(db.Invalid, "请从名单里选一名药师值班；没有药师时，请指定一名代理人。")
	}
	return nil
}

func insertSession(ctx context.Context, tx *db.Tx, by identity.Actor, p Plan) (int64, error) {
	var id int64
	err := tx.Get(ctx, &id, `INSERT INTO clinic_session (site_id, held_on, kind, place, duty_staff_id, planned_by, planned_at)
VALUES ($1, $2::date, $3, $4, $5, $6, $7) RETURNING id`,
		p.SiteID, p.HeldOn.Format(time.DateOnly), p.Kind, p.Place, p.DutyStaffID, by.StaffID, tx.Now)
	switch {
	case db.IsForeignKey(err, "clinic_session_site_fk"):
		return 0, db.RefuseBecause(err, db.Invalid, "没有这个精防点，请从列表里重新选择。")
	case db.IsForeignKey(err, "clinic_session_duty_fk"):
		return 0, db.RefuseBecause(err, db.Invalid, "没有这个值班负责人，请从名单里重新选择。")
	}
	if err != nil {
		return 0, fmt.Errorf("insert session: %w", err)
	}
	return id, nil
}

func insertTeam(ctx context.Context, tx *db.Tx, id int64, team []Member) error {
	var staff []int64
	var parts []string
	for _, m := range team {
		staff, parts = append(staff, m.StaffID), append(parts, string(m.Part))
	}
	_, err := tx.Exec(ctx, `INSERT INTO session_team (session_id, staff_id, part) SELECT $1::bigint, unnest($2::bigint[]), unnest($3::text[])`,
		id, pq.Array(staff), pq.Array(parts))
	if db.IsForeignKey(err, "session_team_staff_fk") {
		return db.RefuseBecause(err, db.Invalid, "名单里有不存在的人员，请重新选择。")
	}
	if err != nil {
		return fmt.Errorf("insert team: %w", err)
	}
	return nil
}

// OpenSession starts the clinic day: from now on packs are handed out. It takes
// somebody of the team, or who plans sessions at the site. A session opened
// twice is refused the second time.
func (s *Service) OpenSession(ctx context.Context, by identity.Actor, id int64) error {
	if _, err := s.may(ctx, by, identity.OpenSession, id); err != nil {
		return err
	}
	err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		x, err := lock(ctx, tx, id, Planned, Open)
		if err != nil {
			return err
		}
		if x.State == Open {
			return db.Refuse(db.Conflict, "本场次已经开始（%s）。", x.OpenedAt.In(Zone()).Format("15:04"))
		}
		if by.Can(identity.PlanSession, x.SiteID) != nil {
			if err := inTeam(ctx, tx, id, by, PartDoctor, PartPharmacist, PartDeputy); err != nil {
				return err
			}
		}
		if today := Today(tx.Now); !x.HeldOn.Equal(today) {
			return db.Refuse(db.Conflict, "本场次排在 %s，今天不能开始。请先改期。", x.HeldOn.Format("1月2日"))
		}
		err = tx.ExecOne(ctx, `UPDATE clinic_session SET state = 'open', opened_by = $2, opened_at = $3 WHERE id = $1`, id, by.StaffID, tx.Now)
		if err != nil {
			return fmt.Errorf("open session: %w", err)
		}
		if err := createChains(ctx, tx, id); err != nil {
			return err
		}
		if _, err := fillRoster(ctx, tx, x, true); err != nil {
			return err
		}
		err = identity.Audit(ctx, tx, by, identity.Event{Name: "session.open", ObjectKind: "session",
			ObjectID: fmt.Sprint(id), SiteID: x.SiteID, SessionID: id})
		if err != nil {
			return err
		}
		return s.hub.Touch(ctx, tx, id)
	})
	return s.denied(ctx, by, id, err)
}

// may checks a permission at the site of a session and gives the session; a
// denial is audited. It runs before the transaction: a repeat of a command must
// not slip past it.
func (s *Service) may(ctx context.Context, by identity.Actor, p identity.Permission, id int64) (Session, error) {
	x, err := Find(ctx, s.db, id)
	if err != nil {
		return x, err
	}
	return x, identity.Allow(ctx, s.db, by, p, x.SiteID)
}

// denied audits a denial that was met inside a transaction, which is rolled back
// and keeps nothing; other errors pass.
func (s *Service) denied(ctx context.Context, by identity.Actor, sessionID int64, err error) error {
	if db.KindOf(err) != db.Denied {
		return err
	}
	e := identity.Event{Name: "denied", ObjectKind: "session", ObjectID: fmt.Sprint(sessionID), SessionID: sessionID, Detail: db.Sentence(err)}
	if failed := identity.AuditRefusal(ctx, s.db, by, e); failed != nil {
		return fmt.Errorf("audit a denial: %w", failed)
	}
	return err
}

// Team reads who takes part in a session, doctors first.
func Team(ctx context.Context, r db.Reader, id int64) ([]Member, error) {
	var list []Member
	err := r.Select(ctx, &list, `SELECT t.staff_id, f.name, t.part FROM session_team t JOIN staff f ON f.id = t.staff_id
WHERE t.session_id = $1::bigint ORDER BY CASE t.part WHEN 'doctor' THEN 1 WHEN 'pharmacist' THEN 2 WHEN 'deputy' THEN 3 ELSE 4 END, f.name, t.staff_id`, id)
	if err != nil {
		return nil, fmt.Errorf("read team: %w", err)
	}
	return list, nil
}

// inTeam refuses a person who is not in the session's team.
func inTeam(ctx context.Context, r db.Reader, id int64, by identity.Actor, parts ...Part) error {
	team, err := Team(ctx, r, id)
	if err != nil {
		return err
	}
	for _, m := range team {
		for _, p := range parts {
			if m.StaffID == by.StaffID && m.Part == p {
				return nil
			}
		}
	}
	return db.Refuse(db.Denied, "您不在本场次的名单里，不能在这里操作。请值班药师把您加入名单。")
}
