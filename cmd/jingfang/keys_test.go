package main

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"jingfang/session/identity"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
)

// A database in use is served with its own keys only: not with fresh ones because
// the folder was mistyped, and not with those of another database.
func TestServeRefusesForeignKeys(t *testing.T) {
	d := twoUsers(t, dbtest.Options{})
	keys, err := openKeys(t.TempDir())
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
	empty, other := t.TempDir(), t.TempDir()
	if _, err := openKeys(other); err != nil {
		t.Fatal(err)
	}
	for data, want := range map[string]string{empty: "却没有它的密钥", other: "不是这个数据库的"} {
		code, _, problem := called(environ("JINGFANG_DSN", d.AppDSN), "serve", "-addr", "127.0.0.1:0", "-data", data)
		if code != exitFail || !strings.Contains(problem, want) {
			t.Errorf("exit %d: %s; want %q", code, problem, want)
		}
	}
	if _, err := seal.LoadKeyDir(filepath.Join(empty, "keys")); err == nil {
		t.Error("keys were made for a database that has some")
	}
}
