package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// WrongBatch is a pack whose own batch or expiry, by its code, its relation file
// or what was written of it before its document came, is not its line's.
type WrongBatch struct {
	Code    string `db:"code"`
	Generic string `db:"generic_name"`
	Spec    string `db:"spec"`
	LineNo  int    `db:"line_no"`
	Listed  string `db:"listed"` // what the document says
	Found   string `db:"found"`
	// ListedExpires and FoundExpires are the days; nil where nothing says one.
	ListedExpires *time.Time `db:"listed_expires"`
	FoundExpires  *time.Time `db:"found_expires"`
}

// DrugName is the drug as people say it.
func (w WrongBatch) DrugName() string { return DrugName(w.Generic, w.Spec) }

// SheetSign is a difference sheet as it was handed in, with who confirmed it.
type SheetSign struct {
	ID         int64      `db:"id"`
	Missing    int        `db:"missing"`
	Refused    int        `db:"refused"`
	Codeless   int        `db:"codeless"`
	WrongBatch int        `db:"wrong_batch"`
	Remark     string     `db:"remark"`
	State      string     `db:"state"` // asked, confirmed, void
	AskedBy    int64      `db:"asked_by"`
	Asker      string     `db:"asker"`
	AskedAt    time.Time  `db:"asked_at"`
	DecidedBy  *int64     `db:"decided_by"` // nil while it waits, and when a document made it void
	Decider    string     `db:"decider"`
	DecidedAt  *time.Time `db:"decided_at"`
}

// Outdated reports a sheet that nobody gave back: a new revision or a red document
// came while it waited, and made it void.
func (x SheetSign) Outdated() bool { return x.State == "void" && x.DecidedBy == nil }

// outdateSheet makes the sheet that waits for its second person void: a document
// changes what it was handed in for.
func outdateSheet(ctx context.Context, tx *db.Tx, receiptID int64) error {
	_, err := tx.Exec(ctx, `UPDATE receipt_sheet SET state = 'void', decided_at = $2 WHERE receipt_id = $1 AND state = 'asked'`, receiptID, tx.Now)
	return wrap(err, "make a difference sheet void")
}

// ReceiptSheet is the difference sheet of a receipt: where document and boxes
// disagree, as it is now, and who stands for it.
type ReceiptSheet struct {
	Receipt  Receipt
	Lines    []ReceiptLine
	Differ   Differences
	Codeless []CodelessRequest
	Batches  []WrongBatch
	// Surplus is boxes beyond a changed revision or a red document, also those
	// that are dealt with.
	Surplus []Surplus
	// Sign is the last sheet handed in; nil when none was.
	Sign *SheetSign
}

// Boxes counts the boxes that came in without a readable code.
func (s ReceiptSheet) Boxes() int { return codelessBoxes(s.Codeless) }

func codelessBoxes(list []CodelessRequest) int {
	n := 0
	for _, q := range list {
		n += len(q.Boxes)
	}
	return n
}

// None reports that there is nothing to sign for.
func (s ReceiptSheet) None() bool {
	return s.Differ.None() && s.Boxes() == 0 && len(s.Batches) == 0 && len(s.Surplus) == 0
}

// ReadReceiptSheet reads the difference sheet of a receipt in any state.
func ReadReceiptSheet(ctx context.Context, r db.Reader, receiptID int64) (s ReceiptSheet, err error) {
	if s.Receipt, err = FindReceipt(ctx, r, receiptID); err != nil {
		return s, err
	}
	if s.Lines, err = ReceiptLines(ctx, r, receiptID); err != nil {
		return s, err
	}
	if s.Differ, err = ReadDifferences(ctx, r, receiptID, s.Lines); err != nil {
		return s, err
	}
	if s.Codeless, err = ReadCodeless(ctx, r, receiptID); err != nil {
		return s, err
	}
	if s.Batches, err = WrongBatches(ctx, r, receiptID); err != nil {
		return s, err
	}
	if s.Surplus, err = ReadSurplus(ctx, r, receiptID); err != nil {
		return s, err
	}
	s.Sign, err = ReadSheetSign(ctx, r, receiptID)
	return s, err
}

