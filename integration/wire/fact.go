package wire

import (
	"encoding/json"
	"time"
)

// Fact is a dispensing fact in the shape of 3505 (kind sale) and 3506 (kind
// reversal); the names are those of that interface where it has one.
type Fact struct {
	// Fact is our number of it: the same fact told twice is one fact.
	Fact string `json:"fact"`
	Kind string `json:"kind"` // sale, reversal
	// Reverses is the fact that a reversal takes back, whole.
	Reverses   string    `json:"reverses,omitempty"`
	HappenedAt time.Time `json:"happened_at"`

	DrugCode     string `json:"fixmedins_hilist_id"`
	DrugName     string `json:"fixmedins_hilist_name"`
	Batch        string `json:"manu_lotnum,omitempty"`
	MadeOn       Date   `json:"manu_date"`
	ExpiresOn    Date   `json:"expy_end"`
	Prescription int    `json:"rx_flag"`   // 1: on a prescription
	Split        int    `json:"trdn_flag"` // 1: a part of a pack (拆零)
	// Packs is the quantity in packs, a decimal for a part; Units in smallest units.
	Packs      json.Number `json:"sel_retn_cnt"`
	Units      int64       `json:"units"`
	At         time.Time   `json:"sel_retn_time"`
	Operator   string      `json:"sel_retn_opter_name"`
	Doctor     string      `json:"prsc_dr_name"`
	Pharmacist string      `json:"phar_name,omitempty"`
	// PaperNumber is the paper prescription's, "" when not given.
	PaperNumber string `json:"rxno,omitempty"`
	Visit       string `json:"mdtrt_sn"`
	// PatientNumber is ours; HISNumber is HIS' own, told to HIS alone and only where it
	// is known. Nothing else of the person is told.
	PatientNumber string `json:"psn_no"`
	HISNumber     string `json:"his_psn_no,omitempty"`
	// Settlement is 1 for the insurance, 2 for all others; Payer is free, insured or
	// self.
	Settlement string `json:"mdtrt_setl_type"`
	Payer      string `json:"payer"`
	Site       string `json:"memo,omitempty"`
	TraceCode  string `json:"drug_trac_codg"`
}

// The kinds of facts.
const (
	FactSale     = "sale"
	FactReversal = "reversal"
)

// FactQuery asks what became of a fact.
type FactQuery struct {
	Fact string `json:"fact"`
}

// FactAnswer says what the other side did with a fact.
type FactAnswer struct {
	// State is taken, refused or missing (never heard of).
	State string `json:"state"`
	// Number is the other side's own number of it.
	Number  string `json:"number,omitempty"`
	Message string `json:"message,omitempty"`
}

// The states of a fact over there.
const (
	FactTaken   = "taken"
	FactRefused = "refused"
	FactMissing = "missing"
)

// DecodeFactAnswer reads an answer. Errors: *DocumentError, ErrTooLarge.
func DecodeFactAnswer(data []byte) (FactAnswer, error) {
	var raw struct {
		State   *string `json:"state"`
		Number  *string `json:"number"`
		Message *string `json:"message"`
	}
	if err := unmarshal(data, &raw); err != nil {
		return FactAnswer{}, err
	}
	var f fields
	a := FactAnswer{State: f.text("state", raw.State, 20), Number: f.optional("number", raw.Number, 60), Message: f.optional("message", raw.Message, 200)}
	if a.State != FactTaken && a.State != FactRefused && a.State != FactMissing {
		f.fail("state", "应为 taken、refused 或 missing")
	}
	if f.err != nil {
		return FactAnswer{}, f.err
	}
	return a, nil
}

// DecodeFact reads a fact, for stand-ins. Error: *DocumentError.
func DecodeFact(data []byte) (Fact, error) {
	var x Fact
	if err := unmarshal(data, &x); err != nil {
		return x, err
	}
	if x.Fact == "" || x.TraceCode == "" || x.Kind != FactSale && x.Kind != FactReversal || (x.Kind == FactReversal) != (x.Reverses != "") {
		return x, refuse("fact", "不完整")
	}
	return x, nil
}

// DecodeFactQuery reads a query, for stand-ins. Error: *DocumentError.
func DecodeFactQuery(data []byte) (FactQuery, error) {
	var q FactQuery
	if err := unmarshal(data, &q); err != nil {
		return q, err
	}
	if q.Fact == "" || len(q.Fact) > maxName {
		return q, refuse("fact", "缺失")
	}
	return q, nil
}
