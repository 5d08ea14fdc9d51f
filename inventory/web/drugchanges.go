package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// drugChangesView is what HIS says differently of drugs, and what it brought.
type drugChangesView struct {
	Problem, Done string
	CanDecide     bool
	Open, Past    []drugChangeRow
}

type drugChangeRow struct {
	ID          int64
	Drug, About string
	Words       []string
	Word, Tone  string
}

// DrugChanges is GET /drugs/changes.
func (h *Handlers) DrugChanges(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.ViewStock)
	if err != nil {
		return err
	}
	return h.drugChanges(w, r, by, "", "")
}

func (h *Handlers) drugChanges(w http.ResponseWriter, r *http.Request, by identity.Actor, done, problem string) error {
	list, err := inventory.DrugChanges(r.Context(), h.db)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newDrugChangesJSON(list))
	}
	v := newDrugChangesView(list)
	v.CanDecide, v.Done, v.Problem = by.Can(identity.TeachPrefix, 0) == nil, done, problem
	return h.site.Page(w, r, "drug_changes", v)
}

func newDrugChangesView(list []inventory.DrugChange) drugChangesView {
	var v drugChangesView
	for _, x := range list {
		row := drugChangeRow{ID: x.ID, Drug: x.Drug, Words: x.Words, About: x.HISCode + " · " + x.LastAt.In(zone()).Format("1月2日 15:04")}
		if row.Drug == "" {
			row.Drug = x.HISCode
		}
		switch x.State {
		case "open":
			v.Open = append(v.Open, row)
			continue
		case "noted":
			row.Word, row.Tone = "已收下", "soft"
		case "accepted":
			row.Word, row.Tone = "已采纳", "good"
		case "refused":
			row.Word, row.Tone = "没有采纳", "caution"
		default:
			row.Word, row.Tone = "HIS 已改回", "soft"
		}
		if x.DecidedBy != "" {
			row.About += " · " + x.DecidedBy
		}
		if x.Reason != "" {
			row.About += " · " + x.Reason
		}
		v.Past = append(v.Past, row)
	}
	return v
}

// DecideDrug is POST /drugs/changes/{id}: takes HIS's word over, or keeps ours.
func (h *Handlers) DecideDrug(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.TeachPrefix)
	if err != nil {
		return err
	}
	in := inventory.DecidingDrug{Accept: r.PostFormValue("accept") == "1", Reason: r.PostFormValue("reason")}
	if in.ID, err = strconv.ParseInt(chi.URLParam(r, "id"), 10, 64); err != nil || in.ID <= 0 {
		return db.Refuse(db.NotFound, "没有这条变动。请从目录变动页重新进入。")
	}
	if in.CommandID, err = commandID(r); err != nil {
		return err
	}
	said, err := h.stock.DecideDrug(r.Context(), by, in)
	kind := db.KindOf(err)
	switch {
	case err != nil && (page.WantsJSON(r) || kind != db.Invalid && kind != db.Conflict):
		return err
	case err != nil:
		return h.drugChanges(w, r, by, "", db.Sentence(err))
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, map[string]string{"sentence": said})
	}
	return h.drugChanges(w, r, by, said, "")
}

// drugChangeJSON is a difference for programs.
type drugChangeJSON struct {
	ID      int64     `json:"id"`
	HISCode string    `json:"his_code"`
	Kind    string    `json:"kind"`
	State   string    `json:"state"`
	Words   []string  `json:"differences"`
	At      time.Time `json:"at"`
}

func newDrugChangesJSON(list []inventory.DrugChange) []drugChangeJSON {
	out := []drugChangeJSON{}
	for _, x := range list {
		out = append(out, drugChangeJSON{x.ID, x.HISCode, x.Kind, x.State, x.Words, x.LastAt})
	}
	return out
}

// sampleDrugChanges are for the gallery.
func sampleDrugChanges() []page.Sample {
	return []page.Sample{
		{Name: "drug_changes", Title: "目录变动", View: drugChangesView{CanDecide: true, Open: []drugChangeRow{
			{ID: 1, Drug: "利培酮片 1mg×20片（演示）", About: "DEMO001 · 11月23日 09:12", Words: []string{"规格：1mg×20片（演示） → 1mg×30片（演示）", "每盒数量：20 → 30"}}},
			Past: []drugChangeRow{{ID: 2, Drug: "舒必利片 100mg×100片（演示）", About: "DEMO013 · 11月22日 08:00", Words: []string{"新药：舒必利片 100mg×100片（演示）", "新前缀 8000013：1 级，100 个单位"}, Word: "已收下", Tone: "soft"}}}},
		{Name: "drug_changes", Title: "目录变动 空", View: drugChangesView{}},
	}
}
