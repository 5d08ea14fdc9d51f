package main

import (
	"context"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
	"jingfang/static"
)

const (
	// streamPattern is the one address whose answer does not end.
	streamPattern = "/sessions/{id}/events"
	// offlinePattern is what a table keeps for the time without a link: 100 kB that
	// shrink to a third.
	offlinePattern = "/sessions/{id}/offline"
	// uploadPattern and importPattern are the addresses that take a file.
	uploadPattern = "/cartons"
	importPattern = "/patients/import"
	// receiptFilePattern takes a file of receipts.
	receiptFilePattern = "/receipts/problems/file"
	// quick bounds everything a person waits for, long what takes many codes.
	quick = 15 * time.Second
	long  = 60 * time.Second
	// maxBody is the largest request: 2,000 codes of 100 characters and more.
	maxBody = 1 << 20
	// maxUpload is the largest file with the form around it.
	maxUpload = inventory.MaxRelationBytes + 1<<16
)

// route is one line of the table: who may, where, and what answers. The handler
// asks again for the site it is about.
type route struct {
	method, pattern string
	need            identity.Permission // "": whoever is logged in
	limit           time.Duration       // 0: no limit, for streams
	do              page.Func
}

// routes is the flat table of the program. What is not in it, in the pages of
// identity or among the open addresses in router does not exist. A module brings
// lines of its own.
func (a *app) routes() []route { return append(a.houseRoutes(), a.noticeRoutes()...) }

