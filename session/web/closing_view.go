package web

import (
	"fmt"
	"strings"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/seal"
)

// closingPage is the page of the evening.
type closingPage struct {
	Head headView
	Body closingBody
	// Signatures is how far the CA's are, or "" without a CA.
	Signatures string
}

// closingBody is all of the page that a command changes.
type closingBody struct {
	URL      string
	State    string // open, closing, closed, other
	Sentence string // why there is nothing to do, for other
	CanLead  bool
	CanHelp  bool
	Equation closingEquation
	Notices  []string
	Waiting  string // who still waits, or ""
	Devices  closingDevices
	Due      string // by when what is carried home is counted
	Overdue  bool
	Lines    []closingLine
	Rest     closingRest
	News     closingNews
	Done     *closingDone
	Late     []lateRow
}

// closingEquation is the equation in large figures.
type closingEquation struct {
	Taken string
	Terms []footTerm
}

// closingLine is one drug; the fields are empty until somebody has counted.
type closingLine struct {
	URL, ID, Drug    string
	Name, Spec       string
	Left             string // 账上余 38 盒 + 12 片
	Loose            bool   // the drug is given by quantity, or has opened packs
	Packs, LooseText string // what was typed
	Unit, LooseUnit  string
	Word, Tone, Text string
	To               string
	CanCount         bool
	Swap             bool // the verdict travels beside another answer
}

// closingNews tells that a colleague changed something; the page is not drawn anew
// under the hands of who is typing.
type closingNews struct {
	URL     string
	Changed bool
}

// closingRest is what follows from the counts.
type closingRest struct {
	URL       string
	Version   string // of all that the page shows to this person
	Swap      bool   // travels beside another answer
	CanLead   bool
	CanHelp   bool
	Scan      bool // some line differs: its boxes are scanned
	Missing   []missingRow
	Told      []toldRow
	Visits    []choiceView
	Ready     bool
	Confirmed []string
	Mine      bool // this person has confirmed
	Drugs     []choiceView
	Targets   []choiceView
	Team      []choiceView
	Carrier   string
	Bags      closingBags
	Totes     string // how many totes left-overs lie in, "" for none
}

// closingBags is the bags that nobody has handed over or opened.
type closingBags struct {
	URL  string
	Rows []bagRow
}

func newClosingBags(url string, list []session.Bag) closingBags {
	v := closingBags{URL: url}
	for _, b := range list {
		v.Rows = append(v.Rows, bagRow{Number: b.Number, About: fmt.Sprintf("%d 盒", b.Packs)})
	}
	return v
}

type missingRow struct {
	Drug, Code, Head, Tail, Last string
	LostBy                       string
	MineLost                     bool
	Unit                         string // of how much was given; "" for a box that is given whole
	Most                         int64  // units left in it
}

// toldRow is a code that a doctor says was given and is not recorded.
type toldRow struct {
	Visit, Number, Doctor, Code, Head, Tail, Why string
	Unit                                         string // of the number to be told with it; "" for a whole box
	Must                                         bool   // it must be told
}

// closingDone is a closed session.
type closingDone struct {
	URL           string
	Sentence      string
	CanSupplement bool
	Visits        []choiceView
	Supplements   []supplementRow
}

type supplementRow struct{ N, Text, About string }

type lateRow struct{ URL, Number, Text, At string }

func newClosingBody(f session.ClosingView, by identity.Actor) closingBody {
	x := f.Session
	v := closingBody{URL: fmt.Sprintf("/sessions/%d", x.ID), State: string(x.State), CanLead: f.Leads(by), CanHelp: f.Helps(by),
		Equation: newClosingEquation(f.Equation)}
	switch x.State {
	case session.Open:
	case session.Closing:
		v.addCounting(f, by)
	case session.Closed:
		v.Done = newClosingDone(f, by)
	default:
		v.State, v.Sentence = "other", "本场次"+x.State.Word()+"，没有可以收尾的。"
	}
	return v
}

func newClosingEquation(e session.Equation) closingEquation {
	v := closingEquation{Taken: fmt.Sprint(e.Taken), Terms: []footTerm{{"发出", fmt.Sprint(e.Given)}}}
	if e.Left != 0 {
		v.Terms = append(v.Terms, footTerm{"余", fmt.Sprint(e.Left)})
	}
	for _, t := range []struct {
		word  string
		packs int
	}{{"带回", e.Home}, {"转下场", e.Rolled}, {"损坏", e.Damaged}, {"说明", e.Explained}} {
		if t.packs != 0 || t.word == "带回" && e.Left == 0 {
			v.Terms = append(v.Terms, footTerm{t.word, fmt.Sprint(t.packs)})
		}
	}
	return v
}

// addCounting fills in what is shown while a session is being closed.
func (v *closingBody) addCounting(f session.ClosingView, by identity.Actor) {
	v.addOpen(f.Open)
	v.Devices = closingDevices{URL: v.URL, CanLead: v.CanLead, Rows: newDeviceRows(f.Devices)}
	if due := f.Session.CarrierDue(); !due.IsZero() {
		v.Due, v.Overdue = due.Format("1月2日下班"), session.Today(f.At).After(due)
	}
	if f.Requests > 0 {
		v.Notices = append(v.Notices, fmt.Sprintf("还有 %d 个放行申请没有处理。", f.Requests))
	}
	to := map[int64]string{}
	for _, t := range f.Targets {
		to[t.ID] = targetWord(t)
	}
	for _, l := range f.Lines {
		row := newClosingLine(l, v.URL, v.CanHelp)
		if l.RollTo != nil {
			row.To = "转到 " + to[*l.RollTo]
		}
		v.Lines = append(v.Lines, row)
	}
	v.Rest = newClosingRest(f, by, v.URL)
	v.Rest.Bags = newClosingBags(v.URL, f.Bags)
	if f.Totes > 0 {
		v.Rest.Totes = fmt.Sprint(f.Totes)
	}
	v.News.URL = v.URL
	v.Rest.Version = seal.SM3(fmt.Appendf(nil, "%v", *v)).String()[:16]
}

