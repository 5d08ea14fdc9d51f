package web_test

import (
	"net/url"
	"strings"
	"testing"

	"jingfang/integration/simulator"
)

// Every fault of the stand-in, on every page that asks HIS while a person waits: what
// the person reads is one clear sentence on the same page, never an error page, and
// nothing of a bad answer.
func TestWhatPeopleReadWhenHISFails(t *testing.T) {
	words := map[string]string{
		"status_500": "HTTP 500", "error_in_200": "拒绝了请求（代码 9999", "cut_body": "传到一半中断", "wrong_signature": "验签不通过",
		"clock_ahead": "请两边校时", "clock_behind": "请两边校时", "not_json": "格式与约定不符", "oversized": "超过 10 MB",
		"wrong_encoding": "格式与约定不符", "entity_bomb": "格式与约定不符", "deep": "格式与约定不符",
	}
	for _, k := range simulator.FaultKinds() {
		if k.Name == "slow" {
			continue // as long as the patience of a client; the clients' own tests wait shorter
		}
		t.Run(k.Name, func(t *testing.T) { newHouse(t).reads(k, words[k.Name]) })
	}
}

// reads asks on every page while a fault lasts; want is "" for one that does no harm.
func (h *house) reads(k simulator.FaultKind, want string) {
	h.t.Helper()
	h.good = true
	h.exec(`INSERT INTO site (code, name, district, created_at) VALUES ('999900001', '演示新华', '金平', now())`)
	full, err := h.his.MakeReceipt(simulator.Order{Lines: 1, Packs: 1})
	if err != nil {
		h.t.Fatal(err)
	}
	h.his.SetFaults(k.Faults)
	said := 0
	for path, form := range map[string]url.Values{
		"/patients/his":           {"query": {simulator.DemoPatients()[0].Number}},
		"/trace/his":              {"code": {full.Lines[0].Codes[0]}},
		"/stock/his":              {},
		"/receipts/problems/pull": {},
	} {
		status, body := h.call("POST", path, "text/html", form)
		if strings.Contains(body, want) {
			said++
		}
		switch quiet := strings.Contains(body, "连续没有应答"); {
		case status != 200 || strings.Contains(body, "root:"):
			h.t.Errorf("%s: %d", path, status)
		case want == "" && (quiet || strings.Contains(body, "与约定不符")):
			h.t.Errorf("%s refuses a good answer", path)
		case want != "" && (!quiet && !strings.Contains(body, want) || !strings.Contains(body, "notice-caution")):
			h.t.Errorf("%s does not say %q", path, want)
		}
	}
	if said < 3 {
		h.t.Errorf("%d pages said %q", said, want)
	}
}
