package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/inventory/web"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
	"jingfang/static"
)

// house is a running server over a fresh schema with two demo drugs.
type house struct {
	*dbtest.DB
	t     testing.TB
	stock *inventory.Service
	url   string
	// listed is how many codes documents have listed so far.
	listed int
	actor  atomic.Pointer[identity.Actor] // who asks
	// statements is how many the last request needed.
	statements atomic.Int64
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{DB: dbtest.New(t), t: t}
	h.stock = inventory.New(h.App)
	site, err := page.New(page.Config{Dev: true, Log: slog.New(slog.DiscardHandler)}, web.Templates())
	if err != nil {
		t.Fatal(err)
	}
	w := web.New(site, h.App, h.stock)
	r := chi.NewRouter()
	r.Use(site.Middleware()...)
	r.Use(h.as)
	r.Handle("/static/*", static.Handler())
	r.Get("/receipts", site.Handle(w.Receipts))
	r.Get("/receipts/{id}", site.Handle(w.Receipt))
	r.Post("/receipts/{id}/scans", site.Handle(w.Scan))
	r.Post("/receipts/{id}/undo", site.Handle(w.Undo))
	r.Post("/receipts/{id}/refusals", site.Handle(w.PutBack))
	r.Post("/receipts/{id}/finish", site.Handle(w.Finish))
	r.Post("/receipts/{id}/batch", site.Handle(w.TypeBatch))
	r.Post("/receipts/{id}/adopt", site.Handle(w.Adopt))
	r.Get("/receipts/opening", site.Handle(w.Opening))
	r.Post("/receipts/opening", site.Handle(w.StartOpening))
	r.Post("/receipts/opening/{id}/scans", site.Handle(w.ScanOpening))
	r.Post("/receipts/opening/{id}/batch", site.Handle(w.FillOpening))
	r.Post("/receipts/opening/{id}/remove", site.Handle(w.RemoveOpening))
	r.Post("/receipts/opening/{id}/confirm", site.Handle(w.ConfirmOpening))
	r.Post("/receipts/opening/{id}/drop", site.Handle(w.DropOpening))
	r.Post("/receipts/{id}/cartons", site.Handle(w.FinishCarton))
	r.Post("/receipts/{id}/codeless", site.Handle(w.AskCodeless))
	r.Post("/receipts/{id}/codeless/decide", site.Handle(w.DecideCodeless))
	r.Post("/receipts/{id}/codeless/link", site.Handle(w.LinkCodeless))
	r.Get("/receipts/{id}/codeless/labels", site.Handle(w.CodelessLabels))
	r.Get("/receipts/{id}/differences", site.Handle(w.Sheet))
	r.Post("/receipts/{id}/differences", site.Handle(w.DecideSheet))
	r.Get("/cartons", site.Handle(w.Relations))
	r.Post("/cartons", site.Handle(w.CheckRelation))
	r.Get("/cartons/example/{form}", site.Handle(w.RelationExample))
	r.Get("/cartons/{id}", site.Handle(w.Relation))
	r.Post("/cartons/{id}", site.Handle(w.ImportRelation))
	r.Get("/stock", site.Handle(w.Stock))
	r.Get("/totes", site.Handle(w.Totes))
	r.Post("/totes", site.Handle(w.MakeTote))
	r.Get("/totes/{id}", site.Handle(w.Tote))
	r.Get("/totes/{id}/label", site.Handle(w.ToteLabel))
	r.Post("/totes/{id}/scans", site.Handle(w.Stow))
	r.Post("/totes/{id}/seal", site.Handle(w.SealTote))
	r.Post("/totes/{id}/open", site.Handle(w.OpenTote))
	r.Post("/totes/{id}/name", site.Handle(w.RenameTote))
	r.Post("/totes/{id}/retire", site.Handle(w.RetireTote))
	r.Get("/totes/labels", site.Handle(w.ToteLabels))
	r.Get("/setaside", site.Handle(w.SetAside))
	r.Get("/setaside/new", site.Handle(w.NewAside))
	r.Post("/setaside", site.Handle(w.DoAside))
	r.Get("/setaside/{id}", site.Handle(w.Paper))
	r.Post("/setaside/{id}/confirm", site.Handle(w.ConfirmPaper))
	r.Post("/setaside/{id}/withdraw", site.Handle(w.WithdrawPaper))
	countRoutes(r, site, w)
	r.Get("/drugs", site.Handle(w.Drugs))
	r.Post("/drugs/prefixes", site.Handle(w.Teach))
	r.Post("/drugs/care", site.Handle(w.SetCare))
	server := httptest.NewServer(r)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	h.url = server.URL
	h.role(identity.Pharmacist)
	h.drugs()
	return h
}

// role says as whom the next requests are made.
func (h *house) role(r identity.Role) {
	h.actor.Store(&identity.Actor{StaffID: 1, Username: "demo", Name: "演示药师", Device: "测试", Grants: []identity.Grant{{Role: r}}})
}

// person says who makes the next requests.
func (h *house) person(id int64, name string, r identity.Role) {
	h.actor.Store(&identity.Actor{StaffID: id, Username: name, Name: name, Device: "测试", Grants: []identity.Grant{{Role: r}}})
}

