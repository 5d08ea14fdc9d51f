package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jingfang/session/patient"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

// counts are the numbers of rows that a second start must not change.
func counts(t *testing.T, d *dbtest.DB) map[string]int {
	t.Helper()
	found := map[string]int{}
	for name, query := range map[string]string{
		"site": `SELECT count(*) FROM site`, "drug": `SELECT count(*) FROM drug`, "staff": `SELECT count(*) FROM staff`,
		"patient": `SELECT count(*) FROM patient`, "label": `SELECT count(*) FROM patient_label`,
		"day": `SELECT count(*) FROM clinic_session WHERE kind = 'site'`, "record": `SELECT count(*) FROM record`,
	} {
		var n int
		if err := d.App.Get(t.Context(), &n, query); err != nil {
			t.Fatal(err)
		}
		found[name] = n
	}
	return found
}

// differences are what the comparison with HIS finds: boxes that patients have, or that
// a changed document took back, each with its sentence. same is how many lines agree.
func differences(t *testing.T, url, password string) (list []string, same int) {
	t.Helper()
	p, err := newPlayer(t.Context(), url, "pharmacist", password, nil)
	if err != nil {
		t.Fatal(err)
	}
	var lines []struct {
		HISCode string `json:"his_code"`
		Batch   string `json:"batch"`
		Words   string `json:"difference"`
	}
	if err := p.post(t.Context(), "/stock/his", nil, &lines); err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if l.Words == "" {
			same++
			continue
		}
		list = append(list, l.HISCode+" "+l.Batch+" "+l.Words)
	}
	return list, same
}

// TestDemoKeepsItsData: a second start finds what the first has made, and a new
// password reaches every account.
func TestDemoKeepsItsData(t *testing.T) {
	d := twoUsers(t, dbtest.Options{})
	data := t.TempDir()
	start := func(password string) *runningHouse {
		return startProgram(t, d, "demo", "-data", data, "-addr", "127.0.0.1:0", "-load", "1", "-password", password)
	}
	first := start("First-12345")
	before := counts(t, d)
	stock, same := differences(t, first.URL, "First-12345")
	if before["site"] != 25 || before["drug"] != 25 || before["day"] != 2 || before["record"] != demoDone {
		t.Errorf("the first start made %v", before)
	}
	if code := first.stop(); code != exitOK {
		t.Fatalf("the first start ended with %d:\n%s", code, first.said)
	}
	second := start("Second-12345")
	for name, n := range counts(t, d) {
		if n != before[name] {
			t.Errorf("%s: %d rows after the second start, %d after the first", name, n, before[name])
		}
	}
	// The stand-in HIS has not forgotten what it sent: what patients got is still all that
	// it has not heard of.
	if now, agree := differences(t, second.URL, "Second-12345"); same < 20 || agree != same || !slices.Equal(now, stock) {
		t.Errorf("the comparison with HIS says after the second start\n%q (%d agree)\nand after the first\n%q (%d)", now, agree, stock, same)
	}
	for _, x := range demoPersons() {
		if _, err := newPlayer(t.Context(), second.URL, x.username, "Second-12345", nil); err != nil {
			t.Errorf("%s with the new password: %v", x.username, err)
		}
	}
	if _, err := newPlayer(t.Context(), second.URL, "doctor1", "First-12345", nil); err == nil {
		t.Error("the old password still opens the door")
	}
	for _, name := range []string{passwordFile, codesFile, loadFile} {
		if info, err := os.Stat(filepath.Join(data, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
}

func TestDemoPeopleAreInvented(t *testing.T) {
	now := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	seen := map[string]bool{}
	for n := range 2000 {
		e, err := demoPatient(1, n, now)
		if err != nil {
			t.Fatal(err)
		}
		card, err := patient.ParseIDCard(e.PaperNo, now)
		if err != nil || !strings.HasPrefix(card.Number(), "999900") || seen[card.Number()] || seen[e.Name] || !strings.Contains(e.Name, "演示") {
			t.Fatalf("person %d is %s %s: %v", n, e.Name, e.PaperNo, err)
		}
		seen[card.Number()], seen[e.Name] = true, true
	}
	districts := map[string]bool{}
	for _, x := range demoSites() {
		districts[x.district] = true
		seen[x.name] = true
	}
	if len(demoSites()) != 25 || len(districts) != 5 {
		t.Errorf("%d sites in %d districts", len(demoSites()), len(districts))
	}
}

// TestVerifyNamesWhatIsWrong changes rows behind the program's back, as only the
// owner of the tables can, and asks each command for what it finds.
func TestVerifyNamesWhatIsWrong(t *testing.T) {
	h := startDemo(t, twoUsers(t, dbtest.Options{}))
	code := h.plan.Sessions[0].Codes[7]
	// The end of the program anchors all chains.
	if got := h.stop(); got != exitOK {
		t.Fatalf("the demo ended with %d:\n%s", got, h.said)
	}
	h.verify(t)
	for _, x := range []struct {
		what, says string
		damage     []string
	}{
		{"stock", code, []string{`UPDATE pack SET units_left = units_left - 1 WHERE code = '` + code + `'`}},
		{"records", "第 2 条", []string{`ALTER TABLE record DISABLE TRIGGER USER`,
			`UPDATE record SET patient_id = patient_id + 1 WHERE seq = 2 AND chain = 'main'`}},
		{"transferlog", "末尾的记录被删除", []string{`ALTER TABLE translog_entry DISABLE TRIGGER USER`,
			`UPDATE translog_head SET length = length - 1, digest = (SELECT e.prev FROM translog_entry e WHERE e.writer_id = translog_head.writer_id AND e.seq = length)`,
			`DELETE FROM translog_entry WHERE seq > (SELECT h.length FROM translog_head h WHERE h.writer_id = translog_entry.writer_id)`}},
		{"audit", "第 1 条", []string{`ALTER TABLE audit DISABLE TRIGGER USER`,
			`UPDATE audit SET staff_id = NULL WHERE event = 'login' AND seq = 1`}},
	} {
		t.Run(x.what, func(t *testing.T) {
			harm(t, h.base, x.damage)
			got, out, problem := called(environment(h.base), "verify", x.what, "-data", h.Data)
			if got != exitFail || !strings.Contains(problem, x.says) {
				t.Errorf("exit %d, %q %q; want it to name %q", got, out, problem, x.says)
			}
		})
	}
}

func harm(t *testing.T, d *dbtest.DB, statements []string) {
	t.Helper()
	err := d.Owner.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, s := range statements {
			n, err := tx.Exec(ctx, s)
			if err != nil {
				return err
			}
			if n == 0 && !strings.HasPrefix(s, "ALTER") {
				t.Errorf("no harm done by %s", s)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
