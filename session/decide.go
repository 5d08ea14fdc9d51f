package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Deciding is the input of Decide.
type Deciding struct {
	SessionID int64
	Request   uuid.UUID
	CommandID uuid.UUID
	LetIn     bool
	// Reason must be given; at most 200 characters.
	Reason string
}

// DecideAnswer is the answer to a decision.
type DecideAnswer struct {
	Number   int      `json:"number"`
	Decision Decision `json:"decision"`
	Sentence string   `json:"sentence"`
}

// onDuty is the session's own rule of who answers for it: its duty holder,
// whatever the role (a deputy where no pharmacist came), or a pharmacist of the
// team who may decide requests at the site.
func onDuty(ctx context.Context, r db.Reader, x Session, by identity.Actor) error {
	if x.DutyStaffID != nil && *x.DutyStaffID == by.StaffID {
		return nil
	}
	if err := by.Can(identity.DecideRequest, x.SiteID); err != nil {
		return db.RefuseBecause(err, db.Denied, "只有本场次的值班药师或代理人可以处理。请找值班负责人。")
	}
	return inTeam(ctx, r, x.ID, by, PartPharmacist, PartDeputy)
}

// Decide answers a request. A yes brings the pack to the session and hands it to
// the visit in the same transaction; either way the code at the visit is
// resolved with the reason.
func (s *Service) Decide(ctx context.Context, by identity.Actor, in Deciding) (DecideAnswer, error) {
	if _, err := s.may(ctx, by, identity.ViewSession, in.SessionID); err != nil {
		return DecideAnswer{}, err
	}
	in.Reason = strings.TrimSpace(in.Reason)
	if in.Reason == "" || utf8.RuneCountInString(in.Reason) > 200 {
		return DecideAnswer{}, db.Refuse(db.Invalid, "请写明放行或不放行的原因，最多 200 个字。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "decide", Request: in}
	answer, _, err := runCommand(ctx, s, in.SessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (DecideAnswer, error) {
		return s.decide(ctx, tx, by, in)
	})
	if db.IsUnique(err, "pack_code_uq") {
		err = db.RefuseBecause(err, db.Conflict, "这一盒刚刚由别人录入。请再点一次。")
	}
	return answer, s.denied(ctx, by, in.SessionID, err)
}

func (s *Service) decide(ctx context.Context, tx *db.Tx, by identity.Actor, in Deciding) (DecideAnswer, error) {
	holder, err := holderOf(ctx, tx, in)
	if err != nil {
		return DecideAnswer{}, err
	}
	x, err := lockWithHolder(ctx, tx, in, holder)
	if err != nil {
		return DecideAnswer{}, err
	}
	if err := onDuty(ctx, tx, x, by); err != nil {
		return DecideAnswer{}, err
	}
	q, v, err := openRequest(ctx, tx, x, in.Request)
	if err != nil {
		return DecideAnswer{}, err
	}
	answer := DecideAnswer{Number: v.Number, Decision: DecidedNo, Sentence: fmt.Sprintf("%d 号的 %s 不放行，已告诉 %s。", v.Number, q.Drug, doctorWord(q.Doctor))}
	var loose *inventory.Pack // a box whose number the doctor has to say
	if in.LetIn {
		answer.Decision, answer.Sentence = DecidedIn, fmt.Sprintf("%s 已放行，并记录给 %d 号。", q.Drug, v.Number)
		p, err := letIn(ctx, tx, by, x, v, q, in, holder)
		if err != nil {
			return DecideAnswer{}, err
		}
		if p.Loose {
			loose = p
		}
	}
	if err := settleRequest(ctx, tx, by, x, q, in, answer.Decision); err != nil {
		return DecideAnswer{}, err
	}
	if loose != nil {
		answer.Sentence = fmt.Sprintf("%s 已放行，请 %d 号的医生填发多少。", q.Drug, v.Number)
		if err := askNumber(ctx, tx, q, loose); err != nil {
			return DecideAnswer{}, err
		}
	}
	if holder != 0 && in.LetIn {
		return answer, s.hub.Touch(ctx, tx, x.ID, holder)
	}
	return answer, s.hub.Touch(ctx, tx, x.ID)
}

// holderOf looks, before anything is locked, which other session has the pack; 0
// when none. Two sessions are always locked in the order of their ids.
func holderOf(ctx context.Context, tx *db.Tx, in Deciding) (int64, error) {
	var id int64
	err := tx.Get(ctx, &id, `SELECT COALESCE(k.session_id, 0) FROM let_in_request q JOIN pack k ON k.code = q.code
WHERE q.id = $1::uuid AND k.state = 'allocated' AND k.session_id <> $2::bigint`, in.Request, in.SessionID)
	if err != nil && !db.IsNoRows(err) {
		return 0, fmt.Errorf("read who holds the pack: %w", err)
	}
	return id, nil
}

func lockWithHolder(ctx context.Context, tx *db.Tx, in Deciding, holder int64) (Session, error) {
	if holder == 0 || !in.LetIn {
		return lock(ctx, tx, in.SessionID, Open)
	}
	if holder > in.SessionID {
		x, err := lock(ctx, tx, in.SessionID, Open)
		if err != nil {
			return x, err
		}
		return x, lockHolder(ctx, tx, holder)
	}
	if err := lockHolder(ctx, tx, holder); err != nil {
		return Session{}, err
	}
	return lock(ctx, tx, in.SessionID, Open)
}

func lockHolder(ctx context.Context, tx *db.Tx, id int64) error {
	h, err := lock(ctx, tx, id, Planned, Open)
	if err != nil && db.KindOf(err) == db.Conflict {
		return db.RefuseBecause(err, db.Conflict, "这盒配在 %s %s的药箱里，那一场%s，不能调出。请换一盒。", h.Site, h.HeldOn.Format("1月2日"), h.State.Word())
	}
	return err
}

// openRequest reads a request that waits and takes its visit. The session is
// locked, so nobody decides it meanwhile.
func openRequest(ctx context.Context, tx *db.Tx, x Session, id uuid.UUID) (Request, Visit, error) {
	var q Request
	err := tx.Get(ctx, &q, `SELECT `+requestColumns+` FROM `+requestTables+` WHERE q.id = $1::uuid AND q.session_id = $2::bigint`, id, x.ID)
	if db.IsNoRows(err) {
		return q, Visit{}, db.Refuse(db.NotFound, "没有这个申请。请看最新的列表。")
	}
	if err != nil {
		return q, Visit{}, fmt.Errorf("read request: %w", err)
	}
	v, err := lockVisit(ctx, tx, x.ID, q.VisitID)
	switch {
	case err != nil:
		return q, v, err
	case v.State == Finished:
		return q, v, db.Refuse(db.Conflict, "%d 号已经诊毕，这个申请不用再处理。要补发，请医生重新扫患者二维码。", v.Number)
	case q.Decision == Withdrawn:
		return q, v, db.Refuse(db.Conflict, "%d 号的这个申请已撤回，不用再处理。", v.Number)
	case q.Decision != Undecided:
		return q, v, db.Refuse(db.Conflict, "这个申请已由 %s 于 %s %s，不能再改。", q.Decider, q.DecidedAt.In(Zone()).Format("15:04"), q.Decision.Word())
	case v.State != InConsultation:
		return q, v, db.Refuse(db.Conflict, "%d 号已不在诊桌，这个申请不用再处理。", v.Number)
	}
	return q, v, nil
}

// letIn brings the pack to the session and hands it to the visit. A drug that is
// given by quantity is only brought: how much of it, the doctor says.
func letIn(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit, q Request, in Deciding, holder int64) (*inventory.Pack, error) {
	e := inventory.Entry{Move: inventory.Move{Session: x.ID, At: tx.Now}, Visit: q.VisitID, How: inventory.HowScanned,
		Reason: in.Reason, Device: by.Device, Command: in.CommandID}
	p, err := bring(ctx, tx, by, x, q, e, holder)
	if err != nil {
		return nil, spoken(err, q.Drug)
	}
	if p.Loose {
		return p, nil
	}
	e.Move = inventory.Move{Kind: inventory.MoveDispense, Session: x.ID, At: tx.Now}
	step, err := inventory.Write(ctx, tx, by, p, e)
	if err != nil {
		return nil, spoken(err, q.Drug)
	}
	return p, insertLines(ctx, tx, v, []handed{{p, step.Quantity}}, e.How, q.AskedBy)
}

// askNumber puts the question how much on the doctor's screen.
func askNumber(ctx context.Context, tx *db.Tx, q Request, p *inventory.Pack) error {
	kind := inventory.KindAskQuantity
	err := tx.ExecOne(ctx, `INSERT INTO visit_refusal (visit_id, raw, code, answer_kind, sentence, staff_id, at) VALUES ($1, $2, $2, $3, $4, $5, $6)`,
		q.VisitID, q.Code, string(kind), cut(kind.Sentence(inventory.Details{Drug: q.Drug, Count: fmt.Sprintf("%d %s", p.UnitsLeft, p.UnitName)}), 300), q.AskedBy, tx.Now)
	if err != nil {
		return fmt.Errorf("ask for a number: %w", err)
	}
	return nil
}

// bring makes the pack this session's, giving it a row when it has none.
func bring(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, q Request, e inventory.Entry, holder int64) (*inventory.Pack, error) {
	code, err := inventory.ParseTraceCode(q.Code)
	if err != nil {
		return nil, fmt.Errorf("read the code of a request: %w", err)
	}
	packs, err := inventory.LockPacks(ctx, tx, []string{q.Code})
	if err != nil {
		return nil, err
	}
	p := packs[q.Code]
	switch {
	case p == nil:
		known, err := inventory.FindPrefixes(ctx, tx, []string{code.Prefix()})
		if err != nil {
			return nil, err
		}
		means, ok := known[code.Prefix()]
		if !ok || means.Level > 1 {
			return nil, db.Refuse(db.Conflict, "这个码的前缀没有对照到小盒药品，不能放行。请先登记前缀，再点一次。")
		}
		return inventory.EnterLetIn(ctx, tx, by, code, means, e)
	case p.State == inventory.StateAllocated && p.SessionID != nil && *p.SessionID == x.ID:
		return p, nil
	case p.State == inventory.StateAllocated && (p.SessionID == nil || *p.SessionID != holder):
		return nil, db.Refuse(db.Conflict, "%s 刚刚换了药箱。请再点一次。", p.DrugName())
	}
	_, err = inventory.LetIn(ctx, tx, by, p, e)
	return p, err
}

// spoken turns a refused move into the sentence that people read.
func spoken(err error, drug string) error {
	var refused *inventory.MoveError
	if !errors.As(err, &refused) {
		return err
	}
	return db.RefuseBecause(err, db.Conflict, "不能放行：%s", refused.Kind.Sentence(inventory.Details{Drug: drug, State: refused.From.Chinese()}))
}

// settleRequest keeps the decision and resolves the code at the visit with it.
func settleRequest(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, q Request, in Deciding, d Decision) error {
	err := tx.ExecOne(ctx, `UPDATE let_in_request SET decision = $2, decided_by = $3, decided_at = $4, reason = $5 WHERE id = $1 AND decision = ''`,
		q.ID, string(d), by.StaffID, tx.Now, in.Reason)
	if err != nil {
		return fmt.Errorf("decide request: %w", err)
	}
	resolution := refusedByDuty + in.Reason
	if d == DecidedIn {
		resolution = "药师放行：" + in.Reason
	}
	if err := resolveCode(ctx, tx, by, q.VisitID, q.Code, resolution); err != nil {
		return err
	}
	name := "request.refuse"
	if d == DecidedIn {
		name = "request.let_in"
	}
	return identity.Audit(ctx, tx, by, identity.Event{Name: name, ObjectKind: "pack", ObjectID: q.Code, SiteID: x.SiteID, SessionID: x.ID,
		Detail: fmt.Sprintf("visit=%s reason=%s", q.VisitID, in.Reason)})
}
