package web_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/static"
	"jingfang/static/browsertest"
)

// serve runs the handlers for a browser in which somebody is logged in.
func (h *house) serve(by identity.Actor) string {
	h.t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/static/", static.Handler())
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		ctx := page.WithViewer(identity.WithActor(r.Context(), by), page.Viewer{Name: by.Name, CSRF: "t"})
		h.handler.ServeHTTP(w, r.WithContext(ctx))
	})
	server := httptest.NewServer(mux)
	h.t.Cleanup(server.Close)
	return server.URL
}

// The ledger is filtered and opened down to the movement, and the check of the
// stock is started and shows how it ended, in a browser of a phone's size.
func TestTheLedgerInABrowser(t *testing.T) {
	h := newHouse(t)
	h.stocked("精二", "80000010000000000001", "80000010000000000002")
	url := h.serve(h.person("演示药师", identity.Pharmacist, 0))
	b := browsertest.Open(t, 390, 844)
	b.Go(url + "/ledger")
	b.Shows("body", "平衡")
	b.Shot("ledger")
	b.Run(`document.querySelector('#place').value = 'store'; document.querySelector('form[action="/ledger"]').submit()`)
	b.Until(`location.search.indexOf("place=store") >= 0 && document.querySelector('td a[href*="way=in"]')`)
	b.Run(`document.querySelector('td a[href*="way=in"]').click()`)
	b.Shows("body", "药房 入账流水")
	b.Shows("body", "0002")
	b.Shot("ledger-moves")
	b.Go(url + "/ledger/controlled")
	b.Shows("body", "演示阿普唑仑片")
	b.Run(`document.querySelector('.list a.row').click()`)
	b.Shows("body", "账物相符")
	b.Shot("ledger-controlled")
	b.Go(url + "/stock/check")
	b.Shows("body", "还没有核对过")
	b.Run(`document.querySelector('form[action="/stock/check"] button').click()`)
	b.Shows("body", "全部一致：2 盒药")
	b.Shot("stock-check")
	b.Until(`document.documentElement.scrollWidth <= window.innerWidth`)
}
