package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"jingfang/static/browsertest"
)

// testNotices: a pharmacist writes a notice, a doctor's table shows it by itself,
// the doctor has read it, and the pharmacist's room says so; then it is taken
// down. Nobody else may write one, and each leaves an entry in the transfer log.
func (w *world) testNotices(t *testing.T) {
	browsertest.Lack(t, browsertest.Missing())
	c := w.session(t, w.take(t, 3, 1), "doctor1")
	doctor, chief := openWindow(t, "doctor1", true), openWindow(t, "pharmacist", false)
	for _, b := range []*window{doctor, chief} {
		b.logIn(w.URL, b.Name)
		b.Do(chromedp.Navigate(w.URL + c.path("")))
		b.Live()
	}
	chief.Shows("#extra", "通知")
	chief.Do(chromedp.Navigate(w.URL + c.path("/notices")))
	chief.Do(chromedp.SetValue("#body", "下午两点起只留一个诊台"))
	chief.Click(`form[action$="/notices"] button`)
	chief.Shows(".list .row", "还没有人看过")
	doctor.Shows("#extra", "下午两点起只留一个诊台")
	if eval[bool](doctor, `!!document.querySelector('#extra a')`) {
		t.Error("a doctor is led to where notices are written")
	}
	chief.Do(chromedp.Navigate(w.URL + c.path("")))
	chief.Live()
	doctor.Click("#extra form button")
	doctor.Shows("#band", "已记下您看过这条通知")
	chief.Shows("#extra", "1 人看过：演示医生甲")
	chief.Do(chromedp.Navigate(w.URL + c.path("/notices")))
	chief.Click(`form[action$="/end"] button`)
	chief.Shows(".list .badge", "已收起")
	doctor.Until(`!document.querySelector('#extra').textContent.includes('诊台')`)
	doctor.NoComplaints()
	chief.NoComplaints()

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
