package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"jingfang/integration"
	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// interfacesView is how the exchange with HIS goes and what waits.
type interfacesView struct {
	Problem, Done string
	Configured    bool
	Pull          pullView
	Outboxes      []outboxView // HIS first
	Rows          []factRow
	Programmes    []programmeRow
	Sites         []option
	Payers        []option
}

type pullView struct {
	Active               bool
	Text, Tone           string
	Problems, DrugChange int
}

type outboxView struct {
	Channel, Heading               string
	Active                         bool
	Waiting, Unknown, Failed, Sent int
}

type factRow struct {
	ID                       int64
	Drug, About, Word, Error string
	Tone, Button             string
}

type programmeRow struct{ Name, Site, Payer string }

// Interfaces is GET /interfaces.
func (h *Handlers) Interfaces(w http.ResponseWriter, r *http.Request) error {
	if _, err := may(r, identity.ManageSystem); err != nil {
		return err
	}
	return h.interfaces(w, r, r.URL.Query().Get("done"), "")
}

func (h *Handlers) interfaces(w http.ResponseWriter, r *http.Request, done, problem string) error {
	v := interfacesView{Problem: problem, Done: doneWords(done), Configured: h.c.HIS != nil}
	for _, read := range []func(*http.Request, *interfacesView) error{h.readPull, h.readOutbox, h.readProgrammes} {
		if err := read(r, &v); err != nil {
			return err
		}
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, map[string]any{"pulling": v.Pull.Active, "problems": v.Pull.Problems, "drug_changes": v.Pull.DrugChange,
			"outbox": newOutboxJSON(v.Outboxes[0]), "others": newOthersJSON(v.Outboxes[1:])})
	}
	return h.site.Page(w, r, "interfaces", v)
}

// doneWords are the sentences that an address may ask for: it never carries text.
func doneWords(done string) string {
	return map[string]string{"pull-on": "已打开取单。", "pull-off": "已关闭取单，新的单据不会来。", "drugs": "药品目录已经取来，变动在“目录变动”里。",
		"outbox-on": "已打开发药上报，从下一次诊毕开始。", "outbox-off": "已关闭发药上报，已写下的会继续发完。", "retry": "已安排重试，稍后刷新看结果。",
		"programme": "已保存，从下一次诊毕开始。"}[done]
}

func (h *Handlers) readPull(r *http.Request, v *interfacesView) error {
	streams, err := integration.Streams(r.Context(), h.db)
	if err != nil {
		return err
	}
	v.Pull.Active, v.Pull.Text, v.Pull.Tone = true, "还没有取过单。", "soft"
	for _, s := range streams {
		v.Pull.Active, v.Pull.Problems = s.Active, v.Pull.Problems+s.Problems
		v.Pull.Text, v.Pull.Tone = streamWords(s)
	}
	v.Pull.DrugChange, err = inventory.OpenDrugChanges(r.Context(), h.db)
	return err
}

func streamWords(s integration.Stream) (text, tone string) {
	switch {
	case !s.Active:
		return "取单已关闭，新的单据不会来。", "caution"
	case s.Failures > 0:
		text = "连续失败 " + strconv.Itoa(s.Failures) + " 次：" + s.LastError
		if s.LastSuccessAt != nil {
			text += " 上次成功 " + moment(*s.LastSuccessAt) + "。"
		}
		return text, "bad"
	case s.LastSuccessAt != nil:
		return "最近一次 " + moment(*s.LastSuccessAt) + "，正常。", "good"
	}
	return "还没有取过单。", "soft"
}

// destinations are all that hear facts, HIS first. One that was taken out of the
// mapping file while facts are written for it stands last, so that it can be switched
// off.
func (h *Handlers) destinations(ctx context.Context) ([]integration.Destination, error) {
	list := append([]integration.Destination{{Channel: session.HISChannel, Title: "HIS", Sender: h.c.Sender}}, h.c.Others...)
	open, err := session.OpenChannels(ctx, h.db)
	if err != nil {
		return nil, err
	}
	for _, channel := range open {
		if !slices.ContainsFunc(list, func(d integration.Destination) bool { return d.Channel == channel }) {
			list = append(list, integration.Destination{Channel: channel, Title: channel + "（映射文件里已没有）"})
		}
	}
	return list, nil
}

