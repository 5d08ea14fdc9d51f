package web

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"jingfang/session/job"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// importView is the form for a file.
type importView struct {
	MaxMB int
	Error string
}

// exportView asks what a list of patients is for.
type exportView struct{ Sites []choiceView }

// shownRows is how many rows of one fate a page lists.
const shownRows = 200

// draftView is the dry run of a file.
type draftView struct {
	URL     string
	Notes   []string
	Problem string
	Sheets  []choiceView // nil for a file with one
	Sites   []choiceView
	Columns []columnView
	Tiles   []tileView
	Fate    string // of the rows that are listed
	Word    string
	Rows    []draftRow
	More    string // "只列出前 200 行", or ""
	Asks    bool   // the listed rows want a decision
	Errors  bool   // there is a file of errors
	Ready   string // how many rows will be written, "" for none
	Done    *doneView
	Work    importWork
}

type columnView struct {
	Name, Head, Letter string // the select's name, the heading, the column's letter
	Example            string
	Fields             []choiceView
}

type tileView struct {
	Word, Count, URL, Tone string
	Open                   bool
}

type draftRow struct {
	No, Name, Text string
	Like           string // whom it resembles
	Choose         string // the name of the row's choice, "" for none
	Same, New      bool
}

type doneView struct{ Created, Updated, Unchanged, LeftOut string }

// importWork is an import under way, or how one ended that was not done.
type importWork struct {
	Running     bool
	URL         string
	CancelURL   string
	Percent     int
	Done, Total int64
	Sentence    string
}

func newDraftView(d patient.Draft, fate patient.Fate, sites []choiceView) draftView {
	v := draftView{URL: importURL(d.ID), Notes: d.Grid.Notes, Problem: d.Problem, Sites: sites}
	if d.Done != nil {
		v.Done = &doneView{fmt.Sprint(d.Done.Created), fmt.Sprint(d.Done.Updated), fmt.Sprint(d.Done.Unchanged), fmt.Sprint(d.Done.LeftOut)}
		return v
	}
	for _, s := range d.Grid.Sheets {
		if len(d.Grid.Sheets) > 1 {
			v.Sheets = append(v.Sheets, choiceView{s, s, s == d.Grid.Sheet})
		}
	}
	v.addColumns(d)
	v.addTiles(d, fate)
	if n := d.Count(patient.FateNew) + d.Count(patient.FateUpdate); n > 0 {
		v.Ready = fmt.Sprint(n)
	}
	v.Errors = d.Count(patient.FateError) > 0
	return v
}

// addColumns shows each column with its heading and the first value below it.
func (v *draftView) addColumns(d patient.Draft) {
	for i, f := range d.Columns {
		c := columnView{Name: fmt.Sprintf("column-%d", i), Head: d.Head.Cell(i), Letter: patient.ColumnName(i)}
		for _, row := range d.Grid.Rows {
			if row.No > d.Head.No && row.Cell(i) != "" {
				c.Example = hideExample(f, row.Cell(i))
				break
			}
		}
		c.Fields = append(c.Fields, choiceView{"", patient.FieldNone.Label(), f == patient.FieldNone})
		for _, one := range patient.Fields() {
			c.Fields = append(c.Fields, choiceView{string(one), one.Label(), one == f})
		}
		v.Columns = append(v.Columns, c)
	}
}

// hideExample keeps what identifies somebody off the screen: others look on.
func hideExample(f patient.Field, text string) string {
	switch r := []rune(text); f {
	case patient.FieldName:
		return patient.MaskName(text)
	case patient.FieldPaperNo, patient.FieldPhone, patient.FieldAddress:
		return string(r[:min(3, len(r))]) + "…"
	default:
		return string(r[:min(12, len(r))])
	}
}

// addTiles counts the fates and lists the rows of one: the wanted, or the first
// that needs a person.
func (v *draftView) addTiles(d patient.Draft, fate patient.Fate) {
	fate = knownFate(fate)
	for _, f := range patient.Fates() {
		n := d.Count(f)
		if n == 0 {
			continue
		}
		if fate == "" {
			fate = f
		}
		v.Tiles = append(v.Tiles, tileView{Word: f.Word(), Count: fmt.Sprint(n), URL: v.URL + "?fate=" + string(f), Tone: fateTone(f), Open: f == fate})
	}
	v.Fate, v.Word = string(fate), fate.Word()
	v.Asks = fate == patient.FateAsk
	for _, r := range d.Rows {
		if r.Fate != fate {
			continue
		}
		if len(v.Rows) == shownRows {
			v.More = fmt.Sprintf("只列出前 %d 行。", shownRows)
			break
		}
		v.Rows = append(v.Rows, newDraftRow(r))
	}
}

func knownFate(f patient.Fate) patient.Fate {
	if slices.Contains(patient.Fates(), f) {
		return f
	}
	return ""
}

func fateTone(f patient.Fate) string {
	switch f {
	case patient.FateError:
		return "bad"
	case patient.FateAsk, patient.FateTwice:
		return "caution"
	case patient.FateNew, patient.FateUpdate:
		return "good"
	}
	return "soft"
}

