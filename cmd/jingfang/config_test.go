package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// environ is a set of variables for a program under test.
func environ(pairs ...string) func(string) (string, bool) {
	set := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		set[pairs[i]] = pairs[i+1]
	}
	return func(name string) (string, bool) {
		text, ok := set[name]
		return text, ok
	}
}

// called runs the program and gives its exit code and what it printed.
func called(env func(string) (string, bool), args ...string) (code int, out, problem string) {
	var o, e bytes.Buffer
	p := &program{args: args, env: env, in: strings.NewReader(""), out: &o, err: &e}
	code = p.main(context.Background())
	return code, o.String(), e.String()
}

func TestWrongCallsAreExplained(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "nothing")
	for _, x := range []struct {
		name string
		env  func(string) (string, bool)
		args []string
		says string
	}{
		{"unknown command", environ(), []string{"serv"}, `没有 "serv" 这个命令`},
		{"half a command", environ(), []string{"verify"}, "stock、ledger、records、transferlog、audit"},
		{"unknown flag", environ(), []string{"demo", "-adr", ":1"}, "没有参数 -adr"},
		{"flag of another command", environ(), []string{"serve", "-load", "1"}, "没有参数 -load"},
		{"stray word", environ(), []string{"demo", "now"}, `不认识 "now"`},
		{"no value", environ(), []string{"demo", "-addr"}, "参数不完整"},
		{"bad address", environ(), []string{"demo", "-addr", "8080"}, "参数 -addr 的值无效"},
		{"bad number", environ(), []string{"demo", "-load", "many"}, "0 到 9999"},
		{"bad time", environ("JINGFANG_IDLE_LOCK", "soon"), []string{"demo"}, "环境变量 JINGFANG_IDLE_LOCK"},
		{"bad network", environ(), []string{"serve", "-metrics-from", "10.0.0.0/99"}, "10.0.0.0/99"},
		{"password in an address", environ(), []string{"serve", "-his-url", "http://a:b@his/"}, "不能写用户名和密码"},
		{"secret twice", environ("JINGFANG_DSN", "x", "JINGFANG_DSN_FILE", "y"), []string{"serve"}, "只能设置一个"},
		{"secret file missing", environ("JINGFANG_DSN_FILE", secret), []string{"serve"}, "读不到"},
		{"secret as flag", environ(), []string{"serve", "-dsn", "postgres://x"}, "没有参数 -dsn"},
		{"no database", environ(), []string{"serve", "-data", t.TempDir(), "-addr", "127.0.0.1:0"}, "JINGFANG_DSN"},
		{"no owner", environ(), []string{"migrate"}, "JINGFANG_OWNER_DSN"},
		{"weak password", environ(), []string{"demo", "-password", "short"}, "-password 不合要求"},
		{"history", environ(), []string{"demo", "-history", "forever"}, "-history"},
		{"half a certificate", environ("JINGFANG_DSN", "postgres://nobody@127.0.0.1:1/x"), []string{"serve", "-data", t.TempDir(), "-his-url", "http://his"}, "-his-app"},
		{"transfer log without an id", environ(), []string{"help", "nonsense"}, "没有"},
	} {
		t.Run(x.name, func(t *testing.T) {
			code, out, problem := called(x.env, x.args...)
			if code != exitUsage || !strings.Contains(problem, x.says) || out != "" {
				t.Errorf("exit %d, printed %q and %q; want %d and %q", code, out, problem, exitUsage, x.says)
			}
		})
	}
}

func TestLaterSourcesWin(t *testing.T) {
	serve, rest, err := findCommand([]string{"serve", "-idle-lock", "3m"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := parseConfig(serve, rest, environ("JINGFANG_IDLE_LOCK", "7m", "JINGFANG_ANCHOR_EVERY", "2h", "JINGFANG_HOST", "a, b，c"))
	if err != nil {
		t.Fatal(err)
	}
	if c.IdleLock != 3*time.Minute || c.AnchorEvery != 2*time.Hour || c.MaxOpen != 25 || strings.Join(c.Hosts, "|") != "a|b|c" {
		t.Errorf("flag, variable, default and list came out as %v %v %v %v", c.IdleLock, c.AnchorEvery, c.MaxOpen, c.Hosts)
	}
}

func TestPrintConfigHidesSecrets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("Sesame-from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, problem := called(environ("JINGFANG_DSN", "postgres://u:Sesame@h/d", "JINGFANG_HIS_KEY_FILE", file), "serve", "-print-config")
	if code != exitOK || problem != "" {
		t.Fatalf("exit %d: %s", code, problem)
	}
	if strings.Contains(out, "Sesame") {
		t.Errorf("a secret is printed:\n%s", out)
	}
	for _, want := range []string{"JINGFANG_HIS_KEY_FILE", "（已设置，不显示）", "127.0.0.1:8080"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing from\n%s", want, out)
		}
	}
}

// TestOptionsAreSound: each option belongs to a command that exists, has a
// default that it accepts itself, and is explained in help.
func TestOptionsAreSound(t *testing.T) {
	code, all, _ := called(environ(), "help")
	if code != exitOK {
		t.Fatal(all)
	}
	for _, cmd := range commands() {
		if !strings.Contains(all, cmd.name) {
			t.Errorf("help does not name %s", cmd.name)
		}
		if _, err := parseConfig(cmd, nil, environ()); err != nil {
			t.Errorf("%s does not start with its defaults: %v", cmd.name, err)
		}
	}
	for _, o := range options() {
		for _, name := range o.on {
			cmd, _, err := findCommand(strings.Fields(name))
			if err != nil || cmd.name != name {
				t.Errorf("option %s belongs to %q, which is no command", o.name, name)
			}
		}
		if _, out, _ := called(environ(), append([]string{"help"}, strings.Fields(o.on[0])...)...); !strings.Contains(out, o.about) {
			t.Errorf("help %s does not explain %s", o.on[0], o.name)
		}
	}
}
