package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/session/patient"
)

// personView is the view of the page "patient".
type personView struct {
	Name      string
	About     string
	Allergies string
	// Last is the last medicine and for how long it is enough, for who treats; its
	// tone says how urgent it is.
	Last, LastTone string
	State          string // why nothing can be done for this person; "" when active
	Into           string // address of the entry that a merged one goes on in
	Error          string
	Back           string
	Session        string
	LabelURL       string
	LostURL        string
	UnmaskURL      string
	Start          *startView
	Private        *privateView
	// HasHIS says that HIS' number of the person is kept, sealed like the rest.
	HasHIS bool
	// HistoryURL leads to the visits, EditURL to the form, ChangesURL to what was
	// changed, RiskURL opens the risk level, MergeURL finds a second entry.
	HistoryURL, EditURL, ChangesURL, RiskURL, MergeURL string
	Collect                                            collectView
}

// collectView is who may collect.
type collectView struct {
	Show      bool // for those at the table
	URL       string
	Rows      []collectorRow
	CanAdd    bool
	Open      bool // the form for one more
	Name      string
	Relations []string
}

type collectorRow struct{ Name, Relation, RemoveURL string }

// privateView are the sealed fields, opened.
type privateView struct {
	Paper, PaperNo, Phone, Address, HISNumber string
	Collectors                                []string
}

// Person is GET /patients/{id}.
func (h *Handlers) Person(w http.ResponseWriter, r *http.Request) error {
	by, p, err := h.find(r)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newPatientJSON(p))
	}
	return h.showPerson(w, r, by, p, func(*personView) {})
}

// showPerson shows the page with what only this answer has.
func (h *Handlers) showPerson(w http.ResponseWriter, r *http.Request, by identity.Actor, p patient.Patient, add func(*personView)) error {
	v := h.newPersonView(by, p, sessionOf(r))
	if err := h.addCollectors(r, by, p, &v); err != nil {
		return err
	}
	if err := h.addLast(r, by, p, &v); err != nil {
		return err
	}
	add(&v)
	return h.site.Page(w, r, "patient", v)
}

// addLast says what the patient got last, to those who treat: the doctor and who has
// a pharmacist's duty. Whatever entry of the person it was given under.
func (h *Handlers) addLast(r *http.Request, by identity.Actor, p patient.Patient, v *personView) error {
	if by.Can(identity.Dispense, p.HomeSiteID) != nil && by.Can(identity.DecideRequest, p.HomeSiteID) != nil {
		return nil
	}
	family, err := patient.Family(r.Context(), h.db, p.ID)
	if err != nil {
		return err
	}
	last, err := session.LastSupplyOf(r.Context(), h.db, family, uuid.Nil)
	if err != nil {
		return err
	}
	today := session.Today(h.db.Now())
	if v.Last = last.Sentence(today); v.Last == "" {
		v.Last = "还没有领过药"
	}
	v.LastTone = string(last.Tone(today))
	return nil
}

func (h *Handlers) addCollectors(r *http.Request, by identity.Actor, p patient.Patient, v *personView) error {
	if v.Collect.Show = atTheTable(by, p.HomeSiteID); !v.Collect.Show {
		return nil
	}
	list, err := patient.Collectors(r.Context(), h.db, p.ID)
	if err != nil {
		return err
	}
	v.Collect.URL, v.Collect.Relations = fmt.Sprintf("/patients/%d/collectors", p.ID), patient.Relations()
	v.Collect.CanAdd = v.EditURL != ""
	for _, c := range list {
		row := collectorRow{Name: c.Name, Relation: c.Relation}
		if v.Collect.CanAdd {
			row.RemoveURL = fmt.Sprintf("%s/%d/remove", v.Collect.URL, c.ID)
		}
		v.Collect.Rows = append(v.Collect.Rows, row)
	}
	return nil
}

// newPersonView shows of a person what this viewer may see and do.
func (h *Handlers) newPersonView(by identity.Actor, p patient.Patient, session string) personView {
	v := personView{Name: nameFor(by, p), About: about(p, h.db.Now()), Session: session,
		Back: "/patients" + query(session), Start: newStartView(by, session, p), HasHIS: p.HasHIS}
	if atTheTable(by, p.HomeSiteID) {
		v.Allergies = p.Allergies
	}
	if p.State != patient.Active {
		v.State = p.State.Label()
	} else if by.Can(identity.PrintLabel, p.HomeSiteID) == nil {
		v.LabelURL = fmt.Sprintf("/patients/%d/label", p.ID)
		v.LostURL = v.LabelURL + "/lost"
	}
	if by.Can(identity.UnmaskPatient, p.HomeSiteID) == nil {
		v.UnmaskURL = fmt.Sprintf("/patients/%d/unmask", p.ID)
	}
	addLinks(&v, by, p)
	return v
}

// addLinks leads to what this viewer may see and change of an entry.
func addLinks(v *personView, by identity.Actor, p patient.Patient) {
	url := fmt.Sprintf("/patients/%d", p.ID)
	may := func(need identity.Permission) bool { return by.Can(need, p.HomeSiteID) == nil }
	v.HistoryURL, v.ChangesURL = url+"/history", url+"/changes"
	if p.MergedInto != nil {
		v.Into = pageURL(*p.MergedInto, v.Session)
		return
	}
	if may(identity.RegisterPatient) {
		v.EditURL = url + "/edit"
	}
	if may(identity.ViewRisk) {
		v.RiskURL = url + "/risk"
	}
	if may(identity.DecideRequest) && may(identity.RegisterPatient) && may(identity.UnmaskPatient) {
		v.MergeURL = url + "/merge"
	}
}

// Unmask is POST /patients/{id}/unmask: the sealed fields, audited. It is a
// command and not an address, so that nothing opens them but a person's tap.
func (h *Handlers) Unmask(w http.ResponseWriter, r *http.Request) error {
	by, p, err := h.find(r)
	if err != nil {
		return err
	}
	private, err := h.patients.Unmask(r.Context(), by, p.ID)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, privateJSON{private.Paper, private.PaperNo, private.Phone, private.Address, private.HISNumber})
	}
	return h.showPerson(w, r, by, p, func(v *personView) {
		v.UnmaskURL = ""
		v.Private = &privateView{Paper: "证件号", PaperNo: or(private.PaperNo, "未登记"), Phone: or(private.Phone, "未登记"), Address: or(private.Address, "未登记"), HISNumber: private.HISNumber}
		if private.PaperNo != "" {
			v.Private.Paper = private.Paper.Label()
		}
		if private.Collectors != "" {
			v.Private.Collectors = strings.Split(private.Collectors, "\n")
		}
	})
}

// privateJSON are the sealed fields for a program.
type privateJSON struct {
	Paper   patient.PaperKind `json:"paper"`
	PaperNo string            `json:"paper_no"`
	Phone   string            `json:"phone"`
	Address string            `json:"address"`
	// HISNumber is missing where HIS was never asked.
	HISNumber string `json:"his_number,omitempty"`
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
