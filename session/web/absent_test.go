package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
)

// The list of a session and that over the sites: names masked, none for a manager,
// in clear with the telephone numbers only for who may see them.
func TestWhoSeesWhomAmongTheAbsent(t *testing.T) {
	d := newDesk(t, 1, 3)
	d.begin(0)
	_, err := d.sessions.ChangeRoster(t.Context(), d.chief, session.RosterChange{SessionID: d.id, CommandID: uuid.New(), Refill: true})
	d.must(err)
	manager := d.person("管理甲", identity.Manager)
	helper := d.person("工作人员乙", identity.Assistant)
	for _, x := range []struct {
		by            identity.Actor
		masked, phone bool
	}{{d.chief, true, true}, {d.doctors[0], true, true}, {helper, true, false}, {manager, false, false}} {
		d.lookAs(x.by)
		r := d.ask("GET", d.path("/absent"), nil)
		doc := d.read(r)
		if r.status != 200 || doc.Find("tbody tr").Length() != 3 || strings.Contains(r.body, "演示患者2") {
			t.Fatalf("%s: %d %s", x.by.Name, r.status, doc.Find("main").Text())
		}
		if got := strings.Contains(doc.Find("tbody").Text(), "演*"); got != x.masked {
			t.Errorf("%s reads masked names: %v: %s", x.by.Name, got, doc.Find("tbody").Text())
		}
		if got := doc.Find(`form[action$="/phones"]`).Length() == 1; got != x.phone {
			t.Errorf("%s is offered the telephone list: %v", x.by.Name, got)
		}
		first := doc.Find("tbody tr").First().Text()
		if !strings.Contains(first, "未到") {
			t.Errorf("the absent do not come first: %q", first)
		}
		r = d.ask("POST", d.path("/absent/phones"), nil)
		if !x.phone {
			if r.status != 403 {
				t.Errorf("%s: %d", x.by.Name, r.status)
			}
			continue
		}
		if doc = d.read(r); r.status != 200 || doc.Find("tbody tr").Length() != 2 || !strings.Contains(r.body, "演示患者2") || strings.Contains(r.body, "演示患者1") {
			t.Errorf("%s: %d %s", x.by.Name, r.status, doc.Find("tbody").Text())
		}
	}
	d.overdue(manager)
}

// overdue asks for the list over the sites.
func (d *desk) overdue(manager identity.Actor) {
	d.t.Helper()
	d.lookAs(manager)
	for path, want := range map[string]string{"/absent?days=abc": "整数", "/absent?days=0": "1 到 366", "/absent?site=x": "请从列表里选站点", "/absent?kind=all": "请选择未取药"} {
		if r := d.ask("GET", path, nil); r.status != 200 || !strings.Contains(r.body, want) {
			d.t.Errorf("%s: %d", path, r.status)
		}
		if r := d.ask("GET", path, nil, "Accept", "application/json"); r.status != 400 && r.status != 422 {
			d.t.Errorf("%s as a program: %d %s", path, r.status, r.body)
		}
	}
	if r := d.ask("POST", "/absent/phones", nil); r.status != 403 {
		d.t.Errorf("a manager's telephone list: %d", r.status)
	}
	for _, kind := range []string{"", "shot", "check"} {
		if r := d.ask("GET", fmt.Sprintf("/absent?kind=%s&site=%d", kind, d.site), nil, "Accept", "application/json"); r.status != 200 || strings.TrimSpace(r.body) != "[]" {
			d.t.Errorf("kind %q: %d %s", kind, r.status, r.body)
		}
	}
}
