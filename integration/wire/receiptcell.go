package wire

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// maxSaid is how many bad cells a refusal names.
const maxSaid = 5

// check finds the cells of a row that cannot be right, and says of each where it stands
// and what it should be. first is the row that begins a receipt: it says when that was
// issued.
func (t *table) check(row TableRow, first bool) {
	for _, name := range []string{"number", "his_code"} {
		if t.cell(row, name) == "" {
			t.say(row, name, "没有填", "")
		}
	}
	t.want(row, "issued_at", first, "应为 2026-01-31 08:30 这样的时间", func(s string) bool {
		_, err := time.Parse(time.RFC3339Nano, t.moment(s))
		return err == nil
	})
	for _, name := range []string{"expires_on", "made_on"} {
		t.want(row, name, false, "应为 2026-01-31 这样的日期", func(s string) bool {
			_, err := ParseDate(t.day(s))
			return err == nil
		})
	}
	t.want(row, "packs", true, "应为大于 0 的整数", positive)
	for _, name := range []string{"revision", "line_no"} {
		t.want(row, name, false, "应为大于 0 的整数", positive)
	}
	t.want(row, "price", false, "应为不小于 0 的数，最多 4 位小数", func(s string) bool {
		n, ok := decimal(s).(json.Number)
		return ok && priceForm.MatchString(n.String())
	})
	t.want(row, "kind", false, "应为“调拨”或“红单”", func(s string) bool { return kindWord(s) == KindTransfer || kindWord(s) == KindRed })
	t.want(row, "codes", false, "有追溯码被表格存成了数字，后面的位数已经丢失。请把这一列设为“文本”再填", func(s string) bool {
		return !strings.ContainsAny(s, ".+") || !strings.ContainsAny(s, "eE")
	})
}

func positive(s string) bool {
	n, ok := whole(s).(json.Number)
	return ok && n != "0" && !strings.HasPrefix(n.String(), "-")
}

// want checks a cell that must, or may, be filled in.
func (t *table) want(row TableRow, name string, must bool, words string, good func(string) bool) {
	text := t.cell(row, name)
	switch {
	case text == "" && must:
		t.say(row, name, "没有填", "")
	case text != "" && !good(text):
		t.say(row, name, words, text)
	}
}

// checkHead holds the rows of one receipt together: what a later row says of the whole
// must be what the first said. A cell that is left empty says nothing.
func (t *table) checkHead(row, first TableRow) {
	for _, name := range []string{"kind", "cancels", "issued_at", "from_store"} {
		if now := t.cell(row, name); now != "" && now != t.cell(first, name) {
			t.say(row, name, fmt.Sprintf("与同一张单的第 %d 行不同", first.No), now)
		}
	}
}

// say notes a bad cell: 第 3 行 L 列（盒数）应为大于 0 的整数，现在是“十”.
func (t *table) say(row TableRow, name, words, text string) {
	title := name
	for _, c := range columns() {
		if c.name == name {
			title = strings.TrimRight(c.title, "*")
		}
	}
	title, _, _ = strings.Cut(title, "（")
	at := fmt.Sprintf("第 %d 行 %s 列（%s）%s", row.No, columnName(t.places[name]), title, words)
	if text != "" {
		at += "，现在是“" + quoted(text) + "”"
	}
	t.bad = append(t.bad, at)
}

// complaint is all bad cells in a sentence without its end.
func (t *table) complaint() string {
	text := strings.Join(t.bad[:min(len(t.bad), maxSaid)], "；")
	if more := len(t.bad) - maxSaid; more > 0 {
		text += fmt.Sprintf("；另有 %d 处。改好后整个文件再传一次", more)
	}
	return text
}

// quoted is what a cell holds, short and on one line.
func quoted(text string) string {
	list := []rune(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text))
	if len(list) > 20 {
		return string(list[:20]) + "…"
	}
	return string(list)
}

// columnName is the letter of a column, counted from 0.
func columnName(column int) string {
	name := ""
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	return name
}