// as is what the login does in the program: it puts person and viewer into the
// request.
func (h *house) as(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		by := *h.actor.Load()
		ctx, counter := db.WithCounter(identity.WithActor(r.Context(), by))
		ctx = page.WithViewer(ctx, page.Viewer{Name: by.Name, RoleNames: []string{"药师"}, CSRF: "tok", LockAfter: time.Hour,
			Menu: []page.MenuItem{{Title: "今日", URL: "/", Icon: "home"}, {Title: "入库", URL: "/receipts", Icon: "receipt"}, {Title: "库存", URL: "/stock", Icon: "box"}, {Title: "药品", URL: "/drugs", Icon: "pill"}}})
		next.ServeHTTP(w, r.WithContext(ctx))
		h.statements.Store(counter.Count())
	})
}

// drugs writes the demo dictionary.
func (h *house) drugs() {
	h.t.Helper()
	entry := func(code, name, spec, pack string, units int, prefix string, class inventory.Class) inventory.DictionaryDrug {
		return inventory.DictionaryDrug{HISCode: code, GenericName: name, Spec: spec, Maker: "演示药厂", UnitName: "片", PackName: pack, UnitsPerPack: units,
			Class: class, ClassSince: day(2020, 1, 1), Prefixes: []inventory.DictionaryPrefix{{Prefix: prefix, Level: 1, Units: units}}}
	}
	_, err := h.stock.TakeDrugs(h.t.Context(), identity.System("test"), []inventory.DictionaryDrug{
		entry("YS1", "演示利培酮片", "1mg×20片", "盒", 20, "8112345", inventory.ClassOrdinary),
		entry("YS2", "演示苯海索片", "2mg×100片", "瓶", 100, "8112346", inventory.ClassOrdinary),
		{HISCode: "YS3", GenericName: "演示阿普唑仑片", Spec: "0.4mg×24片", Maker: "演示药厂", UnitName: "片", PackName: "盒", UnitsPerPack: 24,
			Class: inventory.ClassPsychotropic2, ClassSince: day(2020, 1, 1), Loose: true},
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func day(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }

func code(prefix string, n int) string { return fmt.Sprintf("%s%013d", prefix, n) }

// receipt takes in a document: packs1 of drug 1 with listed codes that begin
// where those of the document before ended, packs2 of
// drug 2 by number.
func (h *house) receipt(number string, packs1, packs2 int) int64 {
	h.t.Helper()
	doc := inventory.Document{Source: "HIS", Number: number, Revision: 1, Kind: inventory.DocumentTransfer, IssuedAt: time.Now().Add(-time.Hour), FromStore: "中心药库",
		Lines: []inventory.DocumentLine{
			{LineNo: 1, HISCode: "YS1", Batch: "B2403", ExpiresOn: day(2028, 3, 31), Packs: packs1},
			{LineNo: 2, HISCode: "YS2", Batch: "B2399", ExpiresOn: day(2027, 1, 15), Packs: packs2},
		}}
	for i := range packs1 {
		doc.Lines[0].Codes = append(doc.Lines[0].Codes, code("8112345", h.listed+i))
	}
	h.listed += packs1
	if _, err := h.stock.TakeReceipt(h.t.Context(), identity.System("test"), doc); err != nil {
		h.t.Fatal(err)
	}
	var id int64
	if err := h.App.Get(h.t.Context(), &id, `SELECT id FROM receipt WHERE number = $1`, number); err != nil {
		h.t.Fatal(err)
	}
	return id
}

func (h *house) send(method, path string, form url.Values, header http.Header) (int, []byte, http.Header) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, h.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		h.t.Fatal(err)
	}
	for k, v := range header {
		r.Header[k] = v
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer.StatusCode, body, answer.Header
}

// get reads a page.
func (h *house) get(path string) (int, *goquery.Document) {
	h.t.Helper()
	status, body, _ := h.send("GET", path, nil, http.Header{"Accept": {"text/html"}})
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(body)))
	if err != nil {
		h.t.Fatal(err)
	}
	return status, doc
}

// htmx sends a command as the page does and gives the fragments.
func (h *house) htmx(path string, form url.Values) (int, *goquery.Document) {
	h.t.Helper()
	if form.Get("command_id") == "" {
		form.Set("command_id", uuid.NewString())
	}
	status, body, _ := h.send("POST", path, form, http.Header{"Accept": {"text/html"}, "Hx-Request": {"true"}})
	doc, err := goquery.NewDocumentFromReader(strings.NewReader("<main>" + string(body) + "</main>"))
	if err != nil {
		h.t.Fatal(err)
	}
	return status, doc
}

// json sends a command as a program does.
func (h *house) json(path string, form url.Values, into any) int {
	h.t.Helper()
	if form.Get("command_id") == "" {
		form.Set("command_id", uuid.NewString())
	}
	status, body, _ := h.send("POST", path, form, http.Header{"Accept": {"application/json"}})
	if err := json.Unmarshal(body, into); err != nil {
		h.t.Fatalf("%v: %s", err, body)
	}
	return status
}
