package inventory

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// UncountingCode takes a scanned code back.
type UncountingCode struct {
	StocktakeID int64
	CommandID   uuid.UUID
	Code        string
}

// UncountCode takes a box back that was scanned by mistake: the row stays, and no
// longer counts.
func (s *Service) UncountCode(ctx context.Context, by identity.Actor, in UncountingCode) (CountAnswer, error) {
	if err := s.mayCount(ctx, by, identity.CountStock, in.StocktakeID); err != nil {
		return CountAnswer{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "uncount_code", Request: in}
	a, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (CountAnswer, error) {
		x, err := lockStocktake(ctx, tx, in.StocktakeID, CountOpen)
		if err != nil {
			return CountAnswer{}, err
		}
		n, err := tx.Exec(ctx, `UPDATE stocktake_seen SET ended_at = $3, ended_by = $4, ended_how = 'undone'
WHERE stocktake_id = $1 AND code = $2 AND ended_at IS NULL`, x.ID, in.Code, tx.Now, by.StaffID)
		if err != nil {
			return CountAnswer{}, fmt.Errorf("undo a counted box: %w", err)
		}
		if n == 0 {
			return CountAnswer{}, db.Refuse(db.NotFound, "这盒没有点到过，或已经撤销。请刷新后再看。")
		}
		if err := x.raise(ctx, tx); err != nil {
			return CountAnswer{}, err
		}
		if err := x.audit(ctx, tx, by, "stocktake.undo", "code="+clip(in.Code, 100)); err != nil {
			return CountAnswer{}, err
		}
		a := CountAnswer{Answers: []CodeAnswer{}}
		return a, countStanding(ctx, tx, x.ID, by.StaffID, &a)
	})
	return a, err
}

// CountingNumber is the number of a drug that is not scanned box by box.
type CountingNumber struct {
	StocktakeID int64
	CommandID   uuid.UUID
	DrugID      int64
	// Packs is the full packs, Loose the units in opened ones, nil when they were
	// not counted.
	Packs int64
	Loose *int64
}

// NumberTaken is the answer to a number.
type NumberTaken struct {
	Drug     string `json:"drug"`
	Packs    int64  `json:"packs"`
	Loose    *int64 `json:"loose,omitempty"`
	Sentence string `json:"sentence"`
}

// Most a person can have counted of one drug.
const (
	maxNumber = 100_000
	maxLoose  = 10_000_000
)

// CountByNumber takes down how much there is of a drug, beside what the books
// hold in this moment: what moves later makes no difference. A later number of
// the same drug takes the place of the first, which is kept.
func (s *Service) CountByNumber(ctx context.Context, by identity.Actor, in CountingNumber) (NumberTaken, error) {
	if err := s.mayCount(ctx, by, identity.CountStock, in.StocktakeID); err != nil {
		return NumberTaken{}, err
	}
	if in.Packs < 0 || in.Packs > maxNumber || in.Loose != nil && (*in.Loose < 0 || *in.Loose > maxLoose) {
		return NumberTaken{}, db.Refuse(db.Invalid, "数量不对：要用零或更大的整数，最多 %d 盒。请改正后再填。", maxNumber)
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "count_number", Request: in}
	a, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (NumberTaken, error) {
		x, err := lockStocktake(ctx, tx, in.StocktakeID, CountOpen)
		if err != nil {
			return NumberTaken{}, err
		}
		return x.takeNumber(ctx, tx, by, in)
	})
	return a, err
}

