package main

import (
	"embed"
	"net"
	"net/http"
	"time"

	"jingfang/session/page"
	"jingfang/sql/db"
	"jingfang/static"
)

// templates are the few pages that belong to the program itself.
//
//go:embed pages
var templates embed.FS

// trustView is the view of the page "trust".
type trustView struct {
	Made        bool // the certificate is our own and must be trusted by hand
	Fingerprint string
	Until       string // last day of the authority
	Open        string // where to go afterwards
}

func trustSamples() []page.Sample {
	return []page.Sample{
		{Name: "trust", Title: "信任证书", View: trustView{Made: true, Fingerprint: "0A1B 2C3D", Until: "2036-01-01", Open: "/"}},
		{Name: "trust", Title: "不用信任证书", View: trustView{Open: "/"}},
	}
}

// trust shows phones how to trust our authority, and offers its certificate.
type trust struct {
	site *page.Site
	from *authority // nil where the certificate is not our own
}

func (t trust) show(w http.ResponseWriter, r *http.Request) error {
	v := trustView{Open: "/"}
	if t.from != nil {
		v = trustView{Made: true, Fingerprint: t.from.fingerprint(), Until: t.from.cert.NotAfter.Format(time.DateOnly), Open: "https://" + r.Host + "/"}
	}
	return t.site.Page(w, r, "trust", v)
}

// certificate sends the authority's certificate in the form phones install.
func (t trust) certificate(w http.ResponseWriter, _ *http.Request) error {
	if t.from == nil {
		return db.Refuse(db.NotFound, "本服务器使用医院的证书，不用另外信任。")
	}
	w.Header().Set("Content-Type", "application/x-x509-ca-cert")
	w.Header().Set("Content-Disposition", `attachment; filename="jingfang-ca.crt"`)
	_, err := w.Write(t.from.cert.Raw)
	return err
}

// plain is everything the port says without TLS: the page of trust, which must
// be readable before the certificate is trusted, and the way to HTTPS.
func (t trust) plain() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /static/", static.Handler())
	mux.Handle("GET /trust", t.site.Handle(t.show))
	mux.Handle("GET /trust/ca.crt", t.site.Handle(t.certificate))
	mux.Handle("/", t.site.Handle(toHTTPS))
	var h http.Handler = mux
	wrap := t.site.Middleware()
	for i := range wrap {
		h = wrap[len(wrap)-1-i](h)
	}
	return h
}

// toHTTPS sends a browser on. What a program or a form has sent in clear is
// refused and not repeated: it would only teach it to go on doing so.
func toHTTPS(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return db.Refuse(db.Invalid, "这里只接受 HTTPS。请把地址开头改成 https:// 再发送。")
	}
	host := r.Host
	if host == "" {
		if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
			host = local.String()
		}
	}
	http.Redirect(w, r, "https://"+host+r.URL.RequestURI(), http.StatusTemporaryRedirect)
	return nil
}
