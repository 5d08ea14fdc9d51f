package web

import "jingfang/session/page"

// readerSamples are the views of the log officer.
func readerSamples() []page.Sample {
	closed := lockerView{Back: "/transferlog", NeedsFile: true, Error: "私钥没有打开：请核对口令和私钥文件。"}
	open := lockerView{Back: "/transferlog", OpenUntil: "10:52:07"}
	log := logView{Day: "2026-11-23", Systems: []choice{{"HIS", "HIS", false}, {DeviceSystem, "现场设备", true}}, Results: []choice{{"ok", "成功", false}}, Staff: []choice{{"7", "演示医生 doctor1", false}},
		Older: "/transferlog?after=1", Locker: lockerView{Back: "/transferlog"}, Check: page.Work{ID: "log-check", StartURL: "#", Starts: checkStarts("2026-11-23")},
		Rows: []logRow{
			{"/transferlog/1", "10:42:07", "现场设备", "扫码发药", "收到", "成功", "good", "演示医生", "演示医生 · 463 字节 · 用时 6 毫秒"},
			{"/transferlog/2", "10:41:55", "现场设备", "诊毕（断网补传）", "收到", "被拒", "caution", "演示医生", "演示医生 · 208 字节 · 用时 4 毫秒"},
			{"/transferlog/3", "10:40:02", "HIS", "HIS.RECEIPT.PULL", "发出", "未知", "caution", "系统", "系统 · 311 字节 · 用时不详"},
			{"/transferlog/4", "10:38:00", "文件和纸张", "召回名单 PDF", "发出", "成功", "good", "演示药师", "演示药师 · 84.2 kB · 用时 311 毫秒"},
		}}
	empty := logView{Day: "2026-11-24", Locker: closed, Newest: "/transferlog", Notices: []string{"本服务器启动以来有 12 次传输没有留下日志：等待写入的太多。日志里有相应的“缺口”条目。请告诉系统管理员。"},
		Check: page.Work{ID: "log-check", StartURL: "#", Starts: checkStarts("2026-11-24"), Tone: "bad", Sentence: "2026-11-24没有通过核对。请保留现场并报告安全管理员。", Findings: []string{"写入方 90fbccd8-f947-451d-a9e4-cacb5fc7fe5a：第 4 条缺失（其后是第 5 条）。"}}}
	facts := []fact{{"时间", "2026-11-23 10:42:07.113"}, {"系统", "现场设备"}, {"服务", "扫码发药（visit.scan）"}, {"方向", "收到"}, {"人员", "演示医生"}, {"用时", "6 毫秒"}, {"正文", "463 字节"}, {"链上位置", "写入方 90fbccd8-f947-451d-a9e4-cacb5fc7fe5a 第 118 条"}}
	entry := entryView{ID: "0b8f4a52-5b0e-4f7e-9a52-7a3f0c0f6f11", Facts: facts, Result: "成功", Tone: "good", ReadURL: "/transferlog/1/open", Locker: open}
	broken, read := entry, entry
	broken.Problem, broken.Locker = "日志没有通过核对，不予显示。写入方 90fbccd8-f947-451d-a9e4-cacb5fc7fe5a：第 4 条被改动。", closed
	read.Opened = &openedView{Facts: []fact{{"业务号", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}, {"人员", "演示医生"}, {"地址", "POST /sessions/12/visits/6ba7b810-9dad-11d1-80b4-00c04fd430c8/scans"}, {"应答", "HTTP 200"}},
		Bodies: []bodyView{newBodyView("收到的", []byte("codes=80000010000000000001&command_id=0b8f4a52")), newBodyView("答复的", []byte(`{"answers":[{"code":"80000010000000000001","kind":"ok","sentence":"演示利培酮片 已发出。"}]}`)), newBodyView("答复的", []byte("%PDF-1.3\x00\x01"))}}
	return append(archiveSamples(), []page.Sample{
		{Name: "transferlog", Title: "传输日志", View: log}, {Name: "transferlog", Title: "传输日志 没有通过核对", View: empty},
		{Name: "transferlog_entry", Title: "一次交换 正文封存", View: entry}, {Name: "transferlog_entry", Title: "一次交换 链断裂", View: broken},
		{Name: "transferlog_entry", Title: "一次交换 正文打开", View: read},
		{Name: "log_locker", Title: "私钥 关着", View: closed}, {Name: "log_locker", Title: "私钥 开着", View: open},
	}...)
}

// archiveSamples are the views of the log's days.
func archiveSamples() []page.Sample {
	const dir = "/archive/jingfang/translog-"
	rows := []dayRow{
		{Day: "2026-11-23", About: "3204 条 · 2 段 · 4.1 MB", Word: "还在写", Tone: "info"},
		{Day: "2026-11-22", About: "2118 条 · 1 段 · 2.7 MB", Word: "未归档", Tone: "caution"},
		{Day: "2026-11-21", About: "2650 条 · 1 段 · 3.3 MB", Word: "已归档", Tone: "good", Archive: "11月22日 09:10 核对后归档到 " + dir + "2026-11-21 · 演示审计员 申请，演示系统管理员 确认"},
		{Day: "2016-11-20", About: "1204 条 · 1 段", Word: "已归档", Tone: "good", Archive: "11月21日 09:10 核对后归档到 " + dir + "2016-11-20 · 演示审计员 申请，演示系统管理员 确认", Command: "jingfang transferlog trim -folder " + dir + "2016-11-20"},
		{Day: "2016-11-19", About: "980 条 · 1 段", Word: "正文只在归档里", Tone: "info", Archive: "11月21日 09:10 核对后归档到 " + dir + "2016-11-19 · 演示审计员 申请，演示系统管理员 确认"},
	}
	asked := &requestView{About: "演示审计员 11月23日 09:02 申请归档 2026-11-23 以前的 1 天。", Reason: "每月归档", State: "请核对后确认：确认后立即开始写归档文件夹。", URL: "/transferlog/archive/1", Confirm: true}
	mine, cut := *asked, *asked
	mine.Confirm, mine.State = false, "等待另一位日志审计员或系统管理员确认。"
	cut.URL, cut.Left, cut.State = "", 1, "演示系统管理员 11月23日 09:05 已确认，还有 1 天没有归档。"
	view := daysView{Dir: "/archive/jingfang", Years: 10, Rows: rows}
	with := func(q *requestView, run page.Work, ask *askView) daysView {
		v := view
		v.Request, v.Run, v.Ask = q, run, ask
		return v
	}
	none := daysView{Years: 10, Problem: "只能归档已经结束满一小时的日子，日期最晚是 2026-11-23。"}
	return []page.Sample{
		{Name: "transferlog_archive", Title: "日志归档", View: with(nil, page.Work{ID: "log-archive"}, &askView{Before: "2026-11-23", Latest: "2026-11-23", Waiting: 1})},
		{Name: "transferlog_archive", Title: "日志归档 请确认", View: with(asked, page.Work{ID: "log-archive"}, nil)},
		{Name: "transferlog_archive", Title: "日志归档 等别人确认", View: with(&mine, page.Work{ID: "log-archive"}, nil)},
		{Name: "transferlog_archive", Title: "日志归档 中断过", View: with(&cut, page.Work{ID: "log-archive", Tone: "caution", Stamp: "已停止", Sentence: "做完的日子已归档，其余的可以继续。"}, nil)},
		{Name: "transferlog_archive", Title: "日志归档 没有文件夹", View: none},
	}
}
