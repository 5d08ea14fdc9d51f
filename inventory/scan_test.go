package inventory

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseScan(t *testing.T) {
	t.Parallel()
	const a, b, c = "80000010000000006312", "80000010000000006313", "89000020000000000001"
	const ga, gb = "(01)" + gtin + "(21)A1", "(01)" + gtin + "(21)B2"
	bad := func(k AnswerKind) string { return "!" + string(k) }
	cases := []struct {
		name, raw string
		want      []string
	}{
		{"one", a, []string{a}},
		{"lines", a + "\r\n" + b + "\n\n" + c + "\r", []string{a, b, c}},
		{"tabs", a + "\t" + b, []string{a, b}},
		{"commas of both kinds", a + "," + b + "，" + c, []string{a, b, c}},
		{"semicolons of both kinds", a + ";" + b + "；" + c, []string{a, b, c}},
		{"enumeration comma", a + "、" + b, []string{a, b}},
		{"blanks", a + " " + b + "\u3000" + c, []string{a, b, c}},
		{"run together", a + b + c, []string{a, b, c}},
		{"same twice is kept", a + a, []string{a, a}},
		{"run together, not unambiguous", a + "3" + b[1:], []string{bad(KindJoined)}},
		{"run together with a rest", a + b[:19], []string{bad(KindWrongLength)}},
		{"printed in groups", "8000 0010 0000 0000 6312", []string{a}},
		{"commodity code and a short number", "6901234567892 8385793", []string{bad(KindCommodityCode), bad(KindWrongLength)}},
		{"one bad among good", a + "\n6901234567892\n" + b, []string{a, bad(KindCommodityCode), b}},
		{"one broken line among good", a + "\n\xff\xfe\n" + b, []string{a, bad(KindBadEncoding), b}},
		{"patient label among codes", a + " JFP0123456789ABCDEFG", []string{a, bad(KindPatientLabel)}},
		{"text over lines, twice", "药品标识码：8385793\n序列号：0000879766660\n药品标识码：8385793\n序列号：0000879766661", []string{"83857930000879766660", "83857930000879766661"}},
		{"text between codes and words", a + "\n药品名称：某片 药品标识码：8385793 序列号：0000879766660 有效期：20271231\n" + b, []string{a, "83857930000879766660", b}},
		{"text beside a commodity code", "药品标识码：8385793 序列号：0000879766660\n6901234567892", []string{"83857930000879766660", bad(KindCommodityCode)}},
		{"gs1 serial with a comma", "(01)" + gtin + "(21)A,1", []string{"(01)" + gtin + "(21)A,1"}},
		{"gs1 and gs1, comma", ga + "," + gb, []string{ga, gb}},
		{"gs1 brackets run together", ga + gb, []string{ga, gb}},
		{"gs1 symbology run together", "]d201" + gtin + "21A1]d201" + gtin + "21B2", []string{ga, gb}},
		{"symbology before a bracket", "]d2" + ga, []string{ga}},
		{"links run together", "https://www.mashangfangxin.com/drugQueryResult?code=" + a + "https://www.mashangfangxin.com/drugQueryResult?code=" + b, []string{a, b}},
		{"nothing", " \r\n ", []string{bad(KindEmpty)}},
		{"only separators", ",;", []string{bad(KindEmpty)}},
		{"far too much", strings.Repeat("8", MaxScan+1), []string{bad(KindTooLong)}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := describe(ParseScan(c.raw)); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// describe names codes by identity and refusals by kind.
func describe(parsed []Parsed) []string {
	var out []string
	for _, p := range parsed {
		if p.Err != nil {
			out = append(out, "!"+string(p.Err.Kind))
		} else {
			out = append(out, p.Code.Code())
		}
	}
	return out
}

func TestParseScan_paste(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&b, "8000001%013d", i)
		b.WriteString([]string{"\r\n", "\t", ",", " ", ""}[i%5])
	}
	got := ParseScan(b.String())
	if len(got) != 2000 {
		t.Fatalf("2000 codes gave %d pieces", len(got))
	}
	for i, p := range got {
		if want := fmt.Sprintf("8000001%013d", i); p.Err != nil || p.Code.Code() != want {
			t.Fatalf("piece %d is %q, %v", i, p.Code, p.Err)
		}
	}
}

func FuzzParseScan(f *testing.F) {
	for _, s := range []string{"", "80000010000000006312,80000010000000006313", "药品标识码：8385793\n序列号：0000879766660", "]d2(01)" + gtin + "(21)A\\(01)", "\xff\n8"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		found := ParseScan(raw)
		if len(found) == 0 {
			t.Fatalf("%q gave nothing", raw)
		}
		for _, p := range found {
			if (p.Err == nil) == p.Code.IsZero() {
				t.Fatalf("%q: piece %q is both or neither", raw, p.Raw)
			}
			if p.Err != nil && !p.Err.Kind.Valid() {
				t.Fatalf("%q: kind %q is not in the list", raw, p.Err.Kind)
			}
		}
	})
}

func BenchmarkParseScan2000(b *testing.B) {
	var s strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&s, "8000001%013d\r\n", i)
	}
	for b.Loop() {
		ParseScan(s.String())
	}
}
