package patient_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// editOf is the form of a patient's page as it is sent back unchanged.
func editOf(p patient.Patient) patient.Edit {
	return patient.Edit{PatientID: p.ID, Version: p.Version, CommandID: uuid.New(), Name: p.Name, Sex: p.Sex, BirthOn: p.BirthOn,
		HomeSiteID: p.HomeSiteID, Allergies: p.Allergies}
}

func (h *house) read(id int64) patient.Patient {
	h.t.Helper()
	p, err := patient.ByID(ctx(), h.d, id)
	check(h.t, err)
	return p
}

func TestEdit(t *testing.T) {
	h := newHouse(t)
	p, _ := h.add(h.here, "演示甲")
	in := editOf(p)
	check(t, h.Edit(ctx(), h.helper, in))
	if n := h.count(`SELECT count(*) FROM patient_change`); n != 0 || h.read(p.ID).Version != p.Version {
		t.Fatalf("an unchanged form left %d changes", n)
	}
	in = editOf(p)
	in.Name, in.Allergies = "演示甲改", "青霉素"
	in.Sealed = &patient.SealedEdit{Paper: patient.PaperIDCard, PaperNo: "999900197001010015", Phone: "000-0000-0001"}
	refused(t, h.Edit(ctx(), h.helper, in), db.Denied)
	check(t, h.Edit(ctx(), h.doctor, in))
	check(t, h.Edit(ctx(), h.doctor, in)) // the same command again
	got := h.read(p.ID)
	if got.Name != "演示甲改" || got.Sex != "M" || got.Version != p.Version+1 {
		t.Errorf("got %q %q version %d", got.Name, got.Sex, got.Version)
	}
	open, err := h.Unmask(ctx(), h.doctor, p.ID)
	check(t, err)
	if open.PaperNo != "999900197001010015" || open.Phone != "000-0000-0001" {
		t.Error("the sealed fields were not changed")
	}
	found, err := h.Search(ctx(), h.doctor, 0, "ysjg")
	check(t, err)
	if len(found) != 1 {
		t.Errorf("%d found by the new pinyin", len(found))
	}
	list, err := h.Changes(ctx(), h.manager, got)
	check(t, err)
	var fields []string
	for _, c := range list {
		fields = append([]string{string(c.Field)}, fields...)
		if c.Before != "" || c.After != "" || c.Who != "演示人员" {
			t.Errorf("%s shows %q and %q by %q", c.Field, c.Before, c.After, c.Who)
		}
	}
	if text := strings.Join(fields, " "); text != "name sex birth paper_kind paper_no phone allergies" {
		t.Errorf("changed: %s", text)
	}
	_, err = h.OpenChanges(ctx(), h.helper, got)
	refused(t, err, db.Denied)
	list, err = h.OpenChanges(ctx(), h.doctor, got)
	check(t, err)
	if c := list[len(list)-1]; c.Before != "演示甲" || c.After != "演示甲改" {
		t.Errorf("the name was %q and is %q", c.Before, c.After)
	}
	if h.audited("patient.edit", identity.OK) != 1 || h.audited("patient.changes", identity.OK) != 1 {
		t.Error("not audited once each")
	}
	if n := h.count(`SELECT count(*) FROM audit WHERE detail LIKE '%演示甲改%' OR detail LIKE '%000-0000%' OR detail LIKE '%青霉素%'`); n != 0 {
		t.Errorf("the audit holds values of a patient in %d rows", n)
	}
}

