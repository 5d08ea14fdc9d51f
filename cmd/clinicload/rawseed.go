package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/sql/db"
)

// seed fills the schema: a site, a drug, and for each session its doctors with
// visits and packs enough for the run.
func (r *rawRun) seed(ctx context.Context, tx *db.Tx, sessions, doctors, packs int) error {
	var site, drug int64
	err := tx.Get(ctx, &site, `INSERT INTO site (code, name, district, created_at) VALUES ('YS01', '演示社区', '金平区', $1) RETURNING id`, tx.Now)
	if err != nil {
		return fmt.Errorf("site: %w", err)
	}
	err = tx.Get(ctx, &drug, `INSERT INTO drug (his_code, generic_name, spec, maker, units_per_pack, created_at)
VALUES ('D1', '利培酮片', '1mg×20片', '演示药厂', 20, $1) RETURNING id`, tx.Now)
	if err != nil {
		return fmt.Errorf("drug: %w", err)
	}
	for i := range sessions {
		staff, err := rawStaff(ctx, tx, i*doctors, doctors)
		if err != nil {
			return err
		}
		id, err := rawSession(ctx, tx, site, staff[0])
		if err != nil {
			return err
		}
		for d := range doctors {
			w := &rawWorker{run: r, session: id, staff: staff[d], login: uuid.New()}
			if err := w.seed(ctx, tx, len(r.workers), d, site, drug, packs); err != nil {
				return err
			}
			r.workers = append(r.workers, w)
		}
	}
	return nil
}

func rawStaff(ctx context.Context, tx *db.Tx, first, n int) ([]int64, error) {
	var ids []int64
	for i := range n {
		var id int64
		err := tx.Get(ctx, &id, `INSERT INTO staff (username, name, created_at) VALUES ($1, $2, $3) RETURNING id`,
			fmt.Sprintf("raw-%d", first+i), "演示医生", tx.Now)
		if err != nil {
			return nil, fmt.Errorf("staff: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func rawSession(ctx context.Context, tx *db.Tx, site, planner int64) (int64, error) {
	var id int64
	err := tx.Get(ctx, &id, `INSERT INTO clinic_session (site_id, held_on, kind, state, planned_by, planned_at)
VALUES ($1, $2::date, 'home', 'open', $3, $2) RETURNING id`, site, tx.Now, planner)
	if err != nil {
		return 0, fmt.Errorf("session: %w", err)
	}
	return id, tx.ExecOne(ctx, `INSERT INTO session_version (session_id, version, changed_at) VALUES ($1::bigint, 1, $2::timestamptz)`, id, tx.Now)
}

// seed makes the rows of worker n, doctor number d of its session.
func (w *rawWorker) seed(ctx context.Context, tx *db.Tx, n, d int, site, drug int64, packs int) error {
	// A patient a visit: what somebody had last is looked for among few lines.
	var numbers []string
	for i := range packs/packsPerVisit + 1 {
		w.visits = append(w.visits, uuid.New())
		numbers = append(numbers, fmt.Sprintf("P%d.%d", n, i))
	}
	err := tx.Select(ctx, &w.patients, `INSERT INTO patient (number, name, home_site_id, created_at, changed_at)
SELECT x.number, '演示患者', $2::bigint, $3::timestamptz, $3::timestamptz FROM unnest($1::text[]) AS x(number) RETURNING id`, pq.Array(numbers), site, tx.Now)
	if err != nil {
		return fmt.Errorf("patients: %w", err)
	}
	err = tx.ExecOne(ctx, `INSERT INTO audit_chain (id, kind, length, digest, opened_at, changed_at) VALUES ($1, 'login', 0, $2, $3, $3)`,
		w.login, digest(), tx.Now)
	if err != nil {
		return fmt.Errorf("audit chain: %w", err)
	}
	// Finished, as a doctor has only one open; the statements do not ask.
	_, err = tx.Exec(ctx, `INSERT INTO visit (id, session_id, patient_id, number, state, doctor_id, came_at, came_by)
SELECT x.id, $2::bigint, x.patient_id, CAST($4::integer + row_number() OVER () AS integer), 'finished', $5::bigint, $6::timestamptz, $5::bigint
FROM (SELECT unnest($1::uuid[]) AS id, unnest($3::bigint[]) AS patient_id) x`, pq.Array(w.visits), w.session, pq.Array(w.patients), d*len(w.visits), w.staff, tx.Now)
	if err != nil {
		return fmt.Errorf("visits: %w", err)
	}
	for i := range packs {
		w.codes = append(w.codes, fmt.Sprintf("8%06d%013d", n, i))
	}
	_, err = tx.Exec(ctx, `INSERT INTO pack (code, drug_id, state, units_total, units_left, batch, session_id, created_at, changed_at)
SELECT x.code, $2::bigint, 'allocated', 20, 20, 'B1', $3::bigint, $4::timestamptz, $4::timestamptz
FROM unnest($1::text[]) AS x(code)`, pq.Array(w.codes), drug, w.session, tx.Now)
	if err != nil {
		return fmt.Errorf("packs: %w", err)
	}
	return nil
}
