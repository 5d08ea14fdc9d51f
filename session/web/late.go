package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/width"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// lateView is the view of the page "late": what stands on paper goes into the
// session afterwards.
type lateView struct {
	Head    headView
	Error   string
	Good    string // what was entered
	Said    []lateSaid
	Open    bool // the visit is still open at the doctor's table
	Patient string
	At      string // 10:42
	Codes   string
	Back    string
	BackTo  string // its word
	// Doctors are those in whose names the duty holder enters a line, nil for who may
	// enter only the own; Why is the reason.
	Doctors  []choiceView
	Why      string
	Collects []choiceView
	Name     string // of who collected
}

// lateSaid is the answer to one code.
type lateSaid struct{ Code, Text, Tone string }

// Late is GET /sessions/{id}/late: the form for one line of the paper.
func (h *Handlers) Late(w http.ResponseWriter, r *http.Request) error {
	_, x, v, err := h.newLateView(r)
	if err != nil {
		return err
	}
	if x.State != session.Open && x.State != session.Closing {
		v.Error = lateClosed(x.State)
	}
	return h.site.Page(w, r, "late", v)
}

// newLateView is the form as this person may fill it in: a doctor's own lines, and
// with the session's duty those of doctors who cannot.
func (h *Handlers) newLateView(r *http.Request) (identity.Actor, session.Session, lateView, error) {
	var v lateView
	by, x, err := h.readSession(r, identity.ViewSession)
	if err != nil {
		return by, x, v, err
	}
	v = lateView{Head: newHeadView(x), Patient: r.PostFormValue("patient"), At: r.PostFormValue("at"), Codes: r.PostFormValue("codes"),
		Why: r.PostFormValue("why"), Collects: collects(r.PostFormValue("collector")), Name: r.PostFormValue("collector_name")}
	v.Back, v.BackTo = v.Head.URL, "诊台"
	duty := scopeOf(audienceIn(by, x)).requests
	if !duty {
		return by, x, v, identity.Allow(r.Context(), h.db, by, identity.Dispense, x.SiteID)
	}
	v.Back, v.BackTo = v.Head.URL+"/paper", "纸质名单"
	team, err := session.Team(r.Context(), h.db, x.ID)
	if err != nil {
		return by, x, v, err
	}
	v.Doctors = lateDoctors(team, by, r.PostFormValue("doctor"))
	return by, x, v, nil
}

// lateDoctors are the choices of whose line it is; a doctor's own one comes first.
func lateDoctors(team []session.Member, by identity.Actor, chosen string) []choiceView {
	list := []choiceView{{Value: "", Word: "请选择"}}
	for _, m := range team {
		switch {
		case m.Part != session.PartDoctor:
		case m.StaffID == by.StaffID:
			list[0] = choiceView{Value: "0", Word: "本人", Chosen: chosen == "0"}
		default:
			id := fmt.Sprint(m.StaffID)
			list = append(list, choiceView{Value: id, Word: m.Name, Chosen: chosen == id})
		}
	}
	return list
}

func lateClosed(s session.State) string {
	if s == session.Planned {
		return "本场次还没有开始。开始义诊后再补录。"
	}
	return "本场次" + s.Word() + "，不能再补录就诊。请由药师写补充记录。"
}

// lateLine is one line of the paper: a patient, the time of the hand-over, the boxes.
type lateLine struct {
	command         uuid.UUID
	doctor          int64 // 0 for the own line
	patient         string
	at              time.Time
	boxes           []session.PaperBox
	collector, name string
}

// EnterLate is POST /sessions/{id}/late. A doctor's own line goes the way of a device
// after a day without the server: the arrival, each box with the time of its
// hand-over, and 诊毕 where every box was found. Another doctor's line goes in whole or
// not at all. Sent twice, it enters nothing twice.
func (h *Handlers) EnterLate(w http.ResponseWriter, r *http.Request) error {
	by, x, v, err := h.newLateView(r)
	if err != nil {
		return err
	}
	line, err := parseLate(r, x, h.db.Now())
	switch {
	case err != nil:
	case line.doctor > 0 || by.Can(identity.Dispense, x.SiteID) != nil:
		err = h.enterForAbsent(r, by, x, line, &v)
	default:
		err = h.enterLate(r, by, x, line, &v)
	}
	switch kind := db.KindOf(err); {
	case err == nil:
	case page.WantsJSON(r) || kind != db.Invalid && kind != db.Conflict && kind != db.NotFound:
		return err
	default:
		v.Error = db.Sentence(err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, map[string]any{"sentence": v.Good + v.Error, "open": v.Open})
	}
	return h.site.Page(w, r, "late", v)
}

func parseLate(r *http.Request, x session.Session, now time.Time) (lateLine, error) {
	l := lateLine{patient: r.PostFormValue("patient"), collector: r.PostFormValue("collector"), name: r.PostFormValue("collector_name")}
	var err error
	if l.command, err = formUUID(r, "command_id"); err != nil {
		return l, err
	}
	if text := r.PostFormValue("doctor"); text != "" {
		if l.doctor, err = strconv.ParseInt(text, 10, 64); err != nil || l.doctor < 0 {
			return l, db.Refuse(db.Invalid, "请从列表里选择是哪位医生发的药。")
		}
	}
	if strings.TrimSpace(l.patient) == "" {
		return l, db.Refuse(db.Invalid, "请扫患者二维码，或输入编号。")
	}
	at := strings.TrimSpace(strings.ReplaceAll(width.Narrow.String(r.PostFormValue("at")), "：", ":"))
	clock, err := time.Parse("15:04", at)
	if err != nil {
		return l, db.RefuseBecause(err, db.Invalid, "发药时间请写成 10:42 的样子。")
	}
	l.at = time.Date(x.HeldOn.Year(), x.HeldOn.Month(), x.HeldOn.Day(), clock.Hour(), clock.Minute(), 0, 0, session.Zone())
	if l.at.After(now) {
		return l, db.Refuse(db.Invalid, "发药时间 %s 还没有到，请核对。", at)
	}
	l.boxes, err = parsePaperBoxes(r.PostFormValue("codes"))
	return l, err
}

