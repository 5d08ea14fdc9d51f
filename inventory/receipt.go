package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// ReceiptState is how far a receipt has come.
type ReceiptState string

// The states of a receipt.
const (
	ReceiptWaiting    ReceiptState = "waiting"  // nothing has been scanned
	ReceiptScanning   ReceiptState = "scanning" // being scanned in
	ReceiptFinished   ReceiptState = "finished"
	ReceiptSuperseded ReceiptState = "superseded" // a later revision holds
	ReceiptCancelled  ReceiptState = "cancelled"  // by a red document
)

// Open reports a receipt that still takes scans.
func (s ReceiptState) Open() bool { return s == ReceiptWaiting || s == ReceiptScanning }

// Chinese is the state's name for people.
func (s ReceiptState) Chinese() string {
	switch s {
	case ReceiptWaiting:
		return "待入库"
	case ReceiptScanning:
		return "入库中"
	case ReceiptFinished:
		return "已完成"
	case ReceiptSuperseded:
		return "已换版"
	case ReceiptCancelled:
		return "已冲销"
	}
	return string(s)
}

// Receipt is a document with its progress.
type Receipt struct {
	ID         int64        `db:"id"`
	Source     string       `db:"source"`
	Number     string       `db:"number"`
	Revision   int          `db:"revision"`
	Kind       string       `db:"kind"`
	State      ReceiptState `db:"state"`
	IssuedAt   time.Time    `db:"issued_at"`
	ArrivedAt  time.Time    `db:"arrived_at"`
	FromStore  string       `db:"from_store"`
	FinishedAt *time.Time   `db:"finished_at"`
	FinishedBy string       `db:"finished_by_name"`
	Remark     string       `db:"remark"`
	Drugs      int          `db:"drugs"`
	// Cancels is the number of the document that a red one cancels; ReplacedBy the
	// receipt of the revision that holds instead of this one.
	Cancels    string `db:"cancels"`
	ReplacedBy *int64 `db:"replaced_by"`
	// Expected packs (应扫), those scanned in (已扫), and boxes that were scanned
	// and not taken (多出或不明).
	Expected int `db:"expected"`
	Received int `db:"received"`
	Refused  int `db:"refused"`
	// Surplus packs are here although a red document or a later revision does not
	// want them any more, and Reds is how many red documents cancelled some.
	Surplus int `db:"surplus"`
	Reds    int `db:"reds"`
}

// Word is the receipt's state for people; a red document is always called one.
func (r Receipt) Word() string {
	if r.Red() {
		return "红单"
	}
	return r.State.Chinese()
}

// Missing is how many packs have not come.
func (r Receipt) Missing() int { return max(0, r.Expected-r.Received) }

// Differ is how many boxes of it are missing, were not taken or are too many; while
// it waits, what has not come is no difference yet.
func (r Receipt) Differ() int {
	n := r.Refused + r.Surplus
	if !r.State.Open() && !r.Red() {
		n += r.Missing()
	}
	return n
}

// Red reports a document that cancels another one.
func (r Receipt) Red() bool { return r.Kind == DocumentRed }

// receiptColumns reads a Receipt from "receipt r LEFT JOIN staff f". What has
// left a receipt's packs behind in any later state has been received.
const receiptColumns = `r.id, r.source, r.number, r.revision, r.kind, r.state, r.cancels, r.replaced_by, r.issued_at, r.arrived_at, r.from_store, r.finished_at,
  COALESCE(f.name, '') AS finished_by_name, r.remark,
  (SELECT count(DISTINCT l.drug_id) FROM receipt_line l WHERE l.receipt_id = r.id) AS drugs,
  (SELECT COALESCE(sum(l.packs - l.cancelled), 0) FROM receipt_line l WHERE l.receipt_id = r.id) AS expected,
  (SELECT COALESCE(sum(x.packs), 0) FROM receipt_surplus x LEFT JOIN pack k ON k.id = x.pack_id WHERE x.receipt_id = r.id
    AND (k.id IS NULL OR k.receipt_line_id = x.line_id AND k.state NOT IN ('sent_back', 'destroyed'))) AS surplus,
  (SELECT count(*) FROM receipt q WHERE q.source = r.source AND q.cancels = r.number AND q.cancels <> '') AS reds,
  (SELECT count(*) FROM pack k JOIN receipt_line l ON l.id = k.receipt_line_id WHERE l.receipt_id = r.id AND k.state NOT IN ('expected', 'withdrawn')) AS received,
  (SELECT count(*) FROM receipt_refusal x WHERE x.receipt_id = r.id AND x.resolution IN ('', 'difference')) AS refused`

