package patient_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"

	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

const hisNo = "YS-000001"

// The number of HIS is sealed, opened with the other sealed fields, and for telling
// HIS; the audit and the rows never hold it in clear.
func TestHISNumberIsKept(t *testing.T) {
	h := newHouse(t)
	e := h.entry()
	e.HISNumber = " " + hisNo + " "
	p, _, err := h.Register(ctx(), h.helper, e)
	check(t, err)
	if got, err := h.HISNumber(ctx(), h.d, p.ID); err != nil || got != hisNo {
		t.Errorf("for HIS: %q %v", got, err)
	}
	v, err := h.Unmask(ctx(), h.doctor, p.ID)
	check(t, err)
	if v.HISNumber != hisNo {
		t.Errorf("opened %q", v.HISNumber)
	}
	if !p.HasHIS {
		t.Error("the entry does not say that it has one")
	}
	var sealed []byte
	check(t, h.d.Get(ctx(), &sealed, `SELECT his_sealed FROM patient WHERE id = $1`, p.ID))
	if len(sealed) == 0 || bytes.Contains(sealed, []byte(hisNo)) {
		t.Error("the number stands in the row")
	}
	if n := h.count(`SELECT count(*) FROM audit WHERE detail LIKE '%' || $1::text || '%'`, hisNo); n != 0 {
		t.Error("the number stands in the audit")
	}
	bare, _ := h.add(h.here, "无名氏甲")
	if got, err := h.HISNumber(ctx(), h.d, bare.ID); err != nil || got != "" {
		t.Errorf("somebody HIS was never asked for: %q %v", got, err)
	}
}

func TestHISNumberRefused(t *testing.T) {
	h := newHouse(t)
	for _, number := range []string{strings.Repeat("9", 41), "号", "a b", "a\x00"} {
		_, _, err := h.Register(ctx(), h.helper, patient.Entry{Name: "演示甲", HomeSiteID: h.here, HISNumber: number})
		refused(t, err, db.Invalid, "HIS 的患者编号")
	}
	first, _, err := h.Register(ctx(), h.helper, patient.Entry{Name: "演示甲", HomeSiteID: h.here, HISNumber: hisNo})
	check(t, err)
	_, _, err = h.Register(ctx(), h.helper, patient.Entry{Name: "演示乙", HomeSiteID: h.here, HISNumber: hisNo})
	refused(t, err, db.Conflict, "这个 HIS 编号已经登记", first.Number, "演**", "!"+hisNo)
	away := h.person(identity.Assistant, h.there)
	_, _, err = h.Register(ctx(), away, patient.Entry{Name: "演示乙", HomeSiteID: h.there, HISNumber: hisNo})
	refused(t, err, db.Conflict, "已记在另一份档案上", "!"+first.Number)
	if n := h.count(`SELECT count(*) FROM patient`); n != 1 {
		t.Errorf("%d entries", n)
	}
}

// Two desks register the same person of HIS at the same time: one entry comes of it.
func TestHISNumberRace(t *testing.T) {
	h := newHouse(t)
	var wg sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		wg.Go(func() {
			_, _, errs[i] = h.Register(ctx(), h.helper, patient.Entry{Name: "演示甲", HomeSiteID: h.here, HISNumber: hisNo})
		})
	}
	wg.Wait()
	good := 0
	for _, err := range errs {
		if err == nil {
			good++
		} else if db.KindOf(err) != db.Conflict {
			t.Error(err)
		}
	}
	if n := h.count(`SELECT count(*) FROM patient`); good != 1 || n != 1 {
		t.Errorf("%d registered, %d entries", good, n)
	}
}

// Who was registered by hand gets the number when HIS is asked; the trace says so
// without the value. It is not written over another, and not onto a stranger's site.
func TestLinkHIS(t *testing.T) {
	h := newHouse(t)
	e := h.entry()
	p, _, err := h.Register(ctx(), h.helper, e)
	check(t, err)
	e.HISNumber = hisNo
	_, err = h.LinkHIS(ctx(), h.person(identity.Assistant, h.there), e)
	refused(t, err, db.Conflict, "其他精防点", "!"+p.Number)
	got, err := h.LinkHIS(ctx(), h.helper, e)
	check(t, err)
	if number, err := h.HISNumber(ctx(), h.d, p.ID); got.ID != p.ID || err != nil || number != hisNo {
		t.Errorf("linked %+v %q %v", got, number, err)
	}
	list, err := h.Changes(ctx(), h.helper, got)
	check(t, err)
	if len(list) != 1 || list[0].Field.Label() != "HIS 编号" || list[0].After != "" {
		t.Errorf("changes %+v", list)
	}
	e.HISNumber = "YS-000002"
	_, err = h.LinkHIS(ctx(), h.helper, e)
	refused(t, err, db.Conflict, "已经登记", p.Number)
	stranger := h.entry()
	stranger.PaperNo, stranger.BirthOn, stranger.Sex, stranger.HISNumber = "999900198802290015", nil, "", hisNo
	_, err = h.LinkHIS(ctx(), h.helper, stranger)
	refused(t, err, db.NotFound)
}

// After a merge either entry of the person answers with the number.
func TestHISNumberOfAMergedPerson(t *testing.T) {
	h := newHouse(t)
	chief := h.person(identity.Pharmacist)
	old, _ := h.add(h.here, "演示甲")
	young, _, err := h.Register(ctx(), h.helper, patient.Entry{Name: "演示甲", HomeSiteID: h.here, HISNumber: hisNo})
	check(t, err)
	check(t, h.d.InTx(ctx(), func(ctx context.Context, tx *db.Tx) error {
		j, err := patient.LockPair(ctx, tx, old.ID, young.ID)
		if err != nil {
			return err
		}
		j.Reason = "同一个人"
		_, err = h.Join(ctx, tx, chief, j)
		return err
	}))
	for _, id := range []int64{old.ID, young.ID} {
		if got, err := h.HISNumber(ctx(), h.d, id); err != nil || got != hisNo {
			t.Errorf("entry %d: %q %v", id, got, err)
		}
	}
}
