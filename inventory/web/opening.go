package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/go-chi/chi/v5"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// openingView is the page of the opening count.
type openingView struct {
	// Earlier is how many lists have been entered; a further one needs a reason.
	Earlier int
	// Last says what became of the list before, when none is open.
	Last string
	Work *openingWorkView // nil when no list is open
}

// openingWorkView is all of the page that a scan changes.
type openingWorkView struct {
	URL          string
	About        string
	Packs, Blank int
	Known        int // boxes that have come in another way meanwhile
	Said         []saidRow
	SaidNot      int
	Groups       []openingGroup
	More         int
	Last         []openingBox
	// Mine says that the person took part in collecting and cannot confirm.
	Mine, MayConfirm bool
}

// openingGroup is boxes that are alike.
type openingGroup struct {
	Key            string
	Drug           string
	DrugID         int64
	Batch, Expires string
	Packs          int
	Pack           string
	Blank, Expired bool
	Read           bool // the boxes' codes carry it: not to be typed
	Known          int
}

type openingBox struct{ Code, Head, Tail, Drug, About, Who string }

const maxGroups = 120

// Opening is GET /receipts/opening: the open list, or the way to begin one.
func (h *Handlers) Opening(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.Receive)
	if err != nil {
		return err
	}
	list, earlier, err := inventory.FindOpening(r.Context(), h.db)
	if err != nil {
		return err
	}
	v := openingView{Earlier: earlier, Last: openingEnd(list)}
	if list.State == inventory.OpeningOpen {
		if v.Work, err = h.readOpening(r.Context(), by, list); err != nil {
			return err
		}
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, map[string]any{"id": list.ID, "state": list.State, "packs": list.Packs, "blank": list.Blank, "entered_lists": earlier})
	}
	return h.site.Page(w, r, "opening", v)
}

// openingEnd says how a list that is not open any more ended.
func openingEnd(x inventory.OpeningList) string {
	if x.ClosedAt == nil {
		return ""
	}
	at := x.ClosedAt.In(zone()).Format("2006年1月2日 15:04")
	if x.State == inventory.OpeningDropped {
		return fmt.Sprintf("上一张清单（%d 盒）已于 %s 由%s作废，没有入账。", x.Packs, at, x.ClosedBy)
	}
	return fmt.Sprintf("上一张清单 %d 盒由%s录入，%s 由%s确认盘入。", x.Packs, x.OpenedBy, at, x.ClosedBy)
}

func (h *Handlers) readOpening(ctx context.Context, by identity.Actor, list inventory.OpeningList) (*openingWorkView, error) {
	totals, err := inventory.OpeningTotals(ctx, h.db, list.ID)
	if err != nil {
		return nil, err
	}
	last, err := inventory.LastOpening(ctx, h.db, list.ID, maxLast)
	if err != nil {
		return nil, err
	}
	staff, err := inventory.OpeningStaff(ctx, h.db, list.ID)
	if err != nil {
		return nil, err
	}
	v := &openingWorkView{URL: openingURL(list.ID), Packs: list.Packs, Blank: list.Blank, Mine: slices.Contains(staff, by.StaffID),
		About: fmt.Sprintf("%s 由%s开始", list.OpenedAt.In(zone()).Format("1月2日 15:04"), list.OpenedBy)}
	if list.Reason != "" {
		v.About += " · " + list.Reason
	}
	v.MayConfirm = !v.Mine && by.Can(identity.Witness, 0) == nil
	for _, t := range totals {
		v.Known += t.Known
	}
	for i, t := range totals[:min(len(totals), maxGroups)] {
		g := newOpeningGroup(t, h)
		g.Key = strconv.Itoa(i)
		v.Groups = append(v.Groups, g)
	}
	v.More = len(totals) - len(v.Groups)
	for _, x := range last {
		b := openingBox{Code: x.Code, Tail: tail(x.Code), Drug: x.GenericName + " " + x.Spec, About: batchWords(x.Batch, x.ExpiresOn), Who: x.Staff}
		b.Head = x.Code[:len(x.Code)-len(b.Tail)]
		v.Last = append(v.Last, b)
	}
	return v, nil
}

func newOpeningGroup(t inventory.OpeningTotal, h *Handlers) openingGroup {
	g := openingGroup{Drug: t.DrugName(), DrugID: t.DrugID, Batch: t.Batch, Expires: dayWords(t.ExpiresOn), Packs: t.Packs, Pack: t.PackName,
		Blank: t.Batch == "" || t.ExpiresOn == nil, Read: t.Read == t.Packs, Known: t.Known}
	g.Expired = t.ExpiresOn != nil && inventory.Expired(*t.ExpiresOn, h.db.Now())
	return g
}

func openingURL(id int64) string { return fmt.Sprintf("/receipts/opening/%d", id) }

// StartOpening is POST /receipts/opening: begins a list.
func (h *Handlers) StartOpening(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.Receive)
	if err != nil {
		return err
	}
	cmd, err := commandID(r)
	if err != nil {
		return err
	}
	id, err := h.stock.StartOpening(r.Context(), by, inventory.OpeningStart{CommandID: cmd, Reason: r.PostFormValue("reason")})
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, map[string]int64{"id": id})
	}
	return h.site.SeeOther(w, r, "/receipts/opening")
}

