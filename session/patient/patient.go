package patient

import (
	"context"
	"fmt"
	"time"

	"jingfang/sql/db"
)

// State says whether somebody still comes.
type State string

// The states of a registry entry.
const (
	Active   State = "active"
	Moved    State = "moved"
	Deceased State = "deceased"
	Merged   State = "merged"
)

// Patient is what a doctor may read in clear. What is sealed on disk is not in
// it; see Registry.Unmask.
type Patient struct {
	ID         int64      `db:"id"`
	Number     string     `db:"number"`
	Name       string     `db:"name"`
	Sex        string     `db:"sex"` // "M", "F" or "" when unknown
	BirthOn    *time.Time `db:"birth_on"`
	HomeSiteID int64      `db:"home_site_id"`
	HomeSite   string     `db:"home_site"`
	Allergies  string     `db:"allergies"`
	State      State      `db:"state"`
}

// Age is the age in whole years on a day, or -1 when the birth date is unknown.
func (p Patient) Age(on time.Time) int {
	if p.BirthOn == nil {
		return -1
	}
	years := on.Year() - p.BirthOn.Year()
	if on.YearDay() < p.BirthOn.AddDate(years, 0, 0).YearDay() {
		years--
	}
	return years
}

// SexWord is 男, 女 or nothing.
func (p Patient) SexWord() string {
	switch p.Sex {
	case "M":
		return "男"
	case "F":
		return "女"
	}
	return ""
}

// Masked is the name as lists show it: the family name and two stars.
func (p Patient) Masked() string { return MaskName(p.Name) }

// MaskName keeps the first character of a name (陈**), so that a screen that
// others can see names nobody.
func MaskName(name string) string {
	for _, r := range name {
		return string(r) + "**"
	}
	return ""
}

// columns of Patient, for every query below.
const columns = `p.id, p.number, p.name, p.sex, p.birth_on, p.home_site_id, s.name AS home_site, p.allergies, p.state`

// ByID reads one patient.
func ByID(ctx context.Context, r db.Reader, id int64) (Patient, error) {
	var p Patient
	err := r.Get(ctx, &p, `SELECT `+columns+` FROM patient p JOIN site s ON s.id = p.home_site_id WHERE p.id = $1::bigint`, id)
	return p, notFound(err, "没有这位患者，请重新查找。")
}

// ByNumber reads one patient by the number printed on the label.
func ByNumber(ctx context.Context, r db.Reader, number string) (Patient, error) {
	var p Patient
	err := r.Get(ctx, &p, `SELECT `+columns+` FROM patient p JOIN site s ON s.id = p.home_site_id WHERE p.number = $1::text`, number)
	return p, notFound(err, fmt.Sprintf("没有编号为 %s 的患者，请核对编号或按姓名查找。", number))
}

// ByToken reads the patient of a QR label. A revoked label is refused: it was
// lost, and somebody else may hold it.
func ByToken(ctx context.Context, r db.Reader, t Token) (Patient, error) {
	var row struct {
		Patient
		Revoked bool `db:"revoked"`
	}
	err := r.Get(ctx, &row, `SELECT `+columns+`, (l.revoked_at IS NOT NULL) AS revoked
FROM patient_label l JOIN patient p ON p.id = l.patient_id JOIN site s ON s.id = p.home_site_id WHERE l.token = $1::text`, t.String())
	if err := notFound(err, "这张二维码标签不是本系统发出的。请按姓名或编号查找患者。"); err != nil {
		return Patient{}, err
	}
	if row.Revoked {
		return Patient{}, db.Refuse(db.Conflict, "这张标签已作废（挂失后补打过）。请核对本人身份，按姓名查找并重新打印标签。")
	}
	return row.Patient, nil
}

// Find takes what a scanner or a person typed: a label, a number or an id as
// other programs send it ("id:42").
func Find(ctx context.Context, r db.Reader, text string) (Patient, error) {
	if t, err := ParseToken(text); err == nil {
		return ByToken(ctx, r, t)
	}
	var id int64
	if n, err := fmt.Sscanf(text, "id:%d", &id); n == 1 && err == nil {
		return ByID(ctx, r, id)
	}
	number := fold(text)
	if number == "" {
		return Patient{}, db.Refuse(db.Invalid, "没有读到内容。请扫患者二维码，或输入编号、姓名。")
	}
	if len(number) > 20 {
		return Patient{}, db.Refuse(db.Invalid, "这不是患者标签，也不是患者编号。药品请在患者就诊开始后再扫。")
	}
	return ByNumber(ctx, r, number)
}

func notFound(err error, sentence string) error {
	if db.IsNoRows(err) {
		return db.Refuse(db.NotFound, "%s", sentence)
	}
	if err != nil {
		return fmt.Errorf("read patient: %w", err)
	}
	return nil
}
