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

// countResult is a result with n missing boxes and one of every other difference.
func countResult(n int) inventory.CountResult {
	at := time.Date(2026, 11, 23, 1, 5, 0, 0, time.UTC)
	later := at.Add(time.Hour)
	r := inventory.CountResult{
		Stocktake: inventory.Stocktake{ID: 7, AllDrugs: true, State: inventory.CountApproved, Submission: 1, Starter: "演示药师", StartedAt: at, Submitter: "演示工作人员",
			SubmittedAt: &later, Decider: "演示管理", DecidedAt: &later},
		Counters: []string{"演示药师", "演示工作人员"},
		Lines: []inventory.CountLine{
			{GenericName: "演示利培酮片", Spec: "1mg×20片", PackName: "盒", UnitName: "片", Way: inventory.WayScanned, BookedPacks: 60, FoundPacks: int64(60 - n), Moved: 3},
			{GenericName: "演示氯氮平片", Spec: "25mg×100片", PackName: "瓶", UnitName: "片", Way: inventory.WayNumber, BookedPacks: 40, BookedLoose: 62, FoundPacks: 40, FoundLoose: 60},
			{GenericName: "演示阿普唑仑片", Spec: "0.4mg×24片", PackName: "盒", UnitName: "片", Way: inventory.WayUncounted, BookedPacks: 12},
		},
	}
	for i := range n {
		r.Differences = append(r.Differences, inventory.CountDifference{Kind: inventory.DifferMissing, Code: fmt.Sprintf("8000001%013d", i+1), GenericName: "演示利培酮片", Spec: "1mg×20片", UnitName: "片",
			Booked: 20, Proposal: inventory.MoveLose, Action: inventory.MoveLose, Reason: inventory.ReasonNotKnown, Text: "货架都找过", Outcome: "adjusted",
			LastAt: &at, LastKind: inventory.MoveComeHome, LastBy: "演示药师乙"})
	}
	r.Differences = append(r.Differences,
		inventory.CountDifference{Kind: inventory.DifferExtra, Code: "81999990000000000001", Counted: 1, Reason: inventory.ReasonMissedIn, Outcome: "recorded"},
		inventory.CountDifference{Kind: inventory.DifferUnits, Code: "80000020000000000077", GenericName: "演示氯氮平片", Spec: "25mg×100片", UnitName: "片", Booked: 62, Counted: 60,
			Action: inventory.MoveShortage, Reason: inventory.ReasonMiscount, Outcome: "dropped"})
	return r
}

func stocktakePaper(t *testing.T, r inventory.CountResult) (string, []byte) {
	t.Helper()
	needFonts(t)
	var b bytes.Buffer
	made := reporting.Made{By: "演示药师", At: time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)}
	if err := drawn(reporting.WriteStocktakePDF(&b, r, made)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "count.pdf")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if folder := os.Getenv("JINGFANG_SHOTS"); folder != "" {
		_ = os.WriteFile(filepath.Join(folder, "count.pdf"), b.Bytes(), 0o600)
	}
	return path, b.Bytes()
}

func TestStocktakePaperReadBack(t *testing.T) {
	path, first := stocktakePaper(t, countResult(60))
	read := pages(t, path)
	text := squeezed(strings.Join(read, "\n"))
	for _, want := range []string{"盘点结果", "PD20261123-7", "药房全部药品", "已审核", "盘点人演示药师、演示工作人员", "审核2026-11-2310:05演示管理", "缺少60处，多出1处，余量不符1处", "未盘",
		"-60盒", "-2片", "8000001", "没有记录的码", "已报失", "提交后动过", "查过，原因不明：货架", "最后一笔", "带回演示药师乙", "20片", "62片", "审核人"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in %s", want, text)
		}
	}
	if len(read) < 3 {
		t.Errorf("%d pages", len(read))
	}
	for i, p := range read[1:] {
		if !strings.Contains(squeezed(p), "PD20261123-7") {
			t.Errorf("page %d has no head", i+2)
		}
	}
	if _, second := stocktakePaper(t, countResult(60)); !bytes.Equal(first, second) {
		t.Error("the same result gives another paper")
	}
}

func TestStocktakePaperOfNothing(t *testing.T) {
	r := countResult(0)
	r.Differences, r.State = nil, inventory.CountAbandoned
	path, _ := stocktakePaper(t, r)
	if text := squeezed(strings.Join(pages(t, path), "\n")); !strings.Contains(text, "已作废：没有改动任何库存") || strings.Contains(text, "差异明细") {
		t.Errorf("an abandoned count: %s", text)
	}
}

// A number that differs is not an adjustment: the paper says that the books stand.
func TestStocktakePaperOfANumber(t *testing.T) {
	r, drug := countResult(0), int64(3)
	r.Differences = []inventory.CountDifference{{Kind: inventory.DifferNumber, DrugID: &drug, GenericName: "演示阿普唑仑片", Spec: "0.4mg×24片", PackName: "盒", Booked: 12, Counted: 10,
		Reason: inventory.ReasonNotKnown, Text: "冷柜锁着", Outcome: "recorded"}}
	path, _ := stocktakePaper(t, r)
	text := squeezed(strings.Join(pages(t, path), "\n"))
	for _, want := range []string{"其中1种药按数和账不符", "账未动", "冷柜"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in %s", want, text)
		}
	}
}
