package reporting

import "fmt"

// dayRule is how the statistics of visits and consumption count days.
const dayRule = "日期按义诊场次的日期计；过了零点还在进行的场次，仍算原来那一天。"

// Document is the statistic as figures and words.
func (v VisitStatistic) Document(scope string) Document {
	q := v.Question
	d := Document{Name: "visits-" + dateOf(q.From) + "-" + dateOf(q.To), Title: "就诊统计", Scope: scope, Period: q.Period, At: v.At,
		Notes: []string{dayRule + "只计已诊毕的就诊；上门单独成行；初诊指此人（含已合并的档案）此前没有诊毕过；用时从接诊到诊毕，代为诊毕的不计。"}}
	d.Sections = []Section{v.Section()}
	return d
}

// Section is the statistic as a table with its chart.
func (v VisitStatistic) Section() Section {
	s := Section{Title: map[VisitBy]string{VisitsBySite: "按站点", VisitsByDoctor: "按医生", VisitsByMonth: "按月", VisitsByDay: "按场次", VisitsByDrug: "按药品"}[v.By],
		Empty: "这段时间没有就诊。"}
	s.Columns = []Column{{Title: map[VisitBy]string{VisitsBySite: "精防点", VisitsByDoctor: "医生", VisitsByMonth: "月份", VisitsByDay: "场次", VisitsByDrug: "药品"}[v.By], Wide: 46}}
	if v.wholeSessions() {
		s.Columns = append(s.Columns, Column{"场次", true, 12}, Column{"应到", true, 13}, Column{"实到", true, 13}, Column{"到诊率", true, 15})
	}
	s.Columns = append(s.Columns, Column{"就诊", true, 14}, Column{"其中上门", true, 15})
	if !v.ofDrug() {
		s.Columns = append(s.Columns, Column{"初诊", true, 13}, Column{"复诊", true, 14}, Column{"未取药", true, 14}, Column{"欠药", true, 12}, Column{"平均用时（分）", true, 17})
	}
	for _, l := range v.Lines {
		s.Rows = append(s.Rows, Row{Cells: v.cells(l.Name, l), Of: l.narrow()})
	}
	if len(v.Lines) > 0 {
		s.Total = v.cells("合计", v.Total)
		s.Chart = v.chart()
	}
	return s
}

// wholeSessions tells whether lines say something of sessions as a whole.
func (v VisitStatistic) wholeSessions() bool {
	return v.By != VisitsByDoctor && !v.ofDrug() && v.Question.DoctorID == 0
}

func (v VisitStatistic) cells(name string, l ClinicLine) []Cell {
	list := []Cell{words(name)}
	if v.wholeSessions() {
		rate := words("—")
		if l.Expected > 0 {
			rate = words(tenths((l.Came*2000+l.Expected)/(2*l.Expected)) + "%")
		}
		to := ToClinics
		if v.By == VisitsByDay {
			to = ToNothing // each line is one
		}
		list = append(list, figure(l.Clinics, to, ""), figure(l.Expected, to, ""), figure(l.Came, to, ""), rate)
	}
	list = append(list, figure(l.Visits, ToVisits, ""), figure(l.Home, ToVisits, "home"))
	if v.ofDrug() {
		return list
	}
	length := words("—")
	if m := l.Minutes(); m >= 0 {
		length = words(tenths(m))
	}
	return append(list, figure(l.Fresh, ToVisits, string(OnlyFresh)), figure(l.Returning(), ToVisits, string(OnlyAgain)), figure(l.Bare, ToVisits, string(OnlyBare)), figure(l.Owed, ToVisits, string(OnlyOwed)), length)
}

func (l ClinicLine) narrow() Narrow {
	n := Narrow{SiteID: l.SiteID, DoctorID: l.DoctorID, DrugID: l.DrugID, SessionID: l.SessionID, Kind: l.Kind}
	switch {
	case l.Day.IsZero():
	case l.SessionID != 0:
		n.Period = Period{l.Day, l.Day}
	default:
		n.Period = MonthOf(l.Day)
	}
	return n
}

// mostBars is how many bars a chart shows; the table has all lines.
const mostBars = 30

// lastMonths says that a trend of years shows its last months.
func lastMonths() string { return fmt.Sprintf("；图中是最后 %d 个月", mostBars) }

func (v VisitStatistic) chart() *Chart {
	if v.By == VisitsByDay {
		return nil
	}
	c := &Chart{Kind: ChartBars, Title: fmt.Sprintf("就诊人次，%s", v.Question.Words())}
	if v.By == VisitsByMonth {
		c.Kind = ChartTrend
	}
	lines := v.Lines[:min(len(v.Lines), mostBars)]
	if v.By == VisitsByMonth && len(v.Lines) > mostBars {
		lines = v.Lines[len(v.Lines)-mostBars:]
		c.Title += lastMonths()
	}
	for _, l := range lines {
		name := l.Name
		if v.By == VisitsByMonth {
			name = l.Day.Format("1月")
		}
		c.Bars = append(c.Bars, Bar{Name: name, Now: l.Visits, Before: -1, Of: l.narrow()})
	}
	return c
}
