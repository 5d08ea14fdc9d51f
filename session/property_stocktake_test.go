package session_test

import (
	"fmt"
	"slices"

	"jingfang/inventory"
	"jingfang/session/identity"
)

// modelTake is a count of two drugs of the pharmacy, the ones that are given whole.
type modelTake struct {
	id         int64
	handedIn   bool
	submission int
	start      map[string]int64    // what lay there: code → its last movement then
	seen       map[string]seenMark // what was scanned and stands
	numbers    map[int64]modelNumber
	people     []int64 // who counted or explained
	by         int64   // who handed it in last
	unnamed    map[int64]bool
	found      []modelDifference
	explained  bool
}

type seenMark struct {
	last int64
	here bool
}

type modelNumber struct{ packs, booked int64 }

type modelDifference struct {
	kind, code string
	drug       int64
	last       int64
	back       bool // it is to come back to the shelf
}

// countedDrugs are the drugs that are counted.
func (w *world) countedDrugs() []int64 { return w.drugs[:2] }

// takeStep is what somebody does about the count.
func (w *world) takeStep(*modelSession) act {
	x := w.taking
	switch {
	case x == nil || w.usually(4):
		return w.startTake()
	case x.handedIn && w.usually(12):
		return w.recountTake()
	case x.handedIn && !x.explained && len(x.found) > 0 && w.usually(80):
		return w.explainTake()
	case x.handedIn && w.usually(15):
		return w.backTake()
	case x.handedIn:
		return w.approveTake()
	case w.usually(5):
		return w.giveUpTake()
	case w.usually(20):
		return w.submitTake()
	case w.usually(25):
		return w.numberTake()
	}
	return w.countTake()
}

func (w *world) startTake() act {
	by, in := w.someone(4, 6), inventory.StartingCount{CommandID: w.id(), Drugs: w.countedDrugs()}
	var id int64
	return act{name: "start a count", may: w.can(by, identity.CountStock) && w.taking == nil, do: func() (any, error) { return w.stores.StartStocktake(w.ctx, by, in) },
		check: func(x any) string { id = x.(inventory.StartedCount).ID; return "" },
		then: func() {
			x := &modelTake{id: id, start: map[string]int64{}, seen: map[string]seenMark{}, numbers: map[int64]modelNumber{}, unnamed: map[int64]bool{}}
			last := w.lastMoves()
			for c, p := range w.packs {
				if p.State == inventory.StateInStore && slices.Contains(w.countedDrugs(), p.Drug) {
					x.start[c] = last[c]
				}
			}
			w.taking = x
		}}
}

// lastMoves reads the last movement of every box: what moves is foretold elsewhere,
// here it only matters whether something did.
func (w *world) lastMoves() map[string]int64 {
	w.t.Helper()
	var rows []struct {
		Code string `db:"code"`
		Last int64  `db:"last_id"`
	}
	w.must(w.db.App.Select(w.ctx, &rows, `SELECT k.code, max(m.id) AS last_id FROM pack k JOIN movement m ON m.pack_id = k.id GROUP BY k.code`))
	last := make(map[string]int64, len(rows))
	for _, r := range rows {
		last[r.Code] = r.Last
	}
	return last
}

func (w *world) countTake() act {
	x, by := w.taking, w.someone(4, 6)
	in := inventory.CountScan{StocktakeID: x.id, CommandID: w.id()}
	var codes []string
	for range 1 + w.r.IntN(12) {
		codes = append(codes, w.code(func(c string, p modelPack) bool {
			_, stands := x.seen[c]
			return p.State == inventory.StateInStore && !stands && slices.Contains(w.countedDrugs(), p.Drug)
		}))
	}
	in.Codes = join(codes)
	var fresh []string
	for _, c := range w.distinct(codes) {
		if _, stands := x.seen[c]; !stands && slices.Contains(w.countedDrugs(), w.packs[c].Drug) {
			fresh = append(fresh, c)
		}
	}
	return act{name: "count boxes", may: w.can(by, identity.CountStock) && !x.handedIn, do: func() (any, error) { return w.stores.CountCodes(w.ctx, by, in) },
		check: func(a any) string {
			if got := a.(inventory.CountAnswer); got.Taken != len(fresh) {
				return fmt.Sprintf("took %d, want %v; %+v", got.Taken, fresh, got)
			}
			return ""
		},
		then: func() {
			last := w.lastMoves()
			for _, c := range fresh {
				x.seen[c] = seenMark{last[c], w.packs[c].State == inventory.StateInStore}
				x.people = append(x.people, by.StaffID)
			}
		}}
}

