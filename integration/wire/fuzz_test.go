package wire_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"jingfang/integration/wire"
)

// FuzzReceipt holds that whatever is accepted has sane values and survives
// being written and read again, and that refusals have a sentence.
func FuzzReceipt(f *testing.F) {
	f.Add([]byte(goodReceipt))
	f.Add([]byte(`{"lines":[{"packs":-1}]}`))
	f.Add([]byte(`[[[[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		wire.Identify(data)
		r, err := wire.DecodeReceipt(data)
		if err != nil {
			var d *wire.DocumentError
			if !errors.As(err, &d) && !errors.Is(err, wire.ErrTooLarge) {
				t.Fatalf("an error without a sentence: %v", err)
			}
			return
		}
		for _, l := range r.Lines {
			if l.Packs < 1 || l.HISCode == "" || len(l.Codes) > l.Packs {
				t.Fatalf("accepted %+v", l)
			}
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		back, err := wire.DecodeReceipt(text)
		if err != nil || !back.IssuedAt.Equal(r.IssuedAt) || !reflect.DeepEqual(back.Lines, r.Lines) {
			t.Fatalf("round trip: %v", err)
		}
	})
}

func FuzzEnvelope(f *testing.F) {
	f.Add([]byte(`{"header":{"app_id":"a","message_id":"m","service":"s","timestamp":"2026-03-02T08:30:00+08:00","nonce":"n"},"body":{"since":"","limit":5}}`))
	f.Add([]byte(`{"code":"0","message":"","message_id":"m","data":{"documents":[{}],"next":"1"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := wire.DecodeRequest(data); err == nil {
			_, _ = wire.DecodePull(r.Body)
		} else if !errors.Is(err, wire.ErrEnvelope) {
			t.Fatalf("error %v", err)
		}
		if a, err := wire.DecodeAnswer(data, "m"); err == nil {
			if a.Code == "" {
				t.Fatal("accepted without a code")
			}
			if p, err := wire.DecodePage(a.Data, "x"); err == nil && len(p.Documents) > 0 && p.Next == "x" {
				t.Fatal("a page that stands still")
			}
		}
	})
}

func FuzzDrug(f *testing.F) {
	f.Add([]byte(`{"his_code":"D","generic_name":"G","unit_name":"片","pack_name":"盒","units_per_pack":20,"prefixes":[{"prefix":"8000001","level":1,"units":20}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := wire.DecodeDrug(data)
		if err == nil && (d.HISCode == "" || d.UnitsPerPack < 1) {
			t.Fatalf("accepted %+v", d)
		}
	})
}
