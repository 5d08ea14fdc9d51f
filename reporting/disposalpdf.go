package reporting

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

// DisposalReport is a paper over a loss, a destruction or a sending back, with
// its packs, read at one moment.
type DisposalReport struct {
	Disposal inventory.Disposal
	State    inventory.DisposalState // at that moment: a proposal grows old by itself
	Packs    []inventory.DisposalPack
	At       time.Time
}

// ReadDisposalReport reads a paper on one snapshot. Error: NotFound when there is
// none.
func ReadDisposalReport(ctx context.Context, d *db.DB, id int64) (DisposalReport, error) {
	var r DisposalReport
	err := d.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		r = DisposalReport{At: tx.Now}
		if r.Disposal, err = inventory.FindDisposal(ctx, tx, id); err != nil {
			return err
		}
		r.State = r.Disposal.At(tx.Now)
		r.Packs, err = inventory.DisposalPacks(ctx, tx, id)
		return err
	})
	return r, err
}

// WriteDisposalPDF draws the paper on A4: what, why, how and where, every trace
// code, the two who stand for it, and boxes for signing by hand. The same report
// and the same Made give the same bytes. Error: Unavailable when the program was
// built without fonts.
func WriteDisposalPDF(w io.Writer, r DisposalReport, made Made) (Printed, error) {
	title := "药品" + r.Disposal.Title()
	if r.Disposal.Act == inventory.MoveSendBack {
		title = r.Disposal.Title() // 退回药库单
	}
	running := title + "　" + r.Disposal.Number
	s, err := newSheet(running, running, made)
	if err != nil {
		return Printed{}, err
	}
	p := disposalPaper{sheet: s, r: r}
	p.front(title)
	p.packs()
	p.leftOut()
	p.sign(p.who()...)
	return s.finish(w)
}

// disposalPaper is a paper on its way to paper.
type disposalPaper struct {
	*sheet
	r DisposalReport
}

func (p *disposalPaper) front(title string) {
	d := p.r.Disposal
	p.cover(cover{title: title, scope: "精防药房", period: d.Number, at: p.r.At, code: paperCode("disposal", d.Number, d.ProposedAt.In(session.Zone()), time.Time{})})
	p.y += 1
	t := table{s: p.sheet, size: 9, cols: []column{{width: 22}, {width: 71}, {width: 22}, {width: 71}}}
	pair := func(k1, v1, k2, v2 string) {
		t.row(cell{text: k1, bold: true}, cell{text: cmp.Or(v1, "—")}, cell{text: k2, bold: true}, cell{text: cmp.Or(v2, "—")})
	}
	pair("单号", d.Number, "状态", p.r.State.Chinese())
	pair("原因", d.Reason, "数量", p.amount())
	switch d.Act {
	case inventory.MoveDestroy:
		pair("销毁方法", d.Method, "地点", d.Place)
		pair("监销人", d.Witness, "", "")
	case inventory.MoveSendBack:
		pair("退往", d.Place, "", "")
	}
	second := "第二人确认"
	if d.State == inventory.DisposalWithdrawn {
		second = "撤回"
	}
	proposed := d.ProposedAt
	pair("提出", d.Proposer+"　"+stamp(&proposed), second, d.Decider+"　"+stamp(d.DecidedAt))
	if p.r.State != inventory.DisposalDone {
		p.y += 2
		p.font(true, 11, red())
		p.paragraph("这一单没有生效：" + p.r.State.Chinese() + "。药没有动。")
	}
}

// amount is how many packs the paper moves, or moved.
func (p *disposalPaper) amount() string {
	n := 0
	for _, x := range p.r.Packs {
		if p.stands(x) {
			n++
		}
	}
	return fmt.Sprintf("%d 盒", n)
}

// stands tells whether a pack is one of those that the paper moves.
func (p *disposalPaper) stands(x inventory.DisposalPack) bool {
	switch p.r.State {
	case inventory.DisposalDone:
		return x.Outcome == "done"
	case inventory.DisposalProposed:
		return !x.Moved()
	}
	return true
}

func (p *disposalPaper) packs() {
	p.heading("药品与追溯码")
	t := newTable(p.sheet, 8.5, column{title: "序", width: 10, right: true}, column{title: "药品", width: 66}, column{title: "批号 / 有效期", width: 34},
		column{title: "追溯码", width: 52}, column{title: "盒内数量", width: 24, right: true})
	n := 0
	for _, x := range p.r.Packs {
		if !p.stands(x) {
			continue
		}
		n++
		name := x.DrugName()
		if x.Returned {
			name += "（患者退回）"
		}
		t.row(plain(strconv.Itoa(n), name, batchText(x.Batch, x.ExpiresOn), x.Code, fmt.Sprintf("%d %s", x.Units, x.UnitName))...)
	}
}

// leftOut names what was proposed and is not moved by the paper.
func (p *disposalPaper) leftOut() {
	var rows [][]cell
	for _, x := range p.r.Packs {
		if !p.stands(x) {
			rows = append(rows, plain(x.DrugName(), x.Code, x.State.Chinese()))
		}
	}
	if len(rows) == 0 {
		return
	}
	p.heading("提出以后动过，不在这一单里")
	t := newTable(p.sheet, 8.5, column{title: "药品", width: 80}, column{title: "追溯码", width: 66}, column{title: "制表时状态", width: 40})
	for _, r := range rows {
		t.row(r...)
	}
}

// who signs by hand.
func (p *disposalPaper) who() []string {
	switch p.r.Disposal.Act {
	case inventory.MoveDestroy:
		return []string{"提出人", "确认人", "监销人"}
	case inventory.MoveSendBack:
		return []string{"交出人", "复核人", "药库接收人"}
	}
	return []string{"提出人", "确认人", "负责人"}
}
