package translog

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// The files of an exported folder; FORMAT.md has their content.
const (
	folderForm   = "translog.folder.v1"
	manifestFile = "manifest.json"
	manifestSign = "manifest.sig"
	anchorsFile  = "anchors.jsonl"
	openedFile   = "opened.log"
)

// Manifest says what lies in an exported folder.
type Manifest struct {
	Form       string         `json:"form"`
	Day        string         `json:"day"`
	ExportedAt time.Time      `json:"exported_at"`
	ExportedBy string         `json:"exported_by"`
	Writers    []FolderWriter `json:"writers"`
	Anchors    FolderFile     `json:"anchors"`
	Keys       []FolderFile   `json:"keys"`
	// SignedBy is the id of the key in keys/ that signed this manifest.
	SignedBy string `json:"signed_by"`
}

// FolderFile is a file of the folder with its SM3 in hexadecimal.
type FolderFile struct {
	File string `json:"file"`
	SM3  string `json:"sm3"`
}

// FolderWriter is one chain: its file, and where it ended when it was exported.
type FolderWriter struct {
	FolderFile
	ID     uuid.UUID `json:"id"`
	Length int64     `json:"length"`
	Digest string    `json:"digest"`
}

// Entries counts the entries of all chains.
func (m Manifest) Entries() (n int64) {
	for _, w := range m.Writers {
		n += w.Length
	}
	return n
}

// folderLine is one line of a writer's file: first the header, without prev, then
// the entries.
type folderLine struct {
	Seq       int64  `json:"seq"`
	Canonical []byte `json:"canonical"`
	Prev      string `json:"prev,omitempty"`
	Digest    string `json:"digest"`
}

// Folder is a day of the log as it was exported. Opening it proves nothing; its
// methods verify.
type Folder struct {
	dir      string
	text     []byte // of the manifest
	Manifest Manifest
	// officer, if set, lets find look for business keys.
	officer *seal.PrivateKey
}

// OpenFolder reads the manifest of an exported folder.
func OpenFolder(dir string) (*Folder, error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return nil, db.RefuseBecause(err, db.Invalid, "%s 不是导出的传输日志文件夹：读不到 %s。", dir, manifestFile)
	}
	f := &Folder{dir: dir, text: text}
	if err := json.Unmarshal(text, &f.Manifest); err != nil || f.Manifest.Form != folderForm {
		return nil, db.RefuseBecause(err, db.Invalid, "%s 里的 %s 读不懂：内容被改动，或是别的格式。", dir, manifestFile)
	}
	for _, x := range f.files() {
		if !filepath.IsLocal(x.File) {
			return nil, db.Refuse(db.Invalid, "%s 里的 %s 指向文件夹以外，不予读取。", dir, manifestFile)
		}
	}
	return f, nil
}

func (f *Folder) files() []FolderFile {
	list := append([]FolderFile{f.Manifest.Anchors}, f.Manifest.Keys...)
	for _, w := range f.Manifest.Writers {
		list = append(list, w.FolderFile)
	}
	return list
}

// Digest is the SM3 of the manifest, which stands for the whole folder.
func (f *Folder) Digest() seal.Digest { return seal.SM3(f.text) }

// key gives a public key that lies in the folder. Whoever must not trust the
// folder compares its id with one known from elsewhere.
func (f *Folder) key(id string) (*seal.PublicKey, error) {
	for _, k := range f.Manifest.Keys {
		if filepath.Base(k.File) != id+".pem" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(f.dir, k.File))
		if err != nil {
			return nil, fmt.Errorf("read key %s: %w", id, err)
		}
		key, err := seal.ParsePublicPEM(text)
		if err == nil && key.ID() != id {
			err = fmt.Errorf("%w: key %s in the place of %s", seal.ErrUnknownKey, key.ID(), id)
		}
		return key, err
	}
	return nil, fmt.Errorf("%w: %s", seal.ErrUnknownKey, id)
}

// anchored verifies the anchors of the folder and gives the places of our chains
// that they name.
func (f *Folder) anchored() ([]Head, error) {
	file, err := os.Open(filepath.Join(f.dir, f.Manifest.Anchors.File))
	if err != nil {
		return nil, db.RefuseBecause(err, db.Conflict, "锚点文件 %s 读不到。", f.Manifest.Anchors.File)
	}
	defer file.Close() // it is only read
	var out []Head
	for d := json.NewDecoder(file); ; {
		var a identity.SignedAnchor
		if err := d.Decode(&a); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, db.RefuseBecause(err, db.Conflict, "锚点文件在第 %d 个锚点之后读不出来。", len(out))
		}
		heads, err := a.Heads(f.key)
		if err != nil {
			return nil, err
		}
		out = append(out, LogHeads(heads)...)
	}
}

