package web_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/patient"
)

// The packing page proposes what the roster got last, and the list is paper that
// says nothing of what is treated.
func TestPackingByProposal(t *testing.T) {
	h := newHouse(t)
	_, token, err := h.patients.Register(t.Context(), h.chief, patient.Entry{Name: "演示甲", HomeSiteID: h.site})
	h.must(err)
	codes := h.stock("B1", time.Now().AddDate(1, 0, 0), 3)
	today := h.plan()
	pack := func(id int64, codes ...string) {
		t.Helper()
		r := h.post(fmt.Sprintf("/sessions/%d/packing", id), fields("codes", strings.Join(codes, "\n")))
		if r.status != 303 {
			t.Fatalf("packing: %d %s", r.status, r.body)
		}
	}
	pack(today, codes...)
	h.must(h.sessions.OpenSession(t.Context(), h.chief, today))
	visit := uuid.New()
	_, err = h.sessions.CheckIn(t.Context(), h.doctors[0], session.Arrival{SessionID: today, Visit: visit, CommandID: uuid.New(), Patient: token.String(), Start: true})
	h.must(err)
	_, err = h.sessions.Dispense(t.Context(), h.doctors[0], session.Scan{SessionID: today, Visit: visit, CommandID: uuid.New(), Codes: strings.Join(codes, "\n")})
	h.must(err)
	_, err = h.sessions.FinishVisit(t.Context(), h.doctors[0], session.Ending{SessionID: today, Visit: visit, CommandID: uuid.New()})
	h.must(err)
	next, err := h.sessions.PlanSession(t.Context(), h.chief, session.Plan{SiteID: h.site, HeldOn: session.Today(time.Now()).AddDate(0, 0, 28), Team: []session.Member{
		{StaffID: h.chief.StaffID, Part: session.PartPharmacist}, {StaffID: h.doctors[0].StaffID, Part: session.PartDoctor}}})
	h.must(err)
	more := h.stock("B22", time.Now().AddDate(0, 6, 0), 2)
	path := fmt.Sprintf("/sessions/%d/packing", next)
	if r := h.page(path); !strings.Contains(r.body, "还差 3") || !strings.Contains(r.body, "先装：B22") || !strings.Contains(r.body, "药房少 1 盒") {
		t.Errorf("the proposal: %d %s", r.status, r.body)
	}
	if n := h.statements.Load(); n > 10 {
		t.Errorf("%d statements", n)
	}
	pack(next, more[0])
	var said struct {
		Expected int
		Drugs    []struct{ Proposed, Packed, Short, Lacking int }
	}
	h.must(json.Unmarshal([]byte(h.json(path).body), &said))
	if said.Expected != 1 || len(said.Drugs) != 1 || said.Drugs[0].Short != 2 || said.Drugs[0].Lacking != 1 {
		t.Errorf("a program reads %+v", said)
	}
	list := h.page(path + "/list")
	if !strings.Contains(list.body, "B22") || !strings.Contains(list.body, "领取人") || strings.Contains(list.body, "精神") || strings.Contains(list.body, "演示甲") {
		t.Errorf("the packing list: %d %s", list.status, list.body)
	}
	h.lookAs(h.doctors[0])
	if r := h.page(path + "/list"); r.status != 403 {
		t.Errorf("a doctor prints it: %d", r.status)
	}
}
