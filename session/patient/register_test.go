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

// entry is somebody with an ID card, a phone and an address.
func (h *house) entry() patient.Entry {
	return patient.Entry{Name: "演示甲", HomeSiteID: h.here, Paper: patient.PaperIDCard, PaperNo: card,
		Phone: "000-0000-0001", Address: "演示路 1 号", Allergies: "青霉素"}
}

func TestRegister(t *testing.T) {
	h := newHouse(t)
	p, token, err := h.Register(ctx(), h.helper, h.entry())
	check(t, err)
	if p.Name != "演示甲" || p.Sex != "M" || p.Age(noon) != 56 || p.HomeSite != "演示新华" || p.State != patient.Active || p.Allergies != "青霉素" {
		t.Errorf("patient %+v", p)
	}
	if len(p.Number) != 6 || strings.Trim(p.Number, "0123456789") != "" {
		t.Errorf("number %q", p.Number)
	}
	found, err := patient.ByToken(ctx(), h.d, token)
	check(t, err)
	if found.ID != p.ID {
		t.Errorf("the label finds %d, want %d", found.ID, p.ID)
	}
	if n := h.audited("patient.register", identity.OK); n != 1 {
		t.Errorf("%d events", n)
	}
	if n := h.count(`SELECT count(*) FROM patient WHERE id = $1 AND created_by = $2 AND created_at = $3 AND pinyin = 'ysj'`, p.ID, h.helper.StaffID, noon); n != 1 {
		t.Error("who, when or the initials are missing")
	}
}

func TestRegisterRefused(t *testing.T) {
	h := newHouse(t)
	closed := h.site("演示旧点", false)
	boss := h.person(identity.Assistant)
	for name, c := range map[string]struct {
		by       identity.Actor
		site     int64
		kind     db.Kind
		sentence string
	}{
		"another site":     {h.helper, h.there, db.Denied, "登记患者"},
		"a manager":        {h.manager, h.here, db.Denied, "登记患者"},
		"nobody":           {identity.Actor{}, h.here, db.LoggedOut, "请先登录"},
		"a closed site":    {boss, closed, db.Invalid, "不存在或已停用"},
		"no such site":     {boss, 999999, db.Invalid, "不存在或已停用"},
		"no site":          {boss, 0, db.Invalid, "请选择患者所属的精防点"},
		"a negative site":  {boss, -1, db.Invalid, "请选择患者所属的精防点"},
		"no name, no site": {h.helper, 0, db.Invalid, "所属的精防点"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := h.Register(ctx(), c.by, patient.Entry{Name: "演示甲", HomeSiteID: c.site})
			refused(t, err, c.kind, c.sentence)
		})
	}
	if n := h.count(`SELECT count(*) FROM patient`); n != 0 {
		t.Errorf("%d patients after refusals", n)
	}
	if n := h.audited("denied", identity.Refused); n != 2 {
		t.Errorf("%d denials in the audit, want 2", n)
	}
}

// The same paper once. Who may see the person that is there is told who it is,
// others only that there is one.
func TestRegisterTwice(t *testing.T) {
	h := newHouse(t)
	first, _, err := h.Register(ctx(), h.helper, h.entry())
	check(t, err)
	again := h.entry()
	again.Name, again.PaperNo = "演示乙", " 99990019700101 0015"
	_, _, err = h.Register(ctx(), h.doctor, again)
	refused(t, err, db.Conflict, first.Number, "演**", "演示新华", "!演示甲", "!"+card)
	again.HomeSiteID = h.there
	_, _, err = h.Register(ctx(), h.person(identity.Assistant, h.there), again)
	refused(t, err, db.Conflict, "其他精防点", "!"+first.Number, "!演**", "!演示新华", "!"+card)
	if n := h.count(`SELECT count(*) FROM patient`); n != 1 {
		t.Errorf("%d patients", n)
	}
	other := h.entry()
	other.Paper = patient.PaperPassport
	_, _, err = h.Register(ctx(), h.helper, other)
	check(t, err)
	other.PaperNo = strings.ToLower(other.PaperNo)
	_, _, err = h.Register(ctx(), h.helper, other)
	refused(t, err, db.Conflict, "已经登记")
}

func TestManyWithoutPapers(t *testing.T) {
	h := newHouse(t)
	first, _ := h.add(h.here, "无名氏甲")
	second, _ := h.add(h.here, "无名氏甲")
	if first.ID == second.ID || first.Number == second.Number {
		t.Errorf("two persons share %s", first.Number)
	}
}

