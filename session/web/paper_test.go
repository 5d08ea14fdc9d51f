package web_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/patient"
)

// patientNo is the id of patient i, whose numbers begin with 1.
func (d *desk) patientNo(i int) int64 {
	d.t.Helper()
	tok, err := patient.ParseToken(d.tokens[i])
	d.must(err)
	p, err := patient.ByToken(d.t.Context(), d.App, tok)
	d.must(err)
	return p.ID
}

func (d *desk) count(query string, args ...any) (n int) {
	d.t.Helper()
	d.must(d.App.Get(d.t.Context(), &n, query, args...))
	return n
}

// say posts a form and reads the page.
func (d *desk) say(path string, want int, pairs ...string) string {
	d.t.Helper()
	form := url.Values{"command_id": {uuid.NewString()}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r := d.ask("POST", path, form, "Accept", "text/html")
	if r.status != want {
		d.t.Fatalf("POST %s: %d, want %d: %s", path, r.status, want, r.body)
	}
	return r.body
}

func wants(t testing.TB, body string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if not, found := strings.CutPrefix(text, "!"); found == strings.Contains(body, not) {
			t.Errorf("looking for %q in %s", text, body)
		}
	}
}

func TestHistoryPage(t *testing.T) {
	d := newDesk(t, 4, 2)
	d.supplied(0, d.codes[0], d.codes[1])
	path := fmt.Sprintf("/patients/%d/history", d.patientNo(0))
	wants(t, d.text(path), "演示患者1", "2 盒", "演示利培酮片", d.codes[0][len(d.codes[0])-4:], "余药天数未知", "就诊中")
	if n := d.statements.Load(); n > 12 {
		t.Errorf("%d statements", n)
	}
	wants(t, d.text(d.path("")), "余药天数未知", path)
	wants(t, d.text(fmt.Sprintf("/patients/%d/history", d.patientNo(1))), "还没有领过药", "还没有就诊")
	r := d.ask("GET", path, nil, "Accept", "application/json")
	wants(t, r.body, d.codes[0], `"name":"演**"`, "!演示患者1", `"days_left":null`)
	for path, status := range map[string]int{"/patients/0/history": 404, "/patients/999999/history": 404, path + "?before=x": 400} {
		if r := d.ask("GET", path, nil, "Accept", "text/html"); r.status != status {
			t.Errorf("%s: %d", path, r.status)
		}
	}
	if n := d.count(`SELECT count(*) FROM audit WHERE event = 'patient.history'`); n != 3 {
		t.Errorf("%d looks in the audit", n)
	}
	var elsewhere int64
	d.get(&elsewhere, `INSERT INTO site (code, name, district, created_at) VALUES ('999900777', '别处', '龙湖', now()) RETURNING id`)
	away := d.doctors[1]
	away.Grants = []identity.Grant{{Role: identity.Doctor, SiteID: elsewhere}}
	d.lookAs(away)
	if r := d.ask("GET", path, nil, "Accept", "text/html"); r.status != 403 || strings.Contains(r.body, "演示患者1") {
		t.Errorf("a doctor of another site: %d", r.status)
	}
}

func TestMergePages(t *testing.T) {
	d := newDesk(t, 2, 2)
	a, b := d.patientNo(0), d.patientNo(1)
	path := fmt.Sprintf("/patients/%d/merge", b)
	if r := d.ask("GET", path, nil, "Accept", "text/html"); r.status != 403 {
		t.Errorf("a doctor merges: %d", r.status)
	}
	d.lookAs(d.chief)
	wants(t, d.text(path), "另一份档案", "!确认合并")
	wants(t, d.text(path+"?with="+d.tokens[1]), "同一份档案", "!确认合并")
	wants(t, d.text(path+"?with=999999"), "没有编号为", "!确认合并")
	wants(t, d.text(path+"?with="+d.tokens[0]), "确认合并", "保留（登记较早）", "演示患者1", "演示患者2")
	if n := d.count(`SELECT count(*) FROM audit WHERE event = 'patient.unmask'`); n != 2 {
		t.Errorf("%d openings in the audit", n)
	}
	pair := []string{"a", fmt.Sprint(a), "b", fmt.Sprint(b)}
	wants(t, d.say(path, 200, append(pair, "reason", "")...), "为什么是同一个人", "确认合并")
	d.say(path, 303, append(pair, "reason", "登记了两次")...)
	page := d.text(fmt.Sprintf("/patients/%d/history", a))
	wants(t, page, "撤销合并", "登记了两次")
	merge := d.count(`SELECT max(id)::integer FROM patient_merge`)
	d.say(fmt.Sprintf("/patients/%d/merge/undo", a), 303, "merge", fmt.Sprint(merge))
	d.say(fmt.Sprintf("/patients/%d/merge/undo", a), 409, "merge", fmt.Sprint(merge))
	wants(t, d.text(fmt.Sprintf("/patients/%d/history", a)), "!撤销合并")
}

