package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// paperView is a paper over a loss, a destruction or a sending back: to be
// confirmed by a second person, and to be printed and signed.
type paperView struct {
	URL, Title, Number, Word, Tone string
	Facts                          []paperFact
	Drugs                          []paperDrug
	Packs                          int
	// Moved names packs that were moved since they were proposed and are left out.
	Moved []paperPack
	// Confirm offers the second person's yes over Packs packs; Wait says why this
	// person cannot give it.
	Confirm, Wait string
	Withdraw      bool
	Problem       string
	Sign          []string // who signs on paper
}

type paperFact struct{ Name, Value string }

// paperDrug is the packs of one drug and batch.
type paperDrug struct {
	Drug, Batch, Expires, Figure string
	Packs                        []paperPack
}

type paperPack struct{ Head, Tail, Note string }

// paperURL is the address of a paper.
func paperURL(id int64) string { return fmt.Sprintf("/setaside/%d", id) }

// paperID reads the number of the paper from the address.
func paperID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, db.Refuse(db.NotFound, "没有这张处置单。请从“退药与报损”重新进入。")
	}
	return id, nil
}

// Paper is GET /setaside/{id}: one paper with its packs.
func (h *Handlers) Paper(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.ViewStock)
	if err != nil {
		return err
	}
	id, err := paperID(r)
	if err != nil {
		return err
	}
	return h.paper(w, r, by, id, "")
}

// paper draws a paper, with what was wrong with a decision on it.
func (h *Handlers) paper(w http.ResponseWriter, r *http.Request, by identity.Actor, id int64, problem string) error {
	d, err := inventory.FindDisposal(r.Context(), h.db, id)
	if err != nil {
		return err
	}
	packs, err := inventory.DisposalPacks(r.Context(), h.db, id)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newPaperJSON(d, packs, h.db.Now()))
	}
	v := newPaperView(d, packs, by, h.db.Now())
	v.Problem = problem
	return h.site.Page(w, r, "paper", v)
}

func newPaperView(d inventory.Disposal, packs []inventory.DisposalPack, by identity.Actor, now time.Time) paperView {
	state := d.At(now)
	v := paperView{URL: paperURL(d.ID), Title: d.Title(), Number: d.Number, Word: state.Chinese(), Tone: paperTone(state), Facts: paperFacts(d),
		Sign: []string{"提出人", "确认人"}}
	switch d.Act {
	case inventory.MoveDestroy:
		v.Sign = append(v.Sign, "监销人")
	case inventory.MoveSendBack:
		v.Sign = append(v.Sign, "药库接收人")
	}
	for _, p := range packs {
		out := p.Outcome == "left_out" && state == inventory.DisposalDone
		if out || state == inventory.DisposalProposed && p.Moved() {
			v.Moved = append(v.Moved, paperPack{Head: p.DrugName() + " …", Tail: tail(p.Code), Note: "现在：" + p.State.Chinese()})
			continue
		}
		v.Packs++
		v.add(p)
	}
	if state == inventory.DisposalProposed {
		v.offer(d, by)
	}
	return v
}

// offer says what this person may do with a paper that waits.
func (v *paperView) offer(d inventory.Disposal, by identity.Actor) {
	witness := by.Can(identity.Witness, 0) == nil
	v.Withdraw = witness || by.Can(identity.Dispose, 0) == nil
	switch {
	case d.ProposedBy == by.StaffID:
		v.Wait = "这一单由您提出，请另一位同事从自己的账号确认。"
	case !witness:
		v.Wait = "等一位能“双人确认”的同事确认。"
	case v.Packs == 0:
		v.Wait = "这一单的药都动过了，请撤回。"
	default:
		v.Confirm = fmt.Sprintf("确认%s %d 盒", d.Act.Chinese(), v.Packs)
	}
}

// add puts a pack below its drug and batch; they come in that order.
func (v *paperView) add(p inventory.DisposalPack) {
	last := len(v.Drugs) - 1
	if last < 0 || v.Drugs[last].Drug != p.DrugName() || v.Drugs[last].Batch != p.Batch || v.Drugs[last].Expires != dayWords(p.ExpiresOn) {
		v.Drugs = append(v.Drugs, paperDrug{Drug: p.DrugName(), Batch: p.Batch, Expires: dayWords(p.ExpiresOn)})
		last++
	}
	row := paperPack{Tail: tail(p.Code), Note: leftWords(p.Units, p.Total, p.UnitName)}
	row.Head = p.Code[:len(p.Code)-len(row.Tail)]
	x := &v.Drugs[last]
	x.Packs = append(x.Packs, row)
	x.Figure = fmt.Sprintf("%d %s", len(x.Packs), p.PackName)
}

func paperFacts(d inventory.Disposal) []paperFact {
	place := "地点"
	if d.Act == inventory.MoveSendBack {
		place = "退往"
	}
	list := []paperFact{{"原因", d.Reason}, {"销毁方法", d.Method}, {place, d.Place}, {"监销人", d.Witness},
		{"提出", d.Proposer + " " + d.ProposedAt.In(zone()).Format("2006-01-02 15:04")}}
	if d.DecidedAt != nil {
		word := "确认"
		if d.State == inventory.DisposalWithdrawn {
			word = "撤回"
		}
		list = append(list, paperFact{word, d.Decider + " " + d.DecidedAt.In(zone()).Format("2006-01-02 15:04")}, paperFact{"说明", d.Remark})
	}
	var known []paperFact
	for _, f := range list {
		if f.Value != "" {
			known = append(known, f)
		}
	}
	return known
}

func paperTone(s inventory.DisposalState) string {
	switch s {
	case inventory.DisposalProposed:
		return "caution"
	case inventory.DisposalDone:
		return "good"
	}
	return "soft"
}

func newPaperRow(d inventory.Disposal, now time.Time) paperRow {
	state := d.At(now)
	return paperRow{URL: paperURL(d.ID), Title: d.Title(), Number: d.Number, Word: state.Chinese(), Tone: paperTone(state), Figure: fmt.Sprint(d.Packs),
		About: d.ProposedAt.In(zone()).Format("1月2日 15:04") + " " + d.Proposer + " · " + d.Reason}
}

// ConfirmPaper is POST /setaside/{id}/confirm: the second person's yes.
func (h *Handlers) ConfirmPaper(w http.ResponseWriter, r *http.Request) error {
	return h.decide(w, r, h.stock.ConfirmDisposal)
}

// WithdrawPaper is POST /setaside/{id}/withdraw: nothing is done.
func (h *Handlers) WithdrawPaper(w http.ResponseWriter, r *http.Request) error {
	return h.decide(w, r, h.stock.WithdrawDisposal)
}
