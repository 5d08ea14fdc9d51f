package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jingfang/sql/seal"
)

// The mapping file is checked by a command of its own and before the server starts,
// and each mistake is named with its key.
func TestVerifyPlatform(t *testing.T) {
	code, out, problem := called(environ(), "verify", "platform", "-platform", "../../deploy/platform.example.json")
	if code != exitOK || !strings.Contains(out, "ODS_JF_RKD") || !strings.Contains(out, "没有发现错误") {
		t.Errorf("the example: %d %s %s", code, out, problem)
	}
	code, out, problem = called(environ(), "verify", "platform", "-platform", "../../deploy/ca.example.json")
	if code != exitOK || !strings.Contains(out, "7-04") || !strings.Contains(out, "样式 netca") {
		t.Errorf("the example of the CA: %d %s %s", code, out, problem)
	}
	bad := filepath.Join(t.TempDir(), "p.json")
	text := `{"systems":{"his":{"envelope":"bsoft","services":{"receipts":{"code":"A","path":"/a"}},"fields":{"receipt":{"nummer":"BILLNO"}}}}}`
	if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, problem = called(environ(), "verify", "platform", "-platform", bad)
	if code != exitFail || !strings.Contains(problem, "services.drugs：缺少") || !strings.Contains(problem, "receipt 没有这个字段") || !strings.Contains(problem, "共 2 处") {
		t.Errorf("two mistakes: %d %s", code, problem)
	}
	if code, _, problem := called(environ(), "verify", "platform"); code != exitUsage || !strings.Contains(problem, "-platform") {
		t.Errorf("no file: %d %s", code, problem)
	}
	if code, _, problem := called(environ(), "verify", "platform", "-platform", "nowhere.json"); code != exitUsage || !strings.Contains(problem, "读不到") {
		t.Errorf("a missing file: %d %s", code, problem)
	}
	code, _, problem = called(environ("JINGFANG_DSN", "postgres://nobody@127.0.0.1:1/x"), "serve", "-data", t.TempDir(), "-addr", "127.0.0.1:0", "-platform", bad)
	if code != exitUsage || !strings.Contains(problem, "services.drugs：缺少") || !strings.Contains(problem, "jingfang verify platform") {
		t.Errorf("serve with a bad file: %d %s", code, problem)
	}
	roots := filepath.Join(t.TempDir(), "roots.pem")
	authority, err := seal.NewAuthority("演示根", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(roots, authority.Certificate().MarshalPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, problem = called(environ("JINGFANG_DSN", "postgres://nobody@127.0.0.1:1/x", "JINGFANG_CA_KEY", "demo-secret-of-the-tests"), "serve", "-data", t.TempDir(), "-addr", "127.0.0.1:0",
		"-ca-url", "http://127.0.0.1:1", "-ca-app", "jf", "-ca-roots", roots, "-ca-vendor", "bjca", "-platform", "../../deploy/ca.example.json")
	if code != exitUsage || !strings.Contains(problem, "样式是 netca，-ca-vendor 却是 bjca") {
		t.Errorf("serve with another vendor's mapping: %d %s", code, problem)
	}
}
