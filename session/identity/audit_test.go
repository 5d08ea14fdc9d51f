package identity_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// filled makes two login chains with some events and the chain of this run.
func filled(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	h.person("doc", identity.Grant{Role: identity.Doctor})
	for range 2 {
		by := h.login("doc").State.Actor
		for i := range 4 {
			e := identity.Event{Name: "test.event", ObjectKind: "thing", ObjectID: string(rune('a' + i)), SiteID: 3, SessionID: 7, Detail: "细节"}
			check(t, identity.AuditRefusal(ctx(), h.d, by, e))
		}
	}
	return h
}

func (h *house) verify() identity.Report {
	h.t.Helper()
	var report identity.Report
	check(h.t, h.d.InSnapshot(ctx(), func(ctx context.Context, tx *db.Tx) (err error) {
		report, err = identity.VerifyAudit(ctx, tx)
		return err
	}))
	return report
}

func TestAuditIsGood(t *testing.T) {
	h := filled(t)
	r := h.verify()
	if r.Broken != nil || int(r.Rows) != h.count(`SELECT count(*) FROM audit`) || int(r.Chains) != h.count(`SELECT count(*) FROM audit_chain`) {
		t.Fatalf("%+v", r)
	}
	var e struct {
		Roles   string `db:"roles"`
		Addr    string `db:"addr"`
		Outcome string `db:"outcome"`
		Request string `db:"request_id"`
	}
	check(t, h.d.Get(ctx(), &e, `SELECT roles, addr, outcome, request_id FROM audit WHERE event = 'test.event' LIMIT 1`))
	if e.Roles != "doctor" || e.Addr != from.Addr || e.Outcome != identity.Refused || e.Request != "REF" {
		t.Errorf("%+v", e)
	}
}

// Whoever may write the tables as their owner is found out, and the first thing
// that is wrong is named.
func TestAuditTampering(t *testing.T) {
	const (
		off    = `ALTER TABLE audit DISABLE TRIGGER audit_append_only`
		chain  = `(SELECT min(chain_id::text)::uuid FROM audit WHERE event = 'test.event')`
		second = `chain_id = ` + chain + ` AND seq = 3`
	)
	for _, c := range []struct{ name, statement, want string }{
		{"column", `UPDATE audit SET detail = '别的' WHERE ` + second, "字段 detail"},
		{"outcome", `UPDATE audit SET outcome = 'ok' WHERE ` + second, "字段 outcome"},
		{"time", `UPDATE audit SET at = at + interval '1 microsecond' WHERE ` + second, "字段 at"},
		{"person", `UPDATE audit SET staff_id = NULL WHERE ` + second, "字段 staff"},
		{"bytes", `UPDATE audit SET canonical = canonical || '\x00'::bytea WHERE ` + second, "内容与摘要不符"},
		{"digest", `UPDATE audit SET digest = '\x00'::bytea WHERE ` + second, "摘要不是 32 字节"},
		{"deleted", `DELETE FROM audit WHERE ` + second, "缺少第 3 条"},
		{"last deleted", `DELETE FROM audit WHERE chain_id = ` + chain + ` AND seq = 5`, "末尾的记录被删除"},
		{"chain deleted", `DELETE FROM audit WHERE chain_id = ` + chain, "一条也没有找到"},
		{"head put back", `UPDATE audit_chain SET length = 4 WHERE id = ` + chain, "链头与最后一条不符"},
		{"swapped", `UPDATE audit SET seq = CASE seq WHEN 103 THEN 4 ELSE 3 END WHERE chain_id = ` + chain + ` AND seq IN (103, 104)`, "与前一条接不上"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := filled(t)
			if c.name == "swapped" {
				h.owner(off, `UPDATE audit SET seq = seq + 100 WHERE chain_id = `+chain+` AND seq IN (3, 4)`)
			}
			h.owner(off, c.statement)
			r := h.verify()
			if r.Broken == nil || !strings.Contains(r.Broken.What, c.want) {
				t.Errorf("found %+v, want %q", r.Broken, c.want)
			}
		})
	}
}

