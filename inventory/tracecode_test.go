package inventory

import (
	"errors"
	"strings"
	"testing"
)

// gtin is an invented number with a right check digit.
const gtin = "06901234567892"

func TestParseTraceCode(t *testing.T) {
	t.Parallel()
	const plain = "80000010000000006312"
	cases := []struct {
		name, raw, code string
		family          Family
	}{
		{"twenty digits", plain, plain, FamilyMashang},
		{"special drug", "89000010000000000001", "89000010000000000001", FamilyMashang},
		{"full width", "８０００００１０００００００００６３１２", plain, FamilyMashang},
		{"blanks, byte order mark, zero width", "\ufeff \u200b" + plain + "\r\n", plain, FamilyMashang},
		{"chinese punctuation left by an input method", "“" + plain + "。", plain, FamilyMashang},
		{"trailing comma", plain + "，", plain, FamilyMashang},
		{"printed in groups", "8000 0010 0000 0000 6312", plain, FamilyMashang},
		{"prefix and serial apart", "8000001-0000000006312", plain, FamilyMashang},
		{"bar code named by the scanner", "]C0" + plain, plain, FamilyMashang},
		{"other platform", "31234560000000000001", "31234560000000000001", FamilyOwn},
		{"own letters", "ab1234500000000000zz", "AB1234500000000000ZZ", FamilyOwn},
		{"link", "https://www.mashangfangxin.com/drugQueryResult?code=" + plain, plain, FamilyMashang},
		{"link under caps lock", "HTTPS://WWW.MASHANGFANGXIN.COM/DRUGQUERYRESULT?CODE=" + plain, plain, FamilyMashang},
		{"link of another platform", "http://www.mashangfangxin.com/rqQueryResult?a=1&code=01234560000000000001", "01234560000000000001", FamilyOwn},
		{"link full width", "https：//www.mashangfangxin.com/drugQueryResult？code＝" + plain, plain, FamilyMashang},
		{"text", "药品标识码：8385793 序列号：0000879766660", "83857930000879766660", FamilyMashang},
		{"text in lines", "药品标识码：\r\n8385793\r\n序列号：\r\n0000879766660\r\n", "83857930000879766660", FamilyMashang},
		{"text with hyphens", "药品标识码:838-5793 序列号:00008797-66660", "83857930000879766660", FamilyMashang},
		{"gs1 bracketed", "(01)" + gtin + "(17)271231(10)L1(21)aB9", "(01)" + gtin + "(21)aB9", FamilyGS1},
		{"gs1 bracketed with blanks", "(01) " + gtin + " (21) aB9", "(01)" + gtin + "(21)aB9", FamilyGS1},
		{"gs1 full width", "（01）" + gtin + "（21）aB9", "(01)" + gtin + "(21)aB9", FamilyGS1},
		{"gs1 with FNC1", "]d201" + gtin + "21aB9\x1d1727123110L1", "(01)" + gtin + "(21)aB9", FamilyGS1},
		{"gs1 FNC1 first", "\x1d01" + gtin + "21aB9\x1d10L1", "(01)" + gtin + "(21)aB9", FamilyGS1},
		{"gs1 FNC1 spelt out", "01" + gtin + "21aB9<GS>10L1", "(01)" + gtin + "(21)aB9", FamilyGS1},
		{"gs1 qr", "]Q301" + gtin + "1727123121xyz", "(01)" + gtin + "(21)xyz", FamilyGS1},
		{"gs1 code 128", "]C101" + gtin + "21xyz", "(01)" + gtin + "(21)xyz", FamilyGS1},
		{"gs1 unmarked, serial last", "01" + gtin + "1727123121xyz", "(01)" + gtin + "(21)xyz", FamilyGS1},
		{"gs1 all digits of a veterinary length", "01" + gtin + "21123456", "(01)" + gtin + "(21)123456", FamilyGS1},
		{"gs1 bracket in the serial", "]d201" + gtin + "21A(10)B", "(01)" + gtin + `(21)A\(10)B`, FamilyGS1},
		{"gs1 link", "https://id.gs1.org/01/" + gtin + "/10/L1/21/a%2FB?17=271231", "(01)" + gtin + "(21)a/B", FamilyGS1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseTraceCode(c.raw)
			if err != nil {
				t.Fatalf("%q refused: %v", c.raw, err)
			}
			if got.Code() != c.code || got.Family() != c.family || got.Raw() != c.raw {
				t.Errorf("got %q %s raw %q, want %q %s", got.Code(), got.Family(), got.Raw(), c.code, c.family)
			}
			again, err := ParseTraceCode(got.Code())
			if err != nil || again.Code() != got.Code() || again.Family() != got.Family() {
				t.Errorf("identity read again is %q, %v", again.Code(), err)
			}
		})
	}
}

