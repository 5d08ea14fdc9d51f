package patient

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// Fate is what an import does with a row.
type Fate string

// The fates of a row.
const (
	FateNew       Fate = "new"
	FateUpdate    Fate = "update"
	FateUnchanged Fate = "unchanged"
	FateTwice     Fate = "twice" // an earlier row of the file is the same person
	FateAsk       Fate = "ask"   // perhaps somebody who is registered: a person decides
	FateError     Fate = "error"
	FateSkip      Fate = "skip" // a person decided to leave it out
)

// Word is the fate in Chinese.
func (f Fate) Word() string {
	switch f {
	case FateNew:
		return "新建"
	case FateUpdate:
		return "更新"
	case FateUnchanged:
		return "没有变化"
	case FateTwice:
		return "文件内重复"
	case FateAsk:
		return "待判断"
	case FateSkip:
		return "跳过"
	}
	return "有错误"
}

// Fates lists them in the order in which they need a person.
func Fates() []Fate {
	return []Fate{FateError, FateAsk, FateTwice, FateNew, FateUpdate, FateUnchanged, FateSkip}
}

// PlannedRow is a row with its fate.
type PlannedRow struct {
	No     int // in the file
	Name   string
	Fate   Fate
	Wrong  []CellError
	Detail string // what changes, or whom it resembles
	// Like is the registered patient it may be, or is; nil for none.
	Like *Patient

	entry   Entry
	placed  bool // the file names the site
	old     *stored
	changes []fieldChange
}

// Decision says about a row that may be somebody registered: it is that person,
// it is somebody new, or it is left out.
type Decision string

// The decisions about a row.
const (
	DecideSame Decision = "same"
	DecideNew  Decision = "new"
	DecideSkip Decision = "skip"
)

// stored is a registered patient with the sealed fields opened.
type stored struct {
	Patient
	PaperKind PaperKind `db:"paper_kind"`
	Index     []byte    `db:"paper_index"`
	Phone     []byte    `db:"phone_sealed"`
	Address   []byte    `db:"address_sealed"`
}

// registry is what an import compares its rows with.
type registry struct {
	byNumber map[string]*stored
	byPaper  map[string]*stored   // by the bytes of the index
	byName   map[string][]*stored // by name and site
}

// planRows decides on every row. It reads what is registered in one statement and
// writes nothing.
func (g *Registry) planRows(ctx context.Context, r db.Reader, rows []fileRow, decided map[int]Decision) ([]PlannedRow, error) {
	indexes := make([][]byte, len(rows))
	for i, row := range rows {
		if len(row.wrong) > 0 {
			continue
		}
		var err error
		if indexes[i], err = g.paperIndex(row.entry); err != nil {
			return nil, err
		}
	}
	known, err := readRegistered(ctx, r, rows, indexes)
	if err != nil {
		return nil, err
	}
	plan, seen := make([]PlannedRow, len(rows)), map[string]int{}
	for i, row := range rows {
		p := PlannedRow{No: row.no, Name: row.entry.Name, Wrong: row.wrong, entry: row.entry, placed: row.placed, Fate: FateError}
		if len(row.wrong) == 0 {
			if err := g.decide(&p, row, indexes[i], known, seen, decided[row.no]); err != nil {
				return nil, err
			}
		}
		plan[i] = p
	}
	return plan, nil
}

// decide is the rule of a row: who it is by number, by paper, by name, or nobody.
func (g *Registry) decide(p *PlannedRow, row fileRow, index []byte, known registry, seen map[string]int, decided Decision) error {
	key := personKey(row, index)
	if first := seen[key]; first > 0 {
		p.Fate, p.Detail = FateTwice, fmt.Sprintf("与第 %d 行是同一人，只导入前面那行。", first)
		return nil
	}
	seen[key] = row.no
	old, problem := known.find(row, index)
	if problem != "" {
		p.Wrong = append(p.Wrong, CellError{fmt.Sprintf("第 %d 行", row.no), problem})
		return nil
	}
	if old != nil {
		return g.compare(p, old)
	}
	like := known.resembling(row)
	switch {
	case decided == DecideSkip:
		p.Fate = FateSkip
		return nil
	case like == nil, decided == DecideNew:
		p.Fate = FateNew
		return nil
	case decided == DecideSame:
		return g.compare(p, like)
	}
	// The same file again: nothing in the row is new, so nobody has to be asked.
	same := *p
	if err := g.compare(&same, like); err != nil {
		return err
	}
	if same.Fate == FateUnchanged && dayText(like.BirthOn) == dayText(row.entry.BirthOn) {
		*p = same
		return nil
	}
	p.Fate, p.Like = FateAsk, &like.Patient
	p.Detail = "与已登记的同名患者相像，请判断是不是同一人。"
	return nil
}