func (a *app) houseRoutes() []route {
	s, p, i := a.room, a.people, a.shelf
	return []route{
		{"GET", "/", "", quick, a.home},
		{"GET", "/rehearsal", "", quick, a.site.Rehearsal},

		{"GET", "/sessions", identity.ViewSession, quick, s.Day},
		{"GET", "/sessions/new", identity.PlanSession, quick, s.NewSession},
		{"POST", "/sessions", identity.PlanSession, quick, s.CreateSession},
		{"GET", "/sessions/plan", identity.ViewSession, quick, s.Year},
		{"POST", "/sessions/plan", identity.PlanSession, long, s.PlanYear},
		{"GET", "/sessions/{id}", identity.ViewSession, quick, s.Room},
		{"GET", "/sessions/{id}/signatures", identity.ViewSession, quick, s.Signatures},
		{"GET", "/sessions/{id}/wall", identity.ViewSession, quick, s.Wall},
		{"GET", "/sessions/{id}/place", identity.Dispense, quick, s.Place},
		{"GET", "/sessions/{id}/roster", identity.ViewSession, quick, s.Roster},
		{"POST", "/sessions/{id}/roster", identity.ViewSession, quick, s.ChangeRoster},
		{"GET", "/sessions/{id}/absent", identity.ViewSession, quick, s.SessionAbsent},
		{"POST", "/sessions/{id}/absent/phones", identity.UnmaskPatient, quick, s.SessionAbsentPhones},
		{"GET", "/sessions/{id}/absent.xlsx", identity.ViewSession, long, a.papers.SessionAbsentSheet},
		{"GET", "/absent", identity.ViewPatient, quick, s.Absent},
		{"POST", "/absent/phones", identity.UnmaskPatient, quick, s.AbsentPhones},
		{"GET", "/absent.xlsx", identity.ViewPatient, long, a.papers.AbsentSheet},
		{"GET", "/sessions/{id}/paper", identity.PrintLabel, long, s.Paper},
		{"GET", "/sessions/{id}/late", identity.ViewSession, quick, s.Late},
		{"POST", "/sessions/{id}/late", identity.ViewSession, long, s.EnterLate},
		{"GET", "/sessions/{id}/change", identity.PlanSession, quick, s.Change},
		{"POST", "/sessions/{id}/team", identity.PlanSession, quick, s.ChangeTeam},
		{"POST", "/sessions/{id}/cancel", identity.PlanSession, quick, s.Cancel},
		{"POST", "/sessions/{id}/reschedule", identity.PlanSession, long, s.Reschedule},
		{"GET", streamPattern, identity.ViewSession, 0, s.Events},
		{"GET", "/sessions/{id}/report.pdf", identity.ViewSession, long, a.papers.SessionPDF},
		{"POST", "/sessions/{id}/open", identity.OpenSession, quick, s.Open},
		{"POST", "/sessions/{id}/stop", identity.ViewSession, quick, s.Stop},
		{"POST", "/sessions/{id}/resume", identity.ViewSession, quick, s.Resume},
		{"GET", "/sessions/{id}/closing", identity.ViewSession, quick, s.Closing},
		{"POST", "/sessions/{id}/closing/counts", identity.ViewSession, quick, s.Count},
		{"POST", "/sessions/{id}/closing/scans", identity.ViewSession, long, s.ScanLeft},
		{"POST", "/sessions/{id}/closing/exits", identity.ViewSession, quick, s.Explain},
		{"POST", "/sessions/{id}/closing/losses", identity.ViewSession, quick, s.ConfirmLoss},
		{"POST", "/sessions/{id}/closing/told", identity.ViewSession, quick, s.Told},
		{"POST", "/sessions/{id}/closing/roll", identity.ViewSession, quick, s.RollOver},
		{"POST", "/sessions/{id}/closing/waiting", identity.ViewSession, quick, s.SendHome},
		{"POST", "/sessions/{id}/closing/carrier", identity.ViewSession, quick, s.Carry},
		{"POST", "/sessions/{id}/devices/release", identity.ViewSession, quick, s.ReleaseDevice},
		{"POST", "/sessions/{id}/closing/confirm", identity.ViewSession, long, s.ConfirmClosing},
		{"POST", "/sessions/{id}/supplements", identity.CloseSession, quick, s.AddSupplement},
		{"POST", "/sessions/{id}/records/{record}/sign", identity.Dispense, quick, s.SignLate},
		{"GET", "/sessions/{id}/packing", identity.Allocate, quick, s.Packing},
		{"GET", "/sessions/{id}/packing/list", identity.Allocate, quick, s.PackingList},
		{"POST", "/sessions/{id}/packing", identity.Allocate, long, s.Pack},
		{"GET", "/sessions/{id}/bags", identity.ViewSession, quick, s.Bags},
		{"POST", "/sessions/{id}/bags", identity.Allocate, quick, s.FillBag},
		{"POST", "/sessions/{id}/bags/open", identity.ViewSession, quick, s.OpenBags},
		{"POST", "/sessions/{id}/bags/{bag}/label", identity.Allocate, quick, s.BagLabel},
		{"GET", offlinePattern, identity.Dispense, quick, s.Offline},
		{"GET", "/sessions/{id}/shell", identity.Dispense, quick, s.Shell},
		{"POST", "/sessions/{id}/devices", identity.Dispense, quick, s.ReportDevice},
		{"POST", "/sessions/{id}/offline/conflicts", identity.Dispense, quick, s.NoteConflict},
		{"POST", "/sessions/{id}/visits", identity.CheckIn, quick, s.CheckIn},
		{"GET", "/sessions/{id}/queue", identity.ViewSession, quick, s.Queue},
		{"POST", "/records/{record}/countersign", identity.Dispense, quick, s.SignFinished},
		{"POST", "/sessions/{id}/visits/{visit}/finish-for", identity.ViewSession, quick, s.FinishForAbsent},
		{"GET", "/sessions/{id}/owed", identity.Dispense, quick, s.OwedForm},
		{"POST", "/sessions/{id}/visits/{visit}/owed", identity.Dispense, quick, s.NoteOwed},
		{"POST", "/sessions/{id}/visits/{visit}/owed/settle", identity.Dispense, quick, s.SettleOwed},
		{"POST", "/sessions/{id}/visits/{visit}/dose", identity.Dispense, quick, s.SetDose},
		{"POST", "/sessions/{id}/visits/{visit}/refill", identity.Dispense, quick, s.NoteRefill},
		{"POST", "/sessions/{id}/visits/{visit}/injection", identity.Dispense, quick, s.NoteInjection},
		{"POST", "/sessions/{id}/visits/{visit}/check", identity.Dispense, quick, s.NoteCheck},
		{"GET", "/sessions/{id}/desk", identity.Dispense, quick, s.Desk},
		{"POST", "/sessions/{id}/requests/{request}", identity.ViewSession, quick, s.Decide},
		{"POST", "/sessions/{id}/alarms/{alarm}", identity.ViewSession, quick, s.SettleAlarm},
		{"POST", "/sessions/{id}/visits/{visit}/requests", identity.Dispense, quick, s.AskLetIn},
		{"POST", "/sessions/{id}/visits/{visit}/chips", identity.Dispense, quick, s.PutAway},
		{"POST", "/sessions/{id}/visits/{visit}/queue", identity.CheckIn, quick, s.MoveInQueue},
		{"POST", "/sessions/{id}/visits/{visit}/scans", identity.Dispense, quick, s.Dispense},
		{"POST", "/sessions/{id}/visits/{visit}/undo", identity.Undo, quick, s.Undo},
		{"GET", "/sessions/{id}/visits/{visit}/correct", identity.ViewSession, quick, s.Correct},
		{"POST", "/sessions/{id}/visits/{visit}/correct", identity.ViewSession, quick, s.CorrectLine},
		{"POST", "/sessions/{id}/visits/{visit}/finish", identity.FinishVisit, quick, s.Finish},
		{"GET", "/sessions/{id}/visits/{visit}/return", identity.TakeReturn, quick, s.Return},
		{"POST", "/sessions/{id}/visits/{visit}/return", identity.TakeReturn, quick, s.TakeReturn},

		{"GET", "/patients", identity.ViewPatient, quick, p.Search},
		{"GET", "/patients/new", identity.RegisterPatient, quick, p.NewPatient},
		{"POST", "/patients", identity.RegisterPatient, quick, p.Create},
		{"GET", importPattern, identity.RegisterPatient, quick, p.NewImport},
		{"POST", importPattern, identity.RegisterPatient, long, p.Upload},
		{"GET", "/patients/import/template.xlsx", identity.RegisterPatient, quick, p.ImportTemplate},
		{"GET", "/patients/import/{import}", identity.RegisterPatient, long, p.DryRun},
		{"POST", "/patients/import/{import}", identity.RegisterPatient, long, p.Choose},
		{"GET", "/patients/import/{import}/errors.xlsx", identity.RegisterPatient, long, p.ImportErrors},
		{"POST", "/patients/import/{import}/run", identity.RegisterPatient, quick, p.Import},
		{"GET", "/patients/import/{import}/progress", identity.RegisterPatient, quick, p.ImportProgress},
		{"POST", "/patients/import/{import}/cancel", identity.RegisterPatient, quick, p.CancelImport},
		{"GET", "/patients/export", identity.UnmaskPatient, quick, p.NewExport},
		{"POST", "/patients/export", identity.UnmaskPatient, long, p.Export},
		{"GET", "/patients/labels", identity.PrintLabel, quick, p.Labels},
		{"POST", "/patients/labels", identity.PrintLabel, long, p.PrintLabels},
		{"GET", "/patients/labels.css", identity.PrintLabel, quick, p.LabelStyle},
		{"GET", "/patients/{id}", identity.ViewPatient, quick, p.Person},
		{"GET", "/patients/{id}/history", identity.ViewPatient, quick, s.History},
		{"GET", "/patients/{id}/merge", identity.DecideRequest, quick, s.Merge},
		{"POST", "/patients/{id}/merge", identity.DecideRequest, quick, s.DoMerge},
		{"POST", "/patients/{id}/merge/undo", identity.DecideRequest, quick, s.UndoMerge},
		{"GET", "/patients/{id}/edit", identity.RegisterPatient, quick, p.Edit},
		{"POST", "/patients/{id}/edit", identity.RegisterPatient, quick, p.SaveEdit},
		{"POST", "/patients/{id}/state", identity.RegisterPatient, quick, p.ChangeState},
		{"POST", "/patients/{id}/collectors", identity.RegisterPatient, quick, p.AddCollector},
		{"POST", "/patients/{id}/collectors/{collector}/remove", identity.RegisterPatient, quick, p.RemoveCollector},
		{"GET", "/patients/{id}/changes", identity.ViewPatient, quick, p.Changes},
		{"POST", "/patients/{id}/changes", identity.UnmaskPatient, quick, p.OpenChanges},
		{"POST", "/patients/{id}/risk", identity.ViewRisk, quick, p.Risk},
		{"POST", "/patients/{id}/risk/set", identity.ViewRisk, quick, p.SetRisk},
		{"POST", "/patients/{id}/unmask", identity.UnmaskPatient, quick, p.Unmask},
		{"POST", "/patients/{id}/label", identity.PrintLabel, quick, p.PrintLabel},
		{"POST", "/patients/{id}/label/lost", identity.PrintLabel, quick, p.LoseLabel},

		{"GET", "/receipts", identity.Receive, quick, i.Receipts},
		{"GET", "/receipts/{id}", identity.Receive, quick, i.Receipt},
		{"GET", "/receipts/problems", identity.Receive, quick, a.errands.Problems},
		{"POST", "/receipts/problems/{id}/retry", identity.Receive, long, a.errands.Retry},
		{"POST", "/receipts/problems/{id}/dismiss", identity.Receive, quick, a.errands.Dismiss},
		{"POST", "/receipts/problems/pull", identity.Receive, long, a.errands.Pull},
		{"POST", receiptFilePattern, identity.Receive, long, a.errands.TakeFile},
		{"GET", "/receipts/problems/template.csv", identity.Receive, quick, a.errands.Template},
		{"GET", "/stock/his", identity.ViewStock, quick, a.errands.StockPage},
		{"POST", "/stock/his", identity.ViewStock, long, a.errands.CompareStock},
		{"GET", "/patients/his", identity.RegisterPatient, quick, a.errands.PatientPage},
		{"POST", "/patients/his", identity.RegisterPatient, long, a.errands.FindPatient},
		{"POST", "/patients/his/register", identity.RegisterPatient, long, a.errands.RegisterPatient},
		{"GET", "/trace/his", identity.ViewStock, quick, a.errands.CodePage},
		{"POST", "/trace/his", identity.ViewStock, long, a.errands.FindCode},
		{"GET", "/interfaces", identity.ManageSystem, quick, a.errands.Interfaces},
		{"POST", "/interfaces/pull", identity.ManageSystem, quick, a.errands.SwitchPull},
		{"POST", "/interfaces/drugs", identity.ManageSystem, long, a.errands.FetchDrugs},
		{"POST", "/interfaces/outbox", identity.ManageSystem, quick, a.errands.SwitchOutbox},
		{"POST", "/interfaces/outbox/retry", identity.ManageSystem, quick, a.errands.RetryFacts},
		{"POST", "/interfaces/outbox/{id}/retry", identity.ManageSystem, quick, a.errands.RetryFact},
		{"POST", "/interfaces/programmes", identity.ManageSystem, quick, a.errands.SetProgramme},
		{"GET", "/receipts/opening", identity.Receive, quick, i.Opening},
		{"POST", "/receipts/opening", identity.Receive, quick, i.StartOpening},
		{"POST", "/receipts/opening/{id}/scans", identity.Receive, long, i.ScanOpening},
		{"POST", "/receipts/opening/{id}/batch", identity.Receive, quick, i.FillOpening},
		{"POST", "/receipts/opening/{id}/remove", identity.Receive, quick, i.RemoveOpening},
		{"POST", "/receipts/opening/{id}/confirm", identity.Witness, long, i.ConfirmOpening},
		{"POST", "/receipts/opening/{id}/drop", identity.Receive, quick, i.DropOpening},
		{"POST", "/receipts/{id}/batch", identity.Receive, quick, i.TypeBatch},
		{"POST", "/receipts/{id}/adopt", identity.Receive, quick, i.Adopt},
		{"POST", "/receipts/{id}/scans", identity.Receive, long, i.Scan},
		{"POST", "/receipts/{id}/undo", identity.Receive, quick, i.Undo},
		{"POST", "/receipts/{id}/refusals", identity.Receive, quick, i.PutBack},
		{"POST", "/receipts/{id}/finish", identity.Receive, quick, i.Finish},
		{"POST", "/receipts/{id}/cartons", identity.Receive, quick, i.FinishCarton},
		{"POST", "/receipts/{id}/codeless", identity.Receive, quick, i.AskCodeless},
		{"POST", "/receipts/{id}/codeless/decide", identity.Witness, quick, i.DecideCodeless},
		{"POST", "/receipts/{id}/codeless/link", identity.Receive, quick, i.LinkCodeless},
		{"GET", "/receipts/{id}/codeless/labels", identity.Receive, quick, i.CodelessLabels},
		{"GET", "/receipts/{id}/differences", identity.Receive, quick, i.Sheet},
		{"POST", "/receipts/{id}/differences", identity.Witness, quick, i.DecideSheet},
		{"GET", "/receipts/{id}/differences.pdf", identity.Receive, long, a.papers.ReceiptSheetPDF},
		{"GET", "/cartons", identity.Receive, quick, i.Relations},
		{"POST", uploadPattern, identity.Receive, long, i.CheckRelation},
		{"GET", "/cartons/example/{form}", identity.Receive, quick, i.RelationExample},
		{"GET", "/cartons/{id}", identity.Receive, long, i.Relation},
		{"POST", "/cartons/{id}", identity.Receive, long, i.ImportRelation},
		{"GET", "/stock", identity.ViewStock, quick, i.Stock},
		{"GET", "/totes", identity.Allocate, quick, i.Totes},
		{"POST", "/totes", identity.Allocate, quick, i.MakeTote},
		{"GET", "/totes/labels", identity.Allocate, quick, i.ToteLabels},
		{"GET", "/totes/{id}", identity.Allocate, quick, i.Tote},
		{"GET", "/totes/{id}/label", identity.Allocate, quick, i.ToteLabel},
		{"POST", "/totes/{id}/scans", identity.Allocate, long, i.Stow},
		{"POST", "/totes/{id}/seal", identity.Allocate, quick, i.SealTote},
		{"POST", "/totes/{id}/open", identity.Allocate, quick, i.OpenTote},
		{"POST", "/totes/{id}/name", identity.Allocate, quick, i.RenameTote},
		{"POST", "/totes/{id}/retire", identity.Allocate, quick, i.RetireTote},
		{"GET", "/setaside", identity.ViewStock, quick, i.SetAside},
		{"GET", "/setaside/new", identity.Dispose, quick, i.NewAside},
		{"POST", "/setaside", identity.Dispose, long, i.DoAside},
		{"GET", "/setaside/{id}", identity.ViewStock, quick, i.Paper},
		{"GET", "/setaside/{id}/report.pdf", identity.ViewStock, long, a.papers.DisposalPDF},
		{"POST", "/setaside/{id}/confirm", identity.Witness, long, i.ConfirmPaper},
		{"POST", "/setaside/{id}/withdraw", identity.Witness, quick, i.WithdrawPaper},
		{"GET", "/returns", identity.TakeReturn, quick, s.Returns},
		{"POST", "/returns", identity.TakeReturn, quick, s.TakeReturns},
		{"POST", "/returns/{id}/void", identity.TakeReturn, quick, s.VoidReturn},
		{"POST", "/returns/{id}/seen", identity.Dispose, quick, s.SeeReturn},
		{"GET", "/drugs", identity.ViewStock, quick, i.Drugs},
		{"GET", "/drugs/changes", identity.ViewStock, quick, i.DrugChanges},
		{"POST", "/drugs/changes/{id}", identity.TeachPrefix, quick, i.DecideDrug},
		{"POST", "/drugs/prefixes", identity.TeachPrefix, quick, i.Teach},
		{"POST", "/drugs/care", identity.TeachPrefix, quick, i.SetCare},
		{"GET", "/stocktakes", identity.ViewStock, quick, i.Stocktakes},
		{"POST", "/stocktakes", identity.CountStock, long, i.StartStocktake},
		{"POST", "/sessions/{id}/stocktakes", identity.CountStock, long, s.StartStocktake},
		{"GET", "/stocktakes/{id}", identity.ViewStock, quick, i.Stocktake},
		{"GET", "/stocktakes/{id}/sheet", identity.ViewStock, quick, i.StocktakeSheet},
		{"GET", "/stocktakes/{id}/result", identity.ViewStock, quick, i.StocktakeResult},
		{"GET", "/stocktakes/{id}/result.pdf", identity.ViewStock, long, a.papers.StocktakePDF},
		{"POST", "/stocktakes/{id}/scans", identity.CountStock, long, i.CountScan},
		{"POST", "/stocktakes/{id}/undo", identity.CountStock, quick, i.Uncount},
		{"POST", "/stocktakes/{id}/numbers", identity.CountStock, quick, i.CountNumber},
		{"POST", "/stocktakes/{id}/recount", identity.CountStock, quick, i.Recount},
		{"POST", "/stocktakes/{id}/submit", identity.CountStock, long, i.SubmitStocktake},
		{"POST", "/stocktakes/{id}/reasons", identity.CountStock, quick, i.Explain},
		{"POST", "/stocktakes/{id}/approve", identity.ApproveCount, long, i.ApproveStocktake},
		{"POST", "/stocktakes/{id}/reject", identity.ApproveCount, quick, i.RejectStocktake},
		{"POST", "/stocktakes/{id}/abandon", identity.CountStock, quick, i.AbandonStocktake},

		{"GET", "/stock/check", identity.ViewStock, quick, a.papers.StockCheck},
		{"POST", "/stock/check", identity.ViewReports, quick, a.papers.StartCheck},
		{"GET", "/stock/check/{job}", identity.ViewStock, quick, a.papers.CheckProgress},
		{"POST", "/stock/check/{job}/cancel", identity.ViewReports, quick, a.papers.CancelCheck},
		{"GET", "/statistics", identity.ViewReports, long, a.papers.Overview},
		{"GET", "/statistics/today", identity.ViewReports, quick, a.papers.Today},
		{"GET", "/statistics/visits", identity.ViewReports, long, a.papers.Visits},
		{"GET", "/statistics/visits.{form}", identity.ViewReports, long, a.papers.VisitsFile},
		{"GET", "/statistics/visits/rows", identity.ViewReports, long, a.papers.VisitRows},
		{"GET", "/statistics/use", identity.ViewReports, long, a.papers.Use},
		{"GET", "/statistics/use.{form}", identity.ViewReports, long, a.papers.UseFile},
		{"GET", "/statistics/use/rows", identity.ViewReports, long, a.papers.GivenRows},
		{"GET", "/statistics/use/people", identity.ViewReports, long, a.papers.PersonRows},
		{"GET", "/statistics/stock", identity.ViewReports, long, a.papers.Stock},
		{"GET", "/statistics/stock.{form}", identity.ViewReports, long, a.papers.StockFile},
		{"GET", "/statistics/month.{form}", identity.ViewReports, long, a.papers.MonthFile},
		{"GET", "/statistics/reports", identity.ViewReports, quick, a.papers.Reports},
		{"POST", "/statistics/reports", identity.ViewReports, long, a.papers.MakeReport},
		{"GET", "/statistics/reports/{report}", identity.ViewReports, quick, a.papers.Report},
		{"POST", "/statistics/reports/{report}/again", identity.ViewReports, long, a.papers.ReportAgain},
		{"GET", "/statistics/reports/{report}/file.{form}", identity.ViewReports, long, a.papers.ReportFile},
		{"POST", "/statistics/exports", identity.ViewReports, quick, a.papers.StartExport},
		{"GET", "/statistics/exports/{job}", identity.ViewReports, quick, a.papers.Export},
		{"POST", "/statistics/exports/{job}/cancel", identity.ViewReports, quick, a.papers.CancelExport},
		{"GET", "/statistics/exports/{job}/file", identity.ViewReports, long, a.papers.ExportFile},
		{"GET", "/ledger", identity.ViewReports, long, a.papers.Ledger},
		{"GET", "/ledger/moves", identity.ViewReports, long, a.papers.LedgerMoves},
		{"GET", "/ledger.pdf", identity.ViewReports, long, a.papers.LedgerPDF},
		{"GET", "/ledger/controlled", identity.ViewReports, long, a.papers.Controlled},
		{"GET", "/ledger/controlled.pdf", identity.ViewReports, long, a.papers.ControlledPDF},
		{"POST", "/ledger/controlled/rules", identity.TeachPrefix, quick, a.papers.AddRule},

		{"GET", "/stock/expiry", identity.ViewStock, quick, i.Expiry},
		{"GET", "/stock/expiry.xlsx", identity.ViewStock, long, a.papers.ExpirySheet},
		{"GET", "/recalls", identity.CallPatients, quick, i.Recalls},
		{"GET", "/recalls/new", identity.Recall, quick, i.NewRecall},
		{"POST", "/recalls/preview", identity.Recall, quick, i.PreviewRecall},
		{"POST", "/recalls", identity.Recall, long, i.StartRecall},
		{"GET", "/recalls/{id}", identity.CallPatients, quick, i.Recall},
		{"GET", "/recalls/{id}/clock", identity.CallPatients, quick, i.RecallClock},
		{"POST", "/recalls/{id}/lift", identity.Recall, quick, i.AskLift},
		{"POST", "/recalls/{id}/lift/confirm", identity.Recall, long, i.LiftRecall},
		{"POST", "/recalls/{id}/lift/cancel", identity.Recall, quick, i.KeepRecall},
		{"GET", "/recalls/{id}/patients", identity.CallPatients, quick, s.RecallPatients},
		{"GET", "/recalls/{id}/patients.pdf", identity.CallPatients, long, a.papers.RecallPDF},
		{"GET", "/recalls/{id}/patients.xlsx", identity.CallPatients, long, a.papers.RecallSheet},
		{"GET", "/recalls/{id}/patients/{patient}", identity.CallPatients, quick, s.RecallHistory},
		{"POST", "/recalls/{id}/patients/{patient}", identity.CallPatients, quick, s.NoteContact},
		{"POST", "/recalls/{id}/patients/{patient}/phone", identity.CallPatients, quick, s.RecallPhone},

		{"GET", "/transferlog", identity.ViewTransferLog, quick, a.logs.Log},
		{"POST", "/transferlog/key", identity.ViewTransferLog, quick, a.logs.OpenKey},
		{"POST", "/transferlog/key/close", identity.ViewTransferLog, quick, a.logs.ShutKey},
		{"POST", "/transferlog/check", identity.ViewTransferLog, quick, a.logs.StartCheck},
		{"GET", "/transferlog/check/{job}", identity.ViewTransferLog, quick, a.logs.CheckProgress},
		{"POST", "/transferlog/check/{job}/cancel", identity.ViewTransferLog, quick, a.logs.CancelCheck},
		{"GET", "/transferlog/{exchange}", identity.ViewTransferLog, quick, a.logs.Entry},
		{"POST", "/transferlog/{exchange}/open", identity.ViewTransferLog, long, a.logs.Read},

		{"GET", "/trace", identity.ViewStock, quick, s.TraceSearch},
		{"GET", "/trace/look", identity.ViewStock, quick, s.Look},
		{"GET", "/trace/batch", identity.ViewStock, quick, s.TraceBatch},
		{"GET", "/trace/receipt/{id}", identity.ViewStock, quick, s.TraceReceipt},
		{"GET", "/trace/patient/{id}", identity.ViewPatient, quick, s.TracePatient},
		{"GET", "/trace/{code}", identity.ViewStock, quick, s.Trace},
	}
}

