package integration

import (
	"context"
	"fmt"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// SetActive switches the pulling on or off.
func (p *Poller) SetActive(ctx context.Context, by identity.Actor, active bool) error {
	if err := identity.Allow(ctx, p.c.DB, by, identity.ManageSystem, 0); err != nil {
		return err
	}
	if _, err := p.position(ctx); err != nil {
		return err
	}
	err := p.c.DB.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := tx.ExecOne(ctx, `UPDATE pull_position SET active = $3::boolean, changed_at = $4 WHERE source = $1 AND stream = $2`,
			p.c.Source, p.c.Stream, active, tx.Now)
		if err != nil {
			return err
		}
		return identity.Audit(ctx, tx, by, identity.Event{Name: "pull.switch", ObjectKind: "pull_position",
			ObjectID: p.c.Source + "/" + p.c.Stream, Detail: fmt.Sprintf("active=%t", active)})
	})
	if err != nil {
		return fmt.Errorf("switch the pull: %w", err)
	}
	if active {
		p.Wake()
	}
	return nil
}

// TryAgain takes a document of the work list in once more, from the bytes that
// were kept: after a drug was added, say. When it is refused again, its new
// reason is kept and is also the error.
func (p *Poller) TryAgain(ctx context.Context, by identity.Actor, id int64) error {
	stream, raw, err := p.problemFor(ctx, by, id)
	if err != nil {
		return err
	}
	_, err = p.ingest(ctx, stream, raw)
	if err == nil {
		if err := p.resolve(ctx, by, id, "taken"); err != nil {
			return err
		}
		return p.follow(ctx, stream, raw)
	}
	if !isRefusal(err) {
		return err
	}
	if nerr := p.noteProblem(ctx, stream, raw, err); nerr != nil {
		return nerr
	}
	return db.RefuseBecause(err, db.Invalid, "%s", sentence(err))
}

// Dismiss closes an entry of the work list without taking the document in;
// reason (1 to 40 characters) says why.
func (p *Poller) Dismiss(ctx context.Context, by identity.Actor, id int64, reason string) error {
	if n := len([]rune(reason)); n < 1 || n > 40 {
		return db.Refuse(db.Invalid, "请写明不收的原因，至多 40 个字。")
	}
	if _, _, err := p.problemFor(ctx, by, id); err != nil {
		return err
	}
	return p.resolve(ctx, by, id, reason)
}

// problemFor checks the permission and gives the document of an open entry and the
// stream that brought it.
func (p *Poller) problemFor(ctx context.Context, by identity.Actor, id int64) (stream string, raw []byte, err error) {
	if err := identity.Allow(ctx, p.c.DB, by, identity.Receive, 0); err != nil {
		return "", nil, err
	}
	var row struct {
		Stream   string `db:"stream"`
		Document []byte `db:"document"`
	}
	err = p.c.DB.Get(ctx, &row, `SELECT stream, document FROM pull_problem WHERE id = $1 AND source = $2 AND resolved_at IS NULL`, id, p.c.Source)
	if db.IsNoRows(err) {
		return "", nil, db.Refuse(db.NotFound, "这张单据不在待处理列表里，可能刚才已经处理过了。")
	}
	if err != nil {
		return "", nil, fmt.Errorf("read entry %d of the pull's work list: %w", id, err)
	}
	return row.Stream, row.Document, nil
}
