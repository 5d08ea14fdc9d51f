package reporting

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"jingfang/inventory"
	"jingfang/session"
)

// WriteReceiptSheetPDF draws the difference sheet of a receipt on A4: what is
// missing, extra, without a code or of another batch, who stands for it here, and
// boxes for both sides to sign by hand. The same sheet and the same Made give the
// same bytes. Error: Unavailable when the program was built without fonts.
func WriteReceiptSheetPDF(w io.Writer, x inventory.ReceiptSheet, made Made) (Printed, error) {
	running := "入库差异单　" + x.Receipt.Number
	s, err := newSheet(running, running, made)
	if err != nil {
		return Printed{}, err
	}
	p := receiptPaper{sheet: s, x: x}
	p.front()
	p.missing()
	p.refused()
	p.codeless()
	p.batches()
	p.surplus()
	p.signatures()
	return s.finish(w)
}

// receiptPaper is a difference sheet on its way to paper.
type receiptPaper struct {
	*sheet
	x inventory.ReceiptSheet
}

func (p *receiptPaper) front() {
	r := p.x.Receipt
	p.cover(cover{title: "入库差异单", scope: cmp.Or(r.FromStore, "中心药库") + "到精防药房", period: r.Number, at: p.made.At, code: paperCode("receipt", r.Number, r.IssuedAt.In(session.Zone()), time.Time{})})
	p.y += 1
	expected, received := 0, 0
	for _, l := range p.x.Lines {
		expected, received = expected+l.Packs, received+l.Received
	}
	t := table{s: p.sheet, size: 9, cols: []column{{width: 22}, {width: 71}, {width: 22}, {width: 71}}}
	pair := func(k1, v1, k2, v2 string) {
		t.row(cell{text: k1, bold: true}, cell{text: v1}, cell{text: k2, bold: true}, cell{text: v2})
	}
	pair("入库单", fmt.Sprintf("%s（第 %d 版）", r.Number, r.Revision), "发出", cmp.Or(r.FromStore, "—"))
	pair("开单", stamp(&r.IssuedAt), "收到", stamp(&r.ArrivedAt))
	pair("状态", r.State.Chinese(), "完成", strings.TrimSpace(stamp(r.FinishedAt)+"　"+r.FinishedBy))
	p.y += 2.5
	p.font(true, 11, black())
	p.paragraph(fmt.Sprintf("应收 %d 盒，入库 %d 盒；少 %d 盒，多出或不明 %d 盒，无码 %d 盒，批号效期不符 %d 盒，单外需退回 %d 盒。", expected, received, expected-received,
		len(p.x.Differ.Refused), p.x.Boxes(), len(p.x.Batches), inventory.SurplusLeft(p.x.Surplus)))
	if p.x.None() {
		p.font(false, 9.5, black())
		p.paragraph("单与实物一致，没有差异。")
	}
}

// stamp is a day and time; a dash for nil.
func stamp(at *time.Time) string {
	if at == nil {
		return "—"
	}
	return at.In(session.Zone()).Format("2006-01-02 15:04")
}

func (p *receiptPaper) missing() {
	if len(p.x.Differ.Missing) == 0 {
		return
	}
	p.heading("少的")
	t := newTable(p.sheet, 8.5, column{title: "药品", width: 86}, column{title: "批号 / 有效期", width: 46}, column{title: "应收", width: 18, right: true},
		column{title: "入库", width: 18, right: true}, column{title: "少", width: 18, right: true})
	for _, m := range p.x.Differ.Missing {
		t.row(cell{text: m.DrugName()}, cell{text: batchText(m.Batch, m.ExpiresOn)}, cell{text: strconv.Itoa(m.Packs)}, cell{text: strconv.Itoa(m.Received)},
			cell{text: strconv.Itoa(m.Missing()), bold: true})
		word := "单上列出、没有扫到："
		for list := range slices.Chunk(m.Codes, rowCodes) {
			t.across(word + strings.Join(list, " "))
			word = ""
		}
	}
}

// rowCodes keeps one row of codes well within a page.
const rowCodes = 50

func (p *receiptPaper) refused() {
	if len(p.x.Differ.Refused) == 0 {
		return
	}
	p.heading("多出或不明的")
	t := newTable(p.sheet, 8.5, column{title: "追溯码", width: 56}, column{title: "情况", width: 82}, column{title: "扫码", width: 48})
	for _, f := range p.x.Differ.Refused {
		at := f.At
		t.row(plain(cmp.Or(f.Code, f.Raw), f.Kind.Sentence(inventory.Details{}), stamp(&at)+"　"+f.Staff)...)
	}
}

