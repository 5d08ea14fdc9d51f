package web_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"jingfang/session"
	"jingfang/session/identity"
)

// step is a way on for a pack: what kind of movement takes it from where to where.
type step struct {
	kind, from, to string
	units          int // that move; 0 for all that are in the pack
}

// steps are enough of the allowed movements to fill every column of the report.
func steps() []step {
	return []step{{"opening", "", "in_store", 0}, {"receive", "expected", "in_store", 0}, {"announce", "", "expected", 0}, {"undo_receive", "in_store", "expected", 0}, {"allocate", "in_store", "allocated", 0},
		{"let_in", "", "allocated", 0}, {"come_home", "allocated", "in_store", 0}, {"roll_over", "allocated", "allocated", 0}, {"dispense", "allocated", "dispensed", 0}, {"dispense", "allocated", "allocated", 3},
		{"undo", "dispensed", "allocated", 0}, {"patient_return", "dispensed", "quarantined", 0}, {"quarantine", "in_store", "quarantined", 0}, {"release", "quarantined", "in_store", 0}, {"damage", "in_store", "damaged", 0},
		{"destroy", "damaged", "destroyed", 0}, {"lose", "allocated", "lost", 0}, {"find", "lost", "in_store", 0}, {"send_back", "in_store", "sent_back", 0}, {"adjust_down", "in_store", "in_store", 2},
		{"adjust_up", "in_store", "in_store", -2}}
}

// wander lets packs of two drugs, some without a batch, go through the house by
// chance, with sessions of both sites.
func (h *house) wander(packs, most int) {
	h.t.Helper()
	random := rand.New(rand.NewPCG(7, 11))
	sessions := []int64{h.session, h.insert(`INSERT INTO clinic_session (site_id, held_on, kind, place, state, planned_by, planned_at) VALUES ($1, now()::date, 'home', '演示', 'open', $2, now()) RETURNING id`, h.other, h.doctor.StaffID)}
	drugs := []int64{h.stocked("精二"), h.insert(`INSERT INTO drug (his_code, generic_name, spec, units_per_pack, pack_name, unit_name, created_at) VALUES ('W2', '演示氯氮平片', '25mg', 20, '瓶', '粒', now()) RETURNING id`)}
	for n := range packs {
		state, left, at := "", 20, random.IntN(2)
		id := h.insert(`INSERT INTO pack (code, drug_id, state, units_total, units_left, batch, created_at, changed_at) VALUES ($1, $2, 'in_store', 20, 20, $3, now(), now()) RETURNING id`,
			fmt.Sprintf("8000007%013d", n), drugs[n%2], []string{"", "B1", "B2"}[n%3])
		for range 1 + random.IntN(most) {
			var ways []step
			for _, s := range steps() {
				if s.from == state && s.units < left && left-s.units <= 20 {
					ways = append(ways, s)
				}
			}
			if len(ways) == 0 {
				break
			}
			s, was := ways[random.IntN(len(ways))], at
			units := max(s.units, -s.units)
			if units == 0 {
				units = left
			}
			if s.units != 0 {
				left -= s.units
			}
			if s.kind == "roll_over" {
				at = 1 - at
			}
			after := left
			if s.to == "dispensed" {
				after = 0
			}
			h.insert(`INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, from_session_id, to_session_id, at, how)
SELECT $1::text, $2::bigint, $3::integer, $4::text, $5::text, $6::integer, CASE WHEN $4::text = 'allocated' THEN $7::bigint END, CASE WHEN $5::text = 'allocated' THEN $8::bigint END, now(), 'scanned' RETURNING id`,
				s.kind, id, units, s.from, s.to, after, sessions[was], sessions[at])
			state = s.to
		}
		h.insert(`UPDATE pack SET state = CASE WHEN $2::text = '' THEN 'expected' ELSE $2::text END, units_left = CASE WHEN $2::text = 'dispensed' THEN 0 ELSE $3::integer END, units_given = 20 - CASE WHEN $2::text = 'dispensed' THEN 0 ELSE $3::integer END,
  session_id = CASE WHEN $2::text = 'allocated' THEN $4::bigint END WHERE id = $1 RETURNING id`, id, state, left, sessions[at])
	}
}

// counted is an amount with its words, such as 3盒5片.
type counted map[string]int64

func countedOf(text string) counted {
	c := counted{}
	for _, m := range regexp.MustCompile(`(-?\d+)(\p{Han}+)`).FindAllStringSubmatch(text, -1) {
		n, _ := strconv.ParseInt(m[1], 10, 64)
		c[m[2]] += n
	}
	return c
}

func (c counted) clean() counted {
	maps.DeleteFunc(c, func(_ string, n int64) bool { return n == 0 })
	return c
}

// moves adds up what the address of movements gives, page by page.
func (h *house) moves(by identity.Actor, address string) counted {
	h.t.Helper()
	sum := counted{}
	for after := int64(0); ; {
		var answer struct {
			More  bool
			Moves []struct {
				ID       int64
				Way      string
				Packs    int64
				Loose    int64  `json:"loose_units"`
				PackWord string `json:"pack_word"`
				UnitWord string `json:"unit_word"`
			}
		}
		w := h.get(&by, fmt.Sprintf("%s&after=%d", address, after))
		if w.Code != 200 {
			h.t.Fatalf("GET %s: %d %s", address, w.Code, w.Body)
		}
		h.must(json.Unmarshal(w.Body.Bytes(), &answer))
		for _, m := range answer.Moves {
			sign := int64(1)
			if m.Way == "out" {
				sign = -1
			}
			sum[m.PackWord] += sign * m.Packs
			sum[m.UnitWord] += sign * m.Loose
			after = m.ID
		}
		if !answer.More {
			return sum.clean()
		}
	}
}