// wrongBatch holds for a pack k of the line l, with its row x of a relation file,
// whose own batch or expiry is not its line's. A line that people typed has its
// own from the boxes.
const wrongBatch = `k.state NOT IN ('expected', 'withdrawn') AND l.typed_at IS NULL
  AND (l.batch <> '' AND (k.batch <> '' AND k.batch <> l.batch OR x.batch <> '' AND x.batch <> l.batch) OR k.expires_on <> l.expires_on)`

// WrongBatches reads the packs of a receipt whose own batch or expiry is not their
// line's.
func WrongBatches(ctx context.Context, r db.Reader, receiptID int64) (list []WrongBatch, err error) {
	err = r.Select(ctx, &list, `SELECT k.code, d.generic_name, d.spec, l.line_no, l.batch AS listed,
  CASE WHEN k.batch <> '' AND k.batch <> l.batch OR COALESCE(x.batch, '') = '' THEN k.batch ELSE x.batch END AS found, l.expires_on AS listed_expires, k.expires_on AS found_expires
FROM pack k JOIN receipt_line l ON l.id = k.receipt_line_id JOIN drug d ON d.id = k.drug_id LEFT JOIN carton_code x ON x.code = k.code
WHERE l.receipt_id = $1::bigint AND `+wrongBatch+` ORDER BY l.line_no, k.code`, receiptID)
	if err != nil {
		return nil, fmt.Errorf("read wrong batches: %w", err)
	}
	return list, nil
}

