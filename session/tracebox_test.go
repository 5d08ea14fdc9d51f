package session_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// actsOf is a container's life in one line.
func actsOf(acts []session.BoxAct) string {
	var words []string
	for _, a := range acts {
		words = append(words, a.Event)
	}
	return strings.Join(words, " ")
}

// note finds what a trace says of a kind.
func note(t session.Trace, kind session.TraceNoteKind) (session.TraceNote, bool) {
	for _, n := range t.Notes {
		if n.Kind == kind {
			return n, true
		}
	}
	return session.TraceNote{}, false
}

func TestTraceTote(t *testing.T) {
	t.Parallel()
	d := newDepot(t, 6)
	tote := d.tote(d.codes[:3]...)
	_, err := d.stock.OpenTote(d.ctx, d.chief, inventory.ToteStep{ToteID: tote.ID, CommandID: uuid.New()})
	d.must(err)
	for _, code := range d.codes[3:5] {
		_, err := d.stock.Stow(d.ctx, d.chief, inventory.Stowing{ToteID: tote.ID, CommandID: uuid.New(), Codes: code})
		d.must(err)
	}
	_, err = d.stock.SealTote(d.ctx, d.chief, inventory.ToteStep{ToteID: tote.ID, CommandID: uuid.New()})
	d.must(err)
	ctx, count := db.WithCounter(d.ctx)
	got, err := d.svc.TraceTote(ctx, d.chief, tote.Code, 0)
	d.must(err)
	if got.Packs != 5 || len(got.Boxes) != 5 || got.State != inventory.ContainerSealed || got.Name != tote.Name || got.SealedBy != d.chief.Name || len(got.Places) != 1 {
		t.Errorf("in the store: %+v", got)
	}
	if said := actsOf(got.Acts); said != "tote.make tote.stow tote.seal tote.open tote.stow tote.seal" || got.Acts[4].Packs != 2 || got.Acts[4].Who != d.chief.Name {
		t.Errorf("its life: %s %+v", said, got.Acts)
	}
	if count.Count() > 12 {
		t.Errorf("%d statements", count.Count())
	}
	d.pack(d.session, tote.Code)
	d.home(d.session, d.codes[4])
	d.drop(`UPDATE pack SET expires_on = $2::date WHERE code = $1`, d.codes[0], time.Now().AddDate(0, 0, -2))
	got, err = d.svc.TraceTote(d.ctx, d.doctors[0], strings.ToLower(" "+tote.Code), 0)
	if db.KindOf(err) != db.NotFound {
		t.Errorf("a label that is not as it is stored: %v", err)
	}
	got, err = d.svc.TraceTote(d.ctx, d.doctors[0], tote.Code, 0)
	d.must(err)
	if got.Packs != 4 || !got.Changed() || got.Places[0].SessionID != d.session || got.Unfit != (session.BoxUnfit{Expired: 1}) || got.Boxes[0].Unfit != "已过期" {
		t.Errorf("away, with one taken out and one expired: %+v", got)
	}
	if last := got.Acts[len(got.Acts)-1]; last.Event != "tote.allocate" || last.Packs != 5 || last.SessionID != d.session || last.Site != "演示新华" {
		t.Errorf("its last act: %+v", last)
	}
	pack, err := d.svc.Trace(d.ctx, d.chief, d.codes[1])
	d.must(err)
	if n, ok := note(pack, session.NoteTote); !ok || n.Label != tote.Code || n.Text != tote.Name || n.State != "sealed" {
		t.Errorf("the pack does not say which tote it lies in: %+v", pack.Notes)
	}
	pack, err = d.svc.Trace(d.ctx, d.chief, d.codes[4])
	d.must(err)
	if n, ok := note(pack, session.NoteTote); ok {
		t.Errorf("a pack that was taken out: %+v", n)
	}
}

