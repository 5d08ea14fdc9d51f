package inventory

// tiedPack is a pack that an earlier revision of a document brought here.
type tiedPack struct {
	drugID int64
	batch  string
	lineNo int // of its line in the revision it was counted to
}

// roomyLine is a line of the new revision and how many boxes it wants beside
// those it lists.
type roomyLine struct {
	drugID int64
	batch  string
	lineNo int
	room   int
}

// retie says for each pack that came in under an earlier revision to which line
// of the new one it is counted, as an index, or -1 where the new one has no room
// for it: first of all to a line of its drug and batch, then to the line of its
// number, whose batch the sender has corrected, then to any line of its drug.
func retie(packs []tiedPack, lines []roomyLine) []int {
	to := make([]int, len(packs))
	for i := range to {
		to[i] = -1
	}
	fits := []func(tiedPack, roomyLine) bool{
		func(p tiedPack, l roomyLine) bool { return p.batch == l.batch },
		func(p tiedPack, l roomyLine) bool { return p.lineNo == l.lineNo },
		func(tiedPack, roomyLine) bool { return true },
	}
	for _, fit := range fits {
		for i, p := range packs {
			if to[i] >= 0 {
				continue
			}
			for j, l := range lines {
				if l.room > 0 && l.drugID == p.drugID && fit(p, l) {
					to[i] = j
					lines[j].room--
					break
				}
			}
		}
	}
	return to
}
