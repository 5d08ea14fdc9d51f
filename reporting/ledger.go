package reporting

import (
	"cmp"
	"fmt"
	"slices"

	"jingfang/inventory"
)

// Scope is the part of the pharmacy's books that a ledger is kept over.
type Scope struct {
	// Place is one place on the books; "" is all of them.
	Place inventory.Place
	// SiteID narrows the clinic sessions to those of one site; 0 is all sites. It
	// counts only where Place is the sessions.
	SiteID int64
}

// key names the scope in an address or a code.
func (s Scope) key() string {
	text := cmp.Or(string(s.Place), EveryPlace)
	if s.SiteID != 0 && s.Place == inventory.PlaceSession {
		text += fmt.Sprintf("-%d", s.SiteID)
	}
	return text
}

// LedgerPlaces lists the places a ledger can be kept over, the whole books aside.
func LedgerPlaces() []inventory.Place {
	var list []inventory.Place
	for _, p := range inventory.Places() {
		if p.OnBooks() {
			list = append(list, p)
		}
	}
	return list
}

// holds tells whether what is in a state, with a session of a site (0 for none),
// lies within the scope.
func (s Scope) holds(state inventory.State, site int64) bool {
	p := state.Place()
	switch {
	case !p.OnBooks():
		return false
	case s.Place == "":
		return true
	case s.Place != p:
		return false
	}
	return p != inventory.PlaceSession || s.SiteID == 0 || s.SiteID == site
}

// states lists the states within the scope, sites aside.
func (s Scope) states() []string {
	var list []string
	for _, x := range inventory.States() {
		if (Scope{Place: s.Place}).holds(x, 0) {
			list = append(list, string(x))
		}
	}
	return list
}

// phase says when a movement was, seen from the period.
type phase int

const (
	before phase = iota
	within
	after
)

// flow is a sum of movements that are alike. Whole packs and the units of opened
// ones are told apart as they were before and after the movement, so that boxes
// and loose units balance each for themselves.
type flow struct {
	DrugID   int64                  `db:"drug_id"`
	Batch    string                 `db:"batch"`
	Content  int64                  `db:"content"` // units of a full pack
	Kind     inventory.MovementKind `db:"kind"`
	From     inventory.State        `db:"from_state"`
	To       inventory.State        `db:"to_state"`
	FromSite int64                  `db:"from_site"`
	ToSite   int64                  `db:"to_site"`
	Phase    phase                  `db:"phase"`
	Moves    int64                  `db:"moves"`
	// Apart flows are left out of what there is now: a later carry-over has them.
	Apart bool `db:"-"`

	WholeBefore int64 `db:"whole_before"`
	LooseBefore int64 `db:"loose_before"`
	WholeAfter  int64 `db:"whole_after"`
	LooseAfter  int64 `db:"loose_after"`
}

func (f flow) amountBefore() Amount {
	return Amount{f.WholeBefore, f.LooseBefore, f.WholeBefore*f.Content + f.LooseBefore}
}

func (f flow) amountAfter() Amount {
	return Amount{f.WholeAfter, f.LooseAfter, f.WholeAfter*f.Content + f.LooseAfter}
}

// posting is what a flow does to a scope: what comes, what goes, and the boxes
// that are opened on the way (拆零: one box less, its units loose).
type posting struct{ in, out, opened Amount }

// post is the rule of the ledger. What stays within the scope passes by, but for
// the units that leave or join an opened box there.
func (f flow) post(s Scope) posting {
	from, to := s.holds(f.From, f.FromSite), s.holds(f.To, f.ToSite)
	switch {
	case from && to:
		return f.postOpened()
	case from:
		return posting{out: f.amountBefore()}
	case to:
		return posting{in: f.amountAfter()}
	}
	return posting{}
}

// postOpened is for a pack that stays where it is while units leave or join it.
func (f flow) postOpened() (p posting) {
	opened := f.WholeBefore - f.WholeAfter
	moved := f.amountAfter().Units - f.amountBefore().Units
	if moved != 0 {
		p.opened = Amount{Packs: -opened, Loose: opened * f.Content}
	}
	if moved < 0 {
		p.out = Amount{Loose: -moved, Units: -moved}
	} else {
		p.in = Amount{Loose: moved, Units: moved}
	}
	return p
}

// net is what the posting adds to the scope.
func (p posting) net() Amount { return p.in.plus(p.out.times(-1)).plus(p.opened) }

func (a Amount) times(n int64) Amount { return Amount{a.Packs * n, a.Loose * n, a.Units * n} }

