package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// lookBack is how long ago a patient's last medicine may lie to be proposed
// again, in days: half a year, so that who missed some months is thought of.
const lookBack = 186

// shortLife is how many days after the session a pack must be good for, to be
// taken without a remark: patients take medicine for about a month.
const shortLife = 30

// PackingPlan is what a session has in its trays and what it should have.
type PackingPlan struct {
	Session Session
	Stock   []StockLine
	Lines   []ProposalLine
	// Expected is the roster, Known those of it whose last medicine is known.
	// Newcomers are reckoned with the average of the others. Supplied are those of
	// Known whose medicine lasts until Until, the site's next clinic day after this
	// one (还有药): nothing is proposed for them.
	Expected, Known, Supplied int
	Until                     time.Time
}

// ProposalLine is one drug of the plan, in packs.
type ProposalLine struct {
	DrugID   int64  `db:"id"`
	Generic  string `db:"generic_name"`
	Spec     string `db:"spec"`
	PackWord string `db:"pack_name"`
	Content  int64  `db:"units_per_pack"`
	Patients int    `db:"-"` // of the roster who had it last time
	Proposed int    `db:"-"`
	// Spared are those of Patients whose supply of it lasts until the next clinic day,
	// SparedPacks what they had last time: Proposed does not hold it.
	Spared      int `db:"-"`
	SparedPacks int `db:"-"`
	Packed      int `db:"-"` // in the trays now, handed out ones included
	// Shelf is the store's full packs, the first to expire first.
	Shelf []ShelfBatch `db:"-"`
}

// ShelfBatch is packs of one batch and expiry in the store.
type ShelfBatch struct {
	DrugID    int64      `db:"drug_id"`
	Batch     string     `db:"batch"`
	ExpiresOn *time.Time `db:"expires_on"`
	Packs     int        `db:"packs"`
	// Take is how many of them fill what is short.
	Take int `db:"-"`
	// Soon says that it ends before the patients' month is over.
	Soon bool `db:"-"`
}

// DrugName is the drug as people say it.
func (l ProposalLine) DrugName() string { return inventory.DrugName(l.Generic, l.Spec) }

// Short is how many packs are to be taken yet (还差).
func (l ProposalLine) Short() int { return max(0, l.Proposed-l.Packed) }

// Over is how many more than proposed are packed (多出).
func (l ProposalLine) Over() int { return max(0, l.Packed-l.Proposed) }

// Lacking is how many of Short the store does not have.
func (l ProposalLine) Lacking() int {
	n := l.Short()
	for _, b := range l.Shelf {
		n -= b.Take
	}
	return n
}

// ReadPacking reads what a session has and proposes what it should take: for
// each patient on the roster what that patient got the last time and does not have
// for the coming period still, the batches of the store that expire first. It proposes only; nothing
// keeps anybody from taking another box.
func ReadPacking(ctx context.Context, d *db.DB, id int64) (PackingPlan, error) {
	var p PackingPlan
	err := d.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		p = PackingPlan{}
		var err error
		if p.Session, err = Find(ctx, tx, id); err != nil {
			return err
		}
		if p.Stock, err = readStock(ctx, tx, id); err != nil {
			return err
		}
		return p.propose(ctx, tx)
	})
	return p, err
}

func (p *PackingPlan) propose(ctx context.Context, tx *db.Tx) error {
	count, err := CountRoster(ctx, tx, p.Session.ID)
	if err != nil {
		return err
	}
	p.Expected = count.Expected
	usual, err := readUsual(ctx, tx, p.Session)
	if err != nil {
		return err
	}
	if p.Until, err = periodEnd(ctx, tx, p.Session); err != nil {
		return err
	}
	needs := p.sum(usual)
	packed := map[int64]int{}
	ids := []int64{}
	for drug := range needs {
		ids = append(ids, drug)
	}
	for _, l := range p.Stock {
		packed[l.DrugID] = l.Taken
		if needs[l.DrugID] == nil {
			ids = append(ids, l.DrugID)
		}
	}
	err = tx.Select(ctx, &p.Lines, `SELECT id, generic_name, spec, pack_name, units_per_pack FROM drug
WHERE id = ANY($1::bigint[]) ORDER BY generic_name, spec, id`, pq.Array(ids))
	if err != nil {
		return fmt.Errorf("read proposed drugs: %w", err)
	}
	for i := range p.Lines {
		l := &p.Lines[i]
		l.Packed = packed[l.DrugID]
		if n := needs[l.DrugID]; n != nil {
			l.Patients, l.Spared = n.patients, n.spared
			l.Proposed, l.SparedPacks = packsOf(n.units, l.Content), packsOf(n.sparedUnits, l.Content)
		}
	}
	return p.addShelf(ctx, tx, ids)
}

