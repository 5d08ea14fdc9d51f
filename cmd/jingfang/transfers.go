package main

import (
	"jingfang/integration/translog"
	integrationweb "jingfang/integration/web"
	"jingfang/session/page"
)

// transfers says which of our own addresses carry data from or to a device, a
// file or a paper: each of their requests leaves an entry in the sealed transfer
// log. The exchanges with other systems are logged by the clients that make
// them. A test demands a line for every address that looks like one.
func transfers() map[string]integrationweb.Transfer {
	table := map[string]integrationweb.Transfer{}
	for _, list := range [][]transferLine{deviceTransfers(), shelfTransfers(), fileTransfers(), paperTransfers()} {
		for _, x := range list {
			table[x.address] = integrationweb.Transfer{System: x.system, Service: x.service, Direction: x.direction, Key: x.key, Word: x.word}
		}
	}
	return table
}

// transferLine is one line: the address with its method, and what it carries.
type transferLine struct {
	address, system, service string
	direction                translog.Direction
	key, word                string
}

// deviceTransfers are those of the table: labels, boxes, 诊毕, also when they are
// replayed after a time without a link, and what a device takes along for it.
func deviceTransfers() []transferLine {
	const dev, in = integrationweb.DeviceSystem, translog.In
	return []transferLine{
		{"POST /sessions/{id}/visits", dev, "visit.label", in, "id", "场次"},
		{"POST /sessions/{id}/visits/{visit}/scans", dev, "visit.scan", in, "visit", ""},
		{"POST /sessions/{id}/visits/{visit}/undo", dev, "visit.undo", in, "visit", ""},
		{"POST /sessions/{id}/visits/{visit}/finish", dev, "visit.finish", in, "visit", ""},
		{"POST /sessions/{id}/visits/{visit}/finish-for", dev, "visit.finish", in, "visit", ""},
		{"POST /sessions/{id}/visits/{visit}/correct", dev, "visit.correct", in, "visit", ""},
		{"POST /sessions/{id}/visits/{visit}/return", dev, "visit.return", in, "visit", ""},
		{"POST /sessions/{id}/late", dev, "visit.late", in, "id", "场次"},
		{"POST /sessions/{id}/offline/conflicts", dev, "offline.conflict", in, "id", "场次"},
		{"GET /sessions/{id}/offline", dev, "offline.roster", translog.Out, "id", "场次"},
		{"POST /sessions/{id}/packing", dev, "session.pack", in, "id", "场次"},
		{"POST /sessions/{id}/bags", dev, "session.bag", in, "id", "场次"},
		{"POST /sessions/{id}/closing/scans", dev, "session.left", in, "id", "场次"},
		{"POST /sessions/{id}/closing/counts", dev, "session.count", in, "id", "场次"},
		{"POST /sessions/{id}/notices", dev, "notice.write", in, "id", "场次"},
	}
}

// shelfTransfers are those of the pharmacy.
func shelfTransfers() []transferLine {
	const dev, in = integrationweb.DeviceSystem, translog.In
	return []transferLine{
		{"POST /receipts/{id}/scans", dev, "receipt.scan", in, "id", "入库单"},
		{"POST /receipts/opening/{id}/scans", dev, "opening.scan", in, "id", "期初"},
		{"POST /totes/{id}/scans", dev, "tote.scan", in, "id", "周转箱"},
		{"POST /stocktakes/{id}/scans", dev, "stocktake.scan", in, "id", "盘点"},
		{"POST /setaside", dev, "setaside.scan", in, "", ""},
		{"POST /returns", dev, "return.scan", in, "", ""},
	}
}

// fileTransfers are files that come in or go out.
func fileTransfers() []transferLine {
	const file, in, out = integrationweb.FileSystem, translog.In, translog.Out
	return []transferLine{
		{"POST /patients/import", file, "patient.import", in, "", ""},
		{"POST /patients/import/{import}/run", file, "patient.import.run", in, "import", ""},
		{"GET /patients/import/{import}/errors.xlsx", file, "patient.import.errors", out, "import", ""},
		{"POST /patients/export", file, "patient.export", out, "", ""},
		{"POST " + receiptFilePattern, file, "receipt.file", in, "", ""},
		{"POST /cartons", file, "carton.file", in, "", ""},
		{"POST /receipts/problems/file", file, "receipt.file", in, "", ""},
		{"POST /cartons/{id}", file, "carton.import", in, "id", "关系文件"},
		{"GET /absent.xlsx", file, "absent.sheet", out, "", ""},
		{"GET /sessions/{id}/absent.xlsx", file, "absent.sheet", out, "id", "场次"},
		{"GET /stock/expiry.xlsx", file, "expiry.sheet", out, "", ""},
		{"GET /recalls/{id}/patients.xlsx", file, "recall.sheet", out, "id", "召回"},
	}
}

// paperTransfers are papers to print and keep.
func paperTransfers() []transferLine {
	const file, out = integrationweb.FileSystem, translog.Out
	return []transferLine{
		{"GET /sessions/{id}/paper", file, "roster.paper", out, "id", "场次"},
		{"GET /sessions/{id}/report.pdf", file, "session.report", out, "id", "场次"},
		{"GET /recalls/{id}/patients.pdf", file, "recall.report", out, "id", "召回"},
		{"GET /receipts/{id}/differences.pdf", file, "receipt.differences", out, "id", "入库单"},
		{"GET /setaside/{id}/report.pdf", file, "disposal.report", out, "id", "处置单"},
		{"GET /stocktakes/{id}/result.pdf", file, "stocktake.report", out, "id", "盘点"},
		{"GET /ledger.pdf", file, "ledger.report", out, "", ""},
		{"GET /ledger/controlled.pdf", file, "register.report", out, "", ""},
		{"POST /patients/labels", file, "patient.labels", out, "", ""},
		{"POST /patients/{id}/label", file, "patient.labels", out, "id", "患者"},
		{"POST /sessions/{id}/bags/{bag}/label", file, "bag.label", out, "bag", "药袋"},
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
