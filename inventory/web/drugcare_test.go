package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// The dictionary sets what the table reminds of, and says in words what is wrong.
func TestSetCareInTheDictionary(t *testing.T) {
	h := newHouse(t)
	drug := h.drugID("YS1")
	press := func(depot, check, days string) (int, string, http.Header) {
		form := url.Values{"command_id": {uuid.NewString()}, "drug": {drug}, "depot_days": {depot}, "check": {check}, "check_days": {days}}
		status, body, header := h.send("POST", "/drugs/care", form, http.Header{"Accept": {"text/html"}})
		return status, string(body), header
	}
	for _, x := range []struct{ depot, check, days, want string }{
		{"28天", "", "", "不是一个数字"}, {"400", "", "", "1 到 366"}, {"", "血常规", "", "一起填"}, {"", strings.Repeat("血", 21), "7", "最多 20 个字"},
	} {
		if status, body, _ := press(x.depot, x.check, x.days); status != 200 || !strings.Contains(body, x.want) {
			t.Errorf("%+v: %d", x, status)
		}
	}
	if _, doc := h.get("/drugs"); strings.Contains(doc.Find("li").Text(), "血常规每") || doc.Find("details.care").Length() == 0 {
		t.Errorf("a refusal changed something: %s", doc.Find("li").Text())
	}
	status, _, header := press("28", "血常规", "30")
	if status != http.StatusSeeOther {
		t.Fatalf("set: %d", status)
	}
	_, doc := h.get(header.Get("Location"))
	if got := doc.Find("li").Text(); !strings.Contains(got, "长效针剂，每 28 天 · 血常规每 30 天") || !strings.Contains(doc.Find(".notice-good").Text(), "提醒已保存") {
		t.Errorf("%s", got)
	}
	if got := doc.Find(`input[name=depot_days][value="28"]`).Length(); got != 1 {
		t.Errorf("%d forms hold it", got)
	}
}
