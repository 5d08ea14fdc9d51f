package patient

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/width"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Collector is 代领人: somebody who may collect for a patient.
type Collector struct {
	ID       int64  `db:"id"`
	Name     string `db:"name"`
	Relation string `db:"relation"`
	// HasPhone says that a number is kept; see Registry.Unmask.
	HasPhone bool `db:"has_phone"`
}

// maxCollectors is how many people may collect for one patient.
const maxCollectors = 6

// Relations lists the usual words for who somebody is to the patient.
func Relations() []string {
	return []string{"父母", "配偶", "子女", "兄弟姐妹", "其他亲属", "村医", "居委", "其他"}
}

// Collectors lists who may collect for a patient.
func Collectors(ctx context.Context, r db.Reader, patientID int64) ([]Collector, error) {
	var list []Collector
	err := r.Select(ctx, &list, `SELECT id, name, relation, (phone_sealed IS NOT NULL) AS has_phone FROM patient_collector
WHERE patient_id = $1::bigint AND removed_at IS NULL ORDER BY id`, patientID)
	if err != nil {
		return nil, fmt.Errorf("read collectors: %w", err)
	}
	return list, nil
}

// NewCollector is the input of AddCollector.
type NewCollector struct {
	PatientID int64
	CommandID uuid.UUID
	// Name has at most 50 characters, Relation is one of Relations, Phone has at most
	// 40 characters and may be empty.
	Name, Relation, Phone string
}

// Format keeps a collector's phone out of logs and messages.
func (NewCollector) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "patient.NewCollector{…}")
}

// LogValue is Format for package slog.
func (c NewCollector) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

func (c NewCollector) check() (NewCollector, error) {
	c.Name = cleanName(c.Name)
	if c.Name == "" {
		return c, db.Refuse(db.Invalid, "请填写代领人的姓名。")
	}
	if err := checkName(c.Name); err != nil {
		return c, err
	}
	if !slices.Contains(Relations(), c.Relation) {
		return c, db.Refuse(db.Invalid, "请选择代领人与患者的关系。")
	}
	c.Phone = strings.Join(strings.Fields(width.Narrow.String(c.Phone)), " ")
	if utf8.RuneCountInString(c.Phone) > 40 {
		return c, db.Refuse(db.Invalid, "电话太长（最多 40 个字），请缩短。")
	}
	if !utf8.ValidString(c.Phone) || strings.ContainsFunc(c.Phone, unicode.IsControl) {
		return c, db.Refuse(db.Invalid, "电话里有无法识别的字符，请重新输入。")
	}
	return c, nil
}

// AddCollector adds somebody who may collect. It takes the right to register
// patients at the home site.
func (g *Registry) AddCollector(ctx context.Context, by identity.Actor, in NewCollector) error {
	p, err := ByID(ctx, g.db, in.PatientID)
	if err != nil {
		return err
	}
	if err := identity.Allow(ctx, g.db, by, identity.RegisterPatient, p.HomeSiteID); err != nil {
		return err
	}
	if in, err = in.check(); err != nil {
		return err
	}
	hidden, err := g.seal.Index(commandPurpose, in.Phone)
	if err != nil {
		return err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "add_collector", Request: []any{in.PatientID, in.Name, in.Relation, hidden}}
	_, _, err = identity.RunCommand(ctx, g.db, by, cmd, func(ctx context.Context, tx *db.Tx) (bool, error) {
		return true, g.addCollector(ctx, tx, by, in)
	})
	return err
}