// LogHeads picks the heads of transfer log chains out of an anchor's.
func LogHeads(heads []identity.Head) []Head {
	var out []Head
	for _, h := range heads {
		if id, ok := writerOf(h.Name); ok {
			out = append(out, Head{Writer: id, Length: h.Length, Digest: h.Digest})
		}
	}
	return out
}

// signed checks the signature over the manifest.
func (f *Folder) signed() error {
	text, err := os.ReadFile(filepath.Join(f.dir, manifestSign))
	if err != nil {
		return db.RefuseBecause(err, db.Conflict, "清单没有签名（%s 读不到）。", manifestSign)
	}
	key, err := f.key(f.Manifest.SignedBy)
	if err != nil {
		return db.RefuseBecause(err, db.Conflict, "没有清单的签名公钥 %s。", f.Manifest.SignedBy)
	}
	signature, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || key.Verify(f.text, signature) != nil {
		return db.RefuseBecause(err, db.Conflict, "清单的 SM2 签名不正确：清单被改动。")
	}
	return nil
}

// whole compares a file with its digest in the manifest.
func (f *Folder) whole(x FolderFile) error {
	file, err := os.Open(filepath.Join(f.dir, x.File))
	if err != nil {
		return db.RefuseBecause(err, db.Conflict, "文件 %s 读不到。", x.File)
	}
	defer file.Close() // it is only read
	sum := seal.NewSM3()
	if _, err := io.Copy(sum, file); err != nil {
		return db.RefuseBecause(err, db.Conflict, "文件 %s 读不完整。", x.File)
	}
	if hex.EncodeToString(sum.Sum(nil)) != x.SM3 {
		return db.Refuse(db.Conflict, "文件 %s 与清单不符：被改动或截断。", x.File)
	}
	return nil
}

// VerifyFolder checks an exported folder by itself: the chains entry by entry,
// the anchors and their signatures, the manifest's own, and every file's digest.
func VerifyFolder(ctx context.Context, f *Folder, officer *seal.PrivateKey) (Report, Checks, error) {
	c := Checks{Officer: officer}
	var err error
	var extra []Problem
	if c.Anchored, err = f.anchored(); err != nil {
		extra = append(extra, Problem{Kind: Flipped, Sentence: db.Sentence(err)})
	}
	c.Anchored = f.own(c.Anchored)
	report, err := verifyAll(ctx, f, c)
	if err != nil {
		return report, c, err
	}
	for i, p := range report.Problems {
		report.Problems[i] = f.displaced(ctx, p)
	}
	if len(report.Problems) == 0 {
		for _, x := range f.files() {
			if err := f.whole(x); err != nil {
				extra = append(extra, Problem{Kind: Flipped, Sentence: db.Sentence(err)})
			}
		}
	}
	if err := f.signed(); err != nil {
		extra = append(extra, Problem{Kind: Flipped, Sentence: db.Sentence(err)})
	}
	report.Problems = append(report.Problems, extra...)
	return report, c, nil
}

// displaced tells an entry that is missing in its place but stands further down
// from one that is gone.
func (f *Folder) displaced(ctx context.Context, p Problem) Problem {
	if p.Kind != Dropped {
		return p
	}
	at, n := int64(0), int64(0)
	// The lines were read before; what cannot be read was named then.
	_ = f.each(ctx, p.Writer, func(e entryRow) (bool, error) {
		if n++; e.Seq == p.Seq {
			at = n
		}
		return at == 0, nil
	})
	if at == 0 {
		return p
	}
	return *problem(p.Writer, p.Seq, Swapped, "第 %d 条不在自己的位置上，而在第 %d 行：次序被调换。", p.Seq, at)
}

// own leaves the heads of chains that lie in this folder.
func (f *Folder) own(heads []Head) []Head {
	var out []Head
	for _, h := range heads {
		for _, w := range f.Manifest.Writers {
			if w.ID == h.Writer {
				out = append(out, h)
			}
		}
	}
	return out
}

// ShowFolder is Show for an exported folder. The folder is verified before.
func ShowFolder(ctx context.Context, f *Folder, exchange uuid.UUID, officer *seal.PrivateKey) (Opened, error) {
	if err := f.signed(); err != nil {
		return Opened{}, err
	}
	anchored, err := f.anchored()
	if err != nil {
		return Opened{}, err
	}
	return show(ctx, f, exchange, officer, anchored)
}

// NoteOpening writes into the folder who opened an exchange, as a database would
// have audited it.
func (f *Folder) NoteOpening(who string, exchange uuid.UUID, at time.Time) error {
	file, err := os.OpenFile(filepath.Join(f.dir, openedFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("note the opening: %w", err)
	}
	_, err = fmt.Fprintf(file, "%s\t%s\t%s\n", at.In(zone()).Format(time.RFC3339), who, exchange)
	return errors.Join(err, file.Close())
}