// packsOf is how many packs hold that many units; a part of a pack is a whole one.
func packsOf(units, content int64) int { return int((units + content - 1) / content) }

// usualLine is what a patient got of a drug at the last visit with medicine.
type usualLine struct {
	PatientID int64     `db:"patient_id"`
	DrugID    int64     `db:"drug_id"`
	Units     int64     `db:"units"`
	HeldOn    time.Time `db:"held_on"`
	Days      int       `db:"days"`
	Dose      string    `db:"dose"`
	Unit      string    `db:"unit_name"`
}

// lasts tells whether the patient has the drug until a date.
func (u usualLine) lasts(until time.Time) bool {
	left, known := u.supplied().Left(until)
	return known && lastsUntil(left)
}

func (u usualLine) supplied() Supplied {
	return Supplied{GivenOn: u.HeldOn, Units: u.Units, Unit: u.Unit, Days: u.Days, Dose: u.Dose}
}

// lastsUntil tells of the days left on a clinic day whether the medicine is enough
// until then: clinic days move around weekends and holidays, so some days less are.
func lastsUntil(left int) bool { return left >= -earlyGrace }

// usualPeriod is how many days lie between two clinic days where nobody knows.
const usualPeriod = 28

// periodEnd is the clinic day that follows a session: what is packed for it is to
// last until then.
func periodEnd(ctx context.Context, r db.Reader, x Session) (time.Time, error) {
	next, err := ReadNextDue(ctx, r, x, uuid.Nil)
	if err != nil {
		return time.Time{}, err
	}
	if next.On.IsZero() {
		return x.HeldOn.AddDate(0, 0, usualPeriod), nil
	}
	return next.On, nil
}

// readUsual reads it for a session's roster; what was given under an entry that was
// merged is the other one's.
func readUsual(ctx context.Context, r db.Reader, x Session) ([]usualLine, error) {
	var list []usualLine
	err := r.Select(ctx, &list, `SELECT x.patient_id, k.drug_id, sum(l.quantity) AS units, x.held_on, COALESCE(max(l.days), 0) AS days, max(l.dose) AS dose, d.unit_name FROM (
  SELECT v.id, o.patient_id, c.held_on, row_number() OVER (PARTITION BY o.patient_id ORDER BY v.finished_at DESC, v.id) AS n
  FROM session_roster o JOIN (SELECT p.id, p.id AS goes_on FROM patient p UNION ALL SELECT m.id, m.merged_into_id FROM patient m WHERE m.merged_into_id IS NOT NULL) f ON f.goes_on = o.patient_id
  JOIN visit v ON v.patient_id = f.id AND v.came_at >= $2::timestamptz JOIN clinic_session c ON c.id = v.session_id
  WHERE o.session_id = $1::bigint AND v.session_id <> $1::bigint AND v.state = 'finished'
    AND EXISTS (SELECT 1 FROM visit_line e WHERE e.visit_id = v.id AND e.undone_at IS NULL)) x
JOIN visit_line l ON l.visit_id = x.id AND l.undone_at IS NULL JOIN pack k ON k.id = l.pack_id JOIN drug d ON d.id = k.drug_id
WHERE x.n = 1 GROUP BY x.patient_id, k.drug_id, x.held_on, d.unit_name`, x.ID, x.HeldOn.AddDate(0, 0, -lookBack))
	if err != nil {
		return nil, fmt.Errorf("read last medicine: %w", err)
	}
	return list, nil
}

// need is what a roster needs of a drug, in units, and what those had who still have
// it.
type need struct {
	units, sparedUnits int64
	patients, spared   int
}

// sum adds the patients up by drug. Newcomers, of whom nothing is known, count
// as the average patient; a part of a unit is a whole one.
func (p *PackingPlan) sum(usual []usualLine) map[int64]*need {
	needs := map[int64]*need{}
	lacks := map[int64]bool{} // by patient: something will be used up
	for _, u := range usual {
		n := needs[u.DrugID]
		if n == nil {
			n = &need{}
			needs[u.DrugID] = n
		}
		n.patients++
		still := u.lasts(p.Until)
		if still {
			n.spared++
			n.sparedUnits += u.Units
		} else {
			n.units += u.Units
		}
		lacks[u.PatientID] = lacks[u.PatientID] || !still
	}
	p.Known = len(lacks)
	for _, l := range lacks {
		if !l {
			p.Supplied++
		}
	}
	fresh := int64(max(0, p.Expected-p.Known))
	for _, n := range needs {
		n.units += ((n.units+n.sparedUnits)*fresh + int64(p.Known) - 1) / int64(p.Known)
	}
	return needs
}

