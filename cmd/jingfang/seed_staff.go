package main

import (
	"context"
	"fmt"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// demoPerson is an account of the demonstration.
type demoPerson struct {
	username, name string
	role           identity.Role
}

func demoPersons() []demoPerson {
	return []demoPerson{
		{"doctor1", "演示医生甲", identity.Doctor}, {"doctor2", "演示医生乙", identity.Doctor},
		{"doctor3", "演示医生丙", identity.Doctor}, {"doctor4", "演示医生丁", identity.Doctor},
		{"pharmacist", "演示药师甲", identity.Pharmacist}, {"pharmacist2", "演示药师乙", identity.Pharmacist},
		{"assistant", "演示工作人员", identity.Assistant}, {"manager", "演示管理人员", identity.Manager},
		{"sysadmin", "演示系统管理员", identity.SysAdmin}, {"secadmin", "演示安全管理员", identity.SecAdmin},
		{"auditor", "演示审计管理员", identity.Auditor},
	}
}

// staff makes the accounts that are missing, and gives those that are there the
// password of this start.
func (s *seeder) staff(ctx context.Context) error {
	have, err := s.staffIDs(ctx)
	if err != nil {
		return err
	}
	kept, err := s.keptPassword()
	if err != nil {
		return err
	}
	if kept == "" {
		// Written first: a start that is killed among the accounts must find it.
		if err := s.keepPassword(); err != nil {
			return err
		}
	}
	for _, x := range demoPersons() {
		switch {
		case have[x.username] == 0:
			err = s.person(ctx, x)
		case kept != "" && kept != s.password:
			err = s.newPassword(ctx, x.username, kept)
		}
		if err != nil {
			return err
		}
	}
	return s.keepPassword()
}

// person makes one account that may be used as it is.
func (s *seeder) person(ctx context.Context, x demoPerson) error {
	_, _, err := s.app.persons.CreateStaff(ctx, identity.System("demo"), identity.NewStaff{Username: x.username, Name: x.name,
		Password: s.password, Final: true, Grants: []identity.Grant{{Role: x.role}}})
	return err
}

// newPassword changes a password as the person would. An account that has the
// new one already was changed by a start that did not get to the end.
func (s *seeder) newPassword(ctx context.Context, username, old string) error {
	from := identity.Client{Addr: "127.0.0.1", Device: "jingfang demo"}
	login, err := s.app.persons.LogIn(ctx, from, username, old, identity.Cookie{})
	if db.KindOf(err) == db.LoggedOut {
		_, err := s.by(ctx, username)
		return err
	}
	if err != nil {
		return err
	}
	by := login.State.Actor
	if err := s.app.persons.ChangePassword(ctx, by, old, s.password); err != nil {
		return db.RefuseBecause(err, db.KindOf(err), "演示账号 %s 换不了密码：%s", username, db.Sentence(err))
	}
	return s.app.persons.LogOut(ctx, by)
}

func (s *seeder) staffIDs(ctx context.Context) (map[string]int64, error) {
	list, err := identity.FindStaff(ctx, s.app.db, identity.StaffFilter{})
	if err != nil {
		return nil, fmt.Errorf("find accounts: %w", err)
	}
	ids := make(map[string]int64, len(list))
	for _, x := range list {
		ids[x.Username] = x.ID
	}
	return ids, nil
}
