package live_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"jingfang/session/live"
)

func TestZZBrowser(t *testing.T) {
	d := testDB(t)
	create(t, d, 1)
	var step atomic.Int64
	render := func(context.Context, int64, []live.Audience) (map[live.Audience][]live.Part, error) {
		n := step.Load()
		q := live.Part{ID: "queue", HTML: fmt.Appendf(nil, `<div id="queue" hx-swap-oob="true"><h2>Q%d</h2><table><tr><td>in</td></tr></table></div>`, n)}
		p := live.Part{ID: "stock", HTML: []byte(`<table id="stock" hx-swap-oob="true"><tbody>`)}
		for i := range 3 {
			x := n
			if i != 1 {
				x = 0
			}
			row := fmt.Appendf(nil, `<tr id="r%d" hx-swap-oob="true"><td>row %d</td><td><button hx-get="/clicked" hx-target="#clicked">%0200d</button></td></tr>`, i, x, 0)
			p.Rows = append(p.Rows, live.Row{ID: fmt.Sprint("r", i), HTML: row})
			p.HTML = append(p.HTML, row...)
		}
		p.HTML = append(p.HTML, "</tbody></table>"...)
		return map[live.Audience][]live.Part{"doctor": {q, p}}, nil
	}
	s := newStage(t, d, render, live.Options{MaxAge: time.Hour, Heartbeat: 200 * time.Millisecond})
	mux := http.NewServeMux()
	login := uuid.New()
	mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = "/1/doctor/" + login.String()
		s.ServeHTTP(w, r)
	})
	mux.HandleFunc("/clicked", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "CLICKED") })
	mux.HandleFunc("/htmx.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, "/tmp/livehtmx/node_modules/htmx.org/dist/htmx.min.js")
	})
	mux.HandleFunc("/sse.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, "/tmp/livehtmx/node_modules/htmx-ext-sse/sse.js")
	})
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><meta name="htmx-config" content='{"allowNestedOobSwaps":false,"includeIndicatorStyles":false,"allowEval":false}'><script src=/htmx.js></script><script src=/sse.js></script>
<body hx-ext="sse" sse-connect="/events" sse-close="bye"><div sse-swap="board" hx-swap="none"></div><p id=clicked></p><div id=queue></div><table id=stock></table></body>`)
	})
	s.server.Config.Handler = mux
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)
	actx, c1 := chromedp.NewExecAllocator(t.Context(), opts...)
	defer c1()
	ctx, c2 := chromedp.NewContext(actx)
	defer c2()
	do := func(a chromedp.Action[chromedp.Void]) {
		t.Helper()
		if _, err := chromedp.Run(ctx, a); err != nil {
			t.Fatal(err)
		}
	}
	js := func(x string) any {
		t.Helper()
		v, err := chromedp.Run(ctx, chromedp.Evaluate[any](x))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	do(chromedp.Navigate(s.server.URL + "/"))
	do(chromedp.WaitVisible("#r1"))
	fmt.Fprintln(os.Stderr, js(`document.body.outerHTML`))
	js(`window.keep = document.getElementById('stock'); window.keep0=document.getElementById('r0'); 1`)
	step.Store(1)
	s.hub.Dirty(1)
	do(chromedp.Poll[chromedp.Void](`document.getElementById('r1').textContent.indexOf('row 1')===0`))
	do(chromedp.Click("#r1 button"))
	do(chromedp.Poll[chromedp.Void](`document.getElementById('clicked').textContent==='CLICKED'`))
	fmt.Fprintln(os.Stderr, js(`document.body.outerHTML`))
	fmt.Fprintln(os.Stderr, "same table, same r0:", js(`window.keep===document.getElementById('stock')`), js(`window.keep0===document.getElementById('r0')`), js(`document.querySelectorAll('template').length`))
	n := s.hub.Connects()
	s.hub.Reconnect(login)
	until(t, "back", func() bool { return s.hub.Connects() > n })
	step.Store(2)
	s.hub.Dirty(1)
	do(chromedp.Poll[chromedp.Void](`document.getElementById('r1').textContent.indexOf('row 2')===0`))
	n = s.hub.Connects()
	s.hub.EndLogin(login)
	until(t, "gone", func() bool { return s.hub.Viewers() == 0 })
	do(chromedp.Sleep(4 * time.Second))
	fmt.Fprintln(os.Stderr, "connects before and after bye", n, s.hub.Connects())
}
