package simulator

import (
	"fmt"
	"strings"

	"jingfang/integration/wire"
)

// product is a line of the demo's drug table. assumed marks a pack size or
// strength that we chose ourselves.
type product struct {
	generic, trade, spec, maker string
	unit, pack                  string
	units                       int
	class                       string
	assumed                     bool
}

// products are 25 drugs that community psychiatry uses, with what is known of
// them in public. Approval numbers are left out, codes are invented.
func products() []product {
	return []product{
		{"利培酮片", "维思通", "1mg×20片", "西安杨森", "片", "盒", 20, "普", false},
		{"利培酮口服液", "维思通", "30ml:30mg", "Janssen", "ml", "瓶", 30, "普", true},
		{"奥氮平片", "欧兰宁", "5mg×14片", "江苏豪森", "片", "盒", 14, "普", false},
		{"奥氮平片", "再普乐", "5mg×28片", "Cheplapharm", "片", "盒", 28, "普", true},
		{"氯氮平片", "", "25mg×100片", "江苏恩华", "片", "瓶", 100, "普", false},
		{"富马酸喹硫平片", "启维", "100mg×30片", "湖南洞庭", "片", "盒", 30, "普", false},
		{"富马酸喹硫平片", "思瑞康", "200mg×20片", "山东绿叶", "片", "盒", 20, "普", true},
		{"阿立哌唑片", "博思清", "10mg×20片", "成都康弘", "片", "盒", 20, "普", true},
		{"阿立哌唑片", "安律凡", "5mg×10片", "浙江大冢", "片", "盒", 10, "普", true},
		{"氨磺必利片", "索里昂", "0.2g×30片", "赛诺菲", "片", "盒", 30, "普", true},
		{"帕利哌酮缓释片", "芮达", "3mg×7片", "Janssen", "片", "盒", 7, "普", true},
		{"盐酸齐拉西酮胶囊", "卓乐定", "20mg×20粒", "Viatris", "粒", "盒", 20, "普", true},
		{"舒必利片", "", "100mg×100片", "", "片", "瓶", 100, "普", true},
		{"棕榈酸帕利哌酮注射液", "善思达", "100mg×1支", "Janssen", "支", "盒", 1, "普", false},
		{"棕榈帕利哌酮酯注射液(3M)", "善妥达", "350mg×1支", "Janssen", "支", "盒", 1, "普", true},
		{"癸酸氟哌啶醇注射液", "哈力多", "50mg×5支", "Atlantic", "支", "盒", 5, "普", true},
		{"氟哌啶醇注射液", "", "1ml:5mg×10支", "湖南洞庭", "支", "盒", 10, "普", true},
		{"碳酸锂片", "", "0.25g×100片", "湖南千金湘江", "片", "瓶", 100, "普", false},
		{"丙戊酸镁缓释片", "神泰", "0.25g×30片", "湖南湘中", "片", "盒", 30, "普", true},
		{"盐酸苯海索片", "", "2mg×100片", "常州康普", "片", "瓶", 100, "普", false},
		{"草酸艾司西酞普兰片", "来士普", "10mg×7片", "灵北", "片", "盒", 7, "普", true},
		{"盐酸丁螺环酮片", "", "5mg×60片", "江苏恩华", "片", "瓶", 60, "普", false},
		{"阿普唑仑片", "", "0.4mg×20片", "江苏恩华", "片", "盒", 20, "精二", false},
		{"劳拉西泮片", "", "1mg×24片", "山东信谊", "片", "盒", 24, "精二", false},
		{"氯硝西泮片", "", "2mg×20片", "", "片", "盒", 20, "精二", false},
	}
}

// loose tells what is given by quantity: tablets out of a bottle, and ampoules of
// which only the carton of five is coded.
func (p product) loose() bool { return p.generic == "盐酸苯海索片" || p.trade == "哈力多" }

// DemoDrugs is the demo's drug dictionary: 25 entries DEMO001 to DEMO025, each
// marked 演示 where every screen shows it, in the spec, and with one invented trace-code prefix (80000nn; 89000nn for the
// second psychotropic class).
func DemoDrugs() []wire.Drug {
	since, err := wire.ParseDate("2025-01-01")
	if err != nil {
		panic(err) // a constant
	}
	var out []wire.Drug
	for i, p := range products() {
		d := wire.Drug{HISCode: fmt.Sprintf("DEMO%03d", i+1), GenericName: p.generic, TradeName: p.trade,
			Spec: p.spec + "（演示）", Maker: p.maker, UnitName: p.unit, PackName: p.pack, UnitsPerPack: p.units, Loose: p.loose(),
			Class: p.class, ClassSince: since}
		if p.assumed {
			d.TradeName = strings.TrimSpace(p.trade + " 演示规格")
		}
		d.Prefixes = []wire.Prefix{{Prefix: prefix(i+1, p.class), Level: 1, Units: p.units}}
		if i == cartonDrug {
			d.Prefixes = append(d.Prefixes, wire.Prefix{Prefix: fmt.Sprintf("82000%02d", i+1), Level: 2, Units: 5 * p.units},
				wire.Prefix{Prefix: fmt.Sprintf("83000%02d", i+1), Level: 3, Units: 10 * p.units})
		}
		out = append(out, d)
	}
	return out
}

// cartonDrug is the index of the drug that comes in middle packs of five boxes and
// cartons of ten, with codes of their own.
const cartonDrug = 20

func prefix(n int, class string) string {
	if class == "精二" {
		return fmt.Sprintf("89000%02d", n)
	}
	return fmt.Sprintf("80000%02d", n)
}

// DemoCode is an invented trace code: a 7-digit prefix and a serial number of
// 13 digits.
func DemoCode(prefix string, serial int64) string { return fmt.Sprintf("%s%013d", prefix, serial) }