// What was written on paper during a day without the server goes in afterwards: the
// time of the hand-over is that on the paper, and nothing goes in twice.
func TestLateEntry(t *testing.T) {
	d := newDesk(t, 4, 3)
	tailOf := func(i int) string { return d.codes[i][len(d.codes[i])-5:] }
	wants(t, d.text(d.path("/late")), "补录并诊毕")
	for _, c := range [][]string{
		{"", "00:00", tailOf(0), "请扫患者二维码"}, {d.tokens[0], "早上", tailOf(0), "发药时间请写成"}, {d.tokens[0], "00:00", " ", "末 4 到 6 位"},
		{d.tokens[0], "00:00", "12", "不是末 4 到 6 位"}, {d.tokens[0], "00:00", tailOf(0) + " " + tailOf(0), "写了两次"},
		{"JFP0000", "00:00", tailOf(0), "没有读完整"}, {"999999", "00:00", tailOf(0), "没有编号为"},
	} {
		wants(t, d.say(d.path("/late"), 200, "patient", c[0], "at", c[1], "codes", c[2]), c[3])
	}
	if n := d.count(`SELECT count(*) FROM visit`); n != 0 {
		t.Fatalf("%d visits after refusals", n)
	}
	command := uuid.NewString()
	for range 2 {
		body := d.say(d.path("/late"), 200, "command_id", command, "patient", d.tokens[0], "at", "００：００", "codes", tailOf(0)+"，"+tailOf(1))
		wants(t, body, "1 号已补录 2 盒", "发药时间 00:00")
	}
	midnight := session.Today(time.Now()).Add(-8 * time.Hour)
	if n := d.count(`SELECT count(*) FROM movement WHERE kind = 'dispense' AND device_at = $1`, midnight); n != 2 {
		t.Errorf("%d boxes handed over at midnight", n)
	}
	if n := d.count(`SELECT count(*) FROM visit WHERE state = 'finished'`); n != 1 {
		t.Errorf("%d finished visits", n)
	}
	wants(t, d.say(d.path("/late"), 200, "patient", d.tokens[1], "at", "00:00", "codes", tailOf(2)+" 9Z9Z9"), "就诊还开着", "到诊台处理", "9Z9Z9")
	wants(t, d.text(d.path("")), "演示患者2")
	wants(t, d.say(d.path("/late"), 200, "patient", d.tokens[2], "at", "00:00", "codes", tailOf(3)), "您手上还有一位没有诊毕")
	for _, by := range []identity.Actor{d.person("工作人员乙", identity.Assistant), d.person("管理甲", identity.Manager)} {
		d.lookAs(by)
		if r := d.ask("GET", d.path("/late"), nil, "Accept", "text/html"); r.status != 403 {
			t.Errorf("%s enters late: %d", by.Name, r.status)
		}
	}
}

