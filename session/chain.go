package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// The two chains of a session: main until closing, supplement afterwards.
const (
	mainChain       = "main"
	supplementChain = "supplement"
)

// chainDomain keeps a record of one chain from being passed off as another's.
func chainDomain(sessionID int64, chain string) string {
	return fmt.Sprintf("record.v1/%d/%s", sessionID, chain)
}

// createChains makes the heads of a session's chains, once. They are rows of
// their own because a head is updated and a record never is.
func createChains(ctx context.Context, tx *db.Tx, sessionID int64) error {
	for _, chain := range []string{mainChain, supplementChain} {
		var zero seal.Digest
		err := tx.ExecOne(ctx, `INSERT INTO record_chain (session_id, chain, length, digest, changed_at) VALUES ($1, $2, 0, $3, $4)`,
			sessionID, chain, zero[:], tx.Now)
		if err != nil {
			return fmt.Errorf("create chain %s: %w", chain, err)
		}
	}
	return nil
}

type newRecord struct {
	recipe          int
	corrects        int64 // the row of the record it corrects, 0 for none
	visit           uuid.UUID
	patient, doctor int64
	// signer signs the record through the CA: whose word it is.
	signer    int64
	canonical []byte
	// at is when the visit ended, where that was before the link came back; zero is
	// now.
	at time.Time
}

// appendRecord writes a record behind the head and moves the head. The head is
// locked: what comes back in the pharmacy adds to the supplement of a closed session
// without holding the session's row.
func appendRecord(ctx context.Context, tx *db.Tx, sessionID int64, chain string, r newRecord) (int64, error) {
	var head struct {
		Length int64  `db:"length"`
		Digest []byte `db:"digest"`
	}
	err := tx.Get(ctx, &head, `SELECT length, digest FROM record_chain WHERE session_id = $1 AND chain = $2 FOR NO KEY UPDATE`, sessionID, chain)
	if err != nil {
		return 0, fmt.Errorf("read chain head: %w", err)
	}
	prev, err := seal.DigestOf(head.Digest)
	if err != nil {
		return 0, fmt.Errorf("read chain head: %w", err)
	}
	digest := seal.Link(chainDomain(sessionID, chain), prev, r.canonical)
	seq := head.Length + 1
	if r.at.IsZero() {
		r.at = tx.Now
	}
	err = tx.ExecOne(ctx, `INSERT INTO record (session_id, chain, seq, recipe, visit_id, patient_id, doctor_id, at, canonical, prev, digest, corrects_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, NULLIF($12::bigint, 0))`, sessionID, chain, seq, r.recipe, r.visit, r.patient, r.doctor, r.at,
		r.canonical, prev[:], digest[:], r.corrects)
	if err != nil {
		return 0, fmt.Errorf("insert record: %w", err)
	}
	// Where records are signed through a CA, the record waits for it from now on.
	err = tx.ExecOne(ctx, `WITH task AS (
  INSERT INTO signature_task (kind, session_id, chain, seq, staff_id, number, state, created_at, next_at)
  SELECT 'record', $1::bigint, $2::text, $3::bigint, $6::bigint, $7::uuid, 'waiting', $5::timestamptz, $5::timestamptz FROM signing_switch w WHERE w.active
)
UPDATE record_chain SET length = $3::bigint, digest = $4, changed_at = $5::timestamptz WHERE session_id = $1::bigint AND chain = $2::text AND length = $3::bigint - 1`,
		sessionID, chain, seq, digest[:], tx.Now, r.signer, uuid.New())
	if err != nil {
		return 0, fmt.Errorf("move chain head: %w", err)
	}
	return seq, nil
}

// ChainReport is the result of verifying records.
type ChainReport struct {
	Chains, Records int
	// Problem names the first thing that is wrong, in Chinese; "" when all is well.
	Problem string
}

type chainRow struct {
	SessionID int64  `db:"session_id"`
	Chain     string `db:"chain"`
	Length    int64  `db:"length"`
	Digest    []byte `db:"digest"`
}

type storedRecord struct {
	Seq       int64     `db:"seq"`
	Recipe    int       `db:"recipe"`
	Visit     uuid.UUID `db:"visit_id"`
	PatientNo string    `db:"patient_no"`
	DoctorID  int64     `db:"doctor_id"`
	At        time.Time `db:"at"`
	Canonical []byte    `db:"canonical"`
	Prev      []byte    `db:"prev"`
	Digest    []byte    `db:"digest"`
	// OldChain and OldSeq name the record that the column corrects_id points at.
	OldChain string `db:"old_chain"`
	OldSeq   int64  `db:"old_seq"`
}

// VerifyRecords checks every chain of visit records: bytes against digests,
// digests against each other and the head, and the columns against the bytes.
// sessionID 0 means all sessions. It stops at the first wrong thing. It reads one
// snapshot: with doctors at work a head read before its records would not fit.
func VerifyRecords(ctx context.Context, d *db.DB, sessionID int64) (ChainReport, error) {
	var report ChainReport
	err := d.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		var heads []chainRow
		err := tx.Select(ctx, &heads, `SELECT session_id, chain, length, digest FROM record_chain
WHERE $1::bigint = 0 OR session_id = $1::bigint ORDER BY session_id, chain`, sessionID)
		if err != nil {
			return fmt.Errorf("read chain heads: %w", err)
		}
		report, err = verifyChains(ctx, tx, heads)
		return err
	})
	return report, err
}

