package session

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"
	"golang.org/x/text/width"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// Supplied is what one hand-over gave of one drug.
type Supplied struct {
	Drug string
	// GivenOn is the clinic date of the hand-over, as midnight UTC.
	GivenOn time.Time
	// Units is how many units (片, 粒, 支) were given; Unit is their word.
	Units int64
	Unit  string
	// Days is for how many days it was meant, 0 when nobody said; Dose is the daily
	// dose in words.
	Days int
	Dose string
	// Amount is what was given in words: 2 盒 + 10 片.
	Amount string
}

// Lasts is for how many days the supply is enough: as it was said at the table, or
// what the number of units and the daily dose make; false when neither is known.
func (s Supplied) Lasts() (days int, known bool) {
	if s.Days > 0 {
		return s.Days, true
	}
	daily, known := dailyUnits(s.Dose, s.Unit)
	if !known || s.Units <= 0 {
		return 0, false
	}
	return int(float64(s.Units) / daily), true
}

// Left is for how many days it is still enough on a date: 0 on the first day without,
// negative for the days since; false when nobody knows.
func (s Supplied) Left(on time.Time) (days int, known bool) {
	lasts, known := s.Lasts()
	if !known {
		return 0, false
	}
	return lasts - daysBetween(s.GivenOn, on), true
}

// DaysLeft is the least of several drugs: whoever is out of one of them needs to
// come. Drugs of which nobody knows do not count; false when that is all of them.
func DaysLeft(list []Supplied, on time.Time) (days int, known bool) {
	for _, s := range list {
		left, ok := s.Left(on)
		if ok && (!known || left < days) {
			days, known = left, true
		}
	}
	return days, known
}

// LeftWord says days left as people read them: 还剩 3 天, 今天用完, 已断药 3 天, or
// 余药天数未知.
func LeftWord(days int, known bool) string {
	switch {
	case !known:
		return "余药天数未知"
	case days > 0:
		return fmt.Sprintf("还剩 %d 天", days)
	case days == 0:
		return "今天用完"
	}
	return fmt.Sprintf("已断药 %d 天", -days)
}

// The ways in which a daily dose is written. partOfDay stands before an amount; times
// a day may stand before or after the number.
var (
	partOfDay  = regexp.MustCompile(`早上|早晨|早|中午|午|晚上|晚|睡前`)
	timesADay  = regexp.MustCompile(`(?:每|1)[日天]([0-9.]+)次|([0-9.]+)次/[日天]`)
	onceADay   = regexp.MustCompile(`(?:每|1)[日天]|/[日天]|qd|qn`)
	latinTimes = map[string]float64{"bid": 2, "tid": 3, "qid": 4, "qod": 0.5}
)

// dailyUnits reads a daily dose that is written in units of the drug: 每晚1片,
// 每次1片 每日2次, 早1片晚2片, 早晚各半片. What is written otherwise, or in
// milligrams, is not guessed at.
func dailyUnits(dose, unit string) (perDay float64, known bool) {
	text := strings.ToLower(width.Narrow.String(strings.Join(strings.Fields(dose), "")))
	text = strings.NewReplacer("半", "0.5", "一", "1", "二", "2", "两", "2", "三", "3", "四", "4").Replace(text)
	if unit == "" {
		return 0, false
	}
	amounts := regexp.MustCompile(`([0-9]+(?:\.[0-9]+)?)`+regexp.QuoteMeta(unit)).FindAllStringSubmatch(text, -1)
	if len(amounts) == 0 {
		return 0, false
	}
	sum, parts := 0.0, len(partOfDay.FindAllString(text, -1))
	for _, a := range amounts {
		n, err := strconv.ParseFloat(a[1], 64)
		if err != nil {
			return 0, false
		}
		sum += n
	}
	times := 0.0
	switch one := len(amounts) == 1; {
	case one && timesOf(text) > 0:
		times = timesOf(text)
	case one && parts > 0 && strings.Contains(text, "各"):
		times = float64(parts)
	case parts == len(amounts) || one && onceADay.MatchString(text):
		times = 1
	}
	return sum * times, sum*times > 0
}

// timesOf is how often a day something is taken, 0 when the text does not say.
func timesOf(text string) float64 {
	if m := timesADay.FindStringSubmatch(text); m != nil {
		n, err := strconv.ParseFloat(m[1]+m[2], 64)
		if err == nil {
			return n
		}
	}
	for word, n := range latinTimes {
		if strings.Contains(text, word) {
			return n
		}
	}
	return 0
}

// LastSupply is the last finished visit of a patient that gave medicine.
type LastSupply struct {
	Visit     uuid.UUID
	SessionID int64
	GivenOn   time.Time
	Site      string
	Drugs     []Supplied
	cameAt    time.Time // of the visit, to tell two of one day apart
}

