package web

import (
	"html/template"
	"time"

	"jingfang/reporting"
	"jingfang/session/page"
)

// sampleDigest is as long as a digest.
const sampleDigest = "5d1c2a90b7e64f3389aa0c5f7be2d4169f0e83c2b15d7764a8c9e0f1a2b3c4d5"

// statSamples are the statistics with made-up figures.
func statSamples() []page.Sample {
	f, d := sampleStatFilter(), sampleDocument()
	v := newStatView(d, f, "/statistics/visits")
	v.Exports = visitsPage().exports(f)
	empty := v
	empty.Sections = []sectionView{{Title: "按站点", Empty: "这段时间没有就诊。"}}
	rows := v
	rows.Count, rows.Next, rows.Back, rows.Files = "共 431 行，第 1 到 200 行", "#", "#", nil
	wrong := v
	wrong.Wrong = []string{"药房：演示利培酮片 1mg×20片：按流水现在应有 861盒，药盒登记为 860盒。"}
	kept := keptView{About: "2026-11-01 01:10 系统（定时）", Digest: "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0", AgainURL: "#"}
	month := v
	month.Filter, month.Kept = nil, &kept
	running := page.Work{ID: "work", Running: true, URL: "#", CancelURL: "#", Doing: "正在导出", Stop: "停止导出", Progress: "5 / 12 个月", Percent: 42}
	ended := page.Work{ID: "work", Sentence: "就诊明细 2026年11月 已备好，共 431 行。请在一小时内下载。", Tone: "good", Links: []page.WorkLink{{Icon: "download", Word: "下载", URL: "#", Main: true}}}
	return []page.Sample{
		{Name: "stat_filter", Title: "统计的条件", View: f}, {Name: "stat_section", Title: "统计的一张表", View: v.Sections[0]},
		{Name: "paper_check", Title: "验报表", View: paperCheckView{}}, {Name: "paper_check", Title: "验报表 看不懂", View: paperCheckView{Code: "690123", Problem: "这不是报表上的二维码，也不是数字指纹。请扫首页右上角的二维码，或抄下“数字指纹”的 32 位。"}},
		{Name: "paper_check", Title: "验报表 真", View: paperCheckView{Answer: &paperAnswer{Stamp: "真", Tone: "good", Title: "精防药房月报　全部精防点　2026年10月", Sentence: "这份纸由本系统打印，数字指纹一致。请再看纸上“数字指纹”的 32 位与下面相同。它与保存的报表（第 1 版，最新）相同。",
			Digest: sampleDigest, ReportURL: "#", Rows: []issuedRow{{"2026-11-02 09:12:44", "演示管理甲", sampleDigest[:32]}}}}},
		{Name: "paper_check", Title: "验报表 不一致", View: paperCheckView{Answer: &paperAnswer{Stamp: "不一致", Tone: "bad", Title: "社区义诊场次日报　演示新华　2026-11-23　场次 12", Sentence: "本系统打印过这份报表，但数字指纹不同：纸上的内容不是下面任何一次打印的。请以系统里的为准。",
			Rows: []issuedRow{{"2026-11-23 17:45:02", "演示药师甲", sampleDigest[:32]}}}}},
		{Name: "stat_kept", Title: "保存的报表", View: kept},
		{Name: "statistic", Title: "就诊统计", View: v}, {Name: "statistic", Title: "就诊统计 没有", View: empty}, {Name: "statistic", Title: "就诊明细", View: rows},
		{Name: "statistic", Title: "统计 不平衡", View: wrong}, {Name: "statistic", Title: "月报", View: month},
		{Name: "statistic", Title: "统计 日期不对", View: statView{Title: "就诊统计", Filter: &f, Problem: "结束日期早于开始日期。请对调后再查。"}},
		{Name: "stat_work", Title: "正在导出", View: workPage{"导出", "#", running}}, {Name: "stat_work", Title: "导出完成", View: workPage{"导出", "#", ended}},
		{Name: "stat_work", Title: "报表有变化", View: workPage{"生成报表", "#", page.Work{ID: "work", Tone: "caution", Sentence: "精防药房月报 全部精防点 2026年10月：数字与上一版不同，已另存为第 2 版，原来的仍保留。", Findings: []string{"库存收发　药房 · 演示利培酮片 1mg×20片 · －发药：原来是 30盒，现在是 31盒。"}, Links: []page.WorkLink{{Icon: "chart", Word: "看报表", URL: "#", Main: true}}}}},
		{Name: "stat_today", Title: "今天的场次", View: sampleToday()}, {Name: "stat_today", Title: "今天没有场次", View: todayView{URL: "#", At: "10:00:00"}},
		{Name: "overview", Title: "总览", View: sampleOverview(false)}, {Name: "overview", Title: "总览 有事", View: sampleOverview(true)},
		{Name: "reports", Title: "月报年报", View: reportsView{Months: []optionView{{"month 2026-10-01", "2026年10月月报", true}}, Sites: []optionView{{"", "全部精防点", true}}, Groups: []reportGroup{
			{Title: "2026年10月月报", Rows: []reportRow{{"全部精防点", "2026-11-01 01:10 系统（定时）", "#", "#"}, {"演示新华", "第 2 版 · 2026-11-05 09:10 演示管理甲", "#", "#"}}}}}},
		{Name: "reports", Title: "月报年报 还没有", View: reportsView{}},
	}
}

