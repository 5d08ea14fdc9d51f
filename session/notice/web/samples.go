package web

import (
	"time"

	"jingfang/session"
	"jingfang/session/notice"
	"jingfang/session/page"
)

// Samples are our views with made-up data, for the gallery.
func Samples() []page.Sample {
	at := time.Date(2026, 11, 23, 1, 40, 0, 0, time.UTC)
	list := []notice.Notice{
		{ID: 2, SessionID: 1, Body: "下午两点起只留一个诊台，请先看完已签到的患者。", Writer: "演示药师", WrittenAt: at.Add(time.Hour), Readers: []string{"演示医生甲", "演示医生乙"}},
		{ID: 1, SessionID: 1, Body: "演示利培酮片换了批号，包装是绿色的。", Writer: "演示药师", WrittenAt: at, EndedAt: &at},
	}
	x := session.Session{ID: 1, Site: "新华社区", HeldOn: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), State: session.Open}
	refused := newSessionView(x, list, true)
	refused.Error = "通知最多 100 个字，现在是 132 个。请写短一些。"
	return []page.Sample{
		{Name: "notices", Title: "通知", View: listView{Rows: []toldRow{{"/sessions/1/notices", "新华社区 11月23日", list[0].Body, "1 条在显示"}, {"/sessions/2/notices", "广兴社区 11月20日", "今天的血压计在二号桌。", "2 条"}}}},
		{Name: "notices", Title: "通知 空", View: listView{}},
		{Name: "session_notices", Title: "本场通知", View: refused},
		{Name: "session_notices", Title: "本场通知 只看", View: newSessionView(x, nil, false)},
		{Name: PartName, Title: "通知 药师", View: newBoardView(list[:1], 1, true)}, {Name: PartName, Title: "通知 医生", View: newBoardView(list[:1], 1, false)},
		{Name: PartName, Title: "没有通知 医生", View: boardView{}},
		{Name: "notice_band", Title: "通知 看过", View: page.Band{Tone: page.Good, Text: "已记下您看过这条通知。"}},
	}
}
