package patient_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"jingfang/session/patient"
	"jingfang/sql/db"
)

// calc is LibreOffice without a window and with settings of its own.
type calc struct {
	t   *testing.T
	dir string
}

func newCalc(t *testing.T) calc {
	t.Helper()
	if _, err := exec.LookPath("soffice"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no LibreOffice on this machine; sh deploy/test.sh installs it")
		}
		t.Skip("there is no LibreOffice on this machine; sh deploy/test.sh installs it")
	}
	return calc{t, t.TempDir()}
}

// saves opens a file as a person would and saves it in another form; reading says how
// a text file is taken apart, "" for what needs no telling.
func (c calc) saves(data []byte, name, reading, form string) []byte {
	c.t.Helper()
	in := filepath.Join(c.dir, name)
	check(c.t, os.WriteFile(in, data, 0o600))
	out := filepath.Join(c.dir, "saved")
	args := []string{"-env:UserInstallation=file://" + c.dir + "/profile", "--headless", "--norestore", "--convert-to", form, "--outdir", out}
	if reading != "" {
		args = append(args, "--infilter="+reading)
	}
	limit, cancel := context.WithTimeout(ctx(), 2*time.Minute)
	defer cancel()
	said, err := exec.CommandContext(limit, "soffice", append(args, in)...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("%v: %s", err, said)
	}
	files, err := filepath.Glob(filepath.Join(out, "*"))
	check(c.t, err)
	if len(files) != 1 {
		c.t.Fatalf("%d files, %s", len(files), said)
	}
	saved, err := os.ReadFile(files[0])
	check(c.t, err)
	check(c.t, os.Remove(files[0]))
	return saved
}

// What LibreOffice saves is read like what was typed into it: texts, a column of
// dates, lines within a cell; a number of eighteen digits that a spreadsheet has
// rounded is named. Its own form .ods is refused with what to do.
func TestImportOfWhatLibreOfficeSaves(t *testing.T) {
	c := newCalc(t)
	h := newHouse(t)
	text := csvHead +
		"演示甲,男,1970-01-01,999900197001010015,000-0000-0001,\"演示路 1 号\n二楼\",青霉素,演示新华\n" +
		"演示𠮷·乙,女,1980-02-29,,,,,演示新华社区\n" +
		"演示丙,,,999900198502290013,,,,演示新华\n" // an impossible date
	// The fields: comma, quote, UTF-8, from line 1, texts but for a date in column 3.
	typed := "CSV:44,34,76,1,1/2/2/2/3/5/4/2/5/2/6/2/7/2/8/2"
	book := c.saves([]byte(text), "typed.csv", typed, "xlsx:Calc MS Excel 2007 XML")
	for name, data := range map[string][]byte{
		"xlsx": book,
		// comma, quote, GB18030
		"csv in gb18030": c.saves(book, "saved.xlsx", "", "csv:Text - txt - csv (StarCalc):44,34,85"),
	} {
		d := h.upload(h.helper, data)
		if got := fates(d); got != "error 1, new 2" {
			t.Errorf("%s: %s %s %+v", name, got, d.Problem, d.Rows)
		}
	}
	// A column that was left as LibreOffice guesses it has its numbers rounded.
	guessed := c.saves([]byte(text), "guessed.csv", "CSV:44,34,76,1", "xlsx:Calc MS Excel 2007 XML")
	d := h.upload(h.helper, guessed)
	if got := fates(d); got != "error 2, new 1" || d.Rows[0].Wrong[0].Cell != "D2" {
		t.Errorf("rounded numbers: %s %+v", got, d.Rows)
	}
	d = h.upload(h.helper, book)
	if done := h.run(h.helper, d.ID); done != (patient.ImportResult{Created: 2, LeftOut: 1}) {
		t.Errorf("%+v", done)
	}
	if n := h.count(`SELECT count(*) FROM patient WHERE name = '演示𠮷·乙' AND birth_on = '1980-02-29'`); n != 1 {
		t.Error("the name or the date is not what was typed")
	}
	_, err := h.Upload(ctx(), h.helper, c.saves(book, "own.xlsx", "", "ods"))
	refused(t, err, db.Invalid, ".ods", "另存为 .xlsx")
}
