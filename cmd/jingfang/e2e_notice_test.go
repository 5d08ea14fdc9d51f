package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// testNotices: a pharmacist writes a notice, a doctor's table shows it by itself,
// the doctor has read it, and the pharmacist's room says so; then it is taken
// down. Nobody else may write one, and each leaves an entry in the transfer log.
func (w *world) testNotices(t *testing.T) {
	needBrowser(t)
	c := w.session(t, w.take(t, 3, 1), "doctor1")
	doctor, chief := openWindow(t, "doctor1", true), openWindow(t, "pharmacist", false)
	for _, b := range []*window{doctor, chief} {
		b.logIn(w.URL, b.name)
		b.do(chromedp.Navigate(w.URL + c.path("")))
		b.live()
	}
	chief.shows("#extra", "通知")
	chief.do(chromedp.Navigate(w.URL + c.path("/notices")))
	chief.do(chromedp.SetValue("#body", "下午两点起只留一个诊台"))
	chief.press(`form[action$="/notices"] button`)
	chief.shows(".list .row", "还没有人看过")
	doctor.shows("#extra", "下午两点起只留一个诊台")
	if eval[bool](doctor, `!!document.querySelector('#extra a')`) {
		t.Error("a doctor is led to where notices are written")
	}
	chief.do(chromedp.Navigate(w.URL + c.path("")))
	chief.live()
	doctor.press("#extra form button")
	doctor.shows("#band", "已记下您看过这条通知")
	chief.shows("#extra", "1 人看过：演示医生甲")
	chief.do(chromedp.Navigate(w.URL + c.path("/notices")))
	chief.press(`form[action$="/end"] button`)
	chief.shows(".list .badge", "已收起")
	doctor.until(`!document.querySelector('#extra').textContent.includes('诊台')`)
	doctor.noComplaints()
	chief.noComplaints()

	if r := w.doctors[0].post(c.path("/notices"), commandForm("body", "演示")); r.status != 403 {
		t.Errorf("a doctor writes: %d", r.status)
	}
	if r := w.pharm.post(c.path("/notices"), commandForm("body", strings.Repeat("长", 101))); r.status != 400 {
		t.Errorf("a long one: %d", r.status)
	}
	officer := person(t, w.URL, "auditor")
	await(t, "the notices are in the transfer log", func() bool {
		return len(readLog(t, officer, url.Values{"key": {"场次" + " " + strings.TrimPrefix(c.path(""), "/sessions/")}, "day": {""}})) >= 2
	})
}
