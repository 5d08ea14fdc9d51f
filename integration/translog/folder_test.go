package translog_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/integration/translog"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// exported is a day of four exchanges and an event, anchored, in a folder.
type exported struct {
	*fixture
	folder *translog.Folder
	dir    string
	last   uuid.UUID
}

func export(t *testing.T) *exported {
	t.Helper()
	x := &exported{fixture: setUp(t)}
	for _, key := range []string{"CK0", "CK1", "CK2"} {
		x.last = x.exchange(key)
	}
	x.anchor()
	if _, err := x.log.Record(t.Context(), pull("CK9"), translog.Outcome{Result: translog.Refused, Detail: "不认识"}, time.Second); err != nil {
		t.Fatal(err)
	}
	x.anchor()
	x.dir = filepath.Join(t.TempDir(), "out")
	var err error
	x.folder, err = translog.WriteFolder(t.Context(), x.db.App, translog.Export{Day: "2026-03-02", Dir: x.dir, By: "测试", Keys: x.keys})
	if err != nil {
		t.Fatal(err)
	}
	x.dir = filepath.Join(x.dir, "translog-2026-03-02")
	return x
}

func (f *fixture) anchor() {
	f.t.Helper()
	heads, err := translog.Heads(f.t.Context(), f.db.App)
	if err != nil {
		f.t.Fatal(err)
	}
	var others []identity.Head
	for _, h := range heads {
		others = append(others, identity.Head{Name: h.Name(), Length: h.Length, Digest: h.Digest})
	}
	signer, err := f.keys.Signer()
	if err != nil {
		f.t.Fatal(err)
	}
	f.clock.Add(time.Minute)
	if n, err := identity.Anchor(f.t.Context(), f.db.App, signer, others); err != nil || n == 0 {
		f.t.Fatalf("anchor: %d heads, %v", n, err)
	}
}

// change rewrites a file of the folder.
func (x *exported) change(name string, do func(lines [][]byte) [][]byte) {
	x.t.Helper()
	matches, err := filepath.Glob(filepath.Join(x.dir, name))
	if err != nil || len(matches) != 1 {
		x.t.Fatalf("%s: %v %v", name, matches, err)
	}
	text, err := os.ReadFile(matches[0])
	if err != nil {
		x.t.Fatal(err)
	}
	if err := os.WriteFile(matches[0], bytes.Join(do(bytes.SplitAfter(text, []byte("\n"))), nil), 0o600); err != nil {
		x.t.Fatal(err)
	}
}

func (x *exported) check(officer *seal.PrivateKey) translog.Report {
	x.t.Helper()
	f, err := translog.OpenFolder(x.dir)
	if err != nil {
		x.t.Fatal(err)
	}
	report, c, err := translog.VerifyFolder(x.t.Context(), f, officer)
	if err != nil {
		x.t.Fatal(err)
	}
	if report.Good() && len(c.Anchored) != 2 {
		x.t.Errorf("%d anchored places, want 2", len(c.Anchored))
	}
	return report
}

func TestFolderProvesItself(t *testing.T) {
	x := export(t)
	if r := x.check(x.keys.LogOfficer()); !r.Good() || r.Entries != 7 || r.Writers != 1 || r.Open != 0 {
		t.Errorf("report %+v", r)
	}
	list, err := translog.ListFolder(t.Context(), x.folder, translog.Filter{}, nil)
	if err != nil || len(list) != 4 || list[0].Result != translog.Refused || list[1].Exchange != x.last || list[1].AnswerSize != 13 {
		t.Fatalf("list %+v, %v", list, err)
	}
	own, err := translog.List(t.Context(), x.db.App, translog.Filter{})
	if err != nil || len(own) != len(list) {
		t.Fatal(err)
	}
	for i := range own {
		if own[i].Exchange != list[i].Exchange || own[i].DurationUS != list[i].DurationUS || own[i].Size != list[i].Size || !own[i].At.Equal(list[i].At) {
			t.Errorf("folder %+v, tables %+v", list[i], own[i])
		}
	}
	found, err := translog.ListFolder(t.Context(), x.folder, translog.Filter{Key: "CK1"}, x.keys.LogOfficer())
	if err != nil || len(found) != 1 {
		t.Errorf("by key: %+v, %v", found, err)
	}
	if _, err := translog.ListFolder(t.Context(), x.folder, translog.Filter{Key: "CK1"}, nil); db.KindOf(err) != db.Invalid {
		t.Errorf("by key without the officer: %v", err)
	}
	o, err := translog.ShowFolder(t.Context(), x.folder, x.last, x.keys.LogOfficer())
	if err != nil || string(o.Answer.Answer) != "answer to CK2" {
		t.Errorf("shown %+v, %v", o, err)
	}
	if _, err := translog.WriteFolder(t.Context(), x.db.App, translog.Export{Day: "2026-03-02", Dir: filepath.Dir(x.dir), Keys: x.keys}); db.KindOf(err) != db.Conflict {
		t.Errorf("written over: %v", err)
	}
	if _, err := translog.WriteFolder(t.Context(), x.db.App, translog.Export{Day: "2026-03-05", Dir: t.TempDir(), Keys: x.keys}); db.KindOf(err) != db.NotFound {
		t.Errorf("a day without entries: %v", err)
	}
}

