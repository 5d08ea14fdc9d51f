package integration

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"jingfang/integration/wire"
	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// Lookup asks HIS about a single patient or trace code for a person.
type Lookup struct {
	db       *db.DB
	his      *Client // nil without a HIS
	patients *patient.Registry
}

// NewLookup makes the look-ups; his is nil where none is configured.
func NewLookup(d *db.DB, his *Client, patients *patient.Registry) *Lookup {
	return &Lookup{db: d, his: his, patients: patients}
}

func (l *Lookup) ready() error {
	if l.his == nil {
		return db.Refuse(db.Unavailable, "还没有配置 HIS 接口，不能查询。请手工登记，或联系系统管理员。")
	}
	return nil
}

// HISPatient is a person as HIS knows him, masked for a screen.
type HISPatient struct {
	Number  string // HIS' own
	Name    string // 演示**
	Sex     string // 男, 女 or ""
	BirthOn string // the year only
	IDCard  string // 9999**********0015, or ""
	Phone   string // 199****0001, or ""
	// HasAllergies says that HIS knows some; they are taken over with the rest.
	HasAllergies bool
}

// queryOf tells an ID number from a number of the hospital's.
func queryOf(text string) (wire.PatientQuery, error) {
	text = strings.ToUpper(strings.TrimSpace(text))
	if text == "" || len(text) > 40 || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return wire.PatientQuery{}, db.Refuse(db.Invalid, "请输入 HIS 的患者编号（字母和数字），或 18 位身份证号。")
	}
	if len(text) == 18 && strings.Trim(text[:17], "0123456789") == "" {
		return wire.PatientQuery{By: wire.ByIDCard, Value: text}, nil
	}
	return wire.PatientQuery{By: wire.ByNumber, Value: text}, nil
}

// Patients looks for a person by HIS' number or by ID number; what is shown is
// masked, and the asking is audited without it.
func (l *Lookup) Patients(ctx context.Context, by identity.Actor, text string) ([]HISPatient, error) {
	list, err := l.ask(ctx, by, text)
	if err != nil {
		return nil, err
	}
	out := make([]HISPatient, len(list))
	for i, p := range list {
		out[i] = masked(p)
	}
	return out, nil
}

// ask checks who asks, asks HIS and writes it into the audit.
func (l *Lookup) ask(ctx context.Context, by identity.Actor, text string) ([]wire.Patient, error) {
	if err := by.Can(identity.RegisterPatient, 0); err != nil {
		return nil, err
	}
	if err := l.ready(); err != nil {
		return nil, err
	}
	q, err := queryOf(text)
	if err != nil {
		return nil, err
	}
	list, err := l.his.Patients(ctx, by, q)
	if err != nil {
		return nil, err
	}
	list = distinct(list)
	err = identity.AuditAlone(ctx, l.db, by, identity.Event{Name: "his.patient", ObjectKind: "patient", Detail: fmt.Sprintf("by=%s found=%d", q.By, len(list))})
	return list, err
}

// distinct drops a person who was sent twice.
func distinct(list []wire.Patient) []wire.Patient {
	seen := map[wire.Patient]bool{}
	var out []wire.Patient
	for _, p := range list {
		if !seen[p] {
			seen[p] = true
			out = append(out, p)
		}
	}
	return out
}

func masked(p wire.Patient) HISPatient {
	m := HISPatient{Number: p.Number, Name: patient.MaskName(p.Name), HasAllergies: p.Allergies != ""}
	switch p.Sex {
	case "M":
		m.Sex = "男"
	case "F":
		m.Sex = "女"
	}
	if len(p.BirthOn) >= 4 {
		m.BirthOn = p.BirthOn[:4]
	}
	if n := len(p.IDCard); n == 18 {
		m.IDCard = p.IDCard[:4] + strings.Repeat("*", 10) + p.IDCard[14:]
	}
	if r := []rune(p.Phone); len(r) >= 7 {
		m.Phone = string(r[:3]) + "****" + string(r[len(r)-4:])
	}
	return m
}

// Registering takes a person over from HIS.
type Registering struct {
	CommandID uuid.UUID
	// Number is HIS' number of the person, SiteID the home site.
	Number string
	SiteID int64
}

