package inventory

// cancelFacts is a line of an earlier document when a red one cancels some of
// its packs.
type cancelFacts struct {
	// Packs is how many the red document cancels, Named of them by their codes.
	Packs, Named int
	// Left is how many packs of the line could still be cancelled before it.
	Left int
	// Beside the named ones Room packs have no code yet, and Expected ones were
	// listed by the document and not scanned.
	Room, Expected int
}

// cancelResult is what becomes of the packs that the red document does not name.
type cancelResult struct {
	// Room packs are simply not awaited any more, all Expected ones are withdrawn
	// if WithdrawAll, Back packs are here already and go back.
	Room        int
	WithdrawAll bool
	Back        int
}

// The reasons why a line cannot be cancelled like that.
const (
	cancelTooMany   = "冲销的盒数多于原单还能冲销的盒数"
	cancelWhichOnes = "没有写明冲销哪几盒，而原单列有追溯码"
)

// cancelLine decides which packs of a line a red document means. What is not
// here goes first. Boxes listed by their codes cannot be told apart by a number:
// unless all of them go, the red document has to name them. problem is empty
// when it can be done.
func cancelLine(f cancelFacts) (r cancelResult, problem string) {
	unnamed := f.Packs - f.Named
	switch {
	case f.Packs > f.Left:
		return r, cancelTooMany
	case unnamed <= f.Room:
		r.Room = unnamed
	case unnamed < f.Room+f.Expected:
		return r, cancelWhichOnes
	default:
		r.Room, r.WithdrawAll, r.Back = f.Room, f.Expected > 0, unnamed-f.Room-f.Expected
	}
	return r, ""
}
