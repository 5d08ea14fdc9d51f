package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/session/identity"
)

func TestEntryForm(t *testing.T) {
	h := newHouse(t)
	a := h.get("/patients/new?session=7").want(http.StatusOK, "演示区 · 新华社区", "!广兴社区")
	if n := h.statements.Load(); n > 12 {
		t.Errorf("%d statements", n)
	}
	if a.attr("#site option[selected]", "value") != fmt.Sprint(h.here) || a.attr("#paper option[selected]", "value") != "idcard" {
		t.Error("the only site or the ID card is not chosen")
	}
	if a.attr(`form.card [name="session"]`, "value") != "7" || uuid.Validate(a.attr(`form.card [name="command_id"]`, "value")) != nil {
		t.Error("the form lacks the session or a command")
	}
	h.role(identity.Assistant)
	a = h.get("/patients/new").want(http.StatusOK, "新华社区", "广兴社区")
	if a.doc().Find("#site option[selected]").Length() != 0 {
		t.Error("one of two sites is chosen already")
	}
	h.role(identity.Manager, h.here)
	h.get("/patients/new").want(http.StatusForbidden, "没有可以登记患者的精防点")
}

// typed are the fields of a full entry.
func (h *house) typed() []string {
	return []string{"command_id", uuid.NewString(), "session", "7", "name", " 陈小明 ", "site", fmt.Sprint(h.here), "paper", "idcard", "paper_no", card, "birth", "1970-01-01",
		"sex", "M", "phone", phone, "address", address, "allergies", "青霉素"}
}

func TestCreate(t *testing.T) {
	h := newHouse(t)
	form := h.typed()
	a := h.post("/patients", form...).want(http.StatusSeeOther)
	if n := h.statements.Load(); n > 12 {
		t.Errorf("%d statements", n)
	}
	if again := h.post("/patients", form...).want(http.StatusSeeOther); again.location != a.location || !strings.HasSuffix(a.location, "?session=7") {
		t.Errorf("sent twice: %s and %s", a.location, again.location)
	}
	h.get(a.location).want(http.StatusOK, "陈小明", "男 · 56 岁", "开始就诊")
	b := h.program(http.MethodPost, "/patients", "name", "无名氏甲", "site", fmt.Sprint(h.here)).want(http.StatusCreated)
	var created struct {
		ID            int64
		Number, Token string
	}
	check(t, json.Unmarshal([]byte(b.body), &created))
	if created.ID == 0 || len(created.Number) != 6 || len(created.Token) != 20 {
		t.Errorf("created %s", b.body)
	}
	if n := h.count(`SELECT count(*) FROM patient`); n != 2 {
		t.Errorf("%d patients", n)
	}
	for _, secret := range []string{card, phone, address, "陈小明", created.Token} {
		if strings.Contains(h.log.text(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}

// A refused form comes back with a sentence and everything that was typed, to
// the letter.
func TestCreateRefused(t *testing.T) {
	h := newHouse(t)
	first, _ := h.add(h.here, "演示乙")
	for _, c := range []struct{ field, value, sentence string }{
		{"paper_no", card, "这个证件号已经登记：编号 " + first.Number},
		{"paper_no", "９９９900197001010016", "校验位不对"},
		{"paper_no", "", "请填写证件号"},
		{"paper", "none", "选的是“没有证件”"},
		{"paper", "driver", "证件种类"},
		{"name", "演\ue81e", "姓名里有无法识别的字"},
		{"name", "<b>\"'", "校验位不对"}, // anything typed is shown as text
		{"birth", "1970-02-30", "出生日期写法不对"},
		{"birth", "1971-01-01", "出生日期与身份证号不一致"},
		{"sex", "F", "性别与身份证号不一致"},
		{"site", "0", "请选择患者所属的精防点"},
		{"site", "x", "请重新选择所属精防点"},
		{"address", strings.Repeat("路", 201), "地址太长"},
		{"command_id", "x", "操作编号不对"},
	} {
		t.Run(c.field+" "+c.sentence, func(t *testing.T) {
			form := h.typed()
			for i := 0; i < len(form); i += 2 {
				if form[i] == c.field {
					form[i+1] = c.value
				} else if form[i] == "paper_no" && c.field == "name" && c.value[0] == '<' {
					form[i+1] = card[:17] + "6"
				}
			}
			a := h.post("/patients", form...).want(http.StatusOK, c.sentence, "!<b>\"")
			for i := 0; i < len(form); i += 2 {
				if got, ok := shown(a, form[i]); ok && got != form[i+1] && !offList(form[i+1]) {
					t.Errorf("%s comes back as %q, typed %q", form[i], got, form[i+1])
				}
			}
			kind := h.program(http.MethodPost, "/patients", form...)
			if kind.status != http.StatusBadRequest && kind.status != http.StatusConflict {
				t.Errorf("a program gets %d: %s", kind.status, kind.body)
			}
		})
	}
	h.role(identity.Assistant, h.there)
	h.post("/patients", h.typed()...).want(http.StatusForbidden, "登记患者", "!"+card)
	if n := h.count(`SELECT count(*) FROM patient`); n != 1 {
		t.Errorf("%d patients after refusals", n)
	}
	for _, secret := range []string{card, phone, address} {
		if strings.Contains(h.log.text(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}

// offList tells a value that no choice of the form has.
func offList(v string) bool { return v == "x" || v == "0" || v == "driver" }

// shown is what a field of the form holds; false for one that is made anew.
func shown(a answer, name string) (string, bool) {
	a.t.Helper()
	switch name {
	case "command_id":
		return "", false
	case "site", "paper":
		value, _ := a.doc().Find(`form.card [name="` + name + `"] option[selected]`).Attr("value")
		return value, true
	case "sex":
		return a.attr(`form.card [name="sex"][checked]`, "value"), true
	}
	return a.attr(`form.card [name="`+name+`"]`, "value"), true
}
