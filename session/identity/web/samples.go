package web

import (
	"jingfang/session/identity"
	"jingfang/session/page"
)

// Samples are our views with made-up data, for the gallery.
func Samples() []page.Sample {
	return append(append(doorSamples(), scanSamples()...), officeSamples()...)
}

// sampleQR is a code that leads nowhere.
func sampleQR() page.QR {
	code, err := page.NewScreenQR("https://example.invalid/phone?t=DEMO")
	if err != nil {
		return page.QR{Size: 1} // the gallery's test would show it
	}
	return code
}

func scanSamples() []page.Sample {
	waiting := scanView{State: "waiting", Word: "用手机 CA 扫码登录", QR: sampleQR(), Demo: "http://127.0.0.1/phone"}
	scanned := scanView{State: "scanned", Word: "已扫码，请在手机上确认"}
	lost := waiting
	lost.Why = "暂时连不上 CA，正在重试。CA 没有在 5 秒内应答。"
	return []page.Sample{
		{Name: "login", Title: "登录 扫码", View: loginView{Next: "/", HasCA: true, Scan: waiting}},
		{Name: "login", Title: "登录 已扫码", View: loginView{Next: "/", HasCA: true, Scan: scanned}},
		{Name: "login", Title: "登录 CA 不可用", View: loginView{Username: "doctor1", Next: "/", HasCA: true, Code: true, Asks: true, Error: "CA 现在没有应答。请再输入手机上的六位动态码。", Scan: lost}},
		{Name: "ca_scan", Title: "二维码 CA 没有应答", View: awayView("连不上 CA，网络不通或对方没有启动。", false)},
		{Name: "lock", Title: "锁屏 扫码", View: lockView{Name: "演示医生", Next: "/", HasCA: true, Scan: waiting}},
		{Name: "switch", Title: "换人", View: switchView{Name: "演示医生甲", Next: "/", HasCA: true, Scan: waiting}},
		{Name: "switch", Title: "换人 没有 CA", View: switchView{Name: "演示医生甲", Next: "/"}},
		{Name: "ca_scan", Title: "二维码 等待", View: waiting},
		{Name: "ca_scan", Title: "二维码 正在取", View: scanView{State: "none"}},
		{Name: "ca_scan", Title: "二维码 拒绝", View: scanView{State: "refused", Word: "手机上已拒绝", Why: "手机上选择了拒绝，没有登录。要登录请换一个二维码再扫。", Tone: "caution"}},
		{Name: "ca_scan", Title: "二维码 不是本人", View: scanView{State: "wrong", Word: "不是本人", Why: "扫码的不是本人的证书，没有登录。请本人用自己的手机扫。", Tone: "bad"}},
		{Name: "totp", Title: "动态码", View: totpView{State: "none"}},
		{Name: "totp", Title: "动态码 启用", View: totpView{State: "begun", Secret: "ABCD EFGH IJKL MNOP QRST UVWX YZ23 4567", QR: sampleQR(), Error: "动态码不正确。请核对手机的时间，等下一个码再输入。"}},
		{Name: "totp", Title: "动态码 已启用", View: totpView{State: "active"}},
	}
}

func doorSamples() []page.Sample {
	return []page.Sample{
		{Name: "login", Title: "登录", View: loginView{Next: "/"}},
		{Name: "login", Title: "登录 密码不正确", View: loginView{Username: "doctor1", Next: "/", Error: "用户名或密码不正确，请重新输入。连续 5 次不正确会锁定 15 分钟。"}},
		{Name: "login", Title: "登录 还没有账号", View: loginView{Next: "/", FirstRun: true}},
		{Name: "lock", Title: "锁屏", View: lockView{Name: "演示医生", Next: "/"}},
		{Name: "password", Title: "修改密码", View: passwordView{Username: "doctor1", Must: true, Error: "密码至少 10 个字符，现在是 6 个。请加长。"}},
		{Name: "first_run", Title: "首次启动", View: firstRunView{People: firstPeople(nil)}},
		{Name: "one_time", Title: "一次性密码", View: oneTimeView{Title: "三个管理员账号已建立", Back: "/login", People: []oneTimePerson{
			{"系统管理员", "演示甲", "sysadmin", "Kx7m-Pq3v-Hn8t-Wd2r"}, {"安全管理员", "演示乙", "secadmin", "b9Tq-2mXs-Vc4n-Ru6k"}, {"审计管理员", "演示丙", "auditor", "Zp5w-e8Gj-Yh3d-Qa7f"},
		}}},
	}
}

