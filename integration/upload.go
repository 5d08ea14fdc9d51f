package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// UploadStream is the stream of documents that people bring as files.
const UploadStream = "upload"

// TakeFile takes the receipts of a file in, while the interface is down: they go
// the same way as those that are pulled, each whole or not at all, and one that came
// already changes nothing, whichever way it came. What cannot be taken in is in the
// work list. A file that is not readable is refused with a sentence.
func (p *Poller) TakeFile(ctx context.Context, by identity.Actor, file []byte) (Pulled, error) {
	var n Pulled
	if err := identity.Allow(ctx, p.c.DB, by, identity.Receive, 0); err != nil {
		return n, err
	}
	documents, err := p.documentsOf(file)
	if err != nil {
		return n, unreadable(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, raw := range documents {
		if err := p.take(ctx, UploadStream, raw, &n); err != nil {
			return n, err
		}
	}
	return n, identity.AuditAlone(ctx, p.c.DB, by, identity.Event{Name: "pull.upload", ObjectKind: "file", ObjectID: fmt.Sprintf("%x", seal.SM3(file)),
		Detail: fmt.Sprintf("documents=%d taken=%d refused=%d", n.Documents, n.Taken, n.Refused)})
}

// documentsOf reads a file by what it is, not by its name: what the interface would
// have answered, or a table, as CSV or as a workbook.
func (p *Poller) documentsOf(file []byte) ([]json.RawMessage, error) {
	if len(file) > wire.MaxBody {
		return nil, wire.ErrTooLarge
	}
	if bytes.HasPrefix(file, []byte("PK\x03\x04")) || bytes.HasPrefix(file, []byte("\xd0\xcf\x11\xe0")) {
		return workbookDocuments(file)
	}
	return p.dialect().ReceiptFile(file)
}

// workbookDocuments reads the first sheet of a workbook that holds something, with the
// columns of the template. The reader of patient files opens it: it knows what no
// workbook may hold or grow to.
func workbookDocuments(file []byte) ([]json.RawMessage, error) {
	grid, err := patient.ReadGrid(file, "")
	if err != nil {
		return nil, err
	}
	rows := make([]wire.TableRow, len(grid.Rows))
	for i, r := range grid.Rows {
		rows[i] = wire.TableRow{No: r.No, Cells: r.Cells}
	}
	list, err := wire.ReceiptTable(rows, func(days float64) time.Time { return serialTime(days, grid.Date1904) })
	if err != nil && len(grid.Sheets) > 1 {
		var d *wire.DocumentError
		if errors.As(err, &d) {
			err = &wire.DocumentError{Field: d.Field, Reason: d.Reason + "（读的是工作表“" + grid.Sheet + "”，单据请放在第一个工作表）"}
		}
	}
	return list, err
}

// serialTime is the moment that a workbook keeps as days, since 1899-12-30 or 1904-01-01.
func serialTime(days float64, from1904 bool) time.Time {
	first := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if from1904 {
		first = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	whole := math.Floor(days)
	return first.AddDate(0, 0, int(whole)).Add(time.Duration((days - whole) * float64(24*time.Hour)))
}

func (p *Poller) dialect() wire.Dialect {
	if p.c.Client == nil {
		return wire.Dialect{}
	}
	return p.c.Client.Dialect()
}

func unreadable(err error) error {
	var d *wire.DocumentError
	switch {
	case errors.Is(err, wire.ErrTooLarge):
		return db.RefuseBecause(err, db.Invalid, "文件超过 10 MB，没有接收。请分成几个文件。")
	case errors.As(err, &d) && d.Field != "":
		return db.RefuseBecause(err, db.Invalid, "文件没有接收：%s %s。", d.Field, d.Reason)
	case errors.As(err, &d):
		return db.RefuseBecause(err, db.Invalid, "文件没有接收：%s。", d.Reason)
	}
	return err
}
