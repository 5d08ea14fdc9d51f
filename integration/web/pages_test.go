package web_test

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/integration/simulator"
	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// send posts a file as the form does.
func (h *house) send(path string, data []byte) (int, string) {
	h.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for name, value := range map[string]string{"csrf": "tok", "command_id": uuid.NewString()} {
		if err := m.WriteField(name, value); err != nil {
			h.t.Fatal(err)
		}
	}
	if data != nil {
		part, err := m.CreateFormFile("file", "../../evil.csv")
		if err != nil {
			h.t.Fatal(err)
		}
		if _, err := part.Write(data); err != nil {
			h.t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		h.t.Fatal(err)
	}
	return ask(h.t, "POST", h.url+path, "text/html", m.FormDataContentType(), &b)
}

func (h *house) exec(query string, args ...any) {
	h.t.Helper()
	err := h.Owner.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// A file is taken in once; the same file again, and the same document from the
// interface, change nothing; what is not readable is said beside the form.
func TestUploadAFile(t *testing.T) {
	h := newHouse(t)
	h.good = true
	status, template := h.call("GET", "/receipts/problems/template.csv", "text/html", nil)
	if status != 200 || !strings.Contains(template, "药品编码*") {
		t.Fatalf("template: %d %s", status, template)
	}
	head, _, _ := strings.Cut(template, "\n")
	file := head + "\nYS-1,1,调拨,,2026/3/2 8:30,中心药库,1,DEMO001,B1,2028/1/5,,10,12.5,\nYS-1,1,调拨,,2026/3/2 8:30,中心药库,2,DEMO002,B2,,,5,,\n"
	if status, body := h.send("/receipts/problems/file", []byte(file)); status != 200 || !strings.Contains(body, "收下 1 张单据") {
		t.Errorf("a good file: %d %s", status, body)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing": {nil, "请先选择"}, "empty": {[]byte{}, "文件是空的"}, "workbook": {[]byte("PK\x03\x04xxxx"), "表格"},
		"no columns": {[]byte("a,b\n1,2\n"), "请用本页的模板"}, "not utf-8": {[]byte("单号\xff\xff\xff,"), "编码无法识别"},
		"bomb":        {[]byte(`<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`), "DOCTYPE"},
		"deep":        {[]byte(strings.Repeat("[", 1000)), "嵌套过深"},
		"only titles": {[]byte(head + "\n"), "应有 1 到"},
	} {
		if status, body := h.send("/receipts/problems/file", c.data); status != 200 || !strings.Contains(body, c.want) || !strings.Contains(body, "notice-caution") {
			t.Errorf("%s: %d, want %q", name, status, c.want)
		}
	}
	// One good document and one that is not: the good one is in, the other waits.
	two := `[{"source":"HIS","number":"YS-2","revision":1,"kind":"transfer","issued_at":"2026-03-02T08:30:00+08:00","lines":[{"line_no":1,"his_code":"D","packs":1}]},{"source":"HIS","number":"YS-3","lines":[]}]`
	if status, body := h.send("/receipts/problems/file", []byte(two)); status != 200 || !strings.Contains(body, "收下 1 张") || !strings.Contains(body, "没有收下 1 张") || !strings.Contains(body, "YS-3") || !strings.Contains(body, "上传的文件") {
		t.Errorf("one bad: %d %s", status, body)
	}
	h.role = identity.Doctor
	if status, _ := h.send("/receipts/problems/file", []byte(file)); status != http.StatusForbidden {
		t.Errorf("a doctor uploads: %d", status)
	}
}

func TestPullNow(t *testing.T) {
	h := newHouse(t)
	h.good = true
	if _, err := h.his.MakeReceipt(simulator.Order{Lines: 1, Packs: 1}); err != nil {
		t.Fatal(err)
	}
	if status, body := h.call("POST", "/receipts/problems/pull", "text/html", url.Values{}); status != 200 || !strings.Contains(body, "收下 1 张单据") {
		t.Errorf("%d %s", status, body)
	}
	h.his.SetFaults(simulator.Faults{Status500: true})
	if status, body := h.call("POST", "/receipts/problems/pull", "text/html", url.Values{}); status != 200 || !strings.Contains(body, "HTTP 500") {
		t.Errorf("down: %d %s", status, body)
	}
}

func TestCompareStockPage(t *testing.T) {
	h := newHouse(t)
	h.exec(`INSERT INTO drug (his_code, generic_name, spec, units_per_pack, created_at) VALUES ('DEMO001', '演示利培酮片', '1mg×20片', 20, now())`)
	h.exec(`INSERT INTO pack (code, drug_id, state, units_total, units_left, batch, created_at, changed_at)
SELECT '8000001000000000000' || n, 1, 'in_store', 20, 20, 'B1', now(), now() FROM generate_series(1, 3) n`)
	h.his.SetStock([]wire.StockLine{{HISCode: "DEMO001", Batch: "B1", Packs: 5}, {HISCode: "DEMO001", Batch: "B2", Packs: 1}, {HISCode: "XX", Packs: 1}})
	if status, body := h.call("GET", "/stock/his", "text/html", nil); status != 200 || !strings.Contains(body, "现在核对") || h.his.Requests() != 0 {
		t.Errorf("before asking: %d", status)
	}
	status, body := h.call("POST", "/stock/his", "text/html", url.Values{})
	for _, want := range []string{"3 个不同", "本系统比 HIS 少 2 盒", "HIS 有 1 盒，本系统没有这个批号", "编码 XX"} {
		if status != 200 || !strings.Contains(body, want) {
			t.Errorf("%d, want %q in %s", status, want, body)
		}
	}
	h.his.SetFaults(simulator.Faults{NotJSON: true})
	if status, body := h.call("POST", "/stock/his", "text/html", url.Values{}); status != 200 || !strings.Contains(body, "格式与约定不符") {
		t.Errorf("bad answer: %d %s", status, body)
	}
	h.role = identity.SysAdmin
	if status, _ := h.call("POST", "/stock/his", "application/json", url.Values{}); status != http.StatusForbidden {
		t.Errorf("who sees no stock: %d", status)
	}
}

// A person is found, shown masked, and registered with what HIS knows; nothing
// personal goes through the browser.
func TestFindAndRegisterAPatient(t *testing.T) {
	h := newHouse(t)
	h.exec(`INSERT INTO site (code, name, district, created_at) VALUES ('999900001', '演示新华', '金平', now())`)
	h.exec(`INSERT INTO staff (username, name, created_at) VALUES ('demo', '演示人员', now())`)
	p := simulator.DemoPatients()[0]
	for _, query := range []string{p.Number, strings.ToLower(p.Number), p.IDCard} {
		status, body := h.call("POST", "/patients/his", "text/html", url.Values{"query": {query}})
		if status != 200 || !strings.Contains(body, p.Number) || strings.Contains(body, p.Name) || strings.Contains(body, p.IDCard) || strings.Contains(body, p.Phone) {
			t.Errorf("%s: %d %s", query, status, body)
		}
	}
	for query, want := range map[string]string{"": "请输入", "演示患者": "请输入", "YS999999": "HIS 没有这个人", "110105194912310021": "HIS 没有这个人"} {
		if status, body := h.call("POST", "/patients/his", "text/html", url.Values{"query": {query}}); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%q: %d %s", query, status, body)
		}
	}
	if status, body := h.call("POST", "/patients/his/register", "text/html", url.Values{"number": {p.Number}}); status != 200 || !strings.Contains(body, "请选择患者所属的精防点") {
		t.Errorf("no site: %d %s", status, body)
	}
	status, body := h.call("POST", "/patients/his/register", "application/json", url.Values{"number": {p.Number}, "site": {"1"}})
	if status != http.StatusCreated || !strings.Contains(body, `"number"`) {
		t.Fatalf("register: %d %s", status, body)
	}
	if status, body := h.call("POST", "/patients/his/register", "application/json", url.Values{"number": {p.Number}, "site": {"1"}}); status != http.StatusConflict || !strings.Contains(body, "已经登记") {
		t.Errorf("twice: %d %s", status, body)
	}
	// Somebody registered by hand gets HIS' number with the first look-up, and no second entry.
	by, other := identity.System("test"), simulator.DemoPatients()[1]
	byHand, _, err := h.people.Register(t.Context(), by, patient.Entry{Name: other.Name, HomeSiteID: 1, Paper: patient.PaperIDCard, PaperNo: other.IDCard})
	if err != nil {
		t.Fatal(err)
	}
	if status, body := h.call("POST", "/patients/his/register", "application/json", url.Values{"number": {other.Number}, "site": {"1"}}); status != http.StatusCreated || !strings.Contains(body, byHand.Number) {
		t.Errorf("by hand before: %d %s", status, body)
	}
	for id, want := range map[int64]string{1: p.Number, byHand.ID: other.Number} {
		if got, err := h.people.HISNumber(t.Context(), h.App, id); err != nil || got != want {
			t.Errorf("HIS' number of %d: %q %v, want %q", id, got, err, want)
		}
	}
	var known struct {
		Name string `db:"name"`
		Sex  string `db:"sex"`
	}
	if err := h.App.Get(t.Context(), &known, `SELECT name, sex FROM patient WHERE id = 1`); err != nil || known.Name != p.Name || known.Sex != "M" {
		t.Errorf("%+v %v", known, err)
	}
	var leaks int
	if err := h.App.Get(t.Context(), &leaks, `SELECT count(*) FROM audit WHERE detail LIKE '%' || $1::text || '%' OR object_id LIKE '%' || $1::text || '%'`, p.IDCard[6:]); err != nil || leaks != 0 {
		t.Errorf("the audit holds the ID number: %d %v", leaks, err)
	}
	h.role = identity.Manager
	if status, _ := h.call("POST", "/patients/his", "application/json", url.Values{"query": {p.Number}}); status != http.StatusForbidden {
		t.Errorf("a manager looks a patient up: %d", status)
	}
}

func TestFindACode(t *testing.T) {
	h := newHouse(t)
	r, err := h.his.MakeReceipt(simulator.Order{Lines: 1, Packs: 1})
	if err != nil {
		t.Fatal(err)
	}
	if status, body := h.call("POST", "/trace/his", "text/html", url.Values{"code": {r.Lines[0].Codes[0]}}); status != 200 || !strings.Contains(body, "DEMO001") || !strings.Contains(body, r.Number) || !strings.Contains(body, "本系统目录没有") {
		t.Errorf("%d %s", status, body)
	}
	if status, body := h.call("POST", "/trace/his", "text/html", url.Values{"code": {"80000990000000000001"}}); status != 200 || !strings.Contains(body, "HIS 不认识这个码") {
		t.Errorf("%d %s", status, body)
	}
	for _, code := range []string{"", "6901234567892", "zz"} {
		if status, body := h.call("POST", "/trace/his", "text/html", url.Values{"code": {code}}); status != 200 || !strings.Contains(body, "notice-caution") {
			t.Errorf("%q: %d %s", code, status, body)
		}
	}
}

// The page of interfaces: switches, counts and programmes, for the administrator
// of the system and nobody else.
func TestInterfaces(t *testing.T) {
	h := newHouse(t)
	if status, _ := h.call("GET", "/interfaces", "text/html", nil); status != http.StatusForbidden {
		t.Errorf("a pharmacist: %d", status)
	}
	h.role = identity.SysAdmin
	h.exec(`INSERT INTO staff (username, name, created_at) VALUES ('demo', '演示人员', now())`)
	do := func(path string, form url.Values, want string) {
		t.Helper()
		if status, body := h.call("POST", path, "text/html", form); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s %v: %d, want %q in %s", path, form, status, want, body)
		}
	}
	do("/interfaces/pull", url.Values{}, "打开取单")
	do("/interfaces/pull", url.Values{"active": {"1"}}, "关闭取单")
	do("/interfaces/outbox", url.Values{"active": {"1"}}, "关闭上报")
	do("/interfaces/outbox", url.Values{}, "打开上报")
	do("/interfaces/drugs", url.Values{}, "药品目录已经取来")
	do("/interfaces/programmes", url.Values{"name": {"演示项目"}, "site": {"0"}, "payer": {"insured"}}, "演示项目")
	do("/interfaces/programmes", url.Values{"name": {""}, "site": {"0"}, "payer": {"insured"}}, "请填写项目名称")
	do("/interfaces/programmes", url.Values{"name": {"演示项目"}, "site": {"x"}, "payer": {"insured"}}, "请选择精防点")
	do("/interfaces/outbox/77/retry", url.Values{}, "已经处理好了")
	do("/interfaces/outbox/retry", url.Values{}, "没有失败的上报")
	// Facts are still written for a destination that the mapping file has no more.
	h.exec(`INSERT INTO outbox_switch (channel, active, changed_at, changed_by) VALUES ('insurance', true, now(), 1)`)
	do("/interfaces/outbox", url.Values{"channel": {"elsewhere"}}, "没有这个上报去处")
	do("/interfaces/outbox/retry", url.Values{"channel": {"insurance"}}, "insurance（映射文件里已没有）")
	do("/interfaces/outbox", url.Values{"channel": {"insurance"}}, "打开上报")
	if _, body := h.call("GET", "/interfaces", "text/html", nil); strings.Contains(body, "insurance") {
		t.Errorf("switched off, and still there: %s", body)
	}
	if status, body := h.call("GET", "/interfaces", "application/json", nil); status != 200 || !strings.Contains(body, `"waiting":0`) {
		t.Errorf("%d %s", status, body)
	}
}
