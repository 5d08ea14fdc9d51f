package integration

import (
	"context"
	"fmt"
	"sort"
	"time"

	"jingfang/integration/wire"
	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Compared is one drug and batch in HIS's stock and in ours.
type Compared struct {
	HISCode, Drug, Batch string
	PackName, UnitName   string
	// HIS and Ours are smallest units; Packed is the units of a pack.
	HIS, Ours, Packed int64
	// Where says where ours lie, such as 在库 100 盒，在场次 10 盒.
	Where string
	// Words name the difference; "" where there is none.
	Words string
}

// Comparison is HIS's stock beside ours.
type Comparison struct {
	At    time.Time
	Lines []Compared // those that differ first
	// Differ is how many do; Repeated how many lines HIS sent twice, which count once.
	Differ, Repeated int
}

// CompareStock asks HIS what it counts in our store and compares it with our boxes,
// drug by drug and batch by batch. Nothing is changed on either side.
func CompareStock(ctx context.Context, d *db.DB, c *Client, by identity.Actor) (Comparison, error) {
	if err := identity.Allow(ctx, d, by, identity.ViewStock, 0); err != nil {
		return Comparison{}, err
	}
	if c == nil {
		return Comparison{}, db.Refuse(db.Unavailable, "还没有配置 HIS 接口，不能核对。请联系系统管理员。")
	}
	his, err := c.Stock(ctx, by)
	if err != nil {
		return Comparison{}, err
	}
	ours, err := inventory.StockByBatch(ctx, d)
	if err != nil {
		return Comparison{}, err
	}
	out := compare(ours, his)
	out.At = d.Now()
	if err := out.explain(ctx, d); err != nil {
		return Comparison{}, err
	}
	return out, identity.AuditAlone(ctx, d, by, identity.Event{Name: "his.stock", ObjectKind: "stock",
		Detail: fmt.Sprintf("lines=%d differ=%d", len(out.Lines), out.Differ)})
}

// explain says of batches of which we have less what became of the rest: boxes that
// patients have are no riddle, HIS has only not heard of them.
func (c Comparison) explain(ctx context.Context, r db.Reader) error {
	var codes, batches []string
	for _, l := range c.Lines {
		if l.Words != "" && l.HIS > l.Ours && l.Batch != "" {
			codes, batches = append(codes, l.HISCode), append(batches, l.Batch)
		}
	}
	gone, err := inventory.GoneByBatch(ctx, r, codes, batches)
	if err != nil {
		return err
	}
	of := map[batchKey]inventory.BatchGone{}
	for _, g := range gone {
		of[batchKey{g.HISCode, g.Batch}] = g
	}
	for i := range c.Lines {
		l := &c.Lines[i]
		if l.Words != "" && l.HIS > l.Ours {
			l.Words += l.became(of[batchKey{l.HISCode, l.Batch}])
		}
	}
	return nil
}

// became is the second sentence of a difference.
func (c Compared) became(g inventory.BatchGone) string {
	less, known := c.HIS-c.Ours, g.Given+g.Lost
	text := ""
	if g.Given > 0 {
		text = "已发给患者 " + amount(g.Given, c)
	}
	if g.Lost > 0 {
		if text != "" {
			text += "，"
		}
		text += "报损、报失或退回 " + amount(g.Lost, c)
	}
	switch {
	case known == 0:
		return ""
	case known == less:
		return text + "，HIS 还没有记账。"
	case known < less:
		return text + "，还有 " + amount(less-known, c) + "没有着落。"
	}
	return text + "。"
}

type batchKey struct{ code, batch string }

// compare is the pure part. Where HIS does not count all of a drug by batch, both sides
// are summed for the comparison.
func compare(ours []inventory.BatchStock, his []wire.StockLine) Comparison {
	var out Comparison
	theirs, unbatched := map[batchKey]wire.StockLine{}, map[string]bool{}
	seen := map[wire.StockLine]bool{}
	var distinct []wire.StockLine
	for _, l := range his {
		if seen[l] {
			out.Repeated++
			continue
		}
		seen[l] = true
		distinct = append(distinct, l)
		unbatched[l.HISCode] = unbatched[l.HISCode] || l.Batch == ""
	}
	for _, l := range distinct {
		k := batchKey{l.HISCode, l.Batch}
		if unbatched[l.HISCode] {
			k.batch, l.Batch, l.ExpiresOn = "", "", wire.Date{}
		}
		was := theirs[k]
		l.Packs, l.Units = l.Packs+was.Packs, l.Units+was.Units
		theirs[k] = l
	}
	held := map[batchKey]inventory.BatchStock{}
	drugs := map[string]inventory.BatchStock{}
	for _, b := range ours {
		drugs[b.HISCode] = b
		k := batchKey{b.HISCode, b.Batch}
		if unbatched[b.HISCode] {
			k.batch = ""
		}
		was, ok := held[k]
		if ok {
			b.Expected, b.InStore, b.Away, b.Apart, b.Batch, b.ExpiresOn = b.Expected+was.Expected, b.InStore+was.InStore, b.Away+was.Away, b.Apart+was.Apart, "", nil
		}
		held[k] = b
	}
	for _, k := range keysOf(theirs, held) {
		line := compareOne(k, theirs, held, drugs[k.code])
		if line.Words != "" {
			out.Differ++
		}
		out.Lines = append(out.Lines, line)
	}
	sort.SliceStable(out.Lines, func(i, j int) bool { return out.Lines[i].Words != "" && out.Lines[j].Words == "" })
	return out
}

func keysOf(theirs map[batchKey]wire.StockLine, held map[batchKey]inventory.BatchStock) []batchKey {
	all := map[batchKey]bool{}
	for k := range theirs {
		all[k] = true
	}
	for k, b := range held {
		all[k] = all[k] || b.Units() > 0
	}
	var list []batchKey
	for k, in := range all {
		if in {
			list = append(list, k)
		}
	}
	sort.Slice(list, func(i, j int) bool {
		return list[i].code < list[j].code || list[i].code == list[j].code && list[i].batch < list[j].batch
	})
	return list
}

func compareOne(k batchKey, theirs map[batchKey]wire.StockLine, held map[batchKey]inventory.BatchStock, drug inventory.BatchStock) Compared {
	his, inHIS := theirs[k]
	ours, inOurs := held[k]
	c := Compared{HISCode: k.code, Batch: k.batch, Drug: drug.DrugName(), PackName: drug.PackName, UnitName: drug.UnitName, Packed: drug.UnitsPerPack, Ours: ours.Units()}
	if drug.HISCode == "" {
		c.PackName, c.UnitName, c.Packed = "盒", "片", 1
		c.HIS = int64(his.Packs)
		if his.Packs > 0 || his.Units > 0 {
			c.Words = "本系统的药品目录里没有这个编码。请先取药品目录。"
		}
		return c
	}
	c.HIS = int64(his.Packs)*c.Packed + int64(his.Units)
	c.Where = where(ours)
	switch {
	case !inOurs && c.HIS > 0:
		c.Words = fmt.Sprintf("HIS 有 %s，本系统没有这个批号。", amount(c.HIS, c))
	case !inHIS:
		c.Words = fmt.Sprintf("本系统有 %s，HIS 没有这个批号。", amount(c.Ours, c))
	case c.HIS > c.Ours:
		c.Words = fmt.Sprintf("本系统比 HIS 少 %s。", amount(c.HIS-c.Ours, c))
	case c.HIS < c.Ours:
		c.Words = fmt.Sprintf("本系统比 HIS 多 %s。", amount(c.Ours-c.HIS, c))
	case ours.ExpiresOn != nil && !his.ExpiresOn.IsZero() && ours.ExpiresOn.Format(time.DateOnly) != his.ExpiresOn.String():
		c.Words = fmt.Sprintf("有效期不同：HIS %s，本系统 %s。", his.ExpiresOn, ours.ExpiresOn.Format(time.DateOnly))
	}
	return c
}

// Amount says units in packs and the rest: 3 盒 + 5 片.
func (c Compared) Amount(units int64) string { return amount(units, c) }

func amount(units int64, c Compared) string {
	packs, rest := units/max(c.Packed, 1), units%max(c.Packed, 1)
	switch {
	case rest == 0:
		return fmt.Sprintf("%d %s", packs, c.PackName)
	case packs == 0:
		return fmt.Sprintf("%d %s", rest, c.UnitName)
	}
	return fmt.Sprintf("%d %s + %d %s", packs, c.PackName, rest, c.UnitName)
}

func where(b inventory.BatchStock) string {
	c := Compared{Packed: b.UnitsPerPack, PackName: b.PackName, UnitName: b.UnitName}
	text := ""
	for _, x := range []struct {
		word  string
		units int64
	}{{"在库", b.InStore}, {"在场次", b.Away}, {"待扫", b.Expected}, {"待处理", b.Apart}} {
		if x.units > 0 {
			if text != "" {
				text += "，"
			}
			text += x.word + " " + amount(x.units, c)
		}
	}
	return text
}
