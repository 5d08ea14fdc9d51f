package session

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// MaxPaperBoxes is how many boxes one line of the paper roster holds at most.
const MaxPaperBoxes = 20

// paperWord begins the reason of a visit that was entered from paper for its doctor.
const paperWord = "补录纸质名单："

// PaperEntry is the input of EnterForAbsent: one line of the paper roster, of a
// doctor who cannot enter it.
type PaperEntry struct {
	SessionID int64
	CommandID uuid.UUID
	DoctorID  int64  // whose table it was
	Patient   string // label, number or id
	// At is when the boxes were handed over, as it stands on the paper.
	At    time.Time
	Boxes []PaperBox // 1 to MaxPaperBoxes
	// Collector and its name are as in [Ending].
	Collector, CollectorName string
	// Why the doctor cannot enter it; at most 150 characters.
	Why string
}

// PaperBox is a box as it stands on the paper.
type PaperBox struct {
	Code string // whole, or its last 4 to 6 characters
	// Quantity is the units that were given of a box whose drug is given by quantity,
	// 0 for a whole box.
	Quantity int64
}

// PaperAnswer is the answer to a line of the paper.
type PaperAnswer struct {
	FinishAnswer
	Answers []inventory.CodeAnswer `json:"answers"`
}

// EnterForAbsent enters a line of the paper roster in a doctor's name: visit, boxes
// and 诊毕 in one step, or nothing of it. It takes the session's duty. The record
// names who entered it and waits for the doctor's countersign, as one that was
// finished for an absent doctor.
func (s *Service) EnterForAbsent(ctx context.Context, by identity.Actor, in PaperEntry) (PaperAnswer, error) {
	x, err := s.may(ctx, by, identity.ViewSession, in.SessionID)
	if err != nil {
		return PaperAnswer{}, err
	}
	if err := onDuty(ctx, s.db, x, by); err != nil {
		return PaperAnswer{}, s.denied(ctx, by, x.ID, err)
	}
	if err := in.check(); err != nil {
		return PaperAnswer{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "enter_absent", Request: in}
	answer, _, err := runCommand(ctx, s, in.SessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (PaperAnswer, error) {
		return s.enterForAbsent(ctx, tx, by, in)
	})
	return answer, s.denied(ctx, by, in.SessionID, err)
}

func (in PaperEntry) check() error {
	why := strings.TrimSpace(in.Why)
	switch {
	case why == "" || utf8.RuneCountInString(why) > 150:
		return db.Refuse(db.Invalid, "请写明医生为什么不能自己补录，最多 150 个字。")
	case in.DoctorID <= 0:
		return db.Refuse(db.Invalid, "请选择是哪位医生发的药。")
	case in.At.IsZero():
		return db.Refuse(db.Invalid, "请写发药时间。")
	case len(in.Boxes) == 0:
		return db.Refuse(db.Invalid, "请输入每盒追溯码的末 4 到 6 位，一盒一个。")
	case len(in.Boxes) > MaxPaperBoxes:
		return db.Refuse(db.Invalid, "一位患者一次最多补录 %d 盒，请分几次。", MaxPaperBoxes)
	}
	for _, b := range in.Boxes {
		if b.Quantity < 0 || b.Quantity > maxUnits {
			return db.Refuse(db.Invalid, "…%s 的数量请填 1 到 %d 的整数。", lastFour(b.Code), maxUnits)
		}
	}
	return notMedicine(in.Patient)
}

func (s *Service) enterForAbsent(ctx context.Context, tx *db.Tx, by identity.Actor, in PaperEntry) (PaperAnswer, error) {
	p, err := findActive(ctx, tx, in.Patient)
	if err != nil {
		return PaperAnswer{}, err
	}
	read, err := in.read(ctx, tx)
	if err != nil {
		return PaperAnswer{}, err
	}
	x, holders, err := lockForScan(ctx, tx, Scan{SessionID: in.SessionID, DoneAt: in.At}, read)
	if db.KindOf(err) == db.Conflict {
		err = db.RefuseBecause(err, db.Conflict, "本场次已经结束，不能再补录就诊。请由药师写补充记录。")
	}
	if err != nil {
		return PaperAnswer{}, err
	}
	v, note, err := paperVisit(ctx, tx, by, x, in, p)
	if err != nil {
		return PaperAnswer{}, err
	}
	codes, _ := codesOf(read)
	if _, err := inventory.LockPacks(ctx, tx, codes); err != nil {
		return PaperAnswer{}, err
	}
	answers, err := paperBoxes(ctx, tx, by, x, v, in, read, holders)
	if err != nil {
		return PaperAnswer{}, err
	}
	a, err := endPaper(ctx, tx, by, x, v, in)
	if err != nil {
		return PaperAnswer{}, err
	}
	a.Sentence = fmt.Sprintf("已代%s补录 %d 号，共 %s，发药时间 %s。医生下次登录时补签。%s", doctorWord(v.Doctor), a.Number, a.Given, clock(in.At), note)
	return PaperAnswer{a, answers}, s.hub.Touch(ctx, tx, append(holders, x.ID)...)
}

// read finds the whole codes of what stands on the paper; the first that fits no
// pack of the session, or several, is named.
func (in PaperEntry) read(ctx context.Context, tx *db.Tx) ([]inventory.Parsed, error) {
	var read []inventory.Parsed
	for _, b := range in.Boxes {
		one := inventory.ParseScan(b.Code)
		if tail, ok := typedTail(Scan{Typed: true}, one); ok {
			found, err := findTail(ctx, tx, in.SessionID, tail)
			switch {
			case err != nil:
				return nil, err
			case len(found) != 1:
				return nil, paperRefused(tail, tailAnswer(tail, found, 0).Worst().Sentence)
			}
			one = inventory.ParseScan(found[0].Code)
		}
		if len(one) != 1 {
			return nil, db.Refuse(db.Invalid, "“%s”里有几个码，请一盒写一个。没有补录。", lastFour(b.Code))
		}
		if slices.ContainsFunc(read, func(p inventory.Parsed) bool {
			return p.Err == nil && one[0].Err == nil && p.Code.Code() == one[0].Code.Code()
		}) {
			return nil, db.Refuse(db.Invalid, "…%s 写了两次，请核对。没有补录。", lastFour(b.Code))
		}
		read = append(read, one[0])
	}
	return read, nil
}

// paperRefused says of a box on the paper why nothing was entered.
func paperRefused(code, why string) error {
	return db.Refuse(db.Conflict, "没有补录。…%s：%s", lastFour(code), why)
}

// paperVisit is the visit of a line of the paper, with the doctor whose table it was:
// the one that is open there or in the queue, or a new one. note is what whoever
// enters it should look at.
func paperVisit(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, in PaperEntry, p patient.Patient) (v Visit, note string, err error) {
	if x.State == Planned {
		return v, "", db.Refuse(db.Conflict, "本场次还没有开始。开始义诊后再补录。")
	}
	if in.At.After(tx.Now) {
		return v, "", db.Refuse(db.Invalid, "发药时间 %s 还没有到，请核对。", clock(in.At))
	}
	doctor, err := doctorOf(ctx, tx, by, x.ID, in.DoctorID)
	if err != nil {
		return v, "", err
	}
	if err := stillActive(ctx, tx, p); err != nil {
		return v, "", err
	}
	v, found, err := openVisitOf(ctx, tx, x.ID, p.ID)
	if err != nil {
		return v, "", err
	}
	if found && v.State == InConsultation {
		if *v.DoctorID == in.DoctorID {
			return v, "", nil
		}
		return v, "", db.Refuse(db.Conflict, "%d 号正在%s处就诊，不是%s。请核对纸上的医生。", v.Number, doctorWord(v.Doctor), doctorWord(doctor))
	}
	if !found {
		if note, err = seenToday(ctx, tx, x, p.ID); err != nil {
			return v, "", err
		}
		// The id follows from the command: a repeat would be the same visit.
		id := uuid.NewSHA1(in.CommandID, []byte("visit"))
		if v, err = insertVisit(ctx, tx, by, x, Arrival{Visit: id, DoneAt: in.At}, p); err != nil {
			return v, "", err
		}
	}
	v.Doctor = doctor
	if err := seat(ctx, tx, x, v, in); err != nil {
		return v, "", err
	}
	v, err = lockVisit(ctx, tx, x.ID, v.ID)
	return v, note, err
}

// doctorOf names a doctor of the team in whose name another enters something.
func doctorOf(ctx context.Context, r db.Reader, by identity.Actor, sessionID, doctorID int64) (string, error) {
	if doctorID == by.StaffID {
		return "", db.Refuse(db.Conflict, "这是您自己发的药，请选“本人”补录。")
	}
	team, err := Team(ctx, r, sessionID)
	if err != nil {
		return "", err
	}
	for _, m := range team {
		if m.StaffID == doctorID && m.Part == PartDoctor {
			return m.Name, nil
		}
	}
	return "", db.Refuse(db.Invalid, "这位不是本场次的医生。请从名单里重新选择。")
}

// seat puts a waiting visit to the doctor's table as of the time on the paper.
func seat(ctx context.Context, tx *db.Tx, x Session, v Visit, in PaperEntry) error {
	open, there, err := CurrentVisit(ctx, tx, x.ID, in.DoctorID)
	if err != nil {
		return err
	}
	if there {
		return db.Refuse(db.Conflict, "%s手上还有 %d 号没有诊毕。请先在候诊页代为诊毕，再补录。", doctorWord(v.Doctor), open.Number)
	}
	err = tx.ExecOne(ctx, `UPDATE visit SET state = 'in_consultation', doctor_id = $2, started_at = $3 WHERE id = $1 AND state = 'waiting'`,
		v.ID, in.DoctorID, pastMoment(in.At, v.CameAt, tx.Now))
	if err != nil {
		return fmt.Errorf("seat a visit of the paper: %w", err)
	}
	return nil
}

// seenToday tells that the patient has been seen in the session already: the paper
// may say the same once more.
func seenToday(ctx context.Context, r db.Reader, x Session, patientID int64) (string, error) {
	var before Visit
	err := r.Get(ctx, &before, `SELECT `+visitColumns+` FROM `+visitTables+`
WHERE v.session_id = $1::bigint AND v.patient_id = $2::bigint AND v.state = 'finished' ORDER BY v.finished_at DESC LIMIT 1`, x.ID, patientID)
	if db.IsNoRows(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for an earlier visit: %w", err)
	}
	return fmt.Sprintf("注意：这位患者今天 %d 号已由%s诊毕，请核对是否重复取药。", before.Number, doctorWord(before.Doctor)), nil
}

// paperBoxes hands the boxes over as facts, those that are given by quantity one by
// one. All of them go in or none: whoever enters them has the paper at hand.
func paperBoxes(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit, in PaperEntry, read []inventory.Parsed, holders []int64) ([]inventory.CodeAnswer, error) {
	var answers []inventory.CodeAnswer
	take := func(quantity int64, boxes ...inventory.Parsed) error {
		if len(boxes) == 0 {
			return nil
		}
		scan := Scan{SessionID: x.ID, Visit: v.ID, CommandID: in.CommandID, DoneAt: in.At, Quantity: quantity}
		t, err := newTable(ctx, tx, by, x, v, scan, boxes)
		if err != nil {
			return err
		}
		t.how, t.holders = inventory.HowTyped, holders
		for _, b := range boxes {
			t.take(b)
		}
		for _, a := range t.answer.Answers {
			if !a.Entered() {
				return paperRefused(a.Code+a.Raw, a.Sentence+paperHint(a))
			}
		}
		answers = append(answers, t.answer.Answers...)
		return t.write(ctx)
	}
	var whole []inventory.Parsed
	for i, b := range in.Boxes {
		if b.Quantity == 0 {
			whole = append(whole, read[i])
		} else if err := take(b.Quantity, read[i]); err != nil {
			return nil, err
		}
	}
	return answers, take(0, whole...)
}

// paperHint says how a number is written beside a box.
func paperHint(a inventory.CodeAnswer) string {
	if a.Kind == inventory.KindAskQuantity {
		return "请在末几位后面写数量，例如 " + lastFour(a.Code) + "×14。"
	}
	return ""
}

// endPaper finishes the visit in the doctor's name.
func endPaper(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit, in PaperEntry) (FinishAnswer, error) {
	why := paperWord + strings.TrimSpace(in.Why)
	err := tx.ExecOne(ctx, `UPDATE visit SET ended_for = $2 WHERE id = $1 AND state = 'in_consultation'`, v.ID, why)
	if err != nil {
		return FinishAnswer{}, fmt.Errorf("enter for an absent doctor: %w", err)
	}
	if v, err = lockVisit(ctx, tx, x.ID, v.ID); err != nil {
		return FinishAnswer{}, err
	}
	end, err := Ending{SessionID: x.ID, Visit: v.ID, CommandID: in.CommandID, Collector: in.Collector, CollectorName: in.CollectorName, DoneAt: in.At}.check()
	if err != nil {
		return FinishAnswer{}, err
	}
	a, err := finishLocked(ctx, tx, by, x, v, end)
	if err != nil {
		return FinishAnswer{}, err
	}
	return a, identity.Audit(ctx, tx, by, identity.Event{Name: "visit.enter_absent", ObjectKind: "visit", ObjectID: v.ID.String(),
		SiteID: x.SiteID, SessionID: x.ID, Detail: fmt.Sprintf("doctor=%d boxes=%d reason=%s", in.DoctorID, len(in.Boxes), in.Why)})
}
