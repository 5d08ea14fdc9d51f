package page

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestOneLine(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"between tags", "<ul>\n  <li>a</li>\n\n  <li>b</li>\n</ul>", "<ul> <li>a</li> <li>b</li> </ul>"},
		{"a space stays a space", "<b>a</b> <b>b</b>", "<b>a</b> <b>b</b>"},
		{"beside text", "<p>\n  句子\n</p>", "<p> 句子 </p>"},
		{"within text", "<p>一\n二</p>", "<p>一&#10;二</p>"},
		{"textarea", "<textarea>\n a\r\n\nb </textarea>\n<p>c</p>", "<textarea>&#10; a&#10;&#10;b </textarea> <p>c</p>"},
		{"pre with tags", "<pre>a\n <b>\n</b></pre>", "<pre>a&#10; <b>&#10;</b></pre>"},
		{"attribute", "<p title=\"a\nb\"\n  class='x\ny'>c</p>", "<p title=\"a&#10;b\"   class='x&#10;y'>c</p>"},
		{"greater in an attribute", "<p title=\"a>\n\">\nb</p>", "<p title=\"a>&#10;\"> b</p>"},
		{"old line ends", "<p>a\rb\r\nc</p>", "<p>a&#10;b&#10;c</p>"},
		{"script", "<script>\na\n</script>\n", "<script>\na\n</script> "},
		{"empty", "", ""},
		{"open end", "<p", "<p"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := string(oneLine([]byte(c.in))); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

var space = regexp.MustCompile(`[ \t\r\n]+`)

// document is what the browser builds, with white space as it is shown outside
// of the elements that keep it.
func document(t *testing.T, text string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	var walk func(n *html.Node, kept bool)
	walk = func(n *html.Node, kept bool) {
		switch {
		case n.Type == html.TextNode && !kept:
			out.WriteString(space.ReplaceAllString(n.Data, " "))
		case n.Type == html.TextNode:
			out.WriteString(n.Data)
		case n.Type == html.ElementNode:
			out.WriteString("<" + n.Data)
			for _, a := range n.Attr {
				out.WriteString(" " + a.Key + "=" + a.Val)
			}
			out.WriteString(">")
			kept = kept || n.Data == "textarea" || n.Data == "pre"
		}
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			walk(child, kept)
		}
	}
	walk(root, false)
	return out.String()
}

// FuzzOneLine puts any text where templates put values, and compares the
// documents.
func FuzzOneLine(f *testing.F) {
	for _, seed := range []string{"a", "a\nb", "\n", " \r\n x", "<b>\n</b>", "\"'>\n<", "&#10;\n&", "\r\r\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if strings.ContainsRune(value, 0) {
			t.Skip("html/template replaces NUL")
		}
		v := html.EscapeString(value)
		page := "<div title=\"" + v + "\"\n id='" + v + "'>\n" + v + "<pre>" + v + "</pre>\n<textarea>" + v + "</textarea> " + v + "\n</div>"
		got := oneLine([]byte(page))
		if bytes.ContainsAny(got, "\r\n") {
			t.Errorf("several lines: %q", got)
		}
		if a, b := document(t, page), document(t, string(got)); a != b {
			t.Errorf("the document changed\nfrom %q\nto   %q", a, b)
		}
	})
}