// Register registers a person with what HIS knows. It asks HIS once more, so that
// nothing personal went through the browser; what cannot be right (an ID number
// that does not check) is refused, and the person is entered by hand. Who is
// registered already with the same ID number keeps his entry, and gets HIS' number.
func (l *Lookup) Register(ctx context.Context, by identity.Actor, in Registering) (patient.Patient, error) {
	if err := identity.Allow(ctx, l.db, by, identity.RegisterPatient, in.SiteID); err != nil {
		return patient.Patient{}, err
	}
	list, err := l.ask(ctx, by, in.Number)
	if err != nil {
		return patient.Patient{}, err
	}
	if len(list) != 1 || list[0].Number != strings.ToUpper(strings.TrimSpace(in.Number)) {
		return patient.Patient{}, db.Refuse(db.Conflict, "HIS 按这个编号给出了 %d 人，不能确定是谁。请手工登记。", len(list))
	}
	e := entryOf(list[0], in)
	p, _, err := l.patients.Register(ctx, by, e)
	if db.IsUnique(err, "patient_paper_uq") {
		return l.patients.LinkHIS(ctx, by, e)
	}
	return p, err
}

// entryOf is the entry of a person. Birth and sex come from the ID number where there
// is one.
func entryOf(p wire.Patient, in Registering) patient.Entry {
	e := patient.Entry{Name: p.Name, HomeSiteID: in.SiteID, Phone: p.Phone, Address: p.Address, Allergies: p.Allergies,
		HISNumber: p.Number, CommandID: in.CommandID}
	if p.IDCard != "" {
		e.Paper, e.PaperNo = patient.PaperIDCard, p.IDCard
		return e
	}
	e.Sex = p.Sex
	if on, err := time.Parse(time.DateOnly, p.BirthOn); err == nil {
		e.BirthOn = &on
	}
	return e
}

// HISCode is what HIS knows of a trace code, in our words.
type HISCode struct {
	Code    string
	Known   bool
	HISCode string
	// Drug is how we name it, "" where our dictionary does not have it.
	Drug                      string
	Batch, ExpiresOn, Receipt string
	// Ours says where the box is with us, "" where we do not have it.
	Ours string
}

// Code looks a trace code up.
func (l *Lookup) Code(ctx context.Context, by identity.Actor, text string) (HISCode, error) {
	if err := by.Can(identity.ViewStock, 0); err != nil {
		return HISCode{}, err
	}
	if err := l.ready(); err != nil {
		return HISCode{}, err
	}
	code, err := inventory.ParseTraceCode(text)
	if err != nil {
		return HISCode{}, db.RefuseBecause(err, db.Invalid, "%s", err.Error())
	}
	info, err := l.his.Code(ctx, by, code.Code())
	if err != nil {
		return HISCode{}, err
	}
	out := HISCode{Code: info.Code, Known: info.Known, HISCode: info.HISCode, Batch: info.Batch, ExpiresOn: info.ExpiresOn.String(), Receipt: info.Receipt}
	if err := l.local(ctx, &out); err != nil {
		return HISCode{}, err
	}
	return out, identity.AuditAlone(ctx, l.db, by, identity.Event{Name: "his.code", ObjectKind: "pack", ObjectID: info.Code, Detail: fmt.Sprintf("known=%t", info.Known)})
}

// local adds what we know of the drug and of the box.
func (l *Lookup) local(ctx context.Context, x *HISCode) error {
	var drug struct {
		Generic string `db:"generic_name"`
		Spec    string `db:"spec"`
	}
	err := l.db.Get(ctx, &drug, `SELECT generic_name, spec FROM drug WHERE his_code = $1`, x.HISCode)
	if err != nil && !db.IsNoRows(err) {
		return fmt.Errorf("read drug: %w", err)
	}
	if err == nil {
		x.Drug = inventory.DrugName(drug.Generic, drug.Spec)
	}
	var state inventory.State
	err = l.db.Get(ctx, &state, `SELECT state FROM pack WHERE code = $1`, x.Code)
	if err != nil && !db.IsNoRows(err) {
		return fmt.Errorf("read pack: %w", err)
	}
	if err == nil {
		x.Ours = state.Chinese()
	}
	return nil
}
