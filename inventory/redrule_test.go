package inventory

import (
	"slices"
	"testing"
)

// Which packs a red document means, by every relation of what it cancels to what
// has come.
func TestCancelLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		f       cancelFacts
		r       cancelResult
		problem string
	}{
		"nothing has come":             {cancelFacts{Packs: 10, Left: 10, Room: 10}, cancelResult{Room: 10}, ""},
		"part, nothing has come":       {cancelFacts{Packs: 3, Left: 10, Room: 10}, cancelResult{Room: 3}, ""},
		"part, what has come stays":    {cancelFacts{Packs: 6, Left: 10, Room: 6}, cancelResult{Room: 6}, ""},
		"more than is awaited":         {cancelFacts{Packs: 8, Left: 10, Room: 6}, cancelResult{Room: 6, Back: 2}, ""},
		"all, all has come":            {cancelFacts{Packs: 10, Left: 10}, cancelResult{Back: 10}, ""},
		"all, all listed":              {cancelFacts{Packs: 10, Left: 10, Expected: 10}, cancelResult{WithdrawAll: true}, ""},
		"all, some listed, some here":  {cancelFacts{Packs: 10, Left: 10, Expected: 4}, cancelResult{WithdrawAll: true, Back: 6}, ""},
		"part of what is listed":       {cancelFacts{Packs: 3, Left: 10, Expected: 10}, cancelResult{}, cancelWhichOnes},
		"all that is listed":           {cancelFacts{Packs: 4, Left: 10, Expected: 4}, cancelResult{WithdrawAll: true}, ""},
		"room before the listed ones":  {cancelFacts{Packs: 2, Left: 10, Room: 2, Expected: 8}, cancelResult{Room: 2}, ""},
		"named ones are done already":  {cancelFacts{Packs: 3, Named: 3, Left: 10, Expected: 7}, cancelResult{}, ""},
		"some named, the rest by room": {cancelFacts{Packs: 5, Named: 2, Left: 10, Room: 4, Expected: 4}, cancelResult{Room: 3}, ""},
		"too many":                     {cancelFacts{Packs: 11, Left: 10, Room: 10}, cancelResult{}, cancelTooMany},
		"asked back before":            {cancelFacts{Packs: 3, Left: 2}, cancelResult{}, cancelTooMany},
	} {
		if r, problem := cancelLine(c.f); r != c.r || problem != c.problem {
			t.Errorf("%s: %+v %q, want %+v %q", name, r, problem, c.r, c.problem)
		}
	}
}

// To which line of a new revision a pack is counted that came in before it.
func TestRetie(t *testing.T) {
	t.Parallel()
	line := func(no int, drug int64, batch string, room int) roomyLine { return roomyLine{drug, batch, no, room} }
	pack := func(no int, drug int64, batch string) tiedPack { return tiedPack{drug, batch, no} }
	for name, c := range map[string]struct {
		packs []tiedPack
		lines []roomyLine
		to    []int
	}{
		"same batch":                     {[]tiedPack{pack(1, 1, "A")}, []roomyLine{line(1, 1, "B", 1), line(2, 1, "A", 1)}, []int{1}},
		"corrected batch":                {[]tiedPack{pack(2, 1, "A")}, []roomyLine{line(1, 1, "B", 1), line(2, 1, "C", 1)}, []int{1}},
		"any line of the drug":           {[]tiedPack{pack(9, 1, "A")}, []roomyLine{line(1, 2, "A", 1), line(2, 1, "C", 1)}, []int{1}},
		"another drug":                   {[]tiedPack{pack(1, 1, "A")}, []roomyLine{line(1, 2, "A", 5)}, []int{-1}},
		"no room":                        {[]tiedPack{pack(1, 1, "A"), pack(1, 1, "A")}, []roomyLine{line(1, 1, "A", 1)}, []int{0, -1}},
		"the right batch goes first":     {[]tiedPack{pack(1, 1, "X"), pack(1, 1, "A")}, []roomyLine{line(1, 1, "A", 1)}, []int{-1, 0}},
		"its own number before a chance": {[]tiedPack{pack(9, 1, "X"), pack(1, 1, "Y")}, []roomyLine{line(1, 1, "A", 1)}, []int{-1, 0}},
	} {
		if got := retie(c.packs, c.lines); !slices.Equal(got, c.to) {
			t.Errorf("%s: %v, want %v", name, got, c.to)
		}
	}
}
