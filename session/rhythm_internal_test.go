package session

import (
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
)

func TestRhythm(t *testing.T) {
	open := func(lines int) *Visit { return &Visit{ID: uuid.UUID{1}, PatientID: 7, Lines: lines} }
	mark := againMark(*open(2), 8)
	for _, x := range []struct {
		name  string
		open  *Visit
		next  int64
		again string
		want  tableStep
	}{
		{"nobody is there", nil, 8, "", stepNothing},
		{"the same patient", open(2), 7, "", stepNothing},
		{"the same patient, after a question about another", open(2), 7, mark, stepNothing},
		{"no boxes", open(0), 8, "", stepPutBack},
		{"boxes", open(2), 8, "", stepAsk},
		{"the same label again", open(2), 8, mark, stepFinish},
		{"another label", open(2), 9, mark, stepAsk},
		{"a box came between", open(3), 8, mark, stepAsk},
		{"a box was undone", open(1), 8, mark, stepAsk},
		{"all were undone", open(0), 8, mark, stepPutBack},
		{"a mark from elsewhere", open(2), 8, "x", stepAsk},
	} {
		if got := rhythm(x.open, x.next, x.again); got != x.want {
			t.Errorf("%s: %d, want %d", x.name, got, x.want)
		}
	}
}

func TestTypedTail(t *testing.T) {
	for text, want := range map[string]string{
		"6312": "6312", " 00a312 ": "00A312", "００７７": "0077", "631": "", "6312001": "", "ABCD": "", "63 12": "", "63-12": "", "": "", "6312\n6313": "",
	} {
		got, ok := typedTail(Scan{Typed: true}, inventory.ParseScan(text))
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", text, got, ok)
		}
		if _, ok := typedTail(Scan{}, inventory.ParseScan(text)); ok {
			t.Errorf("%q was scanned and is taken for a tail", text)
		}
	}
}

// What may be asked for must agree with what the table's answers offer.
func TestMayAskAgreesWithTheAnswers(t *testing.T) {
	for _, k := range inventory.Kinds() {
		want := k.Kind == inventory.KindUnknown || k.Kind == inventory.KindNotPacked || k.Kind == inventory.KindNotReceived || k.Kind == inventory.KindOtherSession
		if got := (Chip{Code: "x", Kind: string(k.Kind)}).MayAsk(); got != want {
			t.Errorf("%s: %v", k.Kind, got)
		}
		if (Chip{Kind: string(k.Kind)}).MayAsk() || (Chip{Code: "x", Kind: string(k.Kind), Resolution: notGiven}).MayAsk() {
			t.Errorf("%s: asked without a code or after it was resolved", k.Kind)
		}
	}
}
