package wire

import (
	"strconv"
	"strings"
)

// Drug is an entry of HIS's drug dictionary.
type Drug struct {
	HISCode      string `json:"his_code"`
	GenericName  string `json:"generic_name"`
	TradeName    string `json:"trade_name,omitempty"`
	Spec         string `json:"spec,omitempty"`
	Maker        string `json:"maker,omitempty"`
	UnitName     string `json:"unit_name"`      // smallest unit: 片, 粒, 支, ml
	PackName     string `json:"pack_name"`      // smallest sales unit: 盒, 瓶
	UnitsPerPack int    `json:"units_per_pack"` // smallest units in a pack
	// Class is 普, 精二, 精一, 麻 or 毒, since ClassSince; "" means unknown,
	// which never counts as ordinary.
	Class      string `json:"class,omitempty"`
	ClassSince Date   `json:"class_since"`
	Loose      bool   `json:"loose,omitempty"` // dispensed by quantity (拆零)
	// Prefixes say which trace codes belong to the drug.
	Prefixes []Prefix `json:"prefixes,omitempty"`
}

// Prefix is the 药品标识码 of one pack level of a drug.
type Prefix struct {
	Prefix string `json:"prefix"`
	Level  int    `json:"level"` // 1 small … 3 carton
	Units  int    `json:"units"` // smallest units in a pack of this level
}

type rawDrug struct {
	HISCode      *string     `json:"his_code"`
	GenericName  *string     `json:"generic_name"`
	TradeName    *string     `json:"trade_name"`
	Spec         *string     `json:"spec"`
	Maker        *string     `json:"maker"`
	UnitName     *string     `json:"unit_name"`
	PackName     *string     `json:"pack_name"`
	UnitsPerPack *int        `json:"units_per_pack"`
	Class        *string     `json:"class"`
	ClassSince   *string     `json:"class_since"`
	Loose        bool        `json:"loose"`
	Prefixes     []rawPrefix `json:"prefixes"`
}

type rawPrefix struct {
	Prefix *string `json:"prefix"`
	Level  *int    `json:"level"`
	Units  *int    `json:"units"`
}

// DecodeDrug reads one entry of the dictionary. Errors: *DocumentError, ErrTooLarge.
func DecodeDrug(data []byte) (Drug, error) {
	var raw rawDrug
	if err := unmarshal(data, &raw); err != nil {
		return Drug{}, err
	}
	var f fields
	d := Drug{
		HISCode:      f.text("his_code", raw.HISCode, 40),
		GenericName:  f.text("generic_name", raw.GenericName, 100),
		TradeName:    f.optional("trade_name", raw.TradeName, 100),
		Spec:         f.optional("spec", raw.Spec, 100),
		Maker:        f.optional("maker", raw.Maker, 100),
		UnitName:     f.text("unit_name", raw.UnitName, 10),
		PackName:     f.text("pack_name", raw.PackName, 10),
		UnitsPerPack: f.number("units_per_pack", raw.UnitsPerPack, 100_000),
		Class:        f.class("class", raw.Class),
		Loose:        raw.Loose,
	}
	if raw.ClassSince != nil && strings.TrimSpace(*raw.ClassSince) != "" {
		d.ClassSince = f.date("class_since", raw.ClassSince)
	}
	if (d.Class == "") != d.ClassSince.IsZero() {
		f.fail("class_since", "应与 class 同时给出")
	}
	for i, p := range raw.Prefixes {
		d.Prefixes = append(d.Prefixes, f.prefix("prefixes["+strconv.Itoa(i)+"].", p))
	}
	if f.err != nil {
		return Drug{}, f.err
	}
	return d, nil
}

func (f *fields) class(field string, s *string) string {
	v := f.optional(field, s, 10)
	switch v {
	case "", "普", "精二", "精一", "麻", "毒":
		return v
	}
	f.fail(field, "不是已知的管理类别")
	return ""
}

func (f *fields) prefix(at string, p rawPrefix) Prefix {
	return Prefix{
		Prefix: f.text(at+"prefix", p.Prefix, 20),
		Level:  f.number(at+"level", p.Level, 3),
		Units:  f.number(at+"units", p.Units, 1_000_000),
	}
}
