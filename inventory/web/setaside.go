package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
)

// setAsideView is what lies apart: in quarantine, damaged, lost, and the papers
// that wait for a second person.
type setAsideView struct {
	List    string // the chosen list as it stands in the address
	Tabs    []asideTab
	Acts    []actLink // what may be done, for who may
	Returns bool      // leads to what patients bring back
	Done    string
	Empty   string // says what comes here, when nothing is
	Rows    []asideRow
	Papers  []paperRow
	// Older and Newer page through a long list.
	Older, Newer string
}

type asideTab struct {
	Title, URL string
	N          int
	Open       bool
}

type actLink struct{ Title, URL string }

// asideRow is a pack that lies apart.
type asideRow struct {
	Code, Drug, Head, Tail, About, Why, Who string
	Returned                                bool
	Paper                                   string // number of the paper that it waits on
	TraceURL                                string
}

// paperRow is a paper of two people.
type paperRow struct{ URL, Title, Number, About, Word, Tone, Figure string }

// asidePage is how many packs a page lists, lastPapers how many decided papers.
const (
	asidePage  = 100
	lastPapers = 30
)

// asideLists are the lists of the page, by the word in the address.
func asideLists() []struct {
	word, title, empty string
	state              inventory.State
} {
	return []struct {
		word, title, empty string
		state              inventory.State
	}{
		{"quarantined", "隔离", "隔离区是空的。召回的、可疑的和患者退回的药会列在这里。", inventory.StateQuarantined},
		{"damaged", "破损", "没有破损的药。报损以后列在这里，等待销毁或退回。", inventory.StateDamaged},
		{"lost", "丢失", "没有丢失的药。两人确认报失以后列在这里，找到了再登记找回。", inventory.StateLost},
		{"papers", "单据", "还没有销毁、报失或退回药库的单据。", inventory.StateNone},
	}
}

// SetAside is GET /setaside: what lies apart and why. A program gets the list.
func (h *Handlers) SetAside(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.ViewStock)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	list := q.Get("list")
	n, err := inventory.CountAside(r.Context(), h.db, h.db.Now())
	if err != nil {
		return err
	}
	if list == "" && n.Waiting > 0 && by.Can(identity.Witness, 0) == nil {
		list = "papers"
	}
	v := setAsideView{Returns: by.Can(identity.TakeReturn, 0) == nil, Done: asideDone(q.Get("did"), q.Get("n"))}
	if by.Can(identity.Dispose, 0) == nil {
		v.Acts = actLinks()
	}
	return h.showAside(w, r, v, list, n)
}

// showAside fills in the chosen list.
func (h *Handlers) showAside(w http.ResponseWriter, r *http.Request, v setAsideView, list string, n inventory.AsideCounts) error {
	from := max(0, pageNumber(r)*asidePage)
	chosen := asideLists()[0]
	for _, l := range asideLists() {
		if l.word == list {
			chosen = l
		}
	}
	for _, l := range asideLists() {
		v.Tabs = append(v.Tabs, asideTab{Title: l.title, URL: "/setaside?list=" + l.word, N: countOf(n, l.state), Open: l.word == chosen.word})
	}
	v.List, v.Empty = chosen.word, chosen.empty
	if chosen.state == inventory.StateNone {
		return h.showPapers(w, r, v)
	}
	lines, err := inventory.ListAside(r.Context(), h.db, h.db.Now(), chosen.state, from, asidePage+1)
	if err != nil {
		return err
	}
	url := "/setaside?list=" + chosen.word + "&page="
	if from > 0 {
		v.Newer = url + strconv.Itoa(from/asidePage-1)
	}
	if len(lines) > asidePage {
		lines, v.Older = lines[:asidePage], url+strconv.Itoa(from/asidePage+1)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newAsideJSON(lines))
	}
	for _, l := range lines {
		v.Rows = append(v.Rows, newAsideRow(l))
	}
	return h.site.Page(w, r, "setaside", v)
}

// showPapers lists what waits, then what was decided.
func (h *Handlers) showPapers(w http.ResponseWriter, r *http.Request, v setAsideView) error {
	list, err := h.papers(r.Context())
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newPapersJSON(list, h.db.Now()))
	}
	for _, d := range list {
		v.Papers = append(v.Papers, newPaperRow(d, h.db.Now()))
	}
	return h.site.Page(w, r, "setaside", v)
}

func (h *Handlers) papers(ctx context.Context) ([]inventory.Disposal, error) {
	waiting, err := inventory.ListDisposals(ctx, h.db, h.db.Now(), true, asidePage)
	if err != nil {
		return nil, err
	}
	done, err := inventory.ListDisposals(ctx, h.db, h.db.Now(), false, lastPapers)
	return append(waiting, done...), err
}

// pageNumber is the page of a long list, from 0.
func pageNumber(r *http.Request) int {
	n, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil || n < 0 || n > 100_000 {
		return 0
	}
	return n
}

func countOf(n inventory.AsideCounts, s inventory.State) int {
	switch s {
	case inventory.StateQuarantined:
		return n.Quarantined
	case inventory.StateDamaged:
		return n.Damaged
	case inventory.StateLost:
		return n.Lost
	}
	return n.Waiting
}

// asideDone says what was just done, from an act and a number in the address.
func asideDone(act, n string) string {
	count, err := strconv.Atoi(n)
	for _, a := range inventory.AsideActs() {
		if string(a) == act && err == nil && count > 0 {
			return fmt.Sprintf("已%s %d 盒。", a.Chinese(), count)
		}
	}
	return ""
}

func actLinks() []actLink {
	var list []actLink
	for _, a := range inventory.AsideActs() {
		list = append(list, actLink{a.Chinese(), "/setaside/new?act=" + string(a)})
	}
	return list
}

func newAsideRow(l inventory.AsideLine) asideRow {
	v := asideRow{Code: l.Code, Drug: l.DrugName(), Tail: tail(l.Code), Returned: l.Returned, Why: l.Reason, Paper: l.Waiting,
		TraceURL: traceURL(l.Code)}
	v.Head = strings.TrimSuffix(l.Code, v.Tail)
	v.Who = strings.Join(notEmpty(l.Since.In(zone()).Format("2006-01-02 15:04"), l.Kind.Chinese(), l.Who), " · ")
	v.About = strings.Join(notEmpty(prefixed("批号 ", l.Batch), prefixed("有效期至 ", dayWords(l.ExpiresOn)), leftWords(l.UnitsLeft, l.Total, l.UnitName)), " · ")
	if v.Why == "" {
		v.Why = "没有写原因"
	}
	return v
}

// leftWords says what is in a box that is not full.
func leftWords(left, total int64, unit string) string {
	switch left {
	case total:
		return ""
	case 0:
		return "空盒"
	}
	return fmt.Sprintf("剩 %d %s", left, unit)
}

func notEmpty(list ...string) (out []string) {
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// prefixed is the word before a text, nothing when there is no text.
func prefixed(word, text string) string {
	if text == "" {
		return ""
	}
	return word + text
}
