package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/sql/db"
)

// scan commits what the server commits for one box: the same statements in the
// same order with values of the same size. A test holds their texts to those of
// the packages that own the tables.
func (w *rawWorker) scan(ctx context.Context) error {
	command, code := uuid.New(), w.codes[w.next]
	visit := w.visits[w.next/packsPerVisit]
	w.next++
	return w.run.app.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := tx.ExecOne(ctx, `INSERT INTO command (staff_id, id, kind, request, at, exchange_id, transfer_system, transfer_service, transfer_key)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			w.staff, command, "dispense", digest(), tx.Now, uuid.New(), "device", "scan.dispense", visit.String())
		if err != nil {
			return fmt.Errorf("command: %w", err)
		}
		p, err := w.lock(ctx, tx, visit, code)
		if err != nil {
			return err
		}
		if err := w.move(ctx, tx, command, visit, p); err != nil {
			return err
		}
		if err := w.audit(ctx, tx, visit); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE session_version SET version = version + 1, changed_at = $2::timestamptz WHERE session_id = ANY($1::bigint[])`,
			pq.Array([]int64{w.session}), tx.Now)
		if err != nil {
			return fmt.Errorf("version: %w", err)
		}
		return tx.ExecOne(ctx, `UPDATE command SET answer = $3 WHERE staff_id = $1 AND id = $2`, w.staff, command, rawAnswer(code))
	})
}

// rawPack is what the statements need of a locked pack.
type rawPack struct {
	ID            int64      `db:"id"`
	Code          string     `db:"code"`
	DrugID        int64      `db:"drug_id"`
	GenericName   string     `db:"generic_name"`
	Spec          string     `db:"spec"`
	UnitName      string     `db:"unit_name"`
	PackName      string     `db:"pack_name"`
	State         string     `db:"state"`
	UnitsTotal    int64      `db:"units_total"`
	UnitsLeft     int64      `db:"units_left"`
	UnitsGiven    int64      `db:"units_given"`
	Batch         string     `db:"batch"`
	ExpiresOn     *time.Time `db:"expires_on"`
	ReceiptLineID *int64     `db:"receipt_line_id"`
	SessionID     *int64     `db:"session_id"`
	VisitID       *uuid.UUID `db:"visit_id"`
	Returned      bool       `db:"returned"`
	Alarm         string     `db:"alarm"`
}

// lock takes session, visit and pack in the server's order.
func (w *rawWorker) lock(ctx context.Context, tx *db.Tx, visit uuid.UUID, code string) (p rawPack, err error) {
	var x struct {
		ID       int64      `db:"id"`
		SiteID   int64      `db:"site_id"`
		Site     string     `db:"site"`
		HeldOn   time.Time  `db:"held_on"`
		Kind     string     `db:"kind"`
		Place    string     `db:"place"`
		State    string     `db:"state"`
		Duty     *int64     `db:"duty_staff_id"`
		OpenedAt *time.Time `db:"opened_at"`
	}
	err = tx.Get(ctx, &x, `SELECT c.id, c.site_id, s.name AS site, c.held_on, c.kind, c.place, c.state, c.duty_staff_id, c.opened_at
FROM clinic_session c JOIN site s ON s.id = c.site_id
WHERE c.id = $1::bigint FOR NO KEY UPDATE OF c`, w.session)
	if err != nil {
		return p, fmt.Errorf("lock session: %w", err)
	}
	if err := w.lockVisit(ctx, tx, visit); err != nil {
		return p, err
	}
	var rows []rawPack
	err = tx.Select(ctx, &rows, `SELECT k.id, k.code, k.drug_id, d.generic_name, d.spec, d.unit_name, d.pack_name, k.state, k.units_total,
  k.units_left, k.units_given, k.batch, k.expires_on, k.receipt_line_id, k.session_id, k.visit_id, k.returned, k.alarm
FROM pack k JOIN drug d ON d.id = k.drug_id
WHERE k.code = ANY($1::text[] || ARRAY(SELECT x.code::text FROM codeless_box x WHERE x.true_code = ANY($1::text[])))
ORDER BY k.code FOR NO KEY UPDATE OF k`, pq.Array([]string{code}))
	if err != nil {
		return p, fmt.Errorf("lock pack: %w", err)
	}
	if len(rows) != 1 {
		return p, fmt.Errorf("lock pack: %d rows", len(rows))
	}
	return rows[0], nil
}

func (w *rawWorker) lockVisit(ctx context.Context, tx *db.Tx, visit uuid.UUID) error {
	var v struct {
		ID            uuid.UUID  `db:"id"`
		SessionID     int64      `db:"session_id"`
		PatientID     int64      `db:"patient_id"`
		Patient       string     `db:"patient"`
		PatientNo     string     `db:"patient_no"`
		Number        int        `db:"number"`
		State         string     `db:"state"`
		DoctorID      *int64     `db:"doctor_id"`
		Doctor        string     `db:"doctor"`
		CameAt        time.Time  `db:"came_at"`
		StartedAt     *time.Time `db:"started_at"`
		FinishedAt    *time.Time `db:"finished_at"`
		Lines         int        `db:"lines"`
		Collector     string     `db:"collector"`
		CollectorName string     `db:"collector_name"`
		Prescription  string     `db:"prescription_no"`
		NoDrug        string     `db:"no_drug_reason"`
	}
	err := tx.Get(ctx, &v, `SELECT v.id, v.session_id, v.patient_id, p.name AS patient, p.number AS patient_no, v.number, v.state,
  v.doctor_id, COALESCE(f.name, '') AS doctor, v.came_at, v.started_at, v.finished_at,
  (SELECT count(*) FROM visit_line l WHERE l.visit_id = v.id AND l.undone_at IS NULL) AS lines,
  v.collector, v.collector_name, v.prescription_no, v.no_drug_reason
FROM visit v JOIN patient p ON p.id = v.patient_id LEFT JOIN staff f ON f.id = v.doctor_id
WHERE v.id = $1::uuid AND v.session_id = $2::bigint FOR NO KEY UPDATE OF v`, visit, w.session)
	if err != nil {
		return fmt.Errorf("lock visit: %w", err)
	}
	return nil
}

