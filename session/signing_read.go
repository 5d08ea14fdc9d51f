package session

import (
	"context"
	"fmt"
	"time"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// SignatureCounts is how far the signatures of a session are. All zero means that
// nothing of it is signed through a CA.
type SignatureCounts struct {
	Signed  int `db:"signed"`
	Late    int `db:"late"` // of those, signed after an outage (补签)
	Waiting int `db:"waiting"`
}

// CountSignatures counts the signatures of a session.
func CountSignatures(ctx context.Context, r db.Reader, sessionID int64) (SignatureCounts, error) {
	var c SignatureCounts
	err := r.Get(ctx, &c, `SELECT COALESCE(sum(CASE WHEN t.state = 'signed' THEN 1 ELSE 0 END), 0) AS signed,
  COALESCE(sum(CASE WHEN e.late THEN 1 ELSE 0 END), 0) AS late,
  COALESCE(sum(CASE WHEN t.state <> 'signed' THEN 1 ELSE 0 END), 0) AS waiting
FROM signature_task t LEFT JOIN signature_evidence e ON e.task_id = t.id WHERE t.session_id = $1::bigint`, sessionID)
	if err != nil {
		return c, fmt.Errorf("count signatures: %w", err)
	}
	return c, nil
}

// Sentence is the counts in words: 已签 30（补签 2）· 待签 1; "" for none.
func (c SignatureCounts) Sentence() string {
	if c.Signed+c.Waiting == 0 {
		return ""
	}
	text := fmt.Sprintf("已签 %d", c.Signed)
	if c.Late > 0 {
		text += fmt.Sprintf("（其中补签 %d）", c.Late)
	}
	if c.Waiting > 0 {
		text += fmt.Sprintf(" · 待签 %d", c.Waiting)
	}
	return text
}

// SignatureLine is one signature of a session, made or awaited.
type SignatureLine struct {
	Kind      string     `db:"kind"` // record or head
	Chain     string     `db:"chain"`
	Seq       int64      `db:"seq"`
	Number    *int64     `db:"visit_number"` // the patient's number, of a record
	Who       string     `db:"who"`
	State     string     `db:"state"` // waiting, asked or signed
	Why       string     `db:"why"`
	Attempts  int        `db:"attempts"`
	CreatedAt time.Time  `db:"created_at"`
	SignedAt  *time.Time `db:"signed_at"`
	Late      bool       `db:"late"`
	Vendor    string     `db:"vendor"`
	CertSN    string     `db:"cert_sn"`
	Algorithm string     `db:"algorithm"`
	Stamped   bool       `db:"stamped"`
	Doctor    bool       `db:"wants_doctor"` // the doctor must countersign first
}

// Signatures lists the signatures of a session for who may see it, what waits first.
func (s *Service) Signatures(ctx context.Context, by identity.Actor, sessionID int64) (Session, []SignatureLine, error) {
	x, err := s.may(ctx, by, identity.ViewSession, sessionID)
	if err != nil {
		return x, nil, err
	}
	var list []SignatureLine
	err = s.db.Select(ctx, &list, `SELECT t.kind, t.chain, t.seq, v.number AS visit_number, f.name AS who, t.state, t.why, t.attempts, t.created_at, t.signed_at,
  COALESCE(e.late, false) AS late, COALESCE(e.vendor, '') AS vendor, COALESCE(e.cert_sn, '') AS cert_sn, COALESCE(e.algorithm, '') AS algorithm, (e.time_token IS NOT NULL) AS stamped,
  (r.id IS NOT NULL AND r.chain = 'main' AND (r.recipe = 1 AND v.ended_for <> '' AND v.countersigned_at IS NULL
    OR r.recipe = 2 AND NOT EXISTS (SELECT 1 FROM record_countersign n WHERE n.record_id = r.id AND n.staff_id = r.doctor_id))) AS wants_doctor
FROM signature_task t JOIN staff f ON f.id = t.staff_id
LEFT JOIN record r ON t.kind = 'record' AND r.session_id = t.session_id AND r.chain = t.chain AND r.seq = t.seq
LEFT JOIN visit v ON v.id = r.visit_id
LEFT JOIN signature_evidence e ON e.task_id = t.id
WHERE t.session_id = $1::bigint ORDER BY CASE WHEN t.state = 'signed' THEN 1 ELSE 0 END, t.id DESC LIMIT 1000`, sessionID)
	if err != nil {
		return x, nil, fmt.Errorf("list signatures: %w", err)
	}
	return x, list, nil
}
