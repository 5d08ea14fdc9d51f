package translog

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// Env is what the command line gives to Main.
type Env struct {
	DB  *db.DB
	Out io.Writer
	// Keys finds business keys by their HMAC; nil where there is no key folder.
	Keys seal.KeyProvider
	// Passphrase asks for the passphrase of the officer's key file.
	Passphrase func() (string, error)
	// Anchored gives the heads that verified anchors name; nil for none.
	Anchored func(ctx context.Context) ([]Head, error)
	// Opened is told of an exchange before its bodies are shown, to audit it;
	// its error keeps them closed.
	Opened func(ctx context.Context, exchange uuid.UUID) error
	// Who names the person at the machine; Exported is told of a day before it
	// leaves the database, to audit it.
	Who      string
	Exported func(ctx context.Context, day, dir string) error
	// Log gets the entries of days that leave the database; nil for none.
	Log *Log
	// Signing holds the server's signing key, for exports.
	Signing seal.KeyProvider
	// Owner opens the database as the owner of the tables, for trim; its second
	// result closes it.
	Owner func(ctx context.Context) (*db.DB, func() error, error)
}

// ErrNotGood says that verify found something wrong; what, is printed already.
var ErrNotGood = errors.New("translog: 传输日志校验未通过")

const usage = `用法：
  transferlog list [-day 2026-03-02] [-system HIS] [-service 代码] [-result ok|refused|failed|unknown]
                   [-direction in|out] [-staff 编号] [-key 业务号] [-n 条数]
  transferlog show -key-file 私钥文件 交换编号
  transferlog verify [-day 日期] [-key-file 私钥文件]
  transferlog export -day 日期 -to 文件夹
  transferlog archive -to 文件夹 [-before 日期]
  transferlog trim -folder 归档文件夹 [-years 年数]
list、show、verify 加 -folder 导出的文件夹，就不需要数据库和服务器；这时 -key 要与 -key-file 一起用。
`

// Main runs one sub-command. A nil error is success.
func Main(ctx context.Context, env Env, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "list":
			return env.list(ctx, args[1:])
		case "show":
			return env.show(ctx, args[1:])
		case "verify":
			return env.verify(ctx, args[1:])
		case "export":
			return env.export(ctx, args[1:])
		case "archive":
			return env.archive(ctx, args[1:])
		case "trim":
			return env.trim(ctx, args[1:])
		}
	}
	return db.Refuse(db.Invalid, "%s", usage)
}

// FolderOf gives the folder that the arguments name with -folder, "" for none: then
// no database is asked.
func FolderOf(args []string) string {
	for i, a := range args {
		name, value, has := strings.Cut(strings.TrimLeft(a, "-"), "=")
		switch {
		case name != "folder" || !strings.HasPrefix(a, "-"):
		case has:
			return value
		case i+1 < len(args):
			return args[i+1]
		}
	}
	return ""
}

func (e Env) parse(set *flag.FlagSet, args []string) error {
	set.SetOutput(io.Discard)
	if err := set.Parse(args); err != nil {
		return db.RefuseBecause(err, db.Invalid, "参数无法识别。\n%s", usage)
	}
	return nil
}

func (e Env) list(ctx context.Context, args []string) error {
	f := Filter{Keys: e.Keys}
	set := flag.NewFlagSet("list", flag.ContinueOnError)
	day, folder, file := set.String("day", "", ""), set.String("folder", "", ""), set.String("key-file", "", "")
	set.StringVar(&f.System, "system", "", "")
	set.StringVar(&f.Service, "service", "", "")
	set.StringVar((*string)(&f.Result), "result", "", "")
	set.StringVar((*string)(&f.Direction), "direction", "", "")
	set.StringVar(&f.Key, "key", "", "")
	set.Int64Var(&f.StaffID, "staff", 0, "")
	set.IntVar(&f.Limit, "n", 100, "")
	if err := e.parse(set, args); err != nil {
		return err
	}
	if *day != "" {
		from, err := time.ParseInLocation("2006-01-02", *day, zone())
		if err != nil {
			return db.RefuseBecause(err, db.Invalid, "日期 %q 无法识别，请写成 2026-03-02 的形式。", *day)
		}
		f.From, f.To = from, from.AddDate(0, 0, 1)
	}
	rows, err := e.find(ctx, f, *folder, *file)
	if err != nil {
		return err
	}
	return printList(e.Out, rows)
}

