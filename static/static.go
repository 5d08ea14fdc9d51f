// Package static embeds everything a browser fetches besides pages: the style
// sheet, the scripts, the icons and, under vendor/, the front-end packages that
// npm fills in (git keeps only an empty folder of them, so a clean clone
// compiles without Node). It owns their addresses: URL adds a digest of the
// content, Handler serves such an address as immutable. Everything here is
// public; templates and anything else that is not belong elsewhere
// (session/page).
//
// The scripts act on attributes, never on a page they know:
//
//	data-scan-form, data-scan   the form and field that get what a scanner types,
//	                            wherever the focus is; a field named codes gets
//	                            several at once, one a line. Its .scan-field also
//	                            gets the button of the camera
//	data-command                a control without a form that needs a command_id;
//	                            fields of that name are filled anyway
//	data-tone                   good, soft, caution or bad: heard when it appears
//	data-row                    a key unique in the page: glows when its text changes
//	data-step                   on a stepper's buttons: how much to add
//	data-pane                   on a room's tabs: the column to show on a phone
//	data-print                  prints the page
//	data-here                   in a wide table or row of links: where it opens
//	data-lock-after             on body: seconds without input until the lock page
//	class age                   shows how old the data is while the line is dead
//	data-staff                  on body: whose unsent commands may be sent
//	data-off                    a form that the device answers by itself
//	data-logout                 a form that is refused while commands wait
//	sse-connect                 makes the header show the state of the line; the
//	                            events beat and stale say how fresh the page is
//
// On the body they trigger refetch when a page becomes visible again, for parts
// that are not live. The event jingfang:scan (cancelable, detail.code) precedes
// every scan; jingfang:lock the way to the lock page; jingfang:pending (detail: a number) shows unsent commands.
//
// What the camera sees stays on the device: reader.js and decode.js read codes from
// pictures there, and only the text of a code is sent, as a hand scanner's is.
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

// Prefix is the path below which Handler expects to be mounted.
const Prefix = "/static/"

//go:embed app.css paper.css app.js tone.js scan.js line.js idle.js sealed.js offline.js deskview.js desk.js sw.js icons.svg favicon.svg
//go:embed reader.js camera.js decode.js
//go:embed recognise.js rehearsal.js
//go:embed all:vendor
var embedded embed.FS

// file is one embedded file, ready to be sent.
type file struct {
	tree   fs.FS
	name   string
	digest string // the first 10 hex digits of the SHA-256 of the content
	mime   string
	packed func() []byte // see pack; nil for what does not shrink
}

// files reads the embedded tree once; it cannot change while the program runs.
var files = sync.OnceValue(func() map[string]file {
	all, err := load(embedded)
	if err != nil {
		panic("static: the embedded files cannot be read: " + err.Error())
	}
	return all
})

// load reads every file of tree but the .keep that holds the vendor folder.
func load(tree fs.FS) (map[string]file, error) {
	all := map[string]file{}
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Base(name) == ".keep" {
			return err
		}
		digest, err := digestOf(tree, name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		f := file{tree: tree, name: name, digest: digest, mime: mimeOf(name)}
		if packable(name) {
			f.packed = pack(f)
		}
		all[name] = f
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("static files: %w", err)
	}
	return all, nil
}

// digestOf reads a file through: a copy of each would double the memory of a
// small server, for the fonts of the PDFs alone are 20 MB.
func digestOf(tree fs.FS, name string) (_ string, err error) {
	in, err := tree.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	sum := sha256.New()
	if _, err := io.Copy(sum, in); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil))[:10], nil
}

// mimeOf answers from a list of our own first: the system's table is missing on
// some machines and differs on others, and nosniff makes a wrong type fatal.
func mimeOf(name string) string {
	switch ext := strings.ToLower(path.Ext(name)); ext {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".ttf":
		return "font/ttf"
	case ".woff2":
		return "font/woff2"
	case ".wasm":
		return "application/wasm"
	case ".json", ".webmanifest":
		return "application/json"
	case ".png":
		return "image/png"
	default:
		if t := mime.TypeByExtension(ext); t != "" {
			return t
		}
		return "application/octet-stream"
	}
}

