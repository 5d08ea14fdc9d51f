package inventory

import (
	"fmt"
	"time"
)

// The most a relation file may bring.
const (
	MaxRelationBytes = 16 << 20
	maxRelationRows  = 150_000
	// maxRelationProblems are named one by one; the rest is counted.
	maxRelationProblems = 100
)

// RelationRow is one code of a relation file as it was written.
type RelationRow struct {
	Line   int    // of the file, from 1
	Code   string // as written
	Level  int    // 1 small … 3 carton
	Parent string // code of what holds it; empty for the outermost
	Status BoxStatus
	// Batch and dates are empty where the file does not tell them.
	Batch             string
	ExpiresOn, MadeOn time.Time
	// PerCarton is how many small packs a full pack of this level holds as the
	// file says (cascade, packageSpec); zero when it does not.
	PerCarton int
}

// RelationProblem is one thing that is wrong with a relation file.
type RelationProblem struct {
	Line int    `json:"line"` // zero for the whole file
	Code string `json:"code,omitempty"`
	Text string `json:"text"`
}

// Sentence names line and code.
func (p RelationProblem) Sentence() string {
	text := p.Text
	if p.Code != "" {
		text = "追溯码 " + printable(p.Code) + "：" + text
	}
	if p.Line > 0 {
		text = fmt.Sprintf("第 %d 行，%s", p.Line, text)
	}
	return text
}

// Problems is what is wrong with a relation file: the first hundred, and how many
// there are.
type Problems struct {
	List  []RelationProblem `json:"list"`
	Total int               `json:"total"`
}

func (p *Problems) add(line int, code, format string, args ...any) {
	p.Total++
	if len(p.List) < maxRelationProblems {
		p.List = append(p.List, RelationProblem{Line: line, Code: code, Text: fmt.Sprintf(format, args...)})
	}
}

// relationNode is a row whose code was read.
type relationNode struct {
	row    RelationRow
	code   string // its identity
	prefix Prefix
	parent *relationNode
	// packs is how many small packs lie in it, itself for a small one; seen marks
	// the walk that looks for circles.
	packs int
	seen  int
	// known says that our records have it with the same parent.
	known bool
}

// relationRules is a relation file while it is tested.
type relationRules struct {
	known    map[string]Prefix
	perPack  map[int64]int64 // smallest units in a small pack, by drug
	nodes    []*relationNode
	byCode   map[string]*relationNode
	problems Problems
}

// checkRelation tests rows by the rules of packing: every code is a trace code of
// a known prefix of its level, stands there once, lies in one pack of a higher
// level and of the same drug; no circle; a full carton holds its nominal count.
// perPack is the smallest units of a small pack by drug.
func checkRelation(rows []RelationRow, known map[string]Prefix, perPack map[int64]int64) *relationRules {
	r := &relationRules{known: known, perPack: perPack, byCode: make(map[string]*relationNode, len(rows))}
	for _, row := range rows {
		r.read(row)
	}
	for _, n := range r.nodes {
		r.join(n)
	}
	if r.circles() == 0 {
		r.count()
	}
	return r
}

// read takes a row whose own code is right.
func (r *relationRules) read(row RelationRow) {
	c, err := ParseTraceCode(row.Code)
	if err != nil {
		r.problems.add(row.Line, row.Code, "%s%s", err.Error(), spreadsheetHint(row.Code))
		return
	}
	if twin := r.byCode[c.Code()]; twin != nil {
		r.twice(twin, row, c.Code())
		return
	}
	x, ok := r.known[c.Prefix()]
	switch {
	case row.Level < 1 || row.Level > 3:
		r.problems.add(row.Line, c.Code(), "级别是 %d，应是 1（小盒）、2（中包）或 3（箱）", row.Level)
		return
	case !ok:
		r.problems.add(row.Line, c.Code(), "前缀 %s 还没有对照药品（未对照），请药师先在药品页对照", c.Prefix())
		return
	case x.Level != row.Level:
		r.problems.add(row.Line, c.Code(), "文件里是 %d 级，前缀 %s 对照的是 %d 级", row.Level, c.Prefix(), x.Level)
		return
	case !row.ExpiresOn.IsZero() && !plausibleDay(row.ExpiresOn):
		r.problems.add(row.Line, c.Code(), "有效期 %s 不合理，请核对盒上的日期后改正", dateText(row.ExpiresOn))
	case !row.MadeOn.IsZero() && !plausibleDay(row.MadeOn):
		r.problems.add(row.Line, c.Code(), "生产日期 %s 不合理，请核对盒上的日期后改正", dateText(row.MadeOn))
	case !row.ExpiresOn.IsZero() && !row.MadeOn.IsZero() && row.ExpiresOn.Before(row.MadeOn):
		r.problems.add(row.Line, c.Code(), "有效期早于生产日期")
	case longer(row.Batch, 60):
		r.problems.add(row.Line, c.Code(), "批号太长")
	}
	n := &relationNode{row: row, code: c.Code(), prefix: x}
	r.nodes = append(r.nodes, n)
	r.byCode[n.code] = n
}

