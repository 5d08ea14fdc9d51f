package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// relationsView is the page of relation files.
type relationsView struct {
	Answer relationAnswer
	Files  []relationRow
}

// relationAnswer is what is wrong with the file that was just sent.
type relationAnswer struct {
	Name     string
	Sentence string // why it was not read at all
	Problems []string
	Total    int
	More     int
}

type relationRow struct {
	URL, Name, About string
	Word, Tone       string
}

// relationView is a file that was looked through.
type relationView struct {
	URL, Name               string
	Cartons, Middles, Small int
	Odd, Known              int
	Drugs                   []relationDrug
	Problems                []string
	More                    int
	Imported                string
}

type relationDrug struct {
	Drug, About string
	Small       int
}

// lastRelations is how many files the list shows.
const lastRelations = 20

// Relations is GET /cartons: where a relation file is sent, and the last ones.
func (h *Handlers) Relations(w http.ResponseWriter, r *http.Request) error {
	if _, err := who(r, identity.Receive); err != nil {
		return err
	}
	return h.relations(w, r, relationAnswer{})
}

func (h *Handlers) relations(w http.ResponseWriter, r *http.Request, answer relationAnswer) error {
	list, err := inventory.ListRelations(r.Context(), h.db, lastRelations)
	if err != nil {
		return err
	}
	v := relationsView{Answer: answer}
	for _, f := range list {
		row := relationRow{URL: relationURL(f.ID), Name: f.Name, Word: "待导入", Tone: "caution",
			About: fmt.Sprintf("%s %s · %d 箱 %d 盒", f.At.In(zone()).Format("1月2日 15:04"), f.StaffName, f.Cartons, f.Codes)}
		if f.Imported {
			row.Word, row.Tone = "已导入", "good"
		}
		v.Files = append(v.Files, row)
	}
	return h.site.Page(w, r, "relations", v)
}

func relationURL(id int64) string { return fmt.Sprintf("/cartons/%d", id) }

// CheckRelation is POST /cartons: looks the file of the field file through.
func (h *Handlers) CheckRelation(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.Receive)
	if err != nil {
		return err
	}
	name, body, err := uploaded(r)
	if err != nil {
		return h.relationRefused(w, r, err)
	}
	check, err := h.stock.CheckRelation(r.Context(), by, name, body)
	if err != nil {
		return h.relationRefused(w, r, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, check)
	}
	if check.Problems.Total > 0 {
		return h.relationAnswer(w, r, newRelationAnswer(check))
	}
	return h.site.SeeOther(w, r, relationURL(check.FileID))
}

// uploaded reads the file of a form.
func uploaded(r *http.Request) (name string, body []byte, err error) {
	f, head, err := r.FormFile("file")
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return "", nil, db.RefuseBecause(err, db.Invalid, "文件超过 %d MB。请分成几个文件。", inventory.MaxRelationBytes>>20)
	case err != nil:
		return "", nil, db.RefuseBecause(err, db.Invalid, "没有选择文件。请选一个 XML 或 CSV 文件。")
	}
	defer f.Close()
	if body, err = io.ReadAll(f); err != nil {
		return "", nil, db.RefuseBecause(err, db.Invalid, "文件没有传完整，请再传一次。")
	}
	return head.Filename, body, nil
}

func (h *Handlers) relationRefused(w http.ResponseWriter, r *http.Request, err error) error {
	if page.WantsJSON(r) || db.KindOf(err) != db.Invalid {
		return err
	}
	return h.relationAnswer(w, r, relationAnswer{Sentence: db.Sentence(err)})
}

// relationAnswer draws what is wrong with a file beside the form.
func (h *Handlers) relationAnswer(w http.ResponseWriter, r *http.Request, v relationAnswer) error {
	if !page.IsHTMX(r) {
		return h.relations(w, r, v)
	}
	return h.site.Fragment(w, r, "relation_answer", v)
}

func newRelationAnswer(c inventory.RelationCheck) relationAnswer {
	v := relationAnswer{Name: c.Name, Total: c.Problems.Total}
	v.Problems, v.More = sentences(c.Problems)
	return v
}

// maxProblems is how many faults of a file a page names.
const maxProblems = 50

func sentences(p inventory.Problems) (list []string, more int) {
	for _, x := range p.List[:min(len(p.List), maxProblems)] {
		list = append(list, x.Sentence()+"。")
	}
	return list, p.Total - len(list)
}

func relationID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, db.Refuse(db.NotFound, "没有这个关系文件。请从箱码关系页重新进入。")
	}
	return id, nil
}

// Relation is GET /cartons/{id}: what a file would bring, or brought.
func (h *Handlers) Relation(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.Receive)
	if err != nil {
		return err
	}
	id, err := relationID(r)
	if err != nil {
		return err
	}
	check, err := h.stock.FindRelation(r.Context(), by, id)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, check)
	}
	return h.site.Page(w, r, "relation", newRelationView(check))
}

func newRelationView(c inventory.RelationCheck) relationView {
	v := relationView{URL: relationURL(c.FileID), Name: c.Name, Cartons: c.Cartons, Middles: c.Middles, Small: c.Small, Odd: c.Odd, Known: c.Known}
	v.Problems, v.More = sentences(c.Problems)
	for _, d := range c.Drugs {
		about := "批号 " + or(d.Batch, "不明")
		if d.ExpiresOn != nil {
			about += " · 有效期至 " + dayWords(d.ExpiresOn)
		}
		v.Drugs = append(v.Drugs, relationDrug{d.Drug, about, d.Small})
	}
	if c.ImportedAt != nil {
		v.Imported = c.ImportedAt.In(zone()).Format("1月2日 15:04") + " " + c.ImportedBy
	}
	return v
}

// ImportRelation is POST /cartons/{id}: imports the file, or with forget clears
// it away.
func (h *Handlers) ImportRelation(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.Receive)
	if err != nil {
		return err
	}
	in := inventory.RelationImport{Forget: r.PostFormValue("forget") != ""}
	if in.FileID, err = relationID(r); err != nil {
		return err
	}
	if in.CommandID, err = commandID(r); err != nil {
		return err
	}
	done, err := h.stock.ImportRelation(r.Context(), by, in)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, done)
	}
	if in.Forget {
		return h.site.SeeOther(w, r, "/cartons")
	}
	return h.site.SeeOther(w, r, relationURL(in.FileID))
}

// RelationExample is GET /cartons/example.xml and /cartons/example.csv: a small
// file to try the import with.
func (h *Handlers) RelationExample(w http.ResponseWriter, r *http.Request) error {
	if _, err := who(r, identity.Receive); err != nil {
		return err
	}
	text, table, err := inventory.RelationExample(r.Context(), h.db, h.db.Now())
	if err != nil {
		return err
	}
	kind, name := "application/xml", "carton-example.xml"
	if chi.URLParam(r, "form") == "csv" {
		// The mark tells spreadsheets that the words are UTF-8.
		text, kind, name = "\ufeff"+table, "text/csv; charset=utf-8", "carton-example.csv"
	}
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("send an example: %w", err)
	}
	return nil
}
