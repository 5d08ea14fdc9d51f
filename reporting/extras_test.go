package reporting_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session/patient"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// The rest of a day: a roster, owed medicine, a visit ended for its doctor, a
// loss with two people, and left-overs on the way home.
func TestTheRestOfADay(t *testing.T) {
	d := newDay(t, 2, usualDrugs()...)
	visits := playUsual(d)
	var patients []patient.Patient
	d.must(d.db.App.Select(d.ctx, &patients, `SELECT id, number, name FROM patient ORDER BY id`))
	absent := d.patient("演示缺席者")
	d.exec(`INSERT INTO session_roster (session_id, patient_id, source, added_at) VALUES ($1, $2, 'site', now()), ($1, $3, 'site', now())`,
		d.session, patients[0].ID, absent.ID)
	d.exec(`INSERT INTO owed_medicine (session_id, visit_id, patient_id, drug_id, packs, note, noted_by, noted_at)
VALUES ($1, $2, $3, (SELECT min(id) FROM drug), 2, '家属周五来取', $4, now())`, d.session, visits[1], patients[1].ID, d.chief.StaffID)
	d.exec(`UPDATE visit SET ended_for = '医生已离开', finished_by = $2, next_due_on = '2026-12-23' WHERE id = $1`, visits[3], d.chief.StaffID)
	d.exec(`INSERT INTO visit_refusal (visit_id, raw, code, answer_kind, staff_id, at, resolved_at, resolution)
VALUES ($1, $2, $2, 'not_packed', $3, now(), now(), '药师放行：演示'), ($1, '80000019999999999998', '80000019999999999998', 'unknown', $3, now(), now(), '放回')`,
		visits[3], d.codes[risperidone][2], d.chief.StaffID)
	d.exec(`UPDATE clinic_session SET state = 'closing', stopped_at = now(), stopped_by = $2, carrier_id = $2, carrier_at = now() WHERE id = $1`, d.session, d.chief.StaffID)
	lost := d.codes[risperidone][5]
	d.move(inventory.Move{Kind: inventory.MoveLose}, lost)
	d.exec(`INSERT INTO closing_exit (session_id, pack_id, exit_kind, by_id, at, second_id, second_at)
VALUES ($1, (SELECT id FROM pack WHERE code = $2), 'lost', $3, now(), $4, now())`, d.session, lost, d.chief.StaffID, d.doctors[0].StaffID)

	r := d.read()
	if r.Heading.Expected != 2 || r.Heading.Came != 1 || r.Heading.Carrier != "演示药师甲" {
		t.Errorf("heading: %+v", r.Heading)
	}
	if len(r.Notes) != 1 || r.Notes[0].By != "演示药师甲、演示医生甲" {
		t.Errorf("notes: %+v", r.Notes)
	}
	path, _ := paper(t, r, "extras")
	text := squeezed(strings.Join(pages(t, path), "\n"))
	for _, want := range []string{"名册2人，到1人", "欠药：演示利培酮片1mg×20片2盒（家属周五来取）", "由演示药师甲代诊毕（医生已离开；医生待确认）",
		"起先未记录，后已发出：" + d.codes[risperidone][2], "处理：药师放行：演示", "未记录：80000019999999999998（没有这个码的入库记录），处理：放回", "下次2026-12-23", "带回途中演示药师甲", "报失", lost, "收尾中"} {
		if !strings.Contains(text, squeezed(want)) {
			t.Errorf("the paper lacks %q", want)
		}
	}
}

func TestHomeVisitRound(t *testing.T) {
	d := newDay(t, 1)
	d.exec(`UPDATE clinic_session SET kind = 'home', place = '演示街道（行动不便）', state = 'cancelled', reason = '台风' WHERE id = $1`, d.session)
	path, _ := paper(t, d.read(), "home")
	text := strings.Join(pages(t, path), "\n")
	for _, want := range []string{"上门：演示街道（行动不便）", "已取消（台风）"} {
		if !strings.Contains(text, want) {
			t.Errorf("the paper lacks %q", want)
		}
	}
}

func TestNoSuchSession(t *testing.T) {
	d := newDay(t, 1)
	if _, err := reporting.ReadSessionReport(context.Background(), d.db.App, 999); db.KindOf(err) != db.NotFound || !strings.Contains(db.Sentence(err), "没有这个义诊场次") {
		t.Errorf("no such session: %v", err)
	}
}