// URL is the address of a file, such as "app.css" or "vendor/htmx.min.js", with
// the digest of its content, so that a browser may keep it for ever. A name that
// is not embedded gives its plain address, which answers 404.
func URL(name string) string {
	f, ok := files()[name]
	if !ok {
		return Prefix + name
	}
	return Prefix + name + "?v=" + f.digest
}

// Has reports whether the file is embedded in this binary.
func Has(name string) bool {
	_, ok := files()[name]
	return ok
}

// Read is a copy of the content of an embedded file. The error is fs.ErrNotExist
// for a name that is not embedded.
func Read(name string) ([]byte, error) {
	f, ok := files()[name]
	if !ok {
		return nil, fmt.Errorf("static file %s: %w", name, fs.ErrNotExist)
	}
	return fs.ReadFile(f.tree, f.name)
}

// Scripts are the files every page loads, in the order they must run.
func Scripts() []string {
	return []string{"vendor/htmx.min.js", "vendor/sse.js", "app.js", "tone.js", "scan.js", "line.js", "idle.js", "reader.js", "camera.js", "sealed.js", "offline.js", "deskview.js", "desk.js"}
}

// Worker serves the service worker at the root of the site, where alone it may
// watch over every page. It is asked for anew each time, so that a new version of
// the program reaches devices at once.
func Worker() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f := files()["sw.js"]
		w.Header().Set("Content-Type", f.mime)
		w.Header().Set("Cache-Control", "no-cache")
		f.send(w, r)
	}
}

// decoderScript is the script of the decoder's worker.
const decoderScript = "decode.js"

// decoderPolicy is the content policy of that worker, a program of its own with no
// page: it may compile the decoder, which the pages' policy forbids, and load it
// from us; nothing else.
const decoderPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"

// Decoder are the addresses of what finds codes in pictures: the script of a
// worker, and what that loads.
type Decoder struct{ Worker, Reader, Wasm string }

// DecoderFiles is the decoder of this binary; all its addresses are "" when the
// binary was built without it, and pages say so when somebody wants the camera.
func DecoderFiles() Decoder {
	const reader, wasm = "vendor/zxing_reader.js", "vendor/zxing_reader.wasm"
	if !Has(reader) || !Has(wasm) {
		return Decoder{}
	}
	return Decoder{Worker: URL(decoderScript), Reader: URL(reader), Wasm: URL(wasm)}
}

// PageScripts are the files of ours that single pages load besides, in the order they
// must run.
func PageScripts() []string { return []string{"recognise.js", "rehearsal.js"} }

// Missing names the front-end packages that pages need and that this binary was
// built without.
func Missing() []string {
	var missing []string
	for _, name := range Scripts() {
		if !Has(name) {
			missing = append(missing, name)
		}
	}
	return missing
}

// Handler serves the embedded files below Prefix: for ever when the address
// carries the digest of the content, with revalidation otherwise. Folders are
// not listed.
func Handler() http.Handler { return handler(files()) }

func handler(all map[string]file) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := all[strings.TrimPrefix(r.URL.Path, Prefix)]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		header := w.Header()
		header.Set("Content-Type", f.mime)
		header.Set("ETag", `"`+f.digest+`"`)
		header.Set("Cache-Control", cacheControl(r.URL.Query().Get("v"), f.digest))
		if f.name == decoderScript {
			header.Set("Content-Security-Policy", decoderPolicy)
		}
		f.send(w, r)
	})
}

// send answers with the content: packed, or straight from the binary.
func (f file) send(w http.ResponseWriter, r *http.Request) {
	if f.packed != nil {
		w.Header().Add("Vary", "Accept-Encoding")
		if takesGzip(r) && f.sendPacked(w, r) {
			return
		}
	}
	in, err := f.tree.Open(f.name)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	defer in.Close()
	content, ok := in.(io.ReadSeeker)
	if !ok {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, content)
}

// cacheControl refuses "immutable" to an old digest: during a roll-out of
// several servers a browser may ask the old one for the new file.
func cacheControl(asked, digest string) string {
	if asked == digest {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}
