package inventory

import (
	"context"
	"fmt"
	"time"

	"jingfang/sql/db"
)

// Differences is where a receipt and the boxes disagree.
type Differences struct {
	Missing []MissingLine
	Refused []ReceiptRefusal
}

// MissingLine is a line whose packs have not all been scanned in.
type MissingLine struct {
	ReceiptLine
	// Codes are those the document lists and nobody has scanned; it may list
	// fewer codes than packs, or none.
	Codes []string
}

// ReceiptRefusal is a box that was scanned and not taken in.
type ReceiptRefusal struct {
	ID    int64      `db:"id"`
	Raw   string     `db:"raw"`
	Code  string     `db:"code"`
	Kind  AnswerKind `db:"answer_kind"`
	Staff string     `db:"staff"`
	At    time.Time  `db:"at"`
}

// Packs is how many packs are missing.
func (d Differences) Packs() int {
	n := 0
	for _, m := range d.Missing {
		n += m.Missing()
	}
	return n
}

// None reports that boxes and document agree.
func (d Differences) None() bool { return len(d.Missing) == 0 && len(d.Refused) == 0 }

// ReadDifferences compares a receipt with what has been scanned. lines are its
// lines as [ReceiptLines] gave them.
func ReadDifferences(ctx context.Context, r db.Reader, receiptID int64, lines []ReceiptLine) (Differences, error) {
	var d Differences
	var listed []struct {
		LineID int64  `db:"receipt_line_id"`
		Code   string `db:"code"`
	}
	err := r.Select(ctx, &listed, `SELECT k.receipt_line_id, k.code FROM pack k JOIN receipt_line l ON l.id = k.receipt_line_id
WHERE l.receipt_id = $1 AND k.state = 'expected' ORDER BY k.code`, receiptID)
	if err != nil {
		return d, fmt.Errorf("read missing codes: %w", err)
	}
	codes := map[int64][]string{}
	for _, x := range listed {
		codes[x.LineID] = append(codes[x.LineID], x.Code)
	}
	for _, l := range lines {
		if l.Missing() > 0 {
			d.Missing = append(d.Missing, MissingLine{l, codes[l.ID]})
		}
	}
	err = r.Select(ctx, &d.Refused, `SELECT f.id, f.raw, f.code, f.answer_kind, COALESCE(s.name, '') AS staff, f.at
FROM receipt_refusal f LEFT JOIN staff s ON s.id = f.staff_id
WHERE f.receipt_id = $1 AND f.resolution IN ('', 'difference') ORDER BY f.id`, receiptID)
	if err != nil {
		return d, fmt.Errorf("read refused boxes: %w", err)
	}
	return d, nil
}

// ReceivedPack is a pack that a receipt brought in.
type ReceivedPack struct {
	Code        string     `db:"code"`
	GenericName string     `db:"generic_name"`
	Spec        string     `db:"spec"`
	Batch       string     `db:"batch"`
	ExpiresOn   *time.Time `db:"expires_on"`
	At          time.Time  `db:"changed_at"`
}

// LastReceived reads the packs of a receipt that came in last and are still in
// the store, newest first.
func LastReceived(ctx context.Context, r db.Reader, receiptID int64, limit int) ([]ReceivedPack, error) {
	var packs []ReceivedPack
	err := r.Select(ctx, &packs, `SELECT k.code, d.generic_name, d.spec, k.batch, k.expires_on, k.changed_at
FROM pack k JOIN receipt_line l ON l.id = k.receipt_line_id JOIN drug d ON d.id = k.drug_id
WHERE l.receipt_id = $1 AND k.state = 'in_store' ORDER BY k.changed_at DESC, k.id DESC LIMIT $2`, receiptID, limit)
	if err != nil {
		return nil, fmt.Errorf("read last received packs: %w", err)
	}
	return packs, nil
}
