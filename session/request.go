package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Decision is what became of a request to let a pack in.
type Decision string

// The decisions. A request is withdrawn when its visit leaves the table or the
// doctor puts the box away.
const (
	Undecided Decision = ""
	DecidedIn Decision = "let_in"
	DecidedNo Decision = "refused"
	Withdrawn Decision = "withdrawn"
)

// Word is the decision in Chinese.
func (d Decision) Word() string {
	switch d {
	case DecidedIn:
		return "放行"
	case DecidedNo:
		return "不放行"
	case Withdrawn:
		return "撤回"
	}
	return "等待处理"
}

// Request is a doctor's question whether a pack that was not packed may be given.
type Request struct {
	ID        uuid.UUID  `db:"id"`
	VisitID   uuid.UUID  `db:"visit_id"`
	Number    int        `db:"number"` // the visit's, in the queue
	Code      string     `db:"code"`
	Drug      string     `db:"drug"`
	Kind      string     `db:"answer_kind"`
	Doctor    string     `db:"doctor"`
	AskedBy   int64      `db:"asked_by"`
	AskedAt   time.Time  `db:"asked_at"`
	Decision  Decision   `db:"decision"`
	Decider   string     `db:"decider"`
	DecidedAt *time.Time `db:"decided_at"`
	Reason    string     `db:"reason"`
}

const requestColumns = `q.id, q.visit_id, v.number, q.code, q.drug, q.answer_kind, f.name AS doctor, q.asked_by, q.asked_at,
  q.decision, COALESCE(g.name, '') AS decider, q.decided_at, q.reason`

const requestTables = `let_in_request q JOIN visit v ON v.id = q.visit_id JOIN staff f ON f.id = q.asked_by LEFT JOIN staff g ON g.id = q.decided_by`

// boardRequests is how many requests a board shows.
const boardRequests = 12

// Requests reads the requests that a board shows: those that wait, the oldest
// first, then the last decided.
func Requests(ctx context.Context, r db.Reader, sessionID int64) ([]Request, error) {
	var list []Request
	err := r.Select(ctx, &list, `SELECT `+requestColumns+` FROM `+requestTables+`
WHERE q.session_id = $1::bigint AND q.decision <> 'withdrawn'
ORDER BY CASE WHEN q.decision = '' THEN 0 ELSE 1 END, CASE WHEN q.decision = '' THEN q.asked_at END, q.decided_at DESC, q.id LIMIT $2::integer`,
		sessionID, boardRequests)
	if err != nil {
		return nil, fmt.Errorf("read requests: %w", err)
	}
	return list, nil
}

// Asking is the input of AskLetIn.
type Asking struct {
	SessionID int64
	Visit     uuid.UUID
	CommandID uuid.UUID
	Code      string
}

// AskAnswer is the answer to a request: its id, and what is shown.
type AskAnswer struct {
	ID       uuid.UUID `json:"id"`
	Sentence string    `json:"sentence"`
}

// AskLetIn asks whoever has the duty to let a pack in that was scanned at an open
// visit and is not this session's. What the pack is worth asking for is judged
// anew; the request has the id of its command.
func (s *Service) AskLetIn(ctx context.Context, by identity.Actor, in Asking) (AskAnswer, error) {
	if _, err := s.may(ctx, by, identity.Dispense, in.SessionID); err != nil {
		return AskAnswer{}, err
	}
	read := inventory.ParseScan(in.Code)
	if len(read) != 1 || read[0].Err != nil {
		return AskAnswer{}, db.Refuse(db.Invalid, "要放行的追溯码不对。请重扫那一盒，再点“请药师放行”。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "ask_let_in", Request: in}
	answer, err := atTable(ctx, s, by, in.SessionID, in.Visit, cmd, func(ctx context.Context, tx *db.Tx, x Session, v Visit) (AskAnswer, error) {
		return s.askLetIn(ctx, tx, by, x, v, in, read)
	})
	if db.IsUnique(err, "let_in_request_open_uq") {
		err = db.RefuseBecause(err, db.Conflict, "这一盒已经申请过，正在等值班药师处理。")
	}
	return answer, err
}

func (s *Service) askLetIn(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit, in Asking, read []inventory.Parsed) (AskAnswer, error) {
	t, err := newTable(ctx, tx, by, x, v, Scan{CommandID: in.CommandID}, read)
	if err != nil {
		return AskAnswer{}, err
	}
	t.take(read[0])
	a := t.answer.Answers[0]
	if a.Kind == inventory.KindOK {
		return AskAnswer{}, db.Refuse(db.Conflict, "%s 现在已在本场药箱，不用申请。请直接再扫一次。", a.Drug)
	}
	if !a.MayAsk {
		return AskAnswer{}, db.Refuse(db.Conflict, "%s", a.Sentence)
	}
	drug := a.Drug
	if drug == "" {
		drug = t.known[read[0].Code.Prefix()].Drug
	}
	err = tx.ExecOne(ctx, `INSERT INTO let_in_request (id, session_id, visit_id, code, drug, answer_kind, asked_by, asked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		in.CommandID, x.ID, v.ID, a.Code, cut(drug, 200), string(a.Kind), by.StaffID, tx.Now)
	if err != nil {
		return AskAnswer{}, fmt.Errorf("insert request: %w", err)
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "request.ask", ObjectKind: "pack", ObjectID: a.Code, SiteID: x.SiteID, SessionID: x.ID,
		Detail: fmt.Sprintf("visit=%s kind=%s", v.ID, a.Kind)})
	if err != nil {
		return AskAnswer{}, err
	}
	return AskAnswer{in.CommandID, fmt.Sprintf("已请值班药师放行 %s（…%s），可以先扫别的药。", drug, read[0].Code.Tail(4))}, s.hub.Touch(ctx, tx, x.ID)
}

// atTable is runCommand for what somebody writes into the visit that is open with
// him: it takes the session and the visit, as lockTable says, before do.
func atTable[T any](ctx context.Context, s *Service, by identity.Actor, sessionID int64, visit uuid.UUID, cmd identity.Command,
	do func(context.Context, *db.Tx, Session, Visit) (T, error)) (T, error) {
	answer, _, err := runCommand(ctx, s, sessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (T, error) {
		x, v, err := lockTable(ctx, tx, by, sessionID, visit)
		if err != nil {
			var none T
			return none, err
		}
		return do(ctx, tx, x, v)
	})
	return answer, err
}

// lockTable takes an open session and the visit that is open with who acts.
func lockTable(ctx context.Context, tx *db.Tx, by identity.Actor, sessionID int64, visit uuid.UUID) (Session, Visit, error) {
	x, err := lock(ctx, tx, sessionID, Open)
	if err != nil {
		return x, Visit{}, err
	}
	v, err := lockVisit(ctx, tx, x.ID, visit)
	if err != nil {
		return x, v, err
	}
	if v.State == Finished {
		return x, v, db.Refuse(db.Conflict, "%d 号已经诊毕，记录不再改动。要补发，请重新扫患者二维码。", v.Number)
	}
	return x, v, v.mine(by)
}

// withdrawRequests takes back what a visit still asks for: it has left the
// table, and nobody waits for the answer.
func withdrawRequests(ctx context.Context, tx *db.Tx, by identity.Actor, visit uuid.UUID) error {
	_, err := tx.Exec(ctx, `UPDATE let_in_request SET decision = 'withdrawn', decided_by = $2, decided_at = $3 WHERE visit_id = $1 AND decision = ''`,
		visit, by.StaffID, tx.Now)
	if err != nil {
		return fmt.Errorf("withdraw requests: %w", err)
	}
	return nil
}
