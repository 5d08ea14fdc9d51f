package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// DocumentSigner signs digests for members of staff through a certificate authority;
// identity.Service is one. Its errors fit identity.ErrCert….
type DocumentSigner interface {
	// SignDigest signs; the number names the request for ever.
	SignDigest(ctx context.Context, staffID int64, number string, digest []byte) (identity.Signature, error)
	// FindSignature asks what became of a request.
	FindSignature(ctx context.Context, staffID int64, number string, digest []byte) (identity.Signature, error)
}

// What a signature is about.
const (
	signRecord = "record"
	signHead   = "head"
)

// The states of a signature.
const (
	taskWaiting = "waiting" // nothing has been asked, or surely nothing was done
	taskAsked   = "asked"   // asked, and what became of it must be asked before anything else
	taskSigned  = "signed"
)

// signingDigest is what is signed (RECORD.md): the digest of a record, or the bytes of
// a signed head, in a domain that names the place.
func signingDigest(kind, chain string, sessionID, seq int64, content []byte) seal.Digest {
	return seal.Link(fmt.Sprintf("%s.sign.v1/%d/%s/%d", kind, sessionID, chain, seq), seal.Digest{}, content)
}

// SetSigning turns the signing of records through a CA on or, with an empty vendor,
// off. What waited while it was on goes on waiting.
func (s *Service) SetSigning(ctx context.Context, vendor string) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE signing_switch SET vendor = $1, active = $2, changed_at = $3 WHERE id = 1 AND (vendor <> $1 OR active <> $2)`, vendor, vendor != "", tx.Now)
		if err != nil || n > 0 || vendor == "" {
			return err
		}
		err = tx.Try(ctx, func() error {
			return tx.ExecOne(ctx, `INSERT INTO signing_switch (id, vendor, active, changed_at) VALUES (1, $1, true, $2)`, vendor, tx.Now)
		})
		if db.IsUnique(err, "signing_switch_pk") {
			return nil // it was so already, or another server was first
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("turn signing on or off: %w", err)
	}
	return nil
}

// task is a row of signature_task with what is to be signed.
type task struct {
	ID        int64      `db:"id"`
	Kind      string     `db:"kind"`
	SessionID int64      `db:"session_id"`
	SiteID    int64      `db:"site_id"`
	Chain     string     `db:"chain"`
	Seq       int64      `db:"seq"`
	StaffID   int64      `db:"staff_id"`
	Number    uuid.UUID  `db:"number"`
	State     string     `db:"state"`
	Attempts  int        `db:"attempts"`
	NextAt    time.Time  `db:"next_at"`
	MissedAt  *time.Time `db:"missed_at"`
	Content   []byte     `db:"content"`
}

func (t task) digest() []byte {
	d := signingDigest(t.Kind, t.Chain, t.SessionID, t.Seq, t.Content)
	return d[:]
}

// place names a task in the audit: record 17/main/3.
func (t task) place() string { return fmt.Sprintf("%d/%s/%d", t.SessionID, t.Chain, t.Seq) }

// tasksPerRound bounds a round; the rest waits for the next.
const tasksPerRound = 40

// dueTasks reads what may be asked now, the longest waiting first. Who has not given
// leave is not asked for; a record that somebody else wrote or finished in a doctor's
// name waits until the doctor has countersigned it.
func (s *Service) dueTasks(ctx context.Context) ([]task, error) {
	var list []task
	err := s.db.Select(ctx, &list, `SELECT t.id, t.kind, t.session_id, c.site_id, t.chain, t.seq, t.staff_id, t.number, t.state, t.attempts, t.next_at, t.missed_at,
  COALESCE(r.digest, h.canonical) AS content
FROM signature_task t JOIN clinic_session c ON c.id = t.session_id
LEFT JOIN record r ON t.kind = 'record' AND r.session_id = t.session_id AND r.chain = t.chain AND r.seq = t.seq
LEFT JOIN visit v ON v.id = r.visit_id
LEFT JOIN session_head h ON t.kind = 'head' AND h.session_id = t.session_id AND h.chain = t.chain AND h.length = t.seq
WHERE t.state <> 'signed' AND t.next_at <= $1::timestamptz
  AND (t.state = 'asked' OR EXISTS (SELECT 1 FROM ca_token k WHERE k.staff_id = t.staff_id))
  AND NOT (r.id IS NOT NULL AND r.chain = 'main' AND r.recipe = 1 AND v.ended_for <> '' AND v.countersigned_at IS NULL)
  AND NOT (r.id IS NOT NULL AND r.chain = 'main' AND r.recipe = 2
    AND NOT EXISTS (SELECT 1 FROM record_countersign n WHERE n.record_id = r.id AND n.staff_id = r.doctor_id))
ORDER BY t.next_at, t.id LIMIT $2::integer`, s.db.Now(), tasksPerRound)
	if err != nil {
		return nil, fmt.Errorf("read what is to be signed: %w", err)
	}
	return list, nil
}

// grace is how long a signature may take before it counts as one that was made later
// (补签): a doctor who scans in at the first patient has not missed anything.
const grace = 2 * time.Minute

// noteMissed marks what could not be signed in time because nobody has given leave.
func (s *Service) noteMissed(ctx context.Context) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE signature_task SET missed_at = $1, why = $3
WHERE state = 'waiting' AND missed_at IS NULL AND created_at < $2 AND NOT EXISTS (SELECT 1 FROM ca_token k WHERE k.staff_id = signature_task.staff_id)`,
			tx.Now, tx.Now.Add(-grace), "本人还没有扫码登录，下次扫码登录后自动补签。")
		return err
	})
	if err != nil {
		return fmt.Errorf("note what was not signed in time: %w", err)
	}
	return nil
}
