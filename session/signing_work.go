package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

const (
	// lease is for how long a task belongs to who asks about it; longer than any
	// exchange may last, so that no request is still under way when another begins.
	lease = time.Minute
	// longestWait bounds the pause before a task is tried again.
	longestWait = 10 * time.Minute
)

// SignDue signs what waits, and asks what became of requests whose answer was lost. It
// is background work: no transaction is open while the authority is asked. It ends
// early when the authority does not answer; n is how many were signed.
func (s *Service) SignDue(ctx context.Context, signer DocumentSigner) (n int, err error) {
	if err := s.noteMissed(ctx); err != nil {
		return 0, err
	}
	list, err := s.dueTasks(ctx)
	if err != nil {
		return 0, err
	}
	for _, t := range list {
		mine, err := s.claimTask(ctx, t)
		if err != nil {
			return n, err
		}
		if !mine {
			continue // another server has it
		}
		outcome := s.signTask(ctx, signer, t)
		if err := s.settle(ctx, t, outcome); err != nil {
			return n, err
		}
		if outcome.err == nil {
			n++
		}
		if errors.Is(outcome.err, identity.ErrCertDown) || ctx.Err() != nil {
			return n, s.noteOutage(ctx)
		}
	}
	return n, nil
}

// claimTask takes a task for the length of the lease: from here on it counts as asked,
// so that a program that dies meanwhile asks what became of it, and does not sign
// again.
func (s *Service) claimTask(ctx context.Context, t task) (bool, error) {
	var n int64
	err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = tx.Exec(ctx, `UPDATE signature_task SET state = 'asked', attempts = attempts + 1, next_at = $4 WHERE id = $1 AND state = $2 AND next_at = $3`,
			t.ID, t.State, t.NextAt, tx.Now.Add(lease))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("take a signature up: %w", err)
	}
	return n == 1, nil
}

// signed is what came of asking.
type signed struct {
	by    identity.Signature
	found bool // it was only asked after
	err   error
}

func (s *Service) signTask(ctx context.Context, signer DocumentSigner, t task) signed {
	if t.State == taskAsked {
		by, err := signer.FindSignature(ctx, t.StaffID, t.Number.String(), t.digest())
		return signed{by, true, err}
	}
	by, err := signer.SignDigest(ctx, t.StaffID, t.Number.String(), t.digest())
	return signed{by, false, err}
}

// settle writes down what came of a task.
func (s *Service) settle(ctx context.Context, t task, o signed) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if o.err == nil {
			return keepSignature(ctx, tx, t, o.by)
		}
		state, pause := nextState(t, o)
		_, err := tx.Exec(ctx, `UPDATE signature_task SET state = $2, next_at = $3, why = $4, missed_at = COALESCE(missed_at, $5::timestamptz) WHERE id = $1 AND state = 'asked'`,
			t.ID, state, tx.Now.Add(pause), db.Sentence(o.err), tx.Now)
		if err != nil {
			return fmt.Errorf("note what came of a signature: %w", err)
		}
		return nil
	})
}

// nextState says how a task that was not signed goes on. Only what surely was not done
// is asked for again; the number stays, so that even then nothing is signed twice.
func nextState(t task, o signed) (state string, pause time.Duration) {
	pause = min(longestWait, 15*time.Second<<min(t.Attempts, 6))
	switch {
	case errors.Is(o.err, identity.ErrCertNone):
		return taskWaiting, 0 // it never came there
	case errors.Is(o.err, identity.ErrCertToken):
		return taskWaiting, 0 // as soon as the person has scanned again
	case errors.Is(o.err, identity.ErrCertDown):
		if o.found {
			return taskAsked, 15 * time.Second
		}
		return taskWaiting, 15 * time.Second
	case errors.Is(o.err, identity.ErrCertUnknown), errors.Is(o.err, identity.ErrCertUnfinished):
		return taskAsked, max(lease, pause)
	case errors.Is(o.err, identity.ErrCertRefused), errors.Is(o.err, identity.ErrCertWrong):
		if o.found {
			return taskAsked, max(lease, pause)
		}
		return taskWaiting, pause
	}
	return taskAsked, max(lease, pause) // our own fault: find out what became of it
}

// noteOutage marks everything that waits as not signed in time.
func (s *Service) noteOutage(ctx context.Context) error {
	err := s.db.InTx(context.WithoutCancel(ctx), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE signature_task SET missed_at = $1, why = $2 WHERE state = 'waiting' AND missed_at IS NULL`, tx.Now, "CA 没有应答，恢复后自动补签。")
		return err
	})
	if err != nil {
		return fmt.Errorf("note an outage of the CA: %w", err)
	}
	return nil
}

// keepSignature stores a checked signature with its evidence, once.
func keepSignature(ctx context.Context, tx *db.Tx, t task, by identity.Signature) error {
	n, err := tx.Exec(ctx, `UPDATE signature_task SET state = 'signed', signed_at = $2, why = '' WHERE id = $1 AND state = 'asked'`, t.ID, tx.Now)
	if err != nil || n == 0 {
		return err
	}
	err = tx.ExecOne(ctx, `INSERT INTO signature_evidence (task_id, vendor, person_code, algorithm, digest, value, certificate, cert_sn, time_token, answer_digest, late, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		t.ID, by.Vendor, by.PersonCode, by.Algorithm, t.digest(), by.Value, by.Certificate, by.CertSN, by.TimeToken, by.Answer, t.MissedAt != nil, tx.Now)
	if err != nil {
		return fmt.Errorf("keep a signature: %w", err)
	}
	detail := "证书 " + by.CertSN
	if t.MissedAt != nil {
		detail += "，补签"
	}
	return identity.Audit(ctx, tx, identity.System("ca-sign"), identity.Event{Name: "record.ca_sign", ObjectKind: t.Kind, ObjectID: t.place(),
		SiteID: t.SiteID, SessionID: t.SessionID, Detail: detail})
}
