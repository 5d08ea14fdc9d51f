package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"jingfang/integration/translog"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// runTransferLog runs the reader of the transfer log. The officer's private key
// is a file of the officer's; the server holds only the public half. With -folder
// neither a database nor the server's keys are asked for.
func runTransferLog(ctx context.Context, p *program, c config) error {
	env := translog.Env{Out: p.out, Who: atMachine(), Passphrase: func() (string, error) { return p.passphrase(c) }}
	args := c.rest[1:]
	if folder := translog.FolderOf(args); folder != "" && args[0] != "trim" {
		env.Opened = func(_ context.Context, id uuid.UUID) error { return noteInFolder(p, folder, env.Who, id) }
		return told(translog.Main(ctx, env, args))
	}
	keys, err := publicKeys(c)
	if err != nil {
		return err
	}
	return reading(ctx, p, c, func(d *db.DB) error {
		env.DB, env.Keys, env.Signing = d, keys, keys
		env.Log = translog.New(d, keys, env.Who)
		env.Anchored = func(ctx context.Context) ([]translog.Head, error) { return anchoredLogs(ctx, d, keys) }
		env.Opened = func(ctx context.Context, id uuid.UUID) error {
			return auditAtMachine(ctx, d, "transferlog.open", "exchange", id.String(), "")
		}
		env.Exported = func(ctx context.Context, day, dir string) error {
			return auditAtMachine(ctx, d, "transferlog.export", "day", day, "，写入 "+dir)
		}
		env.Owner = func(ctx context.Context) (*db.DB, func() error, error) { return ownerOf(ctx, c) }
		return told(translog.Main(ctx, env, args))
	})
}

// told makes the program's own errors of those of the reader.
func told(err error) error {
	if errors.Is(err, translog.ErrNotGood) {
		return errSaid
	}
	if db.KindOf(err) == db.Invalid {
		return usage("%s", db.Sentence(err))
	}
	return err
}

// ownerOf opens the database as the owner of the tables.
func ownerOf(ctx context.Context, c config) (*db.DB, func() error, error) {
	if c.OwnerDSN == "" {
		return nil, nil, usage("清除正文要用建表用户：请设置 JINGFANG_OWNER_DSN。")
	}
	owner, err := db.Open(ctx, db.Config{DSN: c.OwnerDSN, MaxOpen: 1, StatementTimeout: time.Hour})
	if err != nil {
		return nil, nil, openFailed(err)
	}
	return owner, owner.Close, nil
}

// noteInFolder writes into an exported folder who opened an exchange. A folder that
// cannot be written to, such as a disc, is read all the same.
func noteInFolder(p *program, folder, who string, id uuid.UUID) error {
	f, err := translog.OpenFolder(folder)
	if err != nil {
		return err
	}
	if err := f.NoteOpening(who, id, time.Now()); err != nil {
		p.say(p.err, "注意：这次查看没有记进文件夹（不能写入），请另行登记。")
	}
	return nil
}

// atMachine names the person at this machine, as far as the machine knows.
func atMachine() string {
	who := "unknown"
	if u, err := user.Current(); err == nil {
		who = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return "系统用户 " + who + "，主机 " + host
}

// auditAtMachine writes down what somebody at this machine does with the log,
// before it is done (domain rule: each opening is recorded).
func auditAtMachine(ctx context.Context, d *db.DB, event, kind, id, more string) error {
	return identity.AuditRefusal(ctx, d, identity.System("transferlog"), identity.Event{Name: event, Outcome: identity.OK,
		ObjectKind: kind, ObjectID: id, Detail: "命令行，" + atMachine() + more})
}

// passphrase takes the officer's passphrase from the configuration or asks for
// it; what is typed does not show.
func (p *program) passphrase(c config) (string, error) {
	if c.Passphrase != "" {
		return c.Passphrase, nil
	}
	if _, err := fmt.Fprint(p.err, "私钥口令："); err != nil {
		return "", err
	}
	if f, ok := p.in.(*os.File); ok {
		defer hideTyping(int(f.Fd()))()
	}
	line, err := bufio.NewReader(p.in).ReadString('\n')
	if err != nil && !(errors.Is(err, io.EOF) && line != "") {
		return "", usage("没有读到口令。请在终端输入，或设置 JINGFANG_PASSPHRASE_FILE。")
	}
	p.say(p.err, "")
	return strings.TrimRight(line, "\r\n"), nil
}

// hideTyping turns the terminal's echo off; what is no terminal is left alone.
func hideTyping(fd int) (restore func()) {
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return func() {}
	}
	quiet := *before
	quiet.Lflag &^= unix.ECHO
	if unix.IoctlSetTermios(fd, unix.TCSETS, &quiet) != nil {
		return func() {}
	}
	// A terminal that cannot be set back is gone.
	return func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, before) }
}

// runOfficer makes the key pair of the log officer, or installs its public half
// on the server.
func runOfficer(_ context.Context, p *program, c config) error {
	switch {
	case c.rest[1] == "new" && len(c.rest) == 3:
		return p.newOfficer(c, c.rest[2])
	case c.rest[1] == "use" && len(c.rest) == 3:
		return p.useOfficer(c, c.rest[2])
	}
	return usage("用法：\n  jingfang officer new 私钥文件        生成日志审计员的密钥对；私钥由审计员保管，公钥写在 私钥文件.pub\n  jingfang officer use 公钥文件 -data 文件夹   把公钥装到服务器，之后的传输日志用它封存")
}

func (p *program) newOfficer(c config, path string) error {
	phrase, err := p.passphrase(c)
	if err != nil {
		return err
	}
	if err := identity.CheckPassword("", phrase); err != nil {
		return usage("口令不合要求：%s", db.Sentence(err))
	}
	pub, err := seal.CreateOfficerKey(path, phrase, seal.ProductionRounds)
	if err != nil {
		return err
	}
	text, err := pub.MarshalPEM()
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".pub", text, 0o644); err != nil {
		return fmt.Errorf("write the public key: %w", err)
	}
	p.say(p.out, "私钥：%s（请由审计员保管，不要留在服务器上）\n公钥：%s.pub（编号 %s）", path, path, pub.ID())
	return nil
}

func (p *program) useOfficer(c config, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return usage("公钥文件读不到：%v", err)
	}
	pub, err := seal.ParsePublicPEM(text)
	if err != nil {
		return db.RefuseBecause(err, db.Invalid, "%s 不是日志审计员的公钥文件。", path)
	}
	keys, err := openKeys(c.Data)
	if err != nil {
		return err
	}
	if err := keys.SetLogOfficer(pub); err != nil {
		return err
	}
	p.say(p.out, "已装入公钥 %s。此后的传输日志只有对应的私钥能打开。", pub.ID())
	return nil
}
