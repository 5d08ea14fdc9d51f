package session

import (
	"testing"
	"time"
)

// The state of a line is a table: what must be there, what was typed, what was
// scanned.
func TestStateOfALine(t *testing.T) {
	now := time.Now()
	line := func(packs, opened int, loose int64) ClosingLine {
		return ClosingLine{Generic: "演示药", PackWord: "盒", UnitWord: "片", Taken: 20, Capacity: 400, Packs: packs, Opened: opened, Loose: loose}
	}
	typed := func(l ClosingLine, packs int, loose int64) ClosingLine {
		l.CountedAt, l.CountedPacks, l.CountedLoose = &now, packs, loose
		return l
	}
	seen := func(l ClosingLine, packs, opened int, loose, room int64) ClosingLine {
		l.Seen, l.SeenOpened, l.SeenLoose, l.SeenRoom = packs, opened, loose, room
		return l
	}
	for _, tc := range []struct {
		name string
		line ClosingLine
		want LineState
	}{
		{"nothing is left and nobody counted", line(0, 0, 0), LineEqual},
		{"not counted is not zero", line(3, 0, 0), LineUncounted},
		{"the number is right", typed(line(3, 1, 7), 3, 7), LineEqual},
		{"one is missing, nothing scanned", typed(line(3, 0, 0), 2, 0), LineScan},
		{"one is missing, one scanned", seen(typed(line(3, 0, 0), 2, 0), 1, 0, 0, 0), LineScan},
		{"one is missing, the others scanned", seen(typed(line(3, 0, 0), 2, 0), 2, 0, 0, 0), LineMissing},
		{"none is there", typed(line(3, 0, 0), 0, 0), LineMissing},
		{"scanning finds what counting did not", seen(typed(line(3, 0, 0), 2, 0), 3, 0, 0, 0), LineScanned},
		{"one too many", typed(line(3, 0, 0), 4, 0), LineSurplus},
		{"one where none is left", typed(line(0, 0, 0), 1, 0), LineSurplus},
		{"fewer loose units, opened pack not scanned", typed(line(3, 1, 7), 3, 5), LineScan},
		{"fewer loose units, opened pack scanned", seen(typed(line(3, 1, 7), 3, 5), 0, 1, 7, 13), LineScanned},
		{"more loose units than the pack holds", seen(typed(line(3, 1, 7), 3, 30), 0, 1, 7, 13), LineLoose},
		{"an opened pack that is gone", typed(line(3, 1, 7), 3, 0), LineMissing},
		{"loose units that nobody opened", typed(line(3, 0, 0), 3, 5), LineLoose},
		{"packs right, loose off: whole packs are not asked for", seen(typed(line(3, 2, 9), 3, 8), 0, 1, 4, 16), LineMissing},
	} {
		if got := tc.line.State(); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
		if tc.line.Sentence() == "" {
			t.Errorf("%s: no sentence", tc.name)
		}
	}
}
