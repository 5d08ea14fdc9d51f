package web

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// bagsView is the page of a session's bags: the roster, and the bag of whom was
// chosen.
type bagsView struct {
	Head headView
	Body bagsBody
}

// bagsBody is what a scan changes.
type bagsBody struct {
	URL     string
	Packed  string // bags that wait
	CanPack bool
	CanOpen bool
	Chosen  *bagView
	Said    []packedRow
	Rows    []bagRow
}

// bagRow is one patient of the roster.
type bagRow struct {
	URL, Number, Name string
	About             string // 上次 3 盒
	Word, Tone        string
	Bag               string // number of the bag that waits, "" for none
}

// bagView is the bag of the chosen patient.
type bagView struct {
	Patient      string // id
	Number, Name string
	Bag          string // its number, "" while it is empty
	LabelURL     string
	Packs        string
	Printed      string // how often the label was sent to a printer
	Lines        []bagLine
	Boxes        []bagBox
}

// bagLine is a drug: what is in the bag, and what was given the last time.
type bagLine struct{ Drug, Packed, Last, Unit, Word, Tone string }

type bagBox struct{ Code, Head, Tail, Drug string }

// Bags is GET /sessions/{id}/bags, with ?patient= the bag of one.
func (h *Handlers) Bags(w http.ResponseWriter, r *http.Request) error {
	by, x, err := h.readSession(r, identity.ViewSession)
	if err != nil {
		return err
	}
	chosen, err := queryID(r, "patient")
	if err != nil {
		return err
	}
	p, err := session.ReadBags(r.Context(), h.db, x.ID, chosen)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newBagsJSON(p))
	}
	return h.site.Page(w, r, "bags", bagsView{Head: newHeadView(x), Body: newBagsBody(p, by)})
}

// queryID reads a row's number from the address; 0 when it is not there.
func queryID(r *http.Request, name string) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 0 {
		return 0, db.Refuse(db.Invalid, "页面内容已变化，请刷新后重新选择。")
	}
	return id, nil
}

func newBagsBody(p session.BagPlan, by identity.Actor) bagsBody {
	x := p.Session
	v := bagsBody{URL: fmt.Sprintf("/sessions/%d/bags", x.ID)}
	v.CanPack = by.Can(identity.Allocate, x.SiteID) == nil && (x.State == session.Planned || x.State == session.Open)
	v.CanOpen = x.State == session.Planned || x.State == session.Open || x.State == session.Closing
	last := map[int64]session.Bag{}
	packed := 0
	for _, b := range p.Bags {
		last[b.PatientID] = b
		if waits(b) {
			packed++
		}
	}
	v.Packed = fmt.Sprint(packed)
	names := scopeOf(audienceOf(by, x.SiteID)).names
	for _, e := range p.Roster {
		v.Rows = append(v.Rows, newBagRow(v.URL, e, last[e.PatientID], p.Last[e.PatientID], names))
	}
	if p.Chosen != nil && v.CanPack {
		v.Chosen = newBagView(v.URL, p)
	}
	return v
}

// waits tells a bag that is to be handed over.
func waits(b session.Bag) bool { return b.State == inventory.ContainerPacked && b.Packs > 0 }

func newBagRow(url string, e session.Expected, b session.Bag, last int, names bool) bagRow {
	row := bagRow{URL: fmt.Sprintf("%s?patient=%d", url, e.PatientID), Number: e.Number, Word: "未装", Tone: "soft"}
	if names {
		row.Name = patient.MaskName(e.Name)
	}
	if last > 0 {
		row.About = fmt.Sprintf("上次 %d 盒", last)
	}
	switch {
	case waits(b):
		row.Word, row.Tone, row.Bag = fmt.Sprintf("已装 %d 盒", b.Packs), "good", fmt.Sprint(b.ID)
	case b.State == inventory.ContainerGiven:
		row.Word, row.Tone = "已发出", "info"
	case b.State == inventory.ContainerOpened:
		row.Word = "已拆开"
	}
	return row
}

func newBagView(url string, p session.BagPlan) *bagView {
	e := p.Chosen
	v := &bagView{Patient: fmt.Sprint(e.PatientID), Number: e.Number, Name: patient.MaskName(e.Name), Packs: fmt.Sprint(len(p.Packs))}
	if p.Bag != nil && len(p.Packs) > 0 {
		v.Bag, v.LabelURL = fmt.Sprint(p.Bag.ID), fmt.Sprintf("%s/%d/label", url, p.Bag.ID)
		if p.Bag.Prints > 0 {
			v.Printed = fmt.Sprint(p.Bag.Prints)
		}
	}
	for _, l := range p.Lines {
		line := bagLine{Drug: l.DrugName(), Packed: fmt.Sprint(l.Packed), Unit: l.PackWord, Word: "齐", Tone: "good"}
		if l.Last > 0 {
			line.Last = fmt.Sprintf("上次 %d %s", l.Last, l.PackWord)
		}
		switch {
		case l.Last == 0:
			line.Word, line.Tone = "另加", "soft"
		case l.Packed < l.Last:
			line.Word, line.Tone = fmt.Sprintf("还差 %d", l.Last-l.Packed), "caution"
		case l.Packed > l.Last:
			line.Word, line.Tone = fmt.Sprintf("多出 %d", l.Packed-l.Last), "info"
		}
		v.Lines = append(v.Lines, line)
	}
	for _, k := range p.Packs {
		b := bagBox{Code: k.Code, Tail: tail(k.Code), Drug: k.DrugName()}
		b.Head = k.Code[:len(k.Code)-len(b.Tail)]
		v.Boxes = append(v.Boxes, b)
	}
	return v
}

