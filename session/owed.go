package session

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// maxOwed is the most packs of a drug that a visit may owe.
const maxOwed = 99

// Owed is medicine that a visit should have given and that was not there (欠药).
type Owed struct {
	ID      int64     `db:"id"`
	VisitID uuid.UUID `db:"visit_id"`
	DrugID  int64     `db:"drug_id"`
	Generic string    `db:"generic_name"`
	Spec    string    `db:"spec"`
	Unit    string    `db:"pack_name"`
	Packs   int       `db:"packs"`
	Note    string    `db:"note"`
	Site    string    `db:"site"`
	HeldOn  time.Time `db:"held_on"`
}

// Drug is the drug as people say it.
func (o Owed) Drug() string { return inventory.DrugName(o.Generic, o.Spec) }

// OwedTo reads what a patient has not been given yet, the oldest first.
func OwedTo(ctx context.Context, r db.Reader, family ...int64) ([]Owed, error) {
	var list []Owed
	err := r.Select(ctx, &list, `SELECT o.id, o.visit_id, o.drug_id, d.generic_name, d.spec, d.pack_name, o.packs, o.note, s.name AS site, c.held_on
FROM owed_medicine o JOIN drug d ON d.id = o.drug_id JOIN clinic_session c ON c.id = o.session_id JOIN site s ON s.id = c.site_id
WHERE o.patient_id = ANY($1::bigint[]) AND o.settled_at IS NULL ORDER BY o.id`, pq.Array(family))
	if err != nil {
		return nil, fmt.Errorf("read owed medicine: %w", err)
	}
	return list, nil
}

// OwedNote is the input of NoteOwed.
type OwedNote struct {
	SessionID int64
	Visit     uuid.UUID
	CommandID uuid.UUID
	DrugID    int64
	Packs     int
	Note      string
}

// OwedAnswer is the answer to a note of owed medicine.
type OwedAnswer struct {
	Sentence string `json:"sentence"`
}