// personKey tells two rows of a file for one person: the same number, the same
// paper, or without a paper the same name, birth date, site, phone and address.
func personKey(row fileRow, index []byte) string {
	e := row.entry
	switch {
	case row.number != "":
		return "n" + row.number
	case index != nil:
		return "p" + hex.EncodeToString(index)
	}
	return fmt.Sprintf("e%s|%s|%d|%s|%s", e.Name, dayText(e.BirthOn), e.HomeSiteID, e.Phone, e.Address)
}

// find gives the patient a row names by number or paper, or a sentence when the
// two contradict each other or the name does.
func (k registry) find(row fileRow, index []byte) (*stored, string) {
	var old *stored
	if index != nil {
		old = k.byPaper[string(index)]
	}
	if row.number != "" {
		named := k.byNumber[row.number]
		switch {
		case named == nil:
			return nil, "没有编号为 " + row.number + " 的患者。新患者请把编号留空。"
		case old != nil && old.ID != named.ID:
			return nil, "编号 " + row.number + " 和证件号属于两位不同的患者，请核对。"
		case index != nil && named.Index != nil && !bytes.Equal(index, named.Index):
			return nil, "编号 " + row.number + " 登记的是另一个证件号，请核对。"
		}
		old = named
	}
	switch {
	case old == nil:
		return nil, ""
	case old.State == Merged:
		return nil, "编号 " + old.Number + " 的档案已并入另一份，请改用并入后的编号。"
	case old.Name != row.entry.Name:
		return nil, "这个证件号或编号登记的是 " + old.Masked() + "（" + old.Number + "），姓名不同，请核对。改名请在患者页面里改。"
	}
	return old, ""
}

// resembling gives a patient of the same name and site whose birth date does not
// speak against it, where there is no paper on one of the sides to tell.
func (k registry) resembling(row fileRow) *stored {
	for _, p := range k.byName[nameKey(row.entry.Name, row.entry.HomeSiteID)] {
		known := p.BirthOn != nil && row.entry.BirthOn != nil
		if known && !p.BirthOn.Equal(*row.entry.BirthOn) || p.Index != nil && row.entry.PaperNo != "" {
			continue
		}
		return p
	}
	return nil
}

func nameKey(name string, site int64) string { return fmt.Sprintf("%d|%s", site, name) }

func dayText(on *time.Time) string {
	if on == nil {
		return ""
	}
	return on.Format(time.DateOnly)
}

// readRegistered reads everybody whom a row could mean.
func readRegistered(ctx context.Context, r db.Reader, rows []fileRow, indexes [][]byte) (registry, error) {
	k := registry{byNumber: map[string]*stored{}, byPaper: map[string]*stored{}, byName: map[string][]*stored{}}
	var names, numbers []string
	var papers pq.ByteaArray
	for i, row := range rows {
		if len(row.wrong) > 0 {
			continue
		}
		names = append(names, row.entry.Name)
		if row.number != "" {
			numbers = append(numbers, row.number)
		}
		if indexes[i] != nil {
			papers = append(papers, indexes[i])
		}
	}
	var list []stored
	err := r.Select(ctx, &list, `SELECT `+columns+`, p.paper_kind, p.paper_index, p.phone_sealed, p.address_sealed
FROM patient p JOIN site s ON s.id = p.home_site_id
WHERE p.name = ANY($1::text[]) OR p.number = ANY($2::text[]) OR p.paper_index = ANY($3::bytea[]) ORDER BY p.id`,
		pq.Array(names), pq.Array(numbers), papers)
	if err != nil {
		return k, fmt.Errorf("read registered patients: %w", err)
	}
	for i := range list {
		p := &list[i]
		k.byNumber[p.Number] = p
		if p.Index != nil {
			k.byPaper[string(p.Index)] = p
		}
		if p.State == Active {
			key := nameKey(p.Name, p.HomeSiteID)
			k.byName[key] = append(k.byName[key], p)
		}
	}
	return k, nil
}
