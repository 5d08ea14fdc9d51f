package integration_test

import (
	"strings"
	"testing"

	"jingfang/integration"
	"jingfang/integration/simulator"
	"jingfang/integration/wire"
	"jingfang/inventory"
	"jingfang/session/identity"
)

// stocked is a house whose documents go into the stock, with the dictionary.
func stocked(t *testing.T) *house {
	t.Helper()
	h := build(t)
	stock := inventory.New(h.db.App)
	h.poller = h.newPoller(integration.PollerConfig{Ingest: realIngest(stock)})
	drugs, _, err := h.client.Drugs(t.Context(), identity.System("test"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stock.TakeDrugs(t.Context(), identity.System("test"), dictionary(t, drugs)); err != nil {
		t.Fatal(err)
	}
	return h
}

// states says how many receipts stand in which state.
func (h *house) states() string {
	h.t.Helper()
	var list []string
	err := h.db.App.Select(h.t.Context(), &list, `SELECT kind || ':' || state || ':' || count(*) FROM receipt GROUP BY kind, state ORDER BY kind, state`)
	if err != nil {
		h.t.Fatal(err)
	}
	return strings.Join(list, " ")
}

func add(t *testing.T, h *house, d wire.Receipt) {
	t.Helper()
	if err := h.his.AddReceipt(d); err != nil {
		t.Fatal(err)
	}
}

// A red document before its original waits in the work list with the reason; it
// takes effect by itself when the original comes.
func TestARedDocumentWaitsForItsOriginal(t *testing.T) {
	h := stocked(t)
	other := simulator.Order{Lines: 1, Packs: 1}
	doc, err := h.his.MakeReceipt(other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.round(); err != nil {
		t.Fatal(err)
	}
	late := doc
	late.Number = "YS-LATE"
	red := doc
	red.Number, red.Kind, red.Cancels = "YS-RED", wire.KindRed, "YS-LATE"
	for i := range red.Lines {
		red.Lines[i].Codes = nil
	}
	add(t, h, red)
	if n, err := h.round(); err != nil || n.Refused != 1 {
		t.Fatalf("%+v %v", n, err)
	}
	list := h.problems()
	if len(list) != 1 || list[0].WaitsFor != "YS-LATE" || !strings.Contains(list[0].Reason, "还没有收到") {
		t.Fatalf("work list %+v", list)
	}
	if err := h.poller.TryAgain(t.Context(), pharmacist(), list[0].ID); err == nil {
		t.Error("the red document was taken without its original")
	}
	late.Lines = append([]wire.Line(nil), doc.Lines...)
	for i := range late.Lines {
		late.Lines[i].Codes = nil
	}
	add(t, h, late)
	if n, err := h.round(); err != nil || n.Taken != 1 {
		t.Fatalf("%+v %v", n, err)
	}
	if got, want := h.states(), "red:finished:1 transfer:cancelled:1 transfer:waiting:1"; got != want || len(h.problems()) != 0 {
		t.Errorf("receipts %s, want %s; problems %+v", got, want, h.problems())
	}
	h.good()
}

// Revisions and red documents in the wrong order of one page end the same.
func TestRevisionsAndRedInTheWrongOrder(t *testing.T) {
	h := stocked(t)
	doc, err := h.his.MakeReceipt(simulator.Order{Lines: 2, Packs: 3})
	if err != nil {
		t.Fatal(err)
	}
	bare := func(d wire.Receipt, packs int) wire.Receipt {
		d.Lines = append([]wire.Line(nil), d.Lines...)
		for i := range d.Lines {
			d.Lines[i].Codes, d.Lines[i].Packs = nil, packs
		}
		return d
	}
	second := bare(doc, 4)
	second.Revision = 2
	red := bare(doc, 4)
	red.Number, red.Kind, red.Cancels = "YS-RED", wire.KindRed, doc.Number
	add(t, h, second)
	add(t, h, red)
	h.his.SetFaults(simulator.Faults{OutOfOrder: true, Duplicated: true})
	if _, err := h.round(); err != nil {
		t.Fatal(err)
	}
	if got, want := h.states(), "red:finished:1 transfer:cancelled:1 transfer:superseded:1"; got != want || len(h.problems()) != 0 {
		t.Errorf("receipts %s, want %s; problems %+v", got, want, h.problems())
	}
	h.good()
}