func TestParseTraceCode_refused(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, raw string
		kind      AnswerKind
	}{
		{"empty", "", KindEmpty},
		{"blank", " \t\r\n\u3000\ufeff", KindEmpty},
		{"only a comma", ",", KindEmpty},
		{"too long", strings.Repeat("8", 201), KindTooLong},
		{"control character", "8000001000\x00000006312", KindBadCharacters},
		{"escape", "\x1b[A80000010000000006312", KindBadCharacters},
		{"replacement character", "8000001000000000631\ufffd", KindBadCharacters},
		{"invalid utf-8", "8000001\xff\xfe0006312", KindBadEncoding},
		{"gbk", "\xc0\xfb\xc5\xe0", KindBadEncoding},
		{"nineteen digits", "8000001000000000631", KindWrongLength},
		{"twenty-one digits", "800000100000000063120", KindWrongLength},
		{"seven digits", "8000001", KindWrongLength},
		{"letters and digits too short", "8A00001", KindWrongLength},
		{"two codes", "8000001000000000631280000010000000006313", KindJoined},
		{"two codes, comma", "80000010000000006312,80000010000000006313", KindJoined},
		{"commodity code", "6901234567892", KindCommodityCode},
		{"commodity code misread", "6901234567890", KindCommodityCode},
		{"commodity code from abroad", "4006381333931", KindCommodityCode},
		{"carton commodity code", gtin, KindCommodityCode},
		{"veterinary code", "123456789012345678901234", KindVeterinaryCode},
		{"patient label", "JFP0123456789ABCDEFG", KindPatientLabel},
		{"patient label, small letters", "jfp0123456789abcdefg", KindPatientLabel},
		{"patient label, full width", "ＪＦＰ0123456789ABCDEFG", KindPatientLabel},
		{"tote", "JFT0001", KindToteLabel},
		{"bag", "JFB0001", KindBagLabel},
		{"web page", "https://example.com/", KindLinkWithoutCode},
		{"link with another code", "https://example.com/?code=abc", KindLinkWithoutCode},
		{"link with a short code", "https://www.mashangfangxin.com/drugQueryResult?code=800", KindWrongLength},
		{"gs1 without serial", "(01)" + gtin + "(17)271231", KindGS1WithoutSerial},
		{"gs1 gtin alone", "01" + gtin, KindGS1WithoutSerial},
		{"gs1 wrong check digit", "(01)06901234567893(21)A", KindBadCheckDigit},
		{"gs1 unknown field", "(01)" + gtin + "(21)A(8888)x", KindGS1Unreadable + "?"},
		{"gs1 no such month", "(01)" + gtin + "(17)271331(21)A", KindGS1Unreadable},
		{"gs1 no such day", "(01)" + gtin + "(17)270230(21)A", KindGS1Unreadable},
		{"gs1 without gtin", "(21)A", KindGS1Unreadable},
		{"gs1 lot swallows serial", "01" + gtin + "1727123110LOT21SERIAL", KindSeparatorLost},
		{"gs1 serial swallows dates", "01" + gtin + "21SERIAL1727123110LOT", KindSeparatorLost},
		{"gs1 far too long a serial", "01" + gtin + "21SERIAL0000000000001727123110LOT", KindSeparatorLost},
		{"gs1 two boxes", "(01)" + gtin + "(21)A(21)B", KindJoined},
		{"text, one number short", "药品标识码：8385793 序列号：000087976666", KindWrongLength},
		{"text without serial", "药品标识码：8385793", KindNotATraceCode},
		{"words", "利培酮片", KindNotATraceCode},
		{"twenty letters", "ABCDEFGHIJKLMNOPQRST", KindNotATraceCode},
		{"symbols", "8000001!0000000006312", KindNotATraceCode},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			code, err := ParseTraceCode(c.raw)
			if strings.HasSuffix(string(c.kind), "?") { // a bracket that opens nothing belongs to the value
				if err != nil || code.Serial() != "A(8888)x" {
					t.Fatalf("got %q, %v", code.Serial(), err)
				}
				return
			}
			var ce *CodeError
			if !errors.As(err, &ce) || !code.IsZero() {
				t.Fatalf("%q was accepted as %q, %v", c.raw, code, err)
			}
			if ce.Kind != c.kind || ce.Raw != c.raw {
				t.Errorf("got %s raw %q, want %s", ce.Kind, ce.Raw, c.kind)
			}
			if s := ce.Sentence(); !strings.Contains(s, "请") || strings.Contains(s, "{") {
				t.Errorf("sentence does not say what to do: %q", s)
			}
		})
	}
}

