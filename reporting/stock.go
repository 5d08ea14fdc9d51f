package reporting

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

// StockLine is one batch of one drug over the session.
type StockLine struct {
	DrugID    int64
	Drug      string // as people say it
	PackWord  string
	UnitWord  string
	Batch     string
	ExpiresOn *time.Time
	Tally     Tally
	// Left is what lies in the session's boxes by the packs' own rows, Booked what
	// must lie there by the movements; on a good day they are the same.
	Left, Booked Amount
	// Wrong marks a line with a pack among the differences.
	Wrong bool
}

// Difference is something that the movements, the packs and the visits do not
// agree on.
type Difference struct {
	Code, Drug, Batch string
	What              string // one Chinese sentence
}

// PackNote is a pack with something to say about it.
type PackNote struct {
	Code, Drug, Batch  string
	Kind               inventory.MovementKind
	Units              int64
	PackWord, UnitWord string
	Content            int64 // units of a full pack
	At                 time.Time
	By, Reason         string
	void               bool // taken back later
}

// Amount is how much it was.
func (n PackNote) Amount() Amount {
	var a Amount
	a.add(n.Units, n.Content, 1)
	return a
}

// packRow is a pack that a session has to do with.
type packRow struct {
	ID        int64           `db:"id"`
	Code      string          `db:"code"`
	DrugID    int64           `db:"drug_id"`
	Generic   string          `db:"generic_name"`
	Spec      string          `db:"spec"`
	PackWord  string          `db:"pack_name"`
	UnitWord  string          `db:"unit_name"`
	State     inventory.State `db:"state"`
	Content   int64           `db:"units_total"`
	UnitsLeft int64           `db:"units_left"`
	Batch     string          `db:"batch"`
	ExpiresOn *time.Time      `db:"expires_on"`
	SessionID int64           `db:"session_id"`
}

func (p packRow) drug() string { return inventory.DrugName(p.Generic, p.Spec) }

// left is what the pack's own row says lies in the session's boxes.
func (p packRow) left(session int64) int64 {
	if p.State == inventory.StateAllocated && p.SessionID == session {
		return p.UnitsLeft
	}
	return 0
}

// stockBook is the stock while it is put together.
type stockBook struct {
	report *SessionReport
	lines  map[string]*StockLine
	moves  map[int64][]moved // by pack, as all of these
	given  map[int64]int64
	people map[int64]string // who answers for a missing pack
}

// readStock makes the stock, the notes and the differences.
func (r *SessionReport) readStock(ctx context.Context, tx *db.Tx) error {
	b := stockBook{report: r, lines: map[string]*StockLine{}}
	packs, err := b.read(ctx, tx)
	if err != nil {
		return err
	}
	for _, p := range packs {
		b.count(p)
	}
	for _, l := range b.lines {
		if l.Tally != (Tally{}) || l.Left != (Amount{}) || l.Wrong {
			r.Stock = append(r.Stock, *l)
		}
	}
	slices.SortFunc(r.Stock, compareLines)
	return nil
}

