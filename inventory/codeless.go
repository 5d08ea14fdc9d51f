package inventory

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// CodelessReason is why a box's code cannot be read.
type CodelessReason string

// The reasons.
const (
	CodeMissing CodelessReason = "missing"
	CodeDamaged CodelessReason = "damaged"
	CodeCovered CodelessReason = "covered"
)

// CodelessReasons lists every reason in the order of the form.
func CodelessReasons() []CodelessReason {
	return []CodelessReason{CodeDamaged, CodeMissing, CodeCovered}
}

// Chinese is the reason for people; empty for an unknown one.
func (r CodelessReason) Chinese() string {
	switch r {
	case CodeMissing:
		return "盒上没有码"
	case CodeDamaged:
		return "码破损，扫不出"
	case CodeCovered:
		return "码被盖住或贴了别的标签"
	}
	return ""
}

// maxCodeless is the most boxes of one record: more is a delivery to be refused.
const maxCodeless = 200

// CodelessAsk records boxes of a receipt whose code cannot be read (无码).
type CodelessAsk struct {
	ReceiptID int64
	CommandID uuid.UUID
	LineID    int64
	Packs     int
	Reason    CodelessReason
	// Readable is what can still be read of the code; at most 100 characters.
	Readable string
}

// AskCodeless records boxes without a readable code. They count when another
// person has confirmed them.
func (s *Service) AskCodeless(ctx context.Context, by identity.Actor, in CodelessAsk) (int64, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Receive, 0); err != nil {
		return 0, err
	}
	in.Readable = strings.TrimSpace(in.Readable)
	switch {
	case in.Reason.Chinese() == "":
		return 0, db.Refuse(db.Invalid, "请选为什么扫不出码。")
	case in.Packs < 1 || in.Packs > maxCodeless:
		return 0, db.Refuse(db.Invalid, "盒数应在 1 到 %d 之间。", maxCodeless)
	case longer(in.Readable, 100):
		return 0, db.Refuse(db.Invalid, "能看清的部分最多写 100 个字。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "ask_codeless", Request: in}
	id, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (int64, error) {
		return askCodeless(ctx, tx, by, in)
	})
	return id, err
}

func askCodeless(ctx context.Context, tx *db.Tx, by identity.Actor, in CodelessAsk) (id int64, err error) {
	if _, err := lockReceipt(ctx, tx, in.ReceiptID); err != nil {
		return 0, err
	}
	line, err := codelessLine(ctx, tx, in.ReceiptID, in.LineID)
	if err != nil {
		return 0, err
	}
	var waiting int
	err = tx.Get(ctx, &waiting, `SELECT COALESCE(sum(q.packs), 0) FROM codeless_request q WHERE q.receipt_line_id = $1::bigint AND q.state = 'asked'`, line.ID)
	if err != nil {
		return 0, fmt.Errorf("count waiting codeless boxes: %w", err)
	}
	if free := line.Missing() - waiting; in.Packs > free {
		return 0, db.Refuse(db.Conflict, "%s 批号 %s 还差 %d 盒，登记不了 %d 盒无码。请核对数量。", line.DrugName(), or(line.Batch, "不明"), max(0, free), in.Packs)
	}
	err = tx.Get(ctx, &id, `INSERT INTO codeless_request (receipt_id, receipt_line_id, packs, reason, readable, asked_by, asked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`, in.ReceiptID, line.ID, in.Packs, string(in.Reason), in.Readable, by.StaffID, tx.Now)
	if err != nil {
		return 0, fmt.Errorf("insert codeless request: %w", err)
	}
	return id, identity.Audit(ctx, tx, by, identity.Event{Name: "codeless.ask", ObjectKind: "receipt", ObjectID: fmt.Sprint(in.ReceiptID),
		Detail: fmt.Sprintf("request=%d line=%d packs=%d reason=%s", id, line.LineNo, in.Packs, in.Reason)})
}

func codelessLine(ctx context.Context, tx *db.Tx, receiptID, lineID int64) (ReceiptLine, error) {
	lines, err := ReceiptLines(ctx, tx, receiptID)
	if err != nil {
		return ReceiptLine{}, err
	}
	for _, l := range lines {
		if l.ID == lineID {
			return l, nil
		}
	}
	return ReceiptLine{}, db.Refuse(db.Invalid, "请选这几盒是入库单上的哪一种药。")
}

