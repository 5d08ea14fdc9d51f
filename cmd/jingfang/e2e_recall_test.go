package main

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// recallForm is a recall of a list of codes.
func recallForm(source string, codes ...string) url.Values {
	return commandForm("class", "二级", "codes", strings.Join(codes, "\n"), "reason", "演示：复核", "source_no", source)
}

// A recall that the pharmacist begins in one browser freezes the box on the screen
// of a doctor in another; two pharmacists lift it and the box can be given.
func (w *world) testRecallBrowsers(t *testing.T) {
	codes := w.take(t, 5, 4)
	c := w.session(t, codes, "doctor4")
	doctor, chief := openWindow(t, "doctor4", true), openWindow(t, "pharmacist", false)
	doctor.logIn(w.URL, "doctor4")
	doctor.Do(chromedp.Navigate(w.URL + c.path("")))
	doctor.Live()
	doctor.Wedge(w.patient(t, "召回"))
	doctor.Shows("#desk .patient-number", "1")
	doctor.settled()
	doctor.Wedge(codes[0])
	doctor.Shows("#band", "好")
	doctor.settled()

	chief.logIn(w.URL, "pharmacist")
	chief.Do(chromedp.Navigate(w.URL + "/recalls/new"))
	eval[bool](chief, fmt.Sprintf(`(document.querySelector('details').open = true, document.querySelector('#codes').value = %q, true)`, strings.Join(codes, "\n")))
	chief.Do(chromedp.SendKeys("#source_no", "演示召-浏览器"), chromedp.SendKeys("#reason", "演示：封口不严"))
	chief.Click("form.card .button-main")
	chief.Shows("h1", "确认召回")
	chief.Shows(".stat", "3盒")
	chief.Shows(".stat", "1人")
	chief.Click("form .button-danger")
	chief.Until(`/^\/recalls\/\d+$/.test(location.pathname)`)
	id := strings.TrimPrefix(eval[string](chief, "location.pathname"), "/recalls/")

	doctor.Shows("#recalls", "本场药箱里 3 盒已冻结")
	doctor.Shows("#recalls", "已发出 1 盒")
	doctor.Shows("#stock .badge-bad", "召回 3")
	doctor.Wedge(codes[1])
	doctor.Shows("#band", "正在召回")
	doctor.settled()

	chief.Do(chromedp.Navigate(w.URL + "/recalls/" + id + "/patients"))
	chief.Shows(".recall-person", codes[0])
	chief.Click(`.recall-person form[action$="/phone"] button`)
	chief.Shows(".recall-acts", "没有登记电话")
	eval[bool](chief, `(document.querySelector('.recall-form select').value = 'told', true)`)
	chief.Click(".recall-form button")
	chief.Shows("#recall-progress", "1/ 1 人已联系")
	chief.Shows(".recall-person .badge", "已通知")

	w.liftRecall(t, id)
	doctor.Until(`!document.querySelector("#recalls .notice")`)
	doctor.Wedge(codes[2])
	doctor.Shows("#band", "好")
	doctor.settled()
	chief.NoComplaints()
	doctor.NoComplaints("409")
}

// liftRecall has two pharmacists lift a recall; one alone cannot.
func (w *world) liftRecall(t *testing.T, id string) {
	t.Helper()
	second := person(t, w.URL, "pharmacist2")
	w.pharm.post("/recalls/"+id+"/lift", commandForm("reason", "演示：复检合格")).json(t, new(any))
	if r := w.pharm.post("/recalls/"+id+"/lift/confirm", commandForm()); r.status != 403 {
		t.Errorf("one person lifts alone: %d %s", r.status, r.body)
	}
	var done struct{ Released int }
	second.post("/recalls/"+id+"/lift/confirm", commandForm()).json(t, &done)
	if r := second.post("/recalls/"+id+"/lift/confirm", commandForm()); r.status != 409 {
		t.Errorf("lifted twice: %d %s", r.status, r.body)
	}
}

// What is wrong with a recall is said in a sentence, and nothing is recalled.
func (w *world) testBadRecalls(t *testing.T) {
	var before, after []struct{ ID int64 }
	w.pharm.get("/recalls").json(t, &before)
	code := w.take(t, 5, 1)[0]
	var box struct {
		Drug  int64  `db:"drug_id"`
		Batch string `db:"batch"`
	}
	if err := w.base.App.Get(t.Context(), &box, `SELECT drug_id, batch FROM pack WHERE code = $1`, code); err != nil {
		t.Fatal(err)
	}
	drug := fmt.Sprint(box.Drug)
	with := func(f url.Values, key, value string) url.Values {
		f.Set(key, value)
		return f
	}
	byDrug := func(batch string) url.Values {
		f := with(recallForm("演示坏"), "drug", drug)
		f.Set("batch", batch)
		return f
	}
	for name, x := range map[string]struct {
		form   url.Values
		status int
		says   string
	}{
		"no such class":         {with(recallForm("演示坏", code), "class", "四级"), 400, "级别"},
		"nothing named":         {recallForm("演示坏"), 400, "请选要召回的药品"},
		"both":                  {with(recallForm("演示坏", code), "drug", drug), 400, "不能两样"},
		"no reason":             {with(recallForm("演示坏", code), "reason", " "), 400, "原因"},
		"no document":           {recallForm("", code), 400, "文号"},
		"a text that is none":   {recallForm("演示坏", code, "6901234567892"), 400, "不是药品追溯码"},
		"no such drug":          {with(recallForm("演示坏"), "drug", "999999"), 404, "没有这个药品"},
		"no number":             {with(recallForm("演示坏"), "drug", "x"), 400, "不是一个数字"},
		"unknown batch":         {byDrug("没有过"), 404, "没有批号"},
		"unknown batch, a near": {byDrug(box.Batch[1:]), 404, "相近的批号有：" + box.Batch},
		"a long reason":         {with(recallForm("演示坏", code), "reason", strings.Repeat("长", 201)), 400, "200"},
	} {
		for _, path := range []string{"/recalls/preview", "/recalls"} {
			r := w.pharm.post(path, x.form)
			if _, sentence := r.refusal(); r.status != x.status || !strings.Contains(sentence, x.says) {
				t.Errorf("%s to %s: %d %s", name, path, r.status, r.body)
			}
			if r := w.pharm.htmx("POST", path, x.form); r.status >= 500 {
				t.Errorf("%s to %s on a page: %d", name, path, r.status)
			}
		}
	}
	w.pharm.get("/recalls").json(t, &after)
	if len(after) != len(before) {
		t.Errorf("%d recalls, before %d", len(after), len(before))
	}
	var reach struct{ Packs int }
	w.pharm.post("/recalls/preview", byDrug(box.Batch)).json(t, &reach)
	if reach.Packs < seedPacks {
		t.Errorf("the preview of a batch finds %d packs", reach.Packs)
	}
}
