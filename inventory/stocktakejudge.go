package inventory

import "slices"

// CountDifferenceKind says in what a count and the books differ.
type CountDifferenceKind string

// The kinds of difference. Number and loose are a drug's, the others a code's.
const (
	DifferMissing CountDifferenceKind = "missing"
	DifferExtra   CountDifferenceKind = "extra"
	DifferUnits   CountDifferenceKind = "units"
	DifferNumber  CountDifferenceKind = "number"
	DifferLoose   CountDifferenceKind = "loose"
)

// Chinese is the kind's name for people.
func (k CountDifferenceKind) Chinese() string {
	switch k {
	case DifferMissing:
		return "缺少"
	case DifferExtra:
		return "多出"
	case DifferUnits:
		return "余量不符"
	case DifferNumber:
		return "盒数不符"
	}
	return "散数不符"
}

// judgedRow is one code of a count as it is judged: a pack that was there at the
// start, or whatever a counter scanned.
type judgedRow struct {
	PackID     int64  `db:"pack_id"` // zero where no pack is known
	Code       string `db:"code"`
	DrugID     int64  `db:"drug_id"` // zero where no drug is known
	State      State  `db:"state"`
	SessionID  int64  `db:"session_id"`
	UnitsTotal int64  `db:"units_total"`
	UnitsLeft  int64  `db:"units_left"`
	UnitsGiven int64  `db:"units_given"`
	Returned   bool   `db:"returned"`
	StartHere  bool   `db:"start_here"`
	StartUnits int64  `db:"start_units"`
	StartMove  int64  `db:"start_move"`
	WasSeen    bool   `db:"was_seen"`
	SeenMove   int64  `db:"seen_move"`
	SeenHere   bool   `db:"seen_here"`
	Counted    int64  `db:"counted"` // units, or UnitsNotCounted

	moves []CountMove
	said  CountJudgement
}

// judge asks the rule.
func (r *judgedRow) judge() {
	f := CountFacts{Start: CountMark{r.StartHere, r.StartUnits}, Moves: r.moves}
	if r.WasSeen {
		f.Seen = &CountSeen{After: r.SeenMove, Units: r.Counted}
	}
	r.said = JudgePack(f)
}

// lastMove is the pack's last movement that this judgement knows.
func (r *judgedRow) lastMove() int64 { return max(r.StartMove, r.said.Last) }

// whole tells whether the books have it as a full pack.
func (r *judgedRow) whole() bool { return r.said.Now.Units == r.UnitsTotal }

// facts is the pack as the judgement leaves it, for the rules of moves.
func (r *judgedRow) facts() PackFacts {
	return PackFacts{State: r.State, Content: r.UnitsTotal, Remainder: r.UnitsLeft, Given: r.UnitsGiven, Session: r.SessionID, Returned: r.Returned}
}

// judgedDrug is what a count came to for one drug.
type judgedDrug struct {
	DrugID                     int64
	Way                        CountWay
	BookedPacks, BookedLoose   int64
	FoundPacks, FoundLoose     int64
	Moved                      int64
	count                      DrugCount
	rows                       []*judgedRow
	arrivedPacks, arrivedLoose int64
	openedHere                 []*judgedRow
}

// countDifference is one difference as it is written down.
type countDifference struct {
	kind            CountDifferenceKind
	row             *judgedRow // nil for a drug's
	drugID          int64
	booked, counted int64
	proposal        MovementKind
}

// judgement is a whole count while it is judged.
type judgement struct {
	x       Stocktake
	drugs   map[int64]*judgedDrug
	found   []countDifference
	unknown []*judgedRow // codes without a drug
}

// drug is the entry of a drug, made when it is first met.
func (j *judgement) drug(id int64) *judgedDrug {
	d := j.drugs[id]
	if d == nil {
		d = &judgedDrug{DrugID: id}
		j.drugs[id] = d
	}
	return d
}

// add takes a row in, with its movements.
func (j *judgement) add(r *judgedRow) {
	r.judge()
	if r.DrugID == 0 {
		j.unknown = append(j.unknown, r)
		return
	}
	d := j.drug(r.DrugID)
	d.rows = append(d.rows, r)
	if r.said.Moved {
		d.Moved++
	}
	if r.said.Now.Here && !r.whole() {
		d.openedHere = append(d.openedHere, r)
	}
	if !r.WasSeen || !r.SeenHere {
		return
	}
	if r.said.Booked == r.UnitsTotal && (r.Counted == UnitsNotCounted || r.Counted == r.UnitsTotal) {
		d.count.Seen++
		return
	}
	d.count.SeenOpened++
	d.count.SeenLoose += max(r.Counted, 0)
}