func (h *Handlers) readOutbox(r *http.Request, v *interfacesView) error {
	open, titles := 0, map[string]string{}
	list, err := h.destinations(r.Context())
	if err != nil {
		return err
	}
	for _, d := range list {
		counts, err := session.CountFacts(r.Context(), h.db, d.Channel, session.Today(h.db.Now()).Add(-8*time.Hour))
		if err != nil {
			return err
		}
		o := outboxView{Channel: d.Channel, Heading: "发药上报", Waiting: counts.Waiting, Unknown: counts.Unknown, Failed: counts.Failed, Sent: counts.Sent}
		if o.Active, err = session.OutboxActive(r.Context(), h.db, d.Channel); err != nil {
			return err
		}
		if len(list) > 1 {
			o.Heading += " · " + d.Title
		}
		v.Outboxes, open, titles[d.Channel] = append(v.Outboxes, o), open+counts.Open(), d.Title
	}
	if open == 0 {
		return nil
	}
	facts, err := session.OpenFacts(r.Context(), h.db)
	if err != nil {
		return err
	}
	for _, f := range facts {
		row := newFactRow(f)
		if len(list) > 1 {
			row.About = titles[f.Channel] + " · " + row.About
		}
		v.Rows = append(v.Rows, row)
	}
	return nil
}

// outboxJSON is how the facts for one destination stand, for programs.
type outboxJSON struct {
	Channel string `json:"channel"`
	Active  bool   `json:"active"`
	Waiting int    `json:"waiting"`
	Unknown int    `json:"unknown"`
	Failed  int    `json:"failed"`
	Sent    int    `json:"sent_today"`
}

func newOutboxJSON(o outboxView) outboxJSON {
	return outboxJSON{o.Channel, o.Active, o.Waiting, o.Unknown, o.Failed, o.Sent}
}

func newOthersJSON(list []outboxView) []outboxJSON {
	out := []outboxJSON{}
	for _, o := range list {
		out = append(out, newOutboxJSON(o))
	}
	return out
}

// newFactRow names no patient: who sees this page looks after the machine.
func newFactRow(f session.Fact) factRow {
	row := factRow{ID: f.ID, Drug: inventory.DrugName(f.Generic, f.Spec), Word: f.State.Word(), Error: f.LastError, Tone: "soft",
		About: fmt.Sprintf("%s · %s · 码尾 %s · 试过 %d 次", moment(f.HappenedAt), f.Site, tailOf(f.Code), f.Tries)}
	if f.Kind == "reversal" {
		row.About = "冲销 · " + row.About
	}
	switch f.State {
	case session.FactFailed:
		row.Tone, row.Button = "bad", "再发一次"
	case session.FactUnknown, session.FactSending:
		row.Tone, row.Button = "caution", "现在查询"
	}
	return row
}

func tailOf(code string) string {
	if len(code) > 6 {
		return code[len(code)-6:]
	}
	return code
}

func (h *Handlers) readProgrammes(r *http.Request, v *interfacesView) error {
	list, err := session.Programmes(r.Context(), h.db)
	if err != nil {
		return err
	}
	for _, p := range list {
		row := programmeRow{p.Name, p.Site, p.Payer.Word()}
		if p.SiteID == 0 {
			row.Site = "其余精防点"
		}
		v.Programmes = append(v.Programmes, row)
	}
	by, _ := identity.ActorOf(r.Context())
	sites, err := identity.SitesFor(r.Context(), h.db, by, identity.ManageSystem)
	if err != nil {
		return err
	}
	v.Sites = append(v.Sites, option{"0", "全部精防点", true})
	for _, s := range sites {
		v.Sites = append(v.Sites, option{strconv.FormatInt(s.ID, 10), s.District + " · " + s.Name, false})
	}
	for i, p := range session.Payers() {
		v.Payers = append(v.Payers, option{string(p), p.Word(), i == 0})
	}
	return nil
}

// changed leads back to the page, or shows it with what was refused.
func (h *Handlers) changed(w http.ResponseWriter, r *http.Request, done string, err error) error {
	switch {
	case err != nil && (page.WantsJSON(r) || !shown(err)):
		return err
	case err != nil:
		return h.interfaces(w, r, "", db.Sentence(err))
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, map[string]bool{"ok": true})
	}
	return h.site.SeeOther(w, r, "/interfaces?done="+done)
}

