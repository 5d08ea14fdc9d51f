package seal

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func sample(t testing.TB) (Record, []byte) {
	t.Helper()
	r := Record{
		F("drug", "演示药片"), F("packs", 3), F("token", []byte{0, 255}), F("typed", true),
		F("at", time.Date(2026, 11, 23, 9, 2, 3, 456789123, time.FixedZone("CST", 8*3600))),
		Null("note"), F("codes", []string{"A", ""}), F("ids", []int64{1, -2}),
		F("lines", []Record{{F("n", 1)}, {}}), F("who", Record{F("name", "演示")}),
	}
	b, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return r, b
}

func TestRecordRoundTrip(t *testing.T) {
	r, b := sample(t)
	got, err := DecodeRecord(b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, r) {
		t.Errorf("got %v, want %v", got, r)
	}
	again, err := got.Encode()
	if err != nil || !bytes.Equal(again, b) {
		t.Errorf("encodes to other bytes: %v", err)
	}
	direct, err := Canonical(r...)
	if err != nil || !bytes.Equal(direct, b) {
		t.Errorf("Canonical differs: %v", err)
	}
}

func TestGet(t *testing.T) {
	r, _ := sample(t)
	if v, err := Get[string](r, "drug"); err != nil || v != "演示药片" {
		t.Error(v, err)
	}
	if v, err := Get[int](r, "packs"); err != nil || v != 3 {
		t.Error(v, err)
	}
	if v, err := Get[int64](r, "packs"); err != nil || v != 3 {
		t.Error(v, err)
	}
	if v, err := Get[time.Time](r, "at"); err != nil || v.Nanosecond() != 456789000 || v.Location() != time.UTC {
		t.Error(v, err)
	}
	if v, err := Get[[]string](r, "codes"); err != nil || !reflect.DeepEqual(v, []string{"A", ""}) {
		t.Error(v, err)
	}
	if v, err := Get[[]int64](r, "ids"); err != nil || !reflect.DeepEqual(v, []int64{1, -2}) {
		t.Error(v, err)
	}
	if v, err := Get[[]Record](r, "lines"); err != nil || len(v) != 2 {
		t.Error(v, err)
	}
	if v, err := Get[Record](r, "who"); err != nil || len(v) != 1 {
		t.Error(v, err)
	}
	for _, name := range []string{"none", "packs", "note", "codes"} {
		if _, err := Get[string](r, name); !errors.Is(err, ErrFormat) {
			t.Errorf("%s as a text: %v", name, err)
		}
	}
	if _, err := Get[[]int64](r, "codes"); !errors.Is(err, ErrFormat) {
		t.Errorf("texts as numbers: %v", err)
	}
}

func TestEncodeRefuses(t *testing.T) {
	deep := Record{}
	for range maxDepth + 1 {
		deep = Record{F("r", deep)}
	}
	for name, r := range map[string]Record{
		"no name":        {F("", "x")},
		"long name":      {F(strings.Repeat("n", 256), "x")},
		"name not UTF-8": {F("\xff", "x")},
		"name twice":     {F("a", 1), F("a", 2)},
		"text not UTF-8": {F("a", "\xff")},
		"list not UTF-8": {F("a", []string{"ok", "\xff"})},
		"unknown type":   {Field{"a", 1.5}},
		"too deep":       deep,
	} {
		if _, err := r.Encode(); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFieldOwnsItsBytes(t *testing.T) {
	b := []byte{1}
	f := F("a", b)
	b[0] = 2
	if f.Value.([]byte)[0] != 1 {
		t.Error("the field changed with the caller's slice")
	}
}

func TestDecodeRefuses(t *testing.T) {
	_, good := sample(t)
	for n := range good {
		if _, err := DecodeRecord(good[:n]); !errors.Is(err, ErrFormat) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	for name, text := range map[string]string{
		"trailing":        string(good) + "\x00",
		"version 2":       "JFC\x02\x00\x00",
		"unknown type":    "JFC\x01\x00\x01\x01ax",
		"bool 2":          "JFC\x01\x00\x01\x01ao\x02",
		"name twice":      "JFC\x01\x00\x02\x01an\x01an",
		"empty name":      "JFC\x01\x00\x01\x00n",
		"text not UTF-8":  "JFC\x01\x00\x01\x01as\x00\x00\x00\x01\xff",
		"list lies":       "JFC\x01\x00\x01\x01al\xff\xff\xff\xffn",
		"record lies":     "JFC\x01\xff\xff\x01an",
		"endless nesting": "JFC\x01\x00\x01\x01a" + strings.Repeat("l\x00\x00\x00\x01", 100) + "n",
	} {
		if r, err := DecodeRecord([]byte(text)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
}

func FuzzDecodeRecord(f *testing.F) {
	_, good := sample(f)
	f.Add(good)
	f.Add([]byte("JFC\x01\x00\x01\x01al\x00\x00\x00\x02no\x01"))
	f.Add([]byte("JFC\x01\x00\x02\x01at\xff\xff\xff\xff\xff\xff\xff\xff\x01bs\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := DecodeRecord(b)
		if err != nil {
			return
		}
		again, err := r.Encode()
		if err != nil {
			t.Fatalf("decodes but does not encode: %v", err)
		}
		if !bytes.Equal(again, b) {
			t.Fatalf("two spellings of one record:\n%x\n%x", b, again)
		}
	})
}
