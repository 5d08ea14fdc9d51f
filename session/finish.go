package session

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Ending is the input of FinishVisit (诊毕).
type Ending struct {
	SessionID int64
	Visit     uuid.UUID
	CommandID uuid.UUID
	// Collector says who took the medicine: self, family, village_doctor, staff
	// (brought home by staff), other; empty is self. Relation is what a relative is
	// to the patient, at most 20 characters; it is kept with the name.
	Collector, CollectorName string
	Relation                 string `json:",omitempty"`
	// NextDue is the next pick-up day, a date after the clinic's; zero takes the
	// proposal of [ReadNextDue].
	NextDue time.Time `json:",omitzero"`
	// Prescription is the number of the paper prescription, when given.
	Prescription string
	// NoDrugReason must be given for a visit without medicine.
	NoDrugReason string
	// AskLeft asks once what became of codes that are still 未记录, as pages do;
	// Left answers for all of them and finishes.
	AskLeft bool `json:",omitempty"`
	Left    Left `json:",omitempty"`
	// OverReason is stated for every drug that is given for more days than its
	// class allows and has no reason yet. AskLeft asks for it once; OverAsked says
	// that it was asked for, and then the visit ends without one, too.
	OverReason string `json:",omitempty"`
	OverAsked  bool   `json:",omitempty"`
	// DoneAt is when 诊毕 was pressed while the link was down, by the device's
	// clock: then nothing is asked any more. Zero for a visit that ends now.
	DoneAt time.Time `json:",omitzero"`
}

// Collectors lists who may take the medicine.
func Collectors() []string { return []string{"self", "family", "village_doctor", "staff", "other"} }

// Relations are the usual words for what a relative is to the patient; any other
// may be written.
func Relations() []string { return []string{"配偶", "父母", "子女", "兄弟姐妹"} }

// FinishAnswer is the answer to 诊毕.
type FinishAnswer struct {
	Number   int    `json:"number"`
	Packs    int    `json:"packs"`
	Given    string `json:"given,omitempty"` // in words: 2 盒 + 10 片
	Seq      int64  `json:"record"`          // the record's place in the session's chain
	Sentence string `json:"sentence"`
	// NextDue is the next pick-up day, 2026-12-21, or "".
	NextDue string `json:"next_due,omitempty"`
	// NotRecorded is how many codes must be answered for first; the visit is then
	// still open.
	NotRecorded int `json:"not_recorded,omitempty"`
	// OverLimit is how many drugs want a reason for their days; the visit is then
	// still open.
	OverLimit int `json:"over_limit,omitempty"`
}