// SwitchPull is POST /interfaces/pull: turns the pulling on or off.
func (h *Handlers) SwitchPull(w http.ResponseWriter, r *http.Request) error {
	by, err := may(r, identity.ManageSystem)
	if err != nil {
		return err
	}
	active, done := r.PostFormValue("active") == "1", "pull-off"
	if active {
		done = "pull-on"
	}
	return h.changed(w, r, done, h.poller.SetActive(r.Context(), by, active))
}

// FetchDrugs is POST /interfaces/drugs: brings the drug dictionary now.
func (h *Handlers) FetchDrugs(w http.ResponseWriter, r *http.Request) error {
	if _, err := may(r, identity.ManageSystem); err != nil {
		return err
	}
	if h.c.HIS == nil {
		return h.changed(w, r, "", db.Refuse(db.Unavailable, "还没有配置 HIS 接口，不能取药品目录。"))
	}
	return h.changed(w, r, "drugs", h.c.FetchDrugs(r.Context()))
}

// SwitchOutbox is POST /interfaces/outbox: turns the dispensing facts on or off.
func (h *Handlers) SwitchOutbox(w http.ResponseWriter, r *http.Request) error {
	by, err := may(r, identity.ManageSystem)
	if err != nil {
		return err
	}
	id, err := command(r)
	if err != nil {
		return err
	}
	active, done := r.PostFormValue("active") == "1", "outbox-off"
	if active {
		done = "outbox-on"
	}
	d, err := h.destination(r)
	if err != nil {
		return h.changed(w, r, "", err)
	}
	return h.changed(w, r, done, h.c.Sessions.SwitchOutbox(r.Context(), by, id, d.Channel, active))
}

// destination is the one that a form names; nothing is HIS.
func (h *Handlers) destination(r *http.Request) (integration.Destination, error) {
	list, err := h.destinations(r.Context())
	if err != nil {
		return integration.Destination{}, err
	}
	channel := r.PostFormValue("channel")
	if channel == "" {
		return list[0], nil
	}
	for _, d := range list {
		if d.Channel == channel {
			return d, nil
		}
	}
	return integration.Destination{}, db.Refuse(db.Invalid, "没有这个上报去处。请刷新页面。")
}

// RetryFact is POST /interfaces/outbox/{id}/retry.
func (h *Handlers) RetryFact(w http.ResponseWriter, r *http.Request) error {
	by, err := may(r, identity.ManageSystem)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return db.Refuse(db.NotFound, "没有这一条。请从接口页重新进入。")
	}
	// Any of them may say that it is to be tried; the one it is for finds it.
	list, err := h.destinations(r.Context())
	if err != nil {
		return err
	}
	for _, d := range list {
		if d.Sender != nil {
			return h.changed(w, r, "retry", d.Sender.Retry(r.Context(), by, id))
		}
	}
	return h.changed(w, r, "", db.Refuse(db.Unavailable, "还没有配置 HIS 接口，不能上报。"))
}

// RetryFacts is POST /interfaces/outbox/retry: every failed fact of a destination again.
func (h *Handlers) RetryFacts(w http.ResponseWriter, r *http.Request) error {
	by, err := may(r, identity.ManageSystem)
	if err != nil {
		return err
	}
	d, err := h.destination(r)
	switch {
	case err != nil:
		return h.changed(w, r, "", err)
	case d.Sender == nil:
		return h.changed(w, r, "", db.Refuse(db.Unavailable, "还没有配置 %s 接口，不能上报。", d.Title))
	}
	_, err = d.Sender.RetryAll(r.Context(), by)
	return h.changed(w, r, "retry", err)
}

// SetProgramme is POST /interfaces/programmes: who pays at a site from now on.
func (h *Handlers) SetProgramme(w http.ResponseWriter, r *http.Request) error {
	by, err := may(r, identity.ManageSystem)
	if err != nil {
		return err
	}
	in := session.SettingProgramme{Name: r.PostFormValue("name"), Payer: session.Payer(r.PostFormValue("payer"))}
	if in.CommandID, err = command(r); err != nil {
		return err
	}
	if in.SiteID, err = strconv.ParseInt(r.PostFormValue("site"), 10, 64); err != nil {
		return h.changed(w, r, "", db.Refuse(db.Invalid, "请选择精防点。"))
	}
	return h.changed(w, r, "programme", h.c.Sessions.SetProgramme(r.Context(), by, in))
}