// What was filed under the tote's name before its acts went under the label is its
// own, and only that.
func TestTraceTote_olderActs(t *testing.T) {
	t.Parallel()
	d := newDepot(t, 1)
	tote := d.empty("旧箱")
	d.drop(`UPDATE tote SET audit_name = '老名字' WHERE id = $1`, tote.ID)
	d.auditOld("tote.seal", "tote", "老名字", "packs=7")
	d.auditOld("tote.open", "tote", "别的箱", "packs=9")
	d.must(d.rename(tote.ID, "新名"))
	got, err := d.svc.TraceTote(d.ctx, d.chief, tote.Code, 0)
	d.must(err)
	if said := actsOf(got.Acts); said != "tote.make tote.seal tote.rename" || got.Acts[1].Packs != 7 || got.Acts[2].Was != "周转箱 旧箱" {
		t.Errorf("%s: %+v", said, got.Acts)
	}
}

func TestTraceBag(t *testing.T) {
	t.Parallel()
	c := newClinic(t, 1, 2, 6)
	c.expect()
	b := c.bag(0, c.codes[:2]...)
	c.bag(0, c.codes[2])
	c.auditOld("bag.print", "bag", c.patients[0].Number, "演示")
	other := c.bag(1, c.codes[3])
	pack, err := c.svc.Trace(c.ctx, c.chief, c.codes[0])
	c.must(err)
	if n, ok := note(pack, session.NoteBag); !ok || n.Label != b.Label || n.Text != c.patients[0].Number {
		t.Errorf("the pack does not say whose bag it lies in: %+v", pack.Notes)
	}
	abroad := c.person("外点医生", identity.Doctor)
	abroad.Grants = []identity.Grant{{Role: identity.Doctor, SiteID: c.site + 99}}
	for _, x := range []struct {
		by           identity.Actor
		number, name string
	}{{c.doctors[0], c.patients[0].Number, "演示1"}, {c.person("管理甲", identity.Manager), c.patients[0].Number, "演**"}, {abroad, "", ""}} {
		got, err := c.svc.TraceBag(c.ctx, x.by, b.Label)
		c.must(err)
		if got.State != inventory.ContainerPacked || len(got.Boxes) != 3 || got.Site != "演示新华" || got.Number != x.number || got.Name != x.name || got.MadeBy != c.chief.Name {
			t.Errorf("%s reads %+v", x.by.Name, got)
		}
		if said := actsOf(got.Acts); said != "bag.fill bag.print" || got.Acts[0].Packs != 3 {
			t.Errorf("its life: %s %+v", said, got.Acts)
		}
		again, err := c.svc.Trace(c.ctx, x.by, c.codes[0])
		c.must(err)
		if n, _ := note(again, session.NoteBag); n.Text != x.number {
			t.Errorf("%s reads of the pack's bag: %q", x.by.Name, n.Text)
		}
	}
	visit := c.start(c.doctors[0], 0)
	c.scan(c.doctors[0], visit, b.Label)
	_, err = c.svc.Undo(c.ctx, c.doctors[0], session.Undoing{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Code: c.codes[1]})
	c.must(err)
	got, err := c.svc.TraceBag(c.ctx, c.doctors[0], b.Label)
	c.must(err)
	if got.State != inventory.ContainerGiven || len(got.Boxes) != 2 || got.Queue != 1 || got.EndedBy != c.doctors[0].Name {
		t.Errorf("handed over, one taken back: %+v", got)
	}
	_, err = c.svc.OpenBags(c.ctx, c.chief, session.BagOpening{SessionID: c.session, BagID: other.BagID, CommandID: uuid.New()})
	c.must(err)
	got, err = c.svc.TraceBag(c.ctx, c.chief, other.Label)
	c.must(err)
	if got.State != inventory.ContainerOpened || len(got.Boxes) != 0 || actsOf(got.Acts) != "bag.fill bag.open" || got.Acts[1].Packs != 1 {
		t.Errorf("opened: %+v", got)
	}
	if _, err := c.svc.TraceBag(c.ctx, c.chief, inventory.NewLabel(inventory.ContainerBag)); db.KindOf(err) != db.NotFound {
		t.Errorf("a bag that nobody made: %v", err)
	}
	if _, err := c.svc.TraceBag(c.ctx, c.person("系统员", identity.SysAdmin), b.Label); db.KindOf(err) != db.Denied {
		t.Errorf("a system administrator: %v", err)
	}
}

