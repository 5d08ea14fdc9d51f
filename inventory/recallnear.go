package inventory

import "strings"

// foldBatch makes batches comparable that people write differently: width and
// case of letters, blanks and dashes do not count.
func foldBatch(s string) string {
	s = strings.ToUpper(strings.Map(foldRune, s))
	return strings.NewReplacer(" ", "", "-", "", "_", "", "/", "").Replace(s)
}

// batchDistance is how many characters must be changed, added or left out to
// make one batch of the other. One that holds the other counts as two, and what
// is further than three off as four: batches are short, and beyond that anything
// resembles anything.
func batchDistance(a, b string) int {
	far := 4
	if a == b {
		return 0
	}
	if a != "" && b != "" && (strings.Contains(a, b) || strings.Contains(b, a)) {
		far = 2
	}
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		before := row[0]
		row[0] = i + 1
		for j := range y {
			changed := before
			if x[i] != y[j] {
				changed++
			}
			before = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return min(far, row[len(y)])
}
