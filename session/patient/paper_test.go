package patient_test

import (
	"testing"
	"time"

	"jingfang/session/patient"
	"jingfang/sql/db"
)

// Demo people live in the unassigned region 999900; 11010519491231002X is the
// example of GB 11643.
func TestParseIDCard(t *testing.T) {
	for _, c := range []struct{ name, raw, number, birth, sex string }{
		{"demo", "999900197001010015", "999900197001010015", "1970-01-01", "M"},
		{"29 February", "999900198802290015", "999900198802290015", "1988-02-29", "M"},
		{"the standard's example", "11010519491231002X", "11010519491231002X", "1949-12-31", "F"},
		{"lower-case x", "11010519491231002x", "11010519491231002X", "1949-12-31", "F"},
		{"full width with spaces", " １１０１０５ 19491231 002Ｘ\n", "11010519491231002X", "1949-12-31", "F"},
	} {
		t.Run(c.name, func(t *testing.T) {
			card, err := patient.ParseIDCard(c.raw, noon)
			check(t, err)
			if card.Number() != c.number || card.Birth().Format(time.DateOnly) != c.birth || card.Sex() != c.sex {
				t.Errorf("got %s, %s, %s", card.Number(), card.Birth().Format(time.DateOnly), card.Sex())
			}
		})
	}
}

func TestParseIDCardRefuses(t *testing.T) {
	for _, c := range []struct{ name, raw, sentence string }{
		{"empty", "", "现在是 0 位"},
		{"17 digits", "99990019700101001", "现在是 17 位"},
		{"15 digits of the old form", "999900700101001", "现在是 15 位"},
		{"an impossible date", "999900198502290013", "第 7 至 14 位"},
		{"a wrong check digit", "999900197001010016", "校验位不对"},
		{"one digit wrong", "999900197001020015", "校验位不对"},
		{"two digits swapped", "999900197010010015", "校验位不对"},
		{"letters", "99990019700101001A", "末位为数字或 X"},
		{"x in the middle", "9999001970010X0015", "前 17 位须为数字"},
		{"18 other characters", "身份证号身份证号身份证号身份证号身份", "前 17 位须为数字"},
		{"6 characters of 18 bytes", "身份证号码错", "现在是 6 位"},
		{"a passport", "E12345678", "现在是 9 位"},
		{"a Hong Kong permit", "H0123456789", "现在是 11 位"},
		{"invalid UTF-8", "99990019700101001\xff", "末位为数字或 X"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := patient.ParseIDCard(c.raw, noon)
			refused(t, err, db.Invalid, c.sentence)
			if c.raw != "" {
				refused(t, err, db.Invalid, "!"+c.raw)
			}
		})
	}
}

// A number is good on its holder's birthday in Shanghai, when it is still
// yesterday in UTC, and not a minute earlier.
func TestParseIDCardOfToday(t *testing.T) {
	midnight := time.Date(1988, 2, 28, 16, 0, 0, 0, time.UTC)
	_, err := patient.ParseIDCard("999900198802290015", midnight)
	check(t, err)
	_, err = patient.ParseIDCard("999900198802290015", midnight.Add(-time.Minute))
	refused(t, err, db.Invalid, "第 7 至 14 位")
}

// Every wrong digit and every two neighbours that changed places show.
func TestIDCardCheckCatchesTypingErrors(t *testing.T) {
	const good = "999900198802290015"
	for i := range good {
		for _, c := range "0123456789" {
			wrong := good[:i] + string(c) + good[i+1:]
			if _, err := patient.ParseIDCard(wrong, noon); wrong != good && err == nil {
				t.Errorf("%s passes", wrong)
			}
		}
		if i == 0 {
			continue
		}
		swapped := good[:i-1] + good[i:i+1] + good[i-1:i] + good[i+1:]
		if _, err := patient.ParseIDCard(swapped, noon); swapped != good && err == nil {
			t.Errorf("%s passes", swapped)
		}
	}
}
