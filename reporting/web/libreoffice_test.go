package web_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/static/browsertest"
)

// said is what a page says to a program.
type said struct {
	Sections []struct {
		Title string
		Rows  [][]string
		Total []string
	}
}

func (h *house) says(by identity.Actor, path string) (s said) {
	h.t.Helper()
	h.must(json.Unmarshal(h.get(&by, path).Body.Bytes(), &s))
	return s
}

// exported is the file of an export of its own.
func (h *house) exported(by identity.Actor, what string) []byte {
	h.t.Helper()
	var job struct{ Job, File, State string }
	h.must(json.Unmarshal(h.post(&by, "/statistics/exports", url.Values{"what": {what}, "form": {"xlsx"}}).Body.Bytes(), &job))
	for path := "/statistics/exports/" + job.Job; job.State != "done"; {
		if h.t.Context().Err() != nil || job.State == "failed" {
			h.t.Fatalf("the export of %s: %+v", what, job)
		}
		h.must(json.Unmarshal(h.get(&by, path).Body.Bytes(), &job))
	}
	return h.get(&by, job.File).Body.Bytes()
}

// opened has LibreOffice open spreadsheets, as a person would, and gives the cells of
// every sheet as they are shown, by file and in order.
func opened(t *testing.T, files map[string][]byte) map[string][][][]string {
	t.Helper()
	dir := t.TempDir()
	out := filepath.Join(dir, "saved")
	args := []string{"-env:UserInstallation=file://" + dir + "/profile", "--headless", "--norestore",
		// comma, quote, UTF-8, as shown, every sheet by itself
		"--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1", "--outdir", out}
	for name, data := range files {
		path := filepath.Join(dir, name+".xlsx")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	limit, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	if text, err := exec.CommandContext(limit, "soffice", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	got := map[string][][][]string{}
	for name := range files {
		paths, err := filepath.Glob(filepath.Join(out, name+"-*.csv"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d sheets, %v", name, len(paths), err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			r := csv.NewReader(bytes.NewReader(data))
			r.FieldsPerRecord = -1
			rows, err := r.ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			got[name] = append(got[name], rows)
		}
	}
	return got
}

// filled are the cells of a row without the empty ones at its end.
func filled(row []string) []string {
	for len(row) > 0 && row[len(row)-1] == "" {
		row = row[:len(row)-1]
	}
	return row
}

// Screen, PDF and spreadsheet say the same, the spreadsheet as LibreOffice shows it;
// a patient who is called like a formula stays a text.
func TestLibreOfficeShowsWhatThePageSays(t *testing.T) {
	needFonts(t)
	browsertest.Need(t, "soffice", "pdftotext")
	h := newHouse(t)
	h.clinicDay(h.site, "=1+1")
	h.clinicDay(h.site, "@SUM(1)")
	h.clinicDay(h.other, "演示乙")
	h.stocked("精二", "80000010000000000001", "80000010000000000002")
	by := h.person("演示管理甲", identity.Manager, 0)
	month := "month " + session.Today(h.db.App.Now()).Format("2006-01") + "-01"
	kept := fmt.Sprintf("/statistics/reports/%d", h.made(by, month, 0))
	pages := map[string]string{"visits": "/statistics/visits?by=", "day": "/statistics/visits?by=day", "use": "/statistics/use?by=", "both": "/statistics/use?by=both", "stock": "/statistics/stock?by=all",
		"batch": "/statistics/stock?by=all&batch=1", "kept": kept}
	lists := map[string]string{"rows-visits": "/statistics/visits/rows?by=", "rows-given": "/statistics/use/rows?by=", "rows-people": "/statistics/use/people?by="}
	file := func(path, form string) []byte {
		t.Helper()
		at, query, _ := strings.Cut(path, "?")
		if path == kept {
			at += "/file"
		}
		w := h.get(&by, at+"."+form+"?"+query)
		if w.Code != 200 {
			t.Fatalf("GET %s as %s: %d %s", path, form, w.Code, w.Body)
		}
		return w.Body.Bytes()
	}
	files := map[string][]byte{}
	for name, path := range pages {
		files[name] = file(path, "xlsx")
	}
	for name := range lists {
		files[name] = h.exported(by, strings.TrimPrefix(name, "rows-"))
	}
	shown := opened(t, files)
	for name, path := range pages {
		paper := exec.CommandContext(t.Context(), "pdftotext", "-raw", "-", "-") // cells in the order they were drawn
		paper.Stdin = bytes.NewReader(file(path, "pdf"))
		text, err := paper.Output()
		h.must(err)
		printed := strings.Join(strings.Fields(string(text)), "")
		page := h.says(by, path)
		if len(page.Sections) == 0 || len(page.Sections) != len(shown[name]) {
			t.Errorf("%s: %d tables, %d sheets", name, len(page.Sections), len(shown[name]))
		}
		for _, s := range page.Sections {
			rows := slices.Clone(s.Rows)
			if s.Total != nil {
				rows = append(rows, s.Total)
			}
			if !slices.ContainsFunc(shown[name], func(sheet [][]string) bool { return sameRows(sheet[3:], rows) }) {
				t.Errorf("%s %s: the page says %q; LibreOffice shows %q", name, s.Title, rows, shown[name])
			}
			for _, row := range rows {
				if all := strings.Join(strings.Fields(strings.Join(row, "")), ""); !strings.Contains(printed, all) {
					t.Errorf("%s %s: the paper lacks %q", name, s.Title, row)
				}
			}
		}
	}
	for name, path := range lists {
		if rows := h.says(by, path).Sections[0].Rows; len(rows) != 3 || !sameRows(shown[name][0][3:], rows) {
			t.Errorf("%s: the page says %q; LibreOffice shows %q", name, rows, shown[name])
		}
	}
	all := fmt.Sprint(shown)
	if strings.Contains(all, "#NAME?") || strings.Contains(all, "Err:") {
		t.Errorf("a text became a formula: %s", all)
	}
}

// sameRows compares what a sheet shows with what a page says: a text that looks like
// a formula has an apostrophe before it in the sheet.
func sameRows(sheet, page [][]string) bool {
	return slices.EqualFunc(sheet, page, func(a, b []string) bool {
		return slices.EqualFunc(filled(a), filled(b), func(a, b string) bool { return strings.TrimPrefix(a, "'") == b })
	})
}
