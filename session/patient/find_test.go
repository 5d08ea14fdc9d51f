package patient_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

func newKeys() *seal.MemoryKeys { return seal.NewMemoryKeys() }

func TestFind(t *testing.T) {
	h := newHouse(t)
	p, token := h.add(h.there, "演示甲")
	id := fmt.Sprintf("id:%d", p.ID)
	for _, text := range []string{token.String(), strings.ToLower(token.String()) + "\r\n", p.Number, " " + p.Number + " ", id, strings.ToUpper(id), "ｉｄ：" + id[3:]} {
		got, err := patient.Find(ctx(), h.d, text)
		check(t, err)
		if got.ID != p.ID {
			t.Errorf("%q finds %d, want %d", text, got.ID, p.ID)
		}
	}
	unknown := patient.NewToken()
	for _, c := range []struct {
		text, sentence string
		kind           db.Kind
	}{
		{"", "没有读到内容", db.Invalid},
		{" \u3000\n", "没有读到内容", db.Invalid},
		{unknown.String(), "不是本系统发出的", db.NotFound},
		{token.String()[:19], "没有读完整", db.Invalid},
		{"999999", "没有编号为 999999 的患者", db.NotFound},
		{fmt.Sprint(p.ID), "没有编号为", db.NotFound}, // a turn in the queue is not a patient
		{id + "x", "内部编号写法不对", db.Invalid},
		{"id:", "内部编号写法不对", db.Invalid},
		{"id:-1", "内部编号写法不对", db.Invalid},
		{"id:99999999999999999999", "内部编号写法不对", db.Invalid},
		{"id:999999", "没有这位患者", db.NotFound},
		{"陈小明", "没有编号为", db.NotFound},
		{card, "不是患者标签", db.Invalid},
		{strings.Repeat("演", 30), "不是患者标签", db.Invalid},
		{token.String() + token.String(), "两张患者标签连在了一起", db.Invalid},
		{"\xff", "乱码", db.Invalid},
		{p.Number[:3] + "\x00" + p.Number[3:], "控制字符", db.Invalid},
		{p.Number[:3] + "\t" + p.Number[3:], "控制字符", db.Invalid},
		{"%", "没有编号为", db.NotFound},
	} {
		_, err := patient.Find(ctx(), h.d, c.text)
		refused(t, err, c.kind, c.sentence, "!"+card, "!演示甲")
	}
}

// names of the patients a search gives.
func (h *house) search(by identity.Actor, site int64, text string) string {
	h.t.Helper()
	list, err := h.Search(ctx(), by, site, text)
	check(h.t, err)
	names := make([]string, 0, len(list))
	for _, p := range list {
		names = append(names, p.Name)
	}
	return strings.Join(names, " ")
}

