package session

import (
	"context"
	"fmt"
	"slices"

	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// bagScan is a bag whose label was scanned at the table.
type bagScan struct {
	raw, code string
	id        int64
	facts     inventory.ContainerFacts
	inside    []string // codes of the packs in it
	left      []string // that were put in and have moved since by another way
}

// unfoldBags takes the labels of bags out of a scan and reads what lies in them. The
// session is locked, and with it its bags.
func unfoldBags(ctx context.Context, tx *db.Tx, v Visit, read []inventory.Parsed) (loose []inventory.Parsed, bags []*bagScan, err error) {
	var labels []string
	for _, p := range read {
		if p.Err == nil || p.Err.Kind != inventory.KindBagLabel {
			loose = append(loose, p)
			continue
		}
		_, code, whole := inventory.ParseLabel(p.Raw)
		if slices.Contains(labels, code) {
			continue // a reader that saw the same label twice
		}
		bags = append(bags, &bagScan{raw: p.Err.Shown(), code: code, facts: inventory.ContainerFacts{Container: inventory.ContainerBag, Name: "药袋"}})
		if whole {
			labels = append(labels, code)
		}
	}
	if len(labels) == 0 {
		return loose, bags, nil
	}
	var found []Bag
	err = tx.Select(ctx, &found, `SELECT `+bagColumns+` FROM `+bagTables+` WHERE b.session_id = $1::bigint AND b.code = ANY($2::text[])`, v.SessionID, pq.Array(labels))
	if err != nil {
		return nil, nil, fmt.Errorf("read bags: %w", err)
	}
	for _, b := range found {
		i := slices.IndexFunc(bags, func(s *bagScan) bool { return s.code == b.Code })
		bags[i].know(b, v)
	}
	return loose, bags, readInside(ctx, tx, bags)
}

// know says which bag the label belongs to.
func (s *bagScan) know(b Bag, v Visit) {
	s.id = b.ID
	s.facts.Name, s.facts.State, s.facts.Owner = b.Title(), b.State, b.Number
	s.facts.Mine, s.facts.Visit = b.PatientID == v.PatientID, b.Visit
	if b.EndedAt != nil {
		s.facts.At = *b.EndedAt
	}
}

func readInside(ctx context.Context, tx *db.Tx, bags []*bagScan) error {
	byID := map[int64]*bagScan{}
	var ids []int64
	for _, s := range bags {
		if s.facts.State == inventory.ContainerPacked && s.facts.Mine && byID[s.id] == nil {
			byID[s.id] = s
			ids = append(ids, s.id)
		}
	}
	var rows []struct {
		BagID  int64  `db:"bag_id"`
		Code   string `db:"code"`
		Inside bool   `db:"inside"`
	}
	err := tx.Select(ctx, &rows, `SELECT x.bag_id, k.code, (k.changed_at = x.as_of) AS inside FROM bag_pack x JOIN pack k ON k.id = x.pack_id
WHERE x.bag_id = ANY($1::bigint[]) ORDER BY k.code`, idArray(ids))
	if err != nil {
		return fmt.Errorf("read packs of bags: %w", err)
	}
	for _, r := range rows {
		if s := byID[r.BagID]; r.Inside {
			s.inside = append(s.inside, r.Code)
		} else {
			s.left = append(s.left, r.Code)
		}
	}
	return nil
}

// withBags is the pieces of a scan with the packs in its bags, for locking them all
// at once.
func withBags(read []inventory.Parsed, bags []*bagScan) []inventory.Parsed {
	var boxes []*box
	for _, s := range bags {
		boxes = append(boxes, &box{inside: s.inside, left: s.left})
	}
	return allOf(read, boxes)
}

// takeBag answers a bag: each pack in it like a scan of its own, and then the bag.
// What cannot be handed out is named and the rest goes along.
func (t *table) takeBag(s *bagScan) {
	t.inBag = true
	c := inventory.ScanContext{Point: inventory.PointTable, Session: t.session.ID, Visit: t.visit.ID.String(), Now: t.in.moment(t.tx.Now)}
	for _, code := range s.inside {
		said, _ := t.sayInside(code)
		if said.Move == inventory.MoveDispense || t.in.replayed() && t.canBeFact(t.packs[code], said) {
			s.facts.Moves++
		}
	}
	said := inventory.ContainerAnswer(s.facts, c)
	if said.Move != "" || said.Kind == inventory.KindNothingInside {
		t.takeInside(s)
	}
	t.inBag = false
	if said.Move != "" {
		t.bags = append(t.bags, s.id)
		s.facts.State, s.facts.Visit = inventory.ContainerGiven, c.Visit
	}
	a := inventory.NewCodeAnswer(s.raw, s.code, s.facts.Name, said.Kind, said.Sentence)
	if t.in.replayed() && a.Tone != inventory.ToneGood && a.Tone != inventory.ToneSoft {
		t.alarms = append(t.alarms, NewAlarm{Kind: said.Kind, Code: s.code, Sentence: "断网时发出，没有记成：" + said.Sentence})
	}
	t.settle(a)
}

// takeInside answers the packs of a bag that is handed over.
func (t *table) takeInside(s *bagScan) {
	for _, code := range s.inside {
		said, parsed := t.sayInside(code)
		if said.Move == inventory.MoveDispense {
			t.bagged[t.packs[code].ID] = true
		}
		t.take(inventory.Parsed{Raw: code, Code: parsed})
	}
	t.inBag = false
	for _, code := range s.left {
		said, parsed := t.sayInside(code)
		if said.Move == "" {
			t.take(inventory.Parsed{Raw: code, Code: parsed})
			continue
		}
		drug := t.packs[code].DrugName()
		t.settle(inventory.NewCodeAnswer(code, code, drug, inventory.KindBagUsed, drug+" 装袋后取出过。请看袋里有没有，有就单独扫这一盒。"))
	}
}

func (t *table) sayInside(code string) (inventory.Answer, inventory.TraceCode) {
	parsed, err := inventory.ParseTraceCode(code)
	if err != nil {
		return inventory.Answer{Kind: inventory.KindUnknown}, parsed
	}
	return t.say(parsed, t.packs[code]), parsed
}

// endBags writes that bags were handed over.
func (t *table) endBags(ctx context.Context) error {
	if len(t.bags) == 0 {
		return nil
	}
	_, err := t.tx.Exec(ctx, `UPDATE bag SET state = 'given', visit_id = $2::uuid, ended_by = $3, ended_at = $4 WHERE id = ANY($1::bigint[])`,
		idArray(t.bags), t.visit.ID, t.by.StaffID, t.tx.Now)
	if err != nil {
		return fmt.Errorf("hand bags over: %w", err)
	}
	return nil
}

// splitHow parts what is handed out into packs that were read one by one and packs
// that a label was read for.
func (t *table) splitHow() (read, together []*inventory.Pack) {
	for _, h := range t.giving {
		p := h.pack
		if t.bagged[p.ID] {
			together = append(together, p)
		} else {
			read = append(read, p)
		}
	}
	return read, together
}

// bagsOf reads whose bags the packs of a scan lie in; where nobody packed bags it
// asks nothing.
func (t *table) bagsOf(ctx context.Context) (err error) {
	t.bagged = map[int64]bool{}
	if t.visit.Bags {
		t.inside, err = insideBags(ctx, t.tx, t.packs, t.visit.PatientID)
	}
	return err
}