// CodelessDecision confirms or refuses a record of boxes without a code.
type CodelessDecision struct {
	ReceiptID int64
	RequestID int64
	CommandID uuid.UUID
	Confirm   bool
}

// DecideCodeless confirms boxes without a readable code as the second person,
// from his own login: each gets a code of ours and comes in. Whoever recorded
// them may only take the record back. It gives the new codes.
func (s *Service) DecideCodeless(ctx context.Context, by identity.Actor, in CodelessDecision) ([]string, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Witness, 0); err != nil {
		return nil, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "decide_codeless", Request: in}
	codes, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) ([]string, error) {
		return decideCodeless(ctx, tx, by, in)
	})
	return codes, err
}

func decideCodeless(ctx context.Context, tx *db.Tx, by identity.Actor, in CodelessDecision) ([]string, error) {
	receipt, err := lockReceipt(ctx, tx, in.ReceiptID)
	if err != nil {
		return nil, err
	}
	var q CodelessRequest
	err = tx.Get(ctx, &q, `SELECT id, receipt_line_id, packs, reason, readable, state, asked_by FROM codeless_request
WHERE id = $1 AND receipt_id = $2 FOR NO KEY UPDATE`, in.RequestID, in.ReceiptID)
	switch {
	case db.IsNoRows(err):
		return nil, db.Refuse(db.NotFound, "没有这条无码登记。请刷新后再看。")
	case err != nil:
		return nil, fmt.Errorf("lock codeless request: %w", err)
	case q.State != "asked":
		return nil, db.Refuse(db.Conflict, "这条无码登记已经处理过了。请刷新后再看。")
	case in.Confirm && q.AskedBy == by.StaffID:
		return nil, db.Refuse(db.Denied, "登记的人不能自己确认。请另一位同事用自己的账号核对实物后确认。")
	}
	state, codes := "refused", []string(nil)
	if in.Confirm {
		state = "confirmed"
		if codes, err = enterCodeless(ctx, tx, by, receipt, q, in.CommandID); err != nil {
			return nil, err
		}
	}
	err = tx.ExecOne(ctx, `UPDATE codeless_request SET state = $2, decided_by = $3, decided_at = $4 WHERE id = $1`, q.ID, state, by.StaffID, tx.Now)
	if err != nil {
		return nil, fmt.Errorf("decide codeless request: %w", err)
	}
	return codes, identity.Audit(ctx, tx, by, identity.Event{Name: "codeless." + state, ObjectKind: "receipt", ObjectID: fmt.Sprint(in.ReceiptID),
		Detail: fmt.Sprintf("request=%d packs=%d asked_by=%d", q.ID, q.Packs, q.AskedBy)})
}

