package inventory

import (
	"context"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// TakeReceipt takes a document in. Packs whose codes it lists are expected from
// then on, or counted as received where they were let in before it; lines without
// codes are counts to be filled by scanning. The same document again changes
// nothing. A later revision takes the place of the earlier one, an earlier one that
// comes late is kept and changes nothing, a red document cancels what it names.
// Everything else is refused as a whole with a sentence: an unknown drug, a wrong
// quantity, date or code, another document under the same revision; and a red
// document as NotFound while what it cancels has not come.
func (s *Service) TakeReceipt(ctx context.Context, by identity.Actor, doc Document) (changed bool, err error) {
	if err := identity.Allow(ctx, s.db, by, identity.Receive, 0); err != nil {
		return false, err
	}
	if err := doc.check(s.db.Now()); err != nil {
		return false, err
	}
	digest, err := doc.digest()
	if err != nil {
		return false, err
	}
	listed, err := doc.listed()
	if err != nil {
		return false, err
	}
	err = rerun(func() error {
		return s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			t := &intake{tx: tx, by: by, hub: s.hub, doc: doc, digest: digest, listed: listed}
			changed, err = t.run(ctx)
			return err
		})
	})
	return changed && err == nil, err
}
