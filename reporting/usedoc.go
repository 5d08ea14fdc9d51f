package reporting

import (
	"fmt"
	"strconv"
)

// Document is the statistic as figures and words.
func (u UseStatistic) Document(scope string) Document {
	q := u.Question
	d := Document{Name: "use-" + dateOf(q.From) + "-" + dateOf(q.To), Title: "药品消耗统计", Scope: scope, Period: q.Period, At: u.At, Notes: []string{dayRule + u.rule()}}
	d.Sections = []Section{u.Section()}
	return d
}

func (u UseStatistic) rule() string {
	text := "消耗是发给患者的药减去撤销的；整盒和拆零分开计，领药人次按每人每药计一次。"
	if u.By == UseByMonth {
		return text
	}
	text += "上期是 " + u.Question.Before().Words() + "，去年同期是 " + u.Question.YearBefore().Words()
	switch {
	case u.leftKnown():
		return text + "，都按最小单位比。近 90 天没有发出而有存的药，可用天数写“未动用”。"
	case u.ofDrugs():
		return text + "，都按最小单位比。"
	}
	return text + "，都按整盒比。"
}

// Section is the statistic as a table with its chart.
func (u UseStatistic) Section() Section {
	s := Section{Title: map[UseBy]string{UseByDrug: "按药品", UseBySite: "按社区", UseByDoctor: "按医生", UseByMonth: "按月", UseByBoth: "按社区和药品"}[u.By], Empty: "这段时间没有发药。"}
	s.Columns = []Column{{Title: map[UseBy]string{UseByDrug: "药品", UseBySite: "精防点", UseByDoctor: "医生", UseByMonth: "月份", UseByBoth: "精防点"}[u.By], Wide: 44}}
	if u.By == UseByBoth {
		s.Columns = append(s.Columns, Column{"药品", false, 40})
	}
	s.Columns = append(s.Columns, Column{"领药人次", true, 15}, Column{"整盒", true, 13}, Column{"拆零", true, 13})
	if u.ofDrugs() {
		s.Columns = append(s.Columns, Column{"单位", false, 12}, Column{"合计（最小单位）", true, 18})
	}
	if u.By != UseByMonth {
		s.Columns = append(s.Columns, Column{"上期", true, 14}, Column{"比上期", true, 15}, Column{"去年同期", true, 15}, Column{"比去年", true, 15})
	}
	if u.leftKnown() {
		s.Columns = append(s.Columns, Column{"现存（最小单位）", true, 16}, Column{"可用天数", true, 14})
	}
	for _, l := range u.Lines {
		s.Rows = append(s.Rows, Row{Cells: u.cells(l.Name, l.Drug, l), Of: l.narrow()})
	}
	if len(u.Lines) > 0 {
		s.Total, s.Chart = u.cells("合计", "", u.Total), u.chart()
	}
	return s
}

// ofDrugs tells whether each line is one drug, whose smallest units may be added.
func (u UseStatistic) ofDrugs() bool { return u.By == UseByDrug || u.By == UseByBoth }

func (u UseStatistic) leftKnown() bool {
	return !u.past && u.By == UseByDrug && u.Question.Allowed == nil && u.Question.SiteID == 0 && u.Question.DoctorID == 0 && u.Question.Kind == ""
}

func (u UseStatistic) cells(name, drug string, l UseLine) []Cell {
	list := []Cell{words(name)}
	if u.By == UseByBoth {
		list = append(list, words(drug))
	}
	list = append(list, figure(l.Now.Visits, ToGiven, ""), figure(l.Now.Whole, ToGiven, ""), figure(l.Now.Loose, ToGiven, ""))
	if u.ofDrugs() {
		if l.UnitWord == "" { // units of different drugs do not add up
			list = append(list, words(""), words(""))
		} else {
			list = append(list, words(l.PackWord+"／"+l.UnitWord), figure(l.Now.Units, ToGiven, ""))
		}
	}
	if u.By != UseByMonth {
		list = append(list, u.compared(l)...)
	}
	if u.leftKnown() {
		list = append(list, leftCells(l)...)
	}
	return list
}

// compared are the figures of the periods a line is compared with: smallest units
// of a drug, whole boxes of many.
func (u UseStatistic) compared(l UseLine) []Cell {
	of := func(x Used) int64 { return x.Whole }
	if u.ofDrugs() {
		if l.UnitWord == "" { // the rows are in units, which do not add up
			return []Cell{words(""), words(""), words(""), words("")}
		}
		of = func(x Used) int64 { return x.Units }
	}
	return []Cell{figure(of(l.Before), ToNothing, ""), change(of(l.Now), of(l.Before)), figure(of(l.YearBefore), ToNothing, ""), change(of(l.Now), of(l.YearBefore))}
}

func leftCells(l UseLine) []Cell {
	if l.Left < 0 {
		return []Cell{words(""), words("")}
	}
	list := []Cell{figure(l.Left, ToNothing, ""), words("—")}
	switch {
	case l.Days >= 0:
		list[1] = figure(l.Days, ToNothing, "")
	case l.Left > 0:
		list[1] = words("未动用")
	}
	return list
}

func (l UseLine) narrow() Narrow {
	n := Narrow{SiteID: l.SiteID, DoctorID: l.DoctorID, DrugID: l.DrugID, Kind: l.Kind}
	if !l.Day.IsZero() {
		n.Period = MonthOf(l.Day)
	}
	return n
}

func (u UseStatistic) chart() *Chart {
	if u.By == UseByBoth {
		return nil
	}
	c := &Chart{Kind: ChartBars, Title: fmt.Sprintf("发出整盒数，%s", u.Question.Words()), Legend: [2]string{"本期", "上期"}}
	if u.By == UseByMonth {
		c.Kind, c.Legend = ChartTrend, [2]string{}
	}
	lines := u.Lines[:min(len(u.Lines), mostBars)]
	if u.By == UseByMonth && len(u.Lines) > mostBars {
		lines = u.Lines[len(u.Lines)-mostBars:]
		c.Title += lastMonths()
	}
	for _, l := range lines {
		b := Bar{Name: l.Name, Now: l.Now.Whole, Before: l.Before.Whole, Of: l.narrow(), Text: strconv.FormatInt(l.Now.Whole, 10)}
		if u.By == UseByMonth {
			b.Name, b.Before = l.Day.Format("1月"), -1
		}
		c.Bars = append(c.Bars, b)
	}
	return c
}
