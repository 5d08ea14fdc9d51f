package session

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// TableCare is what a drug of a visit reminds of: a long-acting injection, a check
// that is due.
type TableCare struct {
	inventory.Care
	Generic string `db:"generic_name"`
	Spec    string `db:"spec"`
	// CheckedOn is the day the check was last done, nil when it never was.
	CheckedOn *time.Time `db:"checked_on"`
	// Place, GivenBy and NextOn are what was said of the injection at this visit;
	// Place is "" before.
	Place   string     `db:"place"`
	GivenBy string     `db:"given_by"`
	NextOn  *time.Time `db:"next_on"`
	// Here says that the visit has been given the drug.
	Here bool `db:"here"`
}

// DrugName is the drug as people say it.
func (c TableCare) DrugName() string { return inventory.DrugName(c.Generic, c.Spec) }

// CheckDue tells whether the check is to be done on a date: it never was, or the
// interval has passed.
func (c TableCare) CheckDue(today time.Time) bool {
	return c.CheckDays > 0 && (c.CheckedOn == nil || daysBetween(*c.CheckedOn, today) > c.CheckDays)
}

// CheckSentence says how long the check has not been seen.
func (c TableCare) CheckSentence(today time.Time) string {
	if c.CheckedOn == nil {
		return fmt.Sprintf("%s：还没有记录过%s", c.Generic, c.Check)
	}
	return fmt.Sprintf("%s：%s已 %d 天未记录", c.Generic, c.Check, daysBetween(*c.CheckedOn, today))
}

// ReadTableCare reads what the drugs of a visit and of the patient's last supplies
// remind of.
func ReadTableCare(ctx context.Context, r db.Reader, v Visit, drugs []int64) ([]TableCare, error) {
	var list []TableCare
	if len(drugs) == 0 {
		return nil, nil
	}
	err := r.Select(ctx, &list, `SELECT c.drug_id, COALESCE(c.depot_days, 0) AS depot_days, c.check_name, COALESCE(c.check_days, 0) AS check_days, d.generic_name, d.spec,
  (SELECT y.done_on FROM patient_check y WHERE y.id = (SELECT max(x.id) FROM patient_check x WHERE x.patient_id = $2::bigint AND x.check_name = c.check_name)) AS checked_on,
  COALESCE(i.place, '') AS place, COALESCE(i.given_by, '') AS given_by, i.next_on,
  EXISTS (SELECT 1 FROM visit_line l JOIN pack k ON k.id = l.pack_id WHERE l.visit_id = $1::uuid AND l.undone_at IS NULL AND k.drug_id = c.drug_id) AS here
FROM drug_care c JOIN drug d ON d.id = c.drug_id LEFT JOIN injection i ON i.visit_id = $1::uuid AND i.drug_id = c.drug_id
WHERE c.drug_id = ANY($3::bigint[]) AND (c.depot_days IS NOT NULL OR c.check_days IS NOT NULL) ORDER BY d.generic_name, d.spec, d.id`, v.ID, v.PatientID, pq.Array(drugs))
	if err != nil {
		return nil, fmt.Errorf("read what the drugs remind of: %w", err)
	}
	return list, nil
}

// The places of an injection.
const (
	InjectedHere  = "here"  // given at the table
	InjectionAway = "taken" // taken away, to be given elsewhere
)

// Injecting is the input of NoteInjection.
type Injecting struct {
	SessionID int64
	Visit     uuid.UUID
	CommandID uuid.UUID
	DrugID    int64
	// Place is InjectedHere or InjectionAway; By is who gave it or will, empty for
	// the doctor at the table.
	Place, By string
}

