package seal

import (
	"path/filepath"
	"testing"
)

func TestSmoke(t *testing.T) {
	d, err := OpenKeyDir(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	d2, err := OpenKeyDir(d.dir)
	if err != nil {
		t.Fatal(err)
	}
	s := NewSealer(d)
	b, err := s.SealString("patient", "x/1", "你好")
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewSealer(d2).OpenString("patient", "x/1", b)
	if err != nil || p != "你好" {
		t.Fatal(p, err)
	}
	c, err := Canonical(F("a", 1), F("b", []string{"x"}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeRecord(c); err != nil {
		t.Fatal(err)
	}
	h, err := HashPassword("x", TestRounds)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := VerifyPassword(h, "x"); !ok || err != nil {
		t.Fatal(err)
	}
}
