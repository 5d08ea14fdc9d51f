package main

import (
	"context"
	"slices"
	"strings"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// runResetPassword gives an account a one-time password from the server's own
// console, for the day when the only administrator has forgotten hers or the
// first passwords were never seen: nobody could do it on a page. Whoever reads
// the server's keys may; the audit tells that it was the console.
func runResetPassword(ctx context.Context, p *program, c config) error {
	if len(c.rest) != 3 {
		return usage("用法：jingfang password reset 用户名 [-data 数据文件夹]")
	}
	keys, err := publicKeys(c)
	if err != nil {
		return err
	}
	return reading(ctx, p, c, func(d *db.DB) error {
		persons, err := identity.New(identity.Config{DB: d, Keys: keys})
		if err != nil {
			return err
		}
		if err := persons.CheckKeys(ctx); err != nil {
			return err
		}
		who, err := staffNamed(ctx, d, c.rest[2])
		if err != nil {
			return err
		}
		password, err := persons.ResetPassword(ctx, identity.System("console"), who.ID)
		if err != nil {
			return err
		}
		p.say(p.out, "%s（%s）的一次性密码：%s\n登录后须立即修改。这次重置已记入审计。", who.Username, who.Name, password)
		return nil
	})
}

func staffNamed(ctx context.Context, d *db.DB, name string) (identity.Staff, error) {
	all, err := identity.FindStaff(ctx, d, identity.StaffFilter{})
	if err != nil {
		return identity.Staff{}, err
	}
	i := slices.IndexFunc(all, func(s identity.Staff) bool { return s.Username == strings.ToLower(name) })
	if i < 0 {
		return identity.Staff{}, db.Refuse(db.NotFound, "没有用户名为 %s 的人员。", name)
	}
	return all[i], nil
}
