package integration_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/integration"
	"jingfang/integration/simulator"
	"jingfang/integration/translog"
	"jingfang/integration/wire"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// allFaults names each switch of the stand-ins.
type allFaults struct {
	None, Slow, Status500, ErrorIn200, CutBody, WrongSignature, ClockAhead, ClockBehind, WebPage, Oversized,
	WrongEncoding, EntityBomb, Deep, Duplicated, OutOfOrder, GB18030 simulator.Faults
}

func faults() allFaults {
	return allFaults{Slow: simulator.Faults{SlowMillis: 30_000}, Status500: simulator.Faults{Status500: true}, ErrorIn200: simulator.Faults{ErrorIn200: true},
		CutBody: simulator.Faults{CutBody: true}, WrongSignature: simulator.Faults{WrongSignature: true}, ClockAhead: simulator.Faults{SkewSeconds: 3600},
		ClockBehind: simulator.Faults{SkewSeconds: -3600}, WebPage: simulator.Faults{NotJSON: true}, Oversized: simulator.Faults{Oversized: true},
		WrongEncoding: simulator.Faults{WrongEncoding: true}, EntityBomb: simulator.Faults{EntityBomb: true}, Deep: simulator.Faults{Deep: true},
		Duplicated: simulator.Faults{Duplicated: true}, OutOfOrder: simulator.Faults{OutOfOrder: true}, GB18030: simulator.Faults{GB18030: true}}
}

// faultCase is what one fault must come to.
type faultCase struct {
	name  string
	fault simulator.Faults
	words string // of the sentence a person reads; "" for a fault that does no harm
	tries int    // of a read
	// result is that of a read in the log, told that of a call that changes something.
	result, told translog.Result
	// heard says that a fact arrived although its answer did not.
	heard bool
}

func faultCases() []faultCase {
	f := faults()
	return []faultCase{
		{"slow", f.Slow, "内应答", 2, translog.Failed, translog.Unknown, true},
		{"500", f.Status500, "HTTP 500", 2, translog.Failed, translog.Unknown, false},
		{"error in 200", f.ErrorIn200, "拒绝了请求（代码 9999：业务处理失败（模拟））", 1, translog.Refused, translog.Refused, false},
		{"cut mid-body", f.CutBody, "传到一半中断", 2, translog.Failed, translog.Unknown, true},
		{"wrong signature", f.WrongSignature, "验签不通过", 1, translog.Failed, translog.Unknown, true},
		{"clock ahead", f.ClockAhead, "时钟与本机相差", 1, translog.Failed, translog.Unknown, false},
		{"clock behind", f.ClockBehind, "时钟与本机相差", 1, translog.Failed, translog.Unknown, false},
		{"web page", f.WebPage, "格式与约定不符", 1, translog.Failed, translog.Unknown, true},
		{"over 10 MB", f.Oversized, "超过 10 MB", 1, translog.Failed, translog.Unknown, true},
		{"wrong encoding", f.WrongEncoding, "格式与约定不符", 1, translog.Failed, translog.Unknown, true},
		{"entity bomb", f.EntityBomb, "格式与约定不符", 1, translog.Failed, translog.Unknown, true},
		{"deep nesting", f.Deep, "格式与约定不符", 1, translog.Failed, translog.Unknown, true},
		{"duplicated", f.Duplicated, "", 1, translog.OK, translog.OK, true},
		{"out of order", f.OutOfOrder, "", 1, translog.OK, translog.OK, true},
		{"another encoding", f.GB18030, "", 1, translog.OK, translog.OK, true},
	}
}