func officeSamples() []page.Sample {
	row := staffRow{ID: 7, Name: "演示医生", Username: "doctor1", Roles: []string{"医生 · 新华社区", "医生 · 东湖社区"}, LastLogin: "2026-11-23 08:12"}
	rows := []staffRow{row, {ID: 8, Name: "演示药师", Username: "pharmacist", Roles: []string{"药师"}, LastLogin: "2026-07-01 09:00", Unused: true}, {ID: 9, Name: "演示离职", Username: "left", LastLogin: "从未登录", Disabled: true}}
	staff := staffView{staffRow: row, CanManage: true, CanGrant: true,
		Grants: []grantLine{{"医生 · 新华社区", identity.Doctor, 1}, {"医生 · 东湖社区", identity.Doctor, 2}},
		Roles:  []choice{{"doctor", "医生"}, {"pharmacist", "药师"}}, Sites: []choice{{"0", "全部精防点"}, {"1", "新华社区"}}}
	audit := auditView{Day: "2026-11-23", Newest: true, Older: "/audit?before=2", People: []choice{{"7", "演示医生 doctor1"}}, Rows: []auditLine{
		{"10:42:07", "演示医生", "doctor@1", "登录", "成功", "good", "staff 7", "", "10.0.3.21", "K7M2-Q9XD"},
		{"10:41:55", "系统", "system:login", "登录", "失败", "bad", "staff 7", "doctor1：用户名或密码不正确", "10.0.3.21", "T4RP-8WCE"},
		{"10:40:02", "演示药师", "pharmacist", "权限不足", "拒绝", "caution", "permission view_audit", "", "10.0.3.9", "M2XA-7HJK"}}}
	good, bad := audit, audit
	good.Check = page.Work{ID: "audit-check", StartURL: "#", Starts: []page.WorkStart{{Icon: "shield", Word: "检查链"}}, Stamp: "链完整", Tone: "good", Sentence: "检查了 128 条链、20411 条记录，没有被改动。"}
	bad.Check = page.Work{ID: "audit-check", StartURL: "#", Starts: []page.WorkStart{{Icon: "shield", Word: "检查链"}}, Stamp: "链断裂", Tone: "bad", Sentence: "链 0f0e… 第 17 条：字段 detail 与封存的内容不符，记录被改动。 请保留现场并报告安全管理员。"}
	return []page.Sample{
		{Name: "staff_list", Title: "人员", View: staffListView{Rows: rows, CanCreate: true}},
		{Name: "staff", Title: "人员 一位", View: staff},
		{Name: "staff", Title: "人员 证书", View: staffView{staffRow: row, CanManage: true, HasCA: true, HasTotp: true, Bound: "演示医生 · 编号 DEMO-CA-0001 · 证书 5f3c01，有效期到 2027-11-23"}},
		{Name: "staff", Title: "人员 没有证书", View: staffView{staffRow: row, CanManage: true, HasCA: true}},
		{Name: "staff", Title: "人员 自己", View: staffView{staffRow: row, Self: true}},
		{Name: "sites", Title: "精防点", View: sitesView{Rows: []siteRow{{"S01", "新华社区", "龙湖区 新华街道", "每月 5 日", false}, {"S02", "东湖社区", "濠江区 广澳街道", "不固定", true}}}},
		{Name: "sites", Title: "精防点 空", View: sitesView{Error: "编号 S01 已有精防点使用，请换一个编号。"}},
		{Name: "audit", Title: "审计", View: audit},
		{Name: "audit", Title: "审计 链完整", View: good},
		{Name: "audit", Title: "审计 链断裂", View: bad},
	}
}
