package wire_test

import (
	"encoding/json"
	"errors"
	"os"
	"testing"
	"unicode/utf8"

	"jingfang/integration/wire"
)

// example is the dialect of the manual's mapping file.
func example(t testing.TB) wire.Dialect {
	t.Helper()
	file, err := os.Open("../../deploy/platform.example.json")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	p, problems, err := wire.ReadPlatform(file)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	return p.Dialect("his")
}

// FuzzStyles holds that no envelope takes an answer without a code or to another
// message, that its data is JSON of good text, and that errors are those promised.
func FuzzStyles(f *testing.F) {
	for i, name := range wire.Styles() {
		s, _ := wire.StyleOf(name)
		for _, data := range []any{nil, map[string]any{"list": []any{"一", map[string]any{"a": "<&>"}}}} {
			text, err := s.EncodeAnswer(wire.CodeOK, "好", "m", data)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(i, text, s.ContentType())
		}
	}
	f.Add(3, []byte(`<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`), "text/xml")
	f.Add(4, []byte("<?xml version=\"1.0\" encoding=\"GB18030\"?><a>\xd1\xdd</a>"), "")
	f.Add(0, []byte("{\"code\":\"0\",\"message_id\":\"m\",\"data\":\"\xd1\xdd\"}"), "application/json; charset=gbk")
	f.Fuzz(func(t *testing.T, which int, data []byte, contentType string) {
		names := wire.Styles()
		s, _ := wire.StyleOf(names[uint(which)%uint(len(names))])
		a, err := s.DecodeAnswer(data, contentType, "m")
		if err != nil {
			if !errors.Is(err, wire.ErrEnvelope) {
				t.Fatalf("error %v", err)
			}
			return
		}
		if a.Code == "" || a.MessageID != "m" {
			t.Fatalf("accepted %+v", a)
		}
		if a.Data != nil && (!json.Valid(a.Data) || !utf8.Valid(a.Data)) {
			t.Fatalf("data %q", a.Data)
		}
		if _, err := s.DecodeRequest(data, contentType); err != nil && !errors.Is(err, wire.ErrEnvelope) {
			t.Fatalf("error %v", err)
		}
	})
}

// FuzzMapped holds that a document in another system's words either becomes one that
// is good in every field or is refused with a sentence.
func FuzzMapped(f *testing.F) {
	f.Add([]byte(`{"HEAD":{"BILLNO":"1","VERSION":"1","FORMTYPE":"1","OPTIME":"20260302083000"},"DETAILS":{"DETAIL":{"SEQNO":"1","DRUGCODE":"D","QTY":"2.00","VALIDDATE":"20280131","CODES":{"CODE":["a","b"]}}}}`))
	f.Add([]byte(`{"HEAD":[{"BILLNO":{"#text":"x","@a":"b"}}],"DETAILS":""}`))
	f.Add([]byte(`[]`))
	d := example(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		ours, err := d.In("receipt", data)
		if err != nil {
			sentence(t, err)
			return
		}
		r, err := wire.DecodeReceipt(ours)
		if err != nil {
			sentence(t, err)
			return
		}
		if r.Source != "HIS" || r.Number == "" || len(r.Lines) == 0 {
			t.Fatalf("accepted %+v", r)
		}
		for _, l := range r.Lines {
			if l.Packs < 1 || l.HISCode == "" {
				t.Fatalf("accepted %+v", l)
			}
		}
		page, err := d.InPage(data)
		if err == nil {
			_, err = wire.DecodePage(page, "x")
		}
		if err != nil {
			sentence(t, err)
		}
	})
}

// FuzzFile holds that a file that a person brings gives JSON documents or a refusal
// with a sentence.
func FuzzFile(f *testing.F) {
	f.Add(wire.ReceiptTemplate())
	f.Add([]byte(goodReceipt))
	f.Add([]byte(`<receipt><number>1</number><lines><packs>1</packs></lines></receipt>`))
	f.Add([]byte("\xb5\xa5\xba\xc5,x"))
	d := example(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, dialect := range []wire.Dialect{{}, d} {
			list, err := dialect.ReceiptFile(data)
			if err != nil {
				sentence(t, err)
				continue
			}
			for _, raw := range list {
				if !json.Valid(raw) {
					t.Fatalf("document %q", raw)
				}
				if _, err := wire.DecodeReceipt(raw); err != nil {
					sentence(t, err)
				}
			}
		}
	})
}

// FuzzAnswers feeds the documents of the look-ups.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"patients":[{"number":"1","name":"演示","sex":"男","birth_on":"1950-01-01","id_card":"999900195001018011"}]}`))
	f.Add([]byte(`{"his_code":"D","packs":-1}`))
	f.Add([]byte(`{"code":"c","known":true,"his_code":"D"}`))
	f.Add([]byte(`{"state":"taken","number":"1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if list, err := wire.DecodePatients(data); err != nil {
			sentence(t, err)
		} else {
			for _, p := range list {
				if p.Number == "" || p.Name == "" {
					t.Fatalf("accepted %+v", p)
				}
			}
		}
		if l, err := wire.DecodeStockLine(data); err != nil {
			sentence(t, err)
		} else if l.HISCode == "" || l.Packs < 0 || l.Units < 0 {
			t.Fatalf("accepted %+v", l)
		}
		if x, err := wire.DecodeCodeInfo(data, "c"); err != nil {
			sentence(t, err)
		} else if x.Code != "c" || x.Known && x.HISCode == "" {
			t.Fatalf("accepted %+v", x)
		}
		if a, err := wire.DecodeFactAnswer(data); err != nil {
			sentence(t, err)
		} else if a.State == "" {
			t.Fatalf("accepted %+v", a)
		}
	})
}

// FuzzPlatform holds that a mapping file is judged, never a crash.
func FuzzPlatform(f *testing.F) {
	f.Add(mappingOfBills)
	f.Add(`{"systems":{"his":{"envelope":"hl7","style":{"soap":{"params":["a"]}}}}}`)
	f.Fuzz(func(t *testing.T, text string) { platform(t, text) })
}

func sentence(t *testing.T, err error) {
	t.Helper()
	var d *wire.DocumentError
	if !errors.As(err, &d) && !errors.Is(err, wire.ErrTooLarge) {
		t.Fatalf("an error without a sentence: %v", err)
	}
}
