package patient

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// Purposes of the keys that seal columns and index ID numbers.
const (
	sealPurpose  seal.Purpose = "patient"
	indexPurpose seal.Purpose = "patient.paper"
)

// Registry registers patients and opens sealed fields.
type Registry struct {
	db   *db.DB
	seal *seal.Sealer
}

// New makes the registry over the database and the keys.
func New(d *db.DB, keys seal.KeyProvider) *Registry {
	return &Registry{db: d, seal: seal.NewSealer(keys)}
}

// Entry is what is typed for a new patient. Only the name and the site must be
// there: nobody goes without medicine for want of a paper.
type Entry struct {
	Name       string
	Sex        string
	BirthOn    *time.Time
	HomeSiteID int64
	Paper      PaperKind
	PaperNo    string
	Phone      string
	Address    string
	Allergies  string
}

// Check normalises the entry and refuses what cannot be right.
func (e Entry) Check(now time.Time) (Entry, error) {
	e.Name = strings.TrimSpace(e.Name)
	e.PaperNo = strings.TrimSpace(e.PaperNo)
	if err := checkName(e.Name); err != nil {
		return e, err
	}
	if e.HomeSiteID == 0 {
		return e, db.Refuse(db.Invalid, "请选择患者所属的精防点。")
	}
	if e.Paper == PaperIDCard {
		card, err := ParseIDCard(e.PaperNo, now)
		if err != nil {
			return e, err
		}
		birth := card.Birth()
		e.PaperNo, e.BirthOn, e.Sex = card.Number(), &birth, card.Sex()
	}
	if e.Paper == "" || e.PaperNo == "" {
		e.Paper, e.PaperNo = PaperNone, ""
	}
	if e.BirthOn != nil && e.BirthOn.After(now) {
		return e, db.Refuse(db.Invalid, "出生日期在今天之后，请核对。")
	}
	if e.Sex != "" && e.Sex != "M" && e.Sex != "F" {
		return e, db.Refuse(db.Invalid, "请选择性别：男、女，或不填。")
	}
	return e, checkLengths(e)
}

func checkLengths(e Entry) error {
	for _, f := range []struct {
		name, value string
		limit       int
	}{{"证件号", e.PaperNo, 40}, {"电话", e.Phone, 40}, {"地址", e.Address, 200}, {"过敏史", e.Allergies, 300}} {
		if utf8.RuneCountInString(f.value) > f.limit {
			return db.Refuse(db.Invalid, "%s太长（最多 %d 个字），请缩短。", f.name, f.limit)
		}
	}
	return nil
}

// checkName counts characters, not bytes, and flags what a broken conversion
// leaves: U+FFFD and private-use characters are never silently kept.
func checkName(name string) error {
	if name == "" {
		return db.Refuse(db.Invalid, "请填写患者姓名；身份不明者可填“无名氏”加编号。")
	}
	if utf8.RuneCountInString(name) > 50 {
		return db.Refuse(db.Invalid, "姓名太长（最多 50 个字），请核对。")
	}
	for _, r := range name {
		if r == utf8.RuneError || unicode.Is(unicode.Co, r) {
			return db.Refuse(db.Invalid, "姓名里有无法识别的字（%U），请用正确的字重新输入。", r)
		}
		if unicode.IsControl(r) {
			return db.Refuse(db.Invalid, "姓名里有控制字符，请重新输入。")
		}
	}
	return nil
}

// Register adds a patient with a first label and gives both. A second person
// with the same ID number is refused by the unique index on its HMAC.
func (g *Registry) Register(ctx context.Context, by identity.Actor, e Entry) (Patient, Token, error) {
	e, err := e.Check(g.db.Now())
	if err != nil {
		return Patient{}, Token{}, err
	}
	if err := by.Can(identity.RegisterPatient, e.HomeSiteID); err != nil {
		return Patient{}, Token{}, err
	}
	var p Patient
	var t Token
	err = g.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		id, err := g.Insert(ctx, tx, by, e)
		if err != nil {
			return err
		}
		if t, err = IssueLabel(ctx, tx, by, id); err != nil {
			return err
		}
		if p, err = ByID(ctx, tx, id); err != nil {
			return err
		}
		return identity.Audit(ctx, tx, by, identity.Event{Name: "patient.register", ObjectKind: "patient",
			ObjectID: p.Number, SiteID: e.HomeSiteID})
	})
	if db.IsUnique(err, "patient_paper_uq") {
		return Patient{}, Token{}, db.RefuseBecause(err, db.Conflict, "这个证件号已经登记过。请按姓名或编号查找原有患者。")
	}
	return p, t, err
}

// Insert writes a checked entry and gives its id. The id comes first because
// sealed columns are bound to it: a value copied to another row does not open.
func (g *Registry) Insert(ctx context.Context, tx *db.Tx, by identity.Actor, e Entry) (int64, error) {
	var id int64
	if err := tx.Get(ctx, &id, `SELECT nextval('patient_id_seq')::bigint`); err != nil {
		return 0, fmt.Errorf("new patient id: %w", err)
	}
	sealed, err := g.sealColumns(id, e)
	if err != nil {
		return 0, err
	}
	err = tx.ExecOne(ctx, `INSERT INTO patient (id, number, name, pinyin, sex, birth_on, home_site_id, paper_kind,
  paper_sealed, paper_index, phone_sealed, address_sealed, allergies, created_at, created_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6::date, $7, $8, $9::bytea, $10::bytea, $11::bytea, $12::bytea, $13, $14, $15::bigint, $14)`,
		id, fmt.Sprintf("%06d", id), e.Name, Pinyin(e.Name), e.Sex, e.BirthOn, e.HomeSiteID, string(e.Paper),
		sealed.paper, sealed.index, sealed.phone, sealed.address, e.Allergies, tx.Now, nullID(by.StaffID))
	if err != nil {
		return 0, fmt.Errorf("insert patient: %w", err)
	}
	return id, nil
}

type sealedColumns struct{ paper, index, phone, address []byte }

func (g *Registry) sealColumns(id int64, e Entry) (c sealedColumns, err error) {
	if c.paper, err = g.seal.SealString(sealPurpose, place("paper", id), e.PaperNo); err != nil {
		return c, err
	}
	if c.phone, err = g.seal.SealString(sealPurpose, place("phone", id), e.Phone); err != nil {
		return c, err
	}
	if c.address, err = g.seal.SealString(sealPurpose, place("address", id), e.Address); err != nil {
		return c, err
	}
	if e.PaperNo != "" {
		c.index, err = g.seal.Index(indexPurpose, string(e.Paper)+":"+e.PaperNo)
	}
	return c, err
}

// place is the associated data of a sealed column: where the value stands.
func place(column string, id int64) string { return fmt.Sprintf("patient.%s/%d", column, id) }

func nullID(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}
