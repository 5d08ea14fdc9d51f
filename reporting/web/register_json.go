package web

import (
	"time"

	"jingfang/inventory"
	"jingfang/reporting"
)

// registerJSON is the register of a drug for programs; names as the viewer may
// read them.
type registerJSON struct {
	DrugID  int64              `json:"drug_id"`
	Drug    string             `json:"drug"`
	Class   string             `json:"class"`
	Opening amountJSON         `json:"opening"`
	Closing amountJSON         `json:"closing"`
	Problem string             `json:"problem,omitempty"`
	Lines   []registerLineJSON `json:"lines"`
}

type registerLineJSON struct {
	At         time.Time  `json:"at"`
	Kind       string     `json:"kind"`
	Voucher    string     `json:"voucher"`
	From       string     `json:"from"`
	To         string     `json:"to"`
	Patient    string     `json:"patient,omitempty"`
	PatientNo  string     `json:"patient_no,omitempty"`
	Batch      string     `json:"batch,omitempty"`
	In         amountJSON `json:"in"`
	Out        amountJSON `json:"out"`
	Balance    amountJSON `json:"balance"`
	First      string     `json:"by"`
	Second     string     `json:"checked_by,omitempty"`
	Days       int        `json:"days,omitempty"`
	Over       bool       `json:"over_limit,omitempty"`
	OverReason string     `json:"over_reason,omitempty"`
	KeepUntil  string     `json:"keep_until,omitempty"`
}

func newRegisterJSON(x reporting.Register) registerJSON {
	out := registerJSON{DrugID: x.Drug.ID, Drug: x.Drug.Name(), Class: string(x.Drug.Class), Opening: newAmountJSON(x.Opening), Closing: newAmountJSON(x.Closing()),
		Lines: []registerLineJSON{}}
	if !x.Right() {
		out.Problem = x.Problem()
	}
	for _, l := range x.Lines {
		line := registerLineJSON{At: l.At, Kind: string(l.Kind), Voucher: l.Voucher, From: l.From, To: l.To, Patient: l.Patient, PatientNo: l.PatientNo,
			Batch: l.Batch, In: newAmountJSON(l.In), Out: newAmountJSON(l.Out), Balance: newAmountJSON(l.Balance), First: l.First, Second: l.Second,
			Days: l.Days, Over: l.Over, OverReason: l.OverReason}
		if l.KeepUntil != nil {
			line.KeepUntil = l.KeepUntil.Format(time.DateOnly)
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}

// registeredJSON is a drug that has a register, for programs.
type registeredJSON struct {
	DrugID int64  `json:"drug_id"`
	Drug   string `json:"drug"`
	Class  string `json:"class"`
}

func newRegistersJSON(drugs []inventory.Drug) []registeredJSON {
	out := []registeredJSON{}
	for _, d := range drugs {
		out = append(out, registeredJSON{d.ID, d.Name(), string(d.Class)})
	}
	return out
}
