package session

import (
	"context"
	"fmt"
	"strings"
	"time"

	"jingfang/inventory"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// Bag is a 药袋: the packs that one patient is to get at a session, made up before.
// Its packs stay in the session's trays on the books until it is handed over.
type Bag struct {
	ID        int64                    `db:"id"`
	Code      string                   `db:"code"` // of its label, JFB…
	SessionID int64                    `db:"session_id"`
	PatientID int64                    `db:"patient_id"`
	Number    string                   `db:"number"` // the patient's
	Name      string                   `db:"name"`   // the patient's, in clear; lists mask it
	State     inventory.ContainerState `db:"state"`
	Visit     string                   `db:"visit"` // it was handed over in, or ""
	// Packs is how many lie in it now. A pack that moved by any other way has been
	// taken out.
	Packs   int        `db:"packs"`
	Prints  int        `db:"prints"` // of its label
	EndedAt *time.Time `db:"ended_at"`
}

// Title is the bag as people say it: 药袋 P0012.
func (b Bag) Title() string { return "药袋 " + b.Number }

const bagColumns = `b.id, b.code, b.session_id, b.patient_id, p.number, p.name, b.state, COALESCE(CAST(b.visit_id AS text), '') AS visit, b.prints, b.ended_at,
  (SELECT count(*) FROM bag_pack x JOIN pack k ON k.id = x.pack_id AND k.changed_at = x.as_of WHERE x.bag_id = b.id) AS packs`

const bagTables = `bag b JOIN patient p ON p.id = b.patient_id`

// Bags lists the bags of a session in the order in which they were made; of each
// patient at most one waits to be handed over.
func Bags(ctx context.Context, r db.Reader, sessionID int64) ([]Bag, error) {
	var list []Bag
	err := r.Select(ctx, &list, `SELECT `+bagColumns+` FROM `+bagTables+` WHERE b.session_id = $1::bigint ORDER BY b.id`, sessionID)
	if err != nil {
		return nil, fmt.Errorf("read bags: %w", err)
	}
	return list, nil
}

// waitingBags lists the bags that nobody has handed over or opened and that are
// not empty.
func waitingBags(ctx context.Context, r db.Reader, sessionID int64) ([]Bag, error) {
	list, err := Bags(ctx, r, sessionID)
	var waiting []Bag
	for _, b := range list {
		if b.State == inventory.ContainerPacked && b.Packs > 0 {
			waiting = append(waiting, b)
		}
	}
	return waiting, err
}

// noWaitingBags refuses to close while packs lie in bags: what is counted lies in
// the trays.
func noWaitingBags(ctx context.Context, r db.Reader, sessionID int64) error {
	list, err := waitingBags(ctx, r, sessionID)
	if err != nil || len(list) == 0 {
		return err
	}
	var words []string
	for i, b := range list {
		if i == named {
			words = append(words, "…")
			break
		}
		words = append(words, b.Number)
	}
	return db.Refuse(db.Conflict, "还有 %d 个药袋没有拆：%s。请先点“全部拆袋”，药回到药箱后再结束。", len(list), strings.Join(words, "、"))
}

// BagPack is a pack in a bag.
type BagPack struct {
	Code      string     `db:"code"`
	DrugID    int64      `db:"drug_id"`
	Generic   string     `db:"generic_name"`
	Spec      string     `db:"spec"`
	Batch     string     `db:"batch"`
	ExpiresOn *time.Time `db:"expires_on"`
}

// DrugName is the drug as people say it.
func (p BagPack) DrugName() string { return inventory.DrugName(p.Generic, p.Spec) }

// BagPacks lists what lies in a bag, the last put in first.
func BagPacks(ctx context.Context, r db.Reader, bagID int64) ([]BagPack, error) {
	var list []BagPack
	err := r.Select(ctx, &list, `SELECT k.code, k.drug_id, d.generic_name, d.spec, k.batch, k.expires_on
FROM bag_pack x JOIN pack k ON k.id = x.pack_id AND k.changed_at = x.as_of JOIN drug d ON d.id = k.drug_id
WHERE x.bag_id = $1::bigint ORDER BY x.put_at DESC, k.code`, bagID)
	if err != nil {
		return nil, fmt.Errorf("read packs of a bag: %w", err)
	}
	return list, nil
}

// BagLine is one drug of a patient's bag: what the patient got the last time, and
// what lies in the bag.
type BagLine struct {
	DrugID   int64  `db:"id"`
	Generic  string `db:"generic_name"`
	Spec     string `db:"spec"`
	PackWord string `db:"pack_name"`
	Content  int64  `db:"units_per_pack"`
	Last     int    `db:"-"` // packs, a part of one counts as one
	Packed   int    `db:"-"`
}

// DrugName is the drug as people say it.
func (l BagLine) DrugName() string { return inventory.DrugName(l.Generic, l.Spec) }

// BagPlan is everything that the page of the bags shows, read at one moment.
type BagPlan struct {
	Session Session
	Roster  []Expected
	Bags    []Bag
	// Last is how many packs each patient of the roster got the last time, by
	// patient; who is missing has no record.
	Last map[int64]int
	// Of the chosen patient: the bag that waits (nil for none), what is in it, and
	// the drugs of the last time beside it.
	Chosen *Expected
	Bag    *Bag
	Packs  []BagPack
	Lines  []BagLine
}

// ReadBags reads the bags of a session; patientID chooses one of the roster, 0
// none.
func ReadBags(ctx context.Context, d *db.DB, id, patientID int64) (BagPlan, error) {
	var p BagPlan
	err := d.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		p = BagPlan{Last: map[int64]int{}}
		var err error
		if p.Session, err = Find(ctx, tx, id); err != nil {
			return err
		}
		if p.Roster, err = Roster(ctx, tx, id); err != nil {
			return err
		}
		if p.Bags, err = Bags(ctx, tx, id); err != nil {
			return err
		}
		usual, err := readUsual(ctx, tx, p.Session)
		if err != nil {
			return err
		}
		if err := p.choose(ctx, tx, patientID); err != nil {
			return err
		}
		return p.propose(ctx, tx, usual, patientID)
	})
	return p, err
}