// addShelf says for each drug which batches fill what is short.
func (p *PackingPlan) addShelf(ctx context.Context, r db.Reader, drugs []int64) error {
	var shelf []ShelfBatch
	err := r.Select(ctx, &shelf, `SELECT k.drug_id, k.batch, k.expires_on, count(*) AS packs FROM pack k
WHERE k.state = 'in_store' AND k.units_left = k.units_total AND NOT k.returned AND k.drug_id = ANY($1::bigint[])
  AND (k.expires_on IS NULL OR k.expires_on >= $2::date)
GROUP BY k.drug_id, k.batch, k.expires_on
ORDER BY k.drug_id, CASE WHEN k.expires_on IS NULL THEN 1 ELSE 0 END, k.expires_on, k.batch`, pq.Array(drugs), p.Session.HeldOn.Format(time.DateOnly))
	if err != nil {
		return fmt.Errorf("read the store's batches: %w", err)
	}
	for i := range p.Lines {
		l := &p.Lines[i]
		short := l.Short()
		for _, b := range shelf {
			if b.DrugID != l.DrugID {
				continue
			}
			b.Take = min(short, b.Packs)
			b.Soon = b.ExpiresOn != nil && b.ExpiresOn.Before(p.Session.HeldOn.AddDate(0, 0, shortLife))
			short -= b.Take
			l.Shelf = append(l.Shelf, b)
		}
	}
	return nil
}

// PackedBatch is what a session has in its trays of one batch and expiry, for
// the packing list.
type PackedBatch struct {
	Generic    string     `db:"generic_name"`
	Spec       string     `db:"spec"`
	PackWord   string     `db:"pack_name"`
	UnitWord   string     `db:"unit_name"`
	Batch      string     `db:"batch"`
	ExpiresOn  *time.Time `db:"expires_on"`
	Packs      int        `db:"packs"`       // full ones
	LooseUnits int64      `db:"loose_units"` // in opened ones
}

// PackingList reads the trays by drug, batch and expiry.
func PackingList(ctx context.Context, r db.Reader, id int64) ([]PackedBatch, error) {
	var list []PackedBatch
	err := r.Select(ctx, &list, `SELECT d.generic_name, d.spec, d.pack_name, d.unit_name, x.batch, x.expires_on, x.packs, x.loose_units FROM (
  SELECT k.drug_id, k.batch, k.expires_on, sum(CASE WHEN k.units_left = k.units_total THEN 1 ELSE 0 END) AS packs,
    sum(CASE WHEN k.units_left < k.units_total THEN k.units_left ELSE 0 END) AS loose_units
  FROM pack k WHERE k.session_id = $1::bigint AND k.state = 'allocated' GROUP BY k.drug_id, k.batch, k.expires_on) x
JOIN drug d ON d.id = x.drug_id
ORDER BY d.generic_name, d.spec, d.id, CASE WHEN x.expires_on IS NULL THEN 1 ELSE 0 END, x.expires_on, x.batch`, id)
	if err != nil {
		return nil, fmt.Errorf("read packing list: %w", err)
	}
	return list, nil
}

// noteEarlier adds to the yes to a pack that the store has one that expires
// earlier. It is a note: the pack is taken all the same.
func (b *packingBench) noteEarlier(ctx context.Context, tx *db.Tx) error {
	if b.move != inventory.MoveAllocate || len(b.moving) == 0 {
		return nil
	}
	var drugs []int64
	taken := map[string]*inventory.Pack{}
	for _, p := range b.moving {
		drugs = append(drugs, p.DrugID)
		taken[p.Code] = p
	}
	var rows []struct {
		DrugID int64     `db:"drug_id"`
		First  time.Time `db:"first"`
	}
	err := tx.Select(ctx, &rows, `SELECT k.drug_id, min(k.expires_on) AS first FROM pack k
WHERE k.state = 'in_store' AND k.units_left = k.units_total AND NOT k.returned AND k.drug_id = ANY($1::bigint[]) AND k.expires_on >= $2::date
GROUP BY k.drug_id`, pq.Array(drugs), Today(tx.Now).Format(time.DateOnly))
	if err != nil {
		return fmt.Errorf("read earlier expiry: %w", err)
	}
	first := map[int64]time.Time{}
	for _, x := range rows {
		first[x.DrugID] = x.First
	}
	for i := range b.answer {
		a := &b.answer[i]
		p := taken[a.Code]
		if p == nil || a.Kind != inventory.KindOK || p.ExpiresOn == nil {
			continue
		}
		if on, there := first[p.DrugID]; there && on.Before(*p.ExpiresOn) {
			a.Sentence += "药房还有更早到期的（" + on.Format(time.DateOnly) + "），建议先装那一批。"
		}
	}
	return nil
}
