package patient

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"jingfang/sql/db"
)

// columns of Patient, for every query of this package.
const columns = `p.id, p.number, p.name, p.sex, p.birth_on, p.home_site_id, s.name AS home_site, p.allergies, p.state, p.version, p.merged_into_id, (p.his_index IS NOT NULL) AS has_his`

// ByID reads one patient, or refuses with NotFound.
func ByID(ctx context.Context, r db.Reader, id int64) (Patient, error) {
	var p Patient
	err := r.Get(ctx, &p, `SELECT `+columns+` FROM patient p JOIN site s ON s.id = p.home_site_id WHERE p.id = $1::bigint`, id)
	return p, notFound(err, "没有这位患者，请重新查找。")
}

// ByNumber reads one patient by the number printed on the label, or refuses
// with NotFound.
func ByNumber(ctx context.Context, r db.Reader, number string) (Patient, error) {
	var p Patient
	err := r.Get(ctx, &p, `SELECT `+columns+` FROM patient p JOIN site s ON s.id = p.home_site_id WHERE p.number = $1::text`, number)
	return p, notFound(err, fmt.Sprintf("没有编号为 %s 的患者，请核对编号或按姓名查找。", number))
}

// ByToken reads the patient of a QR label; that of a merged entry leads to the one
// that goes on. A revoked label is refused with
// Conflict: it was lost, and somebody else may hold it.
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
	return Survivor(ctx, r, row.Patient)
}

// Find takes what a scanner or a person gave: a label, a number, or an id as
// other programs send it ("id:42"). It asks for no permission and for no site,
// since people may come to another site than their own; the use case that calls
// it has checked what the person may do there, and answers with the number of
// the queue, never with the name. An id opens nothing that a number does not.
//
// A number is taken as it stands: 12 is somebody's turn in the queue, 000012 is
// a patient.
func Find(ctx context.Context, r db.Reader, text string) (Patient, error) {
	if err := legible(text); err != nil {
		return Patient{}, err
	}
	s := fold(text)
	switch {
	case s == "":
		return Patient{}, db.Refuse(db.Invalid, "没有读到内容。请扫患者二维码，或输入编号、姓名。")
	case strings.HasPrefix(s, tokenHead):
		t, err := ParseToken(s)
		if err != nil {
			return Patient{}, err
		}
		return ByToken(ctx, r, t)
	case strings.HasPrefix(s, "ID:"):
		id, err := strconv.ParseInt(s[len("ID:"):], 10, 64)
		if err != nil || id <= 0 {
			return Patient{}, db.Refuse(db.Invalid, "患者的内部编号写法不对，应为 id: 加数字。")
		}
		return ByID(ctx, r, id)
	case len(s) > maxNumber:
		// Too long for a number; it may be an ID card's, so it is not repeated.
		return Patient{}, db.Refuse(db.Invalid, "这不是患者标签，也不是患者编号。请扫病历本上的二维码或按姓名查找；药品请在就诊开始后再扫。")
	}
	p, err := ByNumber(ctx, r, s)
	if err != nil {
		return p, err
	}
	return Survivor(ctx, r, p)
}

// legible refuses what a broken reading may have made of another patient's
// number: without the control characters, 0000␀12 would be somebody.
func legible(text string) error {
	switch {
	case !utf8.ValidString(text):
		return db.Refuse(db.Invalid, "扫到的内容是乱码。请检查扫码枪的编码设置（UTF-8）后再扫，或按姓名查找。")
	case strings.ContainsFunc(strings.TrimSpace(text), unicode.IsControl):
		return db.Refuse(db.Invalid, "内容里有不可见的控制字符，没有登记。请再扫一次；仍这样请按姓名查找。")
	}
	return nil
}

// maxNumber is more digits than a patient's number will have for a long time,
// and fewer than any ID card's.
const maxNumber = 12

func notFound(err error, sentence string) error {
	if db.IsNoRows(err) {
		return db.Refuse(db.NotFound, "%s", sentence)
	}
	if err != nil {
		return fmt.Errorf("read patient: %w", err)
	}
	return nil
}