// A pack that goes home and is taken again, or is lost and found, is one box.
func TestOneBoxIsTakenOnce(t *testing.T) {
	d := newDay(t, 1, drugLine{"演示利培酮片", "1mg×20片", risperidone, 20, 2})
	d.open()
	one := d.codes[risperidone][0]
	for range 3 {
		d.unpack(one)
		d.pack(one)
	}
	d.move(inventory.Move{Kind: inventory.MoveLose}, one)
	d.move(inventory.Move{Kind: inventory.MoveFind, To: inventory.StateAllocated, Session: d.session}, one)
	r := d.read()
	if l := r.Stock[0]; len(r.Stock) != 1 || l.Tally.Taken().Packs != 2 || l.Tally[reporting.Home] != (reporting.Amount{}) || l.Left.Packs != 2 || len(r.Notes) != 0 || len(r.Differences) != 0 {
		t.Errorf("%+v, notes %+v", r.Stock, r.Notes)
	}
	d.move(inventory.Move{Kind: inventory.MoveComeHome}, d.codes[risperidone]...)
	if r := d.read(); r.Stock[0].Tally[reporting.Home].Packs != 2 || r.Stock[0].Left.Packs != 0 {
		t.Errorf("%+v", r.Stock)
	}
}

// A gift of a fact: a pack that was never packed is given, and let in late.
func TestAPackLetInAtTheTable(t *testing.T) {
	d := newDay(t, 1, drugLine{"演示利培酮片", "1mg×20片", risperidone, 20, 2})
	d.unpack(d.codes[risperidone][1])
	d.open()
	d.move(inventory.Move{Kind: inventory.MoveLetIn, Session: d.session}, d.codes[risperidone][1])
	r := d.read()
	if l := r.Stock[0]; words(l, l.Tally[reporting.Added]) != "1盒" || words(l, l.Tally[reporting.Opening]) != "1盒" || len(r.Notes) != 1 || len(r.Differences) != 0 {
		t.Errorf("%+v, notes %+v", r.Stock, r.Notes)
	}
}

// A box that closing found to have been given: a second record of the visit in
// the day's chain, which says the visit anew and waits for the doctor.
func TestALateRecordOfTheDay(t *testing.T) {
	d := newDay(t, 2, usualDrugs()...)
	visits := playUsual(d)
	var old struct {
		ID        int64  `db:"id"`
		Patient   int64  `db:"patient_id"`
		Doctor    int64  `db:"doctor_id"`
		Canonical []byte `db:"canonical"`
		Head      []byte `db:"head"`
	}
	d.must(d.db.App.Get(d.ctx, &old, `SELECT r.id, r.patient_id, r.doctor_id, r.canonical, c.digest AS head FROM record r, record_chain c
WHERE r.visit_id = $1 AND c.session_id = r.session_id AND c.chain = 'main'`, visits[0]))
	said, err := seal.DecodeRecord(old.Canonical)
	d.must(err)
	lines, err := seal.Get[[]seal.Record](said, "lines")
	d.must(err)
	late := append(seal.Record{}, lines[0]...)
	for i := range late {
		switch late[i].Name {
		case "code":
			late[i] = seal.F("code", d.codes[risperidone][4])
		case "how":
			late[i] = seal.F("how", "inferred")
		}
	}
	for i := range said {
		if said[i].Name == "lines" {
			said[i] = seal.F("lines", append(lines, late))
		}
	}
	canonical, err := append(said, seal.F("text", "补记发药：演示"), seal.F("written_by", "演示药师甲")).Encode()
	d.must(err)
	prev, err := seal.DigestOf(old.Head)
	d.must(err)
	digest := seal.Link(fmt.Sprintf("record.v1/%d/main", d.session), prev, canonical)
	d.exec(`INSERT INTO record (session_id, chain, seq, recipe, visit_id, patient_id, doctor_id, corrects_id, at, canonical, prev, digest)
VALUES ($1, 'main', 4, 2, $2, $3, $4, $5, now(), $6, $7, $8)`, d.session, visits[0], old.Patient, old.Doctor, old.ID, canonical, prev[:], digest[:])
	d.exec(`UPDATE record_chain SET length = 4, digest = $2 WHERE session_id = $1 AND chain = 'main'`, d.session, digest[:])

	r := d.read()
	v := r.Visits[0]
	if len(v.Lines) != 2 || v.Lines[1].How != inventory.HowInferred || len(v.Late) != 1 || v.Late[0].Seq != 4 || r.Main.Problem != "" {
		t.Fatalf("%+v, chain %+v", v, r.Main)
	}
	if r.Doctors[0].Quantity != "2盒" {
		t.Errorf("doctors: %+v", r.Doctors)
	}
	path, _ := paper(t, r, "late")
	text := strings.Join(pages(t, path), "\n")
	for _, want := range []string{"补记（就诊记录 4，", "演示药师甲 写入，医生待确认）：补记发药：演示", "推定"} {
		if !strings.Contains(text, want) {
			t.Errorf("the paper lacks %q", want)
		}
	}
	d.exec(`INSERT INTO record_countersign (record_id, staff_id, at) SELECT id, doctor_id, now() FROM record WHERE seq = 4`)
	path, _ = paper(t, d.read(), "late-signed")
	if text := strings.Join(pages(t, path), "\n"); !strings.Contains(text, "医生已确认") || strings.Contains(text, "医生待确认") {
		t.Error("the paper does not say that the doctor has confirmed")
	}
}
