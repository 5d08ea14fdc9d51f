package reporting

import (
	"io"

	"jingfang/session"
)

// WriteExpiringSheet writes what has expired or will soon as a spreadsheet, a row
// for each batch and place.
func WriteExpiringSheet(w io.Writer, list []session.Expiring, made Made) error {
	f, err := NewSheetFile("近效期药品", made, SheetColumn{"药品", 30}, SheetColumn{"批号", 14}, SheetColumn{"有效期至", 12}, SheetColumn{"还有天数", 10},
		SheetColumn{"在哪里", 24}, SheetColumn{"整盒", 8}, SheetColumn{"盒单位", 8}, SheetColumn{"零散", 8}, SheetColumn{"零散单位", 10})
	if err != nil {
		return err
	}
	for _, x := range list {
		for _, p := range x.Places {
			err := f.Row(x.DrugName(), x.Batch, SheetDay(x.ExpiresOn), x.Days, p.Name, p.Packs, x.PackWord, p.Loose, x.UnitWord)
			if err != nil {
				return err
			}
		}
	}
	_, err = f.WriteTo(w)
	return err
}
