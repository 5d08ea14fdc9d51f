package integration

import (
	"testing"
	"time"

	"jingfang/integration/wire"
	"jingfang/inventory"
)

// Every way in which two stocks differ has its words.
func TestCompare(t *testing.T) {
	day := time.Date(2028, 1, 31, 0, 0, 0, 0, time.UTC)
	drug := func(batch string, inStore int64) inventory.BatchStock {
		return inventory.BatchStock{HISCode: "D", GenericName: "演示药", PackName: "盒", UnitName: "片", UnitsPerPack: 20, Batch: batch, InStore: inStore, ExpiresOn: &day}
	}
	his := func(batch string, packs, units int) wire.StockLine {
		return wire.StockLine{HISCode: "D", Batch: batch, Packs: packs, Units: units}
	}
	other, err := wire.ParseDate("2028-02-29")
	if err != nil {
		t.Fatal(err)
	}
	expires := his("B", 5, 0)
	expires.ExpiresOn = other
	for name, c := range map[string]struct {
		ours     []inventory.BatchStock
		his      []wire.StockLine
		words    string
		lines    int
		repeated int
	}{
		"the same":       {[]inventory.BatchStock{drug("B", 100)}, []wire.StockLine{his("B", 5, 0)}, "", 1, 0},
		"less":           {[]inventory.BatchStock{drug("B", 95)}, []wire.StockLine{his("B", 5, 0)}, "本系统比 HIS 少 5 片。", 1, 0},
		"more":           {[]inventory.BatchStock{drug("B", 125)}, []wire.StockLine{his("B", 5, 0)}, "本系统比 HIS 多 1 盒 + 5 片。", 1, 0},
		"only HIS":       {[]inventory.BatchStock{drug("A", 0)}, []wire.StockLine{his("B", 2, 3)}, "HIS 有 2 盒 + 3 片，本系统没有这个批号。", 1, 0},
		"only ours":      {[]inventory.BatchStock{drug("B", 40)}, nil, "本系统有 2 盒，HIS 没有这个批号。", 1, 0},
		"unknown drug":   {nil, []wire.StockLine{his("B", 1, 0)}, "本系统的药品目录里没有这个编码。请先取药品目录。", 1, 0},
		"both empty":     {[]inventory.BatchStock{drug("B", 0)}, nil, "", 0, 0},
		"another expiry": {[]inventory.BatchStock{drug("B", 100)}, []wire.StockLine{expires}, "有效期不同：HIS 2028-02-29，本系统 2028-01-31。", 1, 0},
		"sent twice":     {[]inventory.BatchStock{drug("B", 100)}, []wire.StockLine{his("B", 5, 0), his("B", 5, 0)}, "", 1, 1},
		"two places":     {[]inventory.BatchStock{drug("B", 160)}, []wire.StockLine{his("B", 5, 0), his("B", 3, 0)}, "", 1, 0},
		"no batches":     {[]inventory.BatchStock{drug("A", 40), drug("B", 60)}, []wire.StockLine{his("", 5, 0)}, "", 1, 0},
		"some without":   {[]inventory.BatchStock{drug("A", 40), drug("B", 80)}, []wire.StockLine{his("B", 3, 0), his("", 3, 0)}, "", 1, 0},
	} {
		got := compare(c.ours, c.his)
		words := ""
		if len(got.Lines) > 0 {
			words = got.Lines[0].Words
		}
		if len(got.Lines) != c.lines || words != c.words || got.Repeated != c.repeated || (got.Differ > 0) != (c.words != "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// What became of the missing boxes is said, and what nobody knows.
func TestWhatBecameOfTheRest(t *testing.T) {
	c := Compared{HIS: 100, Ours: 40, Packed: 20, PackName: "盒", UnitName: "片"}
	for _, x := range []struct {
		given, lost int64
		want        string
	}{{0, 0, ""}, {60, 0, "已发给患者 3 盒，HIS 还没有记账。"}, {20, 20, "已发给患者 1 盒，报损、报失或退回 1 盒，还有 1 盒没有着落。"}, {0, 60, "报损、报失或退回 3 盒，HIS 还没有记账。"}, {80, 0, "已发给患者 4 盒。"}} {
		if got := c.became(inventory.BatchGone{Given: x.given, Lost: x.lost}); got != x.want {
			t.Errorf("%d %d: %q, want %q", x.given, x.lost, got, x.want)
		}
	}
}
