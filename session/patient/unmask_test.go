package patient_test

import (
	"testing"

	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

func TestUnmask(t *testing.T) {
	h := newHouse(t)
	p, _, err := h.Register(ctx(), h.helper, h.entry())
	check(t, err)
	v, err := h.Unmask(ctx(), h.doctor, p.ID)
	check(t, err)
	if v.Paper != patient.PaperIDCard || v.PaperNo != card || v.Phone != "000-0000-0001" || v.Address != "演示路 1 号" {
		t.Errorf("opened %q %q %q %q", v.Paper, v.PaperNo, v.Phone, v.Address)
	}
	if n := h.count(`SELECT count(*) FROM audit WHERE event = 'patient.unmask' AND object_id = $1 AND staff_id = $2`, p.Number, h.doctor.StaffID); n != 1 {
		t.Errorf("%d looks in the audit", n)
	}
	bare, _ := h.add(h.here, "无名氏甲")
	v, err = h.Unmask(ctx(), h.doctor, bare.ID)
	check(t, err)
	if v != (patient.Private{Paper: patient.PaperNone}) {
		t.Error("somebody without papers has some")
	}
}

func TestUnmaskRefused(t *testing.T) {
	h := newHouse(t)
	p, _ := h.add(h.here, "演示甲")
	away, _ := h.add(h.there, "演示乙")
	for name, c := range map[string]struct {
		by   identity.Actor
		id   int64
		kind db.Kind
	}{
		"an assistant": {h.helper, p.ID, db.Denied},
		"a manager":    {h.manager, p.ID, db.Denied},
		"another site": {h.doctor, away.ID, db.Denied},
		"nobody there": {h.doctor, 999999, db.NotFound},
		"no login":     {identity.Actor{}, p.ID, db.LoggedOut},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := h.Unmask(ctx(), c.by, c.id)
			refused(t, err, c.kind)
			if v != (patient.Private{}) {
				t.Error("something is shown")
			}
		})
	}
	if n := h.audited("patient.unmask", identity.OK); n != 0 {
		t.Errorf("%d looks in the audit", n)
	}
	if n := h.audited("denied", identity.Refused); n != 3 {
		t.Errorf("%d denials in the audit, want 3", n)
	}
}

// When the look cannot be written down, nothing is shown.
func TestNoLookWithoutAudit(t *testing.T) {
	h := newHouse(t)
	p, _, err := h.Register(ctx(), h.helper, h.entry())
	check(t, err)
	h.owner(`ALTER TABLE audit RENAME TO audit_gone`)
	v, err := h.Unmask(ctx(), h.doctor, p.ID)
	refused(t, err, db.Internal)
	if v != (patient.Private{}) {
		t.Error("shown without a trace")
	}
}
