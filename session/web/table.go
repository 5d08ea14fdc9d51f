package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// tableView is the doctor's table: the board around, the visit in the middle.
type tableView struct {
	Head    headView
	Board   boardView
	Desk    deskView
	Closing *closingLink // nil where there is nothing to close
	Offline *offlineView // nil in a sample
}

// deskView is the middle of the table: the open visit, or the call for the next
// patient. It is this doctor's own and travels only as an answer.
type deskView struct {
	URL string // of the session
	// Closed says why nothing can be scanned now; "" when something can.
	Closed string
	// OpenURL starts the session, for whoever of the team may; CloseURL leads to
	// the counting in the evening.
	OpenURL, CloseURL string
	State             session.State
	Next              *nextView
	Sign              toSignView
	Visit             *visitView
}

// Version names what is on the desk: the open visit as it is, or without one the
// state of the session.
func (d deskView) Version() string {
	if d.Visit != nil {
		return d.Visit.Version
	}
	return "none-" + string(d.State)
}

// nextView waits for a patient.
type nextView struct {
	URL     string
	Session int64
	Visit   string // id of the visit that the next label makes
	First   []queueRow
}

// visitView is the open visit.
type visitView struct {
	URL     string
	Number  string
	Name    string
	About   string // 男 56 · 新华社区
	Allergy string
	Last    lastView
	Lines   []lineView // the last scanned ones, the last first
	Older   []lineView // those before, folded away
	Packs   string     // whole boxes, and More units of opened ones
	Unit    string     // 盒
	More    string     // + 10 片, or ""
	Words   string     // all of it
	Refused []chipView
	Asks    []quantityView // boxes whose number is to be said
	NoPacks bool
	ID      uuid.UUID
	Choices []choiceRow
	Away    string // 外点患者 with the home site, or ""
	Owed    []owedRow
	OwedURL string // of the form that notes more
	Notes   notesView
	Finish  finishView
	Version string // of what is on the desk, to see whether it has changed
	Again   string // mark of the label that is to be scanned again, or ""
	next    dueView
}

// lastView is the last medicine and for how long it is enough.
type lastView struct{ Text, Tone, URL string }

type lineView struct {
	URL   string // of the visit
	ID    string
	Drug  string
	Spec  string
	Head  string // all of the code but its last four characters
	Tail  string
	Code  string
	Mark  string // 手输, 按数, 推定 or ""
	At    string
	Much  string // quantity when it is not a whole pack
	Loose bool   // its number may be changed
	Dose  doseView
}

// chipView is a code that was scanned and is not recorded.
type chipView struct {
	ID, Raw, Code, Why string
	Closed             bool // the duty holder has refused it
	Asked              bool // and is being asked
	MayAsk             bool
	OpenBagURL         string // opens the other patient's bag that it lies in, or ""
}

func newChipView(f session.Chip) chipView {
	v := chipView{ID: fmt.Sprint(f.ID), Raw: short(f.Raw), Code: f.Code, Asked: f.Asked, MayAsk: f.MayAsk() && !f.Asked,
		Why: f.Sentence}
	if f.Resolution != "" {
		v.Closed, v.Why = true, f.Resolution
	}
	return v
}

// choiceRow is one of several packs whose codes end as it was typed.
type choiceRow struct{ Code, Drug, Tail, About string }

func newChoiceRows(list []session.Choice) []choiceRow {
	var rows []choiceRow
	for _, c := range list {
		row := choiceRow{Code: c.Code, Drug: inventory.DrugName(c.Generic, c.Spec), Tail: c.Code[max(0, len(c.Code)-13):]}
		if c.Batch != "" {
			row.About = "批号 " + c.Batch
		}
		if c.ExpiresOn != nil {
			row.About += " 效期 " + c.ExpiresOn.Format("2006-01-02")
		}
		rows = append(rows, row)
	}
	return rows
}

type choiceView struct {
	Value, Word string
	Chosen      bool
}

