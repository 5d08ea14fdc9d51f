package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"jingfang/sql/db"
)

// packed is the answer of packing, of a bag, of what is left.
type packed struct {
	scanReply
	Moved int
	Label string
}

// of is what is said of one code; false for nothing.
func (a scanReply) of(code string) (sentence string, said bool) {
	for _, x := range a.Answers {
		if x.Code == code {
			return x.Sentence, true
		}
	}
	return "", false
}

// names checks that one box is named by its own end, with what to do.
func (a packed) names(t *testing.T, code string, words ...string) {
	t.Helper()
	said, ok := a.of(code)
	if !ok || !strings.Contains(said, "…"+code[len(code)-4:]) {
		t.Errorf("%s is not named: %+v", code, a.Answers)
	}
	for _, word := range words {
		if !strings.Contains(said, word) {
			t.Errorf("of %s it says %q, which lacks %q", code, said, word)
		}
	}
}

// boxes reads where packs are: the state, and whether a visit has them.
func (w *world) boxes(t *testing.T, codes ...string) string {
	t.Helper()
	var words []string
	for _, code := range codes {
		var word string
		err := w.base.App.Get(t.Context(), &word, `SELECT k.state || CASE WHEN k.visit_id IS NULL THEN '' ELSE ' given' END FROM pack k WHERE k.code = $1::text`, code)
		if err != nil {
			t.Fatal(err)
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// expire lets a box's last day pass.
func (w *world) expire(t *testing.T, code string) {
	t.Helper()
	err := w.base.App.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.ExecOne(ctx, `UPDATE pack SET expires_on = $2::date WHERE code = $1`, code, time.Now().AddDate(0, 0, -2).Format(time.DateOnly))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// recallBoxes recalls codes until the test ends.
func (w *world) recallBoxes(t *testing.T, codes ...string) {
	t.Helper()
	var made struct{ ID int64 }
	w.pharm.post("/recalls", recallForm(fmt.Sprintf("演示箱 %d", w.next.Add(1)), codes...)).json(t, &made)
	t.Cleanup(func() { w.liftRecall(t, fmt.Sprint(made.ID)) })
}

// A box that may not be handed out lies in a bag or a tote: the label moves all the
// others, names that one by its own code with what to do, and leaves nothing half
// done.
func (w *world) testContainersUnderRecall(t *testing.T) {
	codes := w.take(t, 3, 12)
	c := w.session(t, codes[:4], "doctor1")
	t.Run("a bag", func(t *testing.T) { w.bagWithRecalled(t, c, codes[:4]) })
	t.Run("a tote on its way out", func(t *testing.T) { w.toteOut(t, c, codes[4:8]) })
	t.Run("a tote that comes home", func(t *testing.T) { w.toteHome(t, c, codes[8:]) })
}

func (w *world) bagWithRecalled(t *testing.T, c clinic, codes []string) {
	token := w.patient(t, "药袋")
	w.pharm.post(c.path("/roster"), commandForm("patient", token)).json(t, new(any))
	var made packed
	w.pharm.post(c.path("/bags"), commandForm("patient", fmt.Sprint(w.patientID(t, token)), "codes", strings.Join(codes, "\n"))).json(t, &made)
	if made.Moved != 4 {
		t.Fatalf("the bag: %+v", made)
	}
	w.recallBoxes(t, codes[0])
	w.expire(t, codes[1])
	d := w.doctors[0]
	visit := c.start(d, token)
	var a packed
	d.post(c.visitPath(visit, "/scans"), commandForm("codes", made.Label)).json(t, &a)
	a.names(t, codes[0], "正在召回", "隔离区")
	a.names(t, codes[1], "已过期", "隔离区")
	if a.Packs != 2 || !slices.Contains(a.kinds(), "bag_given") {
		t.Errorf("the label: %+v", a)
	}
	if got := w.boxes(t, codes...); got != "allocated, allocated, dispensed given, dispensed given" {
		t.Errorf("the boxes are %s", got)
	}
	again := c.scan(d, visit, made.Label)
	if again.Packs != 2 || !slices.Equal(again.kinds(), []string{"repeat"}) {
		t.Errorf("the label again: %+v", again)
	}
	for _, code := range codes[:2] { // nobody gets round it box by box
		if one := c.scan(d, visit, code); one.Packs != 2 || one.Answers[0].Tone != "bad" {
			t.Errorf("%s by itself: %+v", code, one)
		}
		d.post(c.visitPath(visit, "/chips"), commandForm("code", code))
	}
	c.finish(d, visit)
	w.pharm.post(c.path("/packing"), commandForm("codes", strings.Join(codes[:2], "\n"), "home", "1")).json(t, &a)
	if a.Moved != 2 || !strings.Contains(a.Answers[0].Sentence, "正在召回") || !strings.Contains(a.Answers[1].Sentence, "已过期") {
		t.Errorf("they go back: %+v", a)
	}
	if got := w.boxes(t, codes[:2]...); got != "quarantined, in_store" {
		t.Errorf("back in the pharmacy they are %s", got)
	}
}

// patientID is the number that programs name a patient by.
func (w *world) patientID(t *testing.T, token string) int64 {
	t.Helper()
	var id int64
	if err := w.base.App.Get(t.Context(), &id, `SELECT patient_id FROM patient_label WHERE token = $1`, token); err != nil {
		t.Fatal(err)
	}
	return id
}

// sealedTote takes packs out of today's tray into a tote of their own.
func (w *world) sealedTote(t *testing.T, codes []string) (id int64, label string) {
	t.Helper()
	var a packed
	w.pharm.post(w.today.path("/packing"), commandForm("codes", strings.Join(codes, "\n"), "home", "1")).json(t, &a)
	var made struct {
		ID    int64
		Label string
	}
	w.pharm.post("/totes", commandForm("name", fmt.Sprintf("召回 %d", w.next.Add(1)))).json(t, &made)
	path := fmt.Sprintf("/totes/%d", made.ID)
	w.pharm.post(path+"/scans", commandForm("codes", strings.Join(codes, "\n"))).json(t, &a)
	if a.Moved != len(codes) {
		t.Fatalf("%d of %d boxes are in the tote: %+v", a.Moved, len(codes), a.Answers)
	}
	w.pharm.post(path+"/seal", commandForm()).json(t, new(any))
	return made.ID, made.Label
}

func (w *world) toteOut(t *testing.T, c clinic, codes []string) {
	id, label := w.sealedTote(t, codes)
	w.recallBoxes(t, codes[0])
	w.expire(t, codes[1])
	if got := w.boxes(t, codes...); got != "quarantined, in_store, in_store, in_store" {
		t.Fatalf("recalled in the store: %s", got)
	}
	var trace struct {
		Packs    int
		SetApart []string `json:"set_apart"`
		Unfit    struct{ Expired int }
	}
	w.pharm.get("/trace/"+label).json(t, &trace)
	if trace.Packs != 3 || !slices.Equal(trace.SetApart, codes[:1]) || trace.Unfit.Expired != 1 {
		t.Errorf("the trace says %+v", trace)
	}
	var a packed
	w.pharm.post(c.path("/packing"), commandForm("codes", label)).json(t, &a)
	a.names(t, codes[0], "召回", "隔离区")
	a.names(t, codes[1], "已过期", "隔离区")
	if a.Moved != 2 || !slices.Contains(a.kinds(), "tote_changed") {
		t.Errorf("the label: %+v", a)
	}
	if got := w.boxes(t, codes...); got != "quarantined, in_store, allocated, allocated" {
		t.Errorf("the boxes are %s", got)
	}
	var tote struct {
		InStore int `json:"in_store"`
		Away    int
	}
	w.pharm.get(fmt.Sprintf("/totes/%d", id)).json(t, &tote)
	if tote.Away != 2 || tote.InStore != 1 {
		t.Errorf("the tote holds %+v", tote)
	}
}

func (w *world) toteHome(t *testing.T, c clinic, codes []string) {
	_, label := w.sealedTote(t, codes)
	var a packed
	w.pharm.post(c.path("/packing"), commandForm("codes", label)).json(t, &a)
	if a.Moved != 4 {
		t.Fatalf("packed: %+v", a)
	}
	w.recallBoxes(t, codes[0])
	w.expire(t, codes[1])
	var look scanReply
	w.pharm.get("/trace/look?codes="+url.QueryEscape(label)).json(t, &look)
	if !strings.Contains(look.Answers[0].Sentence, "里面有 2 盒不能发（正在召回、已过期）") {
		t.Errorf("a look: %+v", look)
	}
	w.pharm.post(c.path("/packing"), commandForm("codes", label, "home", "1")).json(t, &a)
	a.names(t, codes[0], "正在召回", "隔离区")
	a.names(t, codes[1], "已过期", "隔离区")
	if a.Moved != 4 || !slices.Contains(a.kinds(), "tote_done") {
		t.Errorf("the label: %+v", a)
	}
	if got := w.boxes(t, codes...); got != "quarantined, in_store, in_store, in_store" {
		t.Errorf("the boxes are %s", got)
	}
	var trace struct {
		Packs    int
		SetApart []string `json:"set_apart"`
	}
	w.pharm.get("/trace/"+label).json(t, &trace)
	if trace.Packs != 3 || !slices.Equal(trace.SetApart, codes[:1]) {
		t.Errorf("the trace says %+v", trace)
	}
}
