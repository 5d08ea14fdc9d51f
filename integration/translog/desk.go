package translog

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// MaxKeyFile bounds an officer's key file, in bytes.
const MaxKeyFile = 16 << 10

// Desk is where the log officer reads: searching, opening the key for a while,
// looking into entries, checking. Every use case needs identity.ViewTransferLog;
// every opening stands in the audit before anything is shown. It is safe for
// concurrent use.
type Desk struct {
	db      *db.DB
	keys    seal.KeyProvider
	cabinet *cabinet
	keyFile string
	archive string // folder on this server, "" for none
	log     *Log   // gets the entries of archived days; nil for none
}

// NewDesk makes the desk. keyFile is where the server finds the officer's private
// key file, for hospitals that keep it mounted; "" means that the officer hands
// it in each time.
func NewDesk(d *db.DB, keys seal.KeyProvider, keyFile string) *Desk {
	return &Desk{db: d, keys: keys, cabinet: newCabinet(d.Now), keyFile: keyFile}
}

// WithArchive sets the folder of this server that days are archived in and the log
// that gets an entry of each (nil for none), and gives k.
func (k *Desk) WithArchive(dir string, l *Log) *Desk {
	k.archive, k.log = dir, l
	return k
}

// ArchiveDir is the folder of WithArchive.
func (k *Desk) ArchiveDir() string { return k.archive }

// HasKeyFile says whether the server finds the key file by itself.
func (k *Desk) HasKeyFile() bool { return k.keyFile != "" }

// Logins are those with an open key; CloseKey forgets the key of one that ended,
// was locked or changed its roles.
func (k *Desk) Logins() []uuid.UUID { return k.cabinet.logins() }

// CloseKey forgets the key of a login. It writes nothing: the end of the login is
// in the audit.
func (k *Desk) CloseKey(login uuid.UUID) { k.cabinet.close(login) }

// OpenUntil says until when the actor's key is open; zero when it is not.
func (k *Desk) OpenUntil(by identity.Actor) time.Time {
	key, until := k.cabinet.key(by.LoginID)
	if key == nil {
		return time.Time{}
	}
	return until
}

// OpenKey opens the officer's private key for this login, for KeyOpenFor. file is
// the key file that the officer hands in; nil means the one on the server. The key
// stays in this server's memory. Errors: Invalid with a sentence that does not
// tell a wrong passphrase from a wrong file, TooMany.
func (k *Desk) OpenKey(ctx context.Context, by identity.Actor, file []byte, passphrase string) error {
	if err := identity.Allow(ctx, k.db, by, identity.ViewTransferLog, 0); err != nil {
		return err
	}
	if err := k.cabinet.mayTry(by.StaffID); err != nil {
		return err
	}
	key, err := k.unlock(ctx, file, passphrase)
	if err != nil {
		k.cabinet.missed(by.StaffID)
		e := identity.Event{Name: "transferlog.key_refused", ObjectKind: "key", Detail: "口令或私钥文件不正确"}
		return errors.Join(err, identity.AuditRefusal(ctx, k.db, by, e))
	}
	// Audited first: a key that nobody knows of must not be open.
	e := identity.Event{Name: "transferlog.key_open", ObjectKind: "key", ObjectID: key.ID(), Detail: fmt.Sprintf("打开 %d 分钟", int(KeyOpenFor.Minutes()))}
	if err := identity.AuditAlone(ctx, k.db, by, e); err != nil {
		return err
	}
	k.cabinet.put(by.LoginID, by.StaffID, key)
	return nil
}

func (k *Desk) unlock(ctx context.Context, file []byte, passphrase string) (*seal.PrivateKey, error) {
	const wrong = "私钥打不开：请核对口令和私钥文件。"
	if file == nil {
		if k.keyFile == "" {
			return nil, db.Refuse(db.Invalid, "请选择私钥文件。")
		}
		var err error
		if file, err = os.ReadFile(k.keyFile); err != nil {
			return nil, db.RefuseBecause(err, db.Unavailable, "服务器上的私钥文件读不到，请选择您自己的私钥文件。")
		}
	}
	key, err := seal.ParsePrivatePEM(file, passphrase)
	if err != nil {
		return nil, db.RefuseBecause(err, db.Invalid, wrong)
	}
	var n int
	if err := k.db.Get(ctx, &n, `SELECT count(*) FROM (SELECT 1 FROM translog_writer WHERE officer_key = $1 LIMIT 1) x`, key.ID()); err != nil {
		return nil, fmt.Errorf("look for the officer's key: %w", err)
	}
	current, err := k.keys.LogWrapKey()
	if n == 0 && (err != nil || current.ID() != key.ID()) {
		return nil, db.Refuse(db.Invalid, "这把私钥（%s）不是传输日志的，没有一段日志是用它封存的。", key.ID())
	}
	return key, nil
}

// ShutKey closes the actor's key before its time.
func (k *Desk) ShutKey(ctx context.Context, by identity.Actor) error {
	if !k.cabinet.close(by.LoginID) {
		return nil
	}
	return identity.AuditAlone(ctx, k.db, by, identity.Event{Name: "transferlog.key_close", ObjectKind: "key"})
}

