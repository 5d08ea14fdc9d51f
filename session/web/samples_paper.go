package web

import "jingfang/session/page"

// paperSamples show the roster on paper and its entry afterwards.
func paperSamples() []page.Sample {
	code, err := page.NewQR("JFP0123456789ABCDEFG")
	if err != nil {
		// The text is a constant of the right alphabet; it always encodes.
		panic(err)
	}
	head := headView{URL: "#", Site: "演示新华", Date: "11月23日"}
	rows := []paperRow{{"000012", "演**", true, code}, {"000013", "阿**", true, code}, {Number: "000014", Name: "演**"}}
	drugs := []paperDrug{{"演示利培酮片 1mg×20片", "3", []string{"006312", "006313", "006314"}}}
	said := []lateSaid{{"6312", "已记录。", "good"}, {"9999", "本场没有末 4 位是 9999 的药盒。", "caution"}}
	doctors := []choiceView{{Word: "请选择"}, {"7", "演示医生乙", true}, {Value: "8", Word: "演示医生丙"}}
	absent := lateView{Head: head, Back: "#", BackTo: "纸质名单", Doctors: doctors, Collects: collects("family"), Name: "演示母", Patient: "000012", At: "10:42", Codes: "6312 9999×14", Why: "下午出诊"}
	refused := absent
	refused.Error = "没有补录。…9999：本场没有末 4 位是 9999 的药盒。"
	absent.Good = "已代演示医生乙补录 13 号，共 2 盒，发药时间 10:42。医生下次登录时补签。"
	absent.clear()
	return []page.Sample{
		{Name: "roster_paper", Title: "纸质名单", View: paperView{Head: head, Count: "3", Rows: rows, Drugs: drugs, CanEnter: true}},
		{Name: "roster_paper", Title: "名单是空的", View: paperView{Head: head, Count: "0"}},
		{Name: "late", Title: "补录", View: lateView{Head: head, Back: "#", BackTo: "诊台", Collects: collects(""), Good: "13 号已补录 2 盒，发药时间 10:42。", At: "10:42"}},
		{Name: "late", Title: "补录没有记上", View: lateView{Head: head, Back: "#", BackTo: "诊台", Error: "13 号有药盒没有记上，就诊还开着。请到诊台核对实物后处理，再点“诊毕”。", Open: true, Said: said, Patient: "000012", At: "10:42", Codes: "6312 9999"}},
		{Name: "late", Title: "代医生补录", View: absent},
		{Name: "late", Title: "代医生补录，没有记上", View: refused},
	}
}
