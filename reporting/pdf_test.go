package reporting_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session"
	"jingfang/sql/seal"
)

// paper writes a report to a file and gives its path and bytes. JINGFANG_PAPERS
// names a folder that keeps it, to look at.
func paper(t testing.TB, r reporting.SessionReport, name string) (string, []byte) {
	t.Helper()
	needFonts(t)
	var b bytes.Buffer
	if err := drawn(reporting.WriteSessionPDF(&b, r, made())); err != nil {
		t.Fatal(err)
	}
	folder := os.Getenv("JINGFANG_PAPERS")
	if folder == "" {
		folder = t.TempDir()
	}
	path := filepath.Join(folder, name+".pdf")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, b.Bytes()
}

// run runs a program that reads papers; one that is missing skips on a laptop
// and fails in CI.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		lacking(t, name+" is missing: sh deploy/test.sh installs it")
	}
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(out)
}

// pages reads a paper back as text, page by page.
func pages(t testing.TB, path string) []string {
	t.Helper()
	return strings.Split(strings.TrimSuffix(run(t, "pdftotext", "-layout", path, "-"), "\f"), "\f")
}

// squeezed is a text without white space, for what wraps.
func squeezed(text string) string { return strings.Join(strings.Fields(text), "") }

func TestPaperReadBack(t *testing.T) {
	d := newDay(t, 2, usualDrugs()...)
	playUsual(d)
	r := d.read()
	path, _ := paper(t, r, "usual")
	text := strings.Join(pages(t, path), "\n")
	for _, want := range []string{
		"社区义诊场次日报", "演示新华社区", "账实相符", "中途的报表", "演示王小明", "演示〔U+20BB7〕", "CF-20261123-0001", "取药 家属 演示王大明",
		"80000010000000000001", "80000020000000000002", "5片", "手输", "每晚1片 28天", "B2601", "B2607",
		"未发药：病情稳定，家中尚有余药", "未记录：80000019999999999999", "演示医生甲", "演示医生乙", "值班药师（代理人）", "复核人",
		"制表：演示药师甲", "2026-11-23 17:45:07", r.Main.Digest.String(), "逐条核对，一致", "就诊中，还没有诊毕",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the paper lacks %q", want)
		}
	}
	for _, want := range []string{
		"演示古丽巴哈尔·阿布都热合曼·买买提江·吐尔逊古丽·阿不力克木",
		"带出21盒=发出5盒5片+带回0+转下场0+损坏0+说明0+余15盒9片",
	} {
		if !strings.Contains(squeezed(text), squeezed(want)) {
			t.Errorf("the paper lacks %q", want)
		}
	}
	// A long name wraps beside the other columns: its pieces, line by line.
	for _, want := range []string{"演示富马酸喹硫平缓释片（薄膜衣，", "避光密封保存，二十五度以下）", "200mg×30片/瓶，铝塑包装"} {
		if !strings.Contains(text, want) {
			t.Errorf("the paper lacks %q", want)
		}
	}
	if strings.Contains(text, "精神") {
		t.Error("the paper says 精神")
	}
	if strings.Contains(text, "账实不符") {
		t.Error("the paper says in vain that the day does not add up")
	}
}

func TestFiguresOfThePaperEndAtTheSameColumn(t *testing.T) {
	d := newDay(t, 1, drugLine{"演示药一", "1mg", risperidone, 20, 3}, drugLine{"演示药二", "2mg", aripiprazol, 20, 120})
	path, _ := paper(t, d.read(), "figures")
	boxes := run(t, "pdftotext", "-bbox", path, "-")
	right := map[string][]string{}
	for _, m := range regexp.MustCompile(`xMax="([0-9.]+)"[^>]*>(3盒|60盒|123盒)<`).FindAllStringSubmatch(boxes, -1) {
		right[m[1][:5]] = append(right[m[1][:5]], m[2])
	}
	for at, found := range right {
		if len(found) >= 3 {
			return
		}
		t.Logf("%s: %v", at, found)
	}
	t.Error("no column of figures ends at one place")
}

func TestPaperIsTheSameTwice(t *testing.T) {
	d := newDay(t, 2, usualDrugs()...)
	playUsual(d)
	r := d.read()
	_, first := paper(t, r, "first")
	for range 3 {
		if _, again := paper(t, r, "again"); !bytes.Equal(first, again) {
			t.Fatal("the same report gave other bytes")
		}
	}
	later := made()
	later.At = later.At.Add(time.Second)
	var b bytes.Buffer
	if err := drawn(reporting.WriteSessionPDF(&b, r, later)); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(first, b.Bytes()) {
		t.Error("another moment gave the same bytes")
	}
}

