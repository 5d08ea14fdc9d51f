package session

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// BoxAct is what somebody did with a labelled container, as the audit has it.
// Scans of one person that followed one another are one act.
type BoxAct struct {
	Event string    `db:"event" json:"event"` // tote.stow, bag.fill, …
	At    time.Time `db:"at" json:"at"`
	// Until is when the last scan of the act was.
	Until time.Time `db:"-" json:"until"`
	Who   string    `db:"who" json:"who,omitempty"` // "" for the program itself
	// Packs is how many went in or out, or how many lay in it at that moment.
	Packs     int        `db:"-" json:"packs"`
	Was       string     `db:"-" json:"was,omitempty"` // the name that it had before
	SessionID int64      `db:"session_id" json:"session,omitempty"`
	SiteID    int64      `db:"site_id" json:"-"`
	Site      string     `db:"site" json:"site,omitempty"`
	HeldOn    *time.Time `db:"held_on" json:"-"`
	Detail    string     `db:"detail" json:"-"`
}

// mostActs bounds how far back the acts of a container are read.
const mostActs = 2000

// readActs reads what was done to a container, the first act first. labels are the
// words its acts are filed under; older ones of a bag are filed under the patient's
// number, and only those of its session and time are its own.
func readActs(ctx context.Context, r db.Reader, kind string, labels []string, since, until time.Time, session int64) ([]BoxAct, error) {
	var list []BoxAct
	err := r.Select(ctx, &list, `SELECT q.event, q.at, COALESCE(f.name, '') AS who, COALESCE(q.session_id, 0) AS session_id, COALESCE(c.site_id, 0) AS site_id,
  COALESCE(s.name, '') AS site, c.held_on, q.detail
FROM (SELECT a.id, a.event, a.at, a.staff_id, a.session_id, a.detail FROM audit a WHERE a.object_kind = $1::text AND a.event LIKE $1::text || '.%' AND a.object_id = ANY($2::text[])
  AND a.outcome = 'ok' AND (a.object_id = $3::text OR a.at >= $4::timestamptz AND a.at <= $5::timestamptz AND ($6::bigint = 0 OR a.session_id = $6::bigint))
  ORDER BY a.id DESC LIMIT $7) q
LEFT JOIN staff f ON f.id = q.staff_id LEFT JOIN clinic_session c ON c.id = q.session_id LEFT JOIN site s ON s.id = c.site_id ORDER BY q.id`,
		kind, pq.Array(labels), labels[0], since, until, session, mostActs)
	if err != nil {
		return nil, fmt.Errorf("read what was done to a container: %w", err)
	}
	return joinActs(list), nil
}

// actNumber and actName read what the acts' details are written with.
var (
	actNumber = regexp.MustCompile(`\b(?:moved|packs)=([0-9]+)`)
	actName   = regexp.MustCompile(`原来叫(.+)$`)
)

// joinActs makes one act of a person's scans, one after the other into the same
// container: nobody reads two hundred lines about two hundred boxes.
func joinActs(list []BoxAct) []BoxAct {
	var out []BoxAct
	for _, a := range list {
		a.Until = a.At
		if m := actNumber.FindStringSubmatch(a.Detail); m != nil {
			a.Packs, _ = strconv.Atoi(m[1]) // digits only; too many of them are no count
		}
		if m := actName.FindStringSubmatch(a.Detail); m != nil {
			a.Was = m[1]
		}
		if n := len(out); n > 0 && a.scanned() && out[n-1].Event == a.Event && out[n-1].Who == a.Who && a.At.Sub(out[n-1].Until) < time.Hour {
			out[n-1].Packs, out[n-1].Until = out[n-1].Packs+a.Packs, a.At
			continue
		}
		out = append(out, a)
	}
	return out
}

// scanned tells the acts whose number is of packs that went in or out.
func (a BoxAct) scanned() bool {
	switch a.Event {
	case "tote.stow", "tote.take_out", "bag.fill", "bag.take_out":
		return true
	}
	return false
}