// bagJSON is a bag for programs.
type bagJSON struct {
	ID      int64                    `json:"id"`
	Patient string                   `json:"patient"` // the patient's number
	Label   string                   `json:"label"`
	State   inventory.ContainerState `json:"state"`
	Packs   int                      `json:"packs"`
}

func newBagsJSON(p session.BagPlan) []bagJSON {
	out := []bagJSON{}
	for _, b := range p.Bags {
		out = append(out, bagJSON{b.ID, b.Number, b.Code, b.State, b.Packs})
	}
	return out
}

// FillBag is POST /sessions/{id}/bags: packs into the bag of patient, or with
// out=1 out of it.
func (h *Handlers) FillBag(w http.ResponseWriter, r *http.Request) error {
	x, err := parseClosing(r)
	if err != nil {
		return err
	}
	in := session.BagFilling{SessionID: x.session, CommandID: x.command, Codes: r.PostFormValue("codes")}
	if in.PatientID, err = formID(r, "patient"); err != nil {
		return err
	}
	do := h.sessions.FillBag
	if r.PostFormValue("out") != "" {
		do = h.sessions.TakeFromBag
	}
	a, err := do(r.Context(), x.by, in)
	if err != nil {
		return h.refusedBag(w, r, x, in.PatientID, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	worst := a.Worst()
	band := page.Band{Tone: page.Tone(worst.Tone), Text: worst.Sentence, Figure: fmt.Sprint(a.Packs), Unit: "盒在袋里"}
	if len(a.Answers) > 1 {
		band.Detail = fmt.Sprintf("这次 %d 个码，%d 盒有变动。", len(a.Answers), a.Moved)
	}
	return h.answerBag(w, r, x, in.PatientID, band, a.Answers)
}

// answerBag draws the page anew for the chosen patient.
func (h *Handlers) answerBag(w http.ResponseWriter, r *http.Request, x closingAct, patientID int64, band page.Band, said []inventory.CodeAnswer) error {
	if !page.IsHTMX(r) {
		return h.site.SeeOther(w, r, fmt.Sprintf("/sessions/%d/bags?patient=%d", x.session, patientID))
	}
	p, err := session.ReadBags(r.Context(), h.db, x.session, patientID)
	if err != nil {
		return err
	}
	v := newBagsBody(p, x.by)
	if len(said) > 1 {
		v.Said = newPackedRows(said)
	}
	return h.site.Fragments(w, r, http.StatusOK, page.Part{Name: "bags_body", View: v}, page.Part{Name: "band_area", View: band})
}

func (h *Handlers) refusedBag(w http.ResponseWriter, r *http.Request, x closingAct, patientID int64, err error) error {
	kind := db.KindOf(err)
	if !page.IsHTMX(r) || kind != db.Conflict && kind != db.Invalid {
		return err
	}
	return h.answerBag(w, r, x, patientID, page.Band{Tone: page.Caution, Text: db.Sentence(err)}, nil)
}

// OpenBags is POST /sessions/{id}/bags/open (拆袋): the bag of the field bag, the one
// that the pack of the field code lies in, or without either all of them. from says
// which page asks.
func (h *Handlers) OpenBags(w http.ResponseWriter, r *http.Request) error {
	x, err := parseClosing(r)
	if err != nil {
		return err
	}
	in := session.BagOpening{SessionID: x.session, CommandID: x.command, Code: r.PostFormValue("code")}
	if in.BagID, err = formID(r, "bag"); err != nil {
		return err
	}
	a, err := h.sessions.OpenBags(r.Context(), x.by, in)
	desk := r.PostFormValue("from") == "desk"
	switch {
	case err != nil && desk:
		return h.refusedDesk(w, r, x.by, x.session, err)
	case err != nil:
		return h.refusedBag(w, r, x, 0, err)
	}
	band := page.Band{Tone: page.Good, Text: a.Sentence}
	switch {
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, a)
	case desk:
		return h.answerDesk(w, r, x.by, x.session, band)
	case r.PostFormValue("from") == "closing":
		return h.answerClosing(w, r, x, a, band)
	}
	return h.answerBag(w, r, x, 0, band, nil)
}

// bagLabelView is a bag's label as it is printed.
type bagLabelView struct {
	Number, Name, Day, Packs, Text string
	Back                           string
	Copies                         int
	Code                           page.QR
}

// halves parts the text of a label for the narrow place beside its QR code.
func halves(code string) string { return code[:len(code)/2] + " " + code[len(code)/2:] }

// BagLabel is POST /sessions/{id}/bags/{bag}/label: the page to print. It counts as
// a print.
func (h *Handlers) BagLabel(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	id, err := sessionID(r)
	if err != nil {
		return err
	}
	bag, err := strconv.ParseInt(chi.URLParam(r, "bag"), 10, 64)
	if err != nil || bag <= 0 {
		return db.Refuse(db.NotFound, "本场没有这个药袋。请从药袋页重新进入。")
	}
	l, err := h.sessions.PrintBag(r.Context(), by, id, bag)
	if err != nil {
		return err
	}
	code, err := page.NewQR(l.Code)
	if err != nil {
		return err
	}
	v := bagLabelView{Number: l.Number, Name: l.Masked, Day: l.HeldOn.Format("1月2日"), Packs: fmt.Sprint(l.Packs), Text: halves(l.Code),
		Back: fmt.Sprintf("/sessions/%d/bags", id), Copies: l.Prints, Code: code}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, map[string]any{"number": v.Number, "name": v.Name, "label": l.Code, "packs": l.Packs, "prints": l.Prints})
	}
	return h.site.Page(w, r, "bag_label", v)
}