func TestTamperingWithAFolderIsNamed(t *testing.T) {
	flip := func(line []byte, what string, by int) []byte {
		at := bytes.Index(line, []byte(what)) + len(what) + by
		if line[at] == 'A' {
			line[at] = 'B'
		} else {
			line[at] = 'A'
		}
		return line
	}
	for name, c := range map[string]struct {
		file  string
		do    func([][]byte) [][]byte
		kind  translog.ProblemKind
		seq   int64
		words string
	}{
		"flipped": {"writer-*", func(l [][]byte) [][]byte { l[4] = flip(l[4], `"canonical":"`, 600); return l }, translog.Flipped, 4, "第 4 条被改动"},
		"flipped digest": {"writer-*", func(l [][]byte) [][]byte {
			l[3] = bytes.Replace(l[3], []byte(`"digest":"`), []byte(`"digest":"0`), 1)
			return l
		}, translog.Flipped, 3, "第 3 条的摘要被改动"},
		"dropped":     {"writer-*", func(l [][]byte) [][]byte { return append(l[:3:3], l[4:]...) }, translog.Dropped, 3, "第 3 条缺失"},
		"swapped":     {"writer-*", func(l [][]byte) [][]byte { l[3], l[4] = l[4], l[3]; return l }, translog.Swapped, 3, "次序被调换"},
		"cut":         {"writer-*", func(l [][]byte) [][]byte { return l[:6] }, translog.Truncated, 6, "从第 6 条起"},
		"cut halfway": {"writer-*", func(l [][]byte) [][]byte { return append(l[:5:5], l[5][:40]) }, translog.Truncated, 5, "第 5 条中间断开"},
		"garbled":     {"writer-*", func(l [][]byte) [][]byte { l[2] = append([]byte("x"), l[2]...); return l }, translog.Flipped, 2, "第 2 条被改动"},
		"header":      {"writer-*", func(l [][]byte) [][]byte { l[0] = flip(l[0], `"canonical":"`, 100); return l }, translog.Flipped, 0, "段首"},
		"blank at the end": {"writer-*", func(l [][]byte) [][]byte { return append(l, []byte(" \n")) },
			translog.Flipped, 8, "第 8 条"},
		"anchor":           {"anchors.jsonl", func(l [][]byte) [][]byte { l[0] = flip(l[0], `"canonical":"`, 30); return l }, translog.Flipped, 0, "锚点的内容被改动"},
		"anchor's signing": {"anchors.jsonl", func(l [][]byte) [][]byte { l[0] = flip(l[0], `"signature":"`, 30); return l }, translog.Flipped, 0, "签名不正确"},
		"anchor dropped":   {"anchors.jsonl", func(l [][]byte) [][]byte { return l[1:] }, translog.Flipped, 0, "anchors.jsonl 与清单不符"},
		"manifest": {"manifest.json", func(l [][]byte) [][]byte {
			for i := range l {
				l[i] = bytes.Replace(l[i], []byte("测试"), []byte("别人"), 1)
			}
			return l
		}, translog.Flipped, 0, "清单被改动"},
		"key": {"keys/*", func(l [][]byte) [][]byte { return l[1:] }, translog.Flipped, 0, "公钥"},
	} {
		t.Run(name, func(t *testing.T) {
			x := export(t)
			x.change(c.file, c.do)
			r := x.check(nil)
			if len(r.Problems) == 0 {
				t.Fatal("nothing was found")
			}
			p := r.Problems[0]
			if p.Kind != c.kind || p.Seq != c.seq || !strings.Contains(p.Sentence, c.words) {
				t.Errorf("named %s at %d: %s", p.Kind, p.Seq, p.Sentence)
			}
		})
	}
}