func TestCodeOfThePaper(t *testing.T) {
	d := newDay(t, 2, usualDrugs()...)
	playUsual(d)
	r := d.read()
	path, _ := paper(t, r, "code")
	picture := strings.TrimSuffix(path, ".pdf")
	run(t, "pdftoppm", "-r", "150", "-png", "-f", "1", "-l", "1", "-singlefile", path, picture)
	got := strings.TrimSpace(run(t, "zbarimg", "--quiet", "--raw", picture+".png"))
	want := fmt.Sprintf("JF1|session|%d|%s|3|%s", d.session, r.Heading.HeldOn.Format(time.DateOnly), r.Main.Digest)
	if got != want {
		t.Errorf("the code says %q, want %q", got, want)
	}
}

func TestPaperOfAnEmptyDay(t *testing.T) {
	d := newDay(t, 1)
	planned, _ := paper(t, d.read(), "planned")
	d.open()
	opened, _ := paper(t, d.read(), "empty")
	for _, path := range []string{planned, opened} {
		got := pages(t, path)
		text := strings.Join(got, "")
		for _, want := range []string{"本场没有带出药品", "本场没有就诊", "还没有记录", "第1/1页"} {
			if !strings.Contains(squeezed(text), want) {
				t.Errorf("the paper lacks %q", want)
			}
		}
	}
}

func TestPaperSaysInRedWhatIsWrong(t *testing.T) {
	d := newDay(t, 2, usualDrugs()...)
	playUsual(d)
	d.exec(`UPDATE pack SET state = 'in_store', session_id = NULL WHERE code = $1`, d.codes[risperidone][3])
	r := d.read()
	path, _ := paper(t, r, "wrong")
	text := strings.Join(pages(t, path), "\n")
	for _, want := range []string{"账实不符：有 1 盒", "差异表", "按流水应余 15盒9片，按药盒登记余 14盒9片"} {
		if !strings.Contains(text, want) {
			t.Errorf("the paper lacks %q", want)
		}
	}
	if n := strings.Count(text, d.codes[risperidone][3]); n != 1 {
		t.Errorf("the pack is named %d times", n)
	}
	if !hasRed(t, path) {
		t.Error("nothing on the first page is red")
	}
	good, _ := paper(t, newDay(t, 1).read(), "good")
	if hasRed(t, good) {
		t.Error("a good day has red on it")
	}
}

// hasRed looks for a clearly red dot on the first page.
func hasRed(t *testing.T, path string) bool {
	t.Helper()
	dots := run(t, "pdftoppm", "-r", "60", "-f", "1", "-l", "1", path)
	_, body, _ := strings.Cut(dots, "\n255\n")
	for i := 0; i+2 < len(body); i += 3 {
		if body[i] > 150 && body[i+1] < 90 && body[i+2] < 90 {
			return true
		}
	}
	return false
}

