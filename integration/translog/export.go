package translog

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// Export says which day goes where.
type Export struct {
	// Day is "2026-11-23"; its folder is made below Dir and must not be there yet.
	Day, Dir string
	// By is who exports, for the manifest.
	By string
	// Keys sign the manifest and give the public keys of the anchors.
	Keys seal.KeyProvider
	// Log gets an entry of the day that leaves the database, committed before it
	// does; nil for none. StaffID is who exports, 0 at the server's console.
	Log     *Log
	StaffID int64
}

// The other end of what comes through our own addresses.
const (
	DeviceSystem = "DEVICE" // the clinic's laptops, phones, scanners
	FileSystem   = "FILE"   // files and papers that a person hands in or takes away
)

// leave enters that a day leaves the database, before do makes its folder, and how
// it ended. The folder itself stands in the entry by the SM3 of its manifest.
func (x Export) leave(ctx context.Context, service string, do func() (*Folder, error)) (*Folder, error) {
	if x.Log == nil {
		return do()
	}
	p, err := x.Log.Begin(ctx, Exchange{System: FileSystem, Service: service, Direction: Out, Key: x.Day, StaffID: x.StaffID, Person: valid(x.By), Target: valid(x.Dir)})
	if err != nil {
		return nil, err
	}
	f, err := do()
	o := Outcome{Result: OK}
	if err != nil {
		o = Outcome{Result: Failed, Detail: err.Error()}
	} else {
		o.Detail = fmt.Sprintf("%d 条，清单 SM3 %s", f.Manifest.Entries(), f.Digest())
	}
	return f, errors.Join(err, p.End(ctx, o))
}

// lateAnchors is how long after its day a chain may be anchored: hourly, and at
// the program's next end.
const lateAnchors = 48 * time.Hour

// WriteFolder writes a day of the log into a folder of its own: the chains as they
// stand, sealed; the anchors that name them; the public keys; a signed manifest.
// It does not verify: VerifyFolder does, on what was really written.
func WriteFolder(ctx context.Context, d *db.DB, x Export) (*Folder, error) {
	if _, err := time.Parse(time.DateOnly, x.Day); err != nil {
		return nil, db.RefuseBecause(err, db.Invalid, "日期 %q 无法识别，请写成 2026-03-02 的形式。", x.Day)
	}
	dir := filepath.Join(x.Dir, "translog-"+x.Day)
	part := dir + ".part"
	if _, err := os.Lstat(dir); err == nil {
		return nil, db.Refuse(db.Conflict, "文件夹 %s 已经存在，不会覆盖。请换一个位置。", dir)
	}
	if err := errors.Join(os.RemoveAll(part), os.MkdirAll(filepath.Join(part, "keys"), 0o700)); err != nil {
		return nil, db.RefuseBecause(err, db.Invalid, "文件夹 %s 不能写入。", x.Dir)
	}
	w := &folderWriter{dir: part, x: x, m: Manifest{Form: folderForm, Day: x.Day, ExportedAt: d.Now().UTC(), ExportedBy: x.By}}
	err := d.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error { return w.all(ctx, tx) })
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(part))
	}
	if err := os.Rename(part, dir); err != nil {
		return nil, fmt.Errorf("finish the export: %w", err)
	}
	return OpenFolder(dir)
}

// folderWriter writes one folder.
type folderWriter struct {
	dir string
	x   Export
	m   Manifest
}

func (w *folderWriter) all(ctx context.Context, tx *db.Tx) error {
	from := tables{tx}
	emptied, err := from.emptied(ctx)
	if err != nil {
		return err
	}
	if emptied[w.x.Day] {
		return db.Refuse(db.Unavailable, "%s 的正文已移到归档文件夹，请使用那份归档。", w.x.Day)
	}
	if err := w.chains(ctx, from); err != nil {
		return err
	}
	if len(w.m.Writers) == 0 {
		return db.Refuse(db.NotFound, "%s 没有传输日志，没有可以导出的内容。", w.x.Day)
	}
	if err := w.anchors(ctx, tx); err != nil {
		return err
	}
	return w.manifest()
}

