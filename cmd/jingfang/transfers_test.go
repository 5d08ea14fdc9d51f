package main

import (
	"strings"
	"testing"

	"jingfang/integration/translog"
)

// Every address that takes scanned codes or a file, or gives one away, leaves an
// entry in the transfer log; what is in the table is an address of ours.
func TestEveryTransferIsNoted(t *testing.T) {
	// Nobody's data: an empty form to fill in, and a sample.
	nothing := map[string]bool{"GET /patients/import/template.xlsx": true, "GET /receipts/problems/template.csv": true}
	table, known := transfers(), map[string]bool{}
	for _, x := range new(app).routes() {
		address := x.method + " " + x.pattern
		known[address] = true
		carries := strings.HasSuffix(address, ".pdf") || strings.HasSuffix(address, ".xlsx") || strings.HasSuffix(address, ".csv") || x.method == "POST" && strings.HasSuffix(address, "/scans")
		if _, noted := table[address]; carries && !noted && !nothing[address] {
			t.Errorf("%s carries data and has no line in transfers()", address)
		}
	}
	for address, x := range table {
		if !known[address] {
			t.Errorf("transfers() names %s, which is no address", address)
		}
		if x.System == "" || x.Service == "" || x.Direction != translog.In && x.Direction != translog.Out {
			t.Errorf("%s: %+v", address, x)
		}
		if x.Key != "" && !strings.Contains(address, "{"+x.Key+"}") {
			t.Errorf("%s has no parameter %s", address, x.Key)
		}
	}
}
