package main

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// offer is an address that a page invites a person to.
type offer struct{ method, path, page string }

// offersOf are the links, forms and live requests of a page.
func offersOf(page, body string) ([]offer, error) {
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	var list []offer
	add := func(method, to string) {
		at, err := url.Parse(to)
		if err == nil && strings.HasPrefix(at.Path, "/") && !strings.HasPrefix(at.Path, "/static/") {
			list = append(list, offer{method, to, page})
		}
	}
	doc.Find("a[href]").Each(func(_ int, s *goquery.Selection) { add("GET", s.AttrOr("href", "")) })
	doc.Find("form[action]").Each(func(_ int, s *goquery.Selection) {
		add(strings.ToUpper(s.AttrOr("method", "get")), s.AttrOr("action", ""))
	})
	doc.Find("button[formaction]").Each(func(_ int, s *goquery.Selection) { add("POST", s.AttrOr("formaction", "")) })
	doc.Find("[hx-get]").Each(func(_ int, s *goquery.Selection) { add("GET", s.AttrOr("hx-get", "")) })
	doc.Find("[hx-post]").Each(func(_ int, s *goquery.Selection) { add("POST", s.AttrOr("hx-post", "")) })
	return list, nil
}

// opening is a line of the table with the shape of its addresses.
type opening struct {
	access
	shape *regexp.Regexp
	holes int // parts of the address that vary
}

// openings are the lines of the table, their shapes compiled once: a walk asks for
// thousands of addresses.
func openings() []opening {
	hole := regexp.MustCompile(`\\\{[a-z]+\\\}`)
	var list []opening
	for _, x := range accessTable() {
		shape := hole.ReplaceAllString(regexp.QuoteMeta(x.pattern), `[^/]+`)
		list = append(list, opening{x, regexp.MustCompile("^" + shape + "$"), strings.Count(x.pattern, "{")})
	}
	return list
}

// lineOf is the line of the table that an address falls under.
func lineOf(table []opening, o offer) (opening, bool) {
	path, _, _ := strings.Cut(o.path, "?")
	best := opening{}
	for _, x := range table {
		if x.method == o.method && (best.pattern == "" || x.holes < best.holes) && x.shape.MatchString(path) {
			best = x
		}
	}
	return best, best.pattern != ""
}

// eachPattern is how many pages of one pattern are opened.
const eachPattern = 3

// testOffers walks every page from the first one by its links, as each role: no
// page offers what the role would be refused, and every link opens.
func (w *world) testOffers(t *testing.T) {
	table := openings()
	for letter, name := range roleLetters() {
		p := person(t, w.URL, name)
		opened, seen := map[string]int{}, map[string]bool{}
		todo := []string{"/"}
		for len(todo) > 0 {
			at := todo[0]
			todo = todo[1:]
			r := p.page(at)
			if r.status == 303 {
				r = p.page(r.header.Get("Location"))
			}
			if r.status != 200 {
				t.Errorf("%s follows a link to %s: %d", name, at, r.status)
				continue
			}
			if !strings.Contains(r.header.Get("Content-Type"), "text/html") {
				continue
			}
			list, err := offersOf(at, r.body)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range list {
				x, ok := lineOf(table, o)
				if !ok {
					t.Errorf("%s on %s is offered %s %s, which does not exist", name, o.page, o.method, o.path)
					continue
				}
				if !strings.ContainsAny(x.may, letter+"*+") {
					t.Errorf("%s on %s is offered %s %s, which is not for this role", name, o.page, o.method, o.path)
				}
				if o.method == "GET" && !seen[o.path] && opened[x.pattern] < eachPattern && strings.ContainsAny(x.may, letter) {
					seen[o.path] = true
					opened[x.pattern]++
					todo = append(todo, o.path)
				}
			}
		}
		if len(opened) < 4 && !slices.Contains([]string{"S", "C", "U"}, letter) {
			t.Errorf("%s finds only %d kinds of pages", name, len(opened))
		}
	}
	w.assistantsDay(t)
}

// assistantsDay: the first page says what there is to do, and nothing of the
// doctor's or the pharmacist's is in reach.
func (w *world) assistantsDay(t *testing.T) {
	p := person(t, w.URL, "assistant")
	home := p.page("/").body
	for _, want := range []string{"今天要做的", "患者签到", "打印标签", "扫码入库", "盘点", "收回退药", `href="` + w.today.path("") + `"`} {
		if !strings.Contains(home, want) {
			t.Errorf("the assistant's first page lacks %s", want)
		}
	}
	for _, username := range []string{"doctor1", "pharmacist", "manager"} {
		if strings.Contains(person(t, w.URL, username).page("/").body, "今天要做的") {
			t.Errorf("%s is given the assistant's list", username)
		}
	}
	room := p.page(w.today.path("")).body
	if !strings.Contains(room, w.today.path("/visits")) {
		t.Error("the assistant cannot check anybody in")
	}
	for _, no := range []string{"/scans", "/finish", "/undo", "/open\"", "/stop\"", "/resume\"", "/packing", "/requests/", "/alarms/", "/closing", "/report.pdf", "/change"} {
		if strings.Contains(room, no) {
			t.Errorf("the assistant's room offers %s", no)
		}
	}
}