// twice names a code that stands in the file two times.
func (r *relationRules) twice(first *relationNode, row RelationRow, code string) {
	if canonicalCode(first.row.Parent) != canonicalCode(row.Parent) {
		r.problems.add(row.Line, code, "有两个上级码：第 %d 行是 %s，这里是 %s", first.row.Line, or(first.row.Parent, "没有"), or(printable(row.Parent), "没有"))
		return
	}
	r.problems.add(row.Line, code, "重复，第 %d 行已经有了", first.row.Line)
}

// canonicalCode is the identity of a code, or the text where it is none.
func canonicalCode(text string) string {
	c, err := ParseTraceCode(text)
	if err != nil {
		return text
	}
	return c.Code()
}

// spreadsheetHint explains a code that a spreadsheet has spoilt.
func spreadsheetHint(code string) string {
	for i := range len(code) {
		if (code[i] == 'E' || code[i] == 'e') && i > 0 && i+1 < len(code) && code[i+1] == '+' {
			return "（像是表格软件改成了科学计数，请把这一列设为文本后重新导出）"
		}
	}
	return ""
}

// join finds what a code lies in.
func (r *relationRules) join(n *relationNode) {
	if n.row.Parent == "" {
		if n.row.Level == 1 {
			r.problems.add(n.row.Line, n.code, "小盒没有上级码，不知道在哪一箱")
		}
		return
	}
	p := r.byCode[canonicalCode(n.row.Parent)]
	switch {
	case p == nil:
		r.problems.add(n.row.Line, n.code, "上级码 %s 不在文件里", printable(n.row.Parent))
	case p == n:
		r.problems.add(n.row.Line, n.code, "上级码就是它自己")
	default:
		n.parent = p
	}
}

// circles reports codes that lie in themselves, and then each that lies in a pack
// that is not larger or of another drug; it gives how many circles there are.
func (r *relationRules) circles() int {
	found := 0
	for i, n := range r.nodes {
		at := n
		for at != nil && at.seen == 0 {
			at.seen = i + 1
			at = at.parent
		}
		if at != nil && at.seen == i+1 {
			found++
			r.problems.add(at.row.Line, at.code, "上级码绕成了一圈，最后又装回它自己")
		}
	}
	for _, n := range r.nodes {
		switch p := n.parent; {
		case p == nil || found > 0:
		case p.row.Level <= n.row.Level:
			r.problems.add(n.row.Line, n.code, "是 %d 级，上级码 %s 是 %d 级，装不下", n.row.Level, p.code, p.row.Level)
			n.parent = nil
		case p.prefix.DrugID != n.prefix.DrugID:
			r.problems.add(n.row.Line, n.code, "是 %s，上级码 %s 是 %s", n.prefix.Drug, p.code, p.prefix.Drug)
			n.parent = nil
		}
	}
	return found
}

// count adds up what lies in each carton and compares it with what it should
// hold. Only a full one holds the nominal count.
func (r *relationRules) count() {
	for _, n := range r.nodes {
		if n.row.Level != 1 {
			continue
		}
		n.packs = 1
		for p := n.parent; p != nil; p = p.parent {
			p.packs++
		}
	}
	for _, n := range r.nodes {
		if n.row.Level > 1 {
			r.compare(n)
		}
	}
}

func (r *relationRules) compare(n *relationNode) {
	nominal := r.nominal(n)
	switch {
	case nominal < 1:
		r.problems.add(n.row.Line, n.code, "前缀 %s 登记的数量不是整盒数，请药师在药品页改正", n.prefix.Prefix)
	case n.row.PerCarton > 0 && n.row.PerCarton != nominal:
		r.problems.add(n.row.Line, n.code, "文件的包装比例说装 %d 盒，前缀 %s 登记的是 %d 盒", n.row.PerCarton, n.prefix.Prefix, nominal)
	case n.packs == 0:
		r.problems.add(n.row.Line, n.code, "这一箱里没有任何小盒的码")
	case n.packs > nominal:
		r.problems.add(n.row.Line, n.code, "装了 %d 盒，最多 %d 盒", n.packs, nominal)
	case n.packs < nominal && n.row.Status == BoxFull:
		r.problems.add(n.row.Line, n.code, "只有 %d 盒，整箱应是 %d 盒；不满的箱要标为零箱或拼箱", n.packs, nominal)
	}
}

// nominal is how many small packs a full carton of this prefix holds; zero when
// its units are no whole packs.
func (r *relationRules) nominal(n *relationNode) int {
	per := r.perPack[n.prefix.DrugID]
	if per <= 0 || n.prefix.Units%per != 0 {
		return 0
	}
	return int(n.prefix.Units / per)
}
