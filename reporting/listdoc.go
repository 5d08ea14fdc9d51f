package reporting

import (
	"fmt"
	"strings"

	"jingfang/inventory"
	"jingfang/session"
)

// Document is the register as figures and words, for a spreadsheet; the paper of the
// law is [WriteRegisterPDF]. Quantities stand as boxes and as loose units, each a
// number of its own.
func (r Register) Document(scope string) Document {
	d := Document{Name: fmt.Sprintf("register-%d-%s-%s", r.Drug.ID, dateOf(r.From), dateOf(r.To)), Title: registerTitle + " " + r.Drug.Name(), Scope: scope, Period: Period{r.From, r.To}, At: r.At}
	if r.Right() {
		d.Good = "逐笔结存与流水和每盒药的登记一致。"
	} else {
		d.Wrong = []string{r.Problem()}
	}
	pack, unit := r.Drug.PackName, r.Drug.UnitName
	s := Section{Title: "逐笔结存", Empty: "这段时间没有收发。", Columns: []Column{{"日期", false, 17}, {"凭证", false, 24}, {"摘要", false, 40}, {"批号", false, 16}, {"有效期", false, 17},
		{"入（" + pack + "）", true, 12}, {"入（" + unit + "）", true, 12}, {"出（" + pack + "）", true, 12}, {"出（" + unit + "）", true, 12}, {"结存（" + pack + "）", true, 14}, {"结存（" + unit + "）", true, 14},
		{"经手", false, 16}, {"复核", false, 16}, {"保存至", false, 17}}}
	two := func(a Amount) []Cell { return []Cell{figure(a.Packs, ToNothing, ""), figure(a.Loose, ToNothing, "")} }
	for _, l := range r.Lines {
		expires, keep := words("效期未知"), words("长期")
		if l.ExpiresOn != nil {
			expires = dayCell(*l.ExpiresOn)
		}
		if l.KeepUntil != nil {
			keep = dayCell(*l.KeepUntil)
		}
		cells := []Cell{dayCell(session.Today(l.At)), words(l.Voucher), words(l.Summary()), words(orDash(l.Batch)), expires}
		for _, a := range []Amount{l.In, l.Out, l.Balance} {
			cells = append(cells, two(a)...)
		}
		s.Rows = append(s.Rows, Row{Cells: append(cells, words(l.First), words(l.Second), keep), Bad: l.Over && l.OverReason == ""})
	}
	d.Sections = []Section{s}
	return d
}

// CountDocument is what a count came to as figures and words, for a spreadsheet; the
// paper to sign is [WriteStocktakePDF].
func CountDocument(r inventory.CountResult, made Made) Document {
	day := session.Today(r.StartedAt)
	d := Document{Name: "stocktake-" + r.Number(), Title: stocktakeTitle + " " + r.Number(), Scope: r.Scope(), Period: Period{day, day}, At: made.At, Notes: []string{"没有盘的药品不算作零，不计入合计。"}}
	lines := Section{Title: "按药品", Empty: "没有要列的药品。", Columns: []Column{{"药品", false, 40}, {"方式", false, 14}, {"账面（整）", true, 14}, {"账面（拆零）", true, 14}, {"实盘（整）", true, 14}, {"实盘（拆零）", true, 14},
		{"差（整）", true, 12}, {"差（拆零）", true, 12}, {"单位", false, 12}}}
	for _, l := range r.Lines {
		cells := []Cell{words(l.DrugName()), words(l.Way.Chinese()), figure(l.BookedPacks, ToNothing, ""), figure(l.BookedLoose, ToNothing, "")}
		if l.Way == inventory.WayUncounted {
			cells = append(cells, words("—"), words("—"), words("—"), words("—"))
		} else {
			for _, n := range []int64{l.FoundPacks, l.FoundLoose, l.FoundPacks - l.BookedPacks, l.FoundLoose - l.BookedLoose} {
				cells = append(cells, figure(n, ToNothing, ""))
			}
		}
		lines.Rows = append(lines.Rows, Row{Cells: append(cells, words(l.PackName+"／"+l.UnitName)), Bad: !l.Equal()})
	}
	differ := Section{Title: "差异明细", Empty: "账实相符，没有差异。", Columns: []Column{{"差异", false, 14}, {"药品", false, 36}, {"追溯码", false, 34}, {"账面", true, 12}, {"实盘", true, 12}, {"单位", false, 10}, {"原因", false, 30}, {"处理", false, 24}}}
	for _, x := range r.Differences {
		unit := x.UnitName
		if x.Kind == inventory.DifferNumber {
			unit = x.PackName
		}
		differ.Rows = append(differ.Rows, Row{Cells: []Cell{words(x.Kind.Chinese()), words(drugOf(x)), words(x.Code), figure(x.Booked, ToNothing, ""), figure(x.Counted, ToNothing, ""), words(unit), words(reasonOf(x)),
			words(strings.TrimSpace(outcomeOf(x, r.SessionID == nil)))}})
	}
	d.Sections = []Section{lines, differ}
	return d
}
