package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"jingfang/sql/db"
)

// RelationExample writes a small relation file to try the import with, in both
// forms: one carton of a drug of the dictionary whose small pack and carton have
// a prefix, or of an invented one when there is none. Its serial numbers are
// invented; batch and dates are those of the open receipt that brings the drug.
func RelationExample(ctx context.Context, r db.Reader, now time.Time) (xml, csv string, err error) {
	drugs, err := ListDrugs(ctx, r, now)
	if err != nil {
		return "", "", err
	}
	drug, levels := exampleLevels(drugs)
	var l ReceiptLine
	err = r.Get(ctx, &l, `SELECT l.batch, l.expires_on, l.made_on FROM receipt_line l JOIN receipt r ON r.id = l.receipt_id
WHERE l.drug_id = $1::bigint AND r.state IN ('waiting', 'scanning') ORDER BY l.id DESC LIMIT 1`, drug)
	if err != nil && !db.IsNoRows(err) {
		return "", "", fmt.Errorf("read a batch for the example: %w", err)
	}
	xml, csv = writeExample(levels, l.Batch, dayOf(l.MadeOn), dayOf(l.ExpiresOn))
	return xml, csv, nil
}

func writeExample(levels []exampleLevel, batch, made, until string) (xml, csv string) {
	var x, c strings.Builder
	fmt.Fprintf(&x, `<?xml version="1.0" encoding="UTF-8"?>
<Document License="演示">
  <Relation productCode="%s" subTypeNo="演示" cascade="%s" packageSpec="演示">
    <Batch batchNo="%s" madeDate="%s" validateDate="%s">
`, levels[0].prefix, exampleRatio(levels), batch, made, until)
	c.WriteString("code,parent,level,box_status,batch,expires\n")
	var fill func(depth, serial int, parent string)
	fill = func(depth, serial int, parent string) {
		l := levels[depth]
		code := fmt.Sprintf("%s%013d", l.prefix, serial)
		fmt.Fprintf(&x, "      <Code curCode=\"%s\" packLayer=\"%d\" parentCode=\"%s\" flag=\"0\"/>\n", code, l.level, parent)
		fmt.Fprintf(&c, "%s,%s,%d,0,%s,%s\n", code, parent, l.level, batch, until)
		if depth+1 == len(levels) {
			return
		}
		n := l.packs / levels[depth+1].packs
		for i := range n {
			fill(depth+1, (serial-1)*n+i+1, code)
		}
	}
	fill(0, 1, "")
	x.WriteString("    </Batch>\n  </Relation>\n</Document>\n")
	return x.String(), c.String()
}

// exampleLevel is a level of the example with what it holds in small packs.
type exampleLevel struct {
	prefix string
	level  int
	packs  int
}

// exampleLevels are the packs of the first drug that comes in cartons, the
// outermost first.
func exampleLevels(drugs []Drug) (drugID int64, levels []exampleLevel) {
	for _, d := range drugs {
		var list []exampleLevel
		for level := 3; level >= 1; level-- {
			i := slices.IndexFunc(d.Prefixes, func(p Prefix) bool {
				return p.Level == level && p.Units%d.UnitsPerPack == 0 && len(p.Prefix) == prefixLength
			})
			if i < 0 {
				continue
			}
			l := exampleLevel{d.Prefixes[i].Prefix, level, int(d.Prefixes[i].Units / d.UnitsPerPack)}
			if len(list) == 0 || list[len(list)-1].packs%l.packs == 0 && list[len(list)-1].packs > l.packs {
				list = append(list, l)
			}
		}
		if len(list) > 1 && list[len(list)-1].level == 1 && list[0].packs <= 1000 {
			return d.ID, list
		}
	}
	return 0, []exampleLevel{{"8300099", 3, 10}, {"8000099", 1, 1}}
}

// exampleRatio is the ratio from the outermost pack inwards: 1:2:10.
func exampleRatio(levels []exampleLevel) string {
	var parts []string
	for _, l := range levels {
		parts = append(parts, fmt.Sprint(levels[0].packs/l.packs))
	}
	return strings.Join(parts, ":")
}
