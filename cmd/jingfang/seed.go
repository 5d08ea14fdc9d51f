package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// codesFile lists what can be scanned: a visitor has no boxes in hand.
const codesFile = "demo-codes.txt"

// seeder fills the demo through the use cases of the packages, as persons would
// have done. Everything asks first what is there, so that a second start keeps
// what visitors have done.
type seeder struct {
	*demo
	app    *app
	actors map[string]identity.Actor
	codes  strings.Builder
}

// all seeds in the order of who needs whom.
func (s *seeder) all(ctx context.Context) error {
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"精防点", s.sites}, {"账号", s.staff}, {"证书", s.certificates}, {"药品目录", s.drugs}, {"患者", s.patients}, {"今日义诊", s.today}, {"隔离与报损", s.setAside}, {"盘点", s.counts},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s：%w", step.what, err)
		}
	}
	if err := s.writeCodes(); err != nil {
		return err
	}
	return s.leave(ctx)
}

// by is a demo person who acts; the first act logs in.
func (s *seeder) by(ctx context.Context, username string) (identity.Actor, error) {
	if a, ok := s.actors[username]; ok {
		return a, nil
	}
	login, err := s.app.persons.LogIn(ctx, identity.Client{Addr: "127.0.0.1", Device: "jingfang demo"}, username, s.password, identity.Cookie{})
	if err != nil {
		return identity.Actor{}, db.RefuseBecause(err, db.KindOf(err), "演示账号 %s 登录不了：%s 如果密码被人改过，请删除 %s 后重新启动。",
			username, db.Sentence(err), s.config.Data)
	}
	s.actors[username] = login.State.Actor
	return login.State.Actor, nil
}

// leave ends the logins of seeding.
func (s *seeder) leave(ctx context.Context) error {
	for name, a := range s.actors {
		if err := s.app.persons.LogOut(ctx, a); err != nil {
			return fmt.Errorf("log %s out: %w", name, err)
		}
		delete(s.actors, name)
	}
	return nil
}

// note adds a paragraph to the list of codes.
func (s *seeder) note(title string, codes []string) {
	if len(codes) > 0 {
		fmt.Fprintf(&s.codes, "%s\n%s\n\n", title, strings.Join(codes, "\n"))
	}
}

// writeCodes replaces the list when this start has made something to scan.
func (s *seeder) writeCodes() error {
	if s.codes.Len() == 0 {
		return nil
	}
	path := filepath.Join(s.config.Data, codesFile)
	text := "演示用的码，都是编造的。在扫码框里输入或粘贴，再按回车。\n\n" + s.codes.String()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
