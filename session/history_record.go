package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// grownVisit is a visit of a made history with what its record says.
type grownVisit struct {
	Visit uuid.UUID `db:"visit_id"`
	recordHead
	lines []recordLine
}

// grownRecords are records as columns, in the order of their chains.
type grownRecords struct {
	sessions, seqs, patients, doctors []int64
	visits                            []string
	at                                []time.Time
	canonical, prev, digest           pq.ByteaArray
	heads                             []grownHead // of the chains they make
}

// grownHead is the end of a chain.
type grownHead struct {
	session, length int64
	digest          seal.Digest
}

// GrowRecords freezes the visits of the clinics from one number up to another, whose
// lines must be there, as 诊毕 does: the same bytes, the same chains.
func GrowRecords(ctx context.Context, tx *db.Tx, h inventory.History, from, to int64) error {
	visits, err := readGrown(ctx, tx, h.FirstSession+from, h.FirstSession+to)
	if err != nil {
		return err
	}
	var g grownRecords
	head := grownHead{}
	for _, v := range visits {
		if v.SessionID != head.session {
			g.end(head)
			head = grownHead{session: v.SessionID}
		}
		canonical, err := composeRecord(v.Visit, v.recordHead, v.lines, nil)
		if err != nil {
			return fmt.Errorf("compose a record of a history: %w", err)
		}
		head = g.add(head, v, canonical)
	}
	g.end(head)
	if err := g.writeChains(ctx, tx, h.FirstSession+from, h.FirstSession+to); err != nil {
		return err
	}
	return g.write(ctx, tx)
}

// readGrown reads the visits of the sessions from one id up to another by session
// and number.
func readGrown(ctx context.Context, tx *db.Tx, from, to int64) (list []*grownVisit, err error) {
	err = tx.Select(ctx, &list, `SELECT v.id AS visit_id, v.session_id, c.held_on, s.code AS site_code, s.name AS site, c.kind, c.place, v.number,
  v.doctor_id, d.name AS doctor, v.patient_id, p.number AS patient_no, p.name AS patient, v.started_at, v.finished_at,
  b.name AS finished_by, v.collector, v.collector_name, v.prescription_no, v.no_drug_reason
FROM clinic_session c JOIN visit v ON v.session_id = c.id JOIN site s ON s.id = c.site_id
JOIN staff d ON d.id = v.doctor_id JOIN staff b ON b.id = v.finished_by JOIN patient p ON p.id = v.patient_id
WHERE c.id >= $1::bigint AND c.id < $2::bigint ORDER BY v.session_id, v.number`, from, to)
	if err != nil {
		return nil, fmt.Errorf("read the visits of a history: %w", err)
	}
	of := make(map[uuid.UUID]*grownVisit, len(list))
	for _, v := range list {
		of[v.Visit] = v
	}
	var lines []struct {
		Visit uuid.UUID `db:"visit_id"`
		recordLine
	}
	err = tx.Select(ctx, &lines, `SELECT l.visit_id, k.code, g.generic_name, g.trade_name, g.spec, g.maker, g.unit_name, g.pack_name, k.units_total,
  l.quantity, l.dose, l.days, k.batch, k.expires_on, l.how, l.at
FROM visit v JOIN visit_line l ON l.visit_id = v.id JOIN pack k ON k.id = l.pack_id JOIN drug g ON g.id = k.drug_id
WHERE v.session_id >= $1::bigint AND v.session_id < $2::bigint ORDER BY l.id`, from, to)
	if err != nil {
		return nil, fmt.Errorf("read the lines of a history: %w", err)
	}
	for _, l := range lines {
		of[l.Visit].lines = append(of[l.Visit].lines, l.recordLine)
	}
	return list, nil
}

// add puts a record behind a head and gives the head it makes.
func (g *grownRecords) add(head grownHead, v *grownVisit, canonical []byte) grownHead {
	digest := seal.Link(chainDomain(head.session, mainChain), head.digest, canonical)
	g.sessions, g.seqs, g.visits = append(g.sessions, head.session), append(g.seqs, head.length+1), append(g.visits, v.Visit.String())
	g.patients, g.doctors, g.at = append(g.patients, v.PatientID), append(g.doctors, v.DoctorID), append(g.at, v.FinishedAt)
	g.canonical, g.prev, g.digest = append(g.canonical, canonical), append(g.prev, head.digest[:]), append(g.digest, digest[:])
	return grownHead{head.session, head.length + 1, digest}
}

func (g *grownRecords) end(head grownHead) {
	if head.session != 0 {
		g.heads = append(g.heads, head)
	}
}

// writeChains writes the heads: the supplements are empty, and so is the chain of a
// session without visits.
func (g *grownRecords) writeChains(ctx context.Context, tx *db.Tx, from, to int64) error {
	var ids, lengths []int64
	var digests pq.ByteaArray
	for _, h := range g.heads {
		ids, lengths, digests = append(ids, h.session), append(lengths, h.length), append(digests, h.digest[:])
	}
	var zero seal.Digest
	_, err := tx.Exec(ctx, `INSERT INTO record_chain (session_id, chain, length, digest, changed_at)
SELECT c.id, n.chain, COALESCE(x.length, 0), COALESCE(x.digest, $6::bytea), c.closed_at
FROM clinic_session c JOIN (SELECT 'main' AS chain UNION ALL SELECT 'supplement' AS chain) n ON 1 = 1
LEFT JOIN (SELECT unnest($3::bigint[]) AS session_id, unnest($4::bigint[]) AS length, unnest($5::bytea[]) AS digest) x ON x.session_id = c.id AND n.chain = 'main'
WHERE c.id >= $1::bigint AND c.id < $2::bigint`, from, to, pq.Array(ids), pq.Array(lengths), digests, zero[:])
	if err != nil {
		return fmt.Errorf("make the chains of a history: %w", err)
	}
	return nil
}

func (g *grownRecords) write(ctx context.Context, tx *db.Tx) error {
	at := make([]string, len(g.at))
	for i, t := range g.at {
		at[i] = t.UTC().Format(time.RFC3339Nano)
	}
	_, err := tx.Exec(ctx, `INSERT INTO record (session_id, chain, seq, recipe, visit_id, patient_id, doctor_id, at, canonical, prev, digest)
SELECT n.session_id, 'main', n.seq, $10::integer, CAST(n.visit_id AS uuid), n.patient_id, n.doctor_id, CAST(n.at AS timestamptz), n.canonical, n.prev, n.digest
FROM (SELECT unnest($1::bigint[]) AS session_id, unnest($2::bigint[]) AS seq, unnest($3::text[]) AS visit_id, unnest($4::bigint[]) AS patient_id, unnest($5::bigint[]) AS doctor_id,
  unnest($6::text[]) AS at, unnest($7::bytea[]) AS canonical, unnest($8::bytea[]) AS prev, unnest($9::bytea[]) AS digest) n`,
		pq.Array(g.sessions), pq.Array(g.seqs), pq.Array(g.visits), pq.Array(g.patients), pq.Array(g.doctors), pq.Array(at), g.canonical, g.prev, g.digest, recordRecipe)
	if err != nil {
		return fmt.Errorf("keep the records of a history: %w", err)
	}
	return nil
}