func verifyChains(ctx context.Context, r db.Reader, heads []chainRow) (ChainReport, error) {
	var report ChainReport
	for _, h := range heads {
		n, err := verifyChain(ctx, r, h)
		report.Chains++
		report.Records += n
		var wrong *db.Error
		if errors.As(err, &wrong) {
			report.Problem = wrong.Message
			return report, nil
		}
		if err != nil {
			return report, err
		}
	}
	return report, nil
}

func verifyChain(ctx context.Context, d db.Reader, h chainRow) (int, error) {
	where := fmt.Sprintf("场次 %d 的%s链", h.SessionID, map[string]string{mainChain: "就诊记录", supplementChain: "补充记录"}[h.Chain])
	v := seal.NewChainVerifier(chainDomain(h.SessionID, h.Chain), seal.Digest{})
	for from := int64(0); ; {
		rows, err := readRecords(ctx, d, h, from)
		if err != nil {
			return v.Count(), err
		}
		if len(rows) == 0 {
			break
		}
		for _, r := range rows {
			from++
			if err := verifyRecord(v, r, from); err != nil {
				return v.Count(), db.RefuseBecause(err, db.Conflict, "%s第 %d 条不对：%s", where, from, reason(err))
			}
		}
	}
	if int64(v.Count()) != h.Length || !v.Head().Equal(h.Digest) {
		return v.Count(), db.Refuse(db.Conflict, "%s的末尾对不上：链头记着 %d 条，实有 %d 条。", where, h.Length, v.Count())
	}
	return v.Count(), nil
}

func readRecords(ctx context.Context, d db.Reader, h chainRow, after int64) ([]storedRecord, error) {
	var rows []storedRecord
	err := d.Select(ctx, &rows, `SELECT r.seq, r.recipe, r.visit_id, p.number AS patient_no, r.doctor_id, r.at, r.canonical, r.prev, r.digest,
  COALESCE(o.chain, '') AS old_chain, COALESCE(o.seq, 0) AS old_seq
FROM record r JOIN patient p ON p.id = r.patient_id LEFT JOIN record o ON o.id = r.corrects_id
WHERE r.session_id = $1 AND r.chain = $2 AND r.seq > $3 ORDER BY r.seq LIMIT 500`, h.SessionID, h.Chain, after)
	if err != nil {
		return nil, fmt.Errorf("read records: %w", err)
	}
	return rows, nil
}

// reason says in Chinese what is wrong with a record.
func reason(err error) string {
	var broken *seal.ChainBreak
	switch {
	case errors.As(err, &broken) && broken.Gap:
		return "与前一条接不上，中间有记录被删除、插入或调换。"
	case errors.As(err, &broken):
		return "内容与摘要不符，记录被改动。"
	case errors.Is(err, errColumns):
		return "表中的列与冻结的内容不一致，列被改动。"
	case errors.Is(err, errSeq):
		return "序号不连续，有记录被删除。"
	}
	return "内容读不出，记录被改动。"
}

var (
	errColumns = errors.New("session: columns differ from the canonical bytes")
	errSeq     = errors.New("session: sequence has a gap")
)

// verifyRecord checks one record against the chain and its columns against the
// bytes that were hashed.
func verifyRecord(v *seal.ChainVerifier, r storedRecord, want int64) error {
	if r.Seq != want {
		return errSeq
	}
	prev, err := seal.DigestOf(r.Prev)
	if err != nil {
		return err
	}
	digest, err := seal.DigestOf(r.Digest)
	if err != nil {
		return err
	}
	if err := v.Next(seal.ChainEntry{Canonical: r.Canonical, Prev: prev, Digest: digest}); err != nil {
		return err
	}
	said, err := seal.DecodeRecord(r.Canonical)
	if err != nil {
		return err
	}
	return compareColumns(said, r)
}

func compareColumns(said seal.Record, r storedRecord) error {
	visit, err1 := seal.Get[string](said, "visit")
	patient, err2 := seal.Get[string](said, "patient_no")
	doctor, err3 := seal.Get[int64](said, "doctor_id")
	recipe, err4 := seal.Get[int64](said, "recipe")
	var chain string
	var seq int64
	var err5, err6 error
	written := "finished_at"
	if recipe == lateRecipe {
		written = "written_at"
		chain, err5 = seal.Get[string](said, "corrects_chain")
		seq, err6 = seal.Get[int64](said, "corrects_seq")
	}
	at, err7 := seal.Get[time.Time](said, written)
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7); err != nil {
		return err
	}
	if visit != r.Visit.String() || patient != r.PatientNo || doctor != r.DoctorID || recipe != int64(r.Recipe) || !at.Equal(r.At) ||
		chain != r.OldChain || seq != r.OldSeq {
		return errColumns
	}
	return nil
}

// ChainHead is one chain's head, for the hourly anchor.
type ChainHead struct {
	SessionID int64     `db:"session_id"`
	Chain     string    `db:"chain"`
	Length    int64     `db:"length"`
	Digest    []byte    `db:"digest"`
	ChangedAt time.Time `db:"changed_at"`
}

// Heads lists the heads that changed after a moment.
func Heads(ctx context.Context, r db.Reader, since time.Time) ([]ChainHead, error) {
	var list []ChainHead
	err := r.Select(ctx, &list, `SELECT session_id, chain, length, digest, changed_at FROM record_chain
WHERE changed_at > $1 AND length > 0 ORDER BY session_id, chain`, since)
	if err != nil {
		return nil, fmt.Errorf("read chain heads: %w", err)
	}
	return list, nil
}
