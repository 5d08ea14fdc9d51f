package session_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// marks counts what any change of anything leaves behind.
func (w *world) marks() (text string) {
	w.t.Helper()
	w.must(w.db.App.Get(w.ctx, &text, `SELECT concat((SELECT count(*) FROM movement), ' movements ', (SELECT count(*) FROM record), ' records ',
  (SELECT count(*) FROM audit), ' acts ', (SELECT count(*) FROM command), ' commands ', (SELECT sum(version) FROM session_version), ' versions')`))
	return text
}

func (w *world) json(answer any) []byte {
	w.t.Helper()
	body, err := json.Marshal(answer)
	w.must(err)
	return body
}

func (w *world) now() *model {
	w.t.Helper()
	m, err := readModel(w.ctx, w.db.App, time.Now())
	w.must(err)
	return m
}

// verify holds what is true at any moment, whoever did what.
func (w *world) verify() {
	w.t.Helper()
	check, err := inventory.VerifyStock(w.ctx, w.db.App, nil)
	w.must(err)
	if check.First != nil {
		w.t.Fatalf("stock: %+v", check.First)
	}
	records, err := session.VerifyRecords(w.ctx, w.db.App, 0)
	w.must(err)
	heads, err := session.VerifyHeads(w.ctx, w.db.App, 0, w.keys.PublicKey)
	w.must(err)
	if records.Problem+heads.Problem != "" {
		w.t.Fatalf("records: %s; heads: %s", records.Problem, heads.Problem)
	}
	w.must(w.db.App.InSnapshot(w.ctx, func(ctx context.Context, tx *db.Tx) error {
		report, err := identity.VerifyAudit(ctx, tx)
		if err == nil && report.Broken != nil {
			err = fmt.Errorf("audit: %s", report.Broken)
		}
		return err
	}))
	w.rowsAgree()
	for id, s := range w.now().sessions {
		w.checkEquation(w.t.(*testing.T), id)
		w.closedIsEmpty(s)
	}
}

// rowsAgree counts rows that contradict each other; each line must be 0.
func (w *world) rowsAgree() {
	w.t.Helper()
	for what, query := range map[string]string{
		"packs unlike their last movement": `SELECT count(*) FROM pack k JOIN movement m ON m.id = (SELECT max(x.id) FROM movement x WHERE x.pack_id = k.id)
WHERE k.state <> m.to_state OR k.units_left <> m.units_after OR COALESCE(k.session_id, 0) <> COALESCE(m.to_session_id, 0)`,
		"patients open twice":          `SELECT count(*) FROM (SELECT 1 FROM visit WHERE state IN ('waiting', 'in_consultation') GROUP BY session_id, patient_id HAVING count(*) > 1) x`,
		"doctors with two visits open": `SELECT count(*) FROM (SELECT 1 FROM visit WHERE state = 'in_consultation' GROUP BY session_id, doctor_id HAVING count(*) > 1) x`,
		"packs given twice":            `SELECT count(*) FROM (SELECT 1 FROM visit_line l JOIN pack k ON k.id = l.pack_id JOIN drug d ON d.id = k.drug_id WHERE l.undone_at IS NULL AND NOT d.loose GROUP BY l.pack_id HAVING count(*) > 1) x`,
		"packs whose visits have other units than they say": `SELECT count(*) FROM pack k WHERE NOT k.returned AND k.units_given <>
  COALESCE((SELECT sum(l.quantity) FROM visit_line l WHERE l.pack_id = k.id AND l.undone_at IS NULL), 0)`,
		"packs whose visit does not say so": `SELECT count(*) FROM pack k WHERE (k.state = 'dispensed') <>
  EXISTS (SELECT 1 FROM visit_line l WHERE l.pack_id = k.id AND l.visit_id = k.visit_id AND l.undone_at IS NULL)`,
		"finished visits without exactly one record": `SELECT count(*) FROM visit v WHERE (CASE WHEN v.state = 'finished' THEN 1 ELSE 0 END) <>
  (SELECT count(*) FROM record e WHERE e.visit_id = v.id AND e.recipe = 1)`,
		"boxes with a visit that waits or is void": `SELECT count(*) FROM visit_line l JOIN visit v ON v.id = l.visit_id WHERE l.undone_at IS NULL AND v.state IN ('waiting', 'void')`,
		"requests of visits that left the table":   `SELECT count(*) FROM let_in_request q JOIN visit v ON v.id = q.visit_id WHERE q.decision = '' AND v.state <> 'in_consultation'`,
		"queue numbers with gaps":                  `SELECT count(*) FROM clinic_session c WHERE c.last_number <> (SELECT count(*) FROM visit v WHERE v.session_id = c.id)`,
	} {
		var n int
		w.must(w.db.App.Get(w.ctx, &n, query))
		if n != 0 {
			w.t.Errorf("%s: %d", what, n)
		}
	}
}

// closedIsEmpty holds a closed session to having nothing left and two words.
func (w *world) closedIsEmpty(s *modelSession) {
	w.t.Helper()
	if s.State != session.Closed {
		return
	}
	x, err := session.Find(w.ctx, w.db.App, s.ID)
	w.must(err)
	e, err := session.ReadEquation(w.ctx, w.db.App, x)
	w.must(err)
	if e.Left != 0 || len(s.Confirmed) != 2 {
		w.t.Errorf("session %d was closed with %+v by %v", s.ID, e, s.Confirmed)
	}
}
