package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
)

// proposalRow is one drug of the packing page: what is in the trays and what is
// proposed.
type proposalRow struct {
	ID     string
	Name   string
	Spec   string
	Packed string
	Unit   string
	Word   string // 还差 4, 齐, 多出 2, 不用带
	Tone   string
	Detail string // 建议 10 · 上次 8 人用过
	Spared string // whose supply lasts beyond the day: 还有药 3 人，没有算 6 盒; or ""
	Take   string // which batches to take, the first to expire first
	Lack   string // what the store does not have, or ""
}

func newBenchView(p session.PackingPlan, home bool) benchView {
	v := benchView{URL: fmt.Sprintf("/sessions/%d/packing", p.Session.ID), Home: home, Basis: basisOf(p)}
	var boxes, loose session.Amounts
	short := 0
	for _, l := range p.Stock {
		boxes.Add(int64(l.Left), l.PackWord)
		loose.Add(l.LooseLeft, l.UnitWord)
	}
	boxes.AddAll(loose)
	for _, l := range p.Lines {
		v.Rows = append(v.Rows, newProposalRow(l))
		short += l.Short()
	}
	v.Total, v.Unit, v.More = hero(boxes)
	if short > 0 {
		v.Short = fmt.Sprint(short)
	}
	return v
}

// hero is a sum as a page shows it large: the first unit's number and word, and the
// others behind them.
func hero(a session.Amounts) (figure, unit, more string) {
	figure, unit = "0", "盒"
	if parts := a.Parts(); len(parts) > 0 {
		figure, unit, _ = strings.Cut(parts[0], " ")
		for _, p := range parts[1:] {
			more += " + " + p
		}
	}
	return figure, unit, more
}

// basisOf says in one sentence where the proposal comes from.
func basisOf(p session.PackingPlan) string {
	switch {
	case p.Expected == 0:
		return "应到名单还是空的，没有建议。"
	case p.Known == 0:
		return fmt.Sprintf("应到 %d 人都没有上次发药的记录，没有建议。", p.Expected)
	}
	text := fmt.Sprintf("按应到 %d 人上次所发推算", p.Expected)
	if p.Known < p.Expected {
		text += fmt.Sprintf("，其中 %d 人没有记录，按平均计", p.Expected-p.Known)
	}
	if p.Supplied > 0 {
		text += fmt.Sprintf("；%d 人的药够到 %s，没有算", p.Supplied, p.Until.Format("1月2日"))
	}
	return text + "。"
}

func newProposalRow(l session.ProposalLine) proposalRow {
	r := proposalRow{ID: fmt.Sprintf("pack-%d", l.DrugID), Name: l.Generic, Spec: l.Spec, Packed: fmt.Sprint(l.Packed), Unit: l.PackWord}
	switch {
	case l.Short() > 0:
		r.Word, r.Tone = fmt.Sprintf("还差 %d", l.Short()), "caution"
	case l.Proposed == 0 && l.Packed == 0:
		r.Word, r.Tone = "不用带", "soft"
	case l.Proposed == 0:
		r.Word, r.Tone = "另加", "soft"
	case l.Over() > 0:
		r.Word, r.Tone = fmt.Sprintf("多出 %d", l.Over()), "info"
	default:
		r.Word, r.Tone = "齐", "good"
	}
	if l.Proposed > 0 {
		r.Detail = fmt.Sprintf("建议 %d %s · 上次 %d 人", l.Proposed, l.PackWord, l.Patients)
	}
	if l.Spared > 0 {
		r.Spared = fmt.Sprintf("还有药 %d 人，没有算 %d %s", l.Spared, l.SparedPacks, l.PackWord)
	}
	var take []string
	for _, b := range l.Shelf {
		if b.Take > 0 {
			take = append(take, batchWord(b, l.PackWord))
		}
	}
	if len(take) > 0 {
		r.Take = "先装：" + strings.Join(take, "、")
	}
	if n := l.Lacking(); n > 0 {
		r.Lack = fmt.Sprintf("药房少 %d %s，请先补货。", n, l.PackWord)
	}
	return r
}

func batchWord(b session.ShelfBatch, unit string) string {
	word := b.Batch
	if word == "" {
		word = "无批号"
	}
	if b.ExpiresOn != nil {
		word += "（" + b.ExpiresOn.Format(time.DateOnly) + "）"
	}
	word += fmt.Sprintf(" %d %s", b.Take, unit)
	if b.Soon {
		word += "，一个月内到期"
	}
	return word
}

// proposalJSON is the proposal for programs, in packs.
type proposalJSON struct {
	Expected int                `json:"expected"`
	Known    int                `json:"known"`
	Supplied int                `json:"supplied"`
	Drugs    []proposalDrugJSON `json:"drugs"`
}

