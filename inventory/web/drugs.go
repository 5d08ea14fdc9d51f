package web

import (
	"fmt"
	"net/http"
	"net/url"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// drugsView is the dictionary.
type drugsView struct {
	Rows  []drugRow
	Teach *teachView // nil for who may not teach
	// CareDone and CareProblem answer the form of a drug's reminders.
	CareDone, CareProblem string
}

type drugRow struct {
	Name, Maker, HISCode string
	Class, ClassTone     string
	Content              string // 每盒 20 片
	Loose                bool
	Prefixes             []prefixChip
	Care                 string // what the table reminds of, in words
	Form                 *careForm
}

type prefixChip struct{ Prefix, About string }

// teachView is the form that says what a prefix means.
type teachView struct {
	Code    string
	Receipt string // its number, to go back to
	Choices []drugChoice
	Levels  []levelChoice
	Units   string
	Replace bool
	Problem string
	Done    string
}

type drugChoice struct {
	ID     int64
	Name   string
	Chosen bool
}

type levelChoice struct {
	Level  int
	Word   string
	Chosen bool
}

// teachURL opens the form with a code filled in; saving leads back to the
// receipt.
func teachURL(code string, receipt int64) string {
	return fmt.Sprintf("/drugs?code=%s&receipt=%d#teach", url.QueryEscape(code), receipt)
}

// Drugs is GET /drugs: the dictionary with its prefixes.
func (h *Handlers) Drugs(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.ViewStock)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	form := teachView{Code: q.Get("code"), Done: q.Get("taught"), Receipt: q.Get("receipt")}
	return h.drugs(w, r, by, form, inventory.Teaching{Level: 1}, "")
}

// drugs draws the dictionary with the form as far as it is filled in.
func (h *Handlers) drugs(w http.ResponseWriter, r *http.Request, by identity.Actor, form teachView, in inventory.Teaching, careProblem string) error {
	drugs, err := inventory.ListDrugs(r.Context(), h.db, h.db.Now())
	if err != nil {
		return err
	}
	cares, err := inventory.DrugCares(r.Context(), h.db)
	if err != nil {
		return err
	}
	mayChange := by.Can(identity.TeachPrefix, 0) == nil
	v := newDrugsView(drugs)
	v.addCares(drugs, cares, mayChange)
	v.CareDone, v.CareProblem = r.URL.Query().Get("cared"), careProblem
	if mayChange {
		v.Teach = newTeachView(form, drugs, in)
	}
	return h.site.Page(w, r, "drugs", v)
}

func newDrugsView(drugs []inventory.Drug) drugsView {
	var v drugsView
	for _, d := range drugs {
		row := drugRow{Name: d.Name(), Maker: d.Maker, HISCode: d.HISCode, Class: d.Class.Chinese(), ClassTone: classTone(d.Class),
			Content: fmt.Sprintf("每%s %d %s", d.PackName, d.UnitsPerPack, d.UnitName), Loose: d.Loose}
		for _, x := range d.Prefixes {
			row.Prefixes = append(row.Prefixes, prefixChip{x.Prefix, fmt.Sprintf("%s · %d %s", inventory.LevelWord(x.Level), x.Units, d.UnitName)})
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

// classTone marks what is not ordinary, and above all what is not known.
func classTone(c inventory.Class) string {
	switch {
	case c == inventory.ClassUnknown:
		return "caution"
	case c.Ordinary():
		return "soft"
	}
	return "info"
}

func newTeachView(v teachView, drugs []inventory.Drug, in inventory.Teaching) *teachView {
	for _, d := range drugs {
		v.Choices = append(v.Choices, drugChoice{d.ID, d.Name(), d.ID == in.DrugID})
	}
	for level := 1; level <= 3; level++ {
		v.Levels = append(v.Levels, levelChoice{level, inventory.LevelWord(level), level == in.Level})
	}
	if in.Units > 0 {
		v.Units = fmt.Sprint(in.Units)
	}
	v.Replace = in.Replace
	return &v
}

// Teach is POST /drugs/prefixes: says once what a prefix means.
func (h *Handlers) Teach(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.TeachPrefix)
	if err != nil {
		return err
	}
	in := inventory.Teaching{Code: r.PostFormValue("code"), Replace: r.PostFormValue("replace") != ""}
	if in.CommandID, err = commandID(r); err != nil {
		return err
	}
	var level int64
	for name, n := range map[string]*int64{"drug": &in.DrugID, "level": &level, "units": &in.Units} {
		if *n, err = formNumber(r, name); err != nil {
			return err
		}
	}
	in.Level = int(level)
	taught, err := h.stock.TeachPrefix(r.Context(), by, in)
	x := taught.Meaning
	if err != nil {
		return h.teachRefused(w, r, by, in, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, map[string]any{"prefix": x.Prefix, "drug": x.Drug, "level": x.Level, "units": x.Units,
			"held": taught.Held, "elsewhere": taught.Elsewhere})
	}
	if receipt, err := formNumber(r, "receipt"); err == nil && receipt > 0 {
		if page.IsHTMX(r) {
			return h.answer(w, r, by, receipt, taughtBand(taught), nil)
		}
		return h.site.SeeOther(w, r, receiptURL(receipt))
	}
	band := taughtBand(taught)
	return h.site.SeeOther(w, r, "/drugs?taught="+url.QueryEscape(band.Text+band.Detail))
}

// teachRefused gives the form back as it was filled in, with the sentence.
func (h *Handlers) teachRefused(w http.ResponseWriter, r *http.Request, by identity.Actor, in inventory.Teaching, err error) error {
	kind := db.KindOf(err)
	if page.WantsJSON(r) || kind != db.Conflict && kind != db.Invalid && kind != db.NotFound {
		return err
	}
	if receipt, nerr := formNumber(r, "receipt"); nerr == nil && receipt > 0 && page.IsHTMX(r) {
		return h.answer(w, r, by, receipt, page.Band{Tone: page.Caution, Text: db.Sentence(err)}, nil)
	}
	return h.drugs(w, r, by, teachView{Code: in.Code, Receipt: r.PostFormValue("receipt"), Problem: db.Sentence(err)}, in, "")
}