// The duty holder enters a line for a doctor who cannot: the page says in whose name,
// a refusal keeps what was typed, and the doctor finds it to countersign.
func TestLateEntryForADoctor(t *testing.T) {
	d := newDesk(t, 4, 3)
	d.lookAs(d.chief)
	form := d.text(d.path("/late"))
	wants(t, form, "医生下次登录时补签", "哪位医生发的药", "医生甲", `!<option value="0"`, "医生为什么不能自己补录")
	d.say(d.path("/roster"), 303, "refill", "1")
	wants(t, d.text(d.path("/paper")), "/late")
	end := d.codes[0][len(d.codes[0])-5:]
	line := []string{"doctor", fmt.Sprint(d.doctors[0].StaffID), "patient", d.tokens[0], "at", "00:00", "codes", end, "why", "下午出诊"}
	with := func(name, value string) []string {
		list := slices.Clone(line)
		for i := 0; i < len(list); i += 2 {
			if list[i] == name {
				list[i+1] = value
			}
		}
		return list
	}
	for _, x := range [][3]string{{"doctor", "", "请选择是哪位医生"}, {"doctor", "x", "请从列表里选择"}, {"doctor", fmt.Sprint(d.chief.StaffID), "请选“本人”"}, {"why", "", "为什么不能自己补录"},
		{"codes", "9Z9Z9", "没有补录"}, {"codes", end + "×x", "数量没有读懂"}, {"codes", end + "×0", "数量没有读懂"}} {
		wants(t, d.say(d.path("/late"), 200, with(x[0], x[1])...), x[2], d.tokens[0])
	}
	if n := d.count(`SELECT count(*) FROM visit`); n != 0 {
		t.Fatalf("%d visits after refusals", n)
	}
	body := d.say(d.path("/late"), 200, line...)
	wants(t, body, "已代医生甲补录 1 号，共 1 盒", "!"+d.tokens[0], "下午出诊")
	d.lookAs(d.doctors[0])
	wants(t, d.text("/sessions"), "待补签", "药师甲", "补录纸质名单：下午出诊")
	d.lookAs(d.person("工作人员乙", identity.Assistant))
	if r := d.ask("POST", d.path("/late"), url.Values{"command_id": {uuid.NewString()}, "doctor": {fmt.Sprint(d.doctors[0].StaffID)}}, "Accept", "text/html"); r.status != 403 {
		t.Errorf("an assistant enters for a doctor: %d", r.status)
	}
}

// The roster on paper: every code of it reads back from a print, the packs of the
// session stand there with their last characters.
func TestPaperReadsBack(t *testing.T) {
	d := newDesk(t, 3, 14)
	d.lookAs(d.chief)
	d.say(d.path("/roster"), 303, "refill", "1")
	wants(t, d.text(d.path("/roster")), "/paper", `action="/patients/labels"`)
	body := d.text(d.path("/paper"))
	wants(t, body, "演**", "!演示患者1", d.codes[0][len(d.codes[0])-6:], "应到 14 位")
	if n := d.statements.Load(); n > 12 {
		t.Errorf("%d statements", n)
	}
	if _, err := exec.LookPath("zbarimg"); err != nil {
		t.Skip("no zbarimg")
	}
	b := openScreen(t, 1366, 768)
	b.Do(chromedp.Navigate(d.url+d.path("/paper")), chromedp.WaitVisible(".paper-roster"))
	b.Shot("paper-laptop")
	yes := true
	pdf, err := chromedp.Run(b.Ctx, func(ctx context.Context, target *chromedp.Target) ([]byte, error) {
		r, err := cdp.Call(ctx, target, cdppage.PrintToPDF, cdppage.PrintToPDFParams{PreferCSSPageSize: &yes, PrintBackground: &yes})
		return r.Data, err
	})
	d.must(err)
	base := filepath.Join(t.TempDir(), "paper")
	if dir := os.Getenv("JINGFANG_SHOTS"); dir != "" {
		d.must(os.WriteFile(filepath.Join(dir, "paper.pdf"), pdf, 0o644))
	}
	d.must(os.WriteFile(base+".pdf", pdf, 0o600))
	d.must(exec.Command("pdftoppm", "-r", "203", "-png", "-gray", base+".pdf", base).Run())
	pictures, err := filepath.Glob(base + "-*.png")
	d.must(err)
	// It ends with an error when one of the pictures has no code: the list of packs.
	out, _ := exec.Command("zbarimg", append([]string{"-q", "--raw"}, pictures...)...).Output()
	for i, token := range d.tokens {
		if !strings.Contains(string(out), token) {
			t.Errorf("the code of patient %d does not read back", i+1)
		}
	}
	if len(pictures) != 3 {
		t.Errorf("%d sheets for 14 patients and a list of packs", len(pictures))
	}
	d.lookAs(d.doctors[0])
	b = openScreen(t, 390, 844)
	b.Do(chromedp.Navigate(d.url+d.path("/late")), chromedp.SendKeys("#patient", d.tokens[0]), chromedp.SendKeys("#at", "00:00"),
		chromedp.SendKeys("#codes", d.codes[0][len(d.codes[0])-6:]))
	b.Shot("late-phone")
	b.Do(chromedp.Click("form.card .button-main"))
	b.Shows(".notice-good", "已补录 1 盒")
	b.Shot("late-done-phone")
}
