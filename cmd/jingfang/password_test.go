package main

import (
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"jingfang/session/identity"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
)

// The console opens an account whose password nobody knows, once, and says so in
// the audit.
func TestPasswordResetOnTheConsole(t *testing.T) {
	d := twoUsers(t, dbtest.Options{})
	data := t.TempDir()
	keys, err := seal.OpenKeyDir(filepath.Join(data, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	persons, err := identity.New(identity.Config{DB: d.App, Keys: keys, Rounds: seal.TestRounds, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = persons.CreateStaff(t.Context(), identity.System("test"), identity.NewStaff{Username: "xitong", Name: "演示系统",
		Grants: []identity.Grant{{Role: identity.SysAdmin}}})
	if err != nil {
		t.Fatal(err)
	}
	env := environ("JINGFANG_DSN", d.AppDSN)
	if code, _, problem := called(env, "password", "reset", "nobody", "-data", data); code != exitFail || !strings.Contains(problem, "nobody") {
		t.Errorf("an unknown name: exit %d, %s", code, problem)
	}
	code, out, problem := called(env, "password", "reset", "xitong", "-data", data)
	password := regexp.MustCompile(`密码：(\S+)`).FindStringSubmatch(out)
	if code != exitOK || password == nil {
		t.Fatalf("exit %d: %s %s", code, out, problem)
	}
	in, err := persons.LogIn(t.Context(), identity.Client{Addr: "10.0.0.9"}, "xitong", password[1], identity.Cookie{})
	if err != nil || !in.State.MustChange {
		t.Errorf("login with it: %+v, %v", in.State, err)
	}
	var who string
	if err := d.App.Get(t.Context(), &who, `SELECT roles FROM audit WHERE event = 'staff.reset_password'`); err != nil || who != "system:console" {
		t.Errorf("the audit names %q, %v", who, err)
	}
}
