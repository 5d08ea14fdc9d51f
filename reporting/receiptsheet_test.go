package reporting_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jingfang/inventory"
	"jingfang/reporting"
)

// differing is a receipt with a difference of every kind, codes missing packs
// among them.
func differing(codes int) inventory.ReceiptSheet {
	at := time.Date(2026, 11, 23, 1, 30, 0, 0, time.UTC)
	until := time.Date(2028, 3, 31, 0, 0, 0, 0, time.UTC)
	line := inventory.ReceiptLine{ID: 1, LineNo: 1, GenericName: "演示利培酮片", Spec: "1mg×20片", PackName: "盒", Batch: "B2403", ExpiresOn: &until, Packs: codes + 84, Received: 84}
	missing := inventory.MissingLine{ReceiptLine: line}
	for i := range codes {
		missing.Codes = append(missing.Codes, fmt.Sprintf("8112345%013d", i))
	}
	return inventory.ReceiptSheet{
		Receipt: inventory.Receipt{ID: 7, Number: "YS-R1102", Revision: 2, State: inventory.ReceiptFinished, IssuedAt: at, ArrivedAt: at, FromStore: "中心药库（演示）", FinishedAt: &at, FinishedBy: "演示药师甲"},
		Lines:   []inventory.ReceiptLine{line},
		Differ: inventory.Differences{Missing: []inventory.MissingLine{missing},
			Refused: []inventory.ReceiptRefusal{{ID: 1, Code: "81999990000000000001", Kind: inventory.KindUnknownPrefix, Staff: "演示工作人员", At: at}}},
		Codeless: []inventory.CodelessRequest{{ID: 1, Generic: "演示苯海索片", Spec: "2mg×100片", Batch: "B2399", Packs: 1, Reason: inventory.CodeDamaged, Readable: "末四位 6312", Asker: "演示工作人员", Decider: "演示药师甲",
			Boxes: []inventory.CodelessBox{{Code: "WM202611230000000470", TrueCode: "81123460000000006312"}}}},
		Batches: []inventory.WrongBatch{{Code: "81123450000000000042", Generic: "演示利培酮片", Spec: "1mg×20片", LineNo: 1, Listed: "B2403", Found: "B2404", ListedExpires: &until, FoundExpires: &until}},
		Surplus: []inventory.Surplus{{Document: "YS-R1102", Cause: "revision", GenericName: "演示苯海索片", Spec: "2mg×100片", Batch: "B2399", Packs: 1, Code: "81123460000000000077", State: inventory.StateInStore},
			{Document: "YS-H0009", Cause: "red", GenericName: "演示苯海索片", Spec: "2mg×100片", Batch: "B2399", Packs: 3}},
		Sign: &inventory.SheetSign{ID: 1, Remark: "已电话告知中心药库", State: "confirmed", Asker: "演示工作人员", AskedAt: at, Decider: "演示药师甲", DecidedAt: &at},
	}
}

func sheetPaper(t *testing.T, x inventory.ReceiptSheet, name string) (string, []byte) {
	t.Helper()
	needFonts(t)
	var b bytes.Buffer
	if err := drawn(reporting.WriteReceiptSheetPDF(&b, x, made())); err != nil {
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

func TestReceiptSheetReadBack(t *testing.T) {
	path, body := sheetPaper(t, differing(36), "receipt-sheet")
	text := squeezed(strings.Join(pages(t, path), "\n"))
	for _, want := range []string{"入库差异单", "YS-R1102", "第2版", "应收120盒，入库84盒；少36盒，多出或不明1盒，无码1盒，批号效期不符1盒，单外需退回4盒", "81123460000000000077", "红单YS-H0009", "不指明哪几盒", "81123450000000000035", "81999990000000000001",
		"WM202611230000000470", "81123460000000006312", "B2404", "提交：演示工作人员", "确认：演示药师甲", "已电话告知中心药库", "发货方（中心药库）", "签名："} {
		if !strings.Contains(text, want) {
			t.Errorf("the sheet lacks %q: %s", want, text)
		}
	}
	if _, again := sheetPaper(t, differing(36), "receipt-sheet-again"); !bytes.Equal(body, again) {
		t.Error("the same sheet gives other bytes")
	}
}

// A line of a thousand missing codes still fits its row, and a sheet nobody has
// handed in says so.
func TestReceiptSheetWithManyCodesAndWithoutSign(t *testing.T) {
	x := differing(1000)
	x.Sign = nil
	path, _ := sheetPaper(t, x, "receipt-sheet-many")
	all := pages(t, path)
	text := squeezed(strings.Join(all, "\n"))
	if len(all) > 8 || !strings.Contains(text, "81123450000000000999") || !strings.Contains(text, "没有人提交") {
		t.Errorf("%d pages: %s", len(all), text)
	}
	none := inventory.ReceiptSheet{Receipt: x.Receipt}
	path, _ = sheetPaper(t, none, "receipt-sheet-none")
	if text := squeezed(strings.Join(pages(t, path), "")); !strings.Contains(text, "没有差异") {
		t.Errorf("without differences: %s", text)
	}
}
