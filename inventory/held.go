package inventory

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Taught is what came of teaching a prefix.
type Taught struct {
	Meaning Prefix `json:"meaning"`
	// Held is what happened to boxes of the prefix on open receipts: those that
	// were held for want of a meaning, and those that had come in under another one.
	Held []HeldAnswer `json:"held,omitempty"`
	// Elsewhere boxes came in under the meaning before and stay as they are: they
	// have gone on, or hold another number of units.
	Elsewhere int `json:"elsewhere,omitempty"`
}

// HeldAnswer is what happened to the boxes of one receipt.
type HeldAnswer struct {
	ReceiptID int64  `json:"receipt_id"`
	Number    string `json:"number"`
	// Received boxes are in the store now, Refused ones stay with the receipt as
	// differences, Why is the sentence of the last of them.
	Received int    `json:"received"`
	Refused  int    `json:"refused"`
	Why      string `json:"why,omitempty"`
}

// heldBox is a box of a receipt that a new meaning concerns.
type heldBox struct {
	ReceiptID int64  `db:"receipt_id"`
	Raw       string `db:"raw"`
	Code      string `db:"code"`
	// Wrong says that the box came in under another meaning.
	Wrong bool `db:"wrong"`
}

// parsed reads the box's code again: with batch and expiry where the text that
// was kept still carries them.
func (x heldBox) parsed() Parsed {
	if c, err := ParseTraceCode(x.Raw); err == nil && c.Code() == x.Code {
		return Parsed{Raw: x.Raw, Code: c}
	}
	c, err := ParseTraceCode(x.Code)
	if err != nil {
		return Parsed{Raw: x.Raw, Err: &CodeError{Kind: KindNotATraceCode, Raw: x.Raw}}
	}
	return Parsed{Raw: x.Code, Code: c}
}

// letHeldIn looks again at the boxes of all open receipts that a prefix's new
// meaning concerns. It takes the receipts in the order of their ids, as everybody
// who takes several.
func letHeldIn(ctx context.Context, tx *db.Tx, by identity.Actor, command uuid.UUID, now, was Prefix) (list []HeldAnswer, err error) {
	boxes, err := heldBoxes(ctx, tx, now, was)
	if err != nil {
		return nil, err
	}
	for len(boxes) > 0 {
		n := 1
		for n < len(boxes) && boxes[n].ReceiptID == boxes[0].ReceiptID {
			n++
		}
		a, err := letBoxesIn(ctx, tx, by, command, now, boxes[:n])
		if err != nil {
			return nil, err
		}
		list = append(list, a)
		boxes = boxes[n:]
	}
	return list, nil
}

// heldBoxes reads the boxes by receipt: held ones of the prefix, and for a
// corrected meaning those in the store that came in under the wrong one.
func heldBoxes(ctx context.Context, tx *db.Tx, now, was Prefix) ([]heldBox, error) {
	var rows []heldBox
	err := tx.Select(ctx, &rows, `SELECT f.receipt_id, f.raw, f.code, false AS wrong FROM receipt_refusal f JOIN receipt r ON r.id = f.receipt_id
WHERE f.resolved_at IS NULL AND f.answer_kind IN ('unknown_prefix', 'carton_code') AND r.state IN ('waiting', 'scanning')
UNION ALL SELECT l.receipt_id, k.code, k.code, true FROM pack k JOIN receipt_line l ON l.id = k.receipt_line_id JOIN receipt r ON r.id = l.receipt_id
WHERE k.drug_id = $1::bigint AND $1::bigint <> $2::bigint AND k.state = 'in_store' AND k.units_total = $3::bigint AND r.state IN ('waiting', 'scanning')
ORDER BY 1, 3`, was.DrugID, now.DrugID, now.Units)
	if err != nil {
		return nil, fmt.Errorf("read held boxes: %w", err)
	}
	return slices.DeleteFunc(rows, func(x heldBox) bool {
		p := x.parsed()
		return p.Err != nil || p.Code.Prefix() != now.Prefix
	}), nil
}

