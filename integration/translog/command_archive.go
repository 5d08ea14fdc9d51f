package translog

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"time"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// system is who acts where a person works at the server's own console.
func system() identity.Actor { return identity.System("transferlog") }

func (e Env) export(ctx context.Context, args []string) error {
	x := Export{By: e.Who, Keys: e.Signing, Log: e.Log}
	set := flag.NewFlagSet("export", flag.ContinueOnError)
	set.StringVar(&x.Day, "day", "", "")
	set.StringVar(&x.Dir, "to", "", "")
	if err := e.parse(set, args); err != nil {
		return err
	}
	if x.Day == "" || x.Dir == "" || x.Keys == nil {
		return db.Refuse(db.Invalid, "请给出日期和要写入的文件夹。\n%s", usage)
	}
	if e.Exported != nil {
		if err := e.Exported(ctx, x.Day, x.Dir); err != nil {
			return fmt.Errorf("record the export of %s: %w", x.Day, err)
		}
	}
	f, err := x.leave(ctx, "log.export", func() (*Folder, error) { return WriteFolder(ctx, e.DB, x) })
	if err != nil {
		return err
	}
	report, c, err := VerifyFolder(ctx, f, nil)
	if err != nil {
		return err
	}
	return e.told(f, report, c)
}

// told prints what was written and what is wrong with it.
func (e Env) told(f *Folder, report Report, c Checks) error {
	m := f.Manifest
	if _, err := fmt.Fprintf(e.Out, "已写入 %s：%s，%d 段，%d 条，清单 %s，签名公钥 %s。\n", f.dir, m.Day, len(m.Writers), m.Entries(), f.Digest(), m.SignedBy); err != nil {
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

func (e Env) archive(ctx context.Context, args []string) error {
	set := flag.NewFlagSet("archive", flag.ContinueOnError)
	to, before := set.String("to", "", ""), set.String("before", "", "")
	if err := e.parse(set, args); err != nil {
		return err
	}
	if *to == "" || e.Signing == nil {
		return db.Refuse(db.Invalid, "请用 -to 给出归档文件夹。\n%s", usage)
	}
	if *before == "" {
		*before = LatestBefore(e.DB.Now())
	}
	if _, err := time.Parse(time.DateOnly, *before); err != nil {
		return db.RefuseBecause(err, db.Invalid, "日期 %q 无法识别，请写成 2026-03-02 的形式。", *before)
	}
	dir, err := filepath.Abs(*to)
	if err != nil {
		return err
	}
	days, err := Unarchived(ctx, e.DB, *before)
	if err != nil {
		return err
	}
	for _, day := range days {
		f, report, err := Archive(ctx, e.DB, system(), Export{Day: day, Dir: dir, By: e.Who, Keys: e.Signing, Log: e.Log})
		if err != nil {
			return err
		}
		if err := e.told(f, report, Checks{}); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(e.Out, "归档完成，共 %d 天。\n", len(days))
	return err
}

func (e Env) trim(ctx context.Context, args []string) (err error) {
	set := flag.NewFlagSet("trim", flag.ContinueOnError)
	folder, years := set.String("folder", "", ""), set.Int("years", KeepYears, "")
	if err := e.parse(set, args); err != nil {
		return err
	}
	if *folder == "" || e.Owner == nil || *years < 1 || *years > 100 {
		return db.Refuse(db.Invalid, "请给出归档文件夹；年数是 1 到 100。\n%s", usage)
	}
	f, err := OpenFolder(*folder)
	if err != nil {
		return err
	}
	owner, done, err := e.Owner(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	keep := owner.Now().AddDate(*years, 0, 0).Sub(owner.Now())
	n, err := Trim(ctx, owner, system(), f, keep, e.Who)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.Out, "%s 的 %d 条正文已从数据库清除，只在归档 %s 里。链、锚点和检索栏仍在，可照常核对。\n", f.Manifest.Day, n, *folder)
	return err
}