// Twenty register one ID number at the same time: one does it, nineteen read
// who was first, and nobody sees a fault.
func TestRegisterTogether(t *testing.T) {
	h := newHouse(t)
	const crowd = 20
	errs := make([]error, crowd)
	var wg sync.WaitGroup
	for i := range crowd {
		by := h.person(identity.Assistant, h.here)
		wg.Go(func() { _, _, errs[i] = h.Register(ctx(), by, h.entry()) })
	}
	wg.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
			continue
		}
		refused(t, err, db.Conflict, "已经登记：编号", "!"+card)
	}
	if n := h.count(`SELECT count(*) FROM patient`); done != 1 || n != 1 {
		t.Errorf("%d registered, %d patients", done, n)
	}
	if n := h.count(`SELECT count(*) FROM patient_label`); n != 1 {
		t.Errorf("%d labels", n)
	}
	if n := h.audited("patient.register", identity.OK); n != 1 {
		t.Errorf("%d events", n)
	}
}

// A form sent twice registers one person, also without papers; the same command
// for another person is refused.
func TestRegisterOnce(t *testing.T) {
	h := newHouse(t)
	e := patient.Entry{Name: "无名氏甲", HomeSiteID: h.here, Phone: "000-0000-0001", CommandID: uuid.New()}
	var wg sync.WaitGroup
	tokens := make([]patient.Token, 5)
	errs := make([]error, 5)
	for i := range tokens {
		wg.Go(func() { _, tokens[i], errs[i] = h.Register(ctx(), h.helper, e) })
	}
	wg.Wait()
	for i := range tokens {
		check(t, errs[i])
		if tokens[i] != tokens[0] {
			t.Errorf("answer %d names another label", i)
		}
	}
	if n := h.count(`SELECT count(*) FROM patient`); n != 1 {
		t.Errorf("%d patients", n)
	}
	e.Phone = "000-0000-0002"
	_, _, err := h.Register(ctx(), h.helper, e)
	refused(t, err, db.Conflict, "操作编号")
	e.CommandID = uuid.New()
	_, _, err = h.Register(ctx(), h.helper, e)
	check(t, err)
}

// Nothing of what is sealed stands anywhere in the database in clear, and the
// digest of a command does not give it away to who tries all numbers.
func TestSealedOnDisk(t *testing.T) {
	h := newHouse(t)
	e := h.entry()
	e.CommandID = uuid.New()
	p, _, err := h.Register(ctx(), h.helper, e)
	check(t, err)
	_, err = h.Unmask(ctx(), h.doctor, p.ID)
	check(t, err)
	for _, table := range []string{"patient", "patient_label", "audit", "command"} {
		var rows []string
		check(t, h.d.Select(ctx(), &rows, `SELECT x::text FROM `+table+` x`))
		if len(rows) == 0 {
			t.Errorf("%s is empty", table)
		}
		for _, secret := range []string{card, "000-0000-0001", "演示路"} {
			if strings.Contains(strings.Join(rows, "\n"), secret) {
				t.Errorf("%s holds %s", table, secret)
			}
		}
	}
	other := patient.New(h.d, newKeys())
	_, err = other.Unmask(ctx(), h.doctor, p.ID)
	refused(t, err, db.Internal, "!"+card)

	digest := func() (d []byte) {
		check(t, h.d.Get(ctx(), &d, `SELECT request FROM command ORDER BY at DESC, id LIMIT 1`))
		return d
	}
	first := digest()
	h.owner(`DELETE FROM command`)
	h.owner(`DELETE FROM patient_label`)
	h.owner(`DELETE FROM patient`)
	_, _, err = other.Register(ctx(), h.helper, e)
	check(t, err)
	if string(first) == string(digest()) {
		t.Error("the digest of a command does not depend on the keys")
	}
}

// A sealed value copied to another person, or to another column, does not open.
func TestSealedWhereItStands(t *testing.T) {
	h := newHouse(t)
	p, _, err := h.Register(ctx(), h.helper, h.entry())
	check(t, err)
	other, _ := h.add(h.here, "演示乙")
	h.owner(`UPDATE patient SET phone_sealed = (SELECT phone_sealed FROM patient WHERE id = $1::bigint) WHERE id = $2::bigint`, p.ID, other.ID)
	v, err := h.Unmask(ctx(), h.doctor, other.ID)
	refused(t, err, db.Internal, "phone", "!000-0000-0001")
	if v != (patient.Private{}) {
		t.Error("something is shown all the same")
	}
	h.owner(`UPDATE patient SET address_sealed = phone_sealed WHERE id = $1::bigint`, p.ID)
	_, err = h.Unmask(ctx(), h.doctor, p.ID)
	refused(t, err, db.Internal, "address")
}

// Insert and IssueLabel build a use case of somebody else's, such as an import.
func TestInsertInAnotherUseCase(t *testing.T) {
	h := newHouse(t)
	e, err := h.entry().Check(noon)
	check(t, err)
	var id int64
	check(t, h.d.InTx(ctx(), func(ctx context.Context, tx *db.Tx) error {
		var err error
		id, err = h.Insert(ctx, tx, identity.System("import"), e)
		return err
	}))
	l, err := h.PrintLabel(ctx(), h.helper, id)
	check(t, err)
	if l.PrintCount != 1 {
		t.Errorf("first label of an imported patient: %+v", l)
	}
}
