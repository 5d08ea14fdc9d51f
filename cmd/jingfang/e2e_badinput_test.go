package main

import (
	"context"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// badInput is something that is scanned and is no pack for this place, with the
// kind of its answer at the table, at packing and at receiving ("" where it is
// not tried).
type badInput struct {
	what, raw                string
	table, packing, receives string
}

// badInputs are the texts of the issue. known is a code of a drug that the
// dictionary has, elsewhere one in another session's tray, expected one that has
// not been received, label a patient's.
func badInputs(known, elsewhere, expected, label string) []badInput {
	never := known[:7] + "9876543210987"
	same := func(what, raw, kind string) badInput { return badInput{what, raw, kind, kind, kind} }
	return []badInput{
		same("nothing", "", "empty"),
		same("blanks and line feeds", " \r\n\t ", "empty"),
		same("too long", strings.Repeat("X1", 150), "too_long"),
		same("a control character", "8000001\x01000000012345", "bad_characters"),
		same("a NUL", "8000001\x00000000012345", "bad_characters"),
		same("invalid UTF-8", "8000001\xff\xfe00000012345", "bad_encoding"),
		same("two codes that cannot be parted", strings.Repeat("76543217654321765432", 2), "joined"),
		same("a commodity code", "6901234567892", "commodity_code"),
		same("a veterinary code", "123456789012345678901234", "veterinary_code"),
		same("a patient's label", label, "patient_label"),
		same("a patient's label in small letters", strings.ToLower(label), "patient_label"),
		same("one digit short", known[:19], "wrong_length"),
		same("an unknown prefix", "81234560000000000001", "unknown_prefix"),
		same("a script", `<script>alert("1")</script>`, "not_a_trace_code"),
		{"a code nobody has heard of", never, "unknown", "unknown", "not_on_receipt"},
		{"full-width digits of such a code", fullWidth(never), "unknown", "unknown", "not_on_receipt"},
		{"a code of another session", elsewhere, "other_session", "other_session", "other_session"},
		{"a code that is not received", expected, "not_received", "not_received", ""},
	}
}

// fullWidth is what a Chinese input method makes of digits.
func fullWidth(s string) string {
	return strings.Map(func(r rune) rune { return r - '!' + '！' }, s)
}

// ledger is what must not change: the number of movements, of packs by state,
// of visits and of lines.
func (w *world) ledger(t *testing.T) string {
	t.Helper()
	var text string
	err := w.base.App.Get(context.Background(), &text, `SELECT (SELECT count(*) FROM movement) || ' movements, ' || (SELECT count(*) FROM visit_line) || ' lines, ' ||
  (SELECT count(*) FROM visit) || ' visits, ' || (SELECT count(*) FROM record) || ' records, ' || (SELECT count(*) FROM pack) || ' packs, ' ||
  (SELECT count(*) FROM pack WHERE state = 'in_store') || ' in store, ' || (SELECT count(*) FROM pack WHERE state = 'allocated') || ' allocated'`)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// desk is a place where codes are scanned.
type desk struct {
	name string
	by   *caller
	path string
	kind func(badInput) string
}

// testBadInput sends everything that is no pack to the table, to packing and to
// receiving, as a program and as a browser: each has its own sentence, the raw
// text is shown, and nothing changes.
func (w *world) testBadInput(t *testing.T) {
	codes := w.take(t, 5, 2)
	c := w.session(t, codes[:1], "doctor1")
	w.session(t, codes[1:], "doctor2")
	d := w.doctors[0]
	label := w.patient(t, "错码")
	visit := c.start(d, label)
	receipt, expected := w.listedReceipt(t)
	places := []desk{
		{"the table", d, c.visitPath(visit, "/scans"), func(x badInput) string { return x.table }},
		{"packing", w.pharm, c.path("/packing"), func(x badInput) string { return x.packing }},
		{"receiving", w.helper, receipt + "/scans", func(x badInput) string { return x.receives }},
	}
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			before := w.ledger(t)
			said := map[string]string{}
			for _, x := range badInputs(codes[0], codes[1], expected, label) {
				if place.kind(x) != "" {
					place.refuses(t, x, said)
				}
			}
			if after := w.ledger(t); after != before {
				t.Errorf("bad input changed something: %s, before %s", after, before)
			}
		})
	}
	if a := c.scan(d, visit, fullWidth(codes[0])); len(a.kinds()) != 1 || a.kinds()[0] != "ok" || a.Answers[0].Code != codes[0] {
		t.Errorf("a code in full-width digits is not read: %+v", a)
	}
	w.runTogether(t, d, c, visit)
	c.finish(d, visit)
}

// refuses checks one text at one place. said remembers the sentences by kind.
func (p desk) refuses(t *testing.T, x badInput, said map[string]string) {
	t.Helper()
	r := p.by.post(p.path, commandForm("codes", x.raw))
	if r.status != 200 {
		t.Errorf("%s: %d %s", x.what, r.status, r.body)
		return
	}
	var a scanReply
	r.json(t, &a)
	if len(a.Answers) != 1 || a.Answers[0].Kind != p.kind(x) {
		t.Errorf("%s is answered %q %+v, want %s", x.what, a.kinds(), a.Answers, p.kind(x))
		return
	}
	got := a.Answers[0]
	if got.Tone == "good" || got.Word == "好" || !strings.HasSuffix(got.Sentence, "。") {
		t.Errorf("%s: tone %s, sentence %q", x.what, got.Tone, got.Sentence)
	}
	for kind, sentence := range said {
		if kind != got.Kind && sentence == got.Sentence {
			t.Errorf("%s and %s have the same sentence %q", kind, got.Kind, sentence)
		}
	}
	said[got.Kind] = got.Sentence
	if legible := strings.ToValidUTF8(strings.TrimSpace(x.raw), ""); got.Kind != "empty" && !strings.ContainsAny(x.raw, "\x00\x01") && legible == strings.TrimSpace(x.raw) &&
		got.Raw != legible && fullWidth(got.Raw) != legible && !strings.HasPrefix(legible, strings.TrimSuffix(got.Raw, "…")) {
		t.Errorf("%s: the raw text %q is shown as %q", x.what, x.raw, got.Raw)
	}
	if got.Raw == "" && got.Kind != "empty" {
		t.Errorf("%s: the raw text is not shown", x.what)
	}
	p.inBrowser(t, x, got.Sentence)
}