// parsePaperBoxes reads what stands beside a patient on the paper: the ends of codes,
// and behind that of a box given by quantity its number: 1234×14.
func parsePaperBoxes(text string) ([]session.PaperBox, error) {
	words := strings.FieldsFunc(strings.ToUpper(width.Narrow.String(text)), func(c rune) bool {
		return strings.ContainsRune(" \t\r\n,;、，；", c)
	})
	switch {
	case len(words) == 0:
		return nil, db.Refuse(db.Invalid, "请输入每盒追溯码的末 4 到 6 位，一盒一个。")
	case len(words) > session.MaxPaperBoxes:
		return nil, db.Refuse(db.Invalid, "一位患者一次最多补录 %d 盒，请分几次。", session.MaxPaperBoxes)
	}
	seen := map[string]bool{}
	var boxes []session.PaperBox
	for _, word := range words {
		code, number, many := strings.Cut(strings.ReplaceAll(word, "×", "*"), "*")
		b := session.PaperBox{Code: code}
		if n := utf8.RuneCountInString(code); n < 4 || n > 6 && n < 20 || n > 100 {
			return nil, db.Refuse(db.Invalid, "“%s”不是末 4 到 6 位，请核对。", short(code))
		}
		if seen[code] {
			return nil, db.Refuse(db.Invalid, "“%s”写了两次。两盒末几位相同时，请多写几位。", short(code))
		}
		if many {
			n, err := strconv.ParseInt(number, 10, 32)
			if err != nil || n <= 0 {
				return nil, db.Refuse(db.Invalid, "“%s”的数量没有读懂，请写成 %s×14 的样子。", short(word), code)
			}
			b.Quantity = n
		}
		seen[code] = true
		boxes = append(boxes, b)
	}
	return boxes, nil
}

// part is the id of one of the commands that a line of the paper makes.
func (l lateLine) part(name string) uuid.UUID { return uuid.NewSHA1(l.command, []byte(name)) }

// enterForAbsent enters a line in the name of a doctor who cannot.
func (h *Handlers) enterForAbsent(r *http.Request, by identity.Actor, x session.Session, l lateLine, v *lateView) error {
	a, err := h.sessions.EnterForAbsent(r.Context(), by, session.PaperEntry{SessionID: x.ID, CommandID: l.command, DoctorID: l.doctor, Patient: l.patient,
		At: l.at, Boxes: l.boxes, Collector: l.collector, CollectorName: l.name, Why: v.Why})
	if err != nil {
		return err
	}
	for _, said := range a.Answers {
		v.Said = append(v.Said, lateSaid{Code: tail(said.Code), Text: said.Sentence, Tone: string(said.Tone)})
	}
	v.Good = a.Sentence
	v.clear()
	return nil
}

// clear empties the form for the next line of the same doctor.
func (v *lateView) clear() {
	v.Patient, v.Codes, v.Name, v.Collects = "", "", "", collects("")
}

func (h *Handlers) enterLate(r *http.Request, by identity.Actor, x session.Session, l lateLine, v *lateView) error {
	ctx := r.Context()
	a, err := h.sessions.CheckIn(ctx, by, session.Arrival{SessionID: x.ID, Visit: l.part("visit"), CommandID: l.part("arrival"), Patient: l.patient, Start: true})
	if err != nil {
		return err
	}
	if a.Kind == session.FinishFirst {
		return db.Refuse(db.Conflict, "您手上还有一位没有诊毕。请先回诊台点“诊毕”，再补录。")
	}
	for _, b := range l.boxes {
		said, err := h.sessions.Dispense(ctx, by, session.Scan{SessionID: x.ID, Visit: a.VisitID, CommandID: l.part("box " + b.Code), Codes: b.Code, Typed: true, DoneAt: l.at, Quantity: b.Quantity})
		if err != nil {
			return err
		}
		worst := said.Worst()
		v.Said = append(v.Said, lateSaid{Code: b.Code, Text: worst.Sentence, Tone: string(worst.Tone)})
		if !worst.Entered() {
			v.Open = true
		}
	}
	if v.Open {
		return db.Refuse(db.Conflict, "%d 号有药盒没有记上，就诊还开着。请到诊台核对实物后处理，再点“诊毕”。", a.Number)
	}
	done, err := h.sessions.FinishVisit(ctx, by, session.Ending{SessionID: x.ID, Visit: a.VisitID, CommandID: l.part("end"), Collector: l.collector, CollectorName: l.name})
	if err != nil {
		return err
	}
	v.Good = fmt.Sprintf("%d 号已补录 %d 盒，发药时间 %s。", done.Number, done.Packs, l.at.Format("15:04"))
	v.clear()
	return nil
}
