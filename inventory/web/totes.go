package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// totesView is the list of totes.
type totesView struct {
	Rows    []toteRow
	Retired []toteRow
	Error   string
}

// toteRow is a tote in the list.
type toteRow struct {
	URL, Title string
	About      string // 在库 38 盒 · 随场次 2 盒
	Holds      string // 演示利培酮片 1mg×20片 30 盒、… 等 4 种, or ""
	Word, Tone string
}

// Totes is GET /totes: all 周转箱 with what lies in them.
func (h *Handlers) Totes(w http.ResponseWriter, r *http.Request) error {
	if _, err := who(r, identity.Allocate); err != nil {
		return err
	}
	return h.showTotes(w, r, "")
}

func (h *Handlers) showTotes(w http.ResponseWriter, r *http.Request, problem string) error {
	list, err := inventory.ListTotes(r.Context(), h.db)
	if err != nil {
		return err
	}
	holds, err := inventory.ToteDrugs(r.Context(), h.db)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		out := []toteJSON{}
		for _, t := range list {
			out = append(out, newToteJSON(t))
		}
		return h.site.JSON(w, r, http.StatusOK, out)
	}
	v := totesView{Error: problem}
	for _, t := range list {
		row := newToteRow(t, holds[t.ID])
		if t.Retired != nil {
			v.Retired = append(v.Retired, row)
		} else {
			v.Rows = append(v.Rows, row)
		}
	}
	return h.site.Page(w, r, "totes", v)
}

func newToteRow(t inventory.Tote, holds []inventory.ToteDrug) toteRow {
	row := toteRow{URL: toteURL(t.ID), Title: t.Title(), About: aboutTote(t), Holds: holdsWord(holds)}
	row.Word, row.Tone = toteWord(t)
	return row
}

// shownDrugs is how many drugs of a tote the list names.
const shownDrugs = 3

// holdsWord names what a tote holds most of.
func holdsWord(holds []inventory.ToteDrug) string {
	var words []string
	for _, d := range holds[:min(len(holds), shownDrugs)] {
		words = append(words, fmt.Sprintf("%s %d 盒", d.DrugName(), d.Packs))
	}
	text := strings.Join(words, "、")
	if len(holds) > shownDrugs {
		text += fmt.Sprintf(" 等 %d 种", len(holds))
	}
	return text
}

func toteURL(id int64) string { return fmt.Sprintf("/totes/%d", id) }

func aboutTote(t inventory.Tote) string {
	if t.Retired != nil {
		return t.Retired.In(zone()).Format("2006-01-02") + " 停用"
	}
	var words []string
	if t.InStore > 0 || t.Away == 0 {
		words = append(words, fmt.Sprintf("在库 %d 盒", t.InStore))
	}
	if t.Away > 0 {
		words = append(words, fmt.Sprintf("随场次 %d 盒", t.Away))
	}
	if t.SetApart > 0 {
		words = append(words, fmt.Sprintf("要拿出 %d 盒", t.SetApart))
	}
	return strings.Join(words, " · ")
}

// toteWord is the badge of a tote.
func toteWord(t inventory.Tote) (word, tone string) {
	word, tone = t.Word(), "info"
	switch {
	case t.Retired != nil:
		tone = "soft"
	case t.SetApart > 0:
		tone = "bad"
	case t.Changed():
		tone = "caution"
	case t.State() == inventory.ContainerSealed:
		tone = "good"
	case t.InStore+t.Away == 0:
		tone = "soft"
	}
	return word, tone
}

// toteJSON is a tote for programs.
type toteJSON struct {
	ID          int64                    `json:"id"`
	Name        string                   `json:"name"`
	Label       string                   `json:"label"` // the text of the QR code
	State       inventory.ContainerState `json:"state"`
	SealedPacks int                      `json:"sealed_packs"`
	InStore     int                      `json:"in_store"`
	Away        int                      `json:"away"`
	SetApart    int                      `json:"set_apart,omitempty"`
}

func newToteJSON(t inventory.Tote) toteJSON {
	return toteJSON{ID: t.ID, Name: t.Name, Label: t.Code, State: t.State(), SealedPacks: t.SealedPacks, InStore: t.InStore, Away: t.Away, SetApart: t.SetApart}
}

// MakeTote is POST /totes: a new tote, with a name or the next number.
func (h *Handlers) MakeTote(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.Allocate)
	if err != nil {
		return err
	}
	id, err := commandID(r)
	if err != nil {
		return err
	}
	t, err := h.stock.MakeTote(r.Context(), by, inventory.NewTote{CommandID: id, Name: r.PostFormValue("name")})
	switch kind := db.KindOf(err); {
	case err != nil && !page.WantsJSON(r) && (kind == db.Invalid || kind == db.Conflict):
		return h.showTotes(w, r, db.Sentence(err))
	case err != nil:
		return err
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, newToteJSON(t))
	}
	return h.site.SeeOther(w, r, toteURL(t.ID))
}