func TestSupplementsOnThePaper(t *testing.T) {
	d := newDay(t, 2, usualDrugs()...)
	playUsual(d)
	d.exec(`UPDATE clinic_session SET state = 'closed', closed_at = now() WHERE id = $1`, d.session)
	var old struct {
		ID        int64     `db:"id"`
		Visit     uuid.UUID `db:"visit_id"`
		Patient   int64     `db:"patient_id"`
		Doctor    int64     `db:"doctor_id"`
		Canonical []byte    `db:"canonical"`
	}
	d.must(d.db.App.Get(d.ctx, &old, `SELECT id, visit_id, patient_id, doctor_id, canonical FROM record WHERE session_id = $1 AND seq = 1`, d.session))
	digest := seal.Link(fmt.Sprintf("record.v1/%d/supplement", d.session), seal.Digest{}, old.Canonical)
	zero := seal.Digest{}
	d.exec(`INSERT INTO record (session_id, chain, seq, recipe, visit_id, patient_id, doctor_id, corrects_id, at, canonical, prev, digest)
VALUES ($1, 'supplement', 1, 1, $2, $3, $4, $5, now(), $6, $7, $8)`, d.session, old.Visit, old.Patient, old.Doctor, old.ID, old.Canonical, zero[:], digest[:])
	d.exec(`UPDATE record_chain SET length = 1, digest = $2 WHERE session_id = $1 AND chain = 'supplement'`, d.session, digest[:])
	d.exec(`INSERT INTO closing_confirm (session_id, staff_id, part, at) VALUES ($1, $2, 'lead', now()), ($1, $3, 'team', now())`,
		d.session, d.chief.StaffID, d.doctors[0].StaffID)
	d.exec(`INSERT INTO session_head (session_id, chain, length, canonical, signature, key_name, at) VALUES ($1, 'main', 3, '', '', 'demo-1', now())`, d.session)
	r := d.read()
	if len(r.Signatures) != 2 {
		t.Errorf("signatures: %+v", r.Signatures)
	}
	if len(r.Supplements) != 1 || r.Late.Problem != "" || r.Late.Length != 1 || len(r.Visits) != 4 {
		t.Fatalf("supplements: %+v, chain %+v", r.Supplements, r.Late)
	}
	path, _ := paper(t, r, "supplement")
	text := strings.Join(pages(t, path), "\n")
	for _, want := range []string{"补充 1", "更正就诊记录 1", "补充记录共 1 条", "签名（SM2，密钥 demo-1）", "链头没有签名", "电子确认：值班药师　演示药师甲", "电子确认：医生　演示医生甲"} {
		if !strings.Contains(squeezed(text), squeezed(want)) {
			t.Errorf("the paper lacks %q", want)
		}
	}
	if strings.Contains(text, "中途的报表") {
		t.Error("a closed session is called unfinished")
	}
}

// bigReport is a session of 350 patients and 1,500 packs, five of a hundred in
// the boxes still, without a database.
func bigReport() reporting.SessionReport {
	now := made().At
	r := reporting.SessionReport{At: now, Heading: reporting.Heading{ID: 99, SiteCode: "999900001", Site: "演示新华社区", District: "金平区", HeldOn: session.Today(now),
		Kind: "site", State: session.Closed, OpenedAt: &now}}
	expires := now.AddDate(1, 0, 0)
	for n := range 350 {
		v := reporting.Visit{ID: uuid.New(), Number: n + 1, State: session.Finished, Patient: fmt.Sprintf("演示患者%d", n), PatientNo: fmt.Sprintf("P%06d", n),
			DoctorID: int64(n%5 + 1), Doctor: fmt.Sprintf("演示医生%d", n%5), CameAt: now, StartedAt: &now, FinishedAt: &now, Collector: "self", Record: int64(n + 1)}
		for k := range 4 {
			v.Lines = append(v.Lines, reporting.VisitLine{Code: fmt.Sprintf("8000001%013d", n*4+k), Generic: "演示利培酮片" + string(rune(0x4e00+n)), Spec: "1mg×20片", PackWord: "盒", UnitWord: "片",
				Packs: 1, Units: 20, Batch: "B2601", ExpiresOn: &expires, How: inventory.HowScanned})
		}
		r.Visits = append(r.Visits, v)
	}
	return r
}

func TestPaperOfAGreatDay(t *testing.T) {
	path, body := paper(t, bigReport(), "great")
	got := pages(t, path)
	if len(got) < 20 || len(got) > 60 {
		t.Errorf("%d pages", len(got))
	}
	t.Logf("%d pages, %d kB", len(got), len(body)/1024)
	for i, p := range got {
		if want := fmt.Sprintf("第%d/%d页", i+1, len(got)); !strings.Contains(squeezed(p), want) {
			t.Errorf("page %d does not say %q", i+1, want)
		}
		if i > 0 && !strings.Contains(squeezed(p), "社区义诊场次日报演示新华社区") {
			t.Errorf("page %d has no running head", i+1)
		}
		if strings.Contains(p, "80000010000") && !(strings.Contains(p, "追溯码") && strings.Contains(p, "有效期")) {
			t.Errorf("page %d has codes without the table's head", i+1)
		}
	}
	text := strings.Join(got, "")
	for n := range 1400 {
		if code := fmt.Sprintf("8000001%013d", n); strings.Count(text, code) != 1 {
			t.Fatalf("code %s stands %d times", code, strings.Count(text, code))
		}
	}
}

// BenchmarkPaper draws a session of ten times the usual size.
func BenchmarkPaper(b *testing.B) {
	needFonts(b)
	r := bigReport()
	b.ReportAllocs()
	for b.Loop() {
		var w bytes.Buffer
		if err := drawn(reporting.WriteSessionPDF(&w, r, made())); err != nil {
			b.Fatal(err)
		}
	}
}