type proposalDrugJSON struct {
	Drug     string          `json:"drug"`
	Proposed int             `json:"proposed"`
	Packed   int             `json:"packed"`
	Short    int             `json:"short"`
	Lacking  int             `json:"lacking"`
	Spared   int             `json:"spared"` // packs of those who still have it, not proposed
	Take     []takeBatchJSON `json:"take"`
}

type takeBatchJSON struct {
	Batch   string `json:"batch"`
	Expires string `json:"expires,omitempty"`
	Packs   int    `json:"packs"`
}

func newProposalJSON(p session.PackingPlan) proposalJSON {
	out := proposalJSON{Expected: p.Expected, Known: p.Known, Supplied: p.Supplied, Drugs: []proposalDrugJSON{}}
	for _, l := range p.Lines {
		d := proposalDrugJSON{Drug: l.DrugName(), Proposed: l.Proposed, Packed: l.Packed, Short: l.Short(), Lacking: l.Lacking(), Spared: l.SparedPacks, Take: []takeBatchJSON{}}
		for _, b := range l.Shelf {
			if b.Take > 0 {
				d.Take = append(d.Take, takeBatchJSON{b.Batch, dayOf(b.ExpiresOn), b.Take})
			}
		}
		out.Drugs = append(out.Drugs, d)
	}
	return out
}

// packingListView is the paper that goes with the tote. Nothing on it says what
// is treated.
type packingListView struct {
	Head  headView
	Day   string
	Team  string
	At    string
	Rows  []packedBatchRow
	Total string // 120 盒 + 3 瓶 + 40 片
	Packs int    // full ones, of whatever kind
	Loose bool   // some packs are opened: the column is printed
}

type packedBatchRow struct {
	Drug, Spec, Batch, Expires, Packs, Unit, Loose string
	LooseUnits                                     int64
}

// PackingList is GET /sessions/{id}/packing/list: what is packed, for the
// printer and for who signs.
func (h *Handlers) PackingList(w http.ResponseWriter, r *http.Request) error {
	_, x, err := h.readSession(r, identity.Allocate)
	if err != nil {
		return err
	}
	list, err := session.PackingList(r.Context(), h.db, x.ID)
	if err != nil {
		return err
	}
	team, err := session.Team(r.Context(), h.db, x.ID)
	if err != nil {
		return err
	}
	v := newPackingListView(x, team, list, h.db.Now())
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, v.json())
	}
	return h.site.Page(w, r, "packing_list", v)
}

func newPackingListView(x session.Session, team []session.Member, list []session.PackedBatch, now time.Time) packingListView {
	v := packingListView{Head: newHeadView(x), Day: x.HeldOn.Format("2006年1月2日"), At: now.In(session.Zone()).Format("2006-01-02 15:04")}
	var names []string
	for _, m := range team {
		names = append(names, m.Name)
	}
	v.Team = strings.Join(names, "、")
	var total, loose session.Amounts
	packs := 0
	for _, l := range list {
		row := packedBatchRow{Drug: l.Generic, Spec: l.Spec, Batch: l.Batch, Expires: dayOf(l.ExpiresOn), Packs: fmt.Sprint(l.Packs), Unit: l.PackWord}
		if l.LooseUnits > 0 {
			row.LooseUnits = l.LooseUnits
			row.Loose, v.Loose = fmt.Sprintf("%d %s", l.LooseUnits, l.UnitWord), true
		}
		total.Add(int64(l.Packs), l.PackWord)
		packs += l.Packs
		loose.Add(l.LooseUnits, l.UnitWord)
		v.Rows = append(v.Rows, row)
	}
	total.AddAll(loose)
	v.Total, v.Packs = total.String(), packs
	return v
}

type packingListJSON struct {
	Site  string            `json:"site"`
	Total string            `json:"packs"` // the number of full ones, as text
	Lines []packedBatchJSON `json:"lines"`
}

type packedBatchJSON struct {
	Drug    string `json:"drug"`
	Spec    string `json:"spec"`
	Batch   string `json:"batch"`
	Expires string `json:"expires"`
	Packs   string `json:"packs"`
	Unit    string `json:"unit"`
	Loose   int64  `json:"loose_units,omitempty"`
}

func (v packingListView) json() packingListJSON {
	out := packingListJSON{Site: v.Head.Site, Total: fmt.Sprint(v.Packs), Lines: []packedBatchJSON{}}
	for _, r := range v.Rows {
		out.Lines = append(out.Lines, packedBatchJSON{r.Drug, r.Spec, r.Batch, r.Expires, r.Packs, r.Unit, r.LooseUnits})
	}
	return out
}
