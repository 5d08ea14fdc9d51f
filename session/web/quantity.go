package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

// quantityView asks how much of a box is given; it stands in the page as long as
// nobody has said so, and holds up nothing else.
type quantityView struct {
	ID, URL, Code, Tail string
	Drug, Spec          string
	Unit                string
	Title, About        string
	Value               string // filled in, "" when nothing is known
	Most                string
	Whole               string // of the button for all that the box holds
	Typed               bool
	Chip                string // to say that nothing was given, or ""
}

func newQuantityView(visit string, q session.Question) quantityView {
	v := quantityView{ID: "ask-" + tail(q.Code), URL: visit, Code: q.Code, Tail: tail(q.Code), Drug: q.Generic, Spec: q.Spec, Unit: q.UnitWord,
		Title: "发多少？", About: fmt.Sprintf("这盒剩 %d %s", q.Left, q.UnitWord), Typed: q.Typed,
		Most: fmt.Sprint(q.Left + q.Mine), Whole: fmt.Sprintf("整%s %d %s", q.PackWord, q.Left, q.UnitWord)}
	if q.Left < q.Content && q.Mine == 0 {
		v.Whole = fmt.Sprintf("余下全部 %d %s", q.Left, q.UnitWord)
	}
	if q.Mine > 0 {
		v.Title, v.Whole = "改成多少？", fmt.Sprintf("连余下的共 %d %s", q.Left+q.Mine, q.UnitWord)
		v.About = fmt.Sprintf("已记 %d %s，盒里还剩 %d %s", q.Mine, q.UnitWord, q.Left, q.UnitWord)
	}
	if q.Left == 0 {
		v.Whole = ""
	}
	if q.Suggest > 0 {
		v.Value = fmt.Sprint(q.Suggest)
	}
	if q.Chip > 0 {
		v.Chip = fmt.Sprint(q.Chip)
	}
	return v
}

// addQuestions takes the codes that wait for a number out of what is not
// recorded, and asks.
func (v *visitView) addQuestions(list []session.Question) {
	asked := map[string]bool{}
	for _, q := range list {
		asked[q.Code] = true
		v.Asks = append(v.Asks, newQuantityView(v.URL, q))
	}
	var rest []chipView
	for _, c := range v.Refused {
		if !asked[c.Code] {
			rest = append(rest, c)
		}
	}
	v.Refused = rest
}

// asks tells whether a box waits for its number.
func (v *visitView) asks(code string) bool {
	return slices.ContainsFunc(v.Asks, func(q quantityView) bool { return q.Code == code })
}

// againCode is the box whose number may be changed: one that the visit has some
// of and that was scanned again.
func againCode(a session.ScanAnswer) string {
	if len(a.Answers) != 1 {
		return ""
	}
	x := a.Answers[0]
	if x.Unit != "" && x.Quantity > 0 && (x.Kind == inventory.KindRepeat || x.Kind == inventory.KindAbsorbed || x.Kind == inventory.KindNotEnough) {
		return x.Code
	}
	return ""
}

// formQuantity reads how much of a box is given. The button for the whole box
// sends the field beside it too, which then does not count.
func formQuantity(r *http.Request) (units int64, whole bool, err error) {
	if text := r.PostFormValue("whole"); text != "" {
		return 0, text == "true", nil
	}
	text := strings.TrimSpace(r.PostFormValue("quantity"))
	if text == "" {
		return 0, false, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n <= 0 {
		return 0, false, db.Refuse(db.Invalid, "%s", inventory.KindBadQuantity.Sentence(inventory.Details{}))
	}
	return n, false, nil
}