// scannedOf counts the boxes of a drug that stand and were in the store when they
// were scanned.
func (w *world) scannedOf(drug int64) (n int64) {
	for c, s := range w.taking.seen {
		if s.here && w.packs[c].Drug == drug {
			n++
		}
	}
	return n
}

// shelf counts the boxes of a drug that the books have in the store.
func (w *world) shelf(drug int64) (n int64) {
	for _, p := range w.packs {
		if p.State == inventory.StateInStore && p.Drug == drug {
			n++
		}
	}
	return n
}

func (w *world) numberTake() act {
	x, by, drug := w.taking, w.someone(4, 6), one(w.r, w.countedDrugs())
	n := modelNumber{packs: w.shelf(drug), booked: w.shelf(drug)}
	if w.usually(40) {
		n.packs = max(0, n.packs+w.r.Int64N(5)-2)
	}
	if w.usually(30) {
		n.packs = w.scannedOf(drug) // that is all
	}
	in := inventory.CountingNumber{StocktakeID: x.id, CommandID: w.id(), DrugID: drug, Packs: n.packs}
	may := w.can(by, identity.CountStock) && !x.handedIn && (!x.unnamed[drug] || n.packs <= w.scannedOf(drug))
	return act{name: "count by number", may: may, do: func() (any, error) { return w.stores.CountByNumber(w.ctx, by, in) },
		then: func() { x.numbers[drug] = n; x.people = append(x.people, by.StaffID) }}
}

// judgeTake is the rule of a count in the model's own words: a box that nobody saw is
// missing unless somebody has handled it since, and only where the drug was counted
// box by box; a box that was seen where the books do not have it is extra unless it
// moved since.
func (w *world) judgeTake() (found []modelDifference, anything bool) {
	x, last := w.taking, w.lastMoves()
	var kept []modelDifference // of before: leaving the drug out does not settle it
	for _, drug := range w.countedDrugs() {
		number, typed := x.numbers[drug]
		byNumber := typed && number.packs > w.scannedOf(drug)
		byScan := !byNumber && (typed || w.scannedOf(drug) > 0)
		anything = anything || byNumber || byScan
		for _, c := range w.codes {
			p := w.packs[c]
			if p.Drug != drug {
				continue
			}
			begun, was := x.start[c]
			s, stands := x.seen[c]
			here := p.State == inventory.StateInStore
			switch {
			case stands && !s.here && !here && last[c] == s.last:
				back := (p.State == inventory.StateLost || p.State == inventory.StateAllocated) && !p.Returned
				found = append(found, modelDifference{"extra", c, drug, last[c], back})
			case !stands && was && here && last[c] == begun && byScan:
				found = append(found, modelDifference{kind: "missing", code: c, drug: drug, last: last[c]})
			}
		}
		anything = anything || len(found) > 0
		if byNumber && number.packs != number.booked {
			found = append(found, modelDifference{kind: "number", drug: drug})
		}
		if !byNumber && !byScan && x.unnamed[drug] {
			kept = append(kept, modelDifference{kind: "number", drug: drug})
		}
	}
	return append(found, kept...), anything
}

func (w *world) submitTake() act {
	x, by := w.taking, w.someone(4, 6)
	found, anything := w.judgeTake()
	in := inventory.CountStep{StocktakeID: x.id, CommandID: w.id()}
	return act{name: "hand a count in", may: w.can(by, identity.CountStock) && !x.handedIn && anything, do: func() (any, error) { return w.stores.SubmitStocktake(w.ctx, by, in) },
		check: func(any) string {
			count, err := inventory.FindStocktake(w.ctx, w.db.App, x.id)
			w.must(err)
			r, err := inventory.ReadCountResult(w.ctx, w.db.App, count, 0)
			w.must(err)
			var have, want []string
			for _, d := range r.Differences {
				have = append(have, fmt.Sprint(d.Kind, " ", d.Code, " ", *d.DrugID))
			}
			for _, d := range found {
				want = append(want, fmt.Sprint(d.kind, " ", d.code, " ", d.drug))
			}
			slices.Sort(have)
			slices.Sort(want)
			if !slices.Equal(have, want) {
				return fmt.Sprintf("found %v, want %v", have, want)
			}
			return ""
		},
		then: func() {
			x.handedIn, x.explained, x.found, x.submission = true, false, found, x.submission+1
			x.by = by.StaffID
			for _, d := range found {
				if d.kind == "number" {
					x.unnamed[d.drug] = true
				}
			}
		}}
}

