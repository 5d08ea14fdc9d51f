package main

import (
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestReadLoadFile(t *testing.T) {
	const text = `{"url":"http://127.0.0.1:1/","password":"x","viewer":"w","sessions":[
{"id":3,"doctors":["a","b"],"patients":["p","q"],"codes":["1","2","3"]},
{"id":4,"doctors":["c"],"watchers":["own"],"patients":["p"],"codes":["1"]},
{"id":5,"doctors":["d"],"patients":["p"],"codes":[]}]}`
	path := filepath.Join(t.TempDir(), "load.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	read := func() loadFile {
		f, err := readLoadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	if f := read(); f.URL != "http://127.0.0.1:1" {
		t.Errorf("the address is %q", f.URL)
	}
	list, err := read().pick(2, 1)
	if err != nil || len(list) != 2 || !slices.Equal(list[0].Watchers, []string{"w"}) || !slices.Equal(list[1].Watchers, []string{"own"}) || len(list[0].Doctors) != 1 {
		t.Errorf("got %+v, %v", list, err)
	}
	for _, x := range []struct {
		sessions, doctors int
		says              string
	}{{4, 1, "3 个场次"}, {2, 2, "只有 1 名医生"}, {0, 1, "缺少"}} {
		if _, err := read().pick(x.sessions, x.doctors); err == nil || !strings.Contains(err.Error(), x.says) {
			t.Errorf("%d sessions of %d doctors: %v", x.sessions, x.doctors, err)
		}
	}
	if _, err := readLoadFile(path + "x"); err == nil || !strings.Contains(err.Error(), "jingfang demo -load") {
		t.Errorf("a missing file: %v", err)
	}
}

func TestInSchema(t *testing.T) {
	got, err := inSchema("postgres://u:p%40ss@h:1/d?search_path=jingfang&sslmode=disable", rawSchema)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	if q := u.Query(); q.Get("search_path") != rawSchema || q.Get("sslmode") != "disable" || u.User.String() != "u:p%40ss" {
		t.Errorf("got %s", got)
	}
	if _, err := inSchema(got, rawSchema); err == nil {
		t.Error("a server that uses the schema itself must be refused")
	}
	if _, err := inSchema("postgres://u:secret@h:x/d", rawSchema); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error shows the password: %v", err)
	}
}

func TestOptions(t *testing.T) {
	for _, x := range []struct{ args, says string }{
		{"", "-file"}, {"-file f -time 11m", "-time"}, {"-file f -time 1ms", "-time"}, {"-file f -viewers 5001", "-viewers"},
		{"-file f -rate -1", "-rate"}, {"-file f -bare -viewers 0", "-bare"}, {"-file f -url ftp://x", "http://"},
		{"-file f -doctors 0", "-doctors"}, {"-file f -slices 61", "-slices"}, {"-file f x", "多余"},
	} {
		if _, err := parseOptions(strings.Fields(x.args), io.Discard); err == nil || !strings.Contains(err.Error(), x.says) {
			t.Errorf("%q: %v, want %q in it", x.args, err, x.says)
		}
	}
	for args, want := range map[string]int{"-file f": 1, "-file f -raw": 4, "-file f -bare -slices 2": 2} {
		if o, err := parseOptions(strings.Fields(args), io.Discard); err != nil || o.slices != want {
			t.Errorf("%q: %d slices, %v; want %d", args, o.slices, err, want)
		}
	}
}

func TestDealing(t *testing.T) {
	list := []string{"a", "b", "c", "d", "e"}
	if got := deal(list, 1, 2); !slices.Equal(got, []string{"b", "d"}) {
		t.Errorf("dealt %v", got)
	}
	if got := keep(list, []string{"e", "x", "b"}); !slices.Equal(got, []string{"b", "e"}) {
		t.Errorf("kept %v", got)
	}
	for _, x := range []struct {
		oneRoom  bool
		viewers  int
		sessions int
		want     []int
	}{{false, 7, 3, []int{3, 2, 2}}, {true, 7, 3, []int{7, 0, 0}}, {false, 2, 3, []int{1, 1, 0}}, {false, 0, 2, []int{0, 0}}} {
		l := &load{options: options{oneRoom: x.oneRoom, viewers: x.viewers}, sessions: make([]fileSession, x.sessions)}
		for i, want := range x.want {
			if got := l.screensOf(i); got != want {
				t.Errorf("%+v: session %d has %d screens", x, i, got)
			}
		}
	}
}
