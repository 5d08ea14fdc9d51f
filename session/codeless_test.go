package session_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
)

// A box that came without a code bears ours and, found later, its true one. A
// tray reader that sees both packs and hands out one box.
func TestOneBoxWithTwoCodes(t *testing.T) {
	d := newDepot(t, 1)
	doc := inventory.Document{Source: "HIS", Number: "R1", Revision: 1, Kind: inventory.DocumentTransfer, IssuedAt: time.Now().Add(-time.Hour), FromStore: "中心药库",
		Lines: []inventory.DocumentLine{{LineNo: 1, HISCode: "DEMO1", Batch: "B1", ExpiresOn: time.Now().AddDate(1, 0, 0), Packs: 2}}}
	_, err := d.stock.TakeReceipt(d.ctx, d.chief, doc)
	d.must(err)
	open, _, err := inventory.ListReceipts(d.ctx, d.db.App, 1)
	d.must(err)
	receipt := open[0].ID
	lines, err := inventory.ReceiptLines(d.ctx, d.db.App, receipt)
	d.must(err)
	request, err := d.stock.AskCodeless(d.ctx, d.helper, inventory.CodelessAsk{ReceiptID: receipt, CommandID: uuid.New(), LineID: lines[0].ID, Packs: 1, Reason: inventory.CodeDamaged})
	d.must(err)
	codes, err := d.stock.DecideCodeless(d.ctx, d.chief, inventory.CodelessDecision{ReceiptID: receipt, RequestID: request, CommandID: uuid.New(), Confirm: true})
	d.must(err)
	ours, found := codes[0], fmt.Sprintf("8000001%013d", 777)
	_, err = d.stock.LinkCodeless(d.ctx, d.helper, inventory.CodelessLink{CommandID: uuid.New(), Code: ours, TrueCode: found})
	d.must(err)
	if a := d.pack(d.session, ours+"\n"+found); a.Moved != 1 || a.Answers[1].Kind != inventory.KindAlreadyHere {
		t.Fatalf("packed %+v", a)
	}
	visit := d.start(d.doctors[0], 0)
	a, err := d.svc.Dispense(d.ctx, d.doctors[0], session.Scan{SessionID: d.session, Visit: visit, CommandID: uuid.New(), Codes: found + "\n" + ours})
	d.must(err)
	if a.Packs != 1 || a.Answers[0].Kind != inventory.KindOK || a.Answers[1].Tone != inventory.ToneSoft {
		t.Errorf("handed out %+v", a)
	}
	for _, c := range []string{ours, found} {
		x, err := d.svc.Trace(d.ctx, d.chief, c)
		d.must(err)
		if x.Pack.Code != ours || x.Pack.TrueCode != found || x.Pack.State != inventory.StateDispensed {
			t.Errorf("trace of %s: %+v", c, x.Pack)
		}
	}
}