func (w *world) explainTake() act {
	x, by := w.taking, w.someone(4, 6)
	in := inventory.Explaining{StocktakeID: x.id, CommandID: w.id(), Reason: inventory.ReasonNotKnown, Adjust: true}
	if w.usually(70) {
		in.Text = "演示"
	}
	count, err := inventory.FindStocktake(w.ctx, w.db.App, x.id)
	w.must(err)
	r, err := inventory.ReadCountResult(w.ctx, w.db.App, count, 0)
	w.must(err)
	for _, d := range r.Differences {
		in.Differences = append(in.Differences, d.ID)
	}
	number := slices.ContainsFunc(x.found, func(d modelDifference) bool { return d.kind == "number" })
	return act{name: "explain a count", may: w.can(by, identity.CountStock) && (in.Text != "" || !number), do: func() (any, error) { return w.stores.ExplainDifferences(w.ctx, by, in) },
		then: func() { x.explained = true; x.people = append(x.people, by.StaffID) }}
}

// approveTake makes movements of what was found and has not moved since.
func (w *world) approveTake() act {
	x, by := w.taking, w.someone(3, 5)
	in := inventory.CountStep{StocktakeID: x.id, CommandID: w.id(), Submission: x.submission}
	last := w.lastMoves()
	var lost, back []string
	dropped, open := 0, 0
	for _, d := range x.found {
		switch {
		case d.kind == "number":
			open++
		case d.kind == "extra" && !d.back:
		case last[d.code] != d.last:
			dropped++
		case d.back:
			back = append(back, d.code)
		default:
			lost = append(lost, d.code)
		}
	}
	may := w.can(by, identity.ApproveCount) && !slices.Contains(x.people, by.StaffID) && x.by != by.StaffID && (x.explained || len(x.found) == 0)
	return act{name: "approve a count", may: may, do: func() (any, error) { return w.stores.ApproveStocktake(w.ctx, by, in) },
		check: func(a any) string {
			if got := a.(inventory.CountStepped); got.Adjusted != len(lost)+len(back) || got.Dropped != dropped || got.Open != open {
				return fmt.Sprintf("lost %v, back %v, %d dropped, %d open; %+v", lost, back, dropped, open, got)
			}
			return ""
		},
		then: func() {
			w.move(modelPack{State: inventory.StateLost}, lost...)
			w.move(modelPack{State: inventory.StateInStore}, back...)
			w.taking = nil
		}}
}

func (w *world) recountTake() act {
	x, by, drug := w.taking, w.someone(4, 6), one(w.r, w.countedDrugs())
	in := inventory.Recounting{StocktakeID: x.id, CommandID: w.id(), DrugID: drug}
	return act{name: "recount a drug", may: w.can(by, identity.CountStock), do: func() (any, error) { return w.stores.RecountDrug(w.ctx, by, in) },
		then: func() {
			x.handedIn = false
			delete(x.numbers, drug)
			for c := range x.seen {
				if w.packs[c].Drug == drug {
					delete(x.seen, c)
				}
			}
		}}
}

func (w *world) backTake() act {
	x, by := w.taking, w.anybody()
	in := inventory.CountStep{StocktakeID: x.id, CommandID: w.id(), Reason: "演示"}
	return act{name: "send a count back", may: w.can(by, identity.ApproveCount), do: func() (any, error) { return w.stores.RejectStocktake(w.ctx, by, in) },
		then: func() { x.handedIn = false }}
}

func (w *world) giveUpTake() act {
	x, by := w.taking, w.someone(4, 6)
	in := inventory.CountStep{StocktakeID: x.id, CommandID: w.id(), Reason: "演示"}
	return act{name: "give a count up", may: w.can(by, identity.CountStock), do: func() (any, error) { return w.stores.AbandonStocktake(w.ctx, by, in) },
		then: func() { w.taking = nil }}
}
