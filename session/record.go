package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// The versions of how a record is composed. A new way of composing is a new
// number; the old ones stay readable for ever.
const (
	recordRecipe = 1 // made by 诊毕
	lateRecipe   = 2 // made later: it says the visit anew and names the record it corrects
)

// recordLine is one line of a record as it is frozen.
type recordLine struct {
	Code      string     `db:"code"`
	Generic   string     `db:"generic_name"`
	Trade     string     `db:"trade_name"`
	Spec      string     `db:"spec"`
	Maker     string     `db:"maker"`
	Unit      string     `db:"unit_name"`
	PackWord  string     `db:"pack_name"`
	Content   int64      `db:"units_total"`
	Quantity  int64      `db:"quantity"`
	Dose      string     `db:"dose"`
	Days      *int64     `db:"days"`
	Batch     string     `db:"batch"`
	ExpiresOn *time.Time `db:"expires_on"`
	How       string     `db:"how"`
	At        time.Time  `db:"at"`
}

// recordRefusal is a code that was scanned at the visit and not recorded.
type recordRefusal struct {
	Raw        string `db:"raw"`
	Kind       string `db:"answer_kind"`
	Resolution string `db:"resolution"`
}

// recordHead is what a record says beside its lines.
type recordHead struct {
	SessionID  int64     `db:"session_id"`
	HeldOn     time.Time `db:"held_on"`
	SiteCode   string    `db:"site_code"`
	Site       string    `db:"site"`
	Kind       string    `db:"kind"`
	Place      string    `db:"place"`
	Number     int64     `db:"number"`
	DoctorID   int64     `db:"doctor_id"`
	Doctor     string    `db:"doctor"`
	PatientID  int64     `db:"patient_id"`
	PatientNo  string    `db:"patient_no"`
	Patient    string    `db:"patient"`
	StartedAt  time.Time `db:"started_at"`
	FinishedAt time.Time `db:"finished_at"`
	FinishedBy string    `db:"finished_by"`
	Collector  string    `db:"collector"`
	CollName   string    `db:"collector_name"`
	Prescript  string    `db:"prescription_no"`
	NoDrug     string    `db:"no_drug_reason"`
	// Told says that other systems are told of the visit, or have been.
	Told bool `db:"told"`
}

// writeRecord freezes a finished visit: it reads what the transaction has
// written, composes the canonical bytes and appends them to the main chain.
// given is what it says was handed out, in words.
func writeRecord(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, visit uuid.UUID) (seq int64, given string, err error) {
	h, err := readHead(ctx, tx, visit)
	if err != nil {
		return 0, "", err
	}
	lines, refusals, err := readBody(ctx, tx, visit)
	if err != nil {
		return 0, "", err
	}
	canonical, err := composeRecord(visit, h, lines, refusals)
	if err != nil {
		return 0, "", fmt.Errorf("compose record: %w", err)
	}
	seq, err = appendRecord(ctx, tx, x.ID, mainChain, newRecord{recipe: recordRecipe, visit: visit, patient: h.PatientID, doctor: h.DoctorID, signer: h.DoctorID, canonical: canonical, at: h.FinishedAt})
	if err != nil {
		return 0, "", err
	}
	return seq, handedWords(lines), noteFacts(ctx, tx, h, visit)
}

func readHead(ctx context.Context, tx *db.Tx, visit uuid.UUID) (recordHead, error) {
	var h recordHead
	err := tx.Get(ctx, &h, `SELECT v.session_id, c.held_on, s.code AS site_code, s.name AS site, c.kind, c.place, v.number,
  v.doctor_id, d.name AS doctor, v.patient_id, p.number AS patient_no, p.name AS patient, v.started_at, v.finished_at,
  b.name AS finished_by, v.collector, v.collector_name, v.prescription_no, v.no_drug_reason,
  (EXISTS (SELECT 1 FROM outbox_switch o WHERE o.active) OR EXISTS (SELECT 1 FROM outbox_fact f WHERE f.visit_id = v.id)) AS told
FROM visit v JOIN clinic_session c ON c.id = v.session_id JOIN site s ON s.id = c.site_id
JOIN staff d ON d.id = v.doctor_id JOIN staff b ON b.id = v.finished_by JOIN patient p ON p.id = v.patient_id
WHERE v.id = $1`, visit)
	if err != nil {
		return h, fmt.Errorf("read visit for its record: %w", err)
	}
	return h, nil
}

