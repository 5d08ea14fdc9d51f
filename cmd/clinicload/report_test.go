package main

import (
	"strings"
	"testing"
)

func TestReportInWords(t *testing.T) {
	measured := spread{Count: 10, P50: 2, P99: 9, Max: 10}
	for _, x := range []struct {
		name         string
		report       report
		says, hushes []string
	}{
		{"all well", report{Viewers: 4, Rate: 50}, []string{"每秒 50 次", "扫码到末屏", "错误          无"}, []string{"裸", "注意"}},
		{"nobody watches", report{}, []string{"一个答完再扫下一个"}, []string{"末屏", "画面"}},
		{"comparisons", report{Viewers: 1, Raw: &comparison{Times: measured, P99: 2.5}, Bare: &comparison{Times: measured, P50: 1.5, Lost: 3}},
			[]string{"p99 2.50 倍", "p50 1.50 倍", "裸 SSE 有 3 次没有到达"}, nil},
		{"broken off before the comparisons", report{Raw: &comparison{}, Bare: &comparison{}}, []string{"裸 SQL        没有测到", "裸 SSE        没有测到"}, []string{"倍"}},
		{"troubles", report{OutOfCodes: 2, DoctorsGone: 1, Missed: 7, Errors: map[string]int{"scan: conflict": 3}, Examples: map[string]string{"scan: conflict": "409 conflict：5 号"},
			Raw: &comparison{Errors: map[string]int{"raw: internal": 1}, Missed: 4}},
			[]string{"2 名医生的药盒已经用完", "1 名医生因", "有 7 次扫码", "scan: conflict × 3  409 conflict：5 号", "raw: internal × 1", "裸 SQL 有 4 次"}, []string{"错误          无"}},
	} {
		var b strings.Builder
		if err := x.report.writeText(&b); err != nil {
			t.Fatal(err)
		}
		for _, want := range x.says {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: %q is missing in\n%s", x.name, want, b.String())
			}
		}
		for _, not := range x.hushes {
			if strings.Contains(b.String(), not) {
				t.Errorf("%s: %q stands in\n%s", x.name, not, b.String())
			}
		}
	}
}
