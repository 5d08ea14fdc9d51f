package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jingfang/sql/dbtest"
)

// world is one running demo with its people, for many tests.
type world struct {
	*runningHouse
	pharm, helper *caller
	doctors       []*caller // doctor1 and doctor2

	today  clinic            // the open session of the seed
	site   string            // where it is held, as a form's value
	tokens []string          // labels of that site's patients
	papers map[string]string // receipts that wait: number to codes, one a line

	mu   sync.Mutex
	tray [][]string // what is left of today's packs, by drug
	next atomic.Int64
}

// newWorld starts a demo and finds out what is in it.
func newWorld(t *testing.T) *world {
	t.Helper()
	h := startDemo(t, twoUsers(t, dbtest.Options{}))
	return openWorld(t, h)
}

func openWorld(t *testing.T, h *runningHouse) *world {
	t.Helper()
	w := &world{runningHouse: h, papers: map[string]string{}}
	w.pharm, w.helper = person(t, h.URL, "pharmacist"), person(t, h.URL, "assistant")
	w.doctors = []*caller{person(t, h.URL, "doctor1"), person(t, h.URL, "doctor2")}
	w.readCodes(t)
	var room struct {
		SiteID int64 `json:"site_id"`
	}
	w.today.t, w.today.lends = t, true
	w.pharm.get(w.today.path("")).json(t, &room)
	w.site = strconv.FormatInt(room.SiteID, 10)
	return w
}

// seedDrugs and seedPacks are what the seed packs: drugs, and packs of each.
// Those of the first four patients are gone.
const (
	seedDrugs = 8
	seedPacks = 24
)

// readCodes reads the list of codes that the demo writes for its visitors.
func (w *world) readCodes(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.Data, codesFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(text), "\n\n") {
		title, rest, _ := strings.Cut(strings.TrimSpace(part), "\n")
		var number string
		switch {
		case strings.Contains(title, "进行中的场次"):
			if _, err := fmt.Sscanf(title[strings.Index(title, "第"):], "第 %d 号", &w.today.id); err != nil {
				t.Fatal(err)
			}
			codes := strings.Fields(rest)
			for i := range seedDrugs {
				w.tray = append(w.tray, codes[i*seedPacks+4:(i+1)*seedPacks])
			}
		case strings.Contains(title, "待入库的单"):
			if _, err := fmt.Sscanf(title, "待入库的单 %s", &number); err != nil {
				t.Fatal(err)
			}
			number, _, _ = strings.Cut(number, "（")
			w.papers[number] = rest
		case strings.Contains(title, "患者标签"):
			w.tokens = strings.Fields(rest)
		}
	}
	if w.today.id == 0 || len(w.tray) != seedDrugs || len(w.papers) != 2 || len(w.tokens) < 40 {
		t.Fatalf("the demo's list of codes has changed:\n%s", text)
	}
}

// take gives packs of one drug out of today's tray; nobody else gets them.
func (w *world) take(t testing.TB, drug, n int) []string {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.tray[drug]) < n {
		t.Fatalf("only %d packs of drug %d are left for tests", len(w.tray[drug]), drug)
	}
	codes := w.tray[drug][:n]
	w.tray[drug] = w.tray[drug][n:]
	return codes
}

// session plans a home-visit round with these doctors, moves packs there from
// today's session and opens it.
func (w *world) session(t *testing.T, codes []string, doctors ...string) clinic {
	t.Helper()
	c := clinic{t: t, id: w.arrange(t, w.site, doctors...)}
	if len(codes) > 0 {
		w.move(t, w.today, c, codes)
	}
	w.pharm.post(c.path("/open"), commandForm()).json(t, new(any))
	return c
}

// move takes packs out of one session's tray and puts them into another's.
func (w *world) move(t *testing.T, from, to clinic, codes []string) {
	t.Helper()
	list := strings.Join(codes, "\n")
	var a struct{ Moved int }
	w.pharm.post(from.path("/packing"), commandForm("codes", list, "home", "1")).json(t, &a)
	if a.Moved != len(codes) {
		t.Fatalf("%d of %d packs came home", a.Moved, len(codes))
	}
	w.pharm.post(to.path("/packing"), commandForm("codes", list)).json(t, &a)
	if a.Moved != len(codes) {
		t.Fatalf("%d of %d packs were packed", a.Moved, len(codes))
	}
}

// arrange enters a home-visit round of today.
func (w *world) arrange(t *testing.T, site string, doctors ...string) int64 {
	t.Helper()
	var form struct {
		Staff []struct{ ID, Name string }
	}
	w.pharm.get("/sessions/new").json(t, &form)
	names := map[string]string{}
	for _, x := range demoPersons() {
		names[x.username] = x.name
	}
	team := url.Values{"kind": {"home"}, "site": {site}, "place": {fmt.Sprintf("演示上门 %d", w.next.Add(1))},
		"date": {time.Now().In(time.FixedZone("CST", 8*3600)).Format(time.DateOnly)}}
	for _, x := range form.Staff {
		if x.Name == w.pharm.name {
			team.Add("pharmacist", x.ID)
		}
		for _, d := range doctors {
			if x.Name == names[d] {
				team.Add("doctor", x.ID)
			}
		}
	}
	if len(team["doctor"]) != len(doctors) {
		t.Fatalf("doctors %q are not in %+v", doctors, form.Staff)
	}
	var made struct{ ID int64 }
	w.pharm.post("/sessions", team).json(t, &made)
	return made.ID
}

// patient registers somebody whom no other test knows.
func (w *world) patient(t testing.TB, name string) (token string) {
	t.Helper()
	var made struct{ Token string }
	form := url.Values{"name": {fmt.Sprintf("演示%s%d", name, w.next.Add(1))}, "site": {w.site}, "paper": {"none"}}
	w.helper.post("/patients", form).json(t, &made)
	return made.Token
}

// TestHouse runs everything that only needs a running demo against one of them.
func TestHouse(t *testing.T) {
	w := newWorld(t)
	for _, x := range []struct {
		name string
		do   func(*world, *testing.T)
	}{
		{"two servers", (*world).testTwoServers},
		{"crowd", (*world).testCrowd},
		{"replay", (*world).testReplay}, {"weight", (*world).testWeight},
		{"access", (*world).testAccess}, {"offers", (*world).testOffers}, {"sights", (*world).testSights}, {"patient pages", (*world).testPatientPages}, {"answers", (*world).testAnswersNameNobody},
		{"other site", (*world).testOtherSite},
		{"bad input", (*world).testBadInput}, {"bad arrivals", (*world).testBadArrivals}, {"odd requests", (*world).testOddRequests},
		{"recall in two browsers", (*world).testRecallBrowsers}, {"bad recalls", (*world).testBadRecalls}, {"containers under recall", (*world).testContainersUnderRecall},
		{"statements", (*world).testStatements}, {"uploads", (*world).testUploads}, {"gallery", (*world).testGalleryPages},
		{"whole year", (*world).testWholeYear}, {"late doctor", (*world).testLateDoctor}, {"packing paper", (*world).testPackingPaper},
		{"tables", (*world).testTables}, {"turns", (*world).testTurns}, {"weak link", (*world).testWeakLink}, {"stocktake", (*world).testStocktake},
		{"transfer log", (*world).testTransferLog}, {"notices", (*world).testNotices},
		{"pages", (*world).testShots},
	} {
		t.Run(x.name, func(t *testing.T) { x.do(w, t) })
	}
	t.Run("verify", w.verify)
}
