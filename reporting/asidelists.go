package reporting

import (
	"context"
	"math"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// asideWindow is how many packs that lie apart are held at a time.
const asideWindow = 2000

// AsideList is the packs in quarantine, damaged or lost as a file, the last changed
// first.
func AsideList(state inventory.State) List {
	l := List{Name: "setaside-" + string(state), Title: "退药与报损 " + state.Chinese(), Columns: []Column{{"药品", false, 40}, {"追溯码", false, 38}, {"批号", false, 18}, {"有效期至", false, 20}, {"剩余", true, 12}, {"整盒含", true, 12}, {"最小单位", false, 14},
		{"患者退回", false, 14}, {"原因", false, 40}, {"登记", false, 30}, {"经过", false, 18}, {"登记人", false, 18}, {"待确认单据", false, 28}}}
	l.each = func(ctx context.Context, tx *db.Tx, put func(...Cell) error) error {
		for from := 0; ; from += asideWindow {
			list, err := inventory.ListAside(ctx, tx, tx.Now, state, from, asideWindow)
			if err != nil {
				return err
			}
			for _, x := range list {
				if err := put(asideCells(x)...); err != nil {
					return err
				}
			}
			if len(list) < asideWindow {
				return nil
			}
		}
	}
	return l
}

func asideCells(x inventory.AsideLine) []Cell {
	return []Cell{words(x.DrugName()), words(x.Code), words(x.Batch), dayOr(x.ExpiresOn, ""), count(x.UnitsLeft), count(x.Total), words(x.UnitName),
		yes(x.Returned), words(x.Reason), momentCell(&x.Since), words(x.Kind.Chinese()), words(x.Who), words(x.Waiting)}
}

// DisposalList is the papers over losses, destructions and sendings back as a file:
// those that wait, then the others, the newest first.
func DisposalList() List {
	l := List{Name: "setaside-papers", Title: "退药与报损 单据", Columns: []Column{{"单据", false, 20}, {"单号", false, 28}, {"状态", false, 20}, {"盒数", true, 12}, {"原因", false, 40}, {"方式", false, 24}, {"地点或去向", false, 30}, {"见证", false, 24},
		{"提出", false, 30}, {"提出人", false, 18}, {"决定", false, 30}, {"决定人", false, 18}, {"备注", false, 40}}}
	l.each = func(ctx context.Context, tx *db.Tx, put func(...Cell) error) error {
		for _, waiting := range []bool{true, false} {
			list, err := inventory.ListDisposals(ctx, tx, tx.Now, waiting, math.MaxInt32)
			if err != nil {
				return err
			}
			for _, x := range list {
				err := put(words(x.Title()), words(x.Number), words(x.At(tx.Now).Chinese()), count(x.Packs), words(x.Reason), words(x.Method), words(x.Place), words(x.Witness),
					momentCell(&x.ProposedAt), words(x.Proposer), momentCell(x.DecidedAt), words(x.Decider), words(x.Remark))
				if err != nil {
					return err
				}
			}
		}
		return nil
	}
	return l
}
