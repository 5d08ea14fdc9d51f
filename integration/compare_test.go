package integration_test

import (
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"jingfang/integration"
	"jingfang/integration/simulator"
	"jingfang/inventory"
	"jingfang/session/identity"
)

// compareNow compares HIS's stock with ours, over real HTTP.
func (h *house) compareNow() integration.Comparison {
	h.t.Helper()
	c, err := integration.CompareStock(h.t.Context(), h.db.App, h.client, pharmacist())
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// HIS stops and starts again on what it has kept: nothing comes twice and the stocks
// are the same as before, also after documents were changed and cancelled.
func TestStocksAgreeAfterHISStartedAgain(t *testing.T) {
	h := stocked(t)
	path := filepath.Join(t.TempDir(), "his.json")
	start := func() {
		his, err := simulator.NewHIS(h.key, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := his.Keep(path); err != nil {
			t.Fatal(err)
		}
		h.his, h.server.Config.Handler = his, his
	}
	start()
	for range 2 {
		if _, err := h.his.MakeReceipt(simulator.Order{Lines: 3, Packs: 4, Codes: true}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.his.MakeRed(); err != nil {
		t.Fatal(err)
	}
	bare, err := h.his.MakeReceipt(simulator.Order{Lines: 1, Packs: 5})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := h.round(); err != nil || n.Taken != 4 {
		t.Fatalf("%+v %v", n, err)
	}
	h.scanIn(bare.Number, bare.Lines[0].Codes)
	before := h.compareNow()
	if len(before.Lines) == 0 || before.Differ != 0 {
		t.Fatalf("before: %+v", before)
	}
	start()
	if n, err := h.round(); err != nil || n.Documents != 0 {
		t.Errorf("after the start %+v came, %v", n, err)
	}
	if after := h.compareNow(); after.Differ != 0 || len(after.Lines) != len(before.Lines) {
		t.Errorf("after: %+v", after)
	}
	if _, err := h.his.MakeReceipt(simulator.Order{Lines: 1, Packs: 2, Codes: true}); err != nil {
		t.Fatal(err)
	}
	if n, err := h.round(); err != nil || n.Taken != 1 || h.compareNow().Differ != 0 {
		t.Errorf("a new receipt: %+v %v %+v", n, err, h.compareNow())
	}
	h.good()
}

// scanIn scans boxes in for a receipt.
func (h *house) scanIn(number string, codes []string) {
	h.t.Helper()
	var id int64
	if err := h.db.App.Get(h.t.Context(), &id, `SELECT id FROM receipt WHERE number = $1`, number); err != nil {
		h.t.Fatal(err)
	}
	text := ""
	for _, c := range codes {
		text += c + "\n"
	}
	a, err := inventory.New(h.db.App).Receive(h.t.Context(), identity.System("test"), inventory.ReceiveScan{ReceiptID: id, CommandID: uuid.New(), Codes: text})
	if err != nil || a.Taken != len(codes) {
		h.t.Fatalf("%+v %v", a, err)
	}
}
