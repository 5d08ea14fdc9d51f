package page

import (
	"bytes"
)

// newlineEntity is a line break that is not a line in a stream's event; in text
// and in attribute values the browser reads it as exactly the same character.
const newlineEntity = "&#10;"

// oneLine puts HTML into one line without changing the document the browser
// builds from it, apart from runs of white space beside a tag that contain a
// line break: they become one space, as they are shown. Inside of textarea and
// pre and in the middle of text, line breaks become character references. Script
// and style, whose text knows no references, are left alone; fragments have none.
//
// Each line of an event is sent and parsed by itself: 4 kB in one line reach
// 1,000 screens in two thirds of the time of 60 lines.
func oneLine(html []byte) []byte {
	out := make([]byte, 0, len(html))
	kept := "" // the element whose text is kept to the letter, or ""
	for len(html) > 0 {
		if html[0] == '<' {
			var tag []byte
			tag, html = cutTag(html)
			kept = inside(kept, tag)
			out = appendTag(out, tag)
			continue
		}
		end := bytes.IndexByte(html, '<')
		if end < 0 {
			end = len(html)
		}
		switch text := html[:end]; kept {
		case "":
			out = appendText(out, text)
		case "script", "style":
			out = append(out, text...)
		default:
			out = appendKept(out, text)
		}
		html = html[end:]
	}
	return out
}

// cutTag takes one tag off, minding '>' within quotes. html/template has
// removed comments, and in text it writes '<' as a reference.
func cutTag(html []byte) (tag, rest []byte) {
	var quote byte
	for i, c := range html {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return html[:i+1], html[i+1:]
		}
	}
	return html, nil
}

// inside follows the elements whose text is kept; they do not nest.
func inside(kept string, tag []byte) string {
	name := tagName(tag)
	if kept != "" {
		if name == "/"+kept {
			return ""
		}
		return kept
	}
	switch name {
	case "textarea", "pre", "script", "style":
		return name
	}
	return ""
}

// tagName is the lower-case name of a tag, with the slash of an end tag.
func tagName(tag []byte) string {
	name := tag[1:]
	if end := bytes.IndexAny(name, " \t\r\n>"); end >= 0 {
		name = name[:end]
	}
	return string(bytes.ToLower(name))
}

// appendTag copies a tag; line breaks between attributes become spaces, those in
// values references.
func appendTag(out, tag []byte) []byte {
	if bytes.IndexByte(tag, '\n') < 0 && bytes.IndexByte(tag, '\r') < 0 {
		return append(out, tag...)
	}
	var quote byte
	for _, c := range bytes.ReplaceAll(tag, []byte("\r\n"), []byte("\n")) {
		lineBreak := c == '\n' || c == '\r'
		switch {
		case lineBreak && quote != 0:
			out = append(out, newlineEntity...)
		case lineBreak:
			out = append(out, ' ')
		default:
			out = append(out, c)
		}
		switch {
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case c == quote:
			quote = 0
		}
	}
	return out
}

// appendText copies text between two tags.
func appendText(out, text []byte) []byte {
	body := bytes.TrimLeft(text, " \t\r\n")
	out = appendGap(out, text[:len(text)-len(body)])
	inner := bytes.TrimRight(body, " \t\r\n")
	out = appendKept(out, inner)
	return appendGap(out, body[len(inner):])
}

// appendGap copies white space beside a tag, as one space if it breaks a line.
func appendGap(out, gap []byte) []byte {
	if bytes.ContainsAny(gap, "\r\n") {
		return append(out, ' ')
	}
	return append(out, gap...)
}

// appendKept copies text with its line breaks as references.
func appendKept(out, text []byte) []byte {
	for i, c := range text {
		switch {
		case c == '\n', c == '\r' && (i+1 == len(text) || text[i+1] != '\n'):
			out = append(out, newlineEntity...)
		case c != '\r':
			out = append(out, c)
		}
	}
	return out
}