// FinishVisit ends a visit and freezes its record in the same transaction.
func (s *Service) FinishVisit(ctx context.Context, by identity.Actor, in Ending) (FinishAnswer, error) {
	if _, err := s.may(ctx, by, identity.FinishVisit, in.SessionID); err != nil {
		return FinishAnswer{}, err
	}
	in, err := in.check()
	if err != nil {
		return FinishAnswer{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "finish", Request: in.asked()}
	answer, _, err := runCommand(ctx, s, in.SessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (FinishAnswer, error) {
		return s.finish(ctx, tx, by, in)
	})
	return answer, err
}

func (e Ending) check() (Ending, error) {
	if e.Collector == "" {
		e.Collector = "self"
	}
	if !slices.Contains(Collectors(), e.Collector) {
		return e, db.Refuse(db.Invalid, "请选择谁来取药：本人、家属、村医、工作人员送药或其他。")
	}
	if err := checkOverReason(e.OverReason); err != nil {
		return e, err
	}
	if e.Left != "" && e.Left.resolution() == "" {
		return e, db.Refuse(db.Invalid, "请选择未记录的药盒有没有给出。")
	}
	if e.Relation = strings.TrimSpace(e.Relation); utf8.RuneCountInString(e.Relation) > 20 {
		return e, db.Refuse(db.Invalid, "与患者的关系最多 20 个字。")
	}
	e.CollectorName = e.collectorText()
	if utf8.RuneCountInString(e.CollectorName) > 60 || utf8.RuneCountInString(e.Prescription) > 60 || utf8.RuneCountInString(e.NoDrugReason) > 200 {
		return e, db.Refuse(db.Invalid, "填写的内容太长：姓名和处方号最多 60 个字，原因最多 200 个字。")
	}
	return e, nil
}

// collectorText is who took the medicine as the record says it: 演示甲（子女）.
func (e Ending) collectorText() string {
	name := strings.TrimSpace(e.CollectorName)
	switch {
	case e.Collector == "self":
		return ""
	case e.Collector != "family" || e.Relation == "" || strings.HasSuffix(name, "（"+e.Relation+"）"):
		return name
	case name == "":
		return e.Relation
	}
	return name + "（" + e.Relation + "）"
}

func (s *Service) finish(ctx context.Context, tx *db.Tx, by identity.Actor, in Ending) (FinishAnswer, error) {
	x, err := lock(ctx, tx, in.SessionID, Open, Closing)
	if err != nil {
		return FinishAnswer{}, lateEnd(err, in)
	}
	v, err := lockVisit(ctx, tx, x.ID, in.Visit)
	if err != nil {
		return FinishAnswer{}, err
	}
	if v.State == Finished {
		return FinishAnswer{}, db.Refuse(db.Conflict, "%d 号已经诊毕，不用再点。请扫下一位患者。", v.Number)
	}
	if err := v.mine(by); err != nil {
		return FinishAnswer{}, err
	}
	in = in.late(v)
	if n, err := settleLeft(ctx, tx, by, v, in); err != nil || n > 0 {
		return FinishAnswer{Number: v.Number, Packs: v.Lines, NotRecorded: n,
			Sentence: fmt.Sprintf("%d 号还有 %d 个码未记录。请点它们有没有给出，一按就诊毕；也可以先逐个处理。", v.Number, n)}, err
	}
	if a, err := settleOver(ctx, tx, v, in); err != nil || a.OverLimit > 0 {
		return a, err
	}
	a, err := finishLocked(ctx, tx, by, x, v, in)
	if err != nil {
		return FinishAnswer{}, err
	}
	return a, s.hub.Touch(ctx, tx, x.ID)
}

// finishLocked ends a visit whose session is locked and freezes its record.
func finishLocked(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit, in Ending) (FinishAnswer, error) {
	if v.Lines == 0 && in.NoDrugReason == "" {
		return FinishAnswer{}, db.Refuse(db.Invalid, "这次就诊没有发药。请选择不发药的原因后再点“诊毕”。")
	}
	if v.Lines > 0 {
		// A page drawn before the first box may still send a reason.
		in.NoDrugReason = ""
	}
	if err := checkNextDue(x, in.NextDue); err != nil {
		return FinishAnswer{}, err
	}
	if in.NextDue.IsZero() {
		due, err := ReadNextDue(ctx, tx, x, v.ID)
		if err != nil {
			return FinishAnswer{}, err
		}
		in.NextDue = due.On
	}
	if err := endVisit(ctx, tx, by, v, in); err != nil {
		return FinishAnswer{}, err
	}
	if err := withdrawRequests(ctx, tx, by, v.ID); err != nil {
		return FinishAnswer{}, err
	}
	seq, given, err := writeRecord(ctx, tx, by, x, v.ID)
	if err != nil {
		return FinishAnswer{}, err
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "visit.finish", ObjectKind: "visit", ObjectID: v.ID.String(),
		SiteID: x.SiteID, SessionID: x.ID, Detail: fmt.Sprintf("record=%d packs=%d", seq, v.Lines)})
	if err != nil {
		return FinishAnswer{}, err
	}
	a := FinishAnswer{Number: v.Number, Packs: v.Lines, Seq: seq, Given: given,
		Sentence: fmt.Sprintf("%d 号诊毕，共 %s。请扫下一位患者。", v.Number, given)}
	if !in.NextDue.IsZero() {
		a.NextDue = in.NextDue.Format(time.DateOnly)
		a.Sentence = fmt.Sprintf("%d 号诊毕，共 %s，下次 %s。请扫下一位患者。", v.Number, given, in.NextDue.Format("1月2日"))
	}
	return a, nil
}

func endVisit(ctx context.Context, tx *db.Tx, by identity.Actor, v Visit, in Ending) error {
	var due *string
	if !in.NextDue.IsZero() {
		text := in.NextDue.Format(time.DateOnly)
		due = &text
	}
	start := v.CameAt
	if v.StartedAt != nil {
		start = *v.StartedAt
	}
	err := tx.ExecOne(ctx, `UPDATE visit SET state = 'finished', finished_at = $2, finished_by = $3, collector = $4, collector_name = $5,
  prescription_no = $6, no_drug_reason = $7, next_due_on = $8::date WHERE id = $1 AND state = 'in_consultation'`,
		in.Visit, pastMoment(in.DoneAt, start, tx.Now), by.StaffID, in.Collector, in.CollectorName, in.Prescription, in.NoDrugReason, due)
	if err != nil {
		return fmt.Errorf("finish visit: %w", err)
	}
	return nil
}
