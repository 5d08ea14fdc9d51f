package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"jingfang/session/identity"
	"jingfang/session/job"
)

// An export that is stopped says so, leaves nothing to take, and makes way for the
// next one; nobody else can stop it.
func TestAStoppedExport(t *testing.T) {
	h := newHouse(t)
	h.clinicDay(h.site, "演示甲")
	by, other := h.person("演示管理甲", identity.Manager, 0), h.person("演示管理乙", identity.Manager, 0)
	id, err := h.jobs.Start(fmt.Sprintf("export-%d", by.StaffID), by.StaffID, func(ctx context.Context, _ *job.Progress) (any, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	h.must(err)
	path := "/statistics/exports/" + id.String()
	if w := h.post(&other, path+"/cancel", nil); w.Code != http.StatusNotFound {
		t.Errorf("somebody else stops it: %d", w.Code)
	}
	if w := h.post(&by, "/statistics/exports", map[string][]string{"what": {"visits"}, "form": {"csv"}}); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "还没有完成") {
		t.Errorf("a second export beside it: %d %s", w.Code, w.Body)
	}
	if w := h.get(&by, path+"/file"); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "没有文件可取") {
		t.Errorf("the file of one that runs: %d %s", w.Code, w.Body)
	}
	if w := h.post(&by, path+"/cancel", nil); w.Code != http.StatusOK {
		t.Errorf("it is not stopped: %d", w.Code)
	}
	var s struct{ State, File string }
	for s.State != string(job.Cancelled) && h.t.Context().Err() == nil {
		h.must(json.Unmarshal(h.get(&by, path).Body.Bytes(), &s))
	}
	if p := h.page(by, path); !strings.Contains(p, "已停止</span> 没有留下文件") || s.File != "" {
		t.Errorf("%+v %s", s, p)
	}
	if w := h.get(&by, path+"/file"); w.Code != http.StatusNotFound {
		t.Errorf("the file of one that was stopped: %d", w.Code)
	}
	h.must(json.Unmarshal(h.post(&by, "/statistics/exports", map[string][]string{"what": {"visits"}, "form": {"csv"}}).Body.Bytes(), &s))
}

// What has nothing in it is whole all the same, in every form; what cannot be asked
// gives a sentence and no file.
func TestFilesOfNothing(t *testing.T) {
	needFonts(t)
	h := newHouse(t)
	h.clinicDay(h.site, "演示甲")
	by := h.person("演示管理甲", identity.Manager, 0)
	for _, path := range []string{"/statistics/visits", "/statistics/use", "/statistics/stock"} {
		where := fmt.Sprintf("?by=&site=%d&from=2001-01-01&to=2001-01-31", h.other)
		if path == "/statistics/stock" {
			where = fmt.Sprintf("?by=session&site=%d&from=2001-01-01&to=2001-01-31", h.other)
		}
		if b := h.get(&by, path+".pdf"+where).Body.Bytes(); !bytes.HasPrefix(b, []byte("%PDF")) || !bytes.Contains(b[max(0, len(b)-32):], []byte("%%EOF")) {
			t.Errorf("%s.pdf of nothing: %.60q", path, b)
		}
		if b := h.get(&by, path+".csv"+where).Body.String(); !strings.HasPrefix(b, "\ufeff") || !strings.HasSuffix(b, "\r\n") {
			t.Errorf("%s.csv of nothing: %.60q", path, b)
		}
		f, err := excelize.OpenReader(bytes.NewReader(h.get(&by, path+".xlsx"+where).Body.Bytes()))
		h.must(err)
		if rows, err := f.GetRows(f.GetSheetList()[0]); err != nil || len(rows) != 3 {
			t.Errorf("%s.xlsx of nothing: %q, %v", path, rows, err)
		}
		for bad, want := range map[string]string{"?from=2026-11-02&to=2026-11-01": "早于", "?from=0001-01-01&to=2026-01-01": "太早", "?site=99999": "没有这个精防点", "?from=2026-02-30": "无法识别", "?to=99999-01-01": "无法识别"} {
			for _, form := range []string{".pdf", ".xlsx", ".csv"} {
				if w := h.get(&by, path+form+bad); w.Code/100 != 4 || !strings.Contains(w.Body.String(), want) {
					t.Errorf("GET %s: %d %.100s", path+form+bad, w.Code, w.Body)
				}
			}
		}
	}
	if h.audited("report.statistic") != 9 {
		t.Errorf("%d files left, %d are written down", 9, h.audited("report.statistic"))
	}
}
