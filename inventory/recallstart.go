package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// maxRecallCodes bounds the list of one recall.
const maxRecallCodes = 2000

// Recalling is the input of StartRecall. Either DrugID is given, with a batch or
// without one, or Codes.
type Recalling struct {
	CommandID uuid.UUID
	Class     RecallClass
	DrugID    int64
	Batch     string
	// Codes is a pasted list, at most 2,000 trace codes.
	Codes    string
	Reason   string // at most 200 characters
	SourceNo string // at most 60
}

// RecallStarted is what a recall did when it began.
type RecallStarted struct {
	ID     int64  `json:"id"`
	Number string `json:"number"`
	// SetApart packs of the store went to quarantine, Frozen ones lie in the trays
	// of Sessions clinic days and can no longer be handed out.
	SetApart int    `json:"set_apart"`
	Frozen   int    `json:"frozen"`
	Sessions int    `json:"sessions"`
	Sentence string `json:"sentence"`
}

// ReadRecallScope turns what a person chose into a scope: the drug and the batch
// must be known, every code of a list readable. Codes of boxes that never came
// here are kept. It only reads, for the preview and for the recall itself.
func ReadRecallScope(ctx context.Context, r db.Reader, in Recalling) (RecallScope, error) {
	s := RecallScope{DrugID: in.DrugID, Batch: strings.TrimSpace(in.Batch)}
	typed := strings.TrimSpace(in.Codes)
	switch {
	case in.DrugID != 0 && typed != "":
		return s, db.Refuse(db.Invalid, "召回要么按药品，要么按追溯码清单，不能两样一起。请只填一样。")
	case in.DrugID == 0 && typed == "":
		return s, db.Refuse(db.Invalid, "请选要召回的药品，或粘贴追溯码清单。")
	case typed != "":
		codes, err := recallList(typed)
		return RecallScope{Codes: codes}, err
	}
	return s, knownScope(ctx, r, s)
}

// recallList reads a pasted list; one text that is no trace code refuses it, for
// a box that is left out would be handed out.
func recallList(typed string) ([]string, error) {
	read := ParseScan(typed)
	var codes, bad []string
	for _, p := range read {
		if p.Err != nil {
			bad = append(bad, "“"+clip(p.Err.Shown(), 24)+"”")
			continue
		}
		codes = append(codes, p.Code.Code())
	}
	if len(bad) > 0 {
		return nil, db.Refuse(db.Invalid, "清单里有 %d 处不是药品追溯码，例如 %s。请改正后再看一遍，召回没有开始。",
			len(bad), strings.Join(bad[:min(len(bad), 3)], "、"))
	}
	slices.Sort(codes)
	codes = slices.Compact(codes)
	if len(codes) > maxRecallCodes {
		return nil, db.Refuse(db.Invalid, "一个召回最多 %d 个追溯码，这次有 %d 个。请分成几个召回。", maxRecallCodes, len(codes))
	}
	return codes, nil
}

// knownScope refuses a drug that does not exist, and a batch that no box and no
// document has: the batches that resemble it are named.
func knownScope(ctx context.Context, r db.Reader, s RecallScope) error {
	var name string
	err := r.Get(ctx, &name, `SELECT generic_name FROM drug WHERE id = $1::bigint`, s.DrugID)
	if db.IsNoRows(err) {
		return db.Refuse(db.NotFound, "没有这个药品。请从列表里重新选。")
	}
	if err != nil {
		return fmt.Errorf("read recalled drug: %w", err)
	}
	if s.Batch == "" {
		return nil
	}
	known, err := DrugBatches(ctx, r, s.DrugID)
	if err != nil || slices.Contains(known, s.Batch) {
		return err
	}
	if utf8.RuneCountInString(s.Batch) > 60 {
		return db.Refuse(db.Invalid, "批号太长，最多 60 个字。请核对后再填。")
	}
	near := nearBatches(s.Batch, known)
	if len(near) == 0 {
		return db.Refuse(db.NotFound, "%s 没有批号 %s 的记录，也没有相近的批号。请核对召回通知；召回没有开始。", name, s.Batch)
	}
	return db.Refuse(db.NotFound, "%s 没有批号 %s 的记录。相近的批号有：%s。请核对后再填；召回没有开始。", name, s.Batch, strings.Join(near, "、"))
}

// DrugBatches lists the batches a drug is known with, from boxes and from
// documents, in order.
func DrugBatches(ctx context.Context, r db.Reader, drugID int64) ([]string, error) {
	var list []string
	err := r.Select(ctx, &list, `SELECT b.batch FROM (SELECT DISTINCT k.batch FROM pack k WHERE k.drug_id = $1::bigint
  UNION SELECT DISTINCT l.batch FROM receipt_line l WHERE l.drug_id = $1::bigint) b WHERE b.batch <> '' ORDER BY b.batch`, drugID)
	if err != nil {
		return nil, fmt.Errorf("read batches of a drug: %w", err)
	}
	return list, nil
}

// StartRecall recalls boxes. From its commit no screen can hand them out: those
// in the store are in quarantine, those in the trays of clinic days refused by
// every scan, those that arrive later set apart on receipt. A scan that held a
// box's lock before has committed first, and its patient is in the recall's list.
func (s *Service) StartRecall(ctx context.Context, by identity.Actor, in Recalling) (RecallStarted, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Recall, 0); err != nil {
		return RecallStarted{}, err
	}
	if err := in.Check(); err != nil {
		return RecallStarted{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "recall_start", Request: in}
	done, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (RecallStarted, error) {
		return s.startRecall(ctx, tx, by, in)
	})
	return done, err
}