// ReadSheetSign reads the last difference sheet that was handed in for a receipt;
// nil when none was, or somebody gave the last one back.
func ReadSheetSign(ctx context.Context, r db.Reader, receiptID int64) (*SheetSign, error) {
	var x SheetSign
	err := r.Get(ctx, &x, `SELECT s.id, s.missing, s.refused, s.codeless, s.wrong_batch, s.remark, s.state, s.asked_by, COALESCE(a.name, '') AS asker, s.asked_at,
  s.decided_by, COALESCE(w.name, '') AS decider, s.decided_at
FROM receipt_sheet s LEFT JOIN staff a ON a.id = s.asked_by LEFT JOIN staff w ON w.id = s.decided_by
WHERE s.receipt_id = $1::bigint ORDER BY s.id DESC LIMIT 1`, receiptID)
	switch {
	case db.IsNoRows(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read difference sheet: %w", err)
	case x.State == "void" && !x.Outdated():
		return nil, nil
	}
	return &x, nil
}

// settled refuses to finish a receipt while a carton is half scanned or boxes
// without a code wait for the second person.
func settled(ctx context.Context, tx *db.Tx, receiptID int64) error {
	var open struct {
		Cartons  int `db:"cartons"`
		Codeless int `db:"codeless"`
	}
	err := tx.Get(ctx, &open, `SELECT (SELECT count(*) FROM carton c WHERE c.receipt_id = $1::bigint AND c.state = 'open') AS cartons,
  (SELECT count(*) FROM codeless_request q WHERE q.receipt_id = $1::bigint AND q.state = 'asked') AS codeless`, receiptID)
	switch {
	case err != nil:
		return fmt.Errorf("look for what is not settled: %w", err)
	case open.Cartons > 0:
		return db.Refuse(db.Conflict, "还有 %d 箱没有扫完。请先扫完，或按实际盒数完成这一箱。", open.Cartons)
	case open.Codeless > 0:
		return db.Refuse(db.Conflict, "还有 %d 条无码登记等另一位同事确认。请确认或退回后再完成。", open.Codeless)
	}
	return nil
}

// handIn writes the difference sheet that somebody stands for; an earlier one is
// void. The receipt stays open until another person confirms.
func handIn(ctx context.Context, tx *db.Tx, by identity.Actor, in Finishing, done Finished) (Finished, error) {
	list, err := ReadCodeless(ctx, tx, in.ReceiptID)
	if err != nil {
		return Finished{}, err
	}
	_, err = tx.Exec(ctx, `UPDATE receipt_sheet SET state = 'void', decided_by = $2, decided_at = $3 WHERE receipt_id = $1 AND state = 'asked'`, in.ReceiptID, by.StaffID, tx.Now)
	if err != nil {
		return Finished{}, fmt.Errorf("void a difference sheet: %w", err)
	}
	err = tx.Get(ctx, &done.SheetID, `INSERT INTO receipt_sheet (receipt_id, missing, refused, codeless, wrong_batch, remark, asked_by, asked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`, in.ReceiptID, done.Missing, done.Refused, codelessBoxes(list), done.WrongBatch, in.Remark, by.StaffID, tx.Now)
	if err != nil {
		return Finished{}, fmt.Errorf("insert difference sheet: %w", err)
	}
	done.Waiting = true
	done.Sentence = fmt.Sprintf("差异单已提交：%s。请另一位同事用自己的账号确认，确认后才算完成。", done.differences())
	return done, identity.Audit(ctx, tx, by, identity.Event{Name: "receipt.sheet", ObjectKind: "receipt", ObjectID: fmt.Sprint(in.ReceiptID),
		Detail: fmt.Sprintf("sheet=%d missing=%d refused=%d wrong_batch=%d", done.SheetID, done.Missing, done.Refused, done.WrongBatch)})
}

// SheetDecision confirms a difference sheet, or gives it back.
type SheetDecision struct {
	ReceiptID int64
	SheetID   int64
	CommandID uuid.UUID
	Confirm   bool
}

// DecideSheet confirms a difference sheet as the second person, from his own
// login, and finishes the receipt in the name of who handed it in. A sheet whose
// figures are not the receipt's any more is a Conflict.
func (s *Service) DecideSheet(ctx context.Context, by identity.Actor, in SheetDecision) (Finished, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Witness, 0); err != nil {
		return Finished{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "decide_sheet", Request: in}
	done, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (Finished, error) {
		return decideSheet(ctx, tx, by, in)
	})
	return done, err
}

func decideSheet(ctx context.Context, tx *db.Tx, by identity.Actor, in SheetDecision) (Finished, error) {
	receipt, closed := lockReceipt(ctx, tx, in.ReceiptID)
	if db.KindOf(closed) != db.Conflict && closed != nil {
		return Finished{}, closed
	}
	var x SheetSign
	err := tx.Get(ctx, &x, `SELECT id, missing, refused, codeless, wrong_batch, remark, state, asked_by, asked_at, decided_by FROM receipt_sheet
WHERE id = $1 AND receipt_id = $2 FOR NO KEY UPDATE`, in.SheetID, in.ReceiptID)
	switch {
	case db.IsNoRows(err):
		return Finished{}, db.Refuse(db.NotFound, "没有这张差异单。请刷新后再看。")
	case err != nil:
		return Finished{}, fmt.Errorf("lock difference sheet: %w", err)
	case x.Outdated():
		return Finished{}, db.Refuse(db.Conflict, "等确认时 HIS 送来了新的一版或红单，这张差异单已作废。请按现在的入库单重新核对、重新提交。")
	case closed != nil:
		return Finished{}, closed
	case x.State != "asked":
		return Finished{}, db.Refuse(db.Conflict, "这张差异单已经处理过了。请刷新后再看。")
	case in.Confirm && x.AskedBy == by.StaffID:
		return Finished{}, db.Refuse(db.Denied, "提交的人不能自己确认。请另一位同事用自己的账号核对后确认。")
	}
	done, err := countReceipt(ctx, tx, receipt)
	if err != nil {
		return Finished{}, err
	}
	if !in.Confirm {
		return done, x.decide(ctx, tx, by, in.ReceiptID, "void", "receipt.sheet_refuse")
	}
	if done.Missing != x.Missing || done.Refused != x.Refused || done.WrongBatch != x.WrongBatch {
		return Finished{}, db.Refuse(db.Conflict, "提交以后又变了：现在%s。请重新核对、重新提交差异单。", done.differences())
	}
	if err := settled(ctx, tx, in.ReceiptID); err != nil {
		return Finished{}, err
	}
	if err := x.decide(ctx, tx, by, in.ReceiptID, "confirmed", "receipt.sheet_confirm"); err != nil {
		return Finished{}, err
	}
	done.Sentence = done.sentence()
	return done, closeReceipt(ctx, tx, by, x.AskedBy, Finishing{ReceiptID: in.ReceiptID, Remark: x.Remark}, done)
}

