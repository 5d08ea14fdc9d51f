package patient

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Edit is the input of Edit: the entry as it shall be.
type Edit struct {
	PatientID int64
	// Version is that of the entry on the page.
	Version    int
	CommandID  uuid.UUID
	Name       string
	Sex        string
	BirthOn    *time.Time
	HomeSiteID int64
	Allergies  string
	// Sealed is what changes of the sealed fields, nil for nothing.
	Sealed *SealedEdit
}

// SealedEdit changes sealed fields without opening them: what is empty stays.
type SealedEdit struct {
	// Paper "" leaves kind and number as they are; PaperNone takes the number away.
	Paper          PaperKind
	PaperNo        string
	Phone, Address string
	// NoPhone and NoAddress take the value away.
	NoPhone, NoAddress bool
}

func (s *SealedEdit) empty() bool { return s == nil || *s == SealedEdit{} }

// Format keeps an edit out of logs and messages.
func (Edit) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "patient.Edit{…}") }

// LogValue is Format for package slog.
func (e Edit) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(e)) }

// Edit changes an entry and keeps each field as it was and as it is. It takes the
// right to register patients at the home site, and for sealed fields the right to
// see them. Errors are Denied, Invalid as at registering, and Conflict when somebody
// else changed the entry meanwhile, when it is merged, or when the paper is another
// patient's. A form that changes nothing writes nothing.
func (g *Registry) Edit(ctx context.Context, by identity.Actor, in Edit) error {
	p, err := ByID(ctx, g.db, in.PatientID)
	if err != nil {
		return err
	}
	if err := g.mayEdit(ctx, by, p, in); err != nil {
		return err
	}
	request, err := g.editRequest(in)
	if err != nil {
		return err
	}
	var wanted Entry
	cmd := identity.Command{ID: in.CommandID, Kind: "edit_patient", Request: request}
	_, _, err = identity.RunCommand(ctx, g.db, by, cmd, func(ctx context.Context, tx *db.Tx) (bool, error) {
		var err error
		wanted, err = g.edit(ctx, tx, by, in)
		return true, err
	})
	if db.IsUnique(err, "patient_paper_uq") {
		return g.duplicate(ctx, by, wanted, err)
	}
	return err
}

func (g *Registry) mayEdit(ctx context.Context, by identity.Actor, p Patient, in Edit) error {
	if err := identity.Allow(ctx, g.db, by, identity.RegisterPatient, p.HomeSiteID); err != nil {
		return err
	}
	if in.Sealed.empty() {
		return nil
	}
	return identity.Allow(ctx, g.db, by, identity.UnmaskPatient, p.HomeSiteID)
}

// editRequest is what the command's digest is made of; a keyed code stands for what
// is sealed, as in request.
func (g *Registry) editRequest(in Edit) (any, error) {
	sealed := SealedEdit{}
	if in.Sealed != nil {
		sealed = *in.Sealed
	}
	hidden, err := g.seal.Index(commandPurpose, strings.Join([]string{string(sealed.Paper), sealed.PaperNo, sealed.Phone, sealed.Address}, "\n"))
	if err != nil {
		return nil, err
	}
	return struct {
		ID                          int64
		Version                     int
		Name, Sex, Birth, Allergies string
		Site                        int64
		NoPhone, NoAddress          bool
		Hidden                      []byte
	}{in.PatientID, in.Version, in.Name, in.Sex, dayText(in.BirthOn), in.Allergies, in.HomeSiteID, sealed.NoPhone, sealed.NoAddress, hidden}, nil
}

// edit compares the entry with what is wanted and writes the difference.
func (g *Registry) edit(ctx context.Context, tx *db.Tx, by identity.Actor, in Edit) (Entry, error) {
	p, err := lockVersion(ctx, tx, by, in.PatientID, in.Version)
	if err != nil {
		return Entry{}, err
	}
	old, err := g.readEntry(ctx, tx, p)
	if err != nil {
		return Entry{}, err
	}
	wanted, err := in.apply(old).Check(tx.Now)
	if err != nil {
		return wanted, err
	}
	if wanted.HomeSiteID != old.HomeSiteID {
		if err := siteOpen(ctx, tx, wanted.HomeSiteID); err != nil {
			return wanted, err
		}
	}
	changes := difference(old, wanted)
	if len(changes) == 0 {
		return wanted, nil
	}
	if err := g.updateEntry(ctx, tx, p, wanted); err != nil {
		return wanted, err
	}
	return wanted, g.keepChanges(ctx, tx, by, p, "patient.edit", changes)
}

// apply puts what is wanted over the entry as it is.
func (in Edit) apply(e Entry) Entry {
	e.Name, e.Sex, e.BirthOn, e.HomeSiteID, e.Allergies = in.Name, in.Sex, in.BirthOn, in.HomeSiteID, in.Allergies
	s := in.Sealed
	if s == nil {
		return e
	}
	if s.Paper != "" {
		e.Paper, e.PaperNo = s.Paper, s.PaperNo
	}
	if s.Phone != "" || s.NoPhone {
		e.Phone = s.Phone
	}
	if s.Address != "" || s.NoAddress {
		e.Address = s.Address
	}
	return e
}