func (w *folderWriter) chains(ctx context.Context, from tables) error {
	writers, err := from.writers(ctx)
	if err != nil {
		return err
	}
	heads, err := from.heads(ctx)
	if err != nil {
		return err
	}
	for _, row := range writers {
		if row.LogDay.Format(time.DateOnly) != w.x.Day {
			continue
		}
		one := FolderWriter{ID: row.ID, FolderFile: FolderFile{File: "writer-" + row.ID.String() + ".jsonl"}}
		for _, h := range heads {
			if h.Writer == row.ID {
				one.Length, one.Digest = h.Length, h.Digest.String()
			}
		}
		if one.SM3, err = w.file(one.File, func(out *json.Encoder) error { return w.chain(ctx, from, row, out) }); err != nil {
			return err
		}
		w.m.Writers = append(w.m.Writers, one)
	}
	return nil
}

func (w *folderWriter) chain(ctx context.Context, from tables, row writerRow, out *json.Encoder) error {
	if err := out.Encode(folderLine{Canonical: row.Canonical, Digest: fmt.Sprintf("%x", row.Digest)}); err != nil {
		return err
	}
	return from.each(ctx, row.ID, func(e entryRow) (bool, error) {
		return true, out.Encode(folderLine{Seq: e.Seq, Canonical: e.Canonical, Prev: fmt.Sprintf("%x", e.Prev), Digest: fmt.Sprintf("%x", e.Digest)})
	})
}

// anchors writes those that name a chain of the day, and the keys that prove them.
func (w *folderWriter) anchors(ctx context.Context, tx *db.Tx) error {
	day, err := time.ParseInLocation(time.DateOnly, w.x.Day, zone())
	if err != nil {
		return err
	}
	all, err := identity.AnchorsBetween(ctx, tx, day, day.Add(24*time.Hour+lateAnchors))
	if err != nil {
		return err
	}
	keys := map[string]bool{}
	folder := Folder{Manifest: w.m}
	w.m.Anchors.File = anchorsFile
	w.m.Anchors.SM3, err = w.file(anchorsFile, func(out *json.Encoder) error {
		for _, a := range all {
			heads, err := a.Heads(w.x.Keys.PublicKey)
			if err != nil {
				return err
			}
			if len(folder.own(LogHeads(heads))) == 0 {
				continue
			}
			keys[a.Key] = true
			if err := out.Encode(a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	signer, err := w.x.Keys.Signer()
	if err != nil {
		return fmt.Errorf("sign the export: %w", err)
	}
	keys[signer.ID()] = true
	w.m.SignedBy = signer.ID()
	return w.keys(keys)
}

func (w *folderWriter) keys(ids map[string]bool) error {
	for id := range ids {
		key, err := w.x.Keys.PublicKey(id)
		if err != nil {
			return err
		}
		text, err := key.MarshalPEM()
		if err != nil {
			return err
		}
		file := FolderFile{File: "keys/" + id + ".pem", SM3: seal.SM3(text).String()}
		if err := os.WriteFile(filepath.Join(w.dir, file.File), text, 0o600); err != nil {
			return fmt.Errorf("write %s: %w", file.File, err)
		}
		w.m.Keys = append(w.m.Keys, file)
	}
	return nil
}

// manifest writes and signs what lies in the folder; it comes last.
func (w *folderWriter) manifest() error {
	text, err := json.MarshalIndent(w.m, "", "  ")
	if err != nil {
		return err
	}
	signer, err := w.x.Keys.Signer()
	if err != nil {
		return fmt.Errorf("sign the export: %w", err)
	}
	signature, err := signer.Sign(text)
	if err != nil {
		return fmt.Errorf("sign the export: %w", err)
	}
	signed := base64.StdEncoding.EncodeToString(signature) + "\n"
	return errors.Join(os.WriteFile(filepath.Join(w.dir, manifestFile), text, 0o600),
		os.WriteFile(filepath.Join(w.dir, manifestSign), []byte(signed), 0o600))
}

// file writes one file of JSON lines and gives its digest.
func (w *folderWriter) file(name string, do func(*json.Encoder) error) (sum string, err error) {
	file, err := os.OpenFile(filepath.Join(w.dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", fmt.Errorf("write %s: %w", name, err)
	}
	digest := seal.NewSM3()
	out := bufio.NewWriterSize(io.MultiWriter(file, digest), 1<<20)
	err = errors.Join(do(json.NewEncoder(out)), out.Flush(), file.Sync(), file.Close())
	if err != nil {
		return "", fmt.Errorf("write %s: %w", name, err)
	}
	return fmt.Sprintf("%x", digest.Sum(nil)), nil
}