// opened reads a page of a browser.
func (h *house) opened(by identity.Actor, path string) *goquery.Document {
	h.t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(h.page(by, path)))
	h.must(err)
	return doc
}

// follow opens what stands behind every figure of a page and holds the sum of the
// rows against the figure; it says how many figures it followed.
func (h *house) follow(by identity.Actor, path string) (n int) {
	h.t.Helper()
	h.opened(by, path).Find(".stat-table td a[href]").Each(func(_ int, a *goquery.Selection) {
		address, label := a.AttrOr("href", ""), a.Closest("td").AttrOr("data-label", "")
		row := strings.TrimSpace(a.Closest("tr").Find("th").First().Text())
		var got, want counted
		switch {
		case strings.HasPrefix(address, "/ledger/moves"):
			got, want = h.moves(by, address), countedOf(a.Text()).clean()
			if strings.HasPrefix(label, "－") && !strings.HasPrefix(label, "－带回") || label == "－带回" {
				for k := range got {
					got[k] = -got[k]
				}
			}
		case strings.HasPrefix(address, "/statistics/"):
			if label == "数" { // the head of a report names its figures in the rows
				label = row
			}
			got, want = counted{"": h.figure(by, address, label)}, countedOf(a.Text()+"个")
			want[""] = want["个"]
			delete(want, "个")
		default:
			return
		}
		n++
		if !maps.Equal(got, want) {
			h.t.Errorf("%s: %s · %s says %q, the rows behind it add up to %v (%s)", path, row, label, a.Text(), got, address)
		}
	})
	return n
}

// figure adds up the rows behind a figure of visits or boxes.
func (h *house) figure(by identity.Actor, address, label string) (sum int64) {
	h.t.Helper()
	seen := map[string]bool{}
	for page := 1; ; page++ {
		var doc struct {
			Sections []struct {
				Columns []string
				Rows    [][]string
			}
		}
		to, err := url.Parse(address)
		h.must(err)
		q := to.Query()
		q.Set("page", strconv.Itoa(page))
		to.RawQuery = q.Encode()
		h.must(json.Unmarshal(h.get(&by, to.String()).Body.Bytes(), &doc))
		s := doc.Sections[0]
		for _, r := range s.Rows {
			of := func(column string) int64 {
				i := slices.Index(s.Columns, column)
				if i == 0 { // the name of the line is called as a figure of it
					i = 1 + slices.Index(s.Columns[1:], column)
				}
				n, _ := strconv.ParseInt(r[i], 10, 64)
				return n
			}
			switch {
			case to.Path == "/statistics/visits" && strings.HasPrefix(label, "应到"):
				sum += of("应到")
			case to.Path == "/statistics/visits" && strings.Contains(label, "实到"):
				sum += of("实到")
			case to.Path == "/statistics/visits":
				sum += of("场次")
			case strings.HasSuffix(label, "整盒"):
				sum += of("整盒")
			case strings.Contains(label, "拆零"):
				sum += of("拆零")
			case strings.HasPrefix(label, "合计"):
				sum += of("整盒")*20 + of("拆零")
			case to.Path == "/statistics/use/rows" && strings.HasPrefix(label, "领药"), to.Path == "/statistics/use/rows" && q.Get("drug") != "":
				seen[fmt.Sprint(r[0], r[1], r[2], r[4], r[6])] = true
			default:
				sum++
			}
		}
		if to.Path == "/statistics/visits" || len(s.Rows) < 200 {
			return sum + int64(len(seen))
		}
	}
}

// Every figure with a link leads to rows that add up to it: of stock by place, by
// drug and by batch, of visits, of consumption, and in a kept report.
func TestFiguresAreTheSumOfTheirRows(t *testing.T) {
	h := newHouse(t)
	h.wander(90, 9)
	for _, name := range []string{"演示甲", "演示乙", "演示丙"} {
		h.clinicDay(h.site, name)
		h.clinicDay(h.other, name+"外")
	}
	by := h.person("演示药师", identity.Pharmacist, 0)
	month := "month " + session.Today(h.db.App.Now()).Format("2006-01") + "-01"
	least := map[string]int{}
	for _, place := range []string{"", "session", "all", "quarantine", "damaged"} {
		least["/statistics/stock?by="+place] = 3
		least["/statistics/stock?batch=1&by="+place] = 3
	}
	least[fmt.Sprintf("/statistics/stock?site=%d", h.site)] = 6
	for _, way := range []string{"", "doctor", "month", "day", "drug"} {
		least["/statistics/visits?by="+way] = 2
	}
	for _, way := range []string{"", "site", "both", "doctor", "month"} {
		least["/statistics/use?by="+way] = 4
	}
	least[fmt.Sprintf("/statistics/reports/%d", h.made(by, month, 0))] = 30
	least[fmt.Sprintf("/statistics/reports/%d", h.made(by, month, h.site))] = 12
	for path, want := range least {
		if n := h.follow(by, path); n < want {
			t.Errorf("%s: only %d figures lead anywhere", path, n)
		}
	}
}
