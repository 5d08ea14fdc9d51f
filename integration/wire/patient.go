package wire

import (
	"regexp"
	"strconv"
	"time"
)

// PatientQuery asks for a patient.
type PatientQuery struct {
	// By is number (the hospital's own number of the patient) or id_card.
	By    string `json:"by"`
	Value string `json:"value"`
}

// The ways to ask for a patient.
const (
	ByNumber = "number"
	ByIDCard = "id_card"
)

// Patient is what HIS knows of a person. All but number and name may be empty.
type Patient struct {
	Number    string `json:"number"`
	Name      string `json:"name"`
	Sex       string `json:"sex,omitempty"`      // M, F or ""
	BirthOn   string `json:"birth_on,omitempty"` // YYYY-MM-DD or ""
	IDCard    string `json:"id_card,omitempty"`
	Phone     string `json:"phone,omitempty"`
	Address   string `json:"address,omitempty"`
	Allergies string `json:"allergies,omitempty"`
}

// maxPatients is the most that one answer may hold.
const maxPatients = 20

// DecodePatientQuery reads a query, for stand-ins. Error: *DocumentError.
func DecodePatientQuery(data []byte) (PatientQuery, error) {
	var q PatientQuery
	if err := unmarshal(data, &q); err != nil {
		return q, err
	}
	if q.By != ByNumber && q.By != ByIDCard || q.Value == "" || len(q.Value) > maxName {
		return q, refuse("by", "应为 number 或 id_card，value 必填")
	}
	return q, nil
}

// DecodePatients reads the persons of an answer. Errors: *DocumentError, ErrTooLarge.
func DecodePatients(data []byte) ([]Patient, error) {
	var raw struct {
		Patients *[]struct {
			Number    *string `json:"number"`
			Name      *string `json:"name"`
			Sex       *string `json:"sex"`
			BirthOn   *string `json:"birth_on"`
			IDCard    *string `json:"id_card"`
			Phone     *string `json:"phone"`
			Address   *string `json:"address"`
			Allergies *string `json:"allergies"`
		} `json:"patients"`
	}
	if err := unmarshal(data, &raw); err != nil {
		return nil, err
	}
	if raw.Patients == nil {
		return nil, refuse("patients", "缺失")
	}
	if len(*raw.Patients) > maxPatients {
		return nil, refuse("patients", "超过 "+strconv.Itoa(maxPatients)+" 人")
	}
	var f fields
	var out []Patient
	for i, p := range *raw.Patients {
		at := "patients[" + strconv.Itoa(i) + "]."
		out = append(out, Patient{Number: f.text(at+"number", p.Number, 40), Name: f.text(at+"name", p.Name, 50),
			Sex: f.sex(at+"sex", p.Sex), BirthOn: f.birth(at+"birth_on", p.BirthOn), IDCard: f.idCard(at+"id_card", p.IDCard),
			Phone: f.optional(at+"phone", p.Phone, 40), Address: f.optional(at+"address", p.Address, 200),
			Allergies: f.optional(at+"allergies", p.Allergies, 300)})
	}
	return out, f.err
}

func (f *fields) sex(field string, s *string) string {
	switch v := f.optional(field, s, 10); v {
	case "", "M", "F":
		return v
	case "男", "1":
		return "M"
	case "女", "2":
		return "F"
	case "未知", "未说明", "0", "9":
		return ""
	}
	f.fail(field, "应为 M、F 或空")
	return ""
}

func (f *fields) birth(field string, s *string) string {
	v := f.optional(field, s, 40)
	if v == "" {
		return ""
	}
	t, err := time.Parse(time.DateOnly, v)
	if err != nil || t.Year() < 1880 || t.Year() > 2100 {
		f.fail(field, "不是 YYYY-MM-DD 形式的日期")
		return ""
	}
	return v
}

var idCardForm = regexp.MustCompile(`^[0-9]{17}[0-9Xx]$`)

// idCard checks the form only: whether the number is right is the business of who
// registers the person.
func (f *fields) idCard(field string, s *string) string {
	v := f.optional(field, s, 18)
	if v != "" && !idCardForm.MatchString(v) {
		f.fail(field, "不是 18 位身份证号")
		return ""
	}
	return v
}
