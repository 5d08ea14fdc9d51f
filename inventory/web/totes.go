package web

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// totesView is the list of totes.
type totesView struct {
	Rows  []toteRow
	Error string
}

// toteRow is a tote in the list.
type toteRow struct {
	URL, Title string
	About      string // 在库 38 盒 · 随场次 2 盒
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
	if page.WantsJSON(r) {
		out := []toteJSON{}
		for _, t := range list {
			out = append(out, newToteJSON(t))
		}
		return h.site.JSON(w, r, http.StatusOK, out)
	}
	v := totesView{Error: problem}
	for _, t := range list {
		v.Rows = append(v.Rows, newToteRow(t))
	}
	return h.site.Page(w, r, "totes", v)
}

func newToteRow(t inventory.Tote) toteRow {
	row := toteRow{URL: toteURL(t.ID), Title: t.Title(), About: aboutTote(t)}
	row.Word, row.Tone = toteWord(t)
	return row
}

func toteURL(id int64) string { return fmt.Sprintf("/totes/%d", id) }

func aboutTote(t inventory.Tote) string {
	text := fmt.Sprintf("在库 %d 盒", t.InStore)
	if t.Away > 0 {
		text += fmt.Sprintf(" · 随场次 %d 盒", t.Away)
	}
	return text
}

// toteWord is the badge of a tote.
func toteWord(t inventory.Tote) (word, tone string) {
	switch {
	case t.Changed():
		return "封箱后有变化", "caution"
	case t.State() == inventory.ContainerSealed:
		return "已封箱", "good"
	case t.InStore+t.Away == 0:
		return "空", "soft"
	}
	return "未封", "info"
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
}

func newToteJSON(t inventory.Tote) toteJSON {
	return toteJSON{ID: t.ID, Name: t.Name, Label: t.Code, State: t.State(), SealedPacks: t.SealedPacks, InStore: t.InStore, Away: t.Away}
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
	Label      string // the text of its QR code
	Work       toteWorkView
}

