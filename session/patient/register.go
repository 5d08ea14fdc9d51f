package patient

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// Purposes of the keys that seal columns, index ID numbers and stand for the
// sealed fields in a command's digest.
const (
	sealPurpose    seal.Purpose = "patient"
	indexPurpose   seal.Purpose = "patient.paper"
	commandPurpose seal.Purpose = "patient.command"
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

// registered is what a registration answers; it is kept with its command.
type registered struct {
	ID    int64  `json:"id"`
	Token string `json:"token"`
}

// Register adds a patient with a first label and gives both. Errors are
// Invalid, Denied, and Conflict for a paper that is registered already: the
// unique index on its HMAC decides, also between two that come together.
func (g *Registry) Register(ctx context.Context, by identity.Actor, e Entry) (Patient, Token, error) {
	e, err := e.Check(g.db.Now())
	if err != nil {
		return Patient{}, Token{}, err
	}
	if err := identity.Allow(ctx, g.db, by, identity.RegisterPatient, e.HomeSiteID); err != nil {
		return Patient{}, Token{}, err
	}
	done, err := g.registerOnce(ctx, by, e)
	if db.IsUnique(err, "patient_paper_uq") {
		return Patient{}, Token{}, g.duplicate(ctx, by, e, err)
	}
	if db.IsUnique(err, "patient_his_uq") {
		return Patient{}, Token{}, g.duplicateHIS(ctx, by, e, err)
	}
	if err != nil {
		return Patient{}, Token{}, err
	}
	p, err := ByID(ctx, g.db, done.ID)
	return p, Token{done.Token}, err
}

// registerOnce runs register as a command where there is a command id.
func (g *Registry) registerOnce(ctx context.Context, by identity.Actor, e Entry) (done registered, err error) {
	if e.CommandID == uuid.Nil {
		err = g.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			var err error
			done, err = g.register(ctx, tx, by, e)
			return err
		})
		return done, err
	}
	request, err := g.request(e)
	if err != nil {
		return done, err
	}
	cmd := identity.Command{ID: e.CommandID, Kind: "register_patient", Request: request}
	done, _, err = identity.RunCommand(ctx, g.db, by, cmd, func(ctx context.Context, tx *db.Tx) (registered, error) {
		return g.register(ctx, tx, by, e)
	})
	return done, err
}

// request is what a command's digest is made of. The digest has no key, and
// there are few enough ID and telephone numbers to try them all: a keyed code
// stands for what is sealed.
func (g *Registry) request(e Entry) (any, error) {
	hidden, err := g.seal.Index(commandPurpose, strings.Join(append([]string{e.PaperNo, e.Phone, e.Address}, hisPart(e)...), "\n"))
	if err != nil {
		return nil, err
	}
	birth := ""
	if e.BirthOn != nil {
		birth = e.BirthOn.Format(time.DateOnly)
	}
	return struct {
		Name, Sex, Birth, Paper, Allergies string
		Site                               int64
		Hidden                             []byte
	}{e.Name, e.Sex, birth, string(e.Paper), e.Allergies, e.HomeSiteID, hidden}, nil
}

// register inserts the patient and the first label.
func (g *Registry) register(ctx context.Context, tx *db.Tx, by identity.Actor, e Entry) (registered, error) {
	if err := siteOpen(ctx, tx, e.HomeSiteID); err != nil {
		return registered{}, err
	}
	id, err := g.Insert(ctx, tx, by, e)
	if err != nil {
		return registered{}, err
	}
	if e.HISNumber != "" {
		if err := g.putHISNumber(ctx, tx, id, e.HISNumber); err != nil {
			return registered{}, err
		}
	}
	t, err := IssueLabel(ctx, tx, by, id)
	if err != nil {
		return registered{}, err
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "patient.register", ObjectKind: "patient",
		ObjectID: formatNumber(id), SiteID: e.HomeSiteID})
	return registered{id, t.String()}, err
}

// siteOpen refuses a site that is not there or no longer used.
func siteOpen(ctx context.Context, tx *db.Tx, id int64) error {
	var active bool
	err := tx.Get(ctx, &active, `SELECT active FROM site WHERE id = $1::bigint`, id)
	if err != nil && !db.IsNoRows(err) {
		return fmt.Errorf("read site: %w", err)
	}
	if !active {
		return db.Refuse(db.Invalid, "这个精防点不存在或已停用，请重新选择。")
	}
	return nil
}

// duplicate says where the paper is registered, as far as the person may know.
func (g *Registry) duplicate(ctx context.Context, by identity.Actor, e Entry, cause error) error {
	elsewhere := elsewhere(cause)
	index, err := g.paperIndex(e)
	if err != nil {
		return err
	}
	var p Patient
	err = g.db.Get(ctx, &p, `SELECT `+columns+` FROM patient p JOIN site s ON s.id = p.home_site_id WHERE p.paper_index = $1::bytea`, index)
	if err != nil {
		elsewhere.Cause = errors.Join(cause, err)
		return elsewhere
	}
	if by.Can(identity.ViewPatient, p.HomeSiteID) != nil {
		return elsewhere
	}
	return db.RefuseBecause(cause, db.Conflict, "这个证件号已经登记：编号 %s，%s，%s。请按编号查找，不要重复登记。", p.Number, p.Masked(), p.HomeSite)
}

// elsewhere is all that somebody reads of an entry of a site that is not his.
func elsewhere(cause error) *db.Error {
	return db.RefuseBecause(cause, db.Conflict, "这个证件号已在其他精防点登记，不能重复登记。请扫患者原有的标签签到，或请值班药师核对。")
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
		id, formatNumber(id), e.Name, Pinyin(e.Name), e.Sex, e.BirthOn, e.HomeSiteID, string(e.Paper),
		sealed.paper, sealed.index, sealed.phone, sealed.address, e.Allergies, tx.Now, db.NullInt(by.StaffID))
	if err != nil {
		return 0, fmt.Errorf("insert patient: %w", err)
	}
	return id, nil
}

// formatNumber is the number printed on the label: the id with at least six
// digits.
func formatNumber(id int64) string { return fmt.Sprintf("%06d", id) }
