package integration

import (
	"context"
	"errors"
	"fmt"

	"jingfang/integration/wire"
	"jingfang/session/identity"
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
	documents, err := p.dialect().ReceiptFile(file)
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
