package integration_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"jingfang/integration"
	"jingfang/integration/simulator"
	"jingfang/integration/translog"
	"jingfang/integration/wire"
	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// answers lets HIS answer every question with this data in a good, signed envelope, or
// with this whole body, signed, where raw is set.
func (h *house) answers(data, raw string) {
	style := h.client.Dialect().Style()
	h.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := wire.ReadBody(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		req, err := style.DecodeRequest(body, r.Header.Get("Content-Type"))
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		out := []byte(strings.Replace(raw, "MID", req.Header.MessageID, 1))
		if raw == "" {
			if out, err = style.EncodeAnswer(wire.CodeOK, "成功", req.Header.MessageID, json.RawMessage(data)); err != nil {
				panic(http.ErrAbortHandler)
			}
		}
		h.key.SignAnswer(w.Header(), r.URL.EscapedPath(), r.Header.Get(wire.HeaderNonce), out, time.Now())
		w.Header().Set("Content-Type", style.ContentType())
		_, _ = w.Write(out) // the asker may have gone
	})
}

// logged gives the last exchange with its outcome, opened.
func (h *house) logged() (translog.Summary, translog.Opened) {
	h.t.Helper()
	x := h.exchanges()[0]
	o, err := translog.Show(h.t.Context(), h.db.App, x.Exchange, h.keys.LogOfficer())
	if err != nil {
		h.t.Fatal(err)
	}
	return x, o
}

// An answer that is not what was promised, whatever was asked: refused whole, with a
// sentence for the person, the reason in the transfer log, and for receipts above the
// work list; nothing of it is taken in.
func TestAnswersThatAreNotWhatWasPromised(t *testing.T) {
	const good = `{"source":"HIS","number":"YS-1","revision":1,"kind":"transfer","issued_at":"2026-03-02T08:30:00+08:00","lines":[{"line_no":1,"his_code":"DEMO001","packs":1}]}`
	deep := strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000)
	h := build(t)
	h.client = h.newClient(integration.Config{Tries: 1})
	h.poller = h.newPoller(integration.PollerConfig{})
	for name, c := range map[string]struct {
		data, raw string
		calls     string // those that must refuse it; "" is all
		words     string
		log       string // part of the reason in the log
	}{
		"wrong type":     {data: `{"documents":"none","next":"1","state":7,"patients":1,"code":[]}`, words: "内容与约定不符", log: "类型不对"},
		"missing fields": {data: `{}`, words: "内容与约定不符", log: "缺失"},
		"a list":         {data: `[1,2]`, words: "内容与约定不符", log: "类型不对"},
		"nothing":        {data: `null`, words: "内容与约定不符"},
		"stands still":   {data: `{"documents":[` + good + `],"next":""}`, calls: "receipts drugs stock", words: "内容与约定不符", log: "没有前进"},
		"deep data":      {raw: `{"code":"0","message":"","message_id":"MID","data":{"documents":` + deep + `,"next":"1"}}`, words: "与约定不符"},
		"negative stock": {data: `{"documents":[{"his_code":"DEMO001","packs":5},{"his_code":"DEMO002","packs":-5}],"next":"1"}`, calls: "stock", words: "内容与约定不符", log: "负数"},
		"stock as text":  {data: `{"documents":[{"his_code":"DEMO001","packs":"five"}],"next":"1"}`, calls: "stock", words: "内容与约定不符", log: "类型不对"},
		"another code":   {data: `{"code":"80000010000000009999","known":true,"his_code":"D"}`, calls: "code", words: "内容与约定不符", log: "不是所问的追溯码"},
		"nobody's state": {data: `{"state":"perhaps"}`, calls: "fact", words: "内容与约定不符", log: "taken、refused 或 missing"},
		"nameless":       {data: `{"patients":[{"number":"YS1"}]}`, calls: "patients", words: "内容与约定不符", log: "name"},
		"a birth":        {data: `{"patients":[{"number":"YS1","name":"演示","birth_on":"昨天"}]}`, calls: "patients", words: "内容与约定不符", log: "birth_on"},
		"10 MB":          {raw: `{"code":"0","data":{}}` + strings.Repeat(" ", wire.MaxBody), words: "超过 10 MB", log: "10 MB"},
		"GB18030":        {raw: "{\"code\":\"0\",\"message\":\"\xb3\xc9\xb9\xa6\"}", words: "格式与约定不符", log: "UTF-8"},
		"not signed as":  {raw: `{"code":"0","message_id":"another","data":{}}`, words: "格式与约定不符"},
		"entities":       {raw: `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`, words: "格式与约定不符"},
		"deep":           {raw: strings.Repeat(`{"a":`, 100_000), words: "格式与约定不符"},
	} {
		h.answers(c.data, c.raw)
		for call, do := range h.asks("80000010000000000001") {
			if c.calls != "" && !strings.Contains(c.calls, call) {
				continue
			}
			if call == "drugs" && name == "stands still" {
				continue // a dictionary of one bad entry is a dictionary without it
			}
			t.Run(name+"/"+call, func(t *testing.T) {
				h.t = t
				before := h.made()
				n, err := do()
				if db.KindOf(err) != db.Unavailable || !strings.Contains(db.Sentence(err), c.words) || n != 0 {
					t.Errorf("%d, %v, want %q", n, err, c.words)
				}
				x, o := h.logged()
				if h.made()-before != 1 || x.Result != translog.Failed || x.Open || o.Answer == nil || !strings.Contains(o.Answer.Detail, c.words) || !strings.Contains(o.Answer.Detail, c.log) {
					t.Errorf("the log says %+v %+v, want %q", x, o.Answer, c.log)
				}
				if call != "receipts" {
					return
				}
				if s := h.stream(); !strings.Contains(s.LastError, c.words) || s.Mark != "" || s.LastSuccessAt != nil {
					t.Errorf("above the work list: %+v", s)
				}
			})
		}
		h.t = t
		if documents, calls := h.store.count(); documents != 0 || calls != 0 || strings.Contains(fmt.Sprint(h.problems()), "root:") {
			t.Errorf("%s: %d documents came in, %d were tried", name, documents, calls)
		}
	}
	h.good()
}

