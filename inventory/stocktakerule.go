package inventory

// CountMark is how the books see a pack at one moment of a count.
type CountMark struct {
	Here  bool  // in the scope that is counted
	Units int64 // its remainder, in smallest units
}

// CountMove is one movement of a pack since the count began.
type CountMove struct {
	// ID orders the movements of a pack: each is made under the lock of its row.
	ID int64
	// CountMark is how the books saw the pack afterwards.
	CountMark
	// Paper is a movement for which nobody had the box in hand.
	Paper bool
}

// CountSeen says that a counter had the pack in hand.
type CountSeen struct {
	// After is the pack's last movement at that moment, zero for none.
	After int64
	// Units is what the counter found in an opened box, or [UnitsNotCounted].
	Units int64
}

// UnitsNotCounted stands for the units of a box into which nobody looked. What
// was not counted is not zero.
const UnitsNotCounted = -1

// CountFacts is what decides about one pack of a count: where it stood at the
// start, what moved it since (in the order of the movements), and whether a
// counter saw it.
type CountFacts struct {
	Start CountMark
	Moves []CountMove
	Seen  *CountSeen // nil when nobody scanned it
}

// CountVerdict is what the count says of one pack.
type CountVerdict string

// The verdicts. VerdictLeft is a pack that went away while it was counted and
// was seen, or handled, before or at that moment: nobody misses it.
const (
	VerdictNothing CountVerdict = "nothing" // neither expected nor seen
	VerdictPresent CountVerdict = "present"
	VerdictMissing CountVerdict = "missing"
	VerdictExtra   CountVerdict = "extra"
	VerdictUnits   CountVerdict = "units" // it is there, with other units than booked
	VerdictLeft    CountVerdict = "left"
)

// CountJudgement is the verdict with its figures.
type CountJudgement struct {
	Verdict CountVerdict
	// Moved marks a pack that moved since the count began.
	Moved bool
	// Now is how the books see it after the last movement.
	Now CountMark
	// Booked is the remainder that a counter had to find when the pack was seen.
	Booked int64
	// Last is the pack's last movement since the start; zero when there is none.
	Last int64
}

// JudgePack is the one rule of a count. A pack is expected as of the time it was
// last touched: when a counter saw it, or when it was moved by hand, which proves
// that it was there. So dispensing may go on while boxes are counted, in any
// order of the two, and makes no difference where none is.
func JudgePack(f CountFacts) CountJudgement {
	j := CountJudgement{Now: f.Start, Moved: len(f.Moves) > 0}
	seen, touched := f.Start, false
	for _, m := range f.Moves {
		j.Now, j.Last = m.CountMark, m.ID
		if f.Seen != nil && m.ID <= f.Seen.After {
			seen = m.CountMark
			continue
		}
		touched = touched || !m.Paper
	}
	j.Booked = seen.Units
	if f.Seen == nil {
		j.Verdict = judgeUnseen(f.Start, j.Now, touched)
	} else {
		j.Verdict = judgeSeen(seen, j.Now, f.Seen.Units, touched)
	}
	return j
}

// judgeUnseen is for a pack that no counter saw; touched says that somebody
// moved it by hand since the start.
func judgeUnseen(start, now CountMark, touched bool) CountVerdict {
	switch {
	case now.Here && touched:
		return VerdictPresent
	case now.Here:
		return VerdictMissing
	case start.Here:
		return VerdictLeft
	}
	return VerdictNothing
}

// judgeSeen is for a pack that a counter saw; touched says that somebody moved it
// by hand afterwards.
func judgeSeen(seen, now CountMark, units int64, touched bool) CountVerdict {
	switch {
	case !seen.Here && !now.Here && !touched:
		return VerdictExtra
	case !now.Here:
		return VerdictLeft
	case seen.Here && units != UnitsNotCounted && units != seen.Units:
		return VerdictUnits
	}
	return VerdictPresent
}

// CountWay says how a drug was counted.
type CountWay string

// The ways. A drug that nobody counted is named and changes nothing: uncounted is
// not zero.
const (
	WayScanned   CountWay = "scanned"
	WayNumber    CountWay = "number"
	WayUncounted CountWay = "uncounted"
)

// Chinese is the way's name for people.
func (w CountWay) Chinese() string {
	switch w {
	case WayScanned:
		return "逐盒扫码"
	case WayNumber:
		return "按数"
	}
	return "未盘"
}

// CountedNumber is what a person typed for a drug, beside what the books held at
// that moment: full packs, and units in opened ones ([UnitsNotCounted] where they
// were not counted).
type CountedNumber struct {
	Packs, Loose             int64
	BookedPacks, BookedLoose int64
}

// DrugCount is how far a drug was counted.
type DrugCount struct {
	// Seen is the full packs in the scope that were scanned, SeenOpened the opened
	// ones and SeenLoose the units that were counted in them.
	Seen, SeenOpened, SeenLoose int64
	// Number is nil when no number was typed.
	Number *CountedNumber
}

// Way says how the drug was counted. A number that does not go beyond the boxes
// that were scanned confirms them, and they say more.
func (c DrugCount) Way() CountWay {
	switch {
	case c.Number != nil && c.Number.Packs > c.Seen:
		return WayNumber
	case c.Number != nil || c.Seen+c.SeenOpened > 0:
		return WayScanned
	}
	return WayUncounted
}

// NamesMissing tells whether an unseen pack of the drug is missing by name: full
// packs when the drug was counted by scanning; opened ones as well, unless a
// number was typed and its loose units were not counted, or are more than those
// in the boxes that were scanned.
func (c DrugCount) NamesMissing(full bool) bool {
	switch {
	case full || c.Number == nil:
		return c.Way() == WayScanned
	case c.Number.Loose == UnitsNotCounted:
		return c.SeenOpened > 0
	}
	return c.Number.Loose <= c.SeenLoose
}

// PackDifference is the full packs by which a number differs from the books;
// zero where the drug was scanned or not counted.
func (c DrugCount) PackDifference() int64 {
	if c.Way() != WayNumber {
		return 0
	}
	return c.Number.Packs - c.Number.BookedPacks
}

// LooseDifference is the loose units by which a number differs from the books;
// zero where the opened boxes were scanned instead.
func (c DrugCount) LooseDifference() int64 {
	if c.Number == nil || c.Number.Loose == UnitsNotCounted || c.NamesMissing(false) {
		return 0
	}
	return c.Number.Loose - c.Number.BookedLoose
}
