package integration_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"jingfang/integration"
	"jingfang/integration/simulator"
	"jingfang/integration/wire"
	"jingfang/inventory"
	"jingfang/session/identity"
)

// realIngest hands documents to the package that keeps the stock.
func realIngest(s *inventory.Service) integration.Ingest {
	return func(ctx context.Context, r wire.Receipt) (bool, error) {
		doc := inventory.Document{Source: r.Source, Number: r.Number, Revision: r.Revision, Kind: r.Kind, IssuedAt: r.IssuedAt,
			FromStore: r.FromStore, Cancels: r.Cancels}
		for _, l := range r.Lines {
			doc.Lines = append(doc.Lines, inventory.DocumentLine{LineNo: l.LineNo, HISCode: l.HISCode, Batch: l.Batch,
				ExpiresOn: l.ExpiresOn.Time(), MadeOn: l.MadeOn.Time(), Packs: l.Packs, Price: l.Price, Codes: l.Codes})
		}
		return s.TakeReceipt(ctx, identity.System("his-poller"), doc)
	}
}

func dictionary(t testing.TB, drugs []wire.Drug) []inventory.DictionaryDrug {
	t.Helper()
	var out []inventory.DictionaryDrug
	for _, d := range drugs {
		e := inventory.DictionaryDrug{HISCode: d.HISCode, GenericName: d.GenericName, TradeName: d.TradeName, Spec: d.Spec, Maker: d.Maker,
			UnitName: d.UnitName, PackName: d.PackName, UnitsPerPack: d.UnitsPerPack, Class: inventory.Class(d.Class), ClassSince: d.ClassSince.Time()}
		for _, p := range d.Prefixes {
			e.Prefixes = append(e.Prefixes, inventory.DictionaryPrefix{Prefix: p.Prefix, Level: p.Level, Units: p.Units})
		}
		out = append(out, e)
	}
	return out
}

// From the stand-in over HTTP into the stock: nothing is known, so the receipt
// waits in the work list; the dictionary comes, it is tried again and is in.
// Rounds that bring the same or a forged document change nothing.
func TestReceiptsReachTheStock(t *testing.T) {
	h := build(t)
	stock := inventory.New(h.db.App)
	h.poller = h.newPoller(integration.PollerConfig{Ingest: realIngest(stock)})
	doc, err := h.his.MakeReceipt(simulator.Order{Lines: 3, Packs: 4, FirstDrug: 21, Codes: true})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := h.round(); err != nil || n != (integration.Pulled{Documents: 1, Refused: 1}) {
		t.Fatalf("without a dictionary %+v, %v", n, err)
	}
	if p := h.problems()[0]; !strings.Contains(p.Reason, "DEMO022") {
		t.Errorf("reason %s", p.Reason)
	}
	drugs, _, err := h.client.Drugs(t.Context(), identity.System("test"))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := stock.TakeDrugs(t.Context(), identity.System("test"), dictionary(t, drugs)); err != nil || n != 25 {
		t.Fatalf("%d drugs taken, %v", n, err)
	}
	if err := h.poller.TryAgain(t.Context(), pharmacist(), h.problems()[0].ID); err != nil {
		t.Fatal(err)
	}
	h.stockIs(1, 12)

	forged := doc
	forged.Lines = append([]wire.Line(nil), doc.Lines...)
	forged.Lines[0].Batch = "ANOTHER"
	for _, d := range []wire.Receipt{doc, forged} {
		if err := h.his.AddReceipt(d); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := h.round(); err != nil || n != (integration.Pulled{Documents: 2, Refused: 1}) {
		t.Errorf("the same and a forged one: %+v, %v", n, err)
	}
	if list := h.problems(); len(list) != 1 || !strings.Contains(list[0].Reason, "已经收过") {
		t.Errorf("problems %+v", list)
	}
	h.stockIs(1, 12)
	h.good()
}

// stockIs counts receipts and expected packs.
func (h *house) stockIs(receipts, packs int) {
	h.t.Helper()
	var got string
	err := h.db.App.Get(context.Background(), &got, `SELECT (SELECT count(*) FROM receipt) || '/' ||
  (SELECT count(*) FROM pack WHERE state = 'expected') || '/' || (SELECT count(*) FROM movement)`)
	if want := fmt.Sprintf("%d/%d/%d", receipts, packs, packs); err != nil || got != want {
		h.t.Errorf("receipts/packs/movements are %s, want %s (%v)", got, want, err)
	}
}
