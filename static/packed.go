package static

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// packable tells the files that shrink to a third or less. Fonts are not among
// them: those of the PDFs are sent to nobody and would cost their size in memory.
func packable(name string) bool {
	return slices.Contains([]string{".css", ".js", ".svg", ".wasm", ".json"}, strings.ToLower(path.Ext(name)))
}

// pack gives the gzip of a file, made when it is first asked for and kept: the
// content of a program does not change. It gives nil for what cannot be read.
func pack(f file) func() []byte {
	return sync.OnceValue(func() []byte {
		in, err := f.tree.Open(f.name)
		if err != nil {
			return nil
		}
		defer in.Close()
		var out bytes.Buffer
		z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
		if err != nil {
			return nil
		}
		if _, err := io.Copy(z, in); err != nil || z.Close() != nil {
			return nil
		}
		return out.Bytes()
	})
}

// takesGzip tells whether a program reads gzip. A part of a file is given as it is.
func takesGzip(r *http.Request) bool {
	if r.Header.Get("Range") != "" {
		return false
	}
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(part, " ", "")), ";")
		if name == "gzip" {
			return strings.TrimRight(weight, "0.") != "q="
		}
	}
	return false
}

// sendPacked answers with the gzip of the file, under a name of its own: both
// shapes of a file may lie in one cache. It sends nothing and says false where
// there is none.
func (f file) sendPacked(w http.ResponseWriter, r *http.Request) bool {
	body := f.packed()
	if body == nil {
		return false
	}
	header := w.Header()
	if tag := header.Get("ETag"); tag != "" {
		header.Set("ETag", strings.TrimSuffix(tag, `"`)+`-gzip"`)
	}
	header.Set("Content-Encoding", "gzip")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	return true
}
