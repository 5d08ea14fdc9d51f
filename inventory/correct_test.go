package inventory

import (
	"errors"
	"testing"
)

func TestCorrectionMoves(t *testing.T) {
	t.Parallel()
	full := PackFacts{Content: 20, Remainder: 0, Given: 20, Session: 7, State: StateDispensed}
	opened := PackFacts{Content: 20, Remainder: 8, Given: 12, Session: 7, State: StateAllocated}
	shelf := PackFacts{Content: 20, Remainder: 8, Given: 12, State: StateInStore}
	elsewhere := opened
	elsewhere.Session = 9
	gone := full
	gone.Session = 9
	cases := []struct {
		name      string
		p         PackFacts
		c         Correction
		state     State
		remainder int64
		refused   AnswerKind
	}{
		{"open: all back to the tray", full, Correction{More: -20}, StateAllocated, 20, ""},
		{"open: a part back to the tray", opened, Correction{More: -2}, StateAllocated, 10, ""},
		{"open: more of it", opened, Correction{More: 3}, StateAllocated, 5, ""},
		{"open: the rest of it", opened, Correction{More: 8}, StateDispensed, 0, ""},
		{"open: more than there is", opened, Correction{More: 9}, "", 0, KindNotEnough},
		{"open: more of an empty box", full, Correction{More: 1}, "", 0, KindNotEnough},
		{"open: less than was given", opened, Correction{More: -13}, "", 0, KindNothingToUndo},
		{"open: the rest was put back before", shelf, Correction{More: -2}, StateInStore, 10, ""},
		{"closed: a whole box home", full, Correction{More: -20, Closed: true}, StateInStore, 20, ""},
		{"closed: a whole box set apart", full, Correction{More: -20, Closed: true, Apart: true}, StateQuarantined, 20, ""},
		{"closed: the rest is home", shelf, Correction{More: -12, Closed: true}, StateInStore, 20, ""},
		{"closed: the rest is home and suspect", shelf, Correction{More: -12, Closed: true, Apart: true}, StateQuarantined, 20, ""},
		{"closed: more of what is home", shelf, Correction{More: 5, Closed: true}, StateInStore, 3, ""},
		{"closed: more, and the box is empty now", shelf, Correction{More: 8, Closed: true}, StateDispensed, 0, ""},
		{"closed: more of it never sets it apart", shelf, Correction{More: 5, Closed: true, Apart: true}, StateInStore, 3, ""},
		{"closed: the rest is with another session", elsewhere, Correction{More: -2, Closed: true}, "", 0, KindOtherSession},
		{"closed: another session gave the rest", gone, Correction{More: -2, Closed: true}, "", 0, KindWrongState},
		{"nothing", opened, Correction{}, "", 0, KindBadQuantity},
	}
	for _, s := range States() {
		if s == StateInStore || s == StateAllocated || s == StateDispensed {
			continue
		}
		p := packIn(s)
		cases = append(cases, struct {
			name      string
			p         PackFacts
			c         Correction
			state     State
			remainder int64
			refused   AnswerKind
		}{"a box that is " + string(s), p, Correction{More: -1, Closed: true}, "", 0, refusalOf(s)})
	}
	for _, x := range cases {
		x.c.Session, x.c.At = 7, noon
		p := x.p
		moves, err := CorrectionMoves(p, x.c)
		for _, m := range moves {
			if err == nil {
				p, _, err = Apply(p, m)
			}
		}
		var wrong *MoveError
		switch {
		case x.refused != "":
			if !errors.As(err, &wrong) || wrong.Kind != x.refused {
				t.Errorf("%s: %+v, %v; want %s", x.name, p, err, x.refused)
			}
		case err != nil || p.State != x.state || p.Remainder != x.remainder || p.Remainder+p.Given != x.p.Remainder+x.p.Given:
			t.Errorf("%s: %+v, %v", x.name, p, err)
		}
	}
}