func readBody(ctx context.Context, tx *db.Tx, visit uuid.UUID) (lines []recordLine, refusals []recordRefusal, err error) {
	err = tx.Select(ctx, &lines, `SELECT k.code, g.generic_name, g.trade_name, g.spec, g.maker, g.unit_name, g.pack_name, k.units_total,
  l.quantity, l.dose, l.days, k.batch, k.expires_on, l.how, l.at
FROM visit_line l JOIN pack k ON k.id = l.pack_id JOIN drug g ON g.id = k.drug_id
WHERE l.visit_id = $1 AND l.undone_at IS NULL ORDER BY l.id`, visit)
	if err != nil {
		return nil, nil, fmt.Errorf("read lines for the record: %w", err)
	}
	err = tx.Select(ctx, &refusals, `SELECT raw, answer_kind, resolution FROM visit_refusal
WHERE visit_id = $1 AND resolution <> $2 ORDER BY id`, visit, resolvedByNumber)
	if err != nil {
		return nil, nil, fmt.Errorf("read refusals for the record: %w", err)
	}
	return lines, refusals, nil
}

// composeRecord is recipe 1: the fields, their order and their names are part
// of what is hashed (RECORD.md).
func composeRecord(visit uuid.UUID, h recordHead, lines []recordLine, refusals []recordRefusal) ([]byte, error) {
	return visitFields(recordRecipe, visit, h, lines, refusals).Encode()
}

// visitFields is what every recipe says of the visit, in this order.
func visitFields(recipe int, visit uuid.UUID, h recordHead, lines []recordLine, refusals []recordRefusal) seal.Record {
	rows := make([]seal.Record, len(lines))
	for i, l := range lines {
		rows[i] = l.fields()
	}
	noted := make([]seal.Record, len(refusals))
	for i, r := range refusals {
		noted[i] = seal.Record{seal.F("raw", r.Raw), seal.F("kind", r.Kind), seal.F("resolution", r.Resolution)}
	}
	return seal.Record{
		seal.F("recipe", recipe), seal.F("visit", visit.String()), seal.F("session", h.SessionID),
		seal.F("date", h.HeldOn.Format(time.DateOnly)), seal.F("site_code", h.SiteCode), seal.F("site", h.Site),
		seal.F("home_visit", h.Kind == "home"), seal.F("place", h.Place), seal.F("number", h.Number),
		seal.F("doctor_id", h.DoctorID), seal.F("doctor", h.Doctor),
		seal.F("patient_no", h.PatientNo), seal.F("patient", h.Patient),
		seal.F("started_at", h.StartedAt), seal.F("finished_at", h.FinishedAt), seal.F("finished_by", h.FinishedBy),
		seal.F("collector", h.Collector), seal.F("collector_name", h.CollName),
		seal.F("prescription_no", h.Prescript), seal.F("no_drug_reason", h.NoDrug),
		seal.F("lines", rows), seal.F("not_recorded", noted),
	}
}

func (l recordLine) fields() seal.Record {
	packs := int64(0)
	if l.Quantity == l.Content {
		packs = 1
	}
	days, expires := seal.Null("days"), seal.Null("expires_on")
	if l.Days != nil {
		days = seal.F("days", *l.Days)
	}
	if l.ExpiresOn != nil {
		expires = seal.F("expires_on", l.ExpiresOn.Format(time.DateOnly))
	}
	return seal.Record{
		seal.F("code", l.Code), seal.F("generic_name", l.Generic), seal.F("trade_name", l.Trade), seal.F("spec", l.Spec),
		seal.F("maker", l.Maker), seal.F("packs", packs), seal.F("pack_name", l.PackWord), seal.F("units", l.Quantity),
		seal.F("unit_name", l.Unit), seal.F("dose", l.Dose), days, seal.F("batch", l.Batch), expires,
		seal.F("how", l.How), seal.F("at", l.At),
	}
}
