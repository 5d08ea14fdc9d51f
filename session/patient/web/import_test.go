package web_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/xuri/excelize/v2"

	"jingfang/session/identity"
	"jingfang/session/patient"
)

// upload sends a file as a browser's form does.
func (h *house) upload(data string) answer {
	h.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("file", "list.csv")
	check(h.t, err)
	_, err = part.Write([]byte(data))
	check(h.t, err)
	check(h.t, form.Close())
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, h.url+"/patients/import", &b)
	check(h.t, err)
	r.Header.Set("Content-Type", form.FormDataContentType())
	resp, err := http.DefaultTransport.RoundTrip(r)
	check(h.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	check(h.t, err)
	return answer{h.t, resp.StatusCode, string(body), resp.Header.Get("Location"), resp.Header}
}

func TestImportPages(t *testing.T) {
	h := newHouse(t)
	h.get("/patients/import").want(200, "上传并试算", "template.xlsx")
	h.upload("\x89PNG\r\n\x1a\n\x00\x00").want(200, "不是表格")
	text := "姓名,性别,身份证号,社区\n演示甲,男,999900197001010015,新华社区\n演示乙,男,999900198502290013,新华社区\n=1+1,男,,新华社区\n演示丁,,,新华社区\n"
	draft := h.upload(text)
	if draft.status != 303 || !strings.HasPrefix(draft.location, "/patients/import/") {
		t.Fatalf("%d %s", draft.status, draft.location)
	}
	page := h.get(draft.location).want(200, "有错误", "第 7 至 14 位", "!999900198502290013", "!演示乙", "C3：")
	if n := page.doc().Find(".tile").Length(); n != 2 {
		t.Errorf("%d tiles", n)
	}
	h.get(draft.location+"?fate=new").want(200, "第 <span class=\"num\">2</span> 行")
	sheet := h.get(draft.location + "/errors.xlsx")
	if sheet.status != 200 || !strings.HasPrefix(sheet.body, "PK") {
		t.Errorf("errors: %d", sheet.status)
	}
	run := h.post(draft.location+"/run", "command_id", uuid.NewString())
	if run.status != 303 {
		t.Fatalf("%d %s", run.status, run.body)
	}
	h.until(func() bool { return strings.Contains(h.get(draft.location).body, "没有导入") })
	if n := h.count(`SELECT count(*) FROM patient`); n != 2 {
		t.Errorf("%d patients", n)
	}
	if strings.Contains(h.log.text(), "演示甲") || strings.Contains(h.log.text(), "999900") {
		t.Error("the log names somebody of the file")
	}
	h.role(identity.Doctor, h.here)
	h.get(draft.location).want(404, "重新上传")
	h.get(draft.location + "/progress").want(404)
}

// until waits for a condition.
func (h *house) until(fn func() bool) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !fn() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			h.t.Fatal("it did not come to that")
		}
	}
}

func TestImportChoices(t *testing.T) {
	h := newHouse(t)
	h.add(h.here, "演示甲")
	draft := h.upload("谁,电话,备注\n演示甲,000-0000-0009,x\n").location
	h.get(draft).want(200, "没有认出")
	h.post(draft, "columns", "1", "column-0", "name", "column-1", "phone", "column-2", "phone", "site", "0").want(303)
	h.get(draft).want(200, "只留一列")
	h.post(draft, "columns", "1", "column-0", "name", "column-1", "phone", "site", "0").want(303)
	h.get(draft).want(200, "待判断", "name=\"row-2\"")
	h.post(draft, "fate", "ask", "row-2", "same").want(303)
	h.get(draft).want(200, "更新", "改 电话", "!待判断")
}

func TestExport(t *testing.T) {
	h := newHouse(t)
	h.add(h.here, "演示甲")
	_, _, err := h.patients.Register(t.Context(), identity.System("test"), patient.Entry{Name: "演示乙", HomeSiteID: h.there})
	check(t, err)
	h.get("/patients/export").want(200, "新华社区", "!广兴社区")
	h.post("/patients/export", "site", "0", "reason", " ").want(400, "用途")
	r := h.post("/patients/export", "site", "0", "reason", "年度核对")
	if r.status != 200 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	f, err := excelize.OpenReader(strings.NewReader(r.body))
	check(t, err)
	rows, err := f.GetRows("患者")
	check(t, err)
	if len(rows) != 3 || !strings.Contains(rows[0][0], "年度核对") || rows[1][5] != "证件号" || rows[2][5] != card || rows[2][6] != phone {
		t.Errorf("rows %q", rows)
	}
	if n := h.count(`SELECT count(*) FROM audit WHERE event = 'patient.export' AND outcome = 'ok' AND detail LIKE '%patients=1 reason=年度核对%'`); n != 1 {
		t.Errorf("%d events in the audit", n)
	}
	h.post("/patients/export", "site", fmt.Sprint(h.there), "reason", "年度核对").want(403)
	h.role(identity.Assistant, h.here)
	h.post("/patients/export", "site", "0", "reason", "年度核对").want(403)
}