// speak puts a stand-in that talks as the mapping file says in the place of the
// house's, with a client that does so too.
func (h *house) speak(path string) {
	h.t.Helper()
	var d wire.Dialect
	if path != "" {
		file, err := os.Open(path)
		if err != nil {
			h.t.Fatal(err)
		}
		p, problems, err := wire.ReadPlatform(file)
		_ = file.Close()
		if err != nil || len(problems) > 0 {
			h.t.Fatal(err, problems)
		}
		d = p.Dialect("his")
	}
	his, err := simulator.NewPlatform(h.key, d, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.his = his
	h.server = httptest.NewServer(his)
	h.t.Cleanup(h.server.Close)
	h.client = h.newClient(integration.Config{Dialect: d, Tries: 2})
	h.poller = h.newPoller(integration.PollerConfig{})
}

// asks are the calls that change nothing, each with what it gives when all is well.
func (h *house) asks(code string) map[string]func() (int, error) {
	ctx, by := context.Background(), pharmacist()
	return map[string]func() (int, error){
		"receipts": func() (int, error) { n, err := h.round(); return n.Taken, err },
		"drugs":    func() (int, error) { good, bad, err := h.client.Drugs(ctx, by); return len(good) - len(bad), err },
		"patients": func() (int, error) {
			list, err := h.client.Patients(ctx, by, wire.PatientQuery{By: wire.ByNumber, Value: "YS000001"})
			return min(len(list), 1), err
		},
		"stock": func() (int, error) { list, err := h.client.Stock(ctx, by); return min(len(list), 2), err },
		"code": func() (int, error) {
			x, err := h.client.Code(ctx, by, code)
			if x.Known {
				return 1, err
			}
			return 0, err
		},
		"fact": func() (int, error) {
			a, err := h.client.Fact(ctx, by, "none")
			if a.State == wire.FactMissing {
				return 1, err
			}
			return 0, err
		},
	}
}

func wantOf(call string) int {
	return map[string]int{"receipts": 2, "drugs": 25, "patients": 1, "stock": 2, "code": 1, "fact": 1}[call]
}

// Every fault against every call, in our own envelope and in another: what the
// person reads, how often it was tried, what the log says, that nothing came in half,
// and that all is well when the fault is gone.
func TestEveryFaultAgainstEveryCall(t *testing.T) {
	for style, path := range map[string]string{"json": "", "soap": "../deploy/platform.example.json"} {
		t.Run(style, func(t *testing.T) {
			h := build(t)
			for _, c := range faultCases() {
				for call := range h.asks("") {
					t.Run(c.name+"/"+call, func(t *testing.T) { h.faultAgainst(t, path, c, call) })
				}
			}
			h.t = t
			h.good()
		})
	}
}

func (h *house) faultAgainst(t *testing.T, path string, c faultCase, call string) {
	h.t = t
	h.speak(path)
	if c.name == "slow" {
		h.client = h.newClient(integration.Config{Dialect: h.client.Dialect(), Tries: 2, Timeout: 50 * time.Millisecond})
	}
	h.store = &store{taken: map[string]int{}, drugs: h.store.drugs}
	h.poller = h.newPoller(integration.PollerConfig{Stream: uuid.NewString()})
	h.receipts(2)
	full, err := h.his.MakeReceipt(simulator.Order{Lines: 1, Packs: 1})
	if err != nil {
		t.Fatal(err)
	}
	do := h.asks(full.Lines[0].Codes[0])[call]
	before := h.made()
	h.his.SetFaults(c.fault)
	n, err := do()
	if c.words == "" {
		if err != nil || call != "receipts" && n != wantOf(call) || call == "receipts" && n != 3 {
			t.Errorf("a harmless fault: %d, %v", n, err)
		}
	} else if db.KindOf(err) != db.Unavailable || !strings.Contains(db.Sentence(err), c.words) || n != 0 {
		t.Errorf("%d, %v, want %q", n, err, c.words)
	}
	made := h.made() - before
	if c.words != "" && (h.his.Requests() != c.tries || made != c.tries) {
		t.Errorf("%d requests, %d exchanges in the log, want %d", h.his.Requests(), made, c.tries)
	}
	for _, x := range h.exchanges()[:made] {
		if x.Result != c.result || x.Open {
			t.Errorf("the log says %+v, want %s", x, c.result)
		}
	}
	if documents, _ := h.store.count(); c.words != "" && documents != 0 {
		t.Errorf("%d documents came in from bad answers", documents)
	}
	h.his.SetFaults(simulator.Faults{})
	h.client = h.newClient(integration.Config{Dialect: h.client.Dialect()})
	h.poller = h.newPoller(integration.PollerConfig{Stream: uuid.NewString()})
	if _, err := h.asks(full.Lines[0].Codes[0])[call](); err != nil {
		t.Errorf("after the fault: %v", err)
	}
	if documents, _ := h.store.count(); call == "receipts" && documents != 3 {
		t.Errorf("%d documents, want each once", documents)
	}
}

// made is how many exchanges the log holds.
func (h *house) made() (n int) {
	h.t.Helper()
	if err := h.db.App.Get(context.Background(), &n, `SELECT count(*) FROM translog_entry WHERE phase = 'outcome'`); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// Every switch of the stand-in stands in the table, by itself.
func TestEverySwitchIsTried(t *testing.T) {
	for _, k := range simulator.FaultKinds() {
		found := false
		for _, c := range faultCases() {
			f := c.fault
			if f.SlowMillis > 0 {
				f.SlowMillis = k.Faults.SlowMillis
			}
			found = found || f == k.Faults
		}
		if !found {
			t.Errorf("the fault %s is tried nowhere", k.Name)
		}
	}
	if len(simulator.FaultKinds()) != len(faultCases()) {
		t.Errorf("%d switches, %d cases", len(simulator.FaultKinds()), len(faultCases()))
	}
}

// Every fault against the telling of a sale (3505) and of a reversal (3506): an answer
// that does not come leaves it unknown, it is asked for and never told blindly again,
// and in the end HIS has heard it exactly once.
func TestEveryFaultAgainstTelling(t *testing.T) {
	for style, path := range map[string]string{"json": "", "soap": "../deploy/platform.example.json"} {
		for _, kind := range []string{wire.FactSale, wire.FactReversal} {
			if style == "soap" && kind == wire.FactReversal {
				continue // the same calls in the same envelope as a sale
			}
			t.Run(style+"/"+kind, func(t *testing.T) {
				h := build(t)
				cases := faultCases()
				clinic := h.openClinic(len(cases))
				clinic.switchOn()
				for i, c := range cases {
					t.Run(c.name, func(t *testing.T) { clinic.faultAgainstTelling(t, path, c, kind, clinic.codes[i]) })
				}
				h.t = t
				h.good()
			})
		}
	}
}

// factFor makes the fact that is told: a sale, or the reversal of one that has arrived.
func (c *clinic) factFor(kind, code string) {
	c.t.Helper()
	visit := c.give(code)
	if kind == wire.FactReversal {
		c.deliver(c.sender())
		c.correct(visit, code)
	}
}

// heardOf is how many facts of a kind hold.
func (c *clinic) heardOf(kind string) int {
	if kind == wire.FactReversal {
		return c.his.Facts().Reversed
	}
	return c.his.Facts().Sales
}

func (c *clinic) faultAgainstTelling(t *testing.T, path string, x faultCase, kind, code string) {
	c.t = t
	c.speak(path)
	c.factFor(kind, code)
	already := c.his.Requests()
	if x.name == "slow" {
		c.client = c.newClient(integration.Config{Dialect: c.client.Dialect(), Timeout: 50 * time.Millisecond})
	}
	s := integration.NewSender(integration.SenderConfig{DB: c.db.App, Client: c.client, Doubt: time.Hour})
	c.his.SetFaults(x.fault)
	_, err := s.Round(c.ctx())
	got := c.facts()
	switch x.told {
	case translog.OK:
		if err != nil || got[session.FactUnknown]+got[session.FactFailed]+got[session.FactWaiting] != 0 {
			t.Fatalf("a harmless fault: %v %v", got, err)
		}
		return
	case translog.Refused:
		if err != nil || got[session.FactFailed] != 1 {
			t.Errorf("refused: %v %v", got, err)
		}
	default:
		if !errors.Is(err, integration.ErrUnknown) || !strings.Contains(db.Sentence(err), "会先查询") || got[session.FactUnknown] != 1 {
			t.Errorf("unknown: %v %v", got, err)
		}
	}
	if n := c.his.Requests() - already; n != 1 {
		t.Errorf("told %d times", n)
	}
	if list := c.exchanges(); list[0].Result != x.told || list[0].Open {
		t.Errorf("the log says %+v, want %s", list[0], x.told)
	}
	if heard := c.heardOf(kind) == 1; heard != x.heard {
		t.Errorf("HIS heard it: %t, want %t", heard, x.heard)
	}
	// A second round while it is not due changes nothing; a retry by a person asks.
	if _, err := s.Round(c.ctx()); err != nil || c.his.Requests() != already+1 {
		t.Errorf("told again blindly: %d requests, %v", c.his.Requests()-already, err)
	}
	c.his.SetFaults(simulator.Faults{})
	c.client = c.newClient(integration.Config{Dialect: c.client.Dialect()})
	list, err := session.OpenFacts(c.ctx(), c.db.App)
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v %v", list, err)
	}
	again := c.sender()
	c.must(again.Retry(c.ctx(), c.root, list[0].ID))
	c.deliver(again)
	if got := c.his.Facts(); c.heardOf(kind) != 1 || got.Repeats != 0 || got.Sales+got.Reversed != 1 {
		t.Errorf("HIS heard %+v", got)
	}
}

// Every fault against the question what became of a fact whose outcome is unknown,
// whether HIS had heard it or not: it stays unknown, the log says why, and when the
// fault is gone HIS has heard it exactly once.
func TestEveryFaultAgainstTheQuestion(t *testing.T) {
	for how, x := range map[string]struct {
		path  string
		first simulator.Faults
	}{"heard, json": {"", faults().CutBody}, "not heard, soap": {"../deploy/platform.example.json", faults().Status500}} {
		t.Run(how, func(t *testing.T) {
			h := build(t)
			cases := faultCases()
			clinic := h.openClinic(len(cases))
			clinic.switchOn()
			for i, c := range cases {
				clinic.give(clinic.codes[i])
				t.Run(c.name, func(t *testing.T) { clinic.faultAgainstTheQuestion(t, x.path, c, x.first) })
			}
			h.t = t
			h.good()
		})
	}
}

func (c *clinic) faultAgainstTheQuestion(t *testing.T, path string, x faultCase, first simulator.Faults) {
	c.t = t
	c.speak(path)
	c.his.SetFaults(first)
	if _, err := c.sender().Round(c.ctx()); !errors.Is(err, integration.ErrUnknown) {
		t.Fatalf("the first telling: %v", err)
	}
	timeout := time.Duration(0)
	if x.name == "slow" {
		timeout = 50 * time.Millisecond
	}
	c.client = c.newClient(integration.Config{Dialect: c.client.Dialect(), Tries: 2, Timeout: timeout})
	before, asked := c.made(), c.his.Requests()
	c.his.SetFaults(x.fault)
	n, err := c.sender().Round(c.ctx())
	if x.words == "" {
		if err != nil || n.Unknown != 0 {
			t.Errorf("a harmless fault: %+v %v", n, err)
		}
	} else {
		if db.KindOf(err) != db.Unavailable || !strings.Contains(db.Sentence(err), x.words) || n.Unknown != 1 || n.Sent+n.Failed != 0 {
			t.Errorf("%+v %v, want %q", n, err, x.words)
		}
		if got := c.facts(); got[session.FactUnknown] != 1 {
			t.Errorf("facts %v", got)
		}
		if made, requests := c.made()-before, c.his.Requests()-asked; made != x.tries || requests != x.tries {
			t.Errorf("%d exchanges in the log, %d requests, want %d", made, requests, x.tries)
		}
		for _, e := range c.exchanges()[:c.made()-before] {
			if e.Result != x.result || e.Open || e.Service != c.serviceCode(wire.AskDispensed) {
				t.Errorf("the log says %+v, want %s", e, x.result)
			}
		}
	}
	c.his.SetFaults(simulator.Faults{})
	c.client = c.newClient(integration.Config{Dialect: c.client.Dialect()})
	c.deliver(c.sender())
	if got := c.his.Facts(); got.Sales != 1 || got.Repeats != 0 {
		t.Errorf("HIS heard %+v", got)
	}
}

func (h *house) serviceCode(name string) string {
	s, _ := h.client.Service(name)
	return s.Code
}

// A fact that never left, because nobody is there, waits and is told later.
func TestNobodyThereToTell(t *testing.T) {
	h := build(t)
	c := h.openClinic(1)
	c.switchOn()
	c.give(c.codes[0])
	h.server.Close()
	if _, err := c.sender().Round(c.ctx()); db.KindOf(err) != db.Unavailable || errors.Is(err, integration.ErrUnknown) {
		t.Errorf("error %v", err)
	}
	if got := c.facts(); got[session.FactWaiting] != 1 {
		t.Errorf("facts %v", got)
	}
	h.speak("")
	c.deliver(c.sender())
	if got := h.his.Facts(); got.Sales != 1 {
		t.Errorf("HIS heard %+v", got)
	}
}

// After several tries without an answer calls fail at once, until one may look.
func TestBreaker(t *testing.T) {
	h := build(t)
	now := time.Now()
	c := h.newClient(integration.Config{Tries: 1, BreakAfter: 3, BreakFor: time.Minute, Now: func() time.Time { return now }})
	ask := func() error { _, err := c.Stock(t.Context(), identity.System("test")); return err }
	h.his.SetFaults(faults().Status500)
	for range 5 {
		if err := ask(); db.KindOf(err) != db.Unavailable {
			t.Fatal(err)
		}
	}
	if n := h.his.Requests(); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}
	if err := ask(); !strings.Contains(db.Sentence(err), "连续没有应答") {
		t.Errorf("error %v", err)
	}
	h.his.SetFaults(faults().None)
	now = now.Add(61 * time.Second)
	if err := ask(); err != nil {
		t.Errorf("after the pause: %v", err)
	}
	if err := ask(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}