func TestAuditIsAppendOnly(t *testing.T) {
	h := filled(t)
	for _, s := range []string{`UPDATE audit SET detail = ''`, `DELETE FROM audit`, `TRUNCATE audit CASCADE`, `DELETE FROM anchor`, `DELETE FROM password_history`} {
		if s == `DELETE FROM anchor` {
			_, err := identity.Anchor(ctx(), h.d, h.signer(), nil)
			check(t, err)
		}
		for name, d := range map[string]*db.DB{"owner": h.test.Owner, "app": h.d} {
			err := d.InTx(ctx(), func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, s)
				return err
			})
			if state := db.State(err); state != "JF001" && state != "42501" {
				t.Errorf("%s as %s: %v", s, name, err)
			}
		}
	}
}

// A failing audit takes the business with it.
func TestAuditFailsBusinessFails(t *testing.T) {
	h := filled(t)
	h.owner(`ALTER TABLE audit ADD CONSTRAINT no_more_ck CHECK (event <> 'site.create') NOT VALID`)
	_, err := h.CreateSite(ctx(), identity.System("test"), identity.Site{Code: "S9", Name: "x", District: "y"})
	if err == nil || h.count(`SELECT count(*) FROM site WHERE code = 'S9'`) != 0 {
		t.Errorf("the site stands without its audit: %v", err)
	}
}