func (e Env) find(ctx context.Context, f Filter, folder, file string) ([]Summary, error) {
	if folder == "" {
		return List(ctx, e.DB, f)
	}
	from, err := OpenFolder(folder)
	if err != nil {
		return nil, err
	}
	var officer *seal.PrivateKey
	if file != "" {
		if officer, err = e.officer(file); err != nil {
			return nil, err
		}
	}
	rows, err := ListFolder(ctx, from, f, officer)
	return rows, namedProblem(err)
}

func (e Env) show(ctx context.Context, args []string) error {
	set := flag.NewFlagSet("show", flag.ContinueOnError)
	file, folder := set.String("key-file", "", ""), set.String("folder", "", "")
	if err := e.parse(set, args); err != nil {
		return err
	}
	id, err := uuid.Parse(set.Arg(0))
	if err != nil || *file == "" || set.NArg() != 1 {
		return db.Refuse(db.Invalid, "请给出私钥文件和一个交换编号。\n%s", usage)
	}
	officer, err := e.officer(*file)
	if err != nil {
		return err
	}
	o, err := e.open(ctx, *folder, id, officer)
	if err != nil {
		return namedProblem(err)
	}
	if e.Opened != nil {
		if err := e.Opened(ctx, id); err != nil {
			return fmt.Errorf("record the opening of %s: %w", id, err)
		}
	}
	return printOpened(e.Out, o)
}

// open shows an exchange of the database, whose anchors are checked before, or of
// a folder.
func (e Env) open(ctx context.Context, folder string, id uuid.UUID, officer *seal.PrivateKey) (Opened, error) {
	if folder != "" {
		from, err := OpenFolder(folder)
		if err != nil {
			return Opened{}, err
		}
		return ShowFolder(ctx, from, id, officer)
	}
	var anchored []Head
	var err error
	if e.Anchored != nil {
		if anchored, err = e.Anchored(ctx); err != nil {
			return Opened{}, fmt.Errorf("read anchors: %w", err)
		}
	}
	return Show(ctx, e.DB, id, officer, anchored...)
}

// namedProblem makes a sentence of what is wrong with a log.
func namedProblem(err error) error {
	var p *Problem
	if errors.As(err, &p) {
		return db.RefuseBecause(err, db.Conflict, "日志没有通过核对，不予显示。%s", p.Sentence)
	}
	return err
}

func (e Env) verify(ctx context.Context, args []string) error {
	set := flag.NewFlagSet("verify", flag.ContinueOnError)
	var c Checks
	file, folder := set.String("key-file", "", ""), set.String("folder", "", "")
	set.StringVar(&c.Day, "day", "", "")
	if err := e.parse(set, args); err != nil {
		return err
	}
	var err error
	if *file != "" {
		if c.Officer, err = e.officer(*file); err != nil {
			return err
		}
	}
	report, c, err := e.check(ctx, *folder, c)
	if err != nil {
		return err
	}
	if err := printReport(e.Out, report, c); err != nil {
		return err
	}
	if !report.Good() {
		return ErrNotGood
	}
	return nil
}

// check verifies the log of the database or of a folder.
func (e Env) check(ctx context.Context, folder string, c Checks) (Report, Checks, error) {
	if folder != "" {
		from, err := OpenFolder(folder)
		if err != nil {
			return Report{}, c, err
		}
		report, c, err := VerifyFolder(ctx, from, c.Officer)
		if err == nil {
			_, err = fmt.Fprintf(e.Out, "文件夹 %s，%s，清单 %s，签名公钥 %s（请与服务器上 jingfang transferlog export 时打印的核对）。\n",
				folder, from.Manifest.Day, from.Digest(), from.Manifest.SignedBy)
		}
		return report, c, err
	}
	if e.Anchored != nil {
		var err error
		if c.Anchored, err = e.Anchored(ctx); err != nil {
			return Report{}, c, fmt.Errorf("read anchors: %w", err)
		}
	}
	report, err := Verify(ctx, e.DB, c)
	return report, c, err
}

func (e Env) officer(file string) (*seal.PrivateKey, error) {
	if e.Passphrase == nil {
		return nil, db.Refuse(db.Invalid, "没有输入私钥口令的途径。")
	}
	phrase, err := e.Passphrase()
	if err != nil {
		return nil, fmt.Errorf("ask for the passphrase: %w", err)
	}
	key, err := seal.LoadOfficerKey(file, phrase)
	if err != nil {
		return nil, db.RefuseBecause(err, db.Invalid, "私钥文件打不开：请核对文件、权限和口令。")
	}
	return key, nil
}