// toteView is the page of a tote.
type toteView struct {
	URL, Title string
	Name       string
	Label      string // the text of its QR code
	Trace      string // address of its life
	Retired    string // when it was taken out of use, in words, or ""
	Problem    string
	Work       toteWorkView
}

// toteWorkView is what a scan changes.
type toteWorkView struct {
	URL        string
	Packs      int
	About      string
	Word, Tone string
	Sealed     bool
	Retired    bool
	Changed    string // 封箱时 40 盒 …, or ""
	Apart      string // 有 2 盒账上已转入隔离 …, or ""
	Out        bool   // scans take out instead of putting in
	Said       []saidRow
	SaidNot    int
	Drugs      []toteDrug
	Last       []toteBox
	More       int // packs that are not listed
}

type toteDrug struct {
	Drug  string
	Packs int
}

type toteBox struct{ Code, Head, Tail, Drug, About, At string }

// maxToteBoxes is how many packs of a tote the page lists one by one.
const maxToteBoxes = 20

// Tote is GET /totes/{id}.
func (h *Handlers) Tote(w http.ResponseWriter, r *http.Request) error {
	if _, err := who(r, identity.Allocate); err != nil {
		return err
	}
	id, err := toteID(r)
	if err != nil {
		return err
	}
	return h.showTote(w, r, id, "")
}

// showTote draws the page of a tote; problem says what could not be done.
func (h *Handlers) showTote(w http.ResponseWriter, r *http.Request, id int64, problem string) error {
	t, err := inventory.FindTote(r.Context(), h.db, id)
	if err != nil {
		return err
	}
	packs, err := inventory.TotePacks(r.Context(), h.db, id)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newToteContentJSON(t, packs))
	}
	v := newToteView(t, newToteWork(t, packs, r.URL.Query().Get("out") != ""))
	v.Problem = problem
	return h.site.Page(w, r, "tote", v)
}

func newToteView(t inventory.Tote, work toteWorkView) toteView {
	v := toteView{URL: toteURL(t.ID), Title: t.Title(), Name: t.Name, Label: t.Code, Trace: "/trace/" + t.Code, Work: work}
	if t.Retired != nil {
		v.Retired = t.Retired.In(zone()).Format("2006-01-02 15:04") + " 停用，标签不能再用。"
	}
	return v
}

// toteContentJSON is a tote with the codes in it.
type toteContentJSON struct {
	toteJSON
	Codes []string `json:"codes"`
}

func newToteContentJSON(t inventory.Tote, packs []inventory.TotePack) toteContentJSON {
	out := toteContentJSON{toteJSON: newToteJSON(t), Codes: []string{}}
	for _, p := range packs {
		out.Codes = append(out.Codes, p.Code)
	}
	return out
}

func newToteWork(t inventory.Tote, packs []inventory.TotePack, takeOut bool) toteWorkView {
	v := toteWorkView{URL: toteURL(t.ID), Packs: t.InStore + t.Away, Sealed: t.State() == inventory.ContainerSealed, Retired: t.Retired != nil, Out: takeOut}
	v.Word, v.Tone = toteWord(t)
	if t.Away > 0 {
		v.About = fmt.Sprintf("其中 %d 盒随场次在外", t.Away)
	}
	if t.SetApart > 0 {
		v.Apart = fmt.Sprintf("有 %d 盒账上已转入隔离，实物可能还在箱里。请开箱，点“拿出”扫一遍，放到隔离区。", t.SetApart)
	}
	if t.Changed() {
		v.Changed = fmt.Sprintf("封箱时 %d 盒，现在 %d 盒。请打开核对，再封一次。", t.SealedPacks, v.Packs)
	}
	at := map[string]int{}
	for i, p := range packs {
		n, there := at[p.DrugName()]
		if !there {
			n = len(v.Drugs)
			at[p.DrugName()] = n
			v.Drugs = append(v.Drugs, toteDrug{Drug: p.DrugName()})
		}
		v.Drugs[n].Packs++
		if i < maxToteBoxes {
			v.Last = append(v.Last, newToteBox(p))
		}
	}
	v.More = len(packs) - len(v.Last)
	return v
}

func newToteBox(p inventory.TotePack) toteBox {
	b := toteBox{Code: p.Code, Tail: tail(p.Code), Drug: p.DrugName(), At: p.PutAt.In(zone()).Format("1月2日 15:04")}
	b.Head = p.Code[:len(p.Code)-len(b.Tail)]
	if p.Batch != "" {
		b.About = "批号 " + p.Batch
	}
	if p.ExpiresOn != nil {
		b.About += " 效期 " + dayWords(p.ExpiresOn)
	}
	return b
}

// toteID reads the number of the tote from the address.
func toteID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, db.Refuse(db.NotFound, "没有这个周转箱。请从周转箱列表重新进入。")
	}
	return id, nil
}
