package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"jingfang/static/browsertest"
)

// testLateDoctor: a doctor who looks at a session of others and is put into its
// team gets the table without doing anything; the wall meanwhile shows numbers.
func (w *world) testLateDoctor(t *testing.T) {
	browsertest.Lack(t, browsertest.Missing())
	c := w.session(t, w.take(t, 2, 2), "doctor1")
	b, wall := openWindow(t, "late doctor", true), openWindow(t, "wall", false)
	b.logIn(w.URL, "doctor3")
	b.Do(chromedp.Navigate(w.URL + c.path("")))
	b.Until(`document.querySelector('#stock') && !document.querySelector('#desk')`)
	wall.logIn(w.URL, "manager")
	wall.Do(chromedp.Navigate(w.URL + c.path("/wall")))
	wall.Until(`document.querySelectorAll('#wall .wall b').length === 1`)
	var form struct {
		Staff []struct{ ID, Name string }
	}
	w.pharm.get(c.path("/change")).json(t, &form)
	team := commandForm()
	for _, x := range form.Staff {
		switch x.Name {
		case w.pharm.name:
			team.Add("pharmacist", x.ID)
		case w.doctors[0].name, person(t, w.URL, "doctor3").name:
			team.Add("doctor", x.ID)
		}
	}
	if len(team["doctor"]) != 2 {
		t.Fatalf("doctors %q of %+v", team["doctor"], form.Staff)
	}
	w.pharm.post(c.path("/team"), team).json(t, new(any))
	b.Until(`!!document.querySelector('#desk [data-scan]')`)
	wall.Until(`document.querySelectorAll('#wall .wall b').length === 2`)
	c.start(w.doctors[0], w.patient(t, "墙上"))
	wall.Shows("#wall .wall", "1")
	wall.Until(`getComputedStyle(document.querySelector('.top')).display === 'none'`)
	b.NoComplaints()
	wall.NoComplaints()
}

// testWholeYear: the demo's 25 sites are planned for a year in one command, and
// the calendar that shows them stays quick.
func (w *world) testWholeYear(t *testing.T) {
	year := time.Now().Year() + 2
	var form struct {
		Staff []struct {
			ID           string
			Doctor, Duty bool
		}
	}
	w.pharm.get("/sessions/new").json(t, &form)
	plan := commandForm("year", strconv.Itoa(year))
	for _, x := range form.Staff {
		if x.Doctor && len(plan["doctor"]) == 0 {
			plan.Add("doctor", x.ID)
		}
		if x.Duty && len(plan["pharmacist"]) == 0 {
			plan.Add("pharmacist", x.ID)
		}
	}
	var a struct{ Created, Existing int }
	w.pharm.post("/sessions/plan", plan).json(t, &a)
	if a.Created != 300 || a.Existing != 0 {
		t.Errorf("planned %+v", a)
	}
	plan.Set("command_id", commandForm().Get("command_id"))
	w.pharm.post("/sessions/plan", plan).json(t, &a)
	if a.Created != 0 || a.Existing != 300 {
		t.Errorf("planned again %+v", a)
	}
	if r := w.pharm.page("/sessions/plan?year=" + strconv.Itoa(year)); strings.Count(r.body, "year-planned") != 301 {
		t.Errorf("the calendar shows %d sessions", strings.Count(r.body, "year-planned"))
	}
}

// testPackingPaper prints the packing list as a browser does and reads it back:
// what is signed is on it, and nothing says what is treated.
func (w *world) testPackingPaper(t *testing.T) {
	browsertest.Lack(t, browsertest.Missing())
	browsertest.Need(t, "pdftotext")
	b := openWindow(t, "printer", false)
	b.logIn(w.URL, "pharmacist")
	b.Do(chromedp.Navigate(w.URL + w.today.path("/packing/list")))
	b.Until(`document.readyState === 'complete'`)
	paper, err := chromedp.Run(b.Ctx, func(ctx context.Context, target *chromedp.Target) ([]byte, error) {
		r, err := cdp.Call(ctx, target, page.PrintToPDF, page.PrintToPDFParams{})
		return r.Data, err
	})
	if err != nil {
		t.Fatal(err)
	}
	folder := os.Getenv("JINGFANG_SHOTS")
	if folder == "" {
		folder = t.TempDir()
	}
	file := filepath.Join(folder, "packing-list.pdf")
	if err := os.WriteFile(file, paper, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", file, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	text := string(out)
	for _, want := range []string{"装箱单", "批号", "有效期至", "合计", "装箱人", "复核人", "领取人", "演示药师甲"} {
		if !strings.Contains(text, want) {
			t.Errorf("the paper lacks %s:\n%s", want, text)
		}
	}
	for _, secret := range []string{"精神", "精防", "精二", "退出", "打印机"} {
		if strings.Contains(text, secret) {
			t.Errorf("the paper says %s:\n%s", secret, text)
		}
	}
}
