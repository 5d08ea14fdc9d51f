package reporting

import (
	"context"
	"fmt"
	"io"
	"math"

	"jingfang/sql/db"
)

// List is a list of the program as a file of any length: every row that its page
// would lead to, without the page's bounds.
type List struct {
	// Name is short and plain, for files and the audit: "receipts".
	Name, Title string
	Columns     []Column
	// each gives the rows one by one, read on one snapshot.
	each func(ctx context.Context, tx *db.Tx, put func(...Cell) error) error
}

// sheetRowsMost is how many rows a spreadsheet holds below its head.
const sheetRowsMost = 1<<20 - headRows

// Write writes the list as a spreadsheet or as text and says how many rows it has.
// Rows are written as they are read and never held together. Errors: Invalid for
// more rows than a spreadsheet holds.
func (l List) Write(ctx context.Context, d *db.DB, w io.Writer, text bool, made Made) (rows int64, err error) {
	out, err := l.open(w, text, made)
	if err != nil {
		return 0, err
	}
	most := int64(sheetRowsMost)
	if text {
		most = math.MaxInt64
	}
	err = d.InSnapshot(db.WithOwnPlans(ctx), func(ctx context.Context, tx *db.Tx) error {
		return l.each(ctx, tx, func(cells ...Cell) error {
			if rows++; rows > most {
				return db.Refuse(db.Invalid, "这张清单超过一百万行，表格放不下。请下载 CSV，或缩小范围。")
			}
			return out.cells(cells)
		})
	})
	if err != nil {
		return rows, fmt.Errorf("list %s as a file: %w", l.Name, err)
	}
	return rows, out.end()
}

func (l List) open(w io.Writer, text bool, made Made) (rowWriter, error) {
	if text {
		return NewCSVFile(w, l.Columns...)
	}
	f, err := NewSheetFile(l.Title, made, Section{Columns: l.Columns}.sheetColumns()...)
	return sheetRows{f, w}, err
}