func (p *BagPlan) choose(ctx context.Context, r db.Reader, patientID int64) (err error) {
	if patientID == 0 {
		return nil
	}
	for i := range p.Roster {
		if p.Roster[i].PatientID == patientID {
			p.Chosen = &p.Roster[i]
		}
	}
	if p.Chosen == nil {
		return notExpected()
	}
	for i := range p.Bags {
		if b := &p.Bags[i]; b.PatientID == patientID && b.State == inventory.ContainerPacked {
			p.Bag = b
		}
	}
	if p.Bag != nil {
		p.Packs, err = BagPacks(ctx, r, p.Bag.ID)
	}
	return err
}

// propose counts what each patient got the last time, in packs, and sets it beside
// the chosen patient's bag.
func (p *BagPlan) propose(ctx context.Context, r db.Reader, usual []usualLine, patientID int64) error {
	var drugs []int64
	for _, u := range usual {
		drugs = append(drugs, u.DrugID)
	}
	packed := map[int64]int{}
	for _, k := range p.Packs {
		packed[k.DrugID]++
		drugs = append(drugs, k.DrugID)
	}
	var lines []BagLine
	err := r.Select(ctx, &lines, `SELECT id, generic_name, spec, pack_name, units_per_pack FROM drug WHERE id = ANY($1::bigint[]) ORDER BY generic_name, spec, id`, idArray(drugs))
	if err != nil {
		return fmt.Errorf("read drugs of bags: %w", err)
	}
	mine := map[int64]int{}
	for _, l := range lines {
		for _, u := range usual {
			if u.DrugID != l.DrugID {
				continue
			}
			n := int((u.Units + l.Content - 1) / l.Content)
			p.Last[u.PatientID] += n
			if u.PatientID == patientID {
				mine[l.DrugID] = n
			}
		}
	}
	for _, l := range lines {
		if l.Last, l.Packed = mine[l.DrugID], packed[l.DrugID]; l.Last+l.Packed > 0 {
			p.Lines = append(p.Lines, l)
		}
	}
	return nil
}

func notExpected() error {
	return db.Refuse(db.Invalid, "这位患者不在应到名单上。请先加入名单，再装袋。")
}

// expected finds a patient of the roster whose bag may be packed.
func expected(ctx context.Context, r db.Reader, sessionID, patientID int64) (patient.Patient, error) {
	var p patient.Patient
	err := r.Get(ctx, &p, `SELECT p.id, p.number, p.name, p.state FROM session_roster o JOIN patient p ON p.id = o.patient_id
WHERE o.session_id = $1::bigint AND o.patient_id = $2::bigint`, sessionID, patientID)
	switch {
	case db.IsNoRows(err):
		return p, notExpected()
	case err != nil:
		return p, fmt.Errorf("read a patient of the roster: %w", err)
	case p.State != patient.Active:
		return p, db.Refuse(db.Conflict, "这位患者的档案已停用，不能装袋。请核对名单。")
	}
	return p, nil
}