// table shows the doctor's table.
func (h *Handlers) table(w http.ResponseWriter, r *http.Request, by identity.Actor, s session.Snapshot) error {
	desk, err := h.readDesk(r.Context(), by, s.Session, "")
	if err != nil {
		return err
	}
	board := newBoardView(s, audienceIn(by, s.Session))
	if desk.Next != nil {
		desk.Next.First = board.Queue.Next
	}
	offline := newOfflineView(s.Session.ID)
	return h.site.Page(w, r, "table", tableView{Offline: &offline, Head: newHeadView(s.Session), Board: board, Desk: desk, Closing: newClosingLink(s.Session, by)})
}

// readDesk reads the doctor's open visit, or makes the call for the next one.
// again is the box whose number may be changed, "" for none.
func (h *Handlers) readDesk(ctx context.Context, by identity.Actor, x session.Session, again string) (deskView, error) {
	desk := deskView{URL: fmt.Sprintf("/sessions/%d", x.ID), State: x.State}
	v, open, err := session.CurrentVisit(ctx, h.db, x.ID, by.StaffID)
	if err != nil {
		return desk, err
	}
	if open {
		desk.Visit, err = h.readVisit(ctx, x, v, again)
		return desk, err
	}
	if desk.Sign, err = h.readToSign(ctx, by); err != nil {
		return desk, err
	}
	if x.State != session.Open {
		desk.Closed = closedSentence(x.State)
		if x.State == session.Planned && by.Can(identity.OpenSession, x.SiteID) == nil {
			desk.OpenURL = desk.URL + "/open"
		}
		if x.State == session.Closing || x.State == session.Closed {
			desk.CloseURL = desk.URL + "/closing"
		}
		return desk, nil
	}
	desk.Next = &nextView{URL: desk.URL + "/visits", Session: x.ID, Visit: uuid.NewString()}
	return desk, nil
}

func closedSentence(s session.State) string {
	switch s {
	case session.Planned:
		return "本场次还没有开始。点“开始义诊”后，这里就能扫码。"
	case session.Closing:
		return "已停止发药，正在清点。"
	}
	return "本场次" + s.Word() + "。"
}

func (h *Handlers) readVisit(ctx context.Context, x session.Session, v session.Visit, again string) (*visitView, error) {
	p, err := patient.ByID(ctx, h.db, v.PatientID)
	if err != nil {
		return nil, err
	}
	lines, err := session.VisitLines(ctx, h.db, v.ID)
	if err != nil {
		return nil, err
	}
	refused, err := session.Chips(ctx, h.db, v.ID)
	if err != nil {
		return nil, err
	}
	family, err := patient.Family(ctx, h.db, v.PatientID)
	if err != nil {
		return nil, err
	}
	owed, err := session.OwedTo(ctx, h.db, family...)
	if err != nil {
		return nil, err
	}
	last, err := session.LastSupplyOf(ctx, h.db, family, v.ID)
	if err != nil {
		return nil, err
	}
	view := newVisitView(v, p, lines, refused, h.db.Now())
	asks, err := session.Questions(ctx, h.db, v, refused, again)
	if err != nil {
		return nil, err
	}
	view.addQuestions(asks)
	if err := h.addNotes(ctx, view, x, v, lines); err != nil {
		return nil, err
	}
	view.Owed, view.Last = newOwedRows(owed, v.ID), newLastView(v.PatientID, last, session.Today(h.db.Now()))
	if p.HomeSiteID != x.SiteID {
		view.Away = "外点患者，登记在 " + p.HomeSite
	}
	return view, nil
}

func newVisitView(v session.Visit, p patient.Patient, lines []session.Line, refused []session.Chip, now time.Time) *visitView {
	view := &visitView{ID: v.ID,
		URL: fmt.Sprintf("/sessions/%d/visits/%s", v.SessionID, v.ID), Number: fmt.Sprint(v.Number), Name: p.Name,
		About: about(p, now), Allergy: p.Allergies, NoPacks: len(lines) == 0,
	}
	view.countLines(lines)
	view.OwedURL = fmt.Sprintf("/sessions/%d/owed?visit=%s", v.SessionID, v.ID)
	view.Finish = newFinishView(view, session.Ending{Collector: "self"}, 0)
	for _, l := range lines {
		line := newLineView(l)
		line.URL = view.URL
		view.Lines = append(view.Lines, line)
	}
	addDoses(view, lines)
	view.fold()
	for _, f := range refused {
		chip := newChipView(f)
		if f.Kind == string(inventory.KindInABag) && !chip.Closed {
			chip.OpenBagURL = fmt.Sprintf("/sessions/%d/bags/open", v.SessionID)
		}
		view.Refused = append(view.Refused, chip)
	}
	view.Version = deskVersion(v, len(lines), refused)
	return view
}

