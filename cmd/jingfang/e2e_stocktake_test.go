package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"jingfang/static/browsertest"
)

// countsJSON is the list of counts as a program reads it.
type countsJSON struct {
	Open, Done []struct {
		ID        int64 `json:"id"`
		SessionID int64 `json:"session"`
	}
}

func (w *world) readCounts(t *testing.T) (c countsJSON) {
	t.Helper()
	w.pharm.get("/stocktakes").json(t, &c)
	return c
}

// endedCount is the number of a count that was approved.
func (w *world) endedCount(t *testing.T) string {
	t.Helper()
	c := w.readCounts(t)
	return fmt.Sprint(c.Done[len(c.Done)-1].ID)
}

// openCount is the number of a count of the pharmacy that is going on.
func (w *world) openCount(t *testing.T) string {
	t.Helper()
	for _, x := range w.readCounts(t).Open {
		if x.SessionID == 0 {
			return fmt.Sprint(x.ID)
		}
	}
	t.Fatal("the demo has no open count of the pharmacy")
	return ""
}

// testStocktake counts a session's trays in one browser while a doctor hands out
// in another: only the box that nobody saw is missing.
func (w *world) testStocktake(t *testing.T) {
	browsertest.Lack(t, browsertest.Missing())
	x := &tables{world: w, codes: w.take(t, 4, 7)}
	x.clinic = w.session(t, x.codes, "doctor1")
	x.a, x.room = openWindow(t, "doctor1", true), openWindow(t, "pharmacist", false)
	x.a.logIn(w.URL, "doctor1")
	x.a.Do(chromedp.Navigate(w.URL + x.path("")))
	x.a.Live()
	x.room.logIn(w.URL, "pharmacist")
	x.room.Do(chromedp.Navigate(w.URL + "/stocktakes"))
	x.room.Click(fmt.Sprintf(`form[action="%s"] button`, x.path("/stocktakes")))
	x.room.Until(`location.pathname.indexOf('/stocktakes/') === 0 && document.querySelector('#count-work')`)
	x.countAndGive()
	x.room.Click(`form[action$="/submit"] button`)
	x.room.Until(`location.pathname.indexOf('/result') > 0 && document.querySelector('#differences')`)
	x.result(t, eval[string](x.room, `location.pathname`))
	x.a.foot(7, 4, 3)
	for _, b := range []*window{x.a, x.room} {
		b.NoComplaints()
	}
}

// countAndGive mixes the two in every order: given before it is counted, after,
// without being counted, given and taken back.
func (x *tables) countAndGive() {
	give := func(code string) {
		x.a.settled()
		x.a.Wedge(code)
		x.a.Shows("#band .band-good", "已记录")
		x.a.Shows("#desk .row .code", code[len(code)-4:])
	}
	count := func(code string) {
		x.room.settled()
		x.room.Wedge(code)
		x.room.Shows("#band .band-good", "已点到")
		x.room.Until(fmt.Sprintf(`document.querySelector('#count-work [data-row="%s"]')`, code))
	}
	x.enter(x.a, "盘点甲")
	c := x.codes
	give(c[0])
	count(c[1])
	count(c[2])
	give(c[1])
	give(c[3])
	x.a.settled()
	x.a.Click(fmt.Sprintf(`#desk button[aria-label$="尾号 %s"]`, c[3][len(c[3])-4:]))
	x.a.Shows("#band", "已撤销")
	give(c[5])
	give(c[6])
	// A second counter, who is not in this browser, shows on its screen by himself.
	path := eval[string](x.room, `location.pathname`)
	x.world.helper.post(path+"/scans", commandForm("codes", c[2]+"\n81999990000000000099", "shelf", "小推车")).json(x.t, new(any))
	x.room.Shows("#count-work", "小推车")
	x.room.Shows("#count-work", x.world.helper.name)
	if text := eval[string](x.room, `document.querySelector('#count-work').textContent`); !strings.Contains(text, "没有记录的码") {
		x.t.Errorf("the extra code is not on the counter's screen: %s", text)
	}
}

// result reads the differences as a program does, and has them approved.
func (x *tables) result(t *testing.T, path string) {
	var r struct {
		Submission  int
		Lines       []struct{ Moved int }
		Differences []struct {
			ID             int64
			Kind, Code     string
			LastBy, Action string
			Outcome        string
		}
	}
	x.world.pharm.get(path).json(t, &r)
	if len(r.Differences) != 2 {
		t.Fatalf("differences %+v", r.Differences)
	}
	form := commandForm("reason", "missed_out", "adjust", "1")
	for _, d := range r.Differences {
		form.Add("difference", fmt.Sprint(d.ID))
		if want := map[string]string{"missing": x.codes[4], "extra": "81999990000000000099"}[d.Kind]; d.Code != want {
			t.Errorf("%s %s, want %q", d.Kind, d.Code, want)
		}
	}
	base := strings.TrimSuffix(path, "/result")
	x.world.pharm.post(base+"/reasons", form).json(t, new(any))
	if kind, sentence := x.world.pharm.post(base+"/approve", commandForm("submission", "1")).refusal(); kind != "denied" || !strings.Contains(sentence, "不能自己审核") {
		t.Errorf("a counter approves: %s %s", kind, sentence)
	}
	manager := person(t, x.world.URL, "manager")
	manager.post(base+"/approve", commandForm("submission", "1")).json(t, new(any))
	if page := manager.page(path).body; !strings.Contains(page, "已审核") {
		t.Error("the result does not say that it was approved")
	}
}