func TestEditRefused(t *testing.T) {
	h := newHouse(t)
	p, _ := h.add(h.here, "演示甲")
	away, _ := h.add(h.there, "演示乙")
	taken := editOf(away)
	taken.Sealed = &patient.SealedEdit{Paper: patient.PaperIDCard, PaperNo: "999900197001010015"}
	check(t, h.Edit(ctx(), h.person(identity.Doctor), taken))
	closed := h.site("演示停用", false)
	for name, c := range map[string]struct {
		by     identity.Actor
		change func(e *patient.Edit)
		kind   db.Kind
		texts  []string
	}{
		"another site":  {h.doctor, func(e *patient.Edit) { *e = editOf(h.read(away.ID)) }, db.Denied, []string{"登记患者"}},
		"a manager":     {h.manager, func(e *patient.Edit) {}, db.Denied, nil},
		"a long name":   {h.doctor, func(e *patient.Edit) { e.Name = strings.Repeat("演", 60) }, db.Invalid, []string{"姓名太长"}},
		"no name":       {h.doctor, func(e *patient.Edit) { e.Name = " " }, db.Invalid, []string{"请填写患者姓名"}},
		"a closed site": {h.doctor, func(e *patient.Edit) { e.HomeSiteID = closed }, db.Invalid, []string{"已停用"}},
		"another's card": {h.doctor, func(e *patient.Edit) {
			e.Sealed = &patient.SealedEdit{Paper: patient.PaperIDCard, PaperNo: "999900197001010015"}
		}, db.Conflict, []string{"已在其他精防点登记", "!演示乙"}},
		"a stale page": {h.doctor, func(e *patient.Edit) { e.Version = 0 }, db.Conflict, []string{"没有保存"}},
		"no command":   {h.doctor, func(e *patient.Edit) { e.CommandID = uuid.Nil }, db.Invalid, nil},
	} {
		t.Run(name, func(t *testing.T) {
			in := editOf(p)
			in.Name = "演示改"
			c.change(&in)
			refused(t, h.Edit(ctx(), c.by, in), c.kind, c.texts...)
			if got := h.read(p.ID); got.Name != "演示甲" || got.Version != p.Version {
				t.Errorf("changed all the same: %q", got.Name)
			}
		})
	}
}

// Two people save the same page at once: one of them is told, and nothing is mixed.
func TestTwoEditsAtOnce(t *testing.T) {
	h := newHouse(t)
	p, _ := h.add(h.here, "演示甲")
	errs := make([]error, 2)
	var all sync.WaitGroup
	for i, by := range []identity.Actor{h.doctor, h.helper} {
		in := editOf(p)
		in.Allergies = []string{"青霉素", "磺胺"}[i]
		all.Add(1)
		go func() { defer all.Done(); errs[i] = h.Edit(ctx(), by, in) }()
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		refused(t, err, db.Conflict, "刚才由演示人员改过", "没有保存")
	}
	if n := h.count(`SELECT count(*) FROM patient_change`); won != 1 || n != 1 {
		t.Errorf("%d won, %d changes", won, n)
	}
}

func TestState(t *testing.T) {
	h := newHouse(t)
	p, token := h.add(h.here, "演示甲")
	to := func(by identity.Actor, state patient.State) error {
		return h.ChangeState(ctx(), by, patient.StateChange{PatientID: p.ID, Version: h.read(p.ID).Version, CommandID: uuid.New(), To: state})
	}
	refused(t, to(h.manager, patient.Moved), db.Denied)
	refused(t, to(h.helper, patient.Merged), db.Invalid, "请选择")
	refused(t, to(h.helper, patient.Active), db.Conflict, "本来就是")
	check(t, to(h.helper, patient.Moved))
	_, err := h.PrintLabel(ctx(), h.helper, p.ID)
	refused(t, err, db.Conflict, "已迁出")
	check(t, to(h.helper, patient.Deceased))
	check(t, to(h.helper, patient.Active))
	if got, err := patient.ByToken(ctx(), h.d, token); err != nil || got.State != patient.Active {
		t.Errorf("back again: %v %v", got.State, err)
	}
	if n := h.count(`SELECT count(*) FROM patient_change WHERE field = 'state'`); n != 3 {
		t.Errorf("%d changes of the state", n)
	}
}

func TestCollectors(t *testing.T) {
	h := newHouse(t)
	p, _ := h.add(h.here, "演示甲")
	add := func(name, relation, phone string) error {
		return h.AddCollector(ctx(), h.helper, patient.NewCollector{PatientID: p.ID, CommandID: uuid.New(), Name: name, Relation: relation, Phone: phone})
	}
	check(t, add("演示母", "父母", "000-0000-0009"))
	check(t, add("演示村医", "村医", ""))
	refused(t, add("演示母", "父母", ""), db.Conflict, "已经是代领人")
	refused(t, add("", "父母", ""), db.Invalid, "姓名")
	refused(t, add("演示", "邻居家的狗", ""), db.Invalid, "关系")
	refused(t, add("演示", "父母", strings.Repeat("0", 41)), db.Invalid, "电话太长")
	refused(t, h.AddCollector(ctx(), h.manager, patient.NewCollector{PatientID: p.ID, CommandID: uuid.New(), Name: "演示", Relation: "父母"}), db.Denied)
	list, err := patient.Collectors(ctx(), h.d, p.ID)
	check(t, err)
	if len(list) != 2 || list[0].Name != "演示母" || !list[0].HasPhone || list[1].HasPhone {
		t.Fatalf("%+v", list)
	}
	open, err := h.Unmask(ctx(), h.doctor, p.ID)
	check(t, err)
	if open.Collectors != "演示母（父母） 000-0000-0009" {
		t.Errorf("opened: %q", open.Collectors)
	}
	gone := patient.OldCollector{PatientID: p.ID, ID: list[0].ID, CommandID: uuid.New()}
	check(t, h.RemoveCollector(ctx(), h.helper, gone))
	gone.CommandID = uuid.New()
	refused(t, h.RemoveCollector(ctx(), h.helper, gone), db.Conflict, "已被移除")
	if n := h.count(`SELECT count(*) FROM patient_change WHERE field = 'collector'`); n != 3 {
		t.Errorf("%d changes of who may collect", n)
	}
}

