package integration_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"jingfang/integration"
	"jingfang/integration/simulator"
	"jingfang/integration/wire"
	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// A day without HIS: documents were waiting when it went down, patients come and
// get their boxes, one record is corrected, a receipt is brought as a file; what
// waits is said in one line. When HIS is back everything catches up, once.
func TestADayWithoutHIS(t *testing.T) {
	h := build(t)
	c := h.openClinic(6)
	c.switchOn()
	stock := inventory.New(h.db.App)
	drugs, _, err := h.client.Drugs(t.Context(), identity.System("test"))
	c.must(err)
	if _, err := stock.TakeDrugs(t.Context(), identity.System("test"), dictionary(t, drugs)); err != nil {
		t.Fatal(err)
	}
	h.poller = h.newPoller(integration.PollerConfig{Ingest: realIngest(stock), Page: 2})
	h.receipts(1)
	if n, err := h.round(); err != nil || n.Taken != 1 {
		t.Fatalf("the morning's receipt: %+v %v", n, err)
	}
	if text := quiet(t, h); text != "" {
		t.Errorf("all is well, yet %q", text)
	}

	// Five documents wait at HIS; it breaks off after the first page of two.
	h.receipts(5)
	h.client = h.newClient(integration.Config{Tries: 1})
	h.poller = h.newPoller(integration.PollerConfig{Ingest: breaksAfter(h, realIngest(stock), 2), Page: 2})
	if _, err := h.round(); db.KindOf(err) != db.Unavailable {
		t.Fatalf("a pull while it goes down: %v", err)
	}
	if text := quiet(t, h); !strings.Contains(text, "HIS 连不上，上次成功 ") || !strings.Contains(text, "3 份待取") {
		t.Errorf("the line says %q", text)
	}

	// The clinic goes on; nothing of it asks HIS.
	before := h.his.Requests()
	first := c.give(c.codes[0], c.codes[1])
	c.give(c.codes[2])
	c.correct(first, c.codes[1])
	c.give(c.codes[3], c.codes[4])
	if n := h.his.Requests() - before; n != 0 {
		t.Errorf("the clinic asked HIS %d times", n)
	}
	s := c.sender()
	if _, err := s.Round(c.ctx()); err == nil {
		t.Error("a fact was told to nobody")
	}
	if text := quiet(t, h); !strings.Contains(text, "条上报待发") || !strings.Contains(text, "义诊照常") {
		t.Errorf("the line says %q", text)
	}

	// The store sends the receipt on a stick: the same document that HIS has.
	waiting := h.his.Export(3)
	n, err := h.poller.TakeFile(c.ctx(), c.chief, waiting)
	if err != nil || n.Taken != 1 {
		t.Fatalf("the file: %+v %v", n, err)
	}

	// HIS is back.
	h.his.SetFaults(simulator.Faults{})
	h.poller = h.newPoller(integration.PollerConfig{Ingest: realIngest(stock), Page: 2})
	n, err = h.round()
	if err != nil || n.Documents != 3 || n.Taken != 2 || n.Refused != 0 {
		t.Errorf("what waited: %+v %v", n, err)
	}
	c.deliver(s)
	if got := h.his.Facts(); got.Sales != 4 || got.Repeats != 0 {
		t.Errorf("HIS heard %+v", got)
	}
	if n, err := h.round(); err != nil || n.Taken != 0 {
		t.Errorf("once more: %+v %v", n, err)
	}
	if text := quiet(t, h); text != "" {
		t.Errorf("all is well again, yet %q", text)
	}
	var receipts int
	c.must(h.db.App.Get(c.ctx(), &receipts, `SELECT count(*) FROM receipt`))
	if receipts != 6 {
		t.Errorf("%d receipts, want each of the six once", receipts)
	}
	h.good()
}

// breaksAfter takes documents in and lets HIS go down behind the n-th.
func breaksAfter(h *house, take integration.Ingest, n int) integration.Ingest {
	return func(ctx context.Context, doc wire.Receipt) (bool, error) {
		if n--; n == 0 {
			h.his.SetFaults(simulator.Faults{Status500: true})
		}
		return take(ctx, doc)
	}
}

func quiet(t *testing.T, h *house) string {
	t.Helper()
	q, err := integration.ReadQuiet(context.Background(), h.db.App)
	if err != nil {
		t.Fatal(err)
	}
	return q.Sentence(time.Now())
}

// A document that both a file and the interface bring, in either order, is one. A red
// one from a file waits for its original and follows it.
func TestAFileAndTheInterface(t *testing.T) {
	h := build(t)
	h.receipts(2)
	if n, err := h.poller.TakeFile(t.Context(), pharmacist(), h.his.Export(1)); err != nil || n.Taken != 1 {
		t.Fatalf("%+v %v", n, err)
	}
	if n, err := h.round(); err != nil || n.Documents != 2 || n.Taken != 1 {
		t.Errorf("the interface after the file: %+v %v", n, err)
	}
	if n, err := h.poller.TakeFile(t.Context(), pharmacist(), h.his.Export(0)); err != nil || n.Taken != 0 || n.Refused != 0 {
		t.Errorf("the file after the interface: %+v %v", n, err)
	}
	if _, err := h.poller.TakeFile(t.Context(), admin(), h.his.Export(0)); db.KindOf(err) != db.Denied {
		t.Errorf("an administrator brings a file: %v", err)
	}
	if _, err := h.poller.TakeFile(t.Context(), pharmacist(), make([]byte, 11<<20)); db.KindOf(err) != db.Invalid || !strings.Contains(db.Sentence(err), "10 MB") {
		t.Errorf("a huge file: %v", err)
	}
	soap := build(t)
	soap.speak("../deploy/platform.example.json")
	xml := `<BSXml><MsgBody><ROWS><ROW><HEAD><BILLNO>YS-X1</BILLNO><VERSION>1</VERSION><FORMTYPE>1</FORMTYPE><OPTIME>20260302083000</OPTIME></HEAD><DETAILS><DETAIL><SEQNO>1</SEQNO><DRUGCODE>DEMO001</DRUGCODE><QTY>3</QTY></DETAIL></DETAILS></ROW></ROWS></MsgBody></BSXml>`
	inner := strings.TrimSuffix(strings.TrimPrefix(xml, "<BSXml>"), "</BSXml>")
	if n, err := soap.poller.TakeFile(t.Context(), pharmacist(), []byte(inner)); err != nil || n.Taken != 1 {
		t.Errorf("XML in the interface's words: %+v %v", n, err)
	}
	if got := soap.store.taken["HIS/YS-X1/1"]; got != 1 {
		t.Errorf("taken %v", soap.store.taken)
	}
}