// A document that is not what was promised, among good ones, in our own words and in
// those of another system: it stands in the work list and in the transfer log with its
// reason, whole and as it came; nothing of it is in the stock, and the others are.
func TestDocumentsThatAreNotWhatWasPromised(t *testing.T) {
	for style, path := range map[string]string{"json": "", "soap": "../deploy/platform.example.json"} {
		t.Run(style, func(t *testing.T) {
			h := build(t)
			h.speak(path)
			h.fillDictionary()
			for _, c := range badDocuments() {
				if style == "soap" && c.ownOnly {
					continue // that system writes no zone and no source, and its file translates
				}
				t.Run(c.name, func(t *testing.T) { h.badDocument(t, c) })
			}
			h.t = t
			h.good()
		})
	}
}

// fillDictionary takes HIS' drugs into the stock's dictionary, and lets documents in.
func (h *house) fillDictionary() {
	h.t.Helper()
	stock, by := inventory.New(h.db.App), identity.System("test")
	drugs, _, err := h.client.Drugs(h.t.Context(), by)
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := stock.TakeDrugs(h.t.Context(), by, dictionary(h.t, drugs)); err != nil {
		h.t.Fatal(err)
	}
	h.poller = h.newPoller(integration.PollerConfig{Ingest: realIngest(stock)})
}

// badDocument is a good one with a change, and what the reason must say.
type badDocument struct {
	name, old, new, want string
	ownOnly              bool // in our own words only
}

