package web

import (
	"fmt"

	"jingfang/session"
	"jingfang/session/identity"
)

// closingJSON is the closing for programs.
type closingJSON struct {
	State    string            `json:"state"`
	Equation session.Equation  `json:"equation"`
	Lines    []closingLineJSON `json:"lines"`
	Missing  []missingJSON     `json:"missing"`
	Ready    bool              `json:"ready"`
	Signed   []string          `json:"confirmed"`
}

type closingLineJSON struct {
	Drug  int64             `json:"drug_id"`
	Name  string            `json:"name"`
	Packs int               `json:"packs"`
	Loose int64             `json:"loose_units"`
	State session.LineState `json:"state"`
}

type missingJSON struct {
	Code string `json:"code"`
	Drug string `json:"drug"`
	Last string `json:"last"`
}

func newClosingJSON(f session.ClosingView) closingJSON {
	j := closingJSON{State: string(f.Session.State), Equation: f.Equation, Ready: f.Session.State == session.Closing && f.Settled()}
	for _, l := range f.Lines {
		j.Lines = append(j.Lines, closingLineJSON{l.DrugID, l.DrugName(), l.Packs, l.Loose, l.State()})
	}
	for _, m := range f.Missing {
		j.Missing = append(j.Missing, missingJSON{m.Code, m.DrugName(), m.LastHeld()})
	}
	for _, c := range f.Confirmed {
		j.Signed = append(j.Signed, c.Name)
	}
	return j
}

// closingLink leads from the room to the evening: one tap stops the dispensing for
// whoever may, afterwards it opens the page.
type closingLink struct {
	URL  string
	Word string
	Stop bool
	Main bool
}

// newClosingLink is nil where there is nothing to close. The use case asks again
// who may.
func newClosingLink(x session.Session, by identity.Actor) *closingLink {
	v := &closingLink{URL: fmt.Sprintf("/sessions/%d", x.ID)}
	leads := x.DutyStaffID != nil && *x.DutyStaffID == by.StaffID || by.Can(identity.CloseSession, x.SiteID) == nil
	switch {
	case x.State == session.Open && leads:
		v.Stop = true
	case x.State == session.Closing:
		v.Word, v.Main = "清点余药", true
	case x.State == session.Closed:
		v.Word = "收尾与补充"
	default:
		return nil
	}
	return v
}

// eveningPart says on every board how far the counting is; empty by day.
type eveningPart struct {
	Version string
	Text    string
}

func newEveningPart(e *session.Evening) eveningPart {
	if e == nil {
		return eveningPart{}
	}
	return eveningPart{Version: fmt.Sprint(e.Version), Text: fmt.Sprintf("已停止发药：填数 %d 种 · 扫码 %d 盒 · 确认 %d 人", e.Counted, e.Seen, e.Confirmed)}
}