// A cut that also changes the manifest shows by the anchor and by the signature.
func TestFolderCutWithItsManifest(t *testing.T) {
	x := export(t)
	x.change("writer-*", func(l [][]byte) [][]byte { return l[:5] })
	x.change("manifest.json", func(l [][]byte) [][]byte {
		for i := range l {
			l[i] = bytes.Replace(l[i], []byte(`"length": 7`), []byte(`"length": 4`), 1)
		}
		return l
	})
	r := x.check(nil)
	if len(r.Problems) < 2 || !strings.Contains(r.Problems[len(r.Problems)-1].Sentence, "清单被改动") {
		t.Errorf("problems %+v", r.Problems)
	}
}

// The command reads a folder with neither database nor keys of a server.
func TestCommandOnAFolder(t *testing.T) {
	f := setUp(t)
	file := officerFile(t, f)
	id := f.exchange("CK001")
	f.anchor()
	dir := t.TempDir()
	at := translog.Env{DB: f.db.App, Signing: f.keys, Who: "测试员",
		Exported: func(context.Context, string, string) error { return nil }}
	text, err := run(t, at, "export", "-day", "2026-03-02", "-to", dir)
	if err != nil || !strings.Contains(text, "2 条") || !strings.Contains(text, "完整") {
		t.Fatalf("export: %v\n%s", err, text)
	}
	folder := filepath.Join(dir, "translog-2026-03-02")
	alone := translog.Env{Passphrase: func() (string, error) { return "passphrase one", nil }}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"list", "-folder", folder}, id.String()},
		{[]string{"list", "-folder", folder, "-key-file", file, "-key", "CK001"}, "共 1 条"},
		{[]string{"list", "-folder", folder, "-key-file", file, "-key", "CK002"}, "共 0 条"},
		{[]string{"show", "-folder", folder, "-key-file", file, id.String()}, "answer to CK001"},
		{[]string{"verify", "-folder", folder, "-key-file", file}, "核对锚点 1 处"},
	} {
		if text, err := run(t, alone, c.args...); err != nil || !strings.Contains(text, c.want) {
			t.Errorf("%v: %v\n%s", c.args, err, text)
		}
	}
	x := &exported{fixture: f, dir: folder}
	x.change("writer-*", func(l [][]byte) [][]byte { return append(l[:1:1], l[2:]...) })
	if text, err := run(t, alone, "verify", "-folder", folder); !errors.Is(err, translog.ErrNotGood) || !strings.Contains(text, "第 1 条缺失") {
		t.Errorf("verify a broken folder: %v\n%s", err, text)
	}
	if text, err := run(t, alone, "show", "-folder", folder, "-key-file", file, id.String()); err == nil || text != "" {
		t.Errorf("shown out of a broken folder: %q", text)
	}
	if _, err := run(t, alone, "list", "-folder", t.TempDir()); db.KindOf(err) != db.Invalid {
		t.Errorf("no folder of ours: %v", err)
	}
}

// Of a large folder the newest exchanges are listed as the tables list them, and an
// intent without an outcome is told.
func TestFolderListsTheNewest(t *testing.T) {
	f := setUp(t)
	if _, err := f.log.Begin(t.Context(), pull("never answered")); err != nil {
		t.Fatal(err)
	}
	if err := f.log.Fill(700, []byte("a"), []byte("b")); err != nil {
		t.Fatal(err)
	}
	folder, err := translog.WriteFolder(t.Context(), f.db.App, translog.Export{Day: "2026-03-02", Dir: t.TempDir(), Keys: f.keys})
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int{7, 100, 1000} {
		want, err := translog.List(t.Context(), f.db.App, translog.Filter{Limit: limit})
		if err != nil || len(want) != min(limit, 701) {
			t.Fatalf("%d, %v", len(want), err)
		}
		got, err := translog.ListFolder(t.Context(), folder, translog.Filter{Limit: limit}, nil)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d of %d, %v", len(got), len(want), err)
		}
		for i := range got {
			if got[i].Exchange != want[i].Exchange || got[i].Result != want[i].Result || got[i].Open != want[i].Open {
				t.Errorf("place %d of %d: %+v, the tables have %+v", i, limit, got[i], want[i])
			}
		}
	}
	if r, _, err := translog.VerifyFolder(t.Context(), folder, nil); err != nil || !r.Good() || r.Open != 1 || r.Entries != 1401 {
		t.Errorf("%+v, %v", r, err)
	}
}