// Search lists exchanges for the officer; Filter.Keys is set here.
func (k *Desk) Search(ctx context.Context, by identity.Actor, f Filter) ([]Summary, error) {
	if err := identity.Allow(ctx, k.db, by, identity.ViewTransferLog, 0); err != nil {
		return nil, err
	}
	f.Keys = k.keys
	return List(ctx, k.db, f)
}

// Find gives one exchange without its bodies. Errors: NotFound.
func (k *Desk) Find(ctx context.Context, by identity.Actor, exchange uuid.UUID) (Summary, error) {
	list, err := k.Search(ctx, by, Filter{Exchange: exchange, Limit: 1})
	if err != nil {
		return Summary{}, err
	}
	if len(list) == 0 || exchange == uuid.Nil {
		return Summary{}, db.Refuse(db.NotFound, "传输日志里没有这次交换。请回到列表再选。")
	}
	return list[0], nil
}

// Read opens one exchange with the actor's open key, after its chains and the
// anchors of their days have been verified. The opening is audited before the
// bodies are given. Errors: Conflict when the key is closed or the log is not
// whole.
func (k *Desk) Read(ctx context.Context, by identity.Actor, exchange uuid.UUID) (Opened, error) {
	s, err := k.Find(ctx, by, exchange)
	if err != nil {
		return Opened{}, err
	}
	key, _ := k.cabinet.key(by.LoginID)
	if key == nil {
		return Opened{}, db.Refuse(db.Conflict, "私钥没有打开，或已到时间自动关闭。请输入口令重新打开。")
	}
	anchored, err := k.anchored(ctx, s.At)
	if err != nil {
		return Opened{}, k.broken(ctx, by, exchange, err)
	}
	o, err := Show(ctx, k.db, exchange, key, anchored...)
	if err != nil {
		return Opened{}, k.broken(ctx, by, exchange, err)
	}
	e := identity.Event{Name: "transferlog.open", ObjectKind: "exchange", ObjectID: exchange.String(), Detail: s.System + " " + s.Service}
	return o, identity.AuditAlone(ctx, k.db, by, e)
}

// broken audits that an entry could not be shown because the log is not whole.
func (k *Desk) broken(ctx context.Context, by identity.Actor, exchange uuid.UUID, err error) error {
	err = namedProblem(err)
	if db.KindOf(err) != db.Conflict {
		return err
	}
	e := identity.Event{Name: "transferlog.open", Outcome: identity.Failed, ObjectKind: "exchange", ObjectID: exchange.String(), Detail: db.Sentence(err)}
	return errors.Join(err, identity.AuditAlone(ctx, k.db, by, e))
}

// anchored are the heads that the anchors around a time name; the anchors are
// verified by themselves and as a chain.
func (k *Desk) anchored(ctx context.Context, at time.Time) ([]Head, error) {
	day, err := time.ParseInLocation(time.DateOnly, dayOf(at), zone())
	if err != nil {
		return nil, err
	}
	heads, err := identity.AnchoredHeads(ctx, k.db, day, day.Add(24*time.Hour+lateAnchors), k.keys.PublicKey)
	return LogHeads(heads), err
}

// Check verifies the log, of one day ("2026-11-23") or whole (""), against its
// anchors, and leaves a trace of having looked.
func (k *Desk) Check(ctx context.Context, by identity.Actor, day string, progress func(done, total int64)) (Report, error) {
	if err := identity.Allow(ctx, k.db, by, identity.ViewTransferLog, 0); err != nil {
		return Report{}, err
	}
	from, to := time.Time{}, k.db.Now().Add(time.Hour)
	if day != "" {
		var err error
		if from, err = time.ParseInLocation(time.DateOnly, day, zone()); err != nil {
			return Report{}, db.RefuseBecause(err, db.Invalid, "日期 %q 无法识别，请写成 2026-03-02 的形式。", day)
		}
		to = from.Add(24*time.Hour + lateAnchors)
	}
	c := Checks{Day: day, Progress: progress}
	heads, err := identity.AnchoredHeads(ctx, k.db, from, to, k.keys.PublicKey)
	if err != nil && db.KindOf(err) != db.Conflict {
		return Report{}, err
	}
	c.Anchored = LogHeads(heads)
	report, rerr := Verify(ctx, k.db, c)
	if rerr != nil {
		return report, rerr
	}
	report.Anchors = len(c.Anchored)
	if err != nil {
		report.Problems = append(report.Problems, Problem{Kind: Flipped, Sentence: db.Sentence(err)})
	}
	e := identity.Event{Name: "transferlog.verify", ObjectKind: "day", ObjectID: day, Detail: fmt.Sprintf("%d 段，%d 条，完整", report.Writers, report.Entries)}
	if !report.Good() {
		e.Outcome, e.Detail = identity.Failed, report.Problems[0].Sentence
	}
	return report, identity.AuditAlone(ctx, k.db, by, e)
}
