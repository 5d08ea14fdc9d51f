package web

import (
	"fmt"
	"net/http"
	"time"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
)

// expiryView is what expires, the most urgent first.
type expiryView struct {
	Tabs   []expiryTab
	Rows   []expiryRow
	Hidden int // rows that are not drawn
	// SetAside says that the viewer may set boxes apart.
	SetAside bool
	FileURL  string
}

// expiryTab is one horizon with its boxes.
type expiryTab struct {
	URL, Word string
	Packs     int
	Tone      string
	Chosen    bool
}

// expiryRow is one batch; BarW is the days that are left in per mille of 180.
type expiryRow struct {
	ID, Drug, Batch, Until, Days, Tone, Amount string
	BarW                                       int
	Places                                     []expiryPlace
}

type expiryPlace struct{ Name, URL, Amount string }

// maxExpiryRows bounds the page; the spreadsheet has them all.
const maxExpiryRows = 200

// Expiry is GET /stock/expiry: what has expired or will within 180 days.
func (h *Handlers) Expiry(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.ViewStock)
	if err != nil {
		return err
	}
	list, err := session.ReadExpiring(r.Context(), h.db, h.db.Now(), by.Within(identity.ViewStock))
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newExpiryJSON(list))
	}
	v := newExpiryView(list, r.URL.Query().Get("within"))
	v.SetAside = by.Can(identity.Dispose, 0) == nil
	return h.site.Page(w, r, "expiry", v)
}

func newExpiryView(list []session.Expiring, within string) expiryView {
	packs := map[int]int{}
	for _, x := range list {
		packs[x.Within()] += x.Packs
	}
	v := expiryView{FileURL: "/stock/expiry.xlsx"}
	for _, t := range []struct {
		key, word, tone string
		days            int
	}{{"expired", "已过期", "bad", 0}, {"30", "30 天内", "bad", 30}, {"90", "90 天内", "caution", 90}, {"180", "180 天内", "soft", 180}} {
		v.Tabs = append(v.Tabs, expiryTab{URL: "/stock/expiry?within=" + t.key, Word: t.word, Tone: t.tone, Packs: packs[t.days], Chosen: t.key == within})
	}
	for _, x := range list {
		if within != "" && within != horizonKey(x.Within()) {
			continue
		}
		if len(v.Rows) == maxExpiryRows {
			v.Hidden++
			continue
		}
		v.Rows = append(v.Rows, newExpiryRow(x))
	}
	return v
}

func horizonKey(days int) string {
	if days == 0 {
		return "expired"
	}
	return fmt.Sprint(days)
}

func newExpiryRow(x session.Expiring) expiryRow {
	r := expiryRow{ID: fmt.Sprintf("expiry-%d-%s-%s", x.DrugID, x.Batch, x.ExpiresOn.Format(time.DateOnly)), Drug: x.DrugName(), Batch: x.Batch,
		Until: x.ExpiresOn.Format(time.DateOnly), Amount: x.Amount(), BarW: max(0, x.Days) * 1000 / session.ExpiryFar}
	switch {
	case x.Days < 0:
		r.Days, r.Tone = fmt.Sprintf("过期 %d 天", -x.Days), "bad"
	case x.Days == 0:
		r.Days, r.Tone = "今天到期", "bad"
	default:
		r.Days, r.Tone = fmt.Sprintf("还有 %d 天", x.Days), map[int]string{30: "bad", 90: "caution"}[x.Within()]
	}
	if r.Tone == "" {
		r.Tone = "soft"
	}
	for i, p := range x.Places {
		r.Places = append(r.Places, expiryPlace{Name: p.Name, URL: p.URL, Amount: x.PlaceAmount(i)})
	}
	return r
}

// expiryJSON is a batch for programs.
type expiryJSON struct {
	DrugID int64             `json:"drug_id"`
	Drug   string            `json:"drug"`
	Batch  string            `json:"batch"`
	Until  string            `json:"expires_on"`
	Days   int               `json:"days"`
	Packs  int               `json:"packs"`
	Loose  int64             `json:"loose_units"`
	Places []expiryPlaceJSON `json:"places"`
}

type expiryPlaceJSON struct {
	Name  string `json:"name"`
	Packs int    `json:"packs"`
	Loose int64  `json:"loose_units"`
}

func newExpiryJSON(list []session.Expiring) []expiryJSON {
	out := []expiryJSON{}
	for _, x := range list {
		j := expiryJSON{DrugID: x.DrugID, Drug: x.DrugName(), Batch: x.Batch, Until: x.ExpiresOn.Format(time.DateOnly), Days: x.Days, Packs: x.Packs, Loose: x.Loose}
		for _, p := range x.Places {
			j.Places = append(j.Places, expiryPlaceJSON{p.Name, p.Packs, p.Loose})
		}
		out = append(out, j)
	}
	return out
}
