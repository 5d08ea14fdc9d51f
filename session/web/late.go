package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/width"

	"jingfang/inventory"
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
}

// lateSaid is the answer to one code.
type lateSaid struct{ Code, Text, Tone string }

// maxLate is how many boxes one line of the paper holds at most.
const maxLate = 20

// Late is GET /sessions/{id}/late: the form for one line of the paper.
func (h *Handlers) Late(w http.ResponseWriter, r *http.Request) error {
	_, x, err := h.readSession(r, identity.Dispense)
	if err != nil {
		return err
	}
	v := lateView{Head: newHeadView(x)}
	if x.State != session.Open {
		v.Error = lateClosed(x.State)
	}
	return h.site.Page(w, r, "late", v)
}

func lateClosed(s session.State) string {
	if s == session.Planned {
		return "本场次还没有开始。开始义诊后再补录。"
	}
	return "本场次" + s.Word() + "，不能再补录就诊。请把纸质名单交给药师，由药师写补充记录。"
}

// lateLine is one line of the paper: a patient, the time of the hand-over, the boxes.
type lateLine struct {
	command uuid.UUID
	patient string
	at      time.Time
	codes   []string
}

// EnterLate is POST /sessions/{id}/late. It sends what a device sends after a day
// without the server: the arrival, each box with the time of its hand-over, and 诊毕
// where every box was found. Sent twice, it enters nothing twice.
func (h *Handlers) EnterLate(w http.ResponseWriter, r *http.Request) error {
	by, x, err := h.readSession(r, identity.Dispense)
	if err != nil {
		return err
	}
	v := lateView{Head: newHeadView(x), Patient: r.PostFormValue("patient"), At: r.PostFormValue("at"), Codes: r.PostFormValue("codes")}
	line, err := parseLate(r, x, h.db.Now())
	if err == nil {
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
	l := lateLine{patient: r.PostFormValue("patient")}
	var err error
	if l.command, err = formUUID(r, "command_id"); err != nil {
		return l, err
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
	l.codes = strings.FieldsFunc(strings.ToUpper(width.Narrow.String(r.PostFormValue("codes"))), func(c rune) bool {
		return strings.ContainsRune(" \t\r\n,;、，；", c)
	})
	switch {
	case len(l.codes) == 0:
		return l, db.Refuse(db.Invalid, "请输入每盒追溯码的末 4 到 6 位，一盒一个。")
	case len(l.codes) > maxLate:
		return l, db.Refuse(db.Invalid, "一位患者一次最多补录 %d 盒，请分几次。", maxLate)
	}
	seen := map[string]bool{}
	for _, c := range l.codes {
		if n := utf8.RuneCountInString(c); n < 4 || n > 6 && n < 20 || n > 100 {
			return l, db.Refuse(db.Invalid, "“%s”不是末 4 到 6 位，请核对。", short(c))
		}
		if seen[c] {
			return l, db.Refuse(db.Invalid, "“%s”写了两次。两盒末几位相同时，请多写几位。", short(c))
		}
		seen[c] = true
	}
	return l, nil
}

// part is the id of one of the commands that a line of the paper makes.
func (l lateLine) part(name string) uuid.UUID { return uuid.NewSHA1(l.command, []byte(name)) }

func (h *Handlers) enterLate(r *http.Request, by identity.Actor, x session.Session, l lateLine, v *lateView) error {
	ctx := r.Context()
	a, err := h.sessions.CheckIn(ctx, by, session.Arrival{SessionID: x.ID, Visit: l.part("visit"), CommandID: l.part("arrival"), Patient: l.patient, Start: true})
	if err != nil {
		return err
	}
	if a.Kind == session.FinishFirst {
		return db.Refuse(db.Conflict, "您手上还有一位没有诊毕。请先回诊台点“诊毕”，再补录。")
	}
	for _, code := range l.codes {
		said, err := h.sessions.Dispense(ctx, by, session.Scan{SessionID: x.ID, Visit: a.VisitID, CommandID: l.part("box " + code), Codes: code, Typed: true, DoneAt: l.at})
		if err != nil {
			return err
		}
		worst := said.Worst()
		v.Said = append(v.Said, lateSaid{Code: code, Text: worst.Sentence, Tone: string(worst.Tone)})
		if !entered(worst) {
			v.Open = true
		}
	}
	if v.Open {
		return db.Refuse(db.Conflict, "%d 号有药盒没有记上，就诊还开着。请到诊台核对实物后处理，再点“诊毕”。", a.Number)
	}
	done, err := h.sessions.FinishVisit(ctx, by, session.Ending{SessionID: x.ID, Visit: a.VisitID, CommandID: l.part("end")})
	if err != nil {
		return err
	}
	v.Good = fmt.Sprintf("%d 号已补录 %d 盒，发药时间 %s。", done.Number, done.Packs, l.at.Format("15:04"))
	v.Patient, v.Codes = "", ""
	return nil
}

// entered tells whether a box is on the record now: handed out, there before, or
// written down as a fact.
func entered(a inventory.CodeAnswer) bool {
	return a.Tone == inventory.ToneGood || a.Tone == inventory.ToneSoft || a.Kind == inventory.KindFactAlarm
}