// auditOld writes an act as it was filed before labels.
func (c *clinic) auditOld(event, kind, id, detail string) {
	c.t.Helper()
	c.must(identity.AuditAlone(c.ctx, c.db.App, c.chief, identity.Event{Name: event, ObjectKind: kind, ObjectID: id, SessionID: c.session, Detail: detail}))
}

func TestTraceCarton(t *testing.T) {
	t.Parallel()
	d := newDepot(t, 3)
	const whole, middle = "80000030000000000001", "80000020000000000001"
	var id, inner, receipt int64
	d.insert(&receipt, `INSERT INTO receipt (source, number, state, issued_at, arrived_at, digest, from_store) VALUES ('HIS', 'YS-R9', 'finished', now(), now(), '\x00'::bytea, '中心药库') RETURNING id`)
	d.insert(&id, `INSERT INTO carton (code, drug_id, pack_level, nominal, actual, box_status, complete, state, receipt_id, reason, created_at)
VALUES ($1, $2, 3, 10, 5, 2, true, 'resolved', $3, '箱上标着零箱', now()) RETURNING id`, whole, d.drug, receipt)
	d.insert(&inner, `INSERT INTO carton (code, drug_id, pack_level, parent_id, nominal, complete, state, created_at) VALUES ($1, $2, 2, $3, 5, true, 'resolved', now()) RETURNING id`, middle, d.drug, id)
	const never, refused = "80000010000000088888", "80000010000000099999"
	for _, code := range append([]string{never, refused}, d.codes[0]) {
		d.drop(`INSERT INTO carton_code (carton_id, code, batch) VALUES ($1, $2, 'WB7')`, id, code)
	}
	for _, code := range d.codes[1:] {
		d.drop(`INSERT INTO carton_code (carton_id, code) VALUES ($1, $2)`, inner, code)
	}
	d.drop(`INSERT INTO receipt_refusal (receipt_id, raw, code, answer_kind, staff_id, at) VALUES ($1, $2, $2, 'not_on_receipt', 1, now())`, receipt, refused)
	d.pack(d.session, d.codes[0])
	visit := d.start(d.doctors[0], 0)
	d.scan(d.doctors[0], visit, d.codes[0])
	ctx, count := db.WithCounter(d.ctx)
	got, err := d.svc.TraceCarton(ctx, d.chief, whole, 0)
	d.must(err)
	if got.Codes != 5 || len(got.Boxes) != 5 || len(got.Inner) != 1 || got.Inner[0].Code != middle || got.Receipt != "YS-R9" || *got.Actual != 5 || got.Status != inventory.BoxOdd {
		t.Errorf("%+v", got)
	}
	if count.Count() > 12 {
		t.Errorf("%d statements", count.Count())
	}
	became := map[string]string{}
	for _, b := range got.Boxes {
		became[b.Code] = strings.TrimSpace(string(b.State) + " " + b.Refused)
		if b.Code == d.codes[0] && (b.Patient != "演**" || b.Number != 1) {
			t.Errorf("the box that was given: %+v", b)
		}
	}
	for code, want := range map[string]string{never: "", refused: "not_on_receipt", d.codes[0]: "dispensed", d.codes[1]: "in_store", d.codes[2]: "in_store"} {
		if became[code] != want {
			t.Errorf("%s became %q, want %q", code, became[code], want)
		}
	}
	half, err := d.svc.TraceCarton(d.ctx, d.chief, middle, 0)
	d.must(err)
	if half.Codes != 2 || half.Parent != whole || half.Level != 2 {
		t.Errorf("the middle pack: %+v", half)
	}
	pack, err := d.svc.Trace(d.ctx, d.chief, d.codes[1])
	d.must(err)
	if n, ok := note(pack, session.NoteCarton); !ok || n.Text != middle {
		t.Errorf("the pack's carton: %+v", pack.Notes)
	}
	var prefix int64
	d.insert(&prefix, `INSERT INTO drug_prefix (prefix, drug_id, pack_level, units, taught_at) VALUES ('8000003', $1, 3, 200, now()) RETURNING id`, d.drug)
	for code, want := range map[string]string{"80000030000000000077": "先导入箱码关系", "89999990000000000077": "没有这个追溯码的记录"} {
		if _, err := d.svc.TraceCarton(d.ctx, d.chief, code, 0); db.KindOf(err) != db.NotFound || !strings.Contains(db.Sentence(err), want) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// Whoever only looks reads what a label stands for, and nothing moves.
func TestLook_containers(t *testing.T) {
	t.Parallel()
	d := newDepot(t, 8)
	d.expect()
	tote, idle, bad := d.tote(d.codes[:2]...), d.empty(""), d.tote(d.codes[2])
	d.must(d.retire(idle.ID))
	d.pack(d.session, d.codes[3])
	b := d.bag(0, d.codes[3])
	d.drop(`UPDATE pack SET expires_on = $2::date WHERE code = $1`, d.codes[2], time.Now().AddDate(0, 0, -2))
	var id int64
	d.insert(&id, `INSERT INTO carton (code, drug_id, pack_level, nominal, complete, state, created_at) VALUES ('80000030000000000001', $1, 3, 2, true, 'resolved', now()) RETURNING id`, d.drug)
	d.drop(`INSERT INTO carton_code (carton_id, code) VALUES ($1, $2)`, id, d.codes[4])
	d.drop(`INSERT INTO carton_code (carton_id, code) VALUES ($1, '80000010000000099999')`, id)
	var before int64
	d.must(d.db.App.Get(d.ctx, &before, `SELECT count(*) FROM movement`))
	for code, want := range map[string][2]string{
		tote.Code: {"looked", "周转箱 1 号 已封箱，2 盒在药房"},
		strings.ToLower(" " + tote.Code + "\r\n"): {"looked", "已封箱"},
		idle.Code:              {"looked", "已停用，里面没有药盒"},
		bad.Code:               {"looked_inside", "里面有 1 盒不能发（已过期）"},
		b.Label:                {"looked", "药袋 已装袋，1 盒在演示新华"},
		b.Label[:9]:            {"looked_none", "没有读完整"},
		"80000030000000000001": {"looked", "1 盒在药房、1 盒没有扫码入库"},
	} {
		ctx, count := db.WithCounter(d.ctx)
		a, err := d.svc.Look(ctx, d.doctors[0], code)
		d.must(err)
		if len(a.Answers) != 1 || string(a.Answers[0].Kind) != want[0] || !strings.Contains(a.Answers[0].Sentence, want[1]) {
			t.Errorf("%q: %+v", code, a.Answers)
		}
		if strings.Contains(a.Answers[0].Sentence, d.patients[0].Number) {
			t.Errorf("a look names a patient: %s", a.Answers[0].Sentence)
		}
		if count.Count() > 12 {
			t.Errorf("%d statements", count.Count())
		}
	}
	var after int64
	d.must(d.db.App.Get(d.ctx, &after, `SELECT count(*) FROM movement`))
	if after != before {
		t.Errorf("a look moved something")
	}
}

func TestAsk_labelsAndNames(t *testing.T) {
	t.Parallel()
	d := newDepot(t, 1)
	tote := d.empty("新华专用")
	for text, want := range map[string]string{tote.Code: tote.Code, strings.ToLower(tote.Code): tote.Code, "80000010000000099999": "80000010000000099999"} {
		a, err := d.svc.Ask(d.ctx, d.chief, text)
		d.must(err)
		if a.Code != want {
			t.Errorf("%q: %+v", text, a)
		}
	}
	for _, text := range []string{"新华专用", "周转箱 新华专用", " 周转箱新华专用 "} {
		a, err := d.svc.Ask(d.ctx, d.chief, text)
		d.must(err)
		if len(a.Totes) != 1 || a.Totes[0].Label != tote.Code {
			t.Errorf("%q: %+v", text, a)
		}
	}
	a, err := d.svc.Ask(d.ctx, d.chief, tote.Code[:12])
	d.must(err)
	if a.Hits() != 0 || a.Problem != session.LabelTorn {
		t.Errorf("a torn label: %+v", a)
	}
}