func TestTraceCode_details(t *testing.T) {
	t.Parallel()
	c, err := ParseTraceCode("]d201" + gtin + "17280200" + "11251130" + "3050\x1d10Lot-7\x1d21aB91234")
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Expiry().Format("2006-01-02"); got != "2028-02-29" {
		t.Errorf("day 00 of a leap February is %s", got)
	}
	if got := c.Made().Format("2006-01-02"); got != "2025-11-30" {
		t.Errorf("made %s", got)
	}
	if c.Batch() != "Lot-7" || c.Units() != 50 || c.Prefix() != gtin || c.Serial() != "aB91234" {
		t.Errorf("got batch %q units %d prefix %q serial %q", c.Batch(), c.Units(), c.Prefix(), c.Serial())
	}
	if c.Tail(4) != "1234" || c.Tail(99) != "aB91234" || c.Tail(-1) != "" || c.Masked() != "0690…1234" {
		t.Errorf("tails %q %q %q, masked %q", c.Tail(4), c.Tail(99), c.Tail(-1), c.Masked())
	}
}

func TestTraceCode_zero(t *testing.T) {
	t.Parallel()
	var c TraceCode
	if !c.IsZero() || c.Masked() != "" || c.Tail(4) != "" || c.String() != "" {
		t.Errorf("the zero value pretends to be a code: %q %q", c.Masked(), c.Tail(4))
	}
}

func TestCodeError_Shown(t *testing.T) {
	t.Parallel()
	e := &CodeError{Kind: KindBadCharacters, Raw: "80\x00\x1d\xff药" + strings.Repeat("9", 300)}
	got := e.Shown()
	if !strings.HasPrefix(got, "80\ufffd\ufffd\ufffd药9") || len([]rune(got)) != maxCodeLength+1 {
		t.Errorf("shown %q", got)
	}
}

func FuzzParseTraceCode(f *testing.F) {
	for _, s := range []string{
		"", "80000010000000006312", "(01)" + gtin + "(21)A(10)B", "]d201" + gtin + "21a\x1d10b",
		"https://www.mashangfangxin.com/drugQueryResult?code=80000010000000006312",
		"药品标识码：8385793 序列号：0000879766660", "JFP0123456789ABCDEFG", "\xff", "(01)\\(",
		"https://id.gs1.org/01/" + gtin + "/21/a%28b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		c, err := ParseTraceCode(raw)
		if err != nil {
			var ce *CodeError
			if !errors.As(err, &ce) || !ce.Kind.Valid() || !c.IsZero() {
				t.Fatalf("%q: untyped refusal %v", raw, err)
			}
			return
		}
		again, err := ParseTraceCode(c.Code())
		if err != nil || again.Code() != c.Code() || again.Prefix() != c.Prefix() || again.Family() != c.Family() {
			t.Fatalf("%q: identity %q read again is %q, %v", raw, c.Code(), again.Code(), err)
		}
		if len(c.Code()) > 100 || len(c.Prefix()) < prefixLength || c.Serial() == "" {
			t.Fatalf("%q: identity %q out of bounds", raw, c.Code())
		}
		if one := ParseScan(c.Code()); len(one) != 1 || one[0].Err != nil || one[0].Code.Code() != c.Code() {
			t.Fatalf("%q: as a scan the identity %q gives %+v", raw, c.Code(), one)
		}
	})
}