func TestAuditConcurrent(t *testing.T) {
	h := newHouse(t)
	h.person("doc")
	by := h.login("doc").State.Actor
	var wg sync.WaitGroup
	for i := range 40 {
		who := by
		if i%2 == 0 {
			who = identity.System("worker")
		}
		wg.Go(func() {
			if err := identity.AuditRefusal(ctx(), h.d, who, identity.Event{Name: "test.event"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if r := h.verify(); r.Broken != nil {
		t.Error(r.Broken)
	}
}

func TestAuditTakesAnyText(t *testing.T) {
	h := newHouse(t)
	e := identity.Event{Name: "test.event", ObjectKind: strings.Repeat("类", 99), ObjectID: "a\x00\xff" + strings.Repeat("9", 999), Detail: strings.Repeat("长", 5000)}
	by := identity.System("worker")
	by.Addr, by.RequestID = strings.Repeat("1", 500), "\x00"
	check(t, identity.AuditRefusal(ctx(), h.d, by, e))
	if r := h.verify(); r.Broken != nil {
		t.Error(r.Broken)
	}
}

func (h *house) signer() seal.Signer {
	s, err := h.keys.Signer()
	check(h.t, err)
	return s
}

func (h *house) anchors(other identity.Lookup) identity.Report {
	h.t.Helper()
	r, err := identity.VerifyAnchors(ctx(), h.d, h.keys.PublicKey, other)
	check(h.t, err)
	return r
}

func TestAnchors(t *testing.T) {
	h := filled(t)
	record := identity.Head{Name: "record/1/main", Length: 2, Digest: seal.SM3([]byte("two"))}
	n, err := identity.Anchor(ctx(), h.d, h.signer(), []identity.Head{record})
	check(t, err)
	if chains := h.count(`SELECT count(*) FROM audit_chain`); n != chains+1 {
		t.Errorf("%d heads, want %d", n, chains+1)
	}
	h.clock.forward(time.Hour)
	if n, err := identity.Anchor(ctx(), h.d, h.signer(), nil); n != 0 || err != nil {
		t.Errorf("nothing changed, but %d heads: %v", n, err)
	}
	h.keys.Rotate()
	l := h.login("doc")
	n, err = identity.Anchor(ctx(), h.d, h.signer(), nil)
	check(t, err)
	if n != 1 {
		t.Errorf("%d heads changed, want 1", n)
	}
	lookup := func(digest seal.Digest, found bool) identity.Lookup {
		return func(_ context.Context, name string, length int64) (seal.Digest, bool, error) {
			if name != record.Name || length != 2 {
				return digest, false, errors.New("asked for " + name)
			}
			return digest, found, nil
		}
	}
	good := lookup(record.Digest, true)
	if r := h.anchors(good); r.Broken != nil || r.Chains != 2 {
		t.Fatalf("%+v", r)
	}
	if r := h.anchors(lookup(seal.Digest{}, true)); r.Broken == nil || r.Broken.Seq != 1 || !strings.Contains(r.Broken.What, "记录被改动") {
		t.Errorf("%+v", r.Broken)
	}
	if r := h.anchors(lookup(seal.Digest{}, false)); r.Broken == nil || !strings.Contains(r.Broken.What, "末尾的记录被删除") {
		t.Errorf("%+v", r.Broken)
	}

	// A tail cut off together with its head is a good chain that is too short:
	// only the anchor tells.
	id := l.Cookie.LoginID().String()
	h.owner(`ALTER TABLE audit DISABLE TRIGGER audit_append_only`, `DELETE FROM audit WHERE chain_id = '`+id+`'`,
		`UPDATE audit_chain SET length = 0, digest = decode('`+seal.Digest{}.String()+`', 'hex') WHERE id = '`+id+`'`)
	if r := h.verify(); r.Broken != nil {
		t.Fatalf("the chain alone cannot tell, but: %v", r.Broken)
	}
	if r := h.anchors(good); r.Broken == nil || r.Broken.Seq != 2 || !strings.Contains(r.Broken.What, id) {
		t.Errorf("%+v", r.Broken)
	}
}

func TestAnchorTampering(t *testing.T) {
	for _, c := range []struct{ name, statement, want string }{
		{"signature", `UPDATE anchor SET signature = (SELECT signature FROM anchor WHERE seq = 2) WHERE seq = 1`, "签名不正确"},
		{"deleted", `DELETE FROM anchor WHERE seq = 1`, "缺少第 1 个锚点"},
		{"bytes", `UPDATE anchor SET canonical = canonical || '\x00'::bytea WHERE seq = 2`, "内容被改动"},
		{"column", `UPDATE anchor SET at = at + interval '1 hour' WHERE seq = 2`, "字段与封存的内容不符"},
		{"key", `UPDATE anchor SET key_name = 'other' WHERE seq = 2`, "没有签名公钥"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := filled(t)
			for range 2 {
				_, err := identity.Anchor(ctx(), h.d, h.signer(), nil)
				check(t, err)
				h.login("doc")
			}
			h.owner(`ALTER TABLE anchor DISABLE TRIGGER anchor_append_only`, c.statement)
			if r := h.anchors(nil); r.Broken == nil || !strings.Contains(r.Broken.What, c.want) {
				t.Errorf("found %+v, want %q", r.Broken, c.want)
			}
		})
	}
}

func TestFindAudit(t *testing.T) {
	h := filled(t)
	sys := h.admin("sys", identity.SysAdmin)
	aud := h.admin("aud", identity.Auditor)
	day := identity.AuditFilter{From: h.clock.now().Add(-time.Hour), Until: h.clock.now().Add(time.Hour)}
	_, err := h.Service.FindAudit(ctx(), sys, day)
	wantKind(t, err, db.Denied)
	f := day
	f.Event, f.Limit = "test.", 5
	first, err := h.Service.FindAudit(ctx(), aud, f)
	check(t, err)
	f.Before = first[4].ID
	second, err := h.Service.FindAudit(ctx(), aud, f)
	check(t, err)
	if len(first) != 5 || len(second) != 3 || second[0].ID >= first[4].ID || first[0].Username != "doc" {
		t.Errorf("%d and %d rows", len(first), len(second))
	}
	f = day
	f.StaffID = sys.StaffID
	mine, err := h.Service.FindAudit(ctx(), aud, f)
	check(t, err)
	if len(mine) != 2 { // login, denied
		t.Errorf("%d rows of the sysadmin", len(mine))
	}
	f = day
	f.From, f.Until = f.Until, f.Until.Add(time.Hour)
	if none, err := h.Service.FindAudit(ctx(), aud, f); err != nil || len(none) != 0 {
		t.Errorf("%d rows of another day: %v", len(none), err)
	}
	report, err := h.Service.VerifyAudit(ctx(), aud, nil)
	check(t, err)
	if report.Broken != nil || h.audited("audit.verify", identity.OK) != 1 {
		t.Errorf("%+v", report)
	}
	_, err = h.Service.VerifyAudit(ctx(), sys, nil)
	wantKind(t, err, db.Denied)
}

func BenchmarkAudit(b *testing.B) {
	h := newHouse(b)
	h.person("doc")
	by := h.login("doc").State.Actor
	for b.Loop() {
		check(b, identity.AuditRefusal(ctx(), h.d, by, identity.Event{Name: "test.event"}))
	}
}
