package reporting_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"jingfang/reporting"
)

// fill puts a text into every string of a value, one element into every slice
// and a moment into every pointer to one.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0), text)
		}
	case reflect.Pointer:
		if v.Type().Elem() == reflect.TypeFor[time.Time]() {
			at := made().At
			v.Set(reflect.ValueOf(&at))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), text)
			}
		}
	}
}

// Nobody's name may stop a paper: every text of a report may hold anything.
func TestEveryTextMayHoldAnything(t *testing.T) {
	for name, text := range map[string]string{
		"beyond the basic plane": "演示𠮷𪚥😀", "controls": "a\x00\x01\x1b[0m\r\nb", "bidirectional": "\u202eabc\u2066", "not UTF-8": "\xff\xfe演示\x80",
		"PDF syntax": `(\)) Tj ET << /JS (x) >> endstream`, "very long": strings.Repeat("演示长名", 400), "no break": strings.Repeat("A", 3000), "spaces": strings.Repeat(" 　", 50), "empty": "",
	} {
		t.Run(name, func(t *testing.T) {
			var r reporting.SessionReport
			fill(reflect.ValueOf(&r).Elem(), text)
			path, _ := paper(t, r, "evil")
			said := strings.Join(pages(t, path), "")
			if !strings.Contains(said, "社区义诊场次日报") || !strings.Contains(said, "复核人") {
				t.Errorf("the paper is not whole: %.300q", said)
			}
			if name == "beyond the basic plane" && (!strings.Contains(said, "〔U+20BB7〕") || !strings.Contains(said, "〔U+1F600〕")) {
				t.Error("the characters beyond the plane are not named")
			}
			if name == "PDF syntax" && !strings.Contains(squeezed(said), `(\))TjET`) {
				t.Error("signs of the PDF syntax are lost")
			}
		})
	}
}