// lastScans is how many boxes stand on the desk with their 撤销.
const lastScans = 10

// fold puts all but the last scans away.
func (v *visitView) fold() {
	if len(v.Lines) > lastScans {
		v.Lines, v.Older = v.Lines[:lastScans], v.Lines[lastScans:]
	}
}

// countLines says what the visit has: the first unit large, the others beside it.
func (v *visitView) countLines(lines []session.Line) {
	a := session.Handed(lines)
	v.Words = a.String()
	v.Packs, v.Unit, v.More = hero(a)
}

func about(p patient.Patient, now time.Time) string {
	text := p.SexWord()
	if age := p.Age(now); age >= 0 {
		text += fmt.Sprintf(" %d 岁", age)
	}
	return strings.TrimPrefix(strings.TrimSpace(text)+" · ", " · ") + p.Number + " · " + p.HomeSite
}

func newLineView(l session.Line) lineView {
	v := lineView{ID: fmt.Sprintf("line-%d", l.PackID), Drug: l.Generic, Spec: l.Spec, Code: l.Code, Tail: tail(l.Code),
		Mark: inventory.How(l.How).Chinese(), At: l.At.In(session.Zone()).Format("15:04")}
	v.Head = l.Code[:len(l.Code)-len(v.Tail)]
	v.Loose = l.Loose
	if l.Loose || l.Quantity != l.Content {
		v.Much = fmt.Sprintf("%d %s", l.Quantity, l.UnitWord)
	}
	return v
}

// short keeps a refused text readable on a phone; the whole of it is stored.
func short(raw string) string {
	r := []rune(raw)
	if len(r) <= 28 {
		return raw
	}
	return string(r[:12]) + "…" + string(r[len(r)-12:])
}

// answerDesk answers a command of the table: the band and the desk as it is now.
func (h *Handlers) answerDesk(w http.ResponseWriter, r *http.Request, by identity.Actor, id int64, band page.Band) error {
	return h.answerDeskWith(w, r, by, id, band, func(*visitView) {})
}

// answerDeskWith is answerDesk with what only this answer shows at the open
// visit: the mark of a label that is to be scanned again, packs to choose from.
func (h *Handlers) answerDeskWith(w http.ResponseWriter, r *http.Request, by identity.Actor, id int64, band page.Band, add func(*visitView)) error {
	return h.answerDeskAgain(w, r, by, id, band, "", add)
}

// answerDeskAgain is answerDeskWith where the number of a box may be changed.
func (h *Handlers) answerDeskAgain(w http.ResponseWriter, r *http.Request, by identity.Actor, id int64, band page.Band, again string, add func(*visitView)) error {
	if !page.IsHTMX(r) {
		return h.site.SeeOther(w, r, fmt.Sprintf("/sessions/%d", id))
	}
	x, err := session.Find(r.Context(), h.db, id)
	if err != nil {
		return err
	}
	desk, err := h.readDesk(r.Context(), by, x, again)
	if err != nil {
		return err
	}
	if desk.Visit != nil {
		add(desk.Visit)
		if band.Figure != "" {
			band.Figure, band.Unit = desk.Visit.Packs, desk.Visit.Unit+desk.Visit.More
			band = desk.Visit.Notes.warn(band)
		}
	}
	return h.site.Fragments(w, r, http.StatusOK, page.Part{Name: "desk", View: desk}, page.Part{Name: "band_area", View: band})
}

// refusedDesk answers a command that was refused because the desk on the screen
// is out of date: the sentence, and the desk as it is.
func (h *Handlers) refusedDesk(w http.ResponseWriter, r *http.Request, by identity.Actor, id int64, err error) error {
	if !page.IsHTMX(r) || db.KindOf(err) != db.Conflict && db.KindOf(err) != db.Invalid && db.KindOf(err) != db.NotFound {
		return err
	}
	return h.answerDesk(w, r, by, id, page.Band{Tone: page.Caution, Text: db.Sentence(err)})
}
