package simulator

import (
	"encoding/json"
	"net"
	"net/http"

	"jingfang/integration/wire"
)

// Control steers a HIS over HTTP, for local tests and the tour only: it
// answers programs on this machine, nobody else and no browser page.
//
//	GET  /control/state                 what is served, asked and broken
//	POST /control/faults                Faults as JSON
//	POST /control/receipts              Order as JSON; answers with the full receipt
//	GET  /control/codes?number=…        the codes in the boxes of a receipt, by line
func (h *HIS) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /control/state", h.controlState)
	mux.HandleFunc("POST /control/faults", h.controlFaults)
	mux.HandleFunc("POST /control/receipts", h.controlReceipts)
	mux.HandleFunc("GET /control/codes", h.controlCodes)
	return localOnly(mux)
}

func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		ip := net.ParseIP(host)
		if err != nil || ip == nil || !ip.IsLoopback() || r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
			http.Error(w, "只允许本机程序访问", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (h *HIS) controlState(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, map[string]any{"documents": h.Documents(), "requests": h.Requests(), "faults": h.Faults()})
}

func (h *HIS) controlFaults(w http.ResponseWriter, r *http.Request) {
	var f Faults
	if !readJSON(w, r, &f) {
		return
	}
	h.SetFaults(f)
	writeJSON(w, f)
}

func (h *HIS) controlReceipts(w http.ResponseWriter, r *http.Request) {
	var o Order
	if !readJSON(w, r, &o) {
		return
	}
	receipt, err := h.MakeReceipt(o)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	writeJSON(w, receipt)
}

func (h *HIS) controlCodes(w http.ResponseWriter, r *http.Request) {
	codes := h.Codes(r.URL.Query().Get("number"))
	if codes == nil {
		http.Error(w, "没有这张单据", http.StatusNotFound)
		return
	}
	writeJSON(w, codes)
}

func readJSON(w http.ResponseWriter, r *http.Request, dst any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, wire.MaxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(dst); err != nil {
		http.Error(w, "JSON 无法识别："+err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		// The header is out; breaking off is the only honest answer left.
		panic(http.ErrAbortHandler)
	}
}
