package session

import (
	"context"
	"strings"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// box is a tote or a carton in a packing scan: one code for all packs inside.
type box struct {
	raw, code string
	facts     inventory.ContainerFacts
	inside    []string // codes of the packs in it
	left      []string // that were in it when it was sealed, and are no more
}

// maxCartons bounds the cartons of one scan: each is looked up by itself.
const maxCartons = 20

// unfold takes the totes and cartons out of a scan and finds what lies in them;
// what is left are codes of packs and texts that are none. Totes are locked, their
// packs not yet.
func unfold(ctx context.Context, tx *db.Tx, read []inventory.Parsed, known map[string]inventory.Prefix) (loose []inventory.Parsed, boxes []*box, err error) {
	loose, boxes, err = unfoldTotes(ctx, tx, read)
	if err != nil {
		return nil, nil, err
	}
	read, loose = loose, nil
	cartons := 0
	for _, p := range read {
		means, ok := known[p.Code.Prefix()]
		if p.Err != nil || !ok || means.Level < 2 || cartons == maxCartons {
			loose = append(loose, p)
			continue
		}
		cartons++
		inside, complete, err := inventory.CartonPacks(ctx, tx, p.Code.Code())
		if err != nil {
			return nil, nil, err
		}
		if len(inside) == 0 {
			loose = append(loose, p)
			continue
		}
		b := &box{raw: p.Code.Raw(), code: p.Code.Code(), inside: inside}
		b.facts = inventory.ContainerFacts{Container: inventory.ContainerCarton, Name: means.Drug, Sealed: len(inside), State: inventory.ContainerOpen}
		if complete {
			b.facts.State = inventory.ContainerSealed
		}
		boxes = append(boxes, b)
	}
	return loose, boxes, nil
}

// unfoldTotes is unfold for totes alone.
func unfoldTotes(ctx context.Context, tx *db.Tx, read []inventory.Parsed) (loose []inventory.Parsed, boxes []*box, err error) {
	var labels []string
	for _, p := range read {
		if p.Err == nil || p.Err.Kind != inventory.KindToteLabel {
			loose = append(loose, p)
			continue
		}
		_, code, whole := inventory.ParseLabel(p.Raw)
		b := &box{raw: p.Err.Shown(), code: code, facts: inventory.ContainerFacts{Container: inventory.ContainerTote, Name: "周转箱"}}
		boxes = append(boxes, b)
		if whole {
			labels = append(labels, code)
		}
	}
	loads, err := inventory.LockTotes(ctx, tx, labels)
	if err != nil {
		return nil, nil, err
	}
	for _, b := range boxes {
		if l := loads[b.code]; l != nil {
			b.inside, b.left = l.Inside, l.Left
			b.facts.State, b.facts.Name, b.facts.Sealed = l.State(), l.Title(), l.SealedPacks
			if l.Retired != nil {
				b.facts.At = *l.Retired
			}
		}
	}
	return loose, boxes, nil
}

// allOf is the pieces of a scan with the packs in its boxes, for locking them all
// at once.
func allOf(read []inventory.Parsed, boxes []*box) []inventory.Parsed {
	all := append([]inventory.Parsed(nil), read...)
	for _, b := range boxes {
		for _, code := range append(append([]string(nil), b.inside...), b.left...) {
			if c, err := inventory.ParseTraceCode(code); err == nil {
				all = append(all, inventory.Parsed{Raw: code, Code: c})
			}
		}
	}
	return all
}

// answer is the box's own answer, after those of the packs that did not go along.
func (b *box) answer(said inventory.Answer) inventory.CodeAnswer {
	return inventory.NewCodeAnswer(b.raw, b.code, b.facts.Name, said.Kind, said.Sentence)
}

// namesOfBoxes is what movements are marked with.
func namesOfBoxes(boxes []*box) string {
	var names []string
	for _, b := range boxes {
		names = append(names, b.facts.Name)
	}
	return strings.Join(names, "、")
}

// decideBox answers one tote or carton: the packs inside that cannot go along are
// named one by one and left out.
func (b *packingBench) decideBox(x *box) {
	var moves []*inventory.Pack
	var unfit []inventory.CodeAnswer
	for _, code := range x.inside {
		pack := b.packs[code]
		said := b.askBox(code)
		switch {
		case b.moved[code] || said.Kind == inventory.KindAlreadyHere:
			x.facts.Here++
		case said.Move != "" && said.Kind != inventory.KindOK:
			moves, unfit = append(moves, pack), append(unfit, newBoxAnswer(code, pack, said))
		case said.Move != "":
			moves = append(moves, pack)
		default:
			unfit = append(unfit, newBoxAnswer(code, pack, said))
		}
	}
	x.facts.Moves = len(moves)
	said := inventory.ContainerAnswer(x.facts, inventory.ScanContext{Point: b.point(), Session: b.session.ID, Now: b.now})
	if said.Move != "" {
		for _, p := range moves {
			b.moved[p.Code] = true
		}
		b.together = append(b.together, moves...)
	}
	switch {
	case said.Kind == inventory.KindNothingInside && allElsewhere(unfit):
		said.Sentence = x.facts.Name + " 已装进另一场的药箱。请换一箱，或先在那一场放回药房。"
	case said.Move != "" || said.Kind == inventory.KindNothingInside:
		b.answer = append(b.answer, unfit...)
		b.answer = append(b.answer, b.leftBox(x)...)
	}
	b.answer = append(b.answer, x.answer(said))
}

// allElsewhere tells a box that another session has taken: it is said once.
func allElsewhere(unfit []inventory.CodeAnswer) bool {
	for _, a := range unfit {
		if a.Kind != inventory.KindOtherSession {
			return false
		}
	}
	return len(unfit) > 0
}

// askBox asks for a pack by the code that stands in our rows.
func (b *packingBench) askBox(code string) inventory.Answer {
	parsed, err := inventory.ParseTraceCode(code)
	if err != nil {
		return inventory.Answer{Kind: inventory.KindUnknown, Sentence: inventory.KindUnknown.Sentence(inventory.Details{})}
	}
	return b.ask(parsed, b.packs[code])
}

// leftBox names what was in a sealed tote and has gone another way.
func (b *packingBench) leftBox(x *box) []inventory.CodeAnswer {
	if b.move != inventory.MoveAllocate {
		return nil
	}
	var list []inventory.CodeAnswer
	for _, code := range x.left {
		pack, said := b.packs[code], b.askBox(code)
		if said.Move != "" {
			said = inventory.Answer{Kind: inventory.KindToteChanged, Sentence: pack.DrugName() + " 封箱后从箱里取出过。要装，请单独扫这一盒。"}
		}
		if said.Kind != inventory.KindAlreadyHere {
			list = append(list, newBoxAnswer(code, pack, said))
		}
	}
	return list
}

func newBoxAnswer(code string, pack *inventory.Pack, said inventory.Answer) inventory.CodeAnswer {
	if pack == nil {
		return inventory.NewCodeAnswer(code, code, "", said.Kind, said.Sentence)
	}
	drug := pack.DrugName()
	return inventory.NewCodeAnswer(code, code, drug, said.Kind, strings.Replace(said.Sentence, drug, pack.Inner(), 1))
}

func (b *packingBench) point() inventory.ScanPoint {
	if b.move == inventory.MoveComeHome {
		return inventory.PointHome
	}
	return inventory.PointPacking
}

// writeBoxes moves what goes along with a label, and keeps it in its tote.
func (b *packingBench) writeBoxes(ctx context.Context, tx *db.Tx, by identity.Actor, w inventory.Entry) error {
	if len(b.together) == 0 {
		return nil
	}
	w.How, w.Reason = inventory.HowTogether, namesOfBoxes(b.boxes)
	if _, err := inventory.WriteAll(ctx, tx, by, b.together, w); err != nil {
		return err
	}
	return inventory.StayInTotes(ctx, tx, idsOf(b.together))
}

func idsOf(packs []*inventory.Pack) []int64 {
	ids := make([]int64, len(packs))
	for i, p := range packs {
		ids[i] = p.ID
	}
	return ids
}