// Overdue reports an open receipt that has waited for more than [ReceiptDays]
// days.
func (r Receipt) Overdue(now time.Time) bool {
	return r.State.Open() && now.Sub(r.ArrivedAt) > ReceiptDays*24*time.Hour
}

// ReceiptDays is how many days a receipt may wait before it stands out.
const ReceiptDays = 2

// ListReceipts reads the work list: every open receipt, oldest first, then the
// last finished and cancelled ones and red documents, newest first, at most limit
// of them.
func ListReceipts(ctx context.Context, r db.Reader, limit int) (open, done []Receipt, err error) {
	err = r.Select(ctx, &open, `SELECT `+receiptColumns+` FROM receipt r LEFT JOIN staff f ON f.id = r.finished_by
WHERE r.state IN ('waiting', 'scanning') ORDER BY r.issued_at, r.id`)
	if err != nil {
		return nil, nil, fmt.Errorf("list open receipts: %w", err)
	}
	err = r.Select(ctx, &done, `SELECT `+receiptColumns+` FROM receipt r LEFT JOIN staff f ON f.id = r.finished_by
WHERE r.state IN ('finished', 'cancelled') ORDER BY r.issued_at DESC, r.id DESC LIMIT $1`, limit)
	if err != nil {
		return nil, nil, fmt.Errorf("list finished receipts: %w", err)
	}
	return open, done, nil
}

// receiptWindow is how many receipts [EachDoneReceipt] holds at a time.
const receiptWindow = 500

// EachDoneReceipt gives every finished and cancelled receipt and every red document,
// the newest first, without holding more than some of them; it ends with do's error.
func EachDoneReceipt(ctx context.Context, r db.Reader, do func(Receipt) error) error {
	var last Receipt
	for {
		var list []Receipt
		err := r.Select(ctx, &list, `SELECT `+receiptColumns+` FROM receipt r LEFT JOIN staff f ON f.id = r.finished_by
WHERE r.state IN ('finished', 'cancelled') AND ($1::bigint = 0 OR r.issued_at < $2::timestamptz OR r.issued_at = $2::timestamptz AND r.id < $1::bigint)
ORDER BY r.issued_at DESC, r.id DESC LIMIT $3`, last.ID, last.IssuedAt, receiptWindow)
		if err != nil {
			return fmt.Errorf("read finished receipts: %w", err)
		}
		for _, x := range list {
			if err := do(x); err != nil {
				return err
			}
		}
		if len(list) < receiptWindow {
			return nil
		}
		last = list[len(list)-1]
	}
}

// FindReceipt reads one receipt.
func FindReceipt(ctx context.Context, r db.Reader, id int64) (Receipt, error) {
	var x Receipt
	err := r.Get(ctx, &x, `SELECT `+receiptColumns+` FROM receipt r LEFT JOIN staff f ON f.id = r.finished_by WHERE r.id = $1`, id)
	if db.IsNoRows(err) {
		return x, noReceipt()
	}
	if err != nil {
		return x, fmt.Errorf("read receipt: %w", err)
	}
	return x, nil
}

func noReceipt() error {
	return db.Refuse(db.NotFound, "没有这张入库单。请从入库列表重新进入。")
}

// ReceiptLine is one drug of one batch, with its progress.
type ReceiptLine struct {
	ID           int64      `db:"id"`
	ReceiptID    int64      `db:"receipt_id"`
	Number       string     `db:"number"` // the receipt's
	LineNo       int        `db:"line_no"`
	DrugID       int64      `db:"drug_id"`
	GenericName  string     `db:"generic_name"`
	Spec         string     `db:"spec"`
	PackName     string     `db:"pack_name"`
	UnitsPerPack int64      `db:"units_per_pack"`
	Batch        string     `db:"batch"`
	ExpiresOn    *time.Time `db:"expires_on"`
	MadeOn       *time.Time `db:"made_on"`
	// Packs is what the line wants: what the document says without the Cancelled
	// ones that red documents took away before they came.
	Packs     int `db:"packs"`
	Cancelled int `db:"cancelled"`
	// Typed says that batch or expiry were read off the boxes by people.
	Typed bool `db:"typed"`
	// Linked packs have a row: listed by the document or scanned in.
	Linked   int `db:"linked"`
	Received int `db:"received"`
}