// ScanOpening is POST /receipts/opening/{id}/scans: codes for the open list, with
// what stands on boxes whose code does not say it.
func (h *Handlers) ScanOpening(w http.ResponseWriter, r *http.Request) error {
	by, id, cmd, err := command(r)
	if err != nil {
		return err
	}
	in := inventory.OpeningScan{ListID: id, CommandID: cmd, Codes: r.PostFormValue("codes")}
	if in.Typed, err = formBatch(r); err != nil {
		return h.openingRefused(w, r, by, err)
	}
	a, err := h.stock.ScanOpening(r.Context(), by, in)
	if err != nil {
		return h.openingRefused(w, r, by, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	band := scanBand(inventory.ReceiveAnswer{Answers: a.Answers, Taken: a.Added})
	band.Figure, band.Unit = fmt.Sprint(a.Total), "盒"
	if len(a.Answers) > 1 {
		band.Detail = fmt.Sprintf("这次 %d 个码，记入 %d 盒。", len(a.Answers), a.Added)
	}
	return h.openingAnswer(w, r, by, band, a.Answers)
}

// FillOpening is POST /receipts/opening/{id}/batch: batch and expiry of a group.
func (h *Handlers) FillOpening(w http.ResponseWriter, r *http.Request) error {
	by, id, cmd, err := command(r)
	if err != nil {
		return err
	}
	in := inventory.OpeningFill{ListID: id, CommandID: cmd, Group: inventory.OpeningGroup{Batch: r.PostFormValue("old_batch"), ExpiresOn: r.PostFormValue("old_expires")}}
	if in.Group.DrugID, err = formNumber(r, "drug"); err != nil {
		return err
	}
	if in.Typed, err = formBatch(r); err != nil {
		return h.openingRefused(w, r, by, err)
	}
	n, err := h.stock.FillOpening(r.Context(), by, in)
	return h.openingDone(w, r, by, n, err, "%d 盒的批号和有效期已填上。")
}

// RemoveOpening is POST /receipts/opening/{id}/remove: takes the box of the field
// code off the list, or with the field known all that came in another way.
func (h *Handlers) RemoveOpening(w http.ResponseWriter, r *http.Request) error {
	by, id, cmd, err := command(r)
	if err != nil {
		return err
	}
	in := inventory.OpeningRemoval{ListID: id, CommandID: cmd, Code: r.PostFormValue("code"), Known: r.PostFormValue("known") != ""}
	n, err := h.stock.RemoveOpening(r.Context(), by, in)
	return h.openingDone(w, r, by, n, err, "%d 盒已移出清单。")
}

// ConfirmOpening is POST /receipts/opening/{id}/confirm: the second person's yes.
func (h *Handlers) ConfirmOpening(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.Witness)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil {
		return db.Refuse(db.NotFound, "没有这张期初清单。请从期初盘入页重新进入。")
	}
	in := inventory.OpeningConfirm{ListID: id}
	if in.CommandID, err = commandID(r); err != nil {
		return err
	}
	packs, err := formNumber(r, "packs")
	if err != nil {
		return err
	}
	in.Packs = int(packs)
	n, err := h.stock.ConfirmOpening(r.Context(), by, in)
	if err == nil && !page.WantsJSON(r) {
		return h.site.SeeOther(w, r, "/receipts/opening")
	}
	return h.openingDone(w, r, by, n, err, "%d 盒已盘入药房。")
}

// DropOpening is POST /receipts/opening/{id}/drop: gives the list up.
func (h *Handlers) DropOpening(w http.ResponseWriter, r *http.Request) error {
	by, id, cmd, err := command(r)
	if err != nil {
		return err
	}
	if err := h.stock.DropOpening(r.Context(), by, inventory.OpeningDrop{ListID: id, CommandID: cmd}); err != nil {
		return h.openingRefused(w, r, by, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, map[string]bool{"ok": true})
	}
	return h.site.SeeOther(w, r, "/receipts/opening")
}

// openingDone answers a command that changed a number of boxes.
func (h *Handlers) openingDone(w http.ResponseWriter, r *http.Request, by identity.Actor, n int, err error, sentence string) error {
	if err != nil {
		return h.openingRefused(w, r, by, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, map[string]int{"boxes": n})
	}
	return h.openingAnswer(w, r, by, page.Band{Tone: page.Good, Text: fmt.Sprintf(sentence, n)}, nil)
}

// openingRefused answers a command that the list as it is now does not allow: the
// sentence, and the list as it is.
func (h *Handlers) openingRefused(w http.ResponseWriter, r *http.Request, by identity.Actor, err error) error {
	kind := db.KindOf(err)
	if !page.IsHTMX(r) || kind != db.Conflict && kind != db.Invalid && kind != db.Denied {
		return err
	}
	return h.openingAnswer(w, r, by, page.Band{Tone: page.Caution, Text: db.Sentence(err)}, nil)
}

// openingAnswer draws what a command made of the open list; when it is not open
// any more the whole page is loaded anew.
func (h *Handlers) openingAnswer(w http.ResponseWriter, r *http.Request, by identity.Actor, band page.Band, said []inventory.CodeAnswer) error {
	list, _, err := inventory.FindOpening(r.Context(), h.db)
	if err != nil {
		return err
	}
	if !page.IsHTMX(r) || list.State != inventory.OpeningOpen {
		return h.site.SeeOther(w, r, "/receipts/opening")
	}
	v, err := h.readOpening(r.Context(), by, list)
	if err != nil {
		return err
	}
	v.Said, v.SaidNot = newSaidRows(said)
	return h.site.Fragments(w, r, http.StatusOK, page.Part{Name: "opening_work", View: *v}, page.Part{Name: "receipt_band", View: band})
}
