package inventory

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Unreceiving takes back a pack that was scanned in by mistake.
type Unreceiving struct {
	ReceiptID int64
	CommandID uuid.UUID
	Code      string
}

// Unreceive takes a pack out of the receipt again, while it is open and the
// pack still lies in the store. A pack that no document announced belongs to no
// receipt afterwards, and may be scanned into another.
func (s *Service) Unreceive(ctx context.Context, by identity.Actor, in Unreceiving) (ReceiveAnswer, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Receive, 0); err != nil {
		return ReceiveAnswer{}, err
	}
	code, err := ParseTraceCode(in.Code)
	if err != nil {
		return ReceiveAnswer{}, db.RefuseBecause(err, db.Invalid, "%s", err.Error())
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "unreceive", Request: in}
	answer, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (ReceiveAnswer, error) {
		return unreceive(ctx, tx, by, in, code)
	})
	return answer, err
}

func unreceive(ctx context.Context, tx *db.Tx, by identity.Actor, in Unreceiving, code TraceCode) (ReceiveAnswer, error) {
	if _, err := lockReceipt(ctx, tx, in.ReceiptID); err != nil {
		return ReceiveAnswer{}, err
	}
	if err := takeOutOfCarton(ctx, tx, code.Code()); err != nil {
		return ReceiveAnswer{}, err
	}
	held, err := LockPacks(ctx, tx, []string{code.Code()})
	if err != nil {
		return ReceiveAnswer{}, err
	}
	p := held[code.Code()]
	announced, err := ownPack(ctx, tx, in.ReceiptID, p)
	if err != nil {
		return ReceiveAnswer{}, err
	}
	e := Entry{Move: Move{Kind: MoveUnreceive, At: tx.Now}, How: HowScanned, Device: by.Device, Command: in.CommandID}
	_, err = Write(ctx, tx, by, p, e)
	var refused *MoveError
	if errors.As(err, &refused) {
		return ReceiveAnswer{}, db.RefuseBecause(err, db.Conflict, "%s 现在的状态是“%s”，不能撤销入库。", p.DrugName(), p.State.Chinese())
	}
	if err != nil {
		return ReceiveAnswer{}, err
	}
	if !announced {
		p.ReceiptLineID = nil
		if err := claimPacks(ctx, tx, []*Pack{p}); err != nil {
			return ReceiveAnswer{}, err
		}
	}
	return unreceived(ctx, tx, by, in, p)
}

// ownPack tells whether a document announced the pack, and refuses one that did
// not come in with this receipt.
func ownPack(ctx context.Context, tx *db.Tx, receiptID int64, p *Pack) (announced bool, err error) {
	notHere := db.Refuse(db.NotFound, "这盒不是由这张入库单扫入的，没有改动。请核对追溯码。")
	if p == nil || p.ReceiptLineID == nil {
		return false, notHere
	}
	// Whoever announced it may have been an earlier revision of the document; a box
	// that this receipt adopted did not come in by being scanned here.
	err = tx.Get(ctx, &announced, `SELECT EXISTS (SELECT 1 FROM movement m JOIN receipt_line o ON o.id = m.receipt_line_id JOIN receipt q ON q.id = o.receipt_id
  WHERE m.pack_id = $1 AND m.kind = 'announce' AND q.source = r.source AND q.number = r.number)
FROM receipt_line l JOIN receipt r ON r.id = l.receipt_id WHERE l.id = $2 AND l.receipt_id = $3
AND EXISTS (SELECT 1 FROM movement v WHERE v.pack_id = $1 AND v.kind = 'receive')`, p.ID, *p.ReceiptLineID, receiptID)
	if db.IsNoRows(err) {
		return false, notHere
	}
	if err != nil {
		return false, fmt.Errorf("look who announced the pack: %w", err)
	}
	return announced, nil
}

// unreceived answers with the receipt's figures as they are then.
func unreceived(ctx context.Context, tx *db.Tx, by identity.Actor, in Unreceiving, p *Pack) (ReceiveAnswer, error) {
	lines, err := ReceiptLines(ctx, tx, in.ReceiptID)
	if err != nil {
		return ReceiveAnswer{}, err
	}
	said := NewCodeAnswer(in.Code, p.Code, p.DrugName(), KindOK, KindOK.Sentence(Details{Drug: p.DrugName(), Done: "撤销入库"}))
	a := ReceiveAnswer{Answers: []CodeAnswer{said}}
	for _, l := range lines {
		a.Expected += l.Packs
		a.Received += l.Received
	}
	return a, identity.Audit(ctx, tx, by, identity.Event{Name: "receipt.undo", ObjectKind: "pack", ObjectID: p.Code,
		Detail: fmt.Sprintf("receipt=%d received=%d", in.ReceiptID, a.Received)})
}