// Sentence is read in two seconds: 上次 10-12 演示利培酮片 2 盒 · 还剩 3 天. The year
// stands there when it is another one. Empty without a supply.
func (l LastSupply) Sentence(on time.Time) string {
	if len(l.Drugs) == 0 {
		return ""
	}
	day := l.GivenOn.Format("01-02")
	if l.GivenOn.Year() != on.Year() {
		day = l.GivenOn.Format(time.DateOnly)
	}
	text := fmt.Sprintf("上次 %s %s %s", day, l.Drugs[0].Drug, l.Drugs[0].Amount)
	if len(l.Drugs) > 1 {
		text += fmt.Sprintf("等 %d 种", len(l.Drugs))
	}
	return text + " · " + LeftWord(DaysLeft(l.Drugs, on))
}

// Tone is how urgent the last supply is: red once it is used up, amber on its last
// three days.
func (l LastSupply) Tone(on time.Time) inventory.Tone {
	days, known := DaysLeft(l.Drugs, on)
	switch {
	case !known:
		return inventory.ToneSoft
	case days < 0:
		return inventory.ToneBad
	case days <= 3:
		return inventory.ToneCaution
	}
	return inventory.ToneGood
}

// ReadLastSupplies reads the last supply of each of many patients, by the patient's
// id; who never got medicine is missing. except is a visit that does not count, or
// uuid.Nil. Entries that were merged count for themselves: ask for the whole family.
func ReadLastSupplies(ctx context.Context, r db.Reader, patients []int64, except uuid.UUID) (map[int64]LastSupply, error) {
	var rows []struct {
		Patient   int64     `db:"patient_id"`
		Visit     uuid.UUID `db:"visit_id"`
		SessionID int64     `db:"session_id"`
		HeldOn    time.Time `db:"held_on"`
		Site      string    `db:"site"`
		CameAt    time.Time `db:"came_at"`
		DrugID    int64     `db:"drug_id"`
		Generic   string    `db:"generic_name"`
		Spec      string    `db:"spec"`
		Unit      string    `db:"unit_name"`
		Pack      string    `db:"pack_name"`
		Content   int64     `db:"units_total"`
		Quantity  int64     `db:"quantity"`
		Days      int       `db:"days"`
		Dose      string    `db:"dose"`
	}
	err := r.Select(ctx, &rows, `SELECT w.patient_id, w.id AS visit_id, c.id AS session_id, c.held_on, s.name AS site, w.came_at, d.id AS drug_id, d.generic_name, d.spec, d.unit_name, d.pack_name,
  k.units_total, l.quantity, COALESCE(l.days, 0) AS days, l.dose
FROM (SELECT v.id, v.patient_id, v.session_id, v.came_at, row_number() OVER (PARTITION BY v.patient_id ORDER BY v.came_at DESC, v.id) AS n FROM visit v
  WHERE v.patient_id = ANY($1::bigint[]) AND v.state = 'finished' AND v.id <> $2::uuid
    AND EXISTS (SELECT 1 FROM visit_line g WHERE g.visit_id = v.id AND g.undone_at IS NULL)) w
JOIN visit_line l ON l.visit_id = w.id AND l.undone_at IS NULL JOIN pack k ON k.id = l.pack_id JOIN drug d ON d.id = k.drug_id
JOIN clinic_session c ON c.id = w.session_id JOIN site s ON s.id = c.site_id WHERE w.n = 1 ORDER BY w.patient_id, l.id`, pq.Array(patients), except)
	if err != nil {
		return nil, fmt.Errorf("read last supplies: %w", err)
	}
	out := map[int64]LastSupply{}
	type key struct{ patient, drug int64 }
	amounts, place := map[key]*boxesFirst{}, map[key]int{}
	for _, x := range rows {
		last, k := out[x.Patient], key{x.Patient, x.DrugID}
		last.Visit, last.SessionID, last.GivenOn, last.Site, last.cameAt = x.Visit, x.SessionID, x.HeldOn, x.Site, x.CameAt
		if amounts[k] == nil {
			amounts[k], place[k] = &boxesFirst{}, len(last.Drugs)
			last.Drugs = append(last.Drugs, Supplied{Drug: inventory.DrugName(x.Generic, x.Spec), GivenOn: x.HeldOn, Unit: x.Unit})
		}
		d := &last.Drugs[place[k]]
		d.Units += x.Quantity
		d.Days = max(d.Days, x.Days)
		if x.Dose != "" {
			d.Dose = x.Dose
		}
		amounts[k].add(x.Quantity, x.Content, x.Pack, x.Unit)
		both := *amounts[k]
		d.Amount = both.words()
		out[x.Patient] = last
	}
	return out, nil
}

// words is both kinds of units, without changing them.
func (b boxesFirst) words() string {
	var all Amounts
	all.AddAll(b.boxes)
	all.AddAll(b.loose)
	return all.String()
}

// LastSupplyOf is the last supply of one person, whichever of the person's entries it
// was given under.
func LastSupplyOf(ctx context.Context, r db.Reader, family []int64, except uuid.UUID) (LastSupply, error) {
	all, err := ReadLastSupplies(ctx, r, family, except)
	if err != nil {
		return LastSupply{}, err
	}
	var last LastSupply
	for _, id := range family {
		if s, found := all[id]; found && s.cameAt.After(last.cameAt) {
			last = s
		}
	}
	return last, nil
}
