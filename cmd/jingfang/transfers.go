package main

import (
	"jingfang/integration/translog"
	integrationweb "jingfang/integration/web"
	"jingfang/session/page"
)

// transfers says which of our own addresses carry data from or to a device, a
// file or a paper: each of their requests leaves an entry in the sealed transfer
// log. The exchanges with other systems are logged by the clients that make
// them. Tests demand a line for every address that takes codes, serves a file or
// prints.
func transfers() map[string]integrationweb.Transfer {
	table := map[string]integrationweb.Transfer{}
	for _, x := range transferLines() {
		t := integrationweb.Transfer{System: integrationweb.DeviceSystem, Service: x.service, Direction: translog.In, Key: x.key, Word: x.word}
		if x.way == fileIn || x.way == fileOut {
			t.System = integrationweb.FileSystem
		}
		if x.way == toDevice || x.way == fileOut {
			t.Direction = translog.Out
		}
		table[x.address] = t
	}
	return table
}

// way is from or to where data goes.
type way int

const (
	fromDevice way = iota
	toDevice
	fileIn  // a file that a person hands in
	fileOut // a file or a paper that a person takes away
)

// transferLine is one line: the address with its method, and what it carries. key
// is the address's parameter that is the business key, word what stands before it.
type transferLine struct {
	address string
	way     way
	service string
	key     string
	word    string
}