func newDraftRow(r patient.PlannedRow) draftRow {
	row := draftRow{No: fmt.Sprint(r.No), Name: patient.MaskName(r.Name), Text: r.Detail}
	var words []string
	for _, e := range r.Wrong {
		words = append(words, e.Cell+"："+e.Text)
	}
	if len(words) > 0 {
		row.Text = strings.Join(words, " ")
	}
	if r.Like != nil {
		row.Like = r.Like.Number + " · " + r.Like.Masked() + " · " + r.Like.HomeSite
		if r.Like.BirthOn != nil {
			row.Like += " · " + r.Like.BirthOn.Format("2006-01-02")
		}
	}
	if r.Fate == patient.FateAsk {
		row.Choose = "row-" + row.No
	}
	return row
}

func newImportWork(id uuid.UUID, s job.Status) importWork {
	v := importWork{Running: s.State == job.Running, URL: importURL(id) + "/progress", CancelURL: importURL(id) + "/cancel",
		Percent: s.Percent(), Done: s.Done, Total: s.Total}
	switch s.State {
	case job.Cancelled:
		v.Sentence = "已停止，什么都没有导入。"
	case job.Failed:
		v.Sentence = "没有导入，什么都没有改变。请再试一次；仍不行请告诉管理员。"
		if db.KindOf(s.Err) != "" {
			v.Sentence = db.Sentence(s.Err)
		}
	}
	return v
}

// sendSheet sends a spreadsheet once it is whole.
func sendSheet(w http.ResponseWriter, name string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	head := w.Header()
	head.Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	head.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	head.Set("Cache-Control", "no-store")
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("send the spreadsheet: %w", err)
	}
	return nil
}

// draftJSON is a dry run for programs.
type draftJSON struct {
	ID      uuid.UUID             `json:"id"`
	Problem string                `json:"problem,omitempty"`
	Notes   []string              `json:"notes"`
	Counts  map[string]int        `json:"counts"`
	Errors  []rowErrorJSON        `json:"errors"`
	Done    *patient.ImportResult `json:"done,omitempty"`
}

type rowErrorJSON struct {
	Row  int    `json:"row"`
	Cell string `json:"cell"`
	Text string `json:"text"`
}

func newDraftJSON(d patient.Draft) draftJSON {
	v := draftJSON{ID: d.ID, Problem: d.Problem, Notes: d.Grid.Notes, Counts: map[string]int{}, Errors: []rowErrorJSON{}, Done: d.Done}
	for _, r := range d.Rows {
		v.Counts[string(r.Fate)]++
		for _, e := range r.Wrong {
			v.Errors = append(v.Errors, rowErrorJSON{r.No, e.Cell, e.Text})
		}
	}
	return v
}

// importJSON is an import under way, for programs.
type importJSON struct {
	State   job.State `json:"state"`
	Percent int       `json:"percent"`
	Result  any       `json:"result,omitempty"`
	Problem string    `json:"problem,omitempty"`
}

func newImportJSON(s job.Status) importJSON {
	return importJSON{State: s.State, Percent: s.Percent(), Result: s.Result, Problem: newImportWork(uuid.Nil, s).Sentence}
}

func importSamples() []page.Sample {
	fields := []choiceView{{"", "不导入", false}, {"name", "姓名", true}}
	v := draftView{URL: "#", Notes: []string{"文件里有 2 个工作表，读的是“名册”。"}, Sheets: []choiceView{{"名册", "名册", true}, {"说明", "说明", false}},
		Sites:   []choiceView{{"1", "金平 · 演示新华", true}},
		Columns: []columnView{{"column-0", "患者姓名", "A", "演**", fields}, {"column-1", "备注", "B", "", fields}},
		Tiles: []tileView{{"有错误", "12", "#", "bad", true}, {"待判断", "3", "#", "caution", false}, {"新建", "310", "#", "good", false},
			{"没有变化", "25", "#", "soft", false}},
		Fate: "error", Word: "有错误", Errors: true, Ready: "310",
		Rows: []draftRow{{No: "9", Name: "演**", Text: "D9：身份证号的校验位不对，多半是输错了一位，请核对。"}}}
	ask := v
	ask.Fate, ask.Word, ask.Asks = "ask", "待判断", true
	ask.Rows = []draftRow{{No: "14", Name: "演**", Text: "与已登记的同名患者相像，请判断是不是同一人。", Like: "000012 · 演** · 演示新华", Choose: "row-14"}}
	work := v
	work.Work = importWork{Running: true, URL: "#", CancelURL: "#", Percent: 42, Done: 130, Total: 310}
	return []page.Sample{
		{Name: "import", Title: "导入患者", View: importView{MaxMB: 16}},
		{Name: "import", Title: "不是表格", View: importView{MaxMB: 16, Error: "这不是表格文件。请选择 .xlsx 或 .csv 文件。"}},
		{Name: "export", Title: "导出患者", View: exportView{Sites: v.Sites}},
		{Name: "import_draft", Title: "试运行", View: v}, {Name: "import_draft", Title: "谁是谁", View: ask},
		{Name: "import_draft", Title: "没有认出姓名", View: draftView{URL: "#", Problem: "没有认出“姓名”列。请在下面选择每一列是什么。", Columns: v.Columns, Sites: v.Sites}},
		{Name: "import_draft", Title: "正在导入", View: work}, {Name: "import_work", Title: "进度", View: work.Work},
		{Name: "import_work", Title: "停止了", View: importWork{Sentence: "已停止，什么都没有导入。"}},
		{Name: "import_draft", Title: "导入完成", View: draftView{URL: "#", Done: &doneView{"310", "4", "25", "15"}}},
	}
}