func (x SheetSign) decide(ctx context.Context, tx *db.Tx, by identity.Actor, receiptID int64, state, event string) error {
	err := tx.ExecOne(ctx, `UPDATE receipt_sheet SET state = $2, decided_by = $3, decided_at = $4 WHERE id = $1`, x.ID, state, by.StaffID, tx.Now)
	if err != nil {
		return fmt.Errorf("decide difference sheet: %w", err)
	}
	return identity.Audit(ctx, tx, by, identity.Event{Name: event, ObjectKind: "receipt", ObjectID: fmt.Sprint(receiptID),
		Detail: fmt.Sprintf("sheet=%d asked_by=%d", x.ID, x.AskedBy)})
}

// ReceiptExtras is what stands beside the scanning of a receipt: on most there is
// none of it.
type ReceiptExtras struct {
	// Contradicts says that [ReadContradictions] has rows, Unpapered that
	// [UnpaperedBoxes] has.
	Contradicts, Unpapered bool
	Cartons                []OpenCarton
	Codeless               []CodelessRequest
	WrongBatch             int
	Sign                   *SheetSign
}

// ReadReceiptExtras reads the open cartons, boxes without a code, the count of
// wrong batches and the difference sheet of a receipt: one statement where there
// are none.
func ReadReceiptExtras(ctx context.Context, r db.Reader, receiptID int64) (x ReceiptExtras, err error) {
	var have struct {
		Cartons  bool `db:"cartons"`
		Codeless bool `db:"codeless"`
		Sheets   bool `db:"sheets"`
		Batches  int  `db:"batches"`
		besidePapers
	}
	err = r.Get(ctx, &have, `SELECT EXISTS (SELECT 1 FROM carton c WHERE c.receipt_id = $1::bigint AND c.state = 'open') AS cartons,
  EXISTS (SELECT 1 FROM codeless_request q WHERE q.receipt_id = $1::bigint AND q.state <> 'refused') AS codeless,
  EXISTS (SELECT 1 FROM receipt_sheet s WHERE s.receipt_id = $1::bigint) AS sheets,
  (SELECT count(*) FROM pack k JOIN receipt_line l ON l.id = k.receipt_line_id LEFT JOIN carton_code x ON x.code = k.code
   WHERE l.receipt_id = $1::bigint AND `+wrongBatch+`) AS batches, `+besidePapersColumns, receiptID)
	if err != nil {
		return x, fmt.Errorf("look beside a receipt: %w", err)
	}
	x.Contradicts, x.Unpapered = have.Contradicts, have.Unpapered
	x.WrongBatch = have.Batches
	if have.Cartons {
		if x.Cartons, err = OpenCartons(ctx, r, receiptID); err != nil {
			return x, err
		}
	}
	if have.Codeless {
		if x.Codeless, err = ReadCodeless(ctx, r, receiptID); err != nil {
			return x, err
		}
	}
	if have.Sheets {
		x.Sign, err = ReadSheetSign(ctx, r, receiptID)
	}
	return x, err
}