// inBrowser sends it as the page does and reads the band.
func (p desk) inBrowser(t *testing.T, x badInput, sentence string) {
	t.Helper()
	r := p.by.htmx("POST", p.path, commandForm("codes", x.raw))
	if r.status != 200 || !strings.Contains(r.body, html.EscapeString(sentence)) {
		t.Errorf("%s in the browser: %d, without %q", x.what, r.status, sentence)
	}
	if strings.Contains(r.body, "<script>alert") {
		t.Errorf("%s: the raw text is not escaped", x.what)
	}
	if strings.HasPrefix(x.what, "a script") && !strings.Contains(r.body, "&lt;script&gt;") {
		t.Errorf("%s: the raw text is not shown", x.what)
	}
	if strings.ContainsAny(r.body, "\x00\x01") || !validText(r.body) {
		t.Errorf("%s: control characters reach the page", x.what)
	}
}

func validText(s string) bool { return strings.ToValidUTF8(s, "") == s }

// runTogether: a scanner without a line end sends two codes as one; they are
// taken apart where that is sure.
func (w *world) runTogether(t *testing.T, d *caller, c clinic, visit string) {
	t.Helper()
	codes := w.take(t, 5, 2)
	w.move(t, w.today, c, codes)
	a := c.scan(d, visit, codes[0]+codes[1])
	if fmt.Sprint(a.kinds()) != "[ok ok]" {
		t.Errorf("two codes run together: %+v", a.Answers)
	}
}

// listedReceipt is the page of a waiting receipt that lists its codes, and one
// of them that is never received.
func (w *world) listedReceipt(t *testing.T) (path, code string) {
	t.Helper()
	var list struct {
		Open []struct {
			ID               int64
			Number           string
			Received, Expect int
		}
	}
	w.pharm.get("/receipts").json(t, &list)
	for _, r := range list.Open {
		if codes := strings.Fields(w.papers[r.Number]); len(codes) == 60 {
			return fmt.Sprintf("/receipts/%d", r.ID), codes[59]
		}
	}
	t.Fatal("no receipt with listed codes waits")
	return "", ""
}

// testBadArrivals sends what is no patient to check-in and to the table.
func (w *world) testBadArrivals(t *testing.T) {
	codes := w.take(t, 5, 1)
	c := w.session(t, codes, "doctor1")
	label := w.patient(t, "登记")
	before := w.ledger(t)
	for _, x := range []struct{ what, raw, part string }{
		{"nothing", "", "没有读到内容"},
		{"blanks", " \t ", "没有读到内容"},
		{"too long", strings.Repeat("X1", 150), "不是患者标签"},
		{"a control character", "0000\x0112", "控制字符"},
		{"a NUL", "0000\x0012", "控制字符"},
		{"invalid UTF-8", "\xff\xfe12", "乱码"},
		{"a trace code", codes[0], "不是患者标签"},
		{"a trace code in full-width digits", fullWidth(codes[0]), "不是患者标签"},
		{"a commodity code", "6901234567892", "商品码"},
		{"a veterinary code", "123456789012345678901234", "兽药码"},
		{"a number nobody has", "999999", "没有编号为 999999 的患者"},
		{"half a label", label[:10], "没有读完整"},
		{"a label with a wrong character", label[:5] + "ZZZZ" + label[9:], "标签读错了"},
		{"two labels run together", label + label, "连在了一起"},
		{"a script", "<script>1</script>", "不是患者标签"},
	} {
		for _, start := range []string{"true", "false"} {
			by := w.doctors[0]
			if start == "false" {
				by = w.helper
			}
			form := func() url.Values {
				return commandForm("visit", uuid.NewString(), "patient", x.raw, "start", start)
			}
			r := by.post(c.path("/visits"), form())
			_, sentence := r.refusal()
			if r.status < 400 || r.status >= 500 || !strings.Contains(sentence, x.part) || !strings.HasSuffix(sentence, "。") {
				t.Errorf("%s (start %s): %d %s", x.what, start, r.status, r.body)
			}
			b := by.htmx("POST", c.path("/visits"), form())
			if b.status >= 500 || !strings.Contains(b.body, html.EscapeString(sentence)) || strings.Contains(b.body, "<script>1") {
				t.Errorf("%s (start %s) in the browser: %d %s", x.what, start, b.status, b.body)
			}
		}
	}
	if after := w.ledger(t); after != before {
		t.Errorf("bad input changed something: %s, before %s", after, before)
	}
	for _, good := range []string{strings.ToLower(label), fullWidth(label), " " + label + "\r\n"} {
		r := w.doctors[0].post(c.path("/visits"), commandForm("visit", uuid.NewString(), "patient", good, "start", "true"))
		if r.status != 200 {
			t.Errorf("the label %q is not read: %d %s", good, r.status, r.body)
		}
	}
}