// KindFlow is what one kind of movement brought and took in a period.
type KindFlow struct {
	Kind    inventory.MovementKind
	In, Out Amount
	Moves   int64
}

// LedgerLine is a drug, or a batch of it, over a period: Opening + In − Out +
// Opened = Closing, in boxes and in loose units.
type LedgerLine struct {
	DrugID             int64
	Drug               string // as people say it
	PackWord, UnitWord string
	Batch              string // "" where batches are added up, or for an unknown one
	Opening, In, Out   Amount
	// Opened is what opening boxes changed: fewer boxes, more loose units.
	Opened  Amount
	Closing Amount
	// Now is what the movements up to this moment make of it, Found what the packs'
	// own rows say lies there now. They are the same while the books are right.
	Now, Found Amount
	Kinds      []KindFlow // that brought or took something, in the order of reports
}

// Right tells whether the line balances: the packs agree with the movements, and
// there was never less than nothing.
func (l LedgerLine) Right() bool {
	return l.Now == l.Found && l.Opening.valid() && l.Closing.valid()
}

func (a Amount) valid() bool { return a.Packs >= 0 && a.Loose >= 0 }

// Problem says what is wrong with a line that is not right.
func (l LedgerLine) Problem() string {
	name := l.Drug
	if l.Batch != "" {
		name += " 批号 " + l.Batch
	}
	if l.Now != l.Found {
		return fmt.Sprintf("%s：按流水现在应有 %s，药盒登记为 %s。", name, l.Now.Words(l.PackWord, l.UnitWord), l.Found.Words(l.PackWord, l.UnitWord))
	}
	return fmt.Sprintf("%s：流水算出的结存小于零（期初 %s，期末 %s）。", name, l.Opening.Words(l.PackWord, l.UnitWord), l.Closing.Words(l.PackWord, l.UnitWord))
}

// Silent tells of a line with nothing to say in the period.
func (l LedgerLine) Silent() bool {
	return l.Right() && l.Opening == Amount{} && l.Closing == Amount{} && l.In == Amount{} && l.Out == Amount{}
}

// book adds a flow to the line.
func (l *LedgerLine) book(f flow, s Scope) {
	p := f.post(s)
	net := p.net()
	if !f.Apart {
		l.Now = l.Now.plus(net)
	}
	switch f.Phase {
	case before:
		l.Opening, l.Closing = l.Opening.plus(net), l.Closing.plus(net)
	case within:
		l.In, l.Out, l.Opened = l.In.plus(p.in), l.Out.plus(p.out), l.Opened.plus(p.opened)
		l.Closing = l.Closing.plus(net)
		if p.in != (Amount{}) || p.out != (Amount{}) {
			l.addKind(KindFlow{f.Kind, p.in, p.out, f.Moves})
		}
	}
}

func (l *LedgerLine) addKind(k KindFlow) {
	for i := range l.Kinds {
		if l.Kinds[i].Kind == k.Kind {
			x := &l.Kinds[i]
			x.In, x.Out, x.Moves = x.In.plus(k.In), x.Out.plus(k.Out), x.Moves+k.Moves
			return
		}
	}
	l.Kinds = append(l.Kinds, k)
	order := inventory.MovementKinds()
	slices.SortStableFunc(l.Kinds, func(a, b KindFlow) int {
		return cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind))
	})
}

// held is what the packs' own rows say lies in a place.
type held struct {
	DrugID  int64           `db:"drug_id"`
	Batch   string          `db:"batch"`
	Content int64           `db:"content"`
	State   inventory.State `db:"state"`
	Site    int64           `db:"site"`
	Whole   int64           `db:"whole"`
	Loose   int64           `db:"loose"`
}

func (h held) amount() Amount { return Amount{h.Whole, h.Loose, h.Whole*h.Content + h.Loose} }

// lineKey names a line.
type lineKey struct {
	drug  int64
	batch string
}

// makeLines books all flows over a scope and holds them against what is found.
func makeLines(s Scope, flows []flow, found []held) map[lineKey]*LedgerLine {
	lines := map[lineKey]*LedgerLine{}
	line := func(drug int64, batch string) *LedgerLine {
		k := lineKey{drug, batch}
		if lines[k] == nil {
			lines[k] = &LedgerLine{DrugID: drug, Batch: batch}
		}
		return lines[k]
	}
	for _, f := range flows {
		line(f.DrugID, f.Batch).book(f, s)
	}
	for _, h := range found {
		if s.holds(h.State, h.Site) {
			l := line(h.DrugID, h.Batch)
			l.Found = l.Found.plus(h.amount())
		}
	}
	return lines
}
