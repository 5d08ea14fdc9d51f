package session

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// earlyGrace is how many days before the end of a supply a pick-up is still in
// time: clinic days move around weekends and holidays.
const earlyGrace = 7

// Supply is what a patient got of one drug at the last visit that gave it.
type Supply struct {
	DrugID  int64     `db:"drug_id"`
	Generic string    `db:"generic_name"`
	Spec    string    `db:"spec"`
	On      time.Time `db:"held_on"` // the clinic date
	Site    string    `db:"site"`
	Doctor  string    `db:"doctor"`
	Boxes   int64     `db:"boxes"` // whole ones
	Units   int64     `db:"units"` // of opened ones
	Pack    string    `db:"pack_name"`
	Unit    string    `db:"unit_name"`
	All     int64     `db:"quantity"` // boxes and all, in units
	Days    int       `db:"days"`     // for how long it was meant, 0 when not said
	Dose    string    `db:"dose"`     // a day, in words
	// Here is how many lines of the drug the visit at hand has, Reason why it was
	// given although the last supply was not used up, "" when nobody has said.
	Here   int    `db:"here"`
	Reason string `db:"reason"`
}

// DrugName is the drug as people say it.
func (s Supply) DrugName() string { return inventory.DrugName(s.Generic, s.Spec) }

// Left is how many days of the supply are left on a date, less than zero when it
// has been used up; false when nobody knows; see [Supplied.Lasts].
func (s Supply) Left(today time.Time) (int, bool) {
	return Supplied{GivenOn: s.On, Units: s.All, Unit: s.Unit, Days: s.Days, Dose: s.Dose}.Left(today)
}

// Early tells whether another supply of the drug today would come early: the last
// one holds for longer than the grace, or it was given this month (at whatever
// site) and is not known to be used up.
func (s Supply) Early(today time.Time) bool {
	left, known := s.Left(today)
	if known && left > earlyGrace {
		return true
	}
	thisMonth := s.On.Year() == today.Year() && s.On.Month() == today.Month()
	return thisMonth && (!known || left > 0)
}

// Given is the quantity in words.
func (s Supply) Given() string {
	var a Amounts
	a.Add(s.Boxes, s.Pack)
	a.Add(s.Units, s.Unit)
	return a.String()
}

// Sentence is what the doctor reads: when, where, how much, who, what is left.
func (s Supply) Sentence(today time.Time) string {
	text := fmt.Sprintf("%s %s已在%s领 %s（%s）", s.Generic, s.On.Format("1月2日"), s.Site, s.Given(), doctorWord(s.Doctor))
	if left, known := s.Left(today); known {
		return text + fmt.Sprintf("，还够 %d 天", max(0, left))
	}
	return text + "，当时没有写天数"
}

// LastSupplies reads, for each drug, what the visit's patient got at the last
// finished visit before the one at hand that gave it, by name. It looks back half
// a year.
func LastSupplies(ctx context.Context, r db.Reader, v Visit) ([]Supply, error) {
	var list []Supply
	err := r.Select(ctx, &list, `SELECT x.drug_id, d.generic_name, d.spec, d.pack_name, d.unit_name, x.held_on, s.name AS site, COALESCE(f.name, '') AS doctor, x.boxes, x.units, x.quantity, x.days, x.dose,
  (SELECT count(*) FROM visit_line h JOIN pack q ON q.id = h.pack_id WHERE h.visit_id = $1::uuid AND h.undone_at IS NULL AND q.drug_id = x.drug_id) AS here,
  COALESCE((SELECT e.reason FROM early_refill e WHERE e.visit_id = $1::uuid AND e.drug_id = x.drug_id), '') AS reason
FROM (SELECT k.drug_id, c.held_on, c.site_id, w.doctor_id, sum(CASE WHEN l.quantity = k.units_total THEN 1 ELSE 0 END) AS boxes,
    sum(CASE WHEN l.quantity = k.units_total THEN 0 ELSE l.quantity END) AS units, sum(l.quantity) AS quantity, COALESCE(max(l.days), 0) AS days, max(l.dose) AS dose,
    row_number() OVER (PARTITION BY k.drug_id ORDER BY c.held_on DESC, w.came_at DESC, w.id) AS n
  FROM visit w JOIN clinic_session c ON c.id = w.session_id JOIN visit_line l ON l.visit_id = w.id AND l.undone_at IS NULL JOIN pack k ON k.id = l.pack_id
  WHERE w.patient_id = $2::bigint AND w.state = 'finished' AND w.id <> $1::uuid AND w.came_at >= $3::timestamptz
  GROUP BY k.drug_id, c.held_on, c.site_id, w.doctor_id, w.came_at, w.id) x
JOIN drug d ON d.id = x.drug_id JOIN site s ON s.id = x.site_id LEFT JOIN staff f ON f.id = x.doctor_id
WHERE x.n = 1 ORDER BY d.generic_name, d.spec, d.id`, v.ID, v.PatientID, v.CameAt.AddDate(0, 0, -lookBack))
	if err != nil {
		return nil, fmt.Errorf("read the last supplies: %w", err)
	}
	return list, nil
}

