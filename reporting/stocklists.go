package reporting

import (
	"context"
	"fmt"
	"math"
	"strings"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// ReceiptList is the receipts as a file: those that wait, those that are done, or
// both, in the order of their page.
func ReceiptList(open, done bool) List {
	l := List{Name: "receipts", Title: "入库单", Columns: []Column{{"单号", false, 34}, {"版次", true, 10}, {"状态", false, 14}, {"开单", false, 30}, {"到达", false, 30}, {"来自", false, 30}, {"品种", true, 10}, {"应收", true, 12}, {"已收", true, 12},
		{"未到", true, 12}, {"未收下", true, 12}, {"多余", true, 12}, {"差异", true, 12}, {"冲销的单", false, 30}, {"红单数", true, 12}, {"完成", false, 30}, {"完成人", false, 18}, {"备注", false, 40}}}
	l.each = func(ctx context.Context, tx *db.Tx, put func(...Cell) error) error {
		one := func(x inventory.Receipt) error { return put(receiptCells(x)...) }
		if open {
			list, _, err := inventory.ListReceipts(ctx, tx, 0)
			if err != nil {
				return err
			}
			for _, x := range list {
				if err := one(x); err != nil {
					return err
				}
			}
		}
		if !done {
			return nil
		}
		return inventory.EachDoneReceipt(ctx, tx, one)
	}
	return l
}

func receiptCells(x inventory.Receipt) []Cell {
	return []Cell{words(x.Number), count(x.Revision), words(x.Word()), momentCell(&x.IssuedAt), momentCell(&x.ArrivedAt), words(x.FromStore), count(x.Drugs), count(x.Expected), count(x.Received),
		count(x.Missing()), count(x.Refused), count(x.Surplus), count(x.Differ()), words(x.Cancels), count(x.Reds), momentCell(x.FinishedAt), words(x.FinishedBy), words(x.Remark)}
}

// DrugList is the dictionary of drugs as a file, by name.
func DrugList() List {
	l := List{Name: "drugs", Title: "药品目录", Columns: []Column{{"药品", false, 40}, {"商品名", false, 24}, {"HIS 编码", false, 24}, {"厂家", false, 40}, {"管理类别", false, 20}, {"盒单位", false, 12}, {"每盒", true, 12}, {"最小单位", false, 14},
		{"拆零", false, 10}, {"在用", false, 10}, {"追溯码前缀", false, 50}, {"诊桌提醒", false, 34}}}
	l.each = func(ctx context.Context, tx *db.Tx, put func(...Cell) error) error {
		drugs, err := inventory.ListDrugs(ctx, tx, tx.Now)
		if err != nil {
			return err
		}
		cares, err := inventory.DrugCares(ctx, tx)
		if err != nil {
			return err
		}
		for _, d := range drugs {
			if err := put(drugCells(d, cares[d.ID])...); err != nil {
				return err
			}
		}
		return nil
	}
	return l
}

func drugCells(d inventory.Drug, care inventory.Care) []Cell {
	active := "在用"
	if !d.Active {
		active = "停用"
	}
	var prefixes []string
	for _, x := range d.Prefixes {
		prefixes = append(prefixes, fmt.Sprintf("%s %s %d %s", x.Prefix, inventory.LevelWord(x.Level), x.Units, d.UnitName))
	}
	return []Cell{words(d.Name()), words(d.TradeName), words(d.HISCode), words(d.Maker), words(d.Class.Chinese()), words(d.PackName), count(d.UnitsPerPack), words(d.UnitName),
		yes(d.Loose), words(active), words(strings.Join(prefixes, "、")), words(care.Text())}
}

// ToteList is the totes as a file, the retired ones last.
func ToteList() List {
	l := List{Name: "totes", Title: "周转箱", Columns: []Column{{"周转箱", false, 24}, {"标签", false, 34}, {"状态", false, 22}, {"在库", true, 12}, {"随场次", true, 12}, {"要拿出", true, 12}, {"里面的药", false, 80},
		{"封箱", false, 30}, {"封箱盒数", true, 14}, {"停用", false, 30}}}
	l.each = func(ctx context.Context, tx *db.Tx, put func(...Cell) error) error {
		list, err := inventory.ListTotes(ctx, tx)
		if err != nil {
			return err
		}
		holds, err := inventory.ToteDrugs(ctx, tx)
		if err != nil {
			return err
		}
		for _, t := range list {
			if err := put(toteCells(t, holds[t.ID])...); err != nil {
				return err
			}
		}
		return nil
	}
	return l
}

func toteCells(t inventory.Tote, holds []inventory.ToteDrug) []Cell {
	var drugs []string
	for _, d := range holds {
		drugs = append(drugs, fmt.Sprintf("%s %d 盒", d.DrugName(), d.Packs))
	}
	sealed := words("")
	if t.Sealed != nil {
		sealed = count(t.SealedPacks)
	}
	return []Cell{words(t.Title()), words(t.Code), words(t.Word()), count(t.InStore), count(t.Away), count(t.SetApart), words(strings.Join(drugs, "、")), momentCell(t.Sealed), sealed, momentCell(t.Retired)}
}

// RecallList is the recalls as a file: those in force, then the lifted ones.
func RecallList() List {
	l := List{Name: "recalls", Title: "召回", Columns: []Column{{"编号", false, 22}, {"状态", false, 14}, {"级别", false, 12}, {"召回什么", false, 50}, {"追溯码数", true, 14}, {"原因", false, 40}, {"通知文号", false, 30}, {"开始", false, 30}, {"开始人", false, 18},
		{"期限", false, 30}, {"解除", false, 30}, {"提出解除", false, 18}, {"确认解除", false, 18}, {"解除原因", false, 40}}}
	l.each = func(ctx context.Context, tx *db.Tx, put func(...Cell) error) error {
		list, err := inventory.EveryRecall(ctx, tx)
		if err != nil {
			return err
		}
		for _, a := range list {
			if err := put(recallCells(a)...); err != nil {
				return err
			}
		}
		return nil
	}
	return l
}

func recallCells(a inventory.Recall) []Cell {
	state, codes := "进行中", words("")
	if !a.Open() {
		state = "已解除"
	}
	if a.Kind == inventory.RecallCodes {
		codes = count(a.Codes)
	}
	return []Cell{words(a.Number()), words(state), words(string(a.Class)), words(a.Subject()), codes, words(a.Reason), words(a.SourceNo), momentCell(&a.StartedAt), words(a.StartedBy),
		momentCell(&a.DueAt), momentCell(a.LiftedAt), words(a.AskedBy), words(a.LiftedBy), words(a.LiftReason)}
}

// StocktakeList is the counts as a file, the open ones first: those that by may see,
// which are the pharmacy's and those of the sessions at by's sites.
func StocktakeList(by identity.Actor) List {
	l := List{Name: "stocktakes", Title: "盘点", Columns: []Column{{"编号", false, 26}, {"范围", false, 40}, {"状态", false, 16}, {"开始", false, 30}, {"开始人", false, 18}, {"提交", false, 30}, {"提交人", false, 18}, {"第几次提交", true, 16},
		{"审核", false, 30}, {"审核人", false, 18}, {"备注", false, 40}}}
	l.each = func(ctx context.Context, tx *db.Tx, put func(...Cell) error) error {
		open, done, err := inventory.ListStocktakes(ctx, tx, math.MaxInt32)
		if err != nil {
			return err
		}
		for _, x := range append(open, done...) {
			if x.SiteID != nil && by.Can(identity.ViewStock, *x.SiteID) != nil {
				continue
			}
			if err := put(stocktakeCells(x)...); err != nil {
				return err
			}
		}
		return nil
	}
	return l
}

func stocktakeCells(x inventory.Stocktake) []Cell {
	return []Cell{words(x.Number()), words(x.Scope()), words(x.State.Chinese()), momentCell(&x.StartedAt), words(x.Starter), momentCell(x.SubmittedAt), words(x.Submitter), count(x.Submission),
		momentCell(x.DecidedAt), words(x.Decider), words(x.Remark)}
}
