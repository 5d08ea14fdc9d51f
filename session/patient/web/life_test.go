package web_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/static/browsertest"
)

func (h *house) version(id int64) string {
	h.t.Helper()
	return fmt.Sprint(h.count(`SELECT version FROM patient WHERE id = $1`, id))
}

func TestEditPage(t *testing.T) {
	h := newHouse(t)
	p, _ := h.add(h.here, "陈小明")
	path := fmt.Sprintf("/patients/%d", p.ID)
	a := h.get(path+"/edit").want(http.StatusOK, `value="陈小明"`, "青霉素", "已迁出", "改证件", "!"+card, "!"+phone, "!"+address)
	if n := h.statements.Load(); n > 12 {
		t.Errorf("%d statements", n)
	}
	version := a.attr(`form[action$="/edit"] [name="version"]`, "value")
	form := func(pairs ...string) []string {
		return append([]string{"command_id", uuid.NewString(), "version", version, "name", "陈小明", "site", fmt.Sprint(h.here), "birth", "1970-01-01", "sex", "M", "allergies", "青霉素"}, pairs...)
	}
	h.post(path+"/edit", form("allergies", "", "name", "")...).want(http.StatusSeeOther)
	if h.version(p.ID) != version {
		t.Error("a form that changes nothing changed something")
	}
	long := form()
	long[slices.Index(long, "name")+1] = strings.Repeat("陈", 60)
	h.post(path+"/edit", long...).want(http.StatusOK, "姓名太长", strings.Repeat("陈", 60))
	h.post(path+"/edit", form("paper_no", card)...).want(http.StatusOK, "请先选择证件种类")
	h.post(path+"/edit", form("phone", "000-0000-0002", "no_phone", "1")...).want(http.StatusOK, "只留一个", "!000-0000-0002")
	h.post(path+"/edit", form("version", "x")...).want(http.StatusSeeOther)
	changed := form("phone", "000-0000-0002")
	changed[slices.Index(changed, "name")+1] = "陈小名"
	if a := h.post(path+"/edit", changed...).want(http.StatusSeeOther); a.location != path {
		t.Errorf("leads to %s", a.location)
	}
	again := form()
	again[slices.Index(again, "allergies")+1] = "磺胺"
	h.post(path+"/edit", again...).want(http.StatusOK, "刚才由您自己改过", "没有保存", "磺胺")
	h.post(path+"/unmask").want(http.StatusOK, "000-0000-0002", card, address)
	h.get(path+"/changes").want(http.StatusOK, "姓名", "电话", "演示人员", "显示改动的内容", "!陈小明</del>", "!000-0000-0002")
	h.post(path+"/changes").want(http.StatusOK, "陈小明</del>", "陈小名</ins>", phone, "000-0000-0002", "已记入审计")
	h.program(http.MethodGet, path+"/changes").want(http.StatusOK, `"field":"phone"`, "!000-0000-0002", `!"before"`)
	h.post(path+"/state", "command_id", uuid.NewString(), "version", h.version(p.ID), "to", "moved").want(http.StatusSeeOther)
	h.get(path).want(http.StatusOK, "已迁出", "!/label\"")
	h.post(path+"/state", "command_id", uuid.NewString(), "version", "1", "to", "active").want(http.StatusConflict, "没有保存")
	h.role(identity.Assistant, h.here)
	h.get(path+"/edit").want(http.StatusOK, "!改证件")
	h.post(path+"/edit", form("phone", "000-0000-0003")...).want(http.StatusForbidden, "查看患者完整信息")
	h.post(path + "/changes").want(http.StatusForbidden)
	h.role(identity.Manager, h.here)
	h.get(path+"/edit").want(http.StatusForbidden, "登记患者")
	h.get(path).want(http.StatusOK, "!修改档案", "!代领人")
	for _, secret := range []string{card, phone, "000-0000-0002", "陈小名"} {
		if strings.Contains(h.log.text(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}

func TestCollectorsOnThePage(t *testing.T) {
	h := newHouse(t)
	p, _ := h.add(h.here, "陈小明")
	path := fmt.Sprintf("/patients/%d", p.ID)
	h.get(path).want(http.StatusOK, "还没有登记代领人")
	h.post(path+"/collectors", "command_id", uuid.NewString(), "name", "演示母", "relation", "父母", "phone", "000-0000-0009").want(http.StatusSeeOther)
	h.post(path+"/collectors", "command_id", uuid.NewString(), "name", "演示母", "relation", "").want(http.StatusOK, "请选择代领人与患者的关系", `value="演示母"`)
	a := h.get(path).want(http.StatusOK, "演示母", "父母", "!000-0000-0009")
	h.post(path+"/unmask").want(http.StatusOK, "演示母（父母） 000-0000-0009")
	remove := a.attr(`form[action$="/remove"]`, "action")
	h.post(remove, "command_id", uuid.NewString()).want(http.StatusSeeOther)
	h.post(remove, "command_id", uuid.NewString()).want(http.StatusConflict, "已被移除")
	h.get(path).want(http.StatusOK, "还没有登记代领人")
}

func TestRiskPage(t *testing.T) {
	h := newHouse(t)
	p, _ := h.add(h.here, "陈小明")
	path := fmt.Sprintf("/patients/%d", p.ID)
	h.get(path).want(http.StatusOK, "危险性", "!级")
	h.post(path+"/risk").want(http.StatusOK, "危险性：未评定", "已记入审计")
	h.post(path+"/risk/set", "command_id", uuid.NewString(), "version", h.version(p.ID), "level", "9").want(http.StatusOK, "0 到 5 级")
	h.post(path+"/risk/set", "command_id", uuid.NewString(), "version", h.version(p.ID), "level", "4").want(http.StatusSeeOther)
	h.post(path+"/risk").want(http.StatusOK, "危险性：4 级")
	h.program(http.MethodPost, path+"/risk").want(http.StatusBadRequest, "!4 级")
	h.program(http.MethodGet, path).want(http.StatusOK, "!risk", "!4")
	h.program(http.MethodPost, path+"/changes").want(http.StatusOK, "!risk")
	h.post(path+"/changes").want(http.StatusOK, "危险性", "4 级")
	if n := h.count(`SELECT count(*) FROM audit WHERE event = 'patient.risk_view'`); n != 3 {
		t.Errorf("%d openings in the audit, want 3", n)
	}
	for _, role := range []identity.Role{identity.Pharmacist, identity.Assistant, identity.Manager} {
		h.role(role, h.here)
		h.get(path).want(http.StatusOK, "!危险性")
		h.post(path+"/risk").want(http.StatusForbidden, "!4 级")
		h.get(path+"/changes").want(http.StatusOK, "!危险性")
	}
}

func TestLabelsPage(t *testing.T) {
	h := newHouse(t)
	p, _ := h.add(h.here, "陈小明")
	away := h.insert(`INSERT INTO patient (number, name, home_site_id, created_at, changed_at) VALUES ('999999', '外', $1, now(), now()) RETURNING id`, h.there)
	h.get("/patients/labels").want(http.StatusOK, "A4 每张 24 枚", "50×30", "新华社区", "!广兴社区")
	h.get(fmt.Sprintf("/patients/labels?site=%d", h.here)).want(http.StatusOK, "在册 1 位，要 1 张纸")
	h.get(fmt.Sprintf("/patients/labels?site=%d", h.there)).want(http.StatusForbidden)
	h.get("/patients/labels?site=x").want(http.StatusOK, "重新选择精防点")
	site := fmt.Sprint(h.here)
	for _, c := range [][]string{
		{"layout", "a4-40", "top", "-1", "上边距请填"}, {"layout", "a4-40", "left", "很宽", "左边距请填"}, {"layout", "a4-40", "first", "41", "请填 1 到 40"},
		{"layout", "a5", "top", "0", "请选择标签纸"}, {"layout", "roll-50x30", "left", "30", "放不下标签"}, {"layout", "a4-24", "top", "NaN", "上边距请填"},
	} {
		h.post("/patients/labels", "command_id", uuid.NewString(), "site", site, c[0], c[1], c[2], c[3]).want(http.StatusOK, c[4], "生成标签")
	}
	h.post("/patients/labels", "command_id", uuid.NewString(), "ids", "1;DROP", "layout", "a4-24").want(http.StatusOK, "名单读不出来")
	h.post("/patients/labels", "command_id", uuid.NewString(), "ids", fmt.Sprintf("%d,%d", p.ID, away), "layout", "a4-24").want(http.StatusForbidden, "打印患者标签")
	if n := h.count(`SELECT COALESCE(sum(print_count), 0) FROM patient_label`); n != 0 {
		t.Errorf("%d prints counted by refused sheets", n)
	}
	a := h.post("/patients/labels", "command_id", uuid.NewString(), "site", site, "layout", "a4-40", "top", "４．５", "first", "3").want(http.StatusOK, p.Number, "陈**", "!陈小明")
	if strings.Contains(a.doc().Find(".sheet").Text(), "精") {
		t.Error("a label says what it is for")
	}
	if cells := a.doc().Find(".sheet-label"); cells.Length() != 3 || cells.Find("svg").Length() != 1 {
		t.Errorf("%d places, %d codes", cells.Length(), cells.Find("svg").Length())
	}
	cookie, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";")
	h.ask(http.MethodGet, "/patients/labels", ":Cookie", cookie).want(http.StatusOK, `value="4.5"`, `value="a4-40" selected`)
	css := h.get(a.attr(`head link[href^="/patients/labels.css"]`, "href")).want(http.StatusOK, "size: A4", "4.5mm", "repeat(4, 52.500mm)")
	if css.header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("the style sheet is %s", css.header.Get("Content-Type"))
	}
	h.get("/patients/labels.css?layout=a4-24&top=}body{").want(http.StatusBadRequest, "!}body{")
	h.program(http.MethodPost, "/patients/labels", "command_id", uuid.NewString(), "ids", fmt.Sprint(p.ID), "layout", "roll-50x30").want(http.StatusOK, `"print_count":2`)
	h.post("/patients/labels", "choose", "1", "ids", fmt.Sprint(p.ID), "session", "7").want(http.StatusOK, "名单上的 1 位患者", "/sessions/7/roster")
	if n := h.count(`SELECT count(*) FROM audit WHERE event = 'patient.print_labels'`); n != 2 {
		t.Errorf("%d sheets in the audit", n)
	}
	h.role(identity.Manager, h.here)
	h.get("/patients/labels").want(http.StatusForbidden, "打印患者标签")
	if strings.Contains(h.log.text(), "JFP") {
		t.Error("the log holds a token")
	}
}

// Sheets and rolls as they come out of the printer: every code reads back at the
// resolution of the usual label printers, on the paper that was chosen.
func TestPrintedSheetsReadBack(t *testing.T) {
	browsertest.Need(t, "zbarimg", "pdftoppm", "pdfinfo")
	h := newHouse(t)
	want := map[string]bool{}
	for i := range 26 {
		name := "演示甲"
		if i == 3 {
			name = strings.Repeat("长", 50)
		}
		h.insert(`INSERT INTO patient (number, name, home_site_id, created_at, changed_at) VALUES ($1, $2, $3, now(), now()) RETURNING id`, fmt.Sprintf("9%05d", i), name, h.here)
	}
	b := browsertest.Open(t, 1366, 768)
	for _, c := range []struct {
		layout, size         string
		pages, columns, rows int
	}{
		{"a4-24", "594.9", 2, 3, 8}, {"a4-40", "594.9", 1, 4, 10}, {"roll-60x40", "169.9", 26, 1, 1}, {"roll-50x30", "142.0", 26, 1, 1},
	} {
		b.Do(chromedp.Navigate(fmt.Sprintf("%s/patients/labels?site=%d", h.url, h.here)), chromedp.SetValue("#layout", c.layout))
		b.Fits("labels-" + c.layout)
		b.Do(chromedp.Click("form.card .button-main"))
		b.Until(`document.querySelectorAll('.sheet-label svg').length === 26 && document.readyState === 'complete'`)
		b.Fits("sheet-" + c.layout)
		body := pdf(b)
		keep(t, "sheet-"+c.layout+".pdf", body)
		file := filepath.Join(t.TempDir(), c.layout+".pdf")
		check(t, os.WriteFile(file, body, 0o600))
		info := run(t, "pdfinfo", file)
		if !strings.Contains(info, fmt.Sprintf("Pages:           %d\n", c.pages)) || !strings.Contains(info, "Page size:       "+c.size) {
			t.Errorf("%s: not %d sheets %s points wide:\n%s", c.layout, c.pages, c.size, info)
		}
		read := map[string]bool{}
		for _, token := range strings.Fields(run(t, "zbarimg", append([]string{"-q", "--raw"}, cutOut(t, file, c.columns, c.rows)...)...)) {
			read[token] = true
		}
		if len(read) != 26 {
			t.Errorf("%s: %d codes read back of 26", c.layout, len(read))
		}
		if len(want) == 0 {
			want = read
		}
		for token := range read {
			if !want[token] || h.count(`SELECT count(*) FROM patient_label WHERE token = $1 AND revoked_at IS NULL`, token) != 1 {
				t.Errorf("%s: read %s, which is no label", c.layout, token)
			}
		}
	}
	if n := h.count(`SELECT count(*) FROM patient_label WHERE print_count = 4`); n != 26 {
		t.Errorf("%d labels counted four prints", n)
	}
}

// cutOut makes a picture of each label of a printed sheet, as a scanner meets it, at
// 203 dots an inch; places without a label are left out.
func cutOut(t testing.TB, file string, columns, rows int) []string {
	t.Helper()
	base := strings.TrimSuffix(file, ".pdf")
	if columns == 1 {
		run(t, "pdftoppm", "-r", "203", "-png", "-gray", file, base)
	} else {
		w, h := 1678/columns, 2373/rows // A4 at 203 dots an inch
		for i := range columns * rows {
			run(t, "pdftoppm", "-r", "203", "-png", "-gray", "-x", fmt.Sprint(i%columns*w), "-y", fmt.Sprint(i/columns*h), "-W", fmt.Sprint(w), "-H", fmt.Sprint(h), file, fmt.Sprintf("%s-cell%d", base, i))
		}
	}
	pictures, err := filepath.Glob(base + "-*.png")
	check(t, err)
	var inked []string
	for _, p := range pictures {
		if info, err := os.Stat(p); err == nil && info.Size() > 2000 {
			inked = append(inked, p)
		}
	}
	return inked
}

// A doctor changes an entry with the keyboard and reads what was changed.
func TestEditInABrowser(t *testing.T) {
	h := newHouse(t)
	p, _ := h.add(h.here, "陈小明")
	b := browsertest.Open(t, 390, 844)
	b.Go(fmt.Sprintf("%s/patients/%d", h.url, p.ID))
	b.Fits("life-person-390")
	b.Do(chromedp.Click(`a[href$="/edit"]`))
	b.Until(`document.querySelector('#name')`)
	b.Fits("life-edit-390")
	b.Do(chromedp.SetValue("#allergies", "磺胺"), chromedp.Click(".sealed-fields summary"), chromedp.SendKeys("#phone", "000-0000-0002"))
	b.Fits("life-edit-sealed-390")
	b.Do(chromedp.Click("form.card .button-main"))
	b.Until(`document.body.innerText.includes('过敏：磺胺')`)
	b.Do(chromedp.Click(".confirm summary"), chromedp.SendKeys("#collector-name", "演示母"), chromedp.SetValue("#collector-relation", "父母"))
	b.Fits("life-collector-390")
	b.Do(chromedp.Click(`form[action$="/collectors"] button`))
	b.Until(`document.querySelector('form[action$="/remove"]')`)
	b.Do(chromedp.Click(`form[action$="/risk"] button`))
	b.Until(`document.body.innerText.includes('未评定')`)
	b.Fits("life-risk-390")
	b.Do(chromedp.Click(`input[name="level"][value="1"]`), chromedp.Click("form.card .button-main"))
	b.Until(`document.querySelector('a[href$="/changes"]')`)
	b.Do(chromedp.Click(`a[href$="/changes"]`))
	b.Until(`document.querySelector('form[action$="/changes"]')`)
	b.Fits("life-changes-390")
	b.Do(chromedp.Click(`form[action$="/changes"] button`))
	b.Until(`document.body.innerText.includes('000-0000-0002') && document.body.innerText.includes('磺胺')`)
	b.Fits("life-changes-open-390")
	b = browsertest.Open(t, 1366, 768)
	for name, path := range map[string]string{"life-person-1366": "", "life-edit-1366": "/edit", "life-changes-1366": "/changes"} {
		b.Go(fmt.Sprintf("%s/patients/%d%s", h.url, p.ID, path))
		b.Fits(name)
	}
}