func TestSearch(t *testing.T) {
	h := newHouse(t)
	ming, token := h.add(h.here, "陈小明")
	h.add(h.here, "陈大明")
	h.add(h.here, "曾小明")
	h.add(h.here, "𠮷小明")
	h.add(h.here, "Demo_Person")
	h.add(h.here, "Demo%")
	gone, goneToken := h.add(h.there, "陈远")
	h.add(h.here, "陈故")
	h.owner(`UPDATE patient SET state = 'deceased' WHERE name = '陈故'`)
	both := h.person(identity.Doctor, h.here, h.there)
	for _, c := range []struct {
		what, text, want string
		by               identity.Actor
		site             int64
	}{
		{"a name", "陈小", "陈小明", h.doctor, 0},
		{"a family name", "陈", "陈大明 陈小明", h.doctor, 0},
		{"a padded name", " 陈\u3000小明 ", "陈小明", h.doctor, 0},
		{"initials", "cx", "陈小明", h.doctor, 0},
		{"initials in capitals, full width", "ＣＸ", "陈小明", h.doctor, 0},
		{"initials of a family name", "zxm", "曾小明", h.doctor, 0},
		{"a rare name", "𠮷", "𠮷小明", h.doctor, 0},
		{"the middle of a name", "小明", "", h.doctor, 0},
		{"a number", ming.Number, "陈小明", h.doctor, 0},
		{"a number without zeros", strings.TrimLeft(ming.Number, "0"), "陈小明", h.doctor, 0},
		{"a label", token.String(), "陈小明", h.doctor, 0},
		{"a percent sign", "%", "", h.doctor, 0},
		{"a percent sign in a name", "Demo%", "Demo%", h.doctor, 0},
		{"an underscore", "Demo_", "Demo_Person", h.doctor, 0},
		{"a backslash", `\`, "", h.doctor, 0},
		{"a quote", `'; --`, "", h.doctor, 0},
		{"nobody of another site", "陈远", "", h.doctor, 0},
		{"nobody of another site, by number", gone.Number, "", h.doctor, 0},
		{"both sites", "陈", "陈大明 陈小明 陈远", both, 0},
		{"one of both sites", "陈", "陈远", both, h.there},
		{"everywhere", "陈", "陈大明 陈小明 陈远", h.person(identity.Doctor), 0},
		{"a manager", "陈小", "陈小明", h.manager, 0},
		{"who has died", "陈故", "", h.doctor, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := h.search(c.by, c.site, c.text); got != c.want {
				t.Errorf("%q finds %q, want %q", c.text, got, c.want)
			}
		})
	}
	for _, c := range []struct {
		what, text, sentence string
		by                   identity.Actor
		site                 int64
		kind                 db.Kind
	}{
		{"another site", "陈", "在这个精防点没有", h.doctor, h.there, db.Denied},
		{"a label of another site", goneToken.String(), "在这个精防点没有", h.doctor, 0, db.Denied},
		{"an auditor", "陈", "没有“查看患者”", h.person(identity.Auditor), 0, db.Denied},
		{"nobody", "陈", "请先登录", identity.Actor{}, 0, db.LoggedOut},
		{"a long text", strings.Repeat("陈", 61), "太长", h.doctor, 0, db.Invalid},
		{"a misread label", token.String()[:19], "没有读完整", h.doctor, 0, db.Invalid},
		{"invalid UTF-8", "\xff", "无法识别的字符", h.doctor, 0, db.Invalid},
	} {
		t.Run(c.what, func(t *testing.T) {
			_, err := h.Search(ctx(), c.by, c.site, c.text)
			refused(t, err, c.kind, c.sentence, "!陈远")
		})
	}
}

func TestSearchIsBounded(t *testing.T) {
	h := newHouse(t)
	e, err := patient.Entry{Name: "演示甲", HomeSiteID: h.here}.Check(noon)
	check(t, err)
	check(t, h.d.InTx(ctx(), func(ctx context.Context, tx *db.Tx) error {
		for range patient.SearchLimit + 5 {
			if _, err := h.Insert(ctx, tx, identity.System("test"), e); err != nil {
				return err
			}
		}
		return nil
	}))
	n := statements(func(c context.Context) {
		list, err := h.Search(c, h.doctor, 0, "")
		check(t, err)
		if len(list) != patient.SearchLimit {
			t.Errorf("%d found", len(list))
		}
	})
	if n > 3 {
		t.Errorf("a search takes %d statements", n)
	}
}

func TestSitesFor(t *testing.T) {
	h := newHouse(t)
	h.site("演示旧点", false)
	sites := func(by identity.Actor) string {
		list, err := identity.SitesFor(ctx(), h.d, by, identity.RegisterPatient)
		check(t, err)
		names := ""
		for _, s := range list {
			names += s.Name + " "
		}
		return names
	}
	if got := sites(h.helper); got != "演示新华 " {
		t.Errorf("an assistant's sites: %s", got)
	}
	if got := sites(h.person(identity.Assistant)); !strings.Contains(got, "演示新华") || !strings.Contains(got, "演示广兴") || strings.Contains(got, "旧") {
		t.Errorf("everywhere: %s", got)
	}
	if got := sites(h.manager); got != "" {
		t.Errorf("a manager's sites: %s", got)
	}
}