// Check tidies what was typed and refuses what is missing or too long.
func (in *Recalling) Check() error {
	in.Reason, in.SourceNo, in.Batch = strings.TrimSpace(in.Reason), strings.TrimSpace(in.SourceNo), strings.TrimSpace(in.Batch)
	switch {
	case in.Class.Window() == 0:
		return db.Refuse(db.Invalid, "请选召回级别：一级、二级或三级。")
	case in.Reason == "" || utf8.RuneCountInString(in.Reason) > 200:
		return db.Refuse(db.Invalid, "请写召回原因，最多 200 个字。")
	case in.SourceNo == "" || utf8.RuneCountInString(in.SourceNo) > 60:
		return db.Refuse(db.Invalid, "请填召回通知的文号，最多 60 个字。没有文号请写“电话通知”。")
	}
	return nil
}

func (s *Service) startRecall(ctx context.Context, tx *db.Tx, by identity.Actor, in Recalling) (RecallStarted, error) {
	scope, err := ReadRecallScope(ctx, tx, in)
	if err != nil {
		return RecallStarted{}, err
	}
	if err := holdPacks(ctx, tx); err != nil {
		return RecallStarted{}, err
	}
	id, err := insertRecall(ctx, tx, by, in, scope)
	if err != nil {
		return RecallStarted{}, err
	}
	done := RecallStarted{ID: id, Number: RecallNumber(id)}
	sessions, err := freeze(ctx, tx, by, scope, in.CommandID, &done)
	if err != nil {
		return RecallStarted{}, err
	}
	done.Sessions = len(sessions)
	done.Sentence = done.sentence()
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "recall.start", ObjectKind: "recall", ObjectID: fmt.Sprint(id),
		Detail: fmt.Sprintf("class=%s scope=%s drug=%d batch=%s codes=%d set_apart=%d frozen=%d", in.Class, scope.Kind(), scope.DrugID, scope.Batch,
			len(scope.Codes), done.SetApart, done.Frozen)})
	if err != nil {
		return RecallStarted{}, err
	}
	return done, s.hub.Touch(ctx, tx, sessions...)
}

// holdPacks waits until everybody who is changing packs has committed, and keeps
// others from it until the recall commits. Locks on rows do not do: a box whose row
// is being written while the recall looks for its boxes would be seen by neither.
// Recalls are rare and short; who only reads is not kept waiting.
func holdPacks(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `LOCK TABLE pack IN EXCLUSIVE MODE`)
	return wrap(err, "hold all packs for a recall")
}

func (d RecallStarted) sentence() string {
	text := "召回 " + d.Number + " 已开始"
	if d.SetApart > 0 {
		text += fmt.Sprintf("，药房 %d 盒已转入隔离", d.SetApart)
	}
	if d.Frozen > 0 {
		text += fmt.Sprintf("，%d 个场次的 %d 盒已冻结", d.Sessions, d.Frozen)
	}
	return text + "。请通知患者。"
}

// insertRecall writes the head row before any pack is locked. The same recall
// cannot be opened twice while it is in force.
func insertRecall(ctx context.Context, tx *db.Tx, by identity.Actor, in Recalling, scope RecallScope) (id int64, err error) {
	var twice int64
	err = tx.Get(ctx, &twice, `SELECT COALESCE(max(id), 0) FROM recall
WHERE lifted_at IS NULL AND scope = $1 AND COALESCE(drug_id, 0) = $2 AND batch = $3 AND source_no = $4`, string(scope.Kind()), scope.DrugID, scope.Batch, in.SourceNo)
	if err != nil {
		return 0, fmt.Errorf("look for the same recall: %w", err)
	}
	if twice != 0 {
		return 0, db.Refuse(db.Conflict, "文号 %s 的这个召回已经在进行（%s），没有再开一次。", in.SourceNo, RecallNumber(twice))
	}
	err = tx.Get(ctx, &id, `INSERT INTO recall (class, scope, drug_id, batch, reason, source_no, started_by, started_at, due_at)
VALUES ($1, $2, $3::bigint, $4, $5, $6, $7, $8, $9) RETURNING id`,
		string(in.Class), string(scope.Kind()), db.NullInt(scope.DrugID), scope.Batch, in.Reason, in.SourceNo, by.StaffID, tx.Now, tx.Now.Add(in.Class.Window()))
	if err != nil {
		return 0, fmt.Errorf("insert recall: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO recall_code (recall_id, code) SELECT $1::bigint, n.code FROM (SELECT unnest($2::text[]) AS code) n`,
		id, pq.Array(scope.Codes))
	if err != nil {
		return 0, fmt.Errorf("insert codes of a recall: %w", err)
	}
	return id, nil
}

// freeze locks every box that is meant and not yet out of the house's hands, so
// that whoever holds one finishes first, and sets those of the store apart. It
// gives the clinic days whose screens show some of them.
func freeze(ctx context.Context, tx *db.Tx, by identity.Actor, scope RecallScope, command uuid.UUID, done *RecallStarted) ([]int64, error) {
	var codes []string
	err := tx.Select(ctx, &codes, `SELECT k.code FROM pack k WHERE `+RecallMatch+` AND k.state IN ('expected', 'in_store', 'allocated') ORDER BY k.code`, scope.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read recalled packs: %w", err)
	}
	locked, err := LockPacks(ctx, tx, codes)
	if err != nil {
		return nil, err
	}
	var store []*Pack
	var sessions []int64
	for _, c := range codes {
		switch p := locked[c]; p.State {
		case StateInStore:
			store = append(store, p)
		case StateAllocated:
			done.Frozen++
			sessions = append(sessions, valueOf(p.SessionID))
		}
	}
	done.SetApart = len(store)
	slices.Sort(sessions)
	return slices.Compact(sessions), setApart(ctx, tx, by, store, Entry{Device: by.Device, Command: command})
}
