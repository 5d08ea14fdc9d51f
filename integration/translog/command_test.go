package translog_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/integration/translog"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// run gives what a sub-command prints.
func run(t *testing.T, env translog.Env, args ...string) (string, error) {
	t.Helper()
	var out strings.Builder
	env.Out = &out
	err := translog.Main(context.Background(), env, args)
	return out.String(), err
}

// officerFile writes the private key that a log officer keeps off the server.
func officerFile(t *testing.T, f *fixture) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "officer.pem")
	pub, err := seal.CreateOfficerKey(file, "passphrase one", seal.TestRounds)
	if err != nil {
		t.Fatal(err)
	}
	f.log = translog.New(f.db.App, withOfficer{f.keys, pub}, "test-host")
	return file
}

type withOfficer struct {
	seal.KeyProvider
	pub *seal.PublicKey
}

func (w withOfficer) LogWrapKey() (*seal.PublicKey, error) { return w.pub, nil }

func TestCommand(t *testing.T) {
	f := setUp(t)
	file := officerFile(t, f)
	id := f.exchange("CK001")
	var opened []uuid.UUID
	env := translog.Env{DB: f.db.App, Keys: f.keys, Passphrase: func() (string, error) { return "passphrase one", nil },
		Anchored: func(ctx context.Context) ([]translog.Head, error) { return translog.Heads(ctx, f.db.App) },
		Opened:   func(_ context.Context, id uuid.UUID) error { opened = append(opened, id); return nil }}

	text, err := run(t, env, "list", "-day", "2026-03-02", "-system", "HIS", "-key", "CK001")
	if err != nil || !strings.Contains(text, id.String()) || !strings.Contains(text, "成功") || strings.Contains(text, "CK001") {
		t.Errorf("list: %v\n%s", err, text)
	}
	if text, err := run(t, env, "list", "-day", "2026-03-03"); err != nil || !strings.Contains(text, "共 0 条") {
		t.Errorf("another day: %v\n%s", err, text)
	}
	text, err = run(t, env, "show", "-key-file", file, id.String())
	if err != nil || !strings.Contains(text, "answer to CK001") || len(opened) != 1 || opened[0] != id {
		t.Errorf("show: %v, opened %v\n%s", err, opened, text)
	}
	text, err = run(t, env, "verify", "-key-file", file)
	if err != nil || !strings.Contains(text, "完整") || !strings.Contains(text, "核对锚点 1 处") {
		t.Errorf("verify: %v\n%s", err, text)
	}
	f.tamper(`DELETE FROM translog_entry WHERE seq = 1`)
	text, err = run(t, env, "verify")
	if !errors.Is(err, translog.ErrNotGood) || !strings.Contains(text, "第 1 条缺失") {
		t.Errorf("verify a broken log: %v\n%s", err, text)
	}
}

func TestCommandRefuses(t *testing.T) {
	f := setUp(t)
	file := officerFile(t, f)
	id := f.exchange("CK001").String()
	env := translog.Env{DB: f.db.App, Passphrase: func() (string, error) { return "wrong", nil }}
	for name, args := range map[string][]string{
		"nothing": {}, "unknown": {"erase"}, "unknown flag": {"list", "-all"}, "no such day": {"list", "-day", "2026-02-30"},
		"no key file": {"show", id}, "no id": {"show", "-key-file", file}, "not an id": {"show", "-key-file", file, "7"},
		"wrong passphrase": {"show", "-key-file", file, id}, "key without keys": {"list", "-key", "CK001"},
	} {
		if text, err := run(t, env, args...); db.KindOf(err) != db.Invalid || text != "" {
			t.Errorf("%s: %v %q", name, err, text)
		}
	}
	env.Passphrase = func() (string, error) { return "passphrase one", nil }
	if _, err := run(t, env, "show", "-key-file", file, uuid.NewString()); db.KindOf(err) != db.NotFound {
		t.Errorf("unknown exchange: %v", err)
	}
	env.Opened = func(context.Context, uuid.UUID) error { return errors.New("audit is down") }
	if text, err := run(t, env, "show", "-key-file", file, id); err == nil || text != "" {
		t.Errorf("shown although the opening could not be audited: %q", text)
	}
}

func TestShownBodiesDoNotSteerTheTerminal(t *testing.T) {
	f := setUp(t)
	file := officerFile(t, f)
	x := pull("A")
	x.Body = []byte("\x1b[2J你好")
	id, err := f.log.Record(t.Context(), x, translog.Outcome{Result: translog.Failed, Body: []byte{0xff, 0x00}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	env := translog.Env{DB: f.db.App, Passphrase: func() (string, error) { return "passphrase one", nil }}
	text, err := run(t, env, "show", "-key-file", file, id.String())
	if err != nil || strings.Contains(text, "\x1b") || !strings.Contains(text, "·[2J你好") || !strings.Contains(text, "ff 00") {
		t.Errorf("%v\n%q", err, text)
	}
}
