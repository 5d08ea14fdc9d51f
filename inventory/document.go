package inventory

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// The kinds of documents. A red one cancels an earlier document.
const (
	DocumentTransfer = "transfer" // 调拨单
	DocumentRed      = "red"      // 红单
)

// Document is what another system says it sent us, whoever brought it. It is
// known by Source, Number and Revision.
type Document struct {
	Source    string // at most 20 characters
	Number    string // at most 60
	Revision  int    // from 1
	Kind      string
	IssuedAt  time.Time
	FromStore string
	Cancels   string // number of the document a red one cancels
	Lines     []DocumentLine
}

// DocumentLine is one drug of one batch.
type DocumentLine struct {
	LineNo    int // from 1, unique in the document
	HISCode   string
	Batch     string    // empty when not told: people then read it off the boxes
	ExpiresOn time.Time // the calendar day, in its own zone; zero when not told
	MadeOn    time.Time // zero when not told
	Packs     int       // smallest sales units (盒)
	Price     string    // yuan per pack, at most 4 decimal places; empty when not told
	// Codes are the trace codes where the sender knows them: at most Packs.
	Codes []string
}

// The most a document may bring; more is taken for a fault of the sender.
const (
	maxDocumentPacks = 20_000
	maxLinePacks     = 10_000
)

var price = regexp.MustCompile(`^\d{1,8}(\.\d{1,4})?$`)

// check finds the first thing that is wrong with the document, without looking
// at what we know.
func (d Document) check(now time.Time) error {
	switch {
	case d.Source == "" || d.Number == "" || d.Revision < 1:
		return d.refuse("缺少来源、单号或版次")
	case longer(d.Source, 20), longer(d.Number, 60), longer(d.FromStore, 100):
		return db.Refuse(db.Invalid, "收到一张入库单，来源、单号或发出库房太长，没有收下。请联系发单方改正后重新发送。")
	case d.Kind == DocumentRed && (d.Cancels == "" || d.Cancels == d.Number || longer(d.Cancels, 60)):
		return d.refuse("是红单，却没有写明冲销哪一张单")
	case d.Kind != DocumentRed && d.Kind != DocumentTransfer:
		return d.refuse("的类型“%s”不认识", d.Kind)
	case d.IssuedAt.IsZero() || d.IssuedAt.After(now.Add(24*time.Hour)):
		return d.refuse("的开单时间缺失或在将来")
	case len(d.Lines) == 0:
		return d.refuse("没有明细")
	}
	numbers, packs := map[int]bool{}, 0
	for _, l := range d.Lines {
		if problem := l.problem(); problem != "" {
			return d.refuse("第 %d 行%s", l.LineNo, problem)
		}
		if numbers[l.LineNo] {
			return d.refuse("有两个第 %d 行", l.LineNo)
		}
		numbers[l.LineNo] = true
		packs += l.Packs
	}
	if packs > maxDocumentPacks {
		return d.refuse("共 %d 盒，超过一张单的上限 %d", packs, maxDocumentPacks)
	}
	return nil
}

// problem names what is wrong with a line by itself; empty when nothing is.
func (l DocumentLine) problem() string {
	switch {
	case l.LineNo < 1:
		return "的行号不对"
	case l.HISCode == "":
		return "没有药品编码"
	case longer(l.Batch, 60):
		return "的批号太长"
	case l.Packs <= 0 || l.Packs > maxLinePacks:
		return fmt.Sprintf("的盒数是 %d，应在 1 到 %d 之间", l.Packs, maxLinePacks)
	case !l.ExpiresOn.IsZero() && !plausibleDay(l.ExpiresOn):
		return "的有效期不合理"
	case !l.MadeOn.IsZero() && (!plausibleDay(l.MadeOn) || !l.ExpiresOn.IsZero() && dayNumber(l.MadeOn) > dayNumber(l.ExpiresOn)):
		return "的生产日期不合理或晚于有效期"
	case l.Price != "" && !price.MatchString(l.Price):
		return "的单价不对"
	case len(l.Codes) > l.Packs:
		return fmt.Sprintf("的追溯码有 %d 个，多于盒数 %d", len(l.Codes), l.Packs)
	}
	return ""
}

// longer reports a text of more than n characters, which its column cannot hold.
func longer(s string, n int) bool { return utf8.RuneCountInString(s) > n }

// plausibleDay reports a date that a box can carry.
func plausibleDay(t time.Time) bool {
	return !t.IsZero() && t.Year() >= 1990 && t.Year() <= 2100
}

// refuse is the sentence about a document that was not taken: as a whole, and
// what to do.
func (d Document) refuse(format string, args ...any) error {
	return db.Refuse(db.Invalid, "入库单 %s %s。整张单没有收下，请联系发单方改正后重新发送。", d.Number, fmt.Sprintf(format, args...))
}

// digest is SM3 over what the document says, independent of how it was written:
// order of lines and codes, zeros behind a price, the zone of a time.
func (d Document) digest() ([]byte, error) {
	lines := slices.Clone(d.Lines)
	slices.SortFunc(lines, func(a, b DocumentLine) int { return a.LineNo - b.LineNo })
	records := make([]seal.Record, len(lines))
	for i, l := range lines {
		codes := slices.Clone(l.Codes)
		slices.Sort(codes)
		records[i] = seal.Record{seal.F("no", l.LineNo), seal.F("drug", l.HISCode), seal.F("batch", l.Batch),
			seal.F("expires", dateText(l.ExpiresOn)), seal.F("made", dateText(l.MadeOn)), seal.F("packs", l.Packs),
			seal.F("price", plainPrice(l.Price)), seal.F("codes", codes)}
	}
	c, err := seal.Canonical(seal.F("v", 1), seal.F("source", d.Source), seal.F("number", d.Number), seal.F("revision", d.Revision),
		seal.F("kind", d.Kind), seal.F("issued", d.IssuedAt), seal.F("from", d.FromStore), seal.F("cancels", d.Cancels), seal.F("lines", records))
	if err != nil {
		return nil, fmt.Errorf("digest of receipt %s: %w", d.Number, err)
	}
	sum := seal.SM3(c)
	return sum[:], nil
}

// plainPrice drops zeros at the end, so that 12.50 is 12.5.
func plainPrice(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}