func (g *Registry) addCollector(ctx context.Context, tx *db.Tx, by identity.Actor, in NewCollector) error {
	p, err := lockKept(ctx, tx, in.PatientID)
	if err != nil {
		return err
	}
	have, err := Collectors(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	if len(have) >= maxCollectors {
		return db.Refuse(db.Conflict, "代领人最多 %d 位。请先移除不再代领的。", maxCollectors)
	}
	if slices.ContainsFunc(have, func(c Collector) bool { return c.Name == in.Name && c.Relation == in.Relation }) {
		return db.Refuse(db.Conflict, "%s（%s）已经是代领人。", in.Name, in.Relation)
	}
	var id int64
	if err := tx.Get(ctx, &id, `SELECT nextval('patient_collector_id_seq')::bigint`); err != nil {
		return fmt.Errorf("new collector id: %w", err)
	}
	phone, err := g.seal.SealString(sealPurpose, place("collector_phone", id), in.Phone)
	if err != nil {
		return err
	}
	err = tx.ExecOne(ctx, `INSERT INTO patient_collector (id, patient_id, name, relation, phone_sealed, added_at, added_by)
VALUES ($1, $2, $3, $4, $5::bytea, $6, $7::bigint)`, id, p.ID, in.Name, in.Relation, phone, tx.Now, db.NullInt(by.StaffID))
	if err != nil {
		return fmt.Errorf("insert collector: %w", err)
	}
	return g.keepChanges(ctx, tx, by, p, "patient.collector", []fieldChange{{FieldCollector, "", in.Name + "（" + in.Relation + "）"}})
}

// lockKept takes the row of a patient whose entry goes on.
func lockKept(ctx context.Context, tx *db.Tx, id int64) (Patient, error) {
	var p Patient
	err := tx.Get(ctx, &p, `SELECT `+columns+` FROM patient p JOIN site s ON s.id = p.home_site_id WHERE p.id = $1::bigint FOR NO KEY UPDATE OF p`, id)
	if err := notFound(err, "没有这位患者，请重新查找。"); err != nil {
		return p, err
	}
	if p.State == Merged {
		return p, db.Refuse(db.Conflict, "这份档案已并入另一份，不能再改。请打开并入后的档案。")
	}
	return p, nil
}

// OldCollector is the input of RemoveCollector.
type OldCollector struct {
	PatientID, ID int64
	CommandID     uuid.UUID
}

// RemoveCollector ends that somebody may collect. What it was stays in the trace.
func (g *Registry) RemoveCollector(ctx context.Context, by identity.Actor, in OldCollector) error {
	p, err := ByID(ctx, g.db, in.PatientID)
	if err != nil {
		return err
	}
	if err := identity.Allow(ctx, g.db, by, identity.RegisterPatient, p.HomeSiteID); err != nil {
		return err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "remove_collector", Request: in}
	_, _, err = identity.RunCommand(ctx, g.db, by, cmd, func(ctx context.Context, tx *db.Tx) (bool, error) {
		return true, g.removeCollector(ctx, tx, by, in)
	})
	return err
}

func (g *Registry) removeCollector(ctx context.Context, tx *db.Tx, by identity.Actor, in OldCollector) error {
	p, err := lockKept(ctx, tx, in.PatientID)
	if err != nil {
		return err
	}
	have, err := Collectors(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(have, func(c Collector) bool { return c.ID == in.ID })
	if i < 0 {
		return db.Refuse(db.Conflict, "这位代领人已被移除。请刷新页面。")
	}
	err = tx.ExecOne(ctx, `UPDATE patient_collector SET removed_at = $2, removed_by = $3::bigint WHERE id = $1 AND removed_at IS NULL`, in.ID, tx.Now, db.NullInt(by.StaffID))
	if err != nil {
		return fmt.Errorf("remove collector: %w", err)
	}
	return g.keepChanges(ctx, tx, by, p, "patient.collector", []fieldChange{{FieldCollector, have[i].Name + "（" + have[i].Relation + "）", ""}})
}

// openCollectorPhones opens the numbers of those who may collect, one on a line.
func (g *Registry) openCollectorPhones(ctx context.Context, r db.Reader, patientID int64) (string, error) {
	var rows []struct {
		Collector
		Phone []byte `db:"phone_sealed"`
	}
	err := r.Select(ctx, &rows, `SELECT id, name, relation, true AS has_phone, phone_sealed FROM patient_collector
WHERE patient_id = $1::bigint AND removed_at IS NULL AND phone_sealed IS NOT NULL ORDER BY id`, patientID)
	if err != nil {
		return "", fmt.Errorf("read collectors' phones: %w", err)
	}
	var lines []string
	for _, x := range rows {
		phone, err := g.open("collector_phone", x.ID, x.Phone)
		if err != nil {
			return "", err
		}
		lines = append(lines, fmt.Sprintf("%s（%s） %s", x.Name, x.Relation, phone))
	}
	return strings.Join(lines, "\n"), nil
}