// NoteInjection says of a long-acting drug of an open visit whether it was
// injected here and by whom, or taken away; the next date follows from the drug's
// interval. Saying it again replaces what was said.
func (s *Service) NoteInjection(ctx context.Context, by identity.Actor, in Injecting) (NoteAnswer, error) {
	if _, err := s.may(ctx, by, identity.Dispense, in.SessionID); err != nil {
		return NoteAnswer{}, err
	}
	in.By = strings.TrimSpace(in.By)
	switch {
	case in.Place != InjectedHere && in.Place != InjectionAway:
		return NoteAnswer{}, db.Refuse(db.Invalid, "请选择“在此注射”或“带走”。")
	case utf8.RuneCountInString(in.By) > 60:
		return NoteAnswer{}, db.Refuse(db.Invalid, "注射人的姓名最多 60 个字。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "injection", Request: in}
	return atTable(ctx, s, by, in.SessionID, in.Visit, cmd, func(ctx context.Context, tx *db.Tx, x Session, v Visit) (NoteAnswer, error) {
		return s.noteInjection(ctx, tx, by, x, v, in)
	})
}

func (s *Service) noteInjection(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit, in Injecting) (NoteAnswer, error) {
	c, err := careOf(ctx, tx, v, in.DrugID)
	if err != nil {
		return NoteAnswer{}, err
	}
	if c.DepotDays == 0 || !c.Here {
		return NoteAnswer{}, db.Refuse(db.Conflict, "这次没有发这种长效针剂。请先扫针剂，再选注射方式。")
	}
	if in.By == "" && in.Place == InjectedHere {
		in.By = by.Name
	}
	next := x.HeldOn.AddDate(0, 0, c.DepotDays)
	if err := putInjection(ctx, tx, by, x, v, in, next); err != nil {
		return NoteAnswer{}, err
	}
	word := "已注射"
	if in.Place == InjectionAway {
		word = "带走"
	}
	return NoteAnswer{fmt.Sprintf("%s %s，下次 %s。", c.Generic, word, next.Format("1月2日"))}, identity.Audit(ctx, tx, by, identity.Event{Name: "visit.injection",
		ObjectKind: "visit", ObjectID: v.ID.String(), SiteID: x.SiteID, SessionID: x.ID,
		Detail: fmt.Sprintf("drug=%d place=%s next=%s", in.DrugID, in.Place, next.Format(time.DateOnly))})
}

func putInjection(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit, in Injecting, next time.Time) error {
	on, due := x.HeldOn.Format(time.DateOnly), next.Format(time.DateOnly)
	n, err := tx.Exec(ctx, `UPDATE injection SET place = $3, given_by = $4, given_on = $5::date, next_on = $6::date, staff_id = $7, at = $8 WHERE visit_id = $1 AND drug_id = $2`,
		v.ID, in.DrugID, in.Place, in.By, on, due, by.StaffID, tx.Now)
	if err == nil && n == 0 {
		err = tx.ExecOne(ctx, `INSERT INTO injection (visit_id, drug_id, place, given_by, given_on, next_on, staff_id, at, patient_id)
VALUES ($1, $2, $3, $4, $5::date, $6::date, $7, $8, $9)`, v.ID, in.DrugID, in.Place, in.By, on, due, by.StaffID, tx.Now, v.PatientID)
	}
	if err != nil {
		return fmt.Errorf("keep an injection: %w", err)
	}
	return nil
}

// careOf reads what one drug reminds of at a visit.
func careOf(ctx context.Context, r db.Reader, v Visit, drugID int64) (TableCare, error) {
	list, err := ReadTableCare(ctx, r, v, []int64{drugID})
	if err != nil {
		return TableCare{}, err
	}
	i := slices.IndexFunc(list, func(c TableCare) bool { return c.DrugID == drugID })
	if i < 0 {
		return TableCare{}, db.Refuse(db.Conflict, "这种药没有设置提醒。请刷新后再看。")
	}
	return list[i], nil
}

// Checking is the input of NoteCheck.
type Checking struct {
	SessionID int64
	Visit     uuid.UUID
	CommandID uuid.UUID
	// DrugID names the drug whose check was done.
	DrugID int64
	// DoneOn is the day of the check, zero for the clinic date; not in the future
	// and not longer ago than two years.
	DoneOn time.Time `json:",omitzero"`
}

// NoteCheck writes down that the check a drug asks for was done. What is entered
// last counts.
func (s *Service) NoteCheck(ctx context.Context, by identity.Actor, in Checking) (NoteAnswer, error) {
	if _, err := s.may(ctx, by, identity.Dispense, in.SessionID); err != nil {
		return NoteAnswer{}, err
	}
	today := Today(s.db.Now())
	if in.DoneOn.IsZero() {
		in.DoneOn = today
	}
	if in.DoneOn.After(today) || in.DoneOn.Before(today.AddDate(-2, 0, 0)) {
		return NoteAnswer{}, db.Refuse(db.Invalid, "检查日期要在今天以前、两年以内。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "patient_check", Request: in}
	return atTable(ctx, s, by, in.SessionID, in.Visit, cmd, func(ctx context.Context, tx *db.Tx, x Session, v Visit) (NoteAnswer, error) {
		return s.noteCheck(ctx, tx, by, x, v, in)
	})
}

func (s *Service) noteCheck(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit, in Checking) (NoteAnswer, error) {
	c, err := careOf(ctx, tx, v, in.DrugID)
	if err != nil {
		return NoteAnswer{}, err
	}
	if c.CheckDays == 0 {
		return NoteAnswer{}, db.Refuse(db.Conflict, "这种药没有设置要做的检查。请刷新后再看。")
	}
	err = tx.ExecOne(ctx, `INSERT INTO patient_check (patient_id, check_name, done_on, visit_id, staff_id, at) VALUES ($1, $2, $3::date, $4, $5, $6)`,
		v.PatientID, c.Check, in.DoneOn.Format(time.DateOnly), v.ID, by.StaffID, tx.Now)
	if err != nil {
		return NoteAnswer{}, fmt.Errorf("keep a check: %w", err)
	}
	return NoteAnswer{fmt.Sprintf("已记下：%s %s做过%s。", c.Generic, in.DoneOn.Format("1月2日"), c.Check)}, identity.Audit(ctx, tx, by, identity.Event{Name: "visit.check",
		ObjectKind: "visit", ObjectID: v.ID.String(), SiteID: x.SiteID, SessionID: x.ID, Detail: fmt.Sprintf("drug=%d done_on=%s", in.DrugID, in.DoneOn.Format(time.DateOnly))})
}
