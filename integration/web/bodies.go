package web

import (
	"bytes"
	"fmt"
	"hash"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"strings"

	"jingfang/sql/seal"
)

// copied is a copy of bytes that went by, up to a limit, and the digest of all of
// them when they were more.
type copied struct {
	kept bytes.Buffer
	all  int64
	most int
	sum  hash.Hash // nil while everything is kept
}

func (c *copied) add(p []byte) {
	c.all += int64(len(p))
	switch {
	case c.sum != nil:
		c.sum.Write(p)
	case c.kept.Len()+len(p) > c.most:
		c.sum = seal.NewSM3()
		c.sum.Write(c.kept.Bytes())
		c.sum.Write(p)
		c.kept.Reset()
	default:
		c.kept.Write(p)
	}
}

// bytes are all of them, or what stands for them.
func (c *copied) bytes() []byte {
	if c.sum == nil {
		return c.kept.Bytes()
	}
	return standIn(c.all, seal.Digest(c.sum.Sum(nil)))
}

// standIn is what the log keeps of a body that is too long.
func standIn(length int64, digest seal.Digest) []byte {
	return fmt.Appendf(nil, "（正文 %d 字节，太长没有留存；SM3 %s）", length, digest)
}

func shorten(body []byte, most int) []byte {
	if len(body) <= most {
		return body
	}
	return standIn(int64(len(body)), seal.SM3(body))
}

// teeBody copies a request's body while it is read.
type teeBody struct {
	io.ReadCloser
	to *copied
}

// Read copies what it reads.
func (t *teeBody) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.to.add(p[:n])
	return n, err
}

// uploadedFile is the file in a form, without the form around it; the other
// fields stand before it, one a line.
func uploadedFile(kind string, in *copied) []byte {
	_, params, err := mime.ParseMediaType(kind)
	if err != nil || in.sum != nil {
		return in.bytes()
	}
	var head, file bytes.Buffer
	parts := multipart.NewReader(bytes.NewReader(in.kept.Bytes()), params["boundary"])
	for {
		p, err := parts.NextPart()
		if err != nil {
			break // its end, or where it was cut off
		}
		to := &file
		if p.FileName() == "" {
			to = &head
			if p.FormName() == "csrf" {
				continue
			}
			head.WriteString(p.FormName() + "=")
		}
		if _, err := io.Copy(to, p); err != nil {
			return in.bytes()
		}
		if to == &head {
			head.WriteByte('\n')
		}
	}
	if file.Len() == 0 {
		return head.Bytes()
	}
	if head.Len() > 0 {
		head.WriteByte('\n')
	}
	return append(head.Bytes(), file.Bytes()...)
}

// visibleWords are the words of a page or fragment, a line for each element that
// has some. It reads pages that this program made itself.
func visibleWords(page []byte) []byte {
	var out strings.Builder
	for rest := string(page); rest != ""; {
		text, after, tag := strings.Cut(rest, "<")
		if words := strings.Join(strings.Fields(html.UnescapeString(text)), " "); words != "" {
			out.WriteString(words + "\n")
		}
		if !tag {
			break
		}
		rest = afterTag(after)
	}
	return []byte(out.String())
}

// afterTag skips a tag whose "<" is gone, and with it what no person reads.
func afterTag(s string) string {
	name, quote := s, byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			name, s = s[:i], s[i+1:]
			for _, hidden := range []string{"script", "style", "svg"} {
				if name == hidden || strings.HasPrefix(name, hidden+" ") {
					_, s, _ = strings.Cut(s, "</"+hidden+">")
				}
			}
			return s
		}
	}
	return ""
}