func badDocuments() []badDocument {
	return []badDocument{
		{"negative quantity", `"packs":3`, `"packs":-3`, "负数", false},
		{"no quantity", `"packs":3`, `"x":3`, "packs", false},
		{"no box at all", `"packs":3`, `"packs":0`, "packs", false},
		{"quantity as words", `"packs":3`, `"packs":"三"`, "packs", false},
		{"half a box", `"packs":3`, `"packs":1.5`, "packs", false},
		{"too many", `"packs":3`, `"packs":999999999`, "packs", false},
		{"moment without zone", `+08:00"`, `"`, "没有时区", true},
		{"no moment", `"issued_at"`, `"issued"`, "issued_at", false},
		{"a day that is none", `"expires_on":"`, `"expires_on":"2027-02-30","x":"`, "expires_on", false},
		{"unknown drug", `"DEMO002"`, `"UNKNOWN9"`, "UNKNOWN9", false},
		{"no drug", `"his_code":"DEMO002"`, `"his_code":""`, "his_code", false},
		{"no lines", `"lines":[`, `"lines":[],"old":[`, "lines", false},
		{"another source", `"source":"HIS"`, `"source":"ERP"`, "ERP", true},
		{"another kind", `"kind":"transfer"`, `"kind":"gift"`, "gift", true},
		{"a line twice", `"line_no":2`, `"line_no":1`, "line_no", false},
		{"a code that is none", `"packs":3`, `"codes":["短"],"packs":3`, "短", false},
		{"cancels nothing", `"kind":"transfer"`, `"kind":"red"`, "cancels", true},
	}
}

func (h *house) badDocument(t *testing.T, c badDocument) {
	h.t = t
	good, err := h.his.MakeReceipt(simulator.Order{Lines: 2, Packs: 3})
	if err != nil {
		t.Fatal(err)
	}
	bad := good
	bad.Number, bad.Lines = good.Number+"X", append([]wire.Line(nil), good.Lines...)
	for i := range bad.Lines {
		bad.Lines[i].Codes = nil
	}
	text := strings.Replace(string(encode(t, bad)), c.old, c.new, 1)
	if err := h.his.AddRaw([]byte(text)); err != nil || !strings.Contains(text, c.new) {
		t.Fatal(err, text)
	}
	h.receipts(1)
	receipts, packs := h.held()
	for range 2 { // the second time there is nothing new
		if _, err := h.round(); err != nil {
			t.Fatal(err)
		}
	}
	if r, p := h.held(); r != receipts+2 || p != packs+6 {
		t.Errorf("%d receipts and %d boxes more, want 2 and 6", r-receipts, p-packs)
	}
	var found []integration.Problem
	for _, p := range h.problems() {
		if p.Number == bad.Number {
			found = append(found, p)
		}
	}
	if len(found) != 1 || !strings.Contains(found[0].Reason, c.want) {
		t.Fatalf("work list %+v, want %q", found, c.want)
	}
	list, err := translog.List(t.Context(), h.db.App, translog.Filter{Result: translog.Refused, Limit: 1})
	if err != nil || len(list) != 1 || list[0].Service != integration.RefusedService {
		t.Fatalf("log %+v %v", list, err)
	}
	o, err := translog.Show(t.Context(), h.db.App, list[0].Exchange, h.keys.LogOfficer())
	if err != nil || o.Answer == nil || o.Answer.Detail != found[0].Reason || o.Intent.Key != bad.Number || string(o.Intent.Request) != string(found[0].Document) {
		t.Errorf("the log says %+v %+v %v", o.Intent, o.Answer, err)
	}
}

// held counts what is in the stock.
func (h *house) held() (receipts, packs int) {
	h.t.Helper()
	var n struct {
		Receipts int `db:"receipts"`
		Packs    int `db:"packs"`
	}
	if err := h.db.App.Get(h.t.Context(), &n, `SELECT (SELECT count(*) FROM receipt) AS receipts, (SELECT count(*) FROM pack) AS packs`); err != nil {
		h.t.Fatal(err)
	}
	return n.Receipts, n.Packs
}