// DrugName is the drug as people say it.
func (l ReceiptLine) DrugName() string { return DrugName(l.GenericName, l.Spec) }

// Missing is how many packs have not been scanned in.
func (l ReceiptLine) Missing() int { return l.Packs - l.Received }

// ReceiptLines reads the lines of a receipt in their order.
func ReceiptLines(ctx context.Context, r db.Reader, receiptID int64) ([]ReceiptLine, error) {
	lines, _, err := readLines(ctx, r, receiptID, nil)
	return lines, err
}

// readLines reads the lines of a receipt, and other lines by their ids for
// whose receipt they are; only the former are counted.
func readLines(ctx context.Context, r db.Reader, receiptID int64, others []int64) (lines []ReceiptLine, beside besideLines, err error) {
	var rows []struct {
		ReceiptLine
		besideLines
	}
	err = r.Select(ctx, &rows, `SELECT l.id, l.receipt_id, r.number, l.line_no, l.drug_id, d.generic_name, d.spec, d.pack_name, d.units_per_pack,
  l.batch, l.expires_on, l.made_on, l.packs - l.cancelled AS packs, l.cancelled,
  l.typed_at IS NOT NULL AS typed, COALESCE(c.linked, 0) AS linked, COALESCE(c.received, 0) AS received,
  (SELECT count(*) FROM receipt_refusal f WHERE f.receipt_id = $1::bigint AND f.resolved_at IS NULL) AS refused,
  EXISTS (SELECT 1 FROM recall a WHERE a.lifted_at IS NULL) AS recalls
FROM receipt_line l JOIN receipt r ON r.id = l.receipt_id JOIN drug d ON d.id = l.drug_id
LEFT JOIN (SELECT k.receipt_line_id, sum(CASE WHEN k.state <> 'withdrawn' THEN 1 ELSE 0 END) AS linked,
    sum(CASE WHEN k.state NOT IN ('expected', 'withdrawn') THEN 1 ELSE 0 END) AS received
  FROM pack k JOIN receipt_line x ON x.id = k.receipt_line_id WHERE x.receipt_id = $1::bigint GROUP BY k.receipt_line_id) c
  ON c.receipt_line_id = l.id
WHERE l.receipt_id = $1::bigint OR l.id = ANY($2::bigint[]) ORDER BY l.receipt_id, l.line_no`, receiptID, pq.Array(others))
	if err != nil {
		return nil, beside, fmt.Errorf("read receipt lines: %w", err)
	}
	for _, x := range rows {
		lines = append(lines, x.ReceiptLine)
		beside = x.besideLines
	}
	return lines, beside, nil
}

// besideLines is what a scan at receiving asks in the same statement as its
// lines: how many of the receipt's
// boxes were not taken and not resolved, and whether any recall is in force.
type besideLines struct {
	Refused int  `db:"refused"`
	Recalls bool `db:"recalls"`
}

// lockReceipt takes the row of an open receipt. What hangs on it is read by
// statements of their own afterwards: inside the locking one it would be as it
// was before the wait.
func lockReceipt(ctx context.Context, tx *db.Tx, id int64) (Receipt, error) {
	var x Receipt
	err := tx.Get(ctx, &x, `SELECT r.id, r.source, r.number, r.revision, r.kind, r.state, r.issued_at, r.arrived_at, r.from_store, r.replaced_by
FROM receipt r WHERE r.id = $1 FOR NO KEY UPDATE OF r`, id)
	if db.IsNoRows(err) {
		return x, noReceipt()
	}
	if err != nil {
		return x, fmt.Errorf("lock receipt: %w", err)
	}
	if x.State == ReceiptSuperseded {
		return x, db.Refuse(db.Conflict, "入库单 %s 第 %d 版已换成新的一版，不能再扫。请打开新的一版，已扫的盒都在那里。", x.Number, x.Revision)
	}
	if !x.State.Open() {
		return x, db.Refuse(db.Conflict, "入库单 %s %s，不能再扫。请回到入库列表选别的单。", x.Number, x.State.Chinese())
	}
	return x, nil
}