func (b *stockBook) read(ctx context.Context, tx *db.Tx) ([]packRow, error) {
	id := b.report.Heading.ID
	moves, ids, err := readMoves(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	b.moves = moves
	if b.given, err = readGiven(ctx, tx, id); err != nil {
		return nil, err
	}
	if b.people, err = readPeople(ctx, tx, id); err != nil {
		return nil, err
	}
	return readPacks(ctx, tx, id, ids)
}

func compareLines(a, b StockLine) int {
	return cmp.Or(cmp.Compare(a.Drug, b.Drug), cmp.Compare(a.DrugID, b.DrugID),
		cmp.Compare(dateText(a.ExpiresOn), dateText(b.ExpiresOn)), cmp.Compare(a.Batch, b.Batch))
}

func dateText(day *time.Time) string {
	if day == nil {
		return ""
	}
	return day.Format(time.DateOnly)
}

// count books one pack and adds it to its line.
func (b *stockBook) count(p packRow) {
	r := b.report
	a := account{session: r.Heading.ID, openedAt: r.Heading.OpenedAt, content: p.Content}
	for _, m := range b.moves[p.ID] {
		a.book(m)
	}
	l := b.line(p)
	l.Tally.addAll(a.tally)
	l.Left.add(p.left(r.Heading.ID), p.Content, 1)
	l.Booked.add(a.tally.left(), p.Content, 1)
	b.note(p, a.notes)
	for _, what := range r.compare(p, a.tally, b.given[p.ID]) {
		l.Wrong = true
		r.Differences = append(r.Differences, Difference{Code: p.Code, Drug: p.drug(), Batch: p.Batch, What: what})
	}
}

// line finds the line of a pack's drug and batch.
func (b *stockBook) line(p packRow) *StockLine {
	key := fmt.Sprintf("%d/%s/%s", p.DrugID, dateText(p.ExpiresOn), p.Batch)
	l := b.lines[key]
	if l == nil {
		l = &StockLine{DrugID: p.DrugID, Drug: p.drug(), PackWord: p.PackWord, UnitWord: p.UnitWord, Batch: p.Batch, ExpiresOn: p.ExpiresOn}
		b.lines[key] = l
	}
	return l
}

// note keeps the notes that still stand, under the pack's name.
func (b *stockBook) note(p packRow, notes []PackNote) {
	for _, n := range notes {
		if n.void {
			continue
		}
		n.Code, n.Drug, n.Batch, n.PackWord, n.UnitWord, n.Content = p.Code, p.drug(), p.Batch, p.PackWord, p.UnitWord, p.Content
		if who := b.people[p.ID]; who != "" && (n.Kind == inventory.MoveLose || n.Kind == inventory.MoveDamage) {
			n.By = who
		}
		b.report.Notes = append(b.report.Notes, n)
	}
}

// compare holds one pack's movements against its row and the visits' lines.
func (r *SessionReport) compare(p packRow, t Tally, given int64) (wrong []string) {
	left, booked := p.left(r.Heading.ID), t.left()
	if left != booked {
		wrong = append(wrong, fmt.Sprintf("按流水应余 %d %s，药盒登记为 %d %s（状态“%s”）。", booked, p.UnitWord, left, p.UnitWord, p.State.Chinese()))
	}
	if given != t[Given].Units {
		wrong = append(wrong, fmt.Sprintf("按流水发出 %d %s，就诊明细为 %d %s。", t[Given].Units, p.UnitWord, given, p.UnitWord))
	}
	if p.State == inventory.StateDispensed && p.SessionID == r.Heading.ID && t[Given].Units == 0 {
		wrong = append(wrong, "药盒登记为本场发出，流水里没有这次发药。")
	}
	if r.Heading.State == session.Closed && left > 0 {
		wrong = append(wrong, fmt.Sprintf("场次已结束，还有 %d %s记在本场。", left, p.UnitWord))
	}
	return wrong
}

// readMoves reads the movements that came to the session or left it, by pack,
// and the packs concerned.
func readMoves(ctx context.Context, tx *db.Tx, id int64) (of map[int64][]moved, ids []int64, err error) {
	var rows []moved
	err = tx.Select(ctx, &rows, `SELECT m.kind, m.pack_id, m.quantity, m.from_state, m.to_state, COALESCE(m.from_session_id, 0) AS from_session,
  COALESCE(m.to_session_id, 0) AS to_session, m.at, m.reason, COALESCE(f.name, '') AS by_name
FROM movement m LEFT JOIN staff f ON f.id = m.staff_id
WHERE m.from_session_id = $1::bigint OR m.to_session_id = $1::bigint ORDER BY m.pack_id, m.id`, id)
	if err != nil {
		return nil, nil, fmt.Errorf("read movements: %w", err)
	}
	of = map[int64][]moved{}
	for _, m := range rows {
		if len(of[m.PackID]) == 0 {
			ids = append(ids, m.PackID)
		}
		of[m.PackID] = append(of[m.PackID], m)
	}
	return of, ids, nil
}

// readPacks reads the packs that moved, those that claim to be the session's
// without having moved, and those that a visit names without either.
func readPacks(ctx context.Context, tx *db.Tx, id int64, moved []int64) ([]packRow, error) {
	var rows []packRow
	err := tx.Select(ctx, &rows, `SELECT k.id, k.code, k.drug_id, d.generic_name, d.spec, d.pack_name, d.unit_name, k.state, k.units_total, k.units_left,
  k.batch, k.expires_on, COALESCE(k.session_id, 0) AS session_id
FROM pack k JOIN drug d ON d.id = k.drug_id WHERE k.id IN (
  SELECT x.id FROM pack x WHERE x.id = ANY($2::bigint[])
  UNION SELECT x.id FROM pack x WHERE x.session_id = $1::bigint
  UNION SELECT l.pack_id FROM visit v JOIN visit_line l ON l.visit_id = v.id WHERE v.session_id = $1::bigint AND l.undone_at IS NULL)
ORDER BY k.code`, id, pq.Array(moved))
	if err != nil {
		return nil, fmt.Errorf("read packs: %w", err)
	}
	return rows, nil
}

// readGiven sums what the visits say of each pack.
func readGiven(ctx context.Context, tx *db.Tx, id int64) (map[int64]int64, error) {
	var rows []struct {
		PackID int64 `db:"pack_id"`
		Units  int64 `db:"units"`
	}
	err := tx.Select(ctx, &rows, `SELECT l.pack_id, sum(l.quantity) AS units FROM visit v JOIN visit_line l ON l.visit_id = v.id
WHERE v.session_id = $1::bigint AND l.undone_at IS NULL GROUP BY l.pack_id`, id)
	if err != nil {
		return nil, fmt.Errorf("read what visits were given: %w", err)
	}
	given := make(map[int64]int64, len(rows))
	for _, x := range rows {
		given[x.PackID] = x.Units
	}
	return given, nil
}

// readPeople reads who named the exit of a missing pack, and who confirmed it.
func readPeople(ctx context.Context, tx *db.Tx, id int64) (map[int64]string, error) {
	var rows []struct {
		PackID int64  `db:"pack_id"`
		By     string `db:"by_name"`
		Second string `db:"second_name"`
	}
	err := tx.Select(ctx, &rows, `SELECT x.pack_id, f.name AS by_name, COALESCE(s.name, '') AS second_name
FROM closing_exit x JOIN staff f ON f.id = x.by_id LEFT JOIN staff s ON s.id = x.second_id WHERE x.session_id = $1::bigint`, id)
	if err != nil {
		return nil, fmt.Errorf("read exits of missing packs: %w", err)
	}
	people := make(map[int64]string, len(rows))
	for _, x := range rows {
		people[x.PackID] = x.By
		if x.Second != "" {
			people[x.PackID] += "、" + x.Second
		}
	}
	return people, nil
}
