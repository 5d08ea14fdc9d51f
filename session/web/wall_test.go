package web_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/patient"
)

// stream reads an event stream until a text comes, or fails.
func (h *house) stream(path string) (until func(text string) string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	h.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+path, nil)
	h.must(err)
	res, err := http.DefaultClient.Do(req)
	h.must(err)
	h.t.Cleanup(func() { h.must(res.Body.Close()) })
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	return func(text string) string {
		h.t.Helper()
		all := ""
		for lines.Scan() {
			all += lines.Text() + "\n"
			if strings.Contains(lines.Text(), text) {
				return all
			}
		}
		h.t.Fatalf("%q never came: %v\n%s", text, lines.Err(), all)
		return ""
	}
}

// A wall hangs where everybody reads it: numbers live, and nothing else, though
// it was opened by the pharmacist.
func TestTheWallShowsNumbersOnly(t *testing.T) {
	h := newHouse(t)
	id := h.plan()
	codes := h.stock("B1", time.Now().AddDate(1, 0, 0), 3)
	_, err := h.sessions.Pack(t.Context(), h.chief, session.Packing{SessionID: id, CommandID: uuid.New(), Codes: strings.Join(codes, "\n")})
	h.must(err)
	h.must(h.sessions.OpenSession(t.Context(), h.chief, id))
	var tokens []string
	for i := range 3 {
		_, token, err := h.patients.Register(t.Context(), h.chief, patient.Entry{Name: fmt.Sprintf("墙甲%d", i), HomeSiteID: h.site})
		h.must(err)
		tokens = append(tokens, token.String())
	}
	room := fmt.Sprintf("/sessions/%d", id)
	until := h.stream(room + "/events?view=wall")
	seen := until(`id="wall"`)
	visit := uuid.New()
	for i, token := range tokens {
		in := session.Arrival{SessionID: id, Visit: uuid.New(), CommandID: uuid.New(), Patient: token, Start: i == 0}
		by := h.chief
		if in.Start {
			by, in.Visit = h.doctors[0], visit
		}
		_, err := h.sessions.CheckIn(t.Context(), by, in)
		h.must(err)
	}
	_, err = h.sessions.Dispense(t.Context(), h.doctors[0], session.Scan{SessionID: id, Visit: visit, CommandID: uuid.New(), Codes: codes[0]})
	h.must(err)
	seen += until(`候诊 <b>2</b> 位`)
	whole := h.page(room + "/wall")
	for _, x := range []string{seen, whole.body[strings.Index(whole.body, "<main"):]} {
		for _, secret := range []string{"墙**", "墙甲", "利培酮", "医生甲", "药师甲", codes[0][16:], "精神", "带出"} {
			if strings.Contains(x, secret) {
				t.Errorf("the wall shows %s", secret)
			}
		}
	}
	if !strings.Contains(whole.body, `<span>诊台 1</span><b>1</b>`) || !strings.Contains(whole.body, `<b>3</b>`) {
		t.Errorf("the wall: %s", whole.body)
	}
	if !strings.Contains(h.json(room+"/wall").body, `"serving":["1"]`) {
		t.Error("a program reads no numbers")
	}
	if r := h.page("/sessions/999999/wall"); r.status != 404 {
		t.Errorf("no session: %d", r.status)
	}
	board := h.stream(room + "/events")
	if all := board("桌上：演示利培酮片 1"); !strings.Contains(all, "诊间 1（医生甲 1）") || !strings.Contains(all, `id="roster"`) {
		t.Errorf("the room does not say who holds what: %s", all)
	}
	h.page(room)
	t.Logf("%d statements for the room", h.statements.Load())
	h.lookAs(h.doctors[0])
	h.page(room)
	t.Logf("%d statements for the table", h.statements.Load())
}