// move writes the pack, its movement and the line of the visit.
func (w *rawWorker) move(ctx context.Context, tx *db.Tx, command, visit uuid.UUID, p rawPack) error {
	err := tx.ExecOne(ctx, `UPDATE pack SET state = $2, units_left = $3, units_given = $4, session_id = $5::bigint,
  visit_id = $6::uuid, returned = $7, alarm = $8, changed_at = $9
WHERE id = $1 AND state = $10 AND units_left = $11 AND units_given = $12`,
		p.ID, "dispensed", 0, p.UnitsLeft, w.session, visit, false, "", tx.Now, p.State, p.UnitsLeft, p.UnitsGiven)
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	err = tx.ExecOne(ctx, `INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, from_session_id, to_session_id,
  visit_id, receipt_line_id, staff_id, login_id, device, device_at, at, reason, how, fact, alarm, command_id)
VALUES ($1, $2, $3, $4, $5, $6, $7::bigint, $8::bigint, $9::uuid, $10::bigint, $11::bigint, $12::uuid, $13, $14::timestamptz,
  $15, $16, $17, $18, $19, $20::uuid)`,
		"dispense", p.ID, p.UnitsLeft, p.State, "dispensed", 0, w.session, w.session, visit, nil, w.staff, w.login, rawDevice, nil,
		tx.Now, "", "scanned", false, "", command)
	if err != nil {
		return fmt.Errorf("movement: %w", err)
	}
	err = tx.ExecOne(ctx, `INSERT INTO visit_line (visit_id, pack_id, quantity, how, staff_id, at, dose, days, payer)
SELECT $1::uuid, n.pack_id, n.quantity, $5::text, $6::bigint, $7::timestamptz, COALESCE(x.dose, ''), x.days,
  COALESCE((SELECT max(o.payer) FROM visit_line o JOIN pack b ON b.id = o.pack_id WHERE o.visit_id = $1::uuid AND o.undone_at IS NULL AND b.drug_id = n.drug_id), '')
FROM (SELECT unnest($2::bigint[]) AS pack_id, unnest($3::bigint[]) AS drug_id, unnest($4::bigint[]) AS quantity, unnest($10::bigint[]) AS place) n
LEFT JOIN (SELECT r.drug_id, r.dose, r.days FROM (
  SELECT k.drug_id, l.dose, l.days, row_number() OVER (PARTITION BY k.drug_id ORDER BY l.id DESC) AS place
  FROM visit w JOIN visit_line l ON l.visit_id = w.id AND l.undone_at IS NULL JOIN pack k ON k.id = l.pack_id
  WHERE w.patient_id = $8::bigint AND w.came_at > $9::timestamptz AND (w.state = 'finished' OR w.id = $1::uuid)
    AND (l.dose <> '' OR l.days IS NOT NULL)) r WHERE r.place = 1) x ON x.drug_id = n.drug_id ORDER BY n.place`,
		visit, pq.Array([]int64{p.ID}), pq.Array([]int64{p.DrugID}), pq.Array([]int64{p.UnitsLeft}), "scanned", w.staff, tx.Now,
		w.patients[(w.next-1)/packsPerVisit], tx.Now.Add(-rawMemory), pq.Array([]int64{0}))
	if err != nil {
		return fmt.Errorf("visit line: %w", err)
	}
	return nil
}

// audit appends a row to the worker's chain.
func (w *rawWorker) audit(ctx context.Context, tx *db.Tx, visit uuid.UUID) error {
	var h struct {
		Length int64  `db:"length"`
		Digest []byte `db:"digest"`
	}
	if err := tx.Get(ctx, &h, `SELECT length, digest FROM audit_chain WHERE id = $1 FOR NO KEY UPDATE`, w.login); err != nil {
		return fmt.Errorf("audit chain: %w", err)
	}
	err := tx.ExecOne(ctx, `
WITH link AS (
  INSERT INTO audit (chain_id, seq, at, staff_id, login_id, roles, addr, request_id, event, outcome,
    object_kind, object_id, site_id, session_id, detail, canonical, prev, digest)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
  RETURNING seq
)
UPDATE audit_chain SET length = (SELECT seq FROM link), digest = $18, changed_at = $3 WHERE id = $1`,
		w.login, h.Length+1, tx.Now, w.staff, w.login, "doctor", "127.0.0.1", uuid.NewString(), "visit.dispense", "ok",
		"visit", visit.String(), int64(1), w.session, "codes=1 given=1", noise(rawCanonical), h.Digest, digest())
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

const (
	rawDevice = "Go-http-client/1.1"
	// rawMemory is how far back a patient's last dose is looked for.
	rawMemory = 366 * 24 * time.Hour
	// rawCanonical is the length of a scan's audit row as it is hashed, in bytes.
	rawCanonical = 420
)

// rawAnswer is an answer of the usual length to the scan of one box.
func rawAnswer(code string) []byte {
	return fmt.Appendf(nil, `{"answers":[{"raw":"%s","code":"%s","kind":"ok","tone":"good","word":"已记录","drug":"利培酮片 1mg×20片","sentence":"利培酮片 1mg×20片，已记录。"}],"packs":1}`, code, code)
}

func digest() []byte { return noise(32) }

// noise is n bytes that the database cannot make smaller.
func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}