// toteWorkView is what a scan changes.
type toteWorkView struct {
	URL        string
	Packs      int
	About      string
	Word, Tone string
	Sealed     bool
	Changed    string // 封箱时 40 盒 …, or ""
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
	v := toteView{URL: toteURL(id), Title: t.Title(), Label: t.Code, Work: newToteWork(t, packs, r.URL.Query().Get("out") != "")}
	return h.site.Page(w, r, "tote", v)
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
	v := toteWorkView{URL: toteURL(t.ID), Packs: t.InStore + t.Away, Sealed: t.State() == inventory.ContainerSealed, Out: takeOut}
	v.Word, v.Tone = toteWord(t)
	if t.Away > 0 {
		v.About = fmt.Sprintf("其中 %d 盒随场次在外", t.Away)
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

// toteCommand reads what every command on a tote has.
func toteCommand(r *http.Request) (by identity.Actor, id int64, cmd uuid.UUID, err error) {
	if by, err = who(r, identity.Allocate); err != nil {
		return by, 0, cmd, err
	}
	if id, err = toteID(r); err != nil {
		return by, 0, cmd, err
	}
	cmd, err = commandID(r)
	return by, id, cmd, err
}

// Stow is POST /totes/{id}/scans: packs into the tote, or with out=1 out of it.
func (h *Handlers) Stow(w http.ResponseWriter, r *http.Request) error {
	by, id, cmd, err := toteCommand(r)
	if err != nil {
		return err
	}
	do := h.stock.Stow
	if r.PostFormValue("out") != "" {
		do = h.stock.TakeOut
	}
	a, err := do(r.Context(), by, inventory.Stowing{ToteID: id, CommandID: cmd, Codes: r.PostFormValue("codes")})
	if err != nil {
		return h.refusedTote(w, r, id, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	worst := a.Worst()
	band := page.Band{Tone: page.Tone(worst.Tone), Text: worst.Sentence, Figure: fmt.Sprint(a.Packs), Unit: "盒"}
	if worst.Code != "" {
		band.Detail = "追溯码 …" + tail(worst.Code)
	}
	if len(a.Answers) > 1 {
		band.Detail = fmt.Sprintf("这次 %d 个码，%d 盒有变动。", len(a.Answers), a.Moved)
	}
	return h.answerTote(w, r, id, band, a.Answers)
}

// SealTote is POST /totes/{id}/seal.
func (h *Handlers) SealTote(w http.ResponseWriter, r *http.Request) error {
	return h.toteStep(w, r, func(r *http.Request, by identity.Actor, in inventory.ToteStep) (string, inventory.Tote, error) {
		t, err := h.stock.SealTote(r.Context(), by, in)
		return fmt.Sprintf("%s已封箱，%d 盒。装箱时扫一次箱上的标签。", t.Title(), t.SealedPacks), t, err
	})
}

// OpenTote is POST /totes/{id}/open.
func (h *Handlers) OpenTote(w http.ResponseWriter, r *http.Request) error {
	return h.toteStep(w, r, func(r *http.Request, by identity.Actor, in inventory.ToteStep) (string, inventory.Tote, error) {
		t, err := h.stock.OpenTote(r.Context(), by, in)
		return t.Title() + "已打开，可以扫药盒。", t, err
	})
}

func (h *Handlers) toteStep(w http.ResponseWriter, r *http.Request, do func(*http.Request, identity.Actor, inventory.ToteStep) (string, inventory.Tote, error)) error {
	by, id, cmd, err := toteCommand(r)
	if err != nil {
		return err
	}
	said, t, err := do(r, by, inventory.ToteStep{ToteID: id, CommandID: cmd})
	if err != nil {
		return h.refusedTote(w, r, id, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newToteJSON(t))
	}
	return h.answerTote(w, r, id, page.Band{Tone: page.Good, Text: said}, nil)
}

// answerTote draws what a command made of the tote.
func (h *Handlers) answerTote(w http.ResponseWriter, r *http.Request, id int64, band page.Band, said []inventory.CodeAnswer) error {
	if !page.IsHTMX(r) {
		return h.site.SeeOther(w, r, toteURL(id))
	}
	t, err := inventory.FindTote(r.Context(), h.db, id)
	if err != nil {
		return err
	}
	packs, err := inventory.TotePacks(r.Context(), h.db, id)
	if err != nil {
		return err
	}
	v := newToteWork(t, packs, r.PostFormValue("out") != "" && t.State() == inventory.ContainerOpen)
	v.Said, v.SaidNot = newSaidRows(said)
	return h.site.Fragments(w, r, http.StatusOK, page.Part{Name: "tote_work", View: v}, page.Part{Name: "receipt_band", View: band})
}

// refusedTote answers a command that the tote as it is now does not allow.
func (h *Handlers) refusedTote(w http.ResponseWriter, r *http.Request, id int64, err error) error {
	kind := db.KindOf(err)
	if !page.IsHTMX(r) || kind != db.Conflict && kind != db.Invalid {
		return err
	}
	return h.answerTote(w, r, id, page.Band{Tone: page.Caution, Text: db.Sentence(err)}, nil)
}

// toteLabelView is the label as it is printed.
type toteLabelView struct {
	Name, Text, Back string
	Code             page.QR
}

// ToteLabel is GET /totes/{id}/label: the page to print. Nothing on it says what
// lies in the tote.
func (h *Handlers) ToteLabel(w http.ResponseWriter, r *http.Request) error {
	if _, err := who(r, identity.Allocate); err != nil {
		return err
	}
	id, err := toteID(r)
	if err != nil {
		return err
	}
	t, err := inventory.FindTote(r.Context(), h.db, id)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newToteJSON(t))
	}
	code, err := page.NewQR(t.Code)
	if err != nil {
		return err
	}
	return h.site.Page(w, r, "tote_label", toteLabelView{Name: t.Name, Text: t.Code[:7] + " " + t.Code[7:], Back: toteURL(id), Code: code})
}
