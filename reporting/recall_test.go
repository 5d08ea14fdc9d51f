package reporting_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session"
)

// recallOf is a recall of a batch that n people were given a box of; the first
// has told us nothing, the second has no number, the third brought it back.
func recallOf(n int) reporting.RecallPaper {
	at := time.Date(2026, 11, 23, 1, 12, 0, 0, time.UTC)
	p := reporting.RecallPaper{Phones: map[int64]string{}}
	p.At, p.Reached = at, 1
	p.Recall = inventory.Recall{ID: 12, Class: inventory.RecallSecond, Kind: inventory.RecallBatch, GenericName: "演示利培酮片", Spec: "1mg×20片", Batch: "B2403",
		Reason: "有关物质超标", SourceNo: "演药监召〔2026〕17号", StartedBy: "演示药师甲", StartedAt: at, DueAt: at.Add(48 * time.Hour)}
	for i := range n {
		x := session.RecallPatient{ID: int64(i + 1), Number: fmt.Sprintf("%06d", i+1), Name: fmt.Sprintf("演示%d", i+1), HomeSite: "演示新华", Contact: session.Contact{State: session.NotYet}}
		x.Boxes = []session.RecallBox{{Code: fmt.Sprintf("8000001%013d", i+1), Generic: "演示利培酮片", Spec: "1mg×20片", Batch: "B2403", Quantity: 20, Content: 20,
			PackWord: "盒", UnitWord: "片", At: at.AddDate(0, 0, -14), Site: "演示新华", Doctor: "演示医生甲", Returned: i == 2}}
		if i != 1 {
			p.Phones[x.ID] = fmt.Sprintf("1390000%04d", i+1)
		}
		if i == 2 {
			x.Contact = session.Contact{State: session.HandedBack, Note: "=1+1", By: "演示药师甲", At: at}
		}
		p.Patients = append(p.Patients, x)
	}
	return p
}

// The paper names all 120, each with number and box, and says on every page who
// took it and when.
func TestRecallPaperNames120(t *testing.T) {
	needFonts(t)
	var b bytes.Buffer
	if err := drawn(reporting.WriteRecallPDF(&b, recallOf(120), made())); err != nil {
		t.Fatal(err)
	}
	folder := os.Getenv("JINGFANG_PAPERS")
	if folder == "" {
		folder = t.TempDir()
	}
	path := filepath.Join(folder, "recall.pdf")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	all := run(t, "pdftotext", "-layout", path, "-")
	for i := 1; i <= 120; i++ {
		for _, want := range []string{fmt.Sprintf("演示%d（%06d）", i, i), fmt.Sprintf("8000001%013d", i)} {
			if !strings.Contains(all, want) {
				t.Fatalf("the paper does not hold %s", want)
			}
		}
	}
	for _, want := range []string{"患者 120 人，已联系 1 人", "ZH000012", "演药监召〔2026〕17号", "电话 13900000001", "电话未登记或不可见", "已退回", "期限"} {
		if !strings.Contains(all, want) {
			t.Errorf("the paper does not say %s", want)
		}
	}
	var again bytes.Buffer
	if err := drawn(reporting.WriteRecallPDF(&again, recallOf(120), made())); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
		t.Errorf("the same list gives another paper: %v", err)
	}
}

func TestRecallSheet(t *testing.T) {
	var b bytes.Buffer
	if err := reporting.WriteRecallSheet(&b, recallOf(120), made()); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := f.GetRows(f.GetSheetName(0))
	if err != nil || len(rows) != 123 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if r := rows[5]; r[0] != "000003" || r[2] != "13900000003" || r[4] != "已交回" || r[5] != "2026-11-23 09:12:00" || r[7] != "'=1+1" || r[10] != "80000010000000000003" || r[11] != "20" || r[12] != "2026-11-09" {
		t.Errorf("row 6 is %q", r)
	}
}