// router is the whole program behind one handler.
func (a *app) router() http.Handler {
	r := chi.NewRouter()
	if len(a.proxies) > 0 {
		r.Use(middleware.ClientIPFromXFF(a.proxies...))
	}
	r.Use(a.site.Middleware()...)
	r.Use(a.metrics.measure, a.bounded)
	r.NotFound(a.site.NotFound())
	r.MethodNotAllowed(a.site.MethodNotAllowed())
	r.Group(a.open)
	r.Group(a.closed)
	return r
}

// bounded ends a request that sends more than it may. A file that says it is too
// large is refused before it is sent.
func (a *app) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		most := int64(maxBody)
		if r.Method == http.MethodPost && (r.URL.Path == uploadPattern || r.URL.Path == importPattern || r.URL.Path == receiptFilePattern) {
			most = maxUpload
			if r.ContentLength > most {
				a.site.Fail(w, r, db.Refuse(db.Invalid, "文件超过 %d MB。请分成几个文件。", inventory.MaxRelationBytes>>20))
				return
			}
		}
		r.Body = http.MaxBytesReader(w, r.Body, most)
		next.ServeHTTP(w, r)
	})
}

// open mounts what needs no login.
func (a *app) open(r chi.Router) {
	r.Use(limited(quick))
	r.Get("/healthz", a.site.Handle(a.health.alive))
	r.Get("/readyz", a.site.Handle(a.health.ready))
	r.With(a.health.local).Method(http.MethodGet, "/metrics", a.metrics.handler())
	r.With(middleware.Compress(5, "text/css", "text/javascript", "image/svg+xml")).
		Method(http.MethodGet, static.Prefix+"*", static.Handler())
	r.Get("/sw.js", static.Worker())
	r.Get("/waiting", a.site.Handle(a.room.Waiting))
	r.Get("/trust", a.site.Handle(a.trust.show))
	r.Get("/trust/ca.crt", a.site.Handle(a.trust.certificate))
	if a.config.Dev {
		r.Mount("/dev/gallery", a.site.Gallery(samples()))
	}
}

// closed mounts everything behind the door: a person is known, and the table
// says which permission opens the address.
func (a *app) closed(r chi.Router) {
	r.Use(a.door.Middleware)
	r.Group(func(r chi.Router) {
		// The first run hashes three passwords, 600,000 rounds each.
		r.Use(limited(long))
		a.door.Routes(r)
	})
	noted := transfers()
	for _, x := range a.routes() {
		do := a.recorded(x, noted)
		h := a.door.LoggedIn(do)
		if x.need != "" {
			h = a.door.Require(x.need, do)
		}
		if x.pattern == offlinePattern {
			h = middleware.Compress(5, "application/json")(h).ServeHTTP
		}
		r.With(limited(x.limit)).Method(x.method, x.pattern, h)
	}
}

// limited ends a request after a time: its database work by the context, its
// connection by deadlines for who sends or reads too slowly. A stream is not
// limited here; it puts a deadline on each write.
func limited(d time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		if d == 0 {
			return next
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), d)
			defer cancel()
			end := time.Now().Add(d + time.Second)
			control := http.NewResponseController(w)
			// A writer without deadlines (a test's recorder) is served without.
			_ = control.SetReadDeadline(end)
			_ = control.SetWriteDeadline(end)
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}