// letBoxesIn decides about the boxes of one receipt as if they were scanned now.
func letBoxesIn(ctx context.Context, tx *db.Tx, by identity.Actor, command uuid.UUID, now Prefix, boxes []heldBox) (HeldAnswer, error) {
	receipt, err := lockReceipt(ctx, tx, boxes[0].ReceiptID)
	if err != nil {
		return HeldAnswer{}, err
	}
	said := HeldAnswer{ReceiptID: receipt.ID, Number: receipt.Number}
	if now.Level > 1 {
		said.Refused, said.Why = len(boxes), KindCartonCode.Sentence(Details{})
		return said, retellHeld(ctx, tx, receipt.ID, boxes, nil)
	}
	if err := takeOut(ctx, tx, by, command, now, boxes); err != nil {
		return HeldAnswer{}, err
	}
	b := &receivingBench{tx: tx, by: by, command: command, receipt: receipt, here: map[string]string{}}
	var read []Parsed
	for _, x := range boxes {
		read = append(read, x.parsed())
	}
	if err := b.load(ctx, read); err != nil {
		return HeldAnswer{}, err
	}
	for _, p := range read {
		b.answers = append(b.answers, b.decideSmall(p.Code))
	}
	if err := b.write(ctx); err != nil {
		return HeldAnswer{}, err
	}
	said.Received = len(b.here)
	said.Refused = len(b.answers) - said.Received
	for _, a := range b.answers {
		if b.here[a.Code] == "" {
			said.Why = a.Sentence
		}
	}
	return said, retellHeld(ctx, tx, receipt.ID, boxes, b.answers)
}

// takeOut takes boxes that came in under a wrong meaning out of the receipt again
// and gives them their right drug; they are then scanned in like the others.
func takeOut(ctx context.Context, tx *db.Tx, by identity.Actor, command uuid.UUID, now Prefix, boxes []heldBox) error {
	var codes []string
	for _, x := range boxes {
		if x.Wrong {
			codes = append(codes, x.Code)
		}
	}
	if len(codes) == 0 {
		return nil
	}
	held, err := LockPacks(ctx, tx, codes)
	if err != nil {
		return err
	}
	packs := slices.DeleteFunc(byCode(held), func(p *Pack) bool { return p.State != StateInStore })
	e := Entry{Move: Move{Kind: MoveUnreceive, At: tx.Now}, How: HowSystem, Device: by.Device, Command: command, Reason: "前缀 " + now.Prefix + " 改对照"}
	if _, err := WriteAll(ctx, tx, by, packs, e); err != nil {
		return fmt.Errorf("take boxes of a wrong prefix out: %w", err)
	}
	for _, p := range packs {
		p.DrugID, p.ReceiptLineID = now.DrugID, nil
	}
	return claimPacks(ctx, tx, packs)
}

// retellHeld writes at the boxes that are still not in why they are not now;
// without answers it is because theirs is a carton's code.
func retellHeld(ctx context.Context, tx *db.Tx, receiptID int64, boxes []heldBox, answers []CodeAnswer) error {
	var codes, kinds []string
	for _, x := range boxes {
		if answers == nil {
			codes, kinds = append(codes, x.Code), append(kinds, string(KindCartonCode))
		}
	}
	for _, a := range answers {
		codes, kinds = append(codes, a.Code), append(kinds, string(a.Kind))
	}
	_, err := tx.Exec(ctx, `UPDATE receipt_refusal SET answer_kind = n.kind
FROM (SELECT unnest($2::text[]) AS code, unnest($3::text[]) AS kind) n
WHERE receipt_refusal.receipt_id = $1 AND receipt_refusal.code = n.code AND receipt_refusal.resolved_at IS NULL`, receiptID, pq.Array(codes), pq.Array(kinds))
	return wrap(err, "tell held boxes anew")
}

// countElsewhere is how many boxes with the prefix stay under the meaning it had
// before.
func countElsewhere(ctx context.Context, tx *db.Tx, prefix string, was Prefix) (n int, err error) {
	pattern := prefix + "%"
	if len(prefix) != prefixLength {
		pattern = "(01)" + prefix + "(21)%"
	}
	err = tx.Get(ctx, &n, `SELECT count(*) FROM pack WHERE drug_id = $1 AND code LIKE $2::text AND state NOT IN ('expected', 'withdrawn')`, was.DrugID, pattern)
	return n, wrap(err, "count boxes of the old meaning")
}
