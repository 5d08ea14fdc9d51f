package web

import (
	"fmt"
	"net/http"
	"strconv"

	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// riskView is the view of the page "patient_risk".
type riskView struct {
	Name, About string
	Back, URL   string
	Version     string
	Error       string
	Now         string // the level in words
	Levels      []riskLevel
}

type riskLevel struct {
	Value, Word, Means string
	Chosen             bool
}

// riskMeans says what a level stands for (严重精神障碍管理治疗工作规范, 2018).
func riskMeans() []string {
	return []string{"没有以下各级的行为", "口头威胁、喊叫，没有打砸", "打砸只在家里、只对财物，能被劝止", "打砸不分场合、只对财物，不能被劝止",
		"持续打砸，对财物或人，不能被劝止；含自伤自杀", "持械暴力，或纵火爆炸等"}
}

// Risk is POST /patients/{id}/risk: the risk level, opened by a person's tap and
// audited. It is in no other page and no program's answer.
func (h *Handlers) Risk(w http.ResponseWriter, r *http.Request) error {
	by, p, err := h.findFor(r, identity.ViewRisk)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return db.Refuse(db.Invalid, "危险性等级只在页面上由医生查看，不提供给程序。")
	}
	return h.showRisk(w, r, by, p, "")
}

func (h *Handlers) showRisk(w http.ResponseWriter, r *http.Request, by identity.Actor, p patient.Patient, problem string) error {
	level, err := h.patients.OpenRisk(r.Context(), by, p)
	if err != nil {
		return err
	}
	url := fmt.Sprintf("/patients/%d", p.ID)
	v := riskView{Name: nameFor(by, p), About: about(p, h.db.Now()), Back: url, URL: url + "/risk/set", Version: strconv.Itoa(p.Version), Error: problem, Now: level.Label()}
	for i, means := range riskMeans() {
		v.Levels = append(v.Levels, riskLevel{strconv.Itoa(i), patient.Risk(i).Label(), means, int(level) == i})
	}
	return h.site.Page(w, r, "patient_risk", v)
}

// SetRisk is POST /patients/{id}/risk/set.
func (h *Handlers) SetRisk(w http.ResponseWriter, r *http.Request) error {
	by, p, err := h.findFor(r, identity.ViewRisk)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return db.Refuse(db.Invalid, "危险性等级只在页面上由医生评定，不提供给程序。")
	}
	in := patient.Assessment{PatientID: p.ID, Level: patient.RiskUnknown}
	if n, err := strconv.Atoi(r.PostFormValue("level")); err == nil {
		in.Level = patient.Risk(n)
	}
	if in.Version, err = formVersion(r); err == nil {
		in.CommandID, err = formCommand(r)
	}
	if err == nil {
		err = h.patients.SetRisk(r.Context(), by, in)
	}
	problem, err := complaint(r, err)
	if err != nil {
		return err
	}
	if problem != "" {
		return h.showRisk(w, r, by, p, problem)
	}
	return h.site.SeeOther(w, r, fmt.Sprintf("/patients/%d", p.ID))
}
