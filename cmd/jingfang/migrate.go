package main

import (
	"context"
	"net/url"
	"os"
	"path/filepath"

	"jingfang/sql/db"
)

// runMigrate brings the schema to the version of this program.
func runMigrate(ctx context.Context, p *program, c config) error {
	if c.OwnerDSN == "" {
		return usage("请用 JINGFANG_OWNER_DSN（或 JINGFANG_OWNER_DSN_FILE）给出建表用户的连接串。")
	}
	n, err := migrate(ctx, c.OwnerDSN, c.DSN)
	if err != nil {
		return err
	}
	if n == 0 {
		p.say(p.out, "数据库表已是最新。")
	} else {
		p.say(p.out, "数据库表已升级，执行了 %d 个步骤。", n)
	}
	if c.DSN == "" {
		p.say(p.out, "没有设置 JINGFANG_DSN，未给程序用户授权。设置后请再运行一次。")
	}
	return nil
}

// userOf is the user of a connection string, "" for none given.
func userOf(dsn string) (string, error) {
	if dsn == "" {
		return "", nil
	}
	u, err := url.Parse(dsn)
	if err != nil {
		// The parser's error would quote the string, which holds a password.
		return "", db.Refuse(db.Invalid, "JINGFANG_DSN 无法识别，须以 postgres:// 或 opengauss:// 开头。")
	}
	if u.User != nil && u.User.Username() != "" {
		return u.User.Username(), nil
	}
	return u.Query().Get("user"), nil
}

// hasCluster tells whether the demonstration has ever run in the folder.
func hasCluster(dir string) bool {
	for _, name := range []string{"postgresql", "postgresql.path"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}