// NoteOwed writes down what an open visit owes the patient; the next visit, at
// whatever site, shows it.
func (s *Service) NoteOwed(ctx context.Context, by identity.Actor, in OwedNote) (OwedAnswer, error) {
	if _, err := s.may(ctx, by, identity.Dispense, in.SessionID); err != nil {
		return OwedAnswer{}, err
	}
	in.Note = strings.TrimSpace(in.Note)
	switch {
	case in.DrugID <= 0:
		return OwedAnswer{}, db.Refuse(db.Invalid, "请选择欠的是哪一种药。")
	case in.Packs < 1 || in.Packs > maxOwed:
		return OwedAnswer{}, db.Refuse(db.Invalid, "欠药的盒数请填 1 到 %d。", maxOwed)
	case utf8.RuneCountInString(in.Note) > 200:
		return OwedAnswer{}, db.Refuse(db.Invalid, "备注最多 200 个字，请写短一些。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "note_owed", Request: in}
	answer, _, err := runCommand(ctx, s, in.SessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (OwedAnswer, error) {
		return s.noteOwed(ctx, tx, by, in)
	})
	if db.IsForeignKey(err, "owed_medicine_drug_fk") {
		err = db.RefuseBecause(err, db.Invalid, "没有这个药品，请从列表里重新选。")
	}
	return answer, err
}

func (s *Service) noteOwed(ctx context.Context, tx *db.Tx, by identity.Actor, in OwedNote) (OwedAnswer, error) {
	x, v, err := lockTable(ctx, tx, by, in.SessionID, in.Visit)
	if err != nil {
		return OwedAnswer{}, err
	}
	err = tx.ExecOne(ctx, `INSERT INTO owed_medicine (session_id, visit_id, patient_id, drug_id, packs, note, noted_by, noted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, x.ID, v.ID, v.PatientID, in.DrugID, in.Packs, in.Note, by.StaffID, tx.Now)
	if err != nil {
		return OwedAnswer{}, fmt.Errorf("insert owed medicine: %w", err)
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "owed.note", ObjectKind: "visit", ObjectID: v.ID.String(), SiteID: x.SiteID, SessionID: x.ID,
		Detail: fmt.Sprintf("drug=%d packs=%d", in.DrugID, in.Packs)})
	return OwedAnswer{fmt.Sprintf("已记欠药 %d 盒，下次就诊会提醒。", in.Packs)}, err
}

// OwedSettling is the input of SettleOwed.
type OwedSettling struct {
	SessionID int64
	Visit     uuid.UUID
	CommandID uuid.UUID
	Owed      int64
}

// SettleOwed marks owed medicine as given: a box of the drug must have been
// scanned at this visit. What was noted at this very visit is taken back without.
func (s *Service) SettleOwed(ctx context.Context, by identity.Actor, in OwedSettling) (OwedAnswer, error) {
	if _, err := s.may(ctx, by, identity.Dispense, in.SessionID); err != nil {
		return OwedAnswer{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "settle_owed", Request: in}
	answer, _, err := runCommand(ctx, s, in.SessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (OwedAnswer, error) {
		return s.settleOwed(ctx, tx, by, in)
	})
	return answer, err
}

func (s *Service) settleOwed(ctx context.Context, tx *db.Tx, by identity.Actor, in OwedSettling) (OwedAnswer, error) {
	x, v, err := lockTable(ctx, tx, by, in.SessionID, in.Visit)
	if err != nil {
		return OwedAnswer{}, err
	}
	o, err := openOwed(ctx, tx, v, in.Owed)
	if err != nil {
		return OwedAnswer{}, err
	}
	answer, name := OwedAnswer{fmt.Sprintf("%s 欠 %d %s 已补发。", o.Drug(), o.Packs, o.Unit)}, "owed.settle"
	if o.VisitID == v.ID {
		answer, name = OwedAnswer{fmt.Sprintf("%s 的欠药记录已取消。", o.Drug())}, "owed.cancel"
	} else if o.Given == 0 {
		return OwedAnswer{}, db.Refuse(db.Conflict, "还没有扫 %s。请先扫要补的药，再点“已补发”。", o.Drug())
	}
	err = tx.ExecOne(ctx, `UPDATE owed_medicine SET settled_visit_id = $2, settled_at = $3 WHERE id = $1 AND settled_at IS NULL`, o.ID, v.ID, tx.Now)
	if err != nil {
		return OwedAnswer{}, fmt.Errorf("settle owed medicine: %w", err)
	}
	return answer, identity.Audit(ctx, tx, by, identity.Event{Name: name, ObjectKind: "visit", ObjectID: v.ID.String(), SiteID: x.SiteID,
		SessionID: x.ID, Detail: fmt.Sprintf("owed=%d drug=%d packs=%d", o.ID, o.DrugID, o.Packs)})
}

// owedHere is an owed medicine with the packs of its drug that a visit has.
type owedHere struct {
	Owed
	Given     int        `db:"given"`
	SettledAt *time.Time `db:"settled_at"`
}

// openOwed takes the row of what a visit's patient is owed.
func openOwed(ctx context.Context, tx *db.Tx, v Visit, id int64) (owedHere, error) {
	family, err := patient.Family(ctx, tx, v.PatientID)
	if err != nil {
		return owedHere{}, err
	}
	var o owedHere
	err = tx.Get(ctx, &o, `SELECT o.id, o.visit_id, o.drug_id, d.generic_name, d.spec, d.pack_name, o.packs, o.note, o.settled_at,
  (SELECT count(*) FROM visit_line l JOIN pack k ON k.id = l.pack_id WHERE l.visit_id = $2::uuid AND l.undone_at IS NULL AND k.drug_id = o.drug_id) AS given
FROM owed_medicine o JOIN drug d ON d.id = o.drug_id WHERE o.id = $1::bigint AND o.patient_id = ANY($3::bigint[]) FOR NO KEY UPDATE OF o`, id, v.ID, pq.Array(family))
	switch {
	case db.IsNoRows(err):
		return o, db.Refuse(db.NotFound, "这位患者没有这条欠药记录。请看最新的列表。")
	case err != nil:
		return o, fmt.Errorf("read owed medicine: %w", err)
	case o.SettledAt != nil:
		return o, db.Refuse(db.Conflict, "%s 的欠药已于 %s 处理，不用再点。", o.Drug(), o.SettledAt.In(Zone()).Format("1月2日 15:04"))
	}
	return o, nil
}

// OwedDrug is a drug that may be owed.
type OwedDrug struct {
	ID      int64  `db:"id"`
	Generic string `db:"generic_name"`
	Spec    string `db:"spec"`
}

// OwedDrugs lists the drugs to choose from.
func OwedDrugs(ctx context.Context, r db.Reader) ([]OwedDrug, error) {
	var list []OwedDrug
	err := r.Select(ctx, &list, `SELECT id, generic_name, spec FROM drug WHERE active ORDER BY generic_name, spec, id`)
	if err != nil {
		return nil, fmt.Errorf("read drugs: %w", err)
	}
	return list, nil
}
