package main

import (
	"context"
	"fmt"
	"time"

	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// Patients of a demo site: many at the first few sites, some everywhere.
const (
	fullSites    = 5
	fullPatients = 40
	fewPatients  = 8
)

// patients registers the invented patients that are missing.
func (s *seeder) patients(ctx context.Context) error {
	ids, err := s.siteIDs(ctx)
	if err != nil {
		return err
	}
	have, err := s.patientCounts(ctx)
	if err != nil {
		return err
	}
	first := 0
	for i := range demoSites() {
		want := fewPatients
		if i < fullSites {
			want = fullPatients
		}
		site := ids[demoSiteCode(i)]
		for n := have[site]; n < want; n++ {
			if err := s.patient(ctx, site, first+n); err != nil {
				return err
			}
		}
		first += want
	}
	return nil
}

// patient registers one; a start that was broken off may have done so already.
func (s *seeder) patient(ctx context.Context, site int64, n int) error {
	e, err := demoPatient(site, n, s.app.db.Now())
	if err != nil {
		return err
	}
	_, _, err = s.app.patients.Register(ctx, identity.System("demo"), e)
	if db.KindOf(err) == db.Conflict {
		return nil
	}
	return err
}

// demoPatient invents a person: a name that nobody has, an ID number of the
// unassigned region 999900 with a valid check digit.
func demoPatient(site int64, n int, now time.Time) (patient.Entry, error) {
	card, err := demoIDCard(n, now)
	if err != nil {
		return patient.Entry{}, err
	}
	e := patient.Entry{Name: demoName(n), HomeSiteID: site, Paper: patient.PaperIDCard, PaperNo: card,
		Phone: fmt.Sprintf("000-0000-%04d", n), Address: fmt.Sprintf("演示路 %d 号", n+1)}
	if n%9 == 4 {
		e.Allergies = "青霉素（演示）"
	}
	return e, nil
}

// demoName begins with one of the ten stems, so that masked names differ.
func demoName(n int) string {
	stems := []rune("甲乙丙丁戊己庚辛壬癸")
	return fmt.Sprintf("%c演示%s", stems[n%len(stems)], chineseNumber(n/len(stems)+1))
}

// chineseNumber spells a number digit by digit: 42 is 四二.
func chineseNumber(n int) string {
	digits := []rune("〇一二三四五六七八九")
	text := ""
	for ; n > 0; n /= 10 {
		text = string(digits[n%10]) + text
	}
	return text
}

// demoIDCard finds the check character by asking the rule itself.
func demoIDCard(n int, now time.Time) (string, error) {
	birth := time.Date(1948, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n*37%20000)
	body := fmt.Sprintf("999900%s%03d", birth.Format("20060102"), n%1000)
	for _, c := range "0123456789X" {
		if card, err := patient.ParseIDCard(body+string(c), now); err == nil {
			return card.Number(), nil
		}
	}
	return "", fmt.Errorf("no check character fits %s", body)
}

// patientCounts are the numbers of patients by site.
func (s *seeder) patientCounts(ctx context.Context) (map[int64]int, error) {
	var rows []struct {
		Site  int64 `db:"home_site_id"`
		Count int   `db:"n"`
	}
	err := s.app.db.Select(ctx, &rows, `SELECT home_site_id, count(*) AS n FROM patient GROUP BY home_site_id`)
	if err != nil {
		return nil, fmt.Errorf("count patients: %w", err)
	}
	counts := make(map[int64]int, len(rows))
	for _, x := range rows {
		counts[x.Site] = x.Count
	}
	return counts, nil
}
