package web

import (
	"time"

	"jingfang/session"
	"jingfang/session/identity"
)

// traceJSON is the life of a pack for programs.
type traceJSON struct {
	Code     string          `json:"code"`
	Drug     string          `json:"drug"`
	State    string          `json:"state"`
	Batch    string          `json:"batch"`
	Expires  string          `json:"expires,omitempty"`
	Units    int64           `json:"units"`
	Left     int64           `json:"units_left"`
	Verified int             `json:"records_verified"`
	Problem  string          `json:"problem,omitempty"`
	Notes    []traceNoteJSON `json:"notes"`
	Steps    []traceStepJSON `json:"steps"`
}

// traceStepJSON is one movement; what the viewer may not see is missing.
type traceStepJSON struct {
	Kind      string    `json:"kind"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	Quantity  int64     `json:"quantity"`
	At        time.Time `json:"at"`
	Who       string    `json:"who,omitempty"`
	How       string    `json:"how"`
	Reason    string    `json:"reason,omitempty"`
	Alarm     string    `json:"alarm,omitempty"`
	Receipt   string    `json:"receipt,omitempty"`
	Session   int64     `json:"session,omitempty"`
	Site      string    `json:"site,omitempty"`
	Date      string    `json:"date,omitempty"`
	Number    int       `json:"number,omitempty"`
	Patient   string    `json:"patient,omitempty"`
	PatientNo string    `json:"patient_no,omitempty"`
	Doctor    string    `json:"doctor,omitempty"`
	Record    int64     `json:"record,omitempty"`
	Chain     string    `json:"chain,omitempty"`
	// Paper is the number of the paper over a loss, a destruction or a sending
	// back, with the two who signed it; GivenOn and GivenNumber are the visit that
	// gave what a patient brought back.
	Paper       string `json:"paper,omitempty"`
	Proposer    string `json:"proposed_by,omitempty"`
	Decider     string `json:"confirmed_by,omitempty"`
	GivenOn     string `json:"given_on,omitempty"`
	GivenNumber int    `json:"given_number,omitempty"`
}

// traceNoteJSON is what a pack lies in now, a count that has it open, a recall, a
// return or a paper. Text is the carton's code, the tote's name, the patient's number
// of a bag, the place of a count, a class, a form or a paper's number, by the kind.
type traceNoteJSON struct {
	Kind  string     `json:"kind"`
	ID    int64      `json:"id"`
	Text  string     `json:"text,omitempty"`
	Label string     `json:"label,omitempty"` // of a tote or a bag
	State string     `json:"state,omitempty"`
	At    *time.Time `json:"at,omitempty"`
	Who   string     `json:"who,omitempty"`
	Units int64      `json:"units,omitempty"`
	URL   string     `json:"url,omitempty"` // for who may open it
}

func newTraceJSON(t session.Trace, by identity.Actor) traceJSON {
	p := t.Pack
	out := traceJSON{Code: p.Code, Drug: p.DrugName(), State: string(p.State), Batch: p.Batch, Expires: dayOf(p.ExpiresOn),
		Units: p.UnitsTotal, Left: p.UnitsLeft, Verified: t.Chains.Records, Problem: t.Chains.Problem, Notes: []traceNoteJSON{}, Steps: []traceStepJSON{}}
	for _, n := range t.Notes {
		out.Notes = append(out.Notes, traceNoteJSON{string(n.Kind), n.ID, n.Text, n.Label, n.State, n.At, n.Who, n.Units, newNoteView(n, p, by).URL})
	}
	for _, x := range t.Steps {
		s := traceStepJSON{Kind: string(x.Kind), From: string(x.From), To: string(x.To), Quantity: x.Quantity, At: x.At, Who: x.Who,
			How: string(x.How), Reason: x.Reason, Alarm: x.Alarm, Receipt: x.Receipt, Site: x.Site, Date: dayOf(x.HeldOn),
			Number: x.Number, Patient: x.Patient, PatientNo: x.PatientNo, Doctor: x.Doctor}
		if x.SessionID != nil {
			s.Session = *x.SessionID
		}
		if x.Record != nil {
			s.Record, s.Chain = x.Record.Seq, x.Record.Chain
		}
		s.Paper, s.Proposer, s.Decider = x.Paper, x.Proposer, x.Decider
		if x.Given != nil {
			s.GivenOn, s.GivenNumber = dayOf(x.Given.HeldOn), x.Given.Number
		}
		out.Steps = append(out.Steps, s)
	}
	return out
}