// enterCodeless gives each box its code and its row.
func enterCodeless(ctx context.Context, tx *db.Tx, by identity.Actor, receipt Receipt, q CodelessRequest, command uuid.UUID) ([]string, error) {
	line, err := codelessLine(ctx, tx, receipt.ID, q.LineID)
	if err != nil {
		return nil, err
	}
	if line.Missing() < q.Packs {
		return nil, db.Refuse(db.Conflict, "%s 现在只差 %d 盒，确认不了 %d 盒无码。请重新登记。", line.DrugName(), max(0, line.Missing()), q.Packs)
	}
	var numbers []int64
	if err := tx.Select(ctx, &numbers, `SELECT nextval('codeless_box_id_seq') FROM generate_series(1, $1::bigint)`, q.Packs); err != nil {
		return nil, fmt.Errorf("number codeless boxes: %w", err)
	}
	var codes []string
	var packs []newPack
	for _, n := range numbers {
		p := newPack{code: internalCode(tx.Now.In(shanghai()), n), drugID: line.DrugID, content: line.UnitsPerPack, batch: line.Batch, lineID: line.ID}
		if line.ExpiresOn != nil {
			p.expiresOn = *line.ExpiresOn
		}
		if line.MadeOn != nil {
			p.madeOn = *line.MadeOn
		}
		codes, packs = append(codes, p.code), append(packs, p)
	}
	e := Entry{Move: Move{Kind: MoveReceive, At: tx.Now}, How: HowByNumber, Device: by.Device, Command: command, Reason: "无码：" + q.Reason.Chinese()}
	if err := enterPacks(ctx, tx, by, packs, e); err != nil {
		return nil, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO codeless_box (id, request_id, code)
SELECT n.id, $1::bigint, n.code FROM (SELECT unnest($2::bigint[]) AS id, unnest($3::text[]) AS code) n`, q.ID, pq.Array(numbers), pq.Array(codes))
	if err != nil {
		return nil, fmt.Errorf("insert codeless boxes: %w", err)
	}
	if receipt.State == ReceiptWaiting {
		err = tx.ExecOne(ctx, `UPDATE receipt SET state = 'scanning' WHERE id = $1`, receipt.ID)
	}
	return codes, err
}

// CodelessRequest is a record of boxes without a readable code.
type CodelessRequest struct {
	ID        int64          `db:"id"`
	LineID    int64          `db:"receipt_line_id"`
	Generic   string         `db:"generic_name"`
	Spec      string         `db:"spec"`
	PackName  string         `db:"pack_name"`
	Batch     string         `db:"batch"`
	ExpiresOn *time.Time     `db:"expires_on"`
	Packs     int            `db:"packs"`
	Reason    CodelessReason `db:"reason"`
	Readable  string         `db:"readable"`
	State     string         `db:"state"` // asked, confirmed, refused
	AskedBy   int64          `db:"asked_by"`
	Asker     string         `db:"asker"`
	AskedAt   time.Time      `db:"asked_at"`
	Decider   string         `db:"decider"`
	DecidedAt *time.Time     `db:"decided_at"`
	Boxes     []CodelessBox
}

// DrugName is the drug as people say it.
func (q CodelessRequest) DrugName() string { return DrugName(q.Generic, q.Spec) }

// CodelessBox is a box with a code of ours; TrueCode is empty until it is found.
type CodelessBox struct {
	RequestID int64  `db:"request_id"`
	Code      string `db:"code"`
	TrueCode  string `db:"true_code"`
}

// ReadCodeless reads the records of a receipt that were not refused, with their
// boxes, in their order; a box whose receiving was undone is missing.
func ReadCodeless(ctx context.Context, r db.Reader, receiptID int64) ([]CodelessRequest, error) {
	var rows []struct {
		CodelessRequest
		Code     *string `db:"code"`
		TrueCode *string `db:"true_code"`
	}
	err := r.Select(ctx, &rows, `SELECT q.id, q.receipt_line_id, d.generic_name, d.spec, d.pack_name, l.batch, l.expires_on, q.packs, q.reason, q.readable, q.state,
  q.asked_by, COALESCE(a.name, '') AS asker, q.asked_at, COALESCE(w.name, '') AS decider, q.decided_at, b.code, b.true_code
FROM codeless_request q JOIN receipt_line l ON l.id = q.receipt_line_id JOIN drug d ON d.id = l.drug_id
LEFT JOIN staff a ON a.id = q.asked_by LEFT JOIN staff w ON w.id = q.decided_by LEFT JOIN codeless_box b ON b.request_id = q.id
  AND EXISTS (SELECT 1 FROM pack k WHERE k.code = b.code AND k.state <> 'expected')
WHERE q.receipt_id = $1::bigint AND q.state <> 'refused' ORDER BY q.id, b.id`, receiptID)
	if err != nil {
		return nil, fmt.Errorf("read codeless boxes: %w", err)
	}
	var list []CodelessRequest
	for _, x := range rows {
		if len(list) == 0 || list[len(list)-1].ID != x.ID {
			list = append(list, x.CodelessRequest)
		}
		if x.Code != nil {
			box := CodelessBox{RequestID: x.ID, Code: *x.Code}
			if x.TrueCode != nil {
				box.TrueCode = *x.TrueCode
			}
			q := &list[len(list)-1]
			q.Boxes = append(q.Boxes, box)
		}
	}
	return list, nil
}