// difference lists the fields that differ, in the order of the form.
func difference(old, now Entry) []fieldChange {
	var list []fieldChange
	note := func(f Field, before, after string) {
		if before != after {
			list = append(list, fieldChange{f, before, after})
		}
	}
	note(FieldName, old.Name, now.Name)
	note(FieldSex, old.Sex, now.Sex)
	note(FieldBirth, dayText(old.BirthOn), dayText(now.BirthOn))
	note(FieldPaperKind, string(old.Paper), string(now.Paper))
	note(FieldPaperNo, old.PaperNo, now.PaperNo)
	note(FieldPhone, old.Phone, now.Phone)
	note(FieldAddress, old.Address, now.Address)
	note(FieldAllergies, old.Allergies, now.Allergies)
	note(FieldSite, fmt.Sprint(old.HomeSiteID), fmt.Sprint(now.HomeSiteID))
	return list
}

// readEntry opens a locked patient as the entry that would make it.
func (g *Registry) readEntry(ctx context.Context, tx *db.Tx, p Patient) (Entry, error) {
	var row sealedRow
	err := tx.Get(ctx, &row, `SELECT paper_kind, paper_sealed, phone_sealed, address_sealed FROM patient WHERE id = $1::bigint`, p.ID)
	if err != nil {
		return Entry{}, fmt.Errorf("read sealed columns: %w", err)
	}
	private, err := g.openRow(p.ID, row)
	if err != nil {
		return Entry{}, err
	}
	return Entry{Name: p.Name, Sex: p.Sex, BirthOn: p.BirthOn, HomeSiteID: p.HomeSiteID, Allergies: p.Allergies,
		Paper: private.Paper, PaperNo: private.PaperNo, Phone: private.Phone, Address: private.Address}, nil
}

func (g *Registry) updateEntry(ctx context.Context, tx *db.Tx, p Patient, e Entry) error {
	sealed, err := g.sealColumns(p.ID, e)
	if err != nil {
		return err
	}
	err = tx.ExecOne(ctx, `UPDATE patient SET name = $2, pinyin = $3, sex = $4, birth_on = $5::date, home_site_id = $6, paper_kind = $7,
  paper_sealed = $8::bytea, paper_index = $9::bytea, phone_sealed = $10::bytea, address_sealed = $11::bytea, allergies = $12,
  version = version + 1, changed_at = $13 WHERE id = $1 AND version = $14`,
		p.ID, e.Name, Pinyin(e.Name), e.Sex, e.BirthOn, e.HomeSiteID, string(e.Paper), sealed.paper, sealed.index, sealed.phone, sealed.address,
		e.Allergies, tx.Now, p.Version)
	if err != nil {
		return fmt.Errorf("update patient: %w", err)
	}
	return nil
}

// keepChanges writes the trace of a change and audits it by the names of its fields:
// no value gets into the audit.
func (g *Registry) keepChanges(ctx context.Context, tx *db.Tx, by identity.Actor, p Patient, event string, changes []fieldChange) error {
	if err := g.insertChanges(ctx, tx, by, "page", map[int64][]fieldChange{p.ID: changes}); err != nil {
		return err
	}
	var words []string
	for _, c := range changes {
		words = append(words, c.field.Label())
	}
	return identity.Audit(ctx, tx, by, identity.Event{Name: event, ObjectKind: "patient", ObjectID: p.Number, SiteID: p.HomeSiteID,
		Detail: strings.Join(words, "、")})
}

// lockVersion takes a patient's row for a change of the version that a person saw.
func lockVersion(ctx context.Context, tx *db.Tx, by identity.Actor, id int64, version int) (Patient, error) {
	var p Patient
	err := tx.Get(ctx, &p, `SELECT `+columns+` FROM patient p JOIN site s ON s.id = p.home_site_id WHERE p.id = $1::bigint FOR NO KEY UPDATE OF p`, id)
	if err := notFound(err, "没有这位患者，请重新查找。"); err != nil {
		return p, err
	}
	switch {
	case p.State == Merged:
		return p, db.Refuse(db.Conflict, "这份档案已并入另一份，不能再改。请打开并入后的档案。")
	case p.Version != version:
		return p, lateVersion(ctx, tx, by, id)
	}
	return p, nil
}

// lateVersion says who was first.
func lateVersion(ctx context.Context, tx *db.Tx, by identity.Actor, id int64) error {
	var last struct {
		Who string    `db:"who"`
		At  time.Time `db:"at"`
		ID  int64     `db:"staff_id"`
	}
	err := tx.Get(ctx, &last, `SELECT COALESCE(f.name, '系统') AS who, c.at, COALESCE(c.staff_id, 0) AS staff_id
FROM patient_change c LEFT JOIN staff f ON f.id = c.staff_id WHERE c.patient_id = $1::bigint ORDER BY c.id DESC LIMIT 1`, id)
	if db.IsNoRows(err) {
		return db.Refuse(db.Conflict, "这份档案刚才被改过，您的改动没有保存。请重新打开，核对后再改。")
	}
	if err != nil {
		return fmt.Errorf("read the last change: %w", err)
	}
	who := last.Who
	if last.ID == by.StaffID {
		who = "您自己"
	}
	return db.Refuse(db.Conflict, "这份档案刚才由%s改过（%s），您的改动没有保存。请重新打开，核对后再改。", who, last.At.In(shanghai()).Format("1月2日 15:04"))
}

func shanghai() *time.Location { return time.FixedZone("Asia/Shanghai", 8*60*60) }