func TestRisk(t *testing.T) {
	h := newHouse(t)
	p, _ := h.add(h.here, "演示甲")
	pharmacist := h.person(identity.Pharmacist)
	set := func(by identity.Actor, level patient.Risk) error {
		return h.SetRisk(ctx(), by, patient.Assessment{PatientID: p.ID, Version: h.read(p.ID).Version, CommandID: uuid.New(), Level: level})
	}
	for _, by := range []identity.Actor{pharmacist, h.helper, h.manager, h.person(identity.Doctor, h.there)} {
		refused(t, set(by, 3), db.Denied)
		_, err := h.OpenRisk(ctx(), by, p)
		refused(t, err, db.Denied)
	}
	refused(t, set(h.doctor, 6), db.Invalid, "0 到 5")
	refused(t, set(h.doctor, -1), db.Invalid)
	level, err := h.OpenRisk(ctx(), h.doctor, p)
	check(t, err)
	if level != patient.RiskUnknown || level.Label() != "未评定" {
		t.Errorf("level %d before any", level)
	}
	check(t, set(h.doctor, 3))
	check(t, set(h.doctor, 0))
	if level, err = h.OpenRisk(ctx(), h.doctor, p); err != nil || level != 0 {
		t.Errorf("level %d, %v", level, err)
	}
	if n := h.audited("patient.risk_view", identity.OK); n != 2 {
		t.Errorf("%d openings in the audit", n)
	}
	if n := h.count(`SELECT count(*) FROM audit WHERE event = 'patient.risk' AND detail <> '危险性'`); n != 0 {
		t.Error("the audit says the level")
	}
	var sealed []byte
	check(t, h.d.Get(ctx(), &sealed, `SELECT risk_sealed FROM patient WHERE id = $1`, p.ID))
	if len(sealed) < 20 {
		t.Errorf("not sealed: %d bytes", len(sealed))
	}
	for by, want := range map[*identity.Actor]int{&h.doctor: 2, &pharmacist: 0} {
		list, err := h.OpenChanges(ctx(), *by, h.read(p.ID))
		check(t, err)
		if len(list) != want {
			t.Errorf("%d changes shown, want %d", len(list), want)
		}
	}
}

// join merges two entries as a higher package does.
func (h *house) join(by identity.Actor, a, b int64, reason string) error {
	return h.d.InTx(ctx(), func(ctx context.Context, tx *db.Tx) error {
		j, err := patient.LockPair(ctx, tx, a, b)
		if err != nil {
			return err
		}
		j.Reason = reason
		_, err = h.Join(ctx, tx, by, j)
		return err
	})
}

