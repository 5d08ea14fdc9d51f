package web_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"jingfang/session/identity"
	"jingfang/static/browsertest"
)

// manager is a manager's phone or laptop with two sites' clinics behind it.
func manager(t *testing.T, width, height int) (b *browsertest.Page, h *house, url, code string) {
	t.Helper()
	h = newHouse(t)
	code = h.clinicDay(h.site, "演示甲")
	h.clinicDay(h.other, "演示乙")
	return browsertest.Open(t, width, height), h, h.serve(h.person("演示管理甲", identity.Manager, 0)), code
}

// From the first page, which is one tap from everywhere, the month's PDF is one more.
func TestAPhoneGetsTheMonthInABrowser(t *testing.T) {
	needFonts(t)
	b, h, url, _ := manager(t, 390, 844)
	b.Go(url + "/statistics")
	b.Shows(".overview-head h1", "本月 2 场")
	b.Fits("overview")
	if top := b.Number(`Math.ceil(document.querySelector('.overview-head .button-main').getBoundingClientRect().bottom)`); top > 844 {
		t.Errorf("the month's PDF ends %d pixels down", top)
	}
	b.Run(`fetch(document.querySelector('.overview-head a.button-main').href).then(function (r) { return Promise.all([r.headers.get('Content-Type'), r.arrayBuffer()]); }).then(function (x) {
    document.body.dataset.got = x[0] + ' ' + String.fromCharCode.apply(null, new Uint8Array(x[1].slice(0, 5))); })`)
	b.Until(`document.body.dataset.got === 'application/pdf %PDF-'`)
	if h.audited("report.kept") != 1 {
		t.Error("the PDF is not in the audit")
	}
}

// A filter is chosen in the form, stands in the address, and holds when the page is
// opened again without one.
func TestTheFilterStaysInABrowser(t *testing.T) {
	b, h, url, _ := manager(t, 390, 844)
	b.Go(url + "/statistics/visits")
	b.Shows("table.stat-table", "演示他处")
	b.Press("details.stat-filter summary")
	b.Until(`document.querySelector('details.stat-filter').open`)
	b.Fits("statistic-filter")
	b.Run(fmt.Sprintf(`document.querySelector('#site').value = '%d'`, h.site))
	b.Press("details.stat-filter button[type=submit]")
	b.Until(fmt.Sprintf(`location.search.indexOf('site=%d') >= 0 && document.querySelectorAll('table.stat-table tbody tr').length === 1`, h.site))
	b.Press(`nav.tabs a[href*="by=doctor"]`)
	b.Until(fmt.Sprintf(`location.search.indexOf('by=doctor') >= 0 && location.search.indexOf('site=%d') >= 0 && document.querySelector('table.stat-table thead th').textContent === '医生'`, h.site))
	b.Go(url + "/statistics/visits")
	b.Until(fmt.Sprintf(`location.search === '' && document.querySelector('table.stat-table thead th').textContent === '医生' && document.querySelector('#site').value === '%d'`, h.site))
	b.Press("details.stat-filter summary")
	b.Press(`details.stat-filter a[href*="reset=1"]`)
	b.Until(`location.search.indexOf('reset') >= 0 && document.querySelectorAll('table.stat-table tbody tr').length === 2 && document.querySelector('#site').value === ''`)
}

// Every figure leads to its rows, those to the boxes, those to the trace code; a
// chart has its numbers beside it.
func TestAFigureLeadsToTheCodeInABrowser(t *testing.T) {
	b, h, url, code := manager(t, 390, 844)
	b.Go(url + "/statistics/visits")
	b.Until(`document.querySelector('figure.chart svg')`)
	numbers := b.Text(`Array.from(document.querySelectorAll('table.stat-table tbody tr')).map(function (r) { return r.querySelector('td[data-label="就诊"]').textContent; }).join(' ')`)
	if drawn := b.Text(`Array.from(document.querySelectorAll('figure.chart svg text')).map(function (x) { return x.textContent; }).join(' ')`); numbers != "1 1" || drawn == "" {
		t.Errorf("the table says %q beside the picture's %q", numbers, drawn)
	}
	b.Fits("statistic-visits")
	b.Press(fmt.Sprintf(`table.stat-table tbody td[data-label="就诊"] a[href*="site=%d"]`, h.site))
	b.Until(`location.pathname === '/statistics/visits/rows' && document.querySelectorAll('table.stat-table tbody tr').length === 1`)
	b.Shows("main", "共 1 行")
	b.Fits("statistic-rows")
	b.Press(`table.stat-table tbody td[data-label="药盒"] a`)
	b.Until(`location.pathname === '/statistics/use/rows'`)
	b.Until(fmt.Sprintf(`document.querySelector('a[href="/trace/%s"]')`, code))
	b.Fits("statistic-boxes")
}

// With the keyboard alone one comes from the top of the page into the form, through
// it, and to the answer.
func TestStatisticsByKeyboardInABrowser(t *testing.T) {
	b, _, url, _ := manager(t, 1366, 768)
	b.Go(url + "/statistics/use")
	b.Shows("table.stat-table", "演示利培酮片")
	b.Fits("statistic-use")
	tab := func(until string) {
		t.Helper()
		for range 80 {
			b.Do(chromedp.KeyEvent("\t"))
			if browsertest.Value[bool](b, "!!("+until+")") {
				return
			}
		}
		t.Fatalf("80 tabs do not reach %s, but %s", until, b.Text(`document.activeElement.outerHTML.slice(0, 200)`))
	}
	tab(`document.activeElement.matches('details.stat-filter summary')`)
	b.Do(chromedp.KeyEvent("\r"))
	b.Until(`document.querySelector('details.stat-filter').open`)
	tab(`document.activeElement.id === 'kind'`)
	tab(`document.activeElement.matches('details.stat-filter button[type=submit]')`)
	b.Do(chromedp.KeyEvent("\r"))
	b.Until(`location.search.indexOf('from=') >= 0 && document.querySelector('table.stat-table tbody a')`)
	tab(`document.activeElement.matches('table.stat-table tbody a')`)
	b.Do(chromedp.KeyEvent("\r"))
	b.Until(`location.pathname === '/statistics/use/rows' && document.querySelector('a[href^="/trace/"]')`)
}