// run judges every drug, in the order of their ids.
func (j *judgement) run() []*judgedDrug {
	for _, r := range j.unknown {
		j.differ(countDifference{kind: DifferExtra, row: r, counted: 1})
	}
	var list []*judgedDrug
	for _, d := range j.drugs {
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b *judgedDrug) int { return int(a.DrugID - b.DrugID) })
	for _, d := range list {
		j.judgeDrug(d)
	}
	return list
}

func (j *judgement) differ(d countDifference) {
	if j.x.SessionID != nil {
		d.proposal = "" // the session's closing has its own exits
	}
	j.found = append(j.found, d)
}

func (j *judgement) judgeDrug(d *judgedDrug) {
	d.Way = d.count.Way()
	d.BookedPacks, d.BookedLoose = d.arrivedPacks, d.arrivedLoose
	for _, r := range d.rows {
		if r.said.Now.Here && r.whole() {
			d.BookedPacks++
		} else if r.said.Now.Here {
			d.BookedLoose += r.said.Now.Units
		}
	}
	d.FoundPacks, d.FoundLoose = d.BookedPacks, d.BookedLoose
	for _, r := range d.rows {
		j.judgeRow(d, r)
	}
	j.judgeNumber(d)
	if d.Way == WayUncounted {
		d.FoundPacks, d.FoundLoose = 0, 0
	}
}

// judgeRow names the difference of one code, where it has one.
func (j *judgement) judgeRow(d *judgedDrug, r *judgedRow) {
	switch r.said.Verdict {
	case VerdictMissing:
		if !d.count.NamesMissing(r.whole()) {
			return
		}
		d.take(r, -1)
		j.differ(countDifference{kind: DifferMissing, row: r, drugID: d.DrugID, booked: r.said.Now.Units, proposal: MoveLose})
	case VerdictExtra:
		d.take(r, 1)
		j.differ(countDifference{kind: DifferExtra, row: r, drugID: d.DrugID, counted: max(r.UnitsLeft, 1), proposal: extraProposal(r.facts())})
	case VerdictUnits:
		d.weigh(r)
		more := r.Counted - r.said.Booked
		j.differ(countDifference{kind: DifferUnits, row: r, drugID: d.DrugID, booked: r.said.Booked, counted: r.Counted, proposal: unitsProposal(r.facts(), more)})
	}
}

// take counts a pack to what was found, or off it.
func (d *judgedDrug) take(r *judgedRow, sign int64) {
	if r.UnitsLeft == r.UnitsTotal {
		d.FoundPacks += sign
	} else {
		d.FoundLoose += sign * r.UnitsLeft
	}
}

// weigh counts a pack with the units that were found in it.
func (d *judgedDrug) weigh(r *judgedRow) {
	d.take(r, -1)
	left := r.said.Now.Units + r.Counted - r.said.Booked
	if left == r.UnitsTotal {
		d.FoundPacks++
	} else {
		d.FoundLoose += max(left, 0)
	}
}

// judgeNumber compares what was typed with what the books held then.
func (j *judgement) judgeNumber(d *judgedDrug) {
	n := d.count.Number
	if more := d.count.PackDifference(); more != 0 {
		j.differ(countDifference{kind: DifferNumber, drugID: d.DrugID, booked: n.BookedPacks, counted: n.Packs})
		d.FoundPacks = d.BookedPacks + more
	}
	more := d.count.LooseDifference()
	if more == 0 {
		return
	}
	x := countDifference{kind: DifferLoose, drugID: d.DrugID, booked: n.BookedLoose, counted: n.Loose}
	// Where one box is open, its units are those that differ.
	if len(d.openedHere) == 1 && !d.openedHere[0].WasSeen {
		x.row = d.openedHere[0]
		x.proposal = unitsProposal(x.row.facts(), more)
	}
	d.FoundLoose = max(d.BookedLoose+more, 0)
	j.differ(x)
}

// extraProposal is what the rules offer for a known pack that is here against the
// books: one that was lost is found, one that a session has comes home. Nothing
// is offered for what a patient had, or what was never received.
func extraProposal(p PackFacts) MovementKind {
	kind := MovementKind("")
	switch p.State {
	case StateLost:
		kind = MoveFind
	case StateAllocated:
		kind = MoveComeHome
	}
	if kind == "" {
		return ""
	}
	if _, _, err := Apply(p, Move{Kind: kind}); err != nil {
		return ""
	}
	return kind
}

// unitsProposal is what the rules offer for a box with other units than booked.
func unitsProposal(p PackFacts, more int64) MovementKind {
	kind, quantity := MoveSurplus, more
	if more < 0 {
		kind, quantity = MoveShortage, -more
	}
	if _, _, err := Apply(p, Move{Kind: kind, Quantity: quantity}); err != nil {
		return ""
	}
	return kind
}