func TestMerge(t *testing.T) {
	h := newHouse(t)
	old, _ := h.add(h.here, "演示甲")
	young, token := h.add(h.here, "演示甲甲")
	youngest, third := h.add(h.there, "演示丙")
	refused(t, h.join(h.doctor, old.ID, old.ID, "重复登记"), db.Invalid, "同一份")
	refused(t, h.join(h.doctor, old.ID, 999999, "重复登记"), db.NotFound)
	refused(t, h.join(h.doctor, old.ID, young.ID, " "), db.Invalid, "同一个人")
	check(t, h.join(h.doctor, youngest.ID, young.ID, "重复登记"))
	check(t, h.join(h.doctor, old.ID, young.ID, "重复登记"))
	refused(t, h.join(h.doctor, old.ID, young.ID, "重复登记"), db.Conflict, "已经并入")
	for _, t0 := range []patient.Token{token, third} {
		if p, err := patient.ByToken(ctx(), h.d, t0); err != nil || p.ID != old.ID {
			t.Errorf("the label leads to %d, %v", p.ID, err)
		}
	}
	if p, err := patient.Find(ctx(), h.d, youngest.Number); err != nil || p.ID != old.ID {
		t.Errorf("the number leads to %d, %v", p.ID, err)
	}
	family, err := patient.Family(ctx(), h.d, old.ID)
	check(t, err)
	if len(family) != 3 || family[0] != old.ID {
		t.Errorf("family %v", family)
	}
	refused(t, h.Edit(ctx(), h.doctor, editOf(h.read(young.ID))), db.Conflict, "已并入另一份")
	merges, err := patient.Merges(ctx(), h.d, old.ID)
	check(t, err)
	if len(merges) != 1 || merges[0].Number != young.Number || !merges[0].Undoable(noon) || merges[0].Undoable(noon.AddDate(0, 0, 1)) {
		t.Fatalf("%+v", merges)
	}
	part := func() error {
		return h.d.InTx(ctx(), func(ctx context.Context, tx *db.Tx) error {
			_, err := h.Part(ctx, tx, h.doctor, merges[0].ID)
			return err
		})
	}
	check(t, part())
	refused(t, part(), db.Conflict, "已经撤销")
	if p, err := patient.ByToken(ctx(), h.d, third); err != nil || p.ID != young.ID || p.State != patient.Active {
		t.Errorf("after undoing the label leads to %d, %v", p.ID, err)
	}
	h.owner(`UPDATE patient_merge SET at = at - interval '1 day' WHERE undone_at IS NULL`)
	merges, err = patient.Merges(ctx(), h.d, young.ID)
	check(t, err)
	refused(t, part(), db.Conflict)
	if len(merges) != 1 || merges[0].Undoable(noon) {
		t.Error("yesterday's merge may be undone")
	}
}

func TestPrintLabels(t *testing.T) {
	h := newHouse(t)
	var ids []int64
	for _, name := range []string{"演示甲", "演示乙", "演示丙"} {
		p, _ := h.add(h.here, name)
		ids = append(ids, p.ID)
	}
	away, _ := h.add(h.there, "演示丁")
	h.owner(`UPDATE patient_label SET revoked_at = now() WHERE patient_id = $1`, ids[0])
	h.owner(`UPDATE patient SET state = 'moved' WHERE id = $1`, ids[2])
	in := patient.LabelSheet{SiteID: h.here, CommandID: uuid.New()}
	for range 2 { // a repeat prints the same and counts once
		list, err := h.PrintLabels(ctx(), h.helper, in)
		check(t, err)
		if len(list) != 2 || list[0].PatientID != ids[0] || list[1].PatientID != ids[1] || list[0].PrintCount != 1 || list[0].Revoked {
			t.Fatalf("%+v", list)
		}
	}
	again, err := h.PrintLabels(ctx(), h.helper, patient.LabelSheet{Patients: []int64{ids[1], ids[0]}, CommandID: uuid.New()})
	check(t, err)
	if len(again) != 2 || again[1].PrintCount != 2 {
		t.Errorf("%+v", again)
	}
	for name, c := range map[string]struct {
		in   patient.LabelSheet
		kind db.Kind
	}{
		"another site":    {patient.LabelSheet{SiteID: h.there, CommandID: uuid.New()}, db.Denied},
		"another's":       {patient.LabelSheet{Patients: []int64{ids[0], away.ID}, CommandID: uuid.New()}, db.Denied},
		"nothing chosen":  {patient.LabelSheet{CommandID: uuid.New()}, db.Invalid},
		"nobody there":    {patient.LabelSheet{Patients: []int64{999999}, CommandID: uuid.New()}, db.NotFound},
		"no command":      {patient.LabelSheet{SiteID: h.here}, db.Invalid},
		"a thousand more": {patient.LabelSheet{Patients: make([]int64, 1001), CommandID: uuid.New()}, db.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.PrintLabels(ctx(), h.helper, c.in)
			refused(t, err, c.kind)
		})
	}
	if n := h.count(`SELECT COALESCE(sum(print_count), 0) FROM patient_label`); n != 4 {
		t.Errorf("%d prints counted, want 4", n)
	}
	if n := statements(func(ctx context.Context) {
		_, err := h.PrintLabels(ctx, h.helper, patient.LabelSheet{SiteID: h.here, CommandID: uuid.New()})
		check(t, err)
	}); n > 12 {
		t.Errorf("a sheet takes %d statements", n)
	}
}