func (x Stocktake) takeNumber(ctx context.Context, tx *db.Tx, by identity.Actor, in CountingNumber) (NumberTaken, error) {
	drug, err := x.countedDrug(ctx, tx, in.DrugID)
	if err != nil {
		return NumberTaken{}, err
	}
	if err := x.mayBeNumber(ctx, tx, drug, in.Packs); err != nil {
		return NumberTaken{}, err
	}
	if err := endNumbers(ctx, tx, by, x.ID, in.DrugID); err != nil {
		return NumberTaken{}, err
	}
	booked, err := x.booked(ctx, tx, in.DrugID)
	if err != nil {
		return NumberTaken{}, err
	}
	err = tx.ExecOne(ctx, `INSERT INTO stocktake_number (stocktake_id, drug_id, packs, loose_units, booked_packs, booked_loose, staff_id, at)
VALUES ($1, $2, $3, $4::integer, $5, $6, $7, $8)`, x.ID, in.DrugID, in.Packs, in.Loose, booked.Packs, booked.Loose, by.StaffID, tx.Now)
	if err != nil {
		return NumberTaken{}, fmt.Errorf("insert a counted number: %w", err)
	}
	if err := x.raise(ctx, tx); err != nil {
		return NumberTaken{}, err
	}
	a := NumberTaken{Drug: drug.Name(), Packs: in.Packs, Loose: in.Loose, Sentence: fmt.Sprintf("%s 已记下 %d %s", drug.Name(), in.Packs, drug.PackName)}
	if in.Loose != nil && *in.Loose > 0 {
		a.Sentence += fmt.Sprintf("，散 %d %s", *in.Loose, drug.UnitName)
	}
	a.Sentence += "。"
	return a, x.audit(ctx, tx, by, "stocktake.number", fmt.Sprintf("drug=%d packs=%d loose=%s", in.DrugID, in.Packs, numberText(in.Loose)))
}

func numberText(n *int64) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

// countedDrug reads a drug that this count takes.
func (x Stocktake) countedDrug(ctx context.Context, tx *db.Tx, id int64) (Drug, error) {
	var d Drug
	err := tx.Get(ctx, &d, `SELECT id, generic_name, spec, unit_name, pack_name, units_per_pack FROM drug WHERE id = $1::bigint`, id)
	if db.IsNoRows(err) {
		return d, db.Refuse(db.NotFound, "目录里没有这种药。请刷新页面后重新选择。")
	}
	if err != nil {
		return d, fmt.Errorf("read drug: %w", err)
	}
	set, err := x.drugs(ctx, tx)
	if err != nil {
		return d, err
	}
	if set != nil && !set[id] {
		return d, db.Refuse(db.Invalid, "%s", KindNotCounted.Sentence(Details{Drug: d.Name()}))
	}
	return d, nil
}

// bookedNow is what the books hold of a drug in the scope.
type bookedNow struct {
	Packs int64 `db:"packs"`
	Loose int64 `db:"loose"`
}

func (x Stocktake) booked(ctx context.Context, r db.Reader, drugID int64) (n bookedNow, err error) {
	if x.SessionID == nil {
		err = r.Get(ctx, &n, `SELECT COALESCE(sum(CASE WHEN units_left = units_total THEN 1 ELSE 0 END), 0) AS packs,
  COALESCE(sum(CASE WHEN units_left < units_total THEN units_left ELSE 0 END), 0) AS loose
FROM pack WHERE state = 'in_store' AND drug_id = $1::bigint`, drugID)
	} else {
		err = r.Get(ctx, &n, `SELECT COALESCE(sum(CASE WHEN units_left = units_total THEN 1 ELSE 0 END), 0) AS packs,
  COALESCE(sum(CASE WHEN units_left < units_total THEN units_left ELSE 0 END), 0) AS loose
FROM pack WHERE state = 'allocated' AND session_id = $2::bigint AND drug_id = $1::bigint`, drugID, *x.SessionID)
	}
	if err != nil {
		return n, fmt.Errorf("read what is booked: %w", err)
	}
	return n, nil
}

// endNumbers ends the number that stands for a drug.
func endNumbers(ctx context.Context, tx *db.Tx, by identity.Actor, id, drugID int64) error {
	_, err := tx.Exec(ctx, `UPDATE stocktake_number SET ended_at = $3, ended_by = $4, ended_how = 'recounted'
WHERE stocktake_id = $1 AND drug_id = $2 AND ended_at IS NULL`, id, drugID, tx.Now, by.StaffID)
	if err != nil {
		return fmt.Errorf("end a counted number: %w", err)
	}
	return nil
}