func (p *receiptPaper) codeless() {
	if len(p.x.Codeless) == 0 {
		return
	}
	p.heading("无码的")
	t := newTable(p.sheet, 8.5, column{title: "药品", width: 50}, column{title: "批号", width: 22}, column{title: "盒", width: 10, right: true},
		column{title: "情况", width: 30}, column{title: "院内码、补码", width: 74})
	for _, q := range p.x.Codeless {
		var codes []string
		for _, b := range q.Boxes {
			if b.TrueCode != "" {
				b.Code += " 补码 " + b.TrueCode
			}
			codes = append(codes, b.Code)
		}
		who := "登记 " + q.Asker + "，确认 " + cmp.Or(q.Decider, "待定")
		t.row(plain(q.DrugName(), cmp.Or(q.Batch, "不明"), strconv.Itoa(q.Packs), strings.Trim(q.Reason.Chinese()+"；"+q.Readable, "；")+"；"+who,
			cmp.Or(strings.Join(codes[:min(len(codes), rowCodes)], " "), "待确认"))...)
		for list := range slices.Chunk(codes[min(len(codes), rowCodes):], rowCodes) {
			t.across(strings.Join(list, " "))
		}
	}
}

func (p *receiptPaper) batches() {
	if len(p.x.Batches) == 0 {
		return
	}
	p.heading("批号、有效期不符的")
	t := newTable(p.sheet, 8.5, column{title: "药品", width: 56}, column{title: "追溯码", width: 50}, column{title: "单上", width: 40}, column{title: "盒上", width: 40})
	for _, b := range p.x.Batches {
		t.row(plain(b.DrugName(), b.Code, batchText(b.Listed, b.ListedExpires), batchText(b.Found, b.FoundExpires))...)
	}
}

// surplus lists the boxes that a revision or a red document does not want.
func (p *receiptPaper) surplus() {
	if len(p.x.Surplus) == 0 {
		return
	}
	p.heading("单外需退回的")
	t := newTable(p.sheet, 8.5, column{title: "药品", width: 54}, column{title: "追溯码", width: 50}, column{title: "批号 / 有效期", width: 36},
		column{title: "盒", width: 10, right: true}, column{title: "原因、现在", width: 36})
	for _, x := range p.x.Surplus {
		why := "新的一版没有"
		if x.Red() {
			why = "红单 " + x.Document
		}
		if x.Code != "" {
			why += "；" + x.State.Chinese()
		}
		t.row(plain(x.DrugName(), cmp.Or(x.Code, "不指明哪几盒"), batchText(x.Batch, x.ExpiresOn), strconv.Itoa(x.Packs), why)...)
	}
}

// signatures draws who stands for the sheet in the program, and the boxes for
// signing by hand.
func (p *receiptPaper) signatures() {
	const height = 26.0
	p.heading("签名")
	p.font(false, 9.5, black())
	switch x := p.x.Sign; {
	case x == nil || x.Outdated():
		p.paragraph("系统内还没有人提交差异单。")
	case x.DecidedAt == nil:
		p.paragraph(fmt.Sprintf("提交：%s　%s；说明：%s。还没有第二人确认。", x.Asker, stamp(&x.AskedAt), x.Remark))
	default:
		p.paragraph(fmt.Sprintf("提交：%s　%s；说明：%s。", x.Asker, stamp(&x.AskedAt), x.Remark))
		p.paragraph(fmt.Sprintf("确认：%s　%s。", x.Decider, stamp(x.DecidedAt)))
	}
	p.y += 2
	p.need(height + 2)
	w := (bodyWidth - 8) / 3
	for i, title := range []string{"收货人（精防药房）", "复核人（精防药房）", "发货方（中心药库）"} {
		x := margin + float64(i)*(w+4)
		p.pdf.Rect(x, p.y, w, height, "D")
		p.font(true, 9, black())
		p.text(x+2, p.y+5, title)
		p.font(false, 9, black())
		p.text(x+2, p.y+height-9, "签名：")
		p.text(x+2, p.y+height-3, "日期：")
	}
	p.y += height
}
