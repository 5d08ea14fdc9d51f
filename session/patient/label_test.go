package patient_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

func TestPrintLabel(t *testing.T) {
	h := newHouse(t)
	p, token := h.add(h.here, "陈小明")
	for i := 1; i <= 3; i++ {
		l, err := h.PrintLabel(ctx(), h.helper, p.ID)
		check(t, err)
		want := patient.Label{Token: token.String(), PatientID: p.ID, Number: p.Number, Name: "陈小明", Site: "演示新华", District: "演示区", SiteID: h.here, PrintCount: i}
		if l != want || l.Masked() != "陈**" || l.Place() != "演示新华" {
			t.Errorf("print %d: %+v", i, l)
		}
	}
	if n := h.count(`SELECT count(*) FROM patient_label WHERE print_count = 3 AND printed_at = $1`, noon); n != 1 {
		t.Error("the prints are not counted")
	}
	if n := h.count(`SELECT count(*) FROM audit WHERE event = 'patient.print_label' AND object_id = $1 AND detail = '第 3 次送打印'`, p.Number); n != 1 {
		t.Error("the third print is not in the audit")
	}
	if n := h.count(`SELECT count(*) FROM audit a WHERE a::text LIKE '%JFP%' OR a::text LIKE '%陈小明%'`); n != 0 {
		t.Error("the audit holds a token or a name")
	}
}

// A label is seen by others: nothing on it says what it is for.
func TestLabelSaysNothing(t *testing.T) {
	for _, c := range []struct{ site, want string }{{"新华社区", "新华社区"}, {"新华精防点", "金平区"}, {"精神卫生中心", "金平区"}} {
		if got := (patient.Label{Site: c.site, District: "金平区"}).Place(); got != c.want {
			t.Errorf("%s is printed as %s", c.site, got)
		}
	}
}

func TestPrintLabelRefused(t *testing.T) {
	h := newHouse(t)
	p, _ := h.add(h.here, "演示甲")
	away, _ := h.add(h.there, "演示乙")
	moved, _ := h.add(h.here, "演示丙")
	h.owner(`UPDATE patient SET state = 'moved' WHERE id = $1::bigint`, moved.ID)
	for name, c := range map[string]struct {
		by       identity.Actor
		id       int64
		kind     db.Kind
		sentence string
	}{
		"a manager":     {h.manager, p.ID, db.Denied, "打印患者标签"},
		"another site":  {h.helper, away.ID, db.Denied, "打印患者标签"},
		"nobody there":  {h.helper, 999999, db.NotFound, "没有这位患者"},
		"who has moved": {h.helper, moved.ID, db.Conflict, "已迁出"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.PrintLabel(ctx(), c.by, c.id)
			refused(t, err, c.kind, c.sentence)
			_, err = h.ReplaceLabels(ctx(), c.by, patient.Loss{PatientID: c.id, CommandID: uuid.New()})
			refused(t, err, c.kind, c.sentence)
		})
	}
	if n := h.count(`SELECT count(*) FROM patient_label WHERE print_count > 0 OR revoked_at IS NOT NULL`); n != 0 {
		t.Errorf("%d labels touched by refusals", n)
	}
	if n := h.audited("denied", identity.Refused); n != 4 {
		t.Errorf("%d denials in the audit, want 4", n)
	}
}

// 挂失补打: the old labels are refused from then on, the new one works, and a
// repeat of the command gives the same one.
func TestReplaceLabels(t *testing.T) {
	h := newHouse(t)
	p, old := h.add(h.here, "演示甲")
	_, err := h.PrintLabel(ctx(), h.helper, p.ID)
	check(t, err)
	in := patient.Loss{PatientID: p.ID, CommandID: uuid.New()}
	l, err := h.ReplaceLabels(ctx(), h.helper, in)
	check(t, err)
	if l.Token == old.String() || l.PrintCount != 1 {
		t.Errorf("replaced by %+v", l)
	}
	_, err = patient.Find(ctx(), h.d, old.String())
	refused(t, err, db.Conflict, "已作废", "!演示甲")
	found, err := patient.Find(ctx(), h.d, l.Token)
	check(t, err)
	if found.ID != p.ID {
		t.Errorf("the new label finds %d", found.ID)
	}
	again, err := h.ReplaceLabels(ctx(), h.helper, in)
	check(t, err)
	if again != l {
		t.Errorf("the repeat gives %+v, want %+v", again, l)
	}
	if n := h.count(`SELECT count(*) FROM patient_label WHERE revoked_by = $1 AND revoked_at = $2`, h.helper.StaffID, noon); n != 1 {
		t.Errorf("%d labels revoked", n)
	}
	if n := h.count(`SELECT count(*) FROM audit WHERE event = 'patient.revoke_labels' AND detail = '作废 1 张，补发 1 张'`); n != 1 {
		t.Errorf("%d events", n)
	}
	next, err := h.ReplaceLabels(ctx(), h.helper, patient.Loss{PatientID: p.ID, CommandID: uuid.New()})
	check(t, err)
	_, err = h.ReplaceLabels(ctx(), h.helper, in)
	refused(t, err, db.Conflict, "随后又被挂失", "!"+next.Token)
	_, err = h.ReplaceLabels(ctx(), h.helper, patient.Loss{PatientID: p.ID})
	refused(t, err, db.Invalid, "操作编号")
	printed, err := h.PrintLabel(ctx(), h.helper, p.ID)
	check(t, err)
	if printed.Token != next.Token || printed.PrintCount != 2 {
		t.Errorf("printed %+v, want the newest", printed)
	}
}

// Printing and revoking at once: whatever the order, one valid label is left,
// and nobody sees a fault.
func TestLabelsTogether(t *testing.T) {
	h := newHouse(t)
	p, _ := h.add(h.here, "演示甲")
	const crowd = 12
	errs := make([]error, 2*crowd)
	var wg sync.WaitGroup
	for i := range crowd {
		by := h.person(identity.Assistant, h.here)
		wg.Go(func() { _, errs[i] = h.PrintLabel(ctx(), by, p.ID) })
		wg.Go(func() {
			_, err := h.ReplaceLabels(ctx(), by, patient.Loss{PatientID: p.ID, CommandID: uuid.New()})
			// The label may be revoked again before it is shown.
			if err != nil && !strings.Contains(db.Sentence(err), "随后又被挂失") {
				errs[crowd+i] = err
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		check(t, err)
	}
	if n := h.count(`SELECT count(*) FROM patient_label WHERE revoked_at IS NULL`); n != 1 {
		t.Errorf("%d valid labels", n)
	}
	if n := h.count(`SELECT count(*) FROM patient_label`); n != crowd+1 {
		t.Errorf("%d labels", n)
	}
	if n := h.count(`SELECT sum(print_count) FROM patient_label`); n != 2*crowd {
		t.Errorf("%d prints counted", n)
	}
}