func transferLines() []transferLine {
	return []transferLine{
		// At the table, also replayed after a time without a link, and what a device
		// takes along for it.
		{"POST /sessions/{id}/visits", fromDevice, "visit.label", "id", "场次"},
		{"POST /sessions/{id}/visits/{visit}/scans", fromDevice, "visit.scan", "visit", ""},
		{"POST /sessions/{id}/visits/{visit}/undo", fromDevice, "visit.undo", "visit", ""},
		{"POST /sessions/{id}/visits/{visit}/finish", fromDevice, "visit.finish", "visit", ""},
		{"POST /sessions/{id}/visits/{visit}/finish-for", fromDevice, "visit.finish", "visit", ""},
		{"POST /sessions/{id}/visits/{visit}/correct", fromDevice, "visit.correct", "visit", ""},
		{"POST /sessions/{id}/visits/{visit}/return", fromDevice, "visit.return", "visit", ""},
		{"POST /sessions/{id}/visits/{visit}/owed", fromDevice, "visit.owed", "visit", ""},
		{"POST /sessions/{id}/visits/{visit}/owed/settle", fromDevice, "visit.owed", "visit", ""},
		{"POST /sessions/{id}/visits/{visit}/dose", fromDevice, "visit.dose", "visit", ""},
		{"POST /sessions/{id}/visits/{visit}/refill", fromDevice, "visit.note", "visit", ""},
		{"POST /sessions/{id}/visits/{visit}/injection", fromDevice, "visit.note", "visit", ""},
		{"POST /sessions/{id}/visits/{visit}/check", fromDevice, "visit.note", "visit", ""},
		{"POST /sessions/{id}/visits/{visit}/requests", fromDevice, "visit.request", "visit", ""},
		{"POST /sessions/{id}/visits/{visit}/chips", fromDevice, "visit.request", "visit", ""},
		{"POST /sessions/{id}/visits/{visit}/queue", fromDevice, "visit.queue", "visit", ""},
		{"POST /sessions/{id}/late", fromDevice, "visit.late", "id", "场次"},
		{"POST /sessions/{id}/offline/conflicts", fromDevice, "offline.conflict", "id", "场次"},
		{"GET /sessions/{id}/offline", toDevice, "offline.roster", "id", "场次"},
		{"POST /sessions/{id}/packing", fromDevice, "session.pack", "id", "场次"},
		{"POST /sessions/{id}/bags", fromDevice, "session.bag", "id", "场次"},
		{"POST /sessions/{id}/bags/open", fromDevice, "session.bag", "id", "场次"},
		{"POST /sessions/{id}/closing/scans", fromDevice, "session.left", "id", "场次"},
		{"POST /sessions/{id}/closing/counts", fromDevice, "session.count", "id", "场次"},
		{"POST /sessions/{id}/notices", fromDevice, "notice.write", "id", "场次"},

		// In the pharmacy.
		{"POST /receipts/{id}/scans", fromDevice, "receipt.scan", "id", "入库单"},
		{"POST /receipts/opening/{id}/scans", fromDevice, "opening.scan", "id", "期初"},
		{"POST /totes/{id}/scans", fromDevice, "tote.scan", "id", "周转箱"},
		{"POST /stocktakes/{id}/scans", fromDevice, "stocktake.scan", "id", "盘点"},
		{"POST /setaside", fromDevice, "setaside.scan", "", ""},
		{"POST /returns", fromDevice, "return.scan", "", ""},

		// Files.
		{"POST " + importPattern, fileIn, "patient.import", "", ""},
		{"POST /patients/import/{import}/run", fileIn, "patient.import.run", "import", ""},
		{"GET /patients/import/{import}/errors.xlsx", fileOut, "patient.import.errors", "import", ""},
		{"POST /patients/export", fileOut, "patient.export", "", ""},
		{"POST " + receiptFilePattern, fileIn, "receipt.file", "", ""},
		{"POST " + uploadPattern, fileIn, "carton.file", "", ""},
		{"POST /cartons/{id}", fileIn, "carton.import", "id", "关系文件"},
		{"GET /absent.xlsx", fileOut, "absent.sheet", "", ""},
		{"GET /sessions/{id}/absent.xlsx", fileOut, "absent.sheet", "id", "场次"},
		{"GET /stock/expiry.xlsx", fileOut, "expiry.sheet", "", ""},
		{"GET /recalls/{id}/patients.xlsx", fileOut, "recall.sheet", "id", "召回"},
		{"GET /statistics/visits.{form}", fileOut, "statistic.visits", "", ""},
		{"GET /statistics/use.{form}", fileOut, "statistic.use", "", ""},
		{"GET /statistics/stock.{form}", fileOut, "statistic.stock", "", ""},
		{"GET /statistics/month.{form}", fileOut, "statistic.month", "", ""},
		{"GET /statistics/exports/{job}/file", fileOut, "statistic.export", "job", ""},
		{"GET /statistics/reports/{report}/file.{form}", fileOut, "report.kept", "report", "报表"},
		{"GET /receipts/file.{form}", fileOut, "list.receipts", "", ""},
		{"GET /setaside/file.{form}", fileOut, "list.setaside", "", ""},
		{"GET /audit/file.{form}", fileOut, "list.audit", "", ""},
		{"GET /drugs/file.{form}", fileOut, "list.drugs", "", ""},
		{"GET /totes/file.{form}", fileOut, "list.totes", "", ""},
		{"GET /recalls/file.{form}", fileOut, "list.recalls", "", ""},
		{"GET /stocktakes/file.{form}", fileOut, "list.stocktakes", "", ""},

		// Papers.
		{"GET /sessions/{id}/paper", fileOut, "roster.paper", "id", "场次"},
		{"GET /sessions/{id}/packing/list", fileOut, "packing.paper", "id", "场次"},
		{"GET /sessions/{id}/report.pdf", fileOut, "session.report", "id", "场次"},
		{"GET /recalls/{id}/patients.pdf", fileOut, "recall.report", "id", "召回"},
		{"GET /receipts/{id}/differences.pdf", fileOut, "receipt.differences", "id", "入库单"},
		{"GET /receipts/{id}/codeless/labels", fileOut, "codeless.labels", "id", "入库单"},
		{"GET /setaside/{id}/report.pdf", fileOut, "disposal.report", "id", "处置单"},
		{"GET /stocktakes/{id}/sheet", fileOut, "stocktake.paper", "id", "盘点"},
		{"GET /stocktakes/{id}/result.pdf", fileOut, "stocktake.report", "id", "盘点"},
		{"GET /totes/labels", fileOut, "tote.labels", "", ""},
		{"GET /totes/{id}/label", fileOut, "tote.labels", "id", "周转箱"},
		{"GET /stocktakes/{id}/result/file.{form}", fileOut, "stocktake.report", "id", "盘点"},
		{"GET /ledger.pdf", fileOut, "ledger.report", "", ""},
		{"GET /ledger/file.{form}", fileOut, "ledger.report", "", ""},
		{"GET /ledger/controlled/file.{form}", fileOut, "register.report", "", ""},
		{"GET /ledger/controlled.pdf", fileOut, "register.report", "", ""},
		{"POST /patients/labels", fileOut, "patient.labels", "", ""},
		{"POST /patients/{id}/label", fileOut, "patient.labels", "id", "患者"},
		{"POST /patients/{id}/label/lost", fileOut, "patient.labels", "id", "患者"},
		{"POST /sessions/{id}/bags/{bag}/label", fileOut, "bag.label", "bag", "药袋"},
	}
}

// recorded gives a route's handler the note that its line asks for.
func (a *app) recorded(x route, table map[string]integrationweb.Transfer) page.Func {
	t, ok := table[x.method+" "+x.pattern]
	if !ok {
		return x.do
	}
	return a.recorder.Wrap(t, x.do)
}
