package translog

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
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
}

// ErrNotGood says that verify found something wrong; what, is printed already.
var ErrNotGood = errors.New("translog: 传输日志校验未通过")

const usage = `用法：
  transferlog list [-day 2026-03-02] [-system HIS] [-service 代码] [-result ok|refused|failed|unknown]
                   [-direction in|out] [-staff 编号] [-key 业务号] [-n 条数]
  transferlog show -key-file 私钥文件 交换编号
  transferlog verify [-key-file 私钥文件]
`

// Main runs one sub-command: list, show or verify. A nil error is success.
func Main(ctx context.Context, env Env, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "list":
			return env.list(ctx, args[1:])
		case "show":
			return env.show(ctx, args[1:])
		case "verify":
			return env.verify(ctx, args[1:])
		}
	}
	return db.Refuse(db.Invalid, "%s", usage)
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
	day := set.String("day", "", "")
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
	rows, err := List(ctx, e.DB, f)
	if err != nil {
		return err
	}
	return printList(e.Out, rows)
}

func (e Env) show(ctx context.Context, args []string) error {
	set := flag.NewFlagSet("show", flag.ContinueOnError)
	file := set.String("key-file", "", "")
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
	o, err := Show(ctx, e.DB, id, officer)
	if err != nil {
		return err
	}
	if e.Opened != nil {
		if err := e.Opened(ctx, id); err != nil {
			return fmt.Errorf("record the opening of %s: %w", id, err)
		}
	}
	return printOpened(e.Out, o)
}

func (e Env) verify(ctx context.Context, args []string) error {
	set := flag.NewFlagSet("verify", flag.ContinueOnError)
	file := set.String("key-file", "", "")
	if err := e.parse(set, args); err != nil {
		return err
	}
	var c Checks
	var err error
	if *file != "" {
		if c.Officer, err = e.officer(*file); err != nil {
			return err
		}
	}
	if e.Anchored != nil {
		if c.Anchored, err = e.Anchored(ctx); err != nil {
			return fmt.Errorf("read anchors: %w", err)
		}
	}
	report, err := Verify(ctx, e.DB, c)
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
