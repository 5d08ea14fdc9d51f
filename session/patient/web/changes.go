package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// changesView is the view of the page "patient_changes".
type changesView struct {
	Name, About string
	Back        string
	OpenURL     string // opens the values, for who may
	Opened      bool
	Rows        []changeRow
}

type changeRow struct{ Field, At, Who, Source, Before, After string }

// Changes is GET /patients/{id}/changes: what was changed, by whom and when.
func (h *Handlers) Changes(w http.ResponseWriter, r *http.Request) error {
	by, p, err := h.find(r)
	if err != nil {
		return err
	}
	list, err := h.patients.Changes(r.Context(), by, p)
	if err != nil {
		return err
	}
	return h.showChanges(w, r, by, p, list, false)
}

// OpenChanges is POST /patients/{id}/changes: the same with the values, audited.
func (h *Handlers) OpenChanges(w http.ResponseWriter, r *http.Request) error {
	by, p, err := h.find(r)
	if err != nil {
		return err
	}
	list, err := h.patients.OpenChanges(r.Context(), by, p)
	if err != nil {
		return err
	}
	return h.showChanges(w, r, by, p, list, true)
}

func (h *Handlers) showChanges(w http.ResponseWriter, r *http.Request, by identity.Actor, p patient.Patient, list []patient.Change, opened bool) error {
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newChangesJSON(list))
	}
	v := changesView{Name: nameFor(by, p), About: about(p, h.db.Now()), Back: pageURL(p.ID, ""), Opened: opened}
	if !opened && by.Can(identity.UnmaskPatient, p.HomeSiteID) == nil {
		v.OpenURL = fmt.Sprintf("/patients/%d/changes", p.ID)
	}
	sites, err := siteNames(r.Context(), h.db, list)
	if err != nil {
		return err
	}
	for _, c := range list {
		row := changeRow{Field: c.Field.Label(), At: c.At.In(shanghai()).Format("2006-01-02 15:04"), Who: c.Who, Source: sourceWord(c.Source)}
		if opened {
			row.Before, row.After = or(valueWord(c.Field, c.Before, sites), "空"), or(valueWord(c.Field, c.After, sites), "空")
		}
		v.Rows = append(v.Rows, row)
	}
	return h.site.Page(w, r, "patient_changes", v)
}

func shanghai() *time.Location { return time.FixedZone("Asia/Shanghai", 8*60*60) }

func sourceWord(source string) string {
	switch source {
	case "import":
		return "导入"
	case "merge":
		return "合并"
	}
	return ""
}

// siteNames are the names of the sites that some changes mention.
func siteNames(ctx context.Context, r db.Reader, list []patient.Change) (map[string]string, error) {
	names, ids := map[string]string{}, []int64{}
	for _, c := range list {
		for _, text := range []string{c.Before, c.After} {
			if id, err := strconv.ParseInt(text, 10, 64); err == nil && c.Field == patient.FieldSite {
				ids = append(ids, id)
			}
		}
	}
	if len(ids) == 0 {
		return names, nil
	}
	sites, err := identity.FindSites(ctx, r, identity.SiteFilter{IDs: ids})
	for _, s := range sites {
		names[strconv.FormatInt(s.ID, 10)] = s.Name
	}
	return names, err
}

// valueWord reads a stored value as people do.
func valueWord(f patient.Field, value string, sites map[string]string) string {
	switch f {
	case patient.FieldSex:
		return patient.Patient{Sex: value}.SexWord()
	case patient.FieldPaperKind:
		return patient.PaperKind(value).Label()
	case patient.FieldState:
		return patient.State(value).Label()
	case patient.FieldSite:
		return or(sites[value], value)
	case patient.FieldRisk:
		if value != "" {
			return value + " 级"
		}
	}
	return value
}

// changeJSON is a change for a program; values only where they were opened.
type changeJSON struct {
	Field  patient.Field `json:"field"`
	At     time.Time     `json:"at"`
	Who    string        `json:"who"`
	Source string        `json:"source"`
	Before string        `json:"before,omitempty"`
	After  string        `json:"after,omitempty"`
}

// newChangesJSON leaves the risk level out: it is in no program's answer.
func newChangesJSON(list []patient.Change) []changeJSON {
	out := []changeJSON{}
	for _, c := range list {
		if c.Field != patient.FieldRisk {
			out = append(out, changeJSON{c.Field, c.At, c.Who, c.Source, c.Before, c.After})
		}
	}
	return out
}
