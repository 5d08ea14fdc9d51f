package live

import (
	"strings"
	"testing"
)

// part makes a part of a heading and rows given as id=text.
func part(id, head string, rows ...string) Part {
	p := Part{ID: id}
	var b strings.Builder
	b.WriteString(`<ul id="` + id + `" hx-swap-oob="true">` + head)
	for _, r := range rows {
		name, text, _ := strings.Cut(r, "=")
		row := `<li id="` + name + `" hx-swap-oob="true">` + text + `</li>`
		p.Rows = append(p.Rows, Row{ID: name, HTML: []byte(row)})
		b.WriteString(row)
	}
	b.WriteString(`</ul>`)
	p.HTML = []byte(b.String())
	return p
}

func piece(html []byte) string { return "<template>" + string(html) + "</template>" }

func TestChanges(t *testing.T) {
	long := strings.Repeat("x", 200)
	old := []Part{part("stock", "2 drugs", "s1="+long, "s2="+long, "s3="+long), part("queue", "nobody")}
	stock := func(head string, rows ...string) Part { return part("stock", head, rows...) }
	row := stock("2 drugs", "s1="+long, "s2=other", "s3="+long)
	for name, c := range map[string]struct {
		now  []Part
		want string
	}{
		"nothing":           {old, ""},
		"one row":           {[]Part{row, old[1]}, piece(row.Rows[1].HTML)},
		"a part":            {[]Part{old[0], part("queue", "one")}, piece(part("queue", "one").HTML)},
		"row and part":      {[]Part{row, part("queue", "one")}, piece(row.Rows[1].HTML) + piece(part("queue", "one").HTML)},
		"row and heading":   {[]Part{stock("1 drug", "s1="+long, "s2=other", "s3="+long), old[1]}, piece(stock("1 drug", "s1="+long, "s2=other", "s3="+long).HTML)},
		"row more":          {[]Part{stock("2 drugs", "s1="+long, "s2="+long, "s3="+long, "s4=new"), old[1]}, piece(stock("2 drugs", "s1="+long, "s2="+long, "s3="+long, "s4=new").HTML)},
		"row less":          {[]Part{stock("2 drugs", "s1="+long, "s3="+long), old[1]}, piece(stock("2 drugs", "s1="+long, "s3="+long).HTML)},
		"other order":       {[]Part{stock("2 drugs", "s2="+long, "s1="+long, "s3="+long), old[1]}, piece(stock("2 drugs", "s2="+long, "s1="+long, "s3="+long).HTML)},
		"all rows: shorter": {[]Part{stock("2 drugs", "s1=a", "s2=b", "s3=c"), old[1]}, piece(stock("2 drugs", "s1=a", "s2=b", "s3=c").HTML)},
		"part gone":         {old[:1], `<div id="queue" hx-swap-oob="delete"></div>`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(changes(old, c.now)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestChangesRowNotInPart(t *testing.T) {
	old, now := part("p", "", "r=1"), part("p", "", "r=2")
	now.Rows[0].HTML = []byte("<li>drawn differently</li>")
	if got := string(changes([]Part{old}, []Part{now})); got != piece(now.HTML) {
		t.Errorf("got %s, want the whole part", got)
	}
}

func TestWhole(t *testing.T) {
	parts := []Part{part("a", "1"), part("b", "2", "r=3")}
	if got, want := string(whole(parts)), piece(parts[0].HTML)+piece(parts[1].HTML); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := whole(nil); len(got) != 0 {
		t.Errorf("no parts gave %q", got)
	}
}

func TestCarriageReturnCannotEndALine(t *testing.T) {
	got := string(whole([]Part{{ID: "a", HTML: []byte("a\r\nb\revent: bye\rc")}}))
	if strings.Contains(got, "\r") {
		t.Errorf("%q still has a carriage return", got)
	}
}
