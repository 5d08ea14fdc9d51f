package reporting

import (
	"context"
	"fmt"
	"time"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// RegisteredDrugs lists the drugs that have a register of their own on a day
// (midnight UTC), by name, with the rule of their class. A drug of unknown class
// is among them.
func RegisteredDrugs(ctx context.Context, r db.Reader, day time.Time) ([]inventory.Drug, inventory.ClassRules, error) {
	rules, err := inventory.ReadClassRules(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	// The end of the day in the clinic's clock: ListDrugs wants a moment.
	all, err := inventory.ListDrugs(ctx, r, midnight(day))
	if err != nil {
		return nil, nil, err
	}
	var list []inventory.Drug
	for _, d := range all {
		if rules.On(d.Class, day).Registered() {
			list = append(list, d)
		}
	}
	return list, rules, nil
}

// ReadRegister makes the register of the question's drug as the viewer may read it,
// on one snapshot: of the whole pharmacy, or of what lay in the question's scope. The
// class is that of the last day. Who may have that scope is for the caller. Errors:
// Invalid for a period that cannot be, NotFound for a drug without a register.
func ReadRegister(ctx context.Context, d *db.DB, by identity.Actor, q LedgerQuestion) (Register, error) {
	q.Batch, q.ByBatch = "", false // a register is of all batches
	if err := q.Check(session.Today(d.Now())); err != nil {
		return Register{}, err
	}
	r := Register{From: q.From, To: q.To, Scope: q.Scope}
	err := d.InSnapshot(db.WithOwnPlans(ctx), func(ctx context.Context, tx *db.Tx) error {
		r.At = tx.Now
		if err := r.find(ctx, tx, q.DrugID); err != nil {
			return err
		}
		return r.read(ctx, tx, q)
	})
	if err != nil {
		return Register{}, fmt.Errorf("register: %w", err)
	}
	r.hideFrom(by)
	return r, nil
}

func (r *Register) find(ctx context.Context, tx *db.Tx, drugID int64) error {
	drugs, rules, err := RegisteredDrugs(ctx, tx, r.To)
	if err != nil {
		return err
	}
	for _, d := range drugs {
		if d.ID == drugID {
			r.Drug, r.Rule = d, rules.On(d.Class, r.To)
			return nil
		}
	}
	return db.Refuse(db.NotFound, "这种药没有专用账册。请从列表里选。")
}

func (r *Register) read(ctx context.Context, tx *db.Tx, q LedgerQuestion) error {
	rows, err := readRegisterRows(ctx, tx, q)
	if err != nil {
		return err
	}
	if q.Place == "" || q.Place == inventory.PlaceStore {
		if r.Open, err = inventory.OpenDifferences(ctx, tx, q.DrugID); err != nil {
			return err
		}
	}
	found, err := readHeld(ctx, tx, q)
	if err != nil {
		return err
	}
	flows, err := readFlows(ctx, tx, q, q.passing())
	if err != nil {
		return err
	}
	if l := makeLines(q.Scope, flows, found)[lineKey{drug: q.DrugID}]; l != nil {
		r.Ledger = *l
	}
	r.Ledger.Drug, r.Ledger.PackWord, r.Ledger.UnitWord = r.Drug.Name(), r.Drug.PackName, r.Drug.UnitName
	r.Opening = r.Ledger.Opening
	for _, x := range rows {
		r.add(x)
	}
	return nil
}

func readRegisterRows(ctx context.Context, tx *db.Tx, q LedgerQuestion) ([]registerRow, error) {
	var rows []registerRow
	err := tx.Select(ctx, &rows, `SELECT x.kind, x.from_state, x.to_state, x.content, x.batch, x.expires_on, x.at, x.visit_id, x.reason, x.from_site, x.to_site,
  CASE WHEN x.held_before = x.content THEN 1 ELSE 0 END AS whole_before, CASE WHEN x.held_before <> x.content THEN x.held_before ELSE 0 END AS loose_before,
  CASE WHEN x.held_after = x.content THEN 1 ELSE 0 END AS whole_after, CASE WHEN x.held_after <> x.content THEN x.held_after ELSE 0 END AS loose_after,
  COALESCE(f.name, '') AS staff, COALESCE(v.number, 0) AS number, COALESCE(v.prescription_no, '') AS prescription, COALESCE(d.name, '') AS doctor,
  COALESCE(p.name, '') AS patient, COALESCE(p.number, '') AS patient_no, COALESCE(c.id, 0) AS session_id, COALESCE(c.site_id, 0) AS site_id, COALESCE(s.name, '') AS site,
  c.held_on, COALESCE(u.name, '') AS duty, COALESCE(r.number, '') AS receipt, COALESCE(r.from_store, '') AS from_store, COALESCE(b.name, '') AS finished_by,
  COALESCE(n.days, 0) AS days, COALESCE(n.over_reason, '') AS over_reason,
  COALESCE(z.number, '') AS paper, COALESCE(CASE WHEN z.decided_by = x.staff_id THEN za.name ELSE zb.name END, '') AS decider
FROM (SELECT m.id, m.kind, m.from_state, m.to_state, k.units_total AS content, k.batch, k.expires_on, m.at, m.visit_id, m.pack_id, m.reason, m.staff_id, m.receipt_line_id,
    COALESCE(m.to_session_id, m.from_session_id) AS on_session, COALESCE(a.site_id, 0) AS from_site, COALESCE(e.site_id, 0) AS to_site, m.units_after AS held_after,
    CASE WHEN m.kind IN ('dispense', 'adjust_down') THEN m.units_after + m.quantity
      WHEN m.kind IN ('undo', 'patient_return', 'adjust_up') THEN m.units_after - m.quantity ELSE m.units_after END AS held_before
  FROM movement m JOIN pack k ON k.id = m.pack_id LEFT JOIN clinic_session a ON a.id = m.from_session_id LEFT JOIN clinic_session e ON e.id = m.to_session_id
  WHERE k.drug_id = $3::bigint AND m.at >= $1::timestamptz AND m.at < $2::timestamptz) x
LEFT JOIN staff f ON f.id = x.staff_id LEFT JOIN visit v ON v.id = x.visit_id LEFT JOIN staff d ON d.id = v.doctor_id LEFT JOIN patient p ON p.id = v.patient_id
LEFT JOIN clinic_session c ON c.id = x.on_session LEFT JOIN site s ON s.id = c.site_id LEFT JOIN staff u ON u.id = c.duty_staff_id
LEFT JOIN receipt_line l ON l.id = x.receipt_line_id LEFT JOIN receipt r ON r.id = l.receipt_id LEFT JOIN staff b ON b.id = r.finished_by
LEFT JOIN (SELECT y.pack_id, q.number, q.act, q.decided_at, q.decided_by, q.proposed_by FROM disposal_pack y JOIN disposal q ON q.id = y.disposal_id WHERE y.outcome = 'done') z
  ON z.pack_id = x.pack_id AND z.act = x.kind AND z.decided_at = x.at
LEFT JOIN staff za ON za.id = z.proposed_by LEFT JOIN staff zb ON zb.id = z.decided_by
LEFT JOIN visit_line n ON n.visit_id = x.visit_id AND n.pack_id = x.pack_id AND n.undone_at IS NULL
ORDER BY x.id`, q.Begin(), q.End(), q.DrugID)
	if err != nil {
		return nil, fmt.Errorf("read the movements of a register: %w", err)
	}
	return rows, nil
}
