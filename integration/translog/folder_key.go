package translog

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// keyFinder tells which entries of a writer have a business key, by opening them.
type keyFinder struct {
	key  seal.DataKey
	want string
}

// keysOf gives the finder for a writer, nil where no key is asked for.
func (f *Folder) keysOf(ctx context.Context, writer uuid.UUID, want string) (*keyFinder, error) {
	if want == "" {
		return nil, nil
	}
	if f.officer == nil {
		return nil, db.Refuse(db.Invalid, "在导出的文件夹里按业务号查找，需要用 -key-file 给出日志审计员的私钥。")
	}
	rows, err := f.writers(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(rows, func(w writerRow) bool { return w.ID == writer })
	key, err := f.officer.UnwrapKey(rows[i].DataKey, rows[i].WrappedKey)
	if err != nil {
		return nil, db.RefuseBecause(err, db.Invalid, "这把私钥（%s）打不开这个文件夹，须用 %s。", f.officer.ID(), rows[i].OfficerKey)
	}
	return &keyFinder{key, want}, nil
}

// has opens an entry; one that does not open is not what is looked for.
func (k *keyFinder) has(row entryRow) bool {
	e, err := decodeEntry(row.Canonical)
	if err != nil {
		return false
	}
	plain, err := k.key.Open(aad(e.Writer, e.Seq), e.Sealed)
	if err != nil {
		return false
	}
	p, err := decodePayload(plain)
	return err == nil && p.Key == k.want
}