func targetWord(t session.RollTarget) string {
	word := t.HeldOn.Format("1月2日") + " " + t.Site
	if t.Place != "" {
		word += " · " + t.Place
	}
	return word
}

func newClosingLine(l session.ClosingLine, url string, can bool) closingLine {
	v := closingLine{URL: url, ID: fmt.Sprintf("line-%d", l.DrugID), Drug: fmt.Sprint(l.DrugID), Name: l.Generic, Spec: l.Spec,
		Left: fmt.Sprintf("账上余 %d %s", l.Packs, l.PackWord), Loose: l.Loosely || l.Opened > 0, Unit: l.PackWord, LooseUnit: l.UnitWord, Text: strings.TrimPrefix(l.Sentence(), l.DrugName()+" "), CanCount: can}
	if l.Opened > 0 {
		v.Left += fmt.Sprintf(" + %d %s", l.Loose, l.UnitWord)
	}
	if l.CountedAt != nil {
		v.Packs, v.LooseText = fmt.Sprint(l.CountedPacks), fmt.Sprint(l.CountedLoose)
	}
	switch s := l.State(); {
	case s == session.LineUncounted:
		v.Word, v.Tone, v.Text = "未数", "soft", ""
	case s.Settled():
		v.Word, v.Tone, v.Text = "相符", "good", ""
	case s == session.LineScan:
		v.Word, v.Tone = "请扫码", "caution"
	case s == session.LineMissing:
		v.Word, v.Tone = "有缺码", "bad"
	default:
		v.Word, v.Tone = "请重数", "caution"
	}
	return v
}

func newClosingRest(f session.ClosingView, by identity.Actor, url string) closingRest {
	v := closingRest{URL: url, CanLead: f.Leads(by), CanHelp: f.Helps(by), Ready: f.Settled(), Carrier: f.Carrier}
	for _, m := range f.Missing {
		row := missingRow{Drug: m.DrugName(), Code: m.Code, Head: m.Code[:max(0, len(m.Code)-4)], Tail: tail(m.Code),
			Last: m.LastHeld(), LostBy: m.LostBy, MineLost: m.LostByID == by.StaffID}
		if m.InParts() {
			row.Unit, row.Most = m.UnitWord, m.Units
		}
		v.Missing = append(v.Missing, row)
	}
	for _, t := range f.Told {
		row := toldRow{Visit: t.Visit.String(), Number: fmt.Sprint(t.Number), Doctor: t.Doctor, Code: t.Code,
			Head: t.Code[:max(0, len(t.Code)-4)], Tail: tail(t.Code), Why: inventory.AnswerKind(t.Kind).Sentence(inventory.Details{}), Must: t.Loose}
		switch {
		case t.Loose:
			row.Unit = t.Unit
		case t.Unit == "": // no pack is known for the code yet
			row.Unit = "（拆零药填数量）"
		}
		v.Told = append(v.Told, row)
	}
	v.Visits = visitChoices(f, by)
	for _, c := range f.Confirmed {
		v.Confirmed = append(v.Confirmed, c.Name+" "+minute(c.At))
		v.Mine = v.Mine || c.StaffID == by.StaffID
	}
	for _, l := range f.Lines {
		v.Scan = v.Scan || l.CountedAt != nil && l.State() != session.LineEqual
		v.Drugs = append(v.Drugs, choiceView{Value: fmt.Sprint(l.DrugID), Word: l.DrugName()})
	}
	for _, t := range f.Targets {
		v.Targets = append(v.Targets, choiceView{Value: fmt.Sprint(t.ID), Word: targetWord(t)})
	}
	for _, m := range f.Team {
		v.Team = append(v.Team, choiceView{Value: fmt.Sprint(m.StaffID), Word: m.Name})
	}
	return v
}

// visitChoices names finished visits; names of patients only for who may see them.
func visitChoices(f session.ClosingView, by identity.Actor) []choiceView {
	may := scopeOf(audienceIn(by, f.Session))
	var list []choiceView
	for _, x := range f.Finished {
		word := fmt.Sprintf("%d 号 · %s", x.Number, x.Doctor)
		if x.FinishedAt != nil {
			word += " · " + minute(*x.FinishedAt)
		}
		if may.names {
			word += " · " + patient.MaskName(x.Patient)
		}
		list = append(list, choiceView{Value: x.ID.String(), Word: word})
	}
	return list
}

func newClosingDone(f session.ClosingView, by identity.Actor) *closingDone {
	v := &closingDone{URL: fmt.Sprintf("/sessions/%d", f.Session.ID), CanSupplement: by.Can(identity.CloseSession, f.Session.SiteID) == nil}
	if v.CanSupplement {
		v.Visits = visitChoices(f, by)
	}
	names := ""
	for i, c := range f.Confirmed {
		if i > 0 {
			names += "、"
		}
		names += c.Name
	}
	if f.Session.ClosedAt != nil {
		v.Sentence = fmt.Sprintf("%s %s 由 %s 确认结束。", f.Session.ClosedAt.In(session.Zone()).Format("1月2日"), minute(*f.Session.ClosedAt), names)
	}
	for _, s := range f.Supplement {
		v.Supplements = append(v.Supplements, supplementRow{N: fmt.Sprint(s.N), Text: s.Text,
			About: fmt.Sprintf("%d 号 · 更正%s · %s · %s", s.Number, s.Corrects, s.By, s.At.In(session.Zone()).Format("1月2日 15:04"))})
	}
	return v
}
