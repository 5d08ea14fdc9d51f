package inventory

import (
	"strings"
	"testing"
)

// Who only looks gets an answer for every pack there can be, and it never asks for
// a move.
func TestLookAnswersEverythingAndMovesNothing(t *testing.T) {
	t.Parallel()
	stops := map[State]bool{StateQuarantined: true, StateDamaged: true, StateLost: true}
	met := 0
	for _, s := range States() {
		for _, r := range relations {
			f, possible := factsFor(s, r)
			if !possible {
				continue
			}
			for _, unfit := range []string{"", "召回", "过期", "退回"} {
				g := *f
				switch unfit {
				case "召回":
					g.Pack.Recalled = true
				case "过期":
					g.Pack.Expiry = day(2026, 11, 22)
				case "退回":
					g.Pack.Returned = true
				}
				met++
				want := KindLooked
				if unfit != "" || stops[s] {
					want = KindLookedStop
				}
				a := ScanAnswer(&g, at(PointLook))
				if a.Kind != want || a.Move != "" || a.MayAsk || !strings.Contains(a.Sentence, unfit) || !strings.Contains(a.Sentence, "没有改动") ||
					!strings.Contains(a.Sentence, s.Chinese()) || strings.ContainsAny(a.Sentence, "{}") {
					t.Errorf("%s, %s, %s: %+v, want %s", s, r, unfit, a, want)
				}
			}
		}
	}
	pairs := 0
	for k := range expected {
		if k.point == PointTable {
			pairs++
		}
	}
	if met != 4*pairs {
		t.Errorf("%d cases met", met)
	}
	f, _ := factsFor(StateDispensed, otherVisit)
	if a := ScanAnswer(f, at(PointLook)); !strings.Contains(a.Sentence, "金平社区 12 号，陈医生") {
		t.Errorf("whom: %s", a.Sentence)
	}
	unknown := at(PointLook)
	if a := ScanAnswer(nil, unknown); a.Kind != KindLookedNone || a.MayAsk || a.Move != "" {
		t.Errorf("unknown: %+v", a)
	}
	unknown.PrefixKnown = false
	if a := ScanAnswer(nil, unknown); a.Kind != KindUnknownPrefix || a.MayAsk || a.Move != "" {
		t.Errorf("unknown prefix: %+v", a)
	}
}