func sampleStatFilter() statFilter {
	f := statFilter{Action: "/statistics/visits", From: "2026-11-01", To: "2026-11-23", ResetURL: "#", Sites: []optionView{{Word: "全部精防点", Chosen: true}, {"1", "演示新华", false}},
		Drugs: []optionView{{Word: "全部药品", Chosen: true}}, Doctors: []optionView{{Word: "全部医生", Chosen: true}}, Kinds: []optionView{{Word: "门诊点和上门", Chosen: true}}}
	f.Tabs = f.tabsOf(visitsPage().ways...)
	f.spans(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
	return f
}

func sampleDocument() reporting.Document {
	figure := func(text, only string) reporting.Cell {
		return reporting.Cell{Text: text, To: reporting.ToVisits, Only: only}
	}
	row := func(name string, n ...string) reporting.Row {
		r := reporting.Row{Cells: []reporting.Cell{{Text: name}}}
		for _, x := range n {
			r.Cells = append(r.Cells, figure(x, ""))
		}
		return r
	}
	s := reporting.Section{Title: "按站点", Columns: []reporting.Column{{Title: "精防点", Wide: 46}, {Title: "场次", Figure: true, Wide: 12}, {Title: "应到", Figure: true, Wide: 12}, {Title: "实到", Figure: true, Wide: 12},
		{Title: "到诊率", Figure: true, Wide: 14}, {Title: "就诊", Figure: true, Wide: 12}, {Title: "初诊", Figure: true, Wide: 12}, {Title: "未取药", Figure: true, Wide: 14}, {Title: "平均用时（分）", Figure: true, Wide: 18}},
		Rows:  []reporting.Row{row("演示新华", "1", "36", "34", "94.4%", "35", "2", "1", "4.2"), row("演示新华（上门）", "1", "4", "4", "100.0%", "4", "0", "0", "11.5"), row("演示金砂", "1", "40", "31", "77.5%", "31", "0", "3", "3.9")},
		Total: row("合计", "3", "80", "69", "86.3%", "70", "2", "4", "4.4").Cells,
		Chart: &reporting.Chart{Kind: reporting.ChartBars, Title: "就诊人次，2026年11月1日 至 2026年11月23日", Legend: [2]string{"本期", "上期"},
			Bars: []reporting.Bar{{Name: "演示新华", Now: 35, Before: 33}, {Name: "演示新华（上门）", Now: 4, Before: 5}, {Name: "演示金砂", Now: 31, Before: 38}}}}
	return reporting.Document{Name: "visits", Title: "就诊统计", Scope: "全部精防点", Period: reporting.Period{From: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)},
		At: time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC), Notes: []string{"日期按义诊场次的日期计。"}, Sections: []reporting.Section{s}}
}

func sampleToday() todayView {
	return todayView{URL: "#", At: "10:00:00", Rows: []todayRow{{Site: "演示新华", Word: "进行中", Tone: "good", URL: "#", Seen: 12, Waiting: 5, Expected: 36, Alarms: 1}, {Site: "演示金砂（上门）", Word: "未开始", Tone: "info", URL: "#", Expected: 4}}}
}

func sampleOverview(busy bool) overviewView {
	bars := reporting.Chart{Kind: reporting.ChartBars, Title: "本月发出整盒", Legend: [2]string{"本月", "上月同期"}, Bars: []reporting.Bar{{Name: "演示新华", Now: 120, Before: 131}, {Name: "演示金砂", Now: 96, Before: 60}}}
	days := reporting.Chart{Kind: reporting.ChartDays, Title: "义诊日，2026年"}
	for day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == 2026; day = day.AddDate(0, 0, 1) {
		days.Bars = append(days.Bars, reporting.Bar{Name: day.Format(time.DateOnly), Day: day, Now: int64(day.YearDay() % 5), Before: -1})
	}
	v := overviewView{Sentence: "本月 25 场，全部平衡，0 项待处理", Calm: true, Today: sampleToday(), MonthPDF: "#", At: "2026-11-23 10:00:00"}
	v.Pictures = []pictureView{{Title: "各社区消耗", Note: "本月发出整盒，与上月同期比", URL: "#", Chart: template.HTML(bars.SVG(nil)), Head: []columnView{{"精防点", false}, {"本月整盒", true}},
		Rows: []statRow{{Cells: []statCell{{Text: "演示新华"}, {Text: "120", Figure: true, URL: "#"}}}}}, {Title: "全年义诊日", Note: days.Title, URL: "#", Chart: template.HTML(days.SVG(nil))}}
	if busy {
		v.Sentence, v.Calm = "本月 25 场，1 处不平衡，3 项待处理", false
		v.Wrong = []string{"库存：演示利培酮片 1mg×20片：按流水现在应有 861盒，药盒登记为 860盒。"}
		v.Pending = []pendingRow{{"前几天未结束的场次", "#", 1}, {"未处理的提醒", "#", 2}}
	}
	return v
}
