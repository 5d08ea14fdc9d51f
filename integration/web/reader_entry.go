package web

import (
	"cmp"
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"jingfang/integration/translog"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// entryView is the page of one exchange.
type entryView struct {
	ID      string
	Facts   []fact
	Result  string
	Tone    string
	Locker  lockerView
	Opened  *openedView // nil while the bodies are sealed
	Problem string      // why they are not shown
	ReadURL string
}

// fact is a line of what is known.
type fact struct{ Name, Value string }

// openedView is the sealed part, opened.
type openedView struct {
	Facts  []fact
	Bodies []bodyView
}

// Entry is GET /transferlog/{exchange}: what can be seen without the key.
func (h *Reader) Entry(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	id, err := exchangeID(r)
	if err != nil {
		return err
	}
	s, err := h.desk.Find(r.Context(), by, id)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newExchangeJSON(s))
	}
	v, err := h.entry(r, by, s)
	if err != nil {
		return err
	}
	return h.site.Page(w, r, "transferlog_entry", v)
}

// entry draws what can be seen without the key.
func (h *Reader) entry(r *http.Request, by identity.Actor, s translog.Summary) (entryView, error) {
	who := "系统"
	if s.StaffID != 0 {
		p, err := identity.FindStaffByID(r.Context(), h.db, s.StaffID)
		if err != nil && db.KindOf(err) != db.NotFound {
			return entryView{}, err
		}
		who = cmp.Or(p.Name, fmt.Sprintf("人员 %d", s.StaffID))
	}
	url := "/transferlog/" + s.Exchange.String()
	v := entryView{ID: s.Exchange.String(), Result: s.Result.Text(), Tone: resultTone(s.Result), ReadURL: url + "/open", Facts: []fact{
		{"时间", s.At.In(clinicZone()).Format("2006-01-02 15:04:05.000")}, {"系统", systemText(s.System)},
		{"服务", serviceFull(s.Service)}, {"方向", s.Direction.Text()}, {"人员", who}, {"用时", took(s)},
		{"正文", sizes(s)}, {"链上位置", fmt.Sprintf("写入方 %s 第 %d 条", s.Writer, s.Seq)},
	}}
	if s.Open {
		v.Result = "未知：没有结果记录，可能仍在进行，或程序在此中断"
	}
	v.Locker = h.locker(by, url, refusal(r))
	return v, nil
}

// refusal is why the key was not opened, after the way back from its form.
func refusal(r *http.Request) string {
	switch db.Kind(r.URL.Query().Get("refused")) {
	case db.Invalid:
		return "私钥没有打开：请核对口令和私钥文件。"
	case db.TooMany:
		return "口令连续不正确，请 15 分钟后再试。"
	}
	return ""
}

// Read is POST /transferlog/{exchange}/open: the bodies, with the open key.
func (h *Reader) Read(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	id, err := exchangeID(r)
	if err != nil {
		return err
	}
	o, err := h.desk.Read(r.Context(), by, id)
	if kind := db.KindOf(err); err != nil && (page.WantsJSON(r) || kind != db.Conflict && kind != db.Unavailable) {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newOpenedJSON(o))
	}
	return h.showRead(w, r, by, id, o, err)
}

func (h *Reader) showRead(w http.ResponseWriter, r *http.Request, by identity.Actor, id uuid.UUID, o translog.Opened, failed error) error {
	s := o.Summary
	if failed != nil {
		var err error
		if s, err = h.desk.Find(r.Context(), by, id); err != nil {
			return err
		}
	}
	v, err := h.entry(r, by, s)
	if err != nil {
		return err
	}
	if failed != nil {
		v.Problem = db.Sentence(failed)
	} else {
		v.Opened = newOpenedView(o)
	}
	return h.site.Page(w, r, "transferlog_entry", v)
}

func newOpenedView(o translog.Opened) *openedView {
	answer := o.Answer
	if answer == nil {
		answer = &o.Intent
	}
	v := &openedView{}
	for _, f := range []fact{{"业务号", o.Intent.Key}, {"人员", o.Intent.Person}, {"地址", o.Intent.Target}, {"说明", answer.Detail}} {
		if f.Value != "" {
			v.Facts = append(v.Facts, f)
		}
	}
	if answer.Status != 0 {
		v.Facts = append(v.Facts, fact{"应答", fmt.Sprintf("HTTP %d", answer.Status)})
	}
	first, second := o.Summary.Bodies()
	v.Bodies = []bodyView{newBodyView(first, o.Request()), newBodyView(second, answer.Answer)}
	return v
}
