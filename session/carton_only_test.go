package session_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
)

// A long-acting injection that is coded on its carton of five alone: the document
// says cartons, the prefix says what they hold, and from the store to the count in
// the evening ampoules are what is given.
func TestCartonsOfAmpoules(t *testing.T) {
	e := &evening{clinic: newClinic(t, 1, 2, 1)}
	e.svc = e.svc.WithKeys(newKeys(e))
	var drug, prefix, receipt int64
	e.insert(&drug, `INSERT INTO drug (his_code, generic_name, spec, unit_name, pack_name, units_per_pack, loose, created_at)
VALUES ('DEMO9', '演示长效针', '50mg', '支', '盒', 1, true, now()) RETURNING id`)
	e.insert(&prefix, `INSERT INTO drug_prefix (prefix, drug_id, units, taught_at) VALUES ('8000009', $1, 5, now()) RETURNING id`, drug)
	codes := []string{"80000090000000000001", "80000090000000000002"}
	stock := inventory.New(e.db.App)
	doc := inventory.Document{Source: "HIS", Number: "L1", Revision: 1, Kind: inventory.DocumentTransfer, IssuedAt: time.Now().Add(-time.Hour), FromStore: "中心药库",
		Lines: []inventory.DocumentLine{{LineNo: 1, HISCode: "DEMO9", Batch: "B9", ExpiresOn: time.Now().AddDate(1, 0, 0).UTC().Truncate(24 * time.Hour), MadeOn: time.Now().AddDate(-1, 0, 0).UTC().Truncate(24 * time.Hour),
			Packs: 2, Price: "1.00", Codes: codes}}}
	_, err := stock.TakeReceipt(e.ctx, identity.System("his-poller"), doc)
	e.must(err)
	e.must(e.db.App.Get(e.ctx, &receipt, `SELECT id FROM receipt WHERE number = 'L1'`))
	taken, err := stock.Receive(e.ctx, e.helper, inventory.ReceiveScan{ReceiptID: receipt, CommandID: uuid.New(), Codes: join(codes)})
	e.must(err)
	if p := e.pack(codes[0]); taken.Taken != 2 || p.UnitsTotal != 5 || p.UnitsLeft != 5 || p.State != inventory.StateInStore {
		t.Fatalf("took %d; %+v", taken.Taken, p)
	}
	packed, err := e.svc.Pack(e.ctx, e.chief, session.Packing{SessionID: e.session, CommandID: uuid.New(), Codes: join(codes)})
	e.must(err)
	if packed.Moved != 2 {
		t.Fatalf("%+v", packed)
	}
	d := e.doctors[0]
	first := e.start(d, 0)
	if a := e.units(d, first, codes[0], 1); a.Kind != inventory.KindOK || !strings.Contains(a.Sentence, "已记录 1 支，这盒还剩 4 支") {
		t.Errorf("%+v", a)
	}
	_, err = e.svc.Undo(e.ctx, d, session.Undoing{SessionID: e.session, Visit: first, CommandID: uuid.New(), Code: codes[0]})
	e.must(err)
	e.units(d, first, codes[0], 2)
	e.finish(d, first, "")
	second := e.start(d, 1)
	e.units(d, second, codes[0], 1)
	e.finish(d, second, "")
	board, err := session.ReadBoard(e.ctx, e.db.App, e.session)
	e.must(err)
	for _, l := range board.Stock {
		if l.DrugID == drug && (l.Left != 1 || l.LooseLeft != 2 || l.LooseGiven != 3) {
			t.Errorf("the board: %+v", l)
		}
	}
	e.must(e.stop(e.chief))
	e.must(e.count(1, 0))
	count := func(packs int, loose int64) string {
		a, err := e.svc.CountLeft(e.ctx, d, session.Counting{SessionID: e.session, CommandID: uuid.New(), DrugID: drug, Packs: packs, Loose: loose})
		e.must(err)
		return a.Sentence
	}
	if said := count(1, 3); !strings.Contains(said, "不符") && !strings.Contains(said, "对不上") {
		t.Errorf("one ampoule too many: %s", said)
	}
	if said := count(1, 2); !strings.Contains(said, "数目相符") {
		t.Errorf("one carton and two ampoules: %s", said)
	}
	e.close()
	if p := e.pack(codes[0]); p.State != inventory.StateInStore || p.UnitsLeft != 2 || p.UnitsGiven != 3 {
		t.Errorf("home: %+v", p)
	}
	e.stockHolds()
	e.verified(2, 1)
}