// RefillReason is why a drug is given before the last supply is used up.
type RefillReason string

// RefillReasons is the closed list of reasons, as they are stored.
func RefillReasons() []RefillReason {
	return []RefillReason{"travel", "lost", "dose", "short", "other"}
}

// Word is the reason as the doctor reads it.
func (r RefillReason) Word() string {
	switch r {
	case "travel":
		return "外出备药"
	case "lost":
		return "丢失损坏"
	case "dose":
		return "调整剂量"
	case "short":
		return "上次没领够"
	case "other":
		return "其他原因"
	}
	return string(r)
}

// Refilling is the input of NoteEarlyRefill.
type Refilling struct {
	SessionID int64
	Visit     uuid.UUID
	CommandID uuid.UUID
	DrugID    int64
	Reason    RefillReason
}

// NoteAnswer is the answer to a note at the table.
type NoteAnswer struct {
	Sentence string `json:"sentence"`
}

// NoteEarlyRefill keeps with an open visit why a drug was given although the last
// supply is not used up. Giving it never waits for this. Another reason replaces
// the one before.
func (s *Service) NoteEarlyRefill(ctx context.Context, by identity.Actor, in Refilling) (NoteAnswer, error) {
	if _, err := s.may(ctx, by, identity.Dispense, in.SessionID); err != nil {
		return NoteAnswer{}, err
	}
	if !slices.Contains(RefillReasons(), in.Reason) {
		return NoteAnswer{}, db.Refuse(db.Invalid, "请从列表里选提前取药的原因。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "early_refill", Request: in}
	return atTable(ctx, s, by, in.SessionID, in.Visit, cmd, func(ctx context.Context, tx *db.Tx, x Session, v Visit) (NoteAnswer, error) {
		return s.noteEarlyRefill(ctx, tx, by, x, v, in)
	})
}

func (s *Service) noteEarlyRefill(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit, in Refilling) (NoteAnswer, error) {
	last, err := earlyHere(ctx, tx, x, v, in.DrugID)
	if err != nil {
		return NoteAnswer{}, err
	}
	days, known := last.Left(x.HeldOn)
	left := &days
	if !known {
		left = nil
	}
	n, err := tx.Exec(ctx, `UPDATE early_refill SET reason = $3, left_days = $4::integer, staff_id = $5, at = $6 WHERE visit_id = $1 AND drug_id = $2`,
		v.ID, in.DrugID, string(in.Reason), left, by.StaffID, tx.Now)
	if err == nil && n == 0 {
		err = tx.ExecOne(ctx, `INSERT INTO early_refill (visit_id, drug_id, reason, left_days, staff_id, at) VALUES ($1, $2, $3, $4::integer, $5, $6)`,
			v.ID, in.DrugID, string(in.Reason), left, by.StaffID, tx.Now)
	}
	if err != nil {
		return NoteAnswer{}, fmt.Errorf("keep why a refill is early: %w", err)
	}
	return NoteAnswer{fmt.Sprintf("已记下：%s 提前取药，%s。", last.Generic, in.Reason.Word())}, identity.Audit(ctx, tx, by, identity.Event{Name: "visit.early_refill",
		ObjectKind: "visit", ObjectID: v.ID.String(), SiteID: x.SiteID, SessionID: x.ID, Detail: fmt.Sprintf("drug=%d left=%d reason=%s", in.DrugID, days, in.Reason)})
}

// earlyHere finds the last supply of a drug that the visit has been given early.
func earlyHere(ctx context.Context, tx *db.Tx, x Session, v Visit, drugID int64) (Supply, error) {
	list, err := LastSupplies(ctx, tx, v)
	if err != nil {
		return Supply{}, err
	}
	i := slices.IndexFunc(list, func(s Supply) bool { return s.DrugID == drugID && s.Here > 0 && s.Early(x.HeldOn) })
	if i < 0 {
		return Supply{}, db.Refuse(db.Conflict, "这种药现在不用写提前取药的原因。请看最新的列表。")
	}
	return list[i], nil
}
