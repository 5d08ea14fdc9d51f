package inventory

import "fmt"

// drugDifference is what an entry of HIS's dictionary says that we do not know.
type drugDifference struct {
	// taken is taken in at once, waiting waits for a person; both in words.
	taken, waiting []string
	class          bool               // the entry's class is to be written
	prefixes       []DictionaryPrefix // nobody has them yet
}

// compareDrug compares an entry with what is known; have is zero for a new drug.
func compareDrug(e DictionaryDrug, have Drug, known dictionaryKnown) drugDifference {
	var d drugDifference
	if have.ID == 0 {
		d.taken = append(d.taken, "新药："+DrugName(e.GenericName, e.Spec))
	} else {
		d.compareWords(e, have)
	}
	d.compareClass(e, have, known)
	for _, x := range e.Prefixes {
		d.comparePrefix(x, have, known)
	}
	return d
}

func (d *drugDifference) compareWords(e DictionaryDrug, have Drug) {
	for _, x := range []struct{ what, was, is string }{{"通用名", have.GenericName, e.GenericName}, {"商品名", have.TradeName, e.TradeName},
		{"规格", have.Spec, e.Spec}, {"厂家", have.Maker, e.Maker}, {"最小单位", have.UnitName, e.UnitName}, {"包装单位", have.PackName, e.PackName},
		{"每盒数量", fmt.Sprint(have.UnitsPerPack), fmt.Sprint(e.UnitsPerPack)}, {"可拆零", yesNo(have.Loose), yesNo(e.Loose)}} {
		if x.was != x.is {
			d.waiting = append(d.waiting, fmt.Sprintf("%s：%s → %s", x.what, orNone(x.was), orNone(x.is)))
		}
	}
}

// compareClass takes a class in at once where it makes us stricter or where none
// was known: a drug must not be handled as ordinary while a form waits.
func (d *drugDifference) compareClass(e DictionaryDrug, have Drug, known dictionaryKnown) {
	if e.Class == ClassUnknown || known.classes[classKey{have.ID, dateText(e.ClassSince)}] == e.Class {
		return
	}
	word := fmt.Sprintf("管理类别：%s 起为 %s", dateText(e.ClassSince), e.Class.Chinese())
	if e.Class.Ordinary() && hasClass(known, have.ID) {
		d.waiting = append(d.waiting, word)
		return
	}
	d.class, d.taken = true, append(d.taken, word)
}

func hasClass(known dictionaryKnown, drug int64) bool {
	for k := range known.classes {
		if k.drug == drug {
			return true
		}
	}
	return false
}

func (d *drugDifference) comparePrefix(x DictionaryPrefix, have Drug, known dictionaryKnown) {
	was, ok := known.prefixes[x.Prefix]
	switch {
	case !ok:
		d.prefixes = append(d.prefixes, x)
		d.taken = append(d.taken, fmt.Sprintf("新前缀 %s：%d 级，%d 个单位", x.Prefix, x.Level, x.Units))
	case was.DrugID != have.ID || have.ID == 0:
		d.waiting = append(d.waiting, fmt.Sprintf("前缀 %s：现在是 %s，HIS 说是这个药", x.Prefix, was.value().Drug))
	case was.Level != x.Level || was.Units != int64(x.Units):
		d.waiting = append(d.waiting, fmt.Sprintf("前缀 %s：%d 级 %d 个单位 → %d 级 %d 个单位", x.Prefix, was.Level, was.Units, x.Level, x.Units))
	}
}

func yesNo(b bool) string {
	if b {
		return "是"
	}
	return "否"
}

func orNone(s string) string {
	if s == "" {
		return "（空）"
	}
	return s
}
