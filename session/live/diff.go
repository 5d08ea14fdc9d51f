package live

import (
	"bytes"
	"html"
	"slices"
)

// whole gives all parts as one run of fragments.
func whole(parts []Part) []byte {
	var b bytes.Buffer
	for _, p := range parts {
		writePiece(&b, p.HTML)
	}
	return oneLineEnd(b.Bytes())
}

// changes gives the pieces of now that differ from old: rows where only rows
// changed, else the whole part. A part that is gone is taken off the page. The
// answer is empty when every byte is the same.
func changes(old, now []Part) []byte {
	before := make(map[string]Part, len(old))
	for _, p := range old {
		before[p.ID] = p
	}
	var b bytes.Buffer
	for _, p := range now {
		o, known := before[p.ID]
		delete(before, p.ID)
		if known && bytes.Equal(o.HTML, p.HTML) {
			continue
		}
		writeChanged(&b, o, p)
	}
	for _, p := range old {
		if _, gone := before[p.ID]; gone {
			b.WriteString(`<div id="` + html.EscapeString(p.ID) + `" hx-swap-oob="delete"></div>`)
		}
	}
	return oneLineEnd(b.Bytes())
}

// writeChanged writes the changed rows of p, or all of p when its rows are other
// ones or stand in another order, when something besides the rows changed, or
// when that is shorter.
func writeChanged(b *bytes.Buffer, o, p Part) {
	start := b.Len()
	if !sameRows(o, p) || !sameFrame(o, p) {
		writePiece(b, p.HTML)
		return
	}
	for i, r := range p.Rows {
		if !bytes.Equal(o.Rows[i].HTML, r.HTML) {
			writePiece(b, r.HTML)
		}
	}
	if b.Len()-start > len(p.HTML) {
		b.Truncate(start)
		writePiece(b, p.HTML)
	}
}

func sameRows(o, p Part) bool {
	return len(p.Rows) > 0 && slices.EqualFunc(o.Rows, p.Rows, func(a, b Row) bool { return a.ID == b.ID })
}

// sameFrame tells whether the bytes around the rows are the same. Without this
// a heading with a count would stay as it was when a row changes. A row that
// does not stand in its part as it is makes the answer no.
func sameFrame(o, p Part) bool {
	left, right := o.HTML, p.HTML
	for i := range p.Rows {
		a, restA, okA := bytes.Cut(left, o.Rows[i].HTML)
		b, restB, okB := bytes.Cut(right, p.Rows[i].HTML)
		if !okA || !okB || !bytes.Equal(a, b) {
			return false
		}
		left, right = restA, restB
	}
	return bytes.Equal(left, right)
}

func writePiece(b *bytes.Buffer, piece []byte) {
	b.WriteString("<template>")
	b.Write(piece)
	b.WriteString("</template>")
}

// oneLineEnd turns carriage returns, which end a line of an event stream just
// as line feeds do, into line feeds, which r3labs/sse splits at. A text with a
// carriage return could otherwise write a field of the stream.
func oneLineEnd(data []byte) []byte {
	if bytes.IndexByte(data, '\r') < 0 {
		return data
	}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
}
