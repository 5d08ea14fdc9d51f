package inventory

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// UnpaperedBox is a box that was let in before any document told of it, and whose
// drug a receipt still waits for.
type UnpaperedBox struct {
	Code        string     `db:"code"`
	GenericName string     `db:"generic_name"`
	Spec        string     `db:"spec"`
	Batch       string     `db:"batch"`
	State       State      `db:"state"`
	SessionID   *int64     `db:"session_id"`
	LetInAt     time.Time  `db:"let_in_at"`
	ExpiresOn   *time.Time `db:"expires_on"`
}

// DrugName is the drug as people say it.
func (b UnpaperedBox) DrugName() string { return DrugName(b.GenericName, b.Spec) }

// UnpaperedBoxes reads the boxes that were let in without a document and may
// belong to a receipt whose document lists no codes, oldest first. Boxes of the
// opening count are many and are not among them: they are adopted when somebody
// scans them.
func UnpaperedBoxes(ctx context.Context, r db.Reader, receiptID int64, limit int) ([]UnpaperedBox, error) {
	var rows []UnpaperedBox
	err := r.Select(ctx, &rows, `SELECT k.code, d.generic_name, d.spec, k.batch, k.state, k.session_id, k.expires_on, min(m.at) AS let_in_at
FROM pack k JOIN drug d ON d.id = k.drug_id JOIN movement m ON m.pack_id = k.id AND m.kind = 'let_in'
WHERE k.receipt_line_id IS NULL AND k.state NOT IN ('expected', 'withdrawn')
AND k.drug_id IN (SELECT l.drug_id FROM receipt_line l WHERE l.receipt_id = $1
  AND l.packs - l.cancelled > (SELECT count(*) FROM pack q WHERE q.receipt_line_id = l.id AND q.state <> 'withdrawn'))
GROUP BY k.id, k.code, d.generic_name, d.spec, k.batch, k.state, k.session_id, k.expires_on ORDER BY min(m.at), k.id LIMIT $2`, receiptID, limit)
	if err != nil {
		return nil, fmt.Errorf("read boxes without a document: %w", err)
	}
	return rows, nil
}

// Adopting ties boxes that came before their document to a receipt.
type Adopting struct {
	ReceiptID int64
	CommandID uuid.UUID
	Codes     []string // at most [MaxReceive]
}

// Adopt counts boxes that were let in before their document to an open receipt,
// wherever they are now: in the store, with a clinic day or with a patient. Each
// box has its own answer.
func (s *Service) Adopt(ctx context.Context, by identity.Actor, in Adopting) (ReceiveAnswer, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Receive, 0); err != nil {
		return ReceiveAnswer{}, err
	}
	if len(in.Codes) == 0 || len(in.Codes) > MaxReceive {
		return ReceiveAnswer{}, db.Refuse(db.Invalid, "请勾选要归到这张单的药盒。")
	}
	read := ParseScan(strings.Join(in.Codes, "\n"))
	cmd := identity.Command{ID: in.CommandID, Kind: "adopt", Request: in}
	answer, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (ReceiveAnswer, error) {
		return s.adopt(ctx, tx, by, in, read)
	})
	return answer, err
}

func (s *Service) adopt(ctx context.Context, tx *db.Tx, by identity.Actor, in Adopting, read []Parsed) (ReceiveAnswer, error) {
	b, err := newReceivingBench(ctx, tx, by, in.ReceiptID, in.CommandID, read)
	if err != nil {
		return ReceiveAnswer{}, err
	}
	for _, p := range read {
		b.answers = append(b.answers, b.decideAdoption(p))
	}
	e := Entry{Move: Move{Kind: MoveAdopt, At: tx.Now}, How: HowTyped, Device: by.Device, Command: in.CommandID, Reason: b.receipt.Number}
	if err := claimPacks(ctx, tx, b.claimed); err != nil {
		return ReceiveAnswer{}, err
	}
	if _, err := WriteAll(ctx, tx, by, b.adopted, e); err != nil {
		return ReceiveAnswer{}, err
	}
	if err := b.begin(ctx); err != nil {
		return ReceiveAnswer{}, err
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "receipt.adopt", ObjectKind: "receipt", ObjectID: fmt.Sprint(b.receipt.ID), Detail: b.auditDetail()})
	if err != nil {
		return ReceiveAnswer{}, err
	}
	var sessions []int64
	for _, p := range b.adopted {
		if p.State == StateAllocated {
			sessions = append(sessions, valueOf(p.SessionID))
		}
	}
	return b.answer(), s.hub.Touch(ctx, tx, sessions...)
}

// decideAdoption answers one box that is to be adopted.
func (b *receivingBench) decideAdoption(p Parsed) CodeAnswer {
	if p.Err != nil {
		return UnreadAnswer(p.Err)
	}
	say := func(kind AnswerKind, d Details) CodeAnswer {
		return NewCodeAnswer(p.Code.Raw(), p.Code.Code(), d.Drug, kind, kind.Sentence(d))
	}
	pack := b.packs[p.Code.Code()]
	if pack == nil {
		return say(KindUnknown, Details{})
	}
	d := Details{Drug: pack.DrugName(), Done: "归到入库单"}
	if pack.ReceiptLineID != nil || !Allowed(MoveAdopt, pack.State) {
		return say(KindAlreadyHere, d)
	}
	line := b.room(pack.DrugID, pack.Batch)
	if line == nil {
		return say(KindNotOnReceipt, d)
	}
	b.accept(p.Code, line, MoveAdopt)
	b.here[p.Code.Code()] = d.Drug
	return say(KindAdopted, d)
}
