package reporting

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// KeptReport is a report as it was made and is kept.
type KeptReport struct {
	ID      int64      `db:"id"`
	Kind    ReportKind `db:"kind"`
	SiteID  int64      `db:"site_id"` // 0 for all
	Site    string     `db:"site"`    // "" for all
	From    time.Time  `db:"from_on"`
	To      time.Time  `db:"to_on"`
	Edition int64      `db:"edition"`
	MadeAt  time.Time  `db:"made_at"`
	By      string     `db:"by_name"` // "" for the program itself
	Digest  []byte     `db:"digest"`
}

// Period is what the report is about.
func (k KeptReport) Period() Period { return Period{k.From.UTC(), k.To.UTC()} }

// Scope is the site's name, or that of all.
func (k KeptReport) Scope() string {
	if k.SiteID == 0 {
		return "全部精防点"
	}
	return k.Site
}

// Author is who made it.
func (k KeptReport) Author() string {
	if k.By == "" {
		return "系统（定时）"
	}
	return k.By
}

// mostKept is how many reports a list shows.
const mostKept = 200

// ListReports lists the last edition of every kept report, the youngest first.
// allowed are the sites the asker may see, nil for all; without all there is no
// report over all sites.
func ListReports(ctx context.Context, r db.Reader, allowed []int64) (list []KeptReport, err error) {
	err = r.Select(ctx, &list, `SELECT k.id, k.kind, k.site_id, COALESCE(s.name, '') AS site, k.from_on, k.to_on, k.edition, k.made_at, COALESCE(p.name, '') AS by_name, k.digest
FROM kept_report k LEFT JOIN site s ON s.id = k.site_id LEFT JOIN staff p ON p.id = k.made_by
WHERE ($1::boolean OR k.site_id = ANY($2::bigint[])) AND k.edition = (SELECT max(o.edition) FROM kept_report o WHERE o.kind = k.kind AND o.site_id = k.site_id AND o.from_on = k.from_on)
ORDER BY k.from_on DESC, k.kind, COALESCE(s.code, '') LIMIT $3`, allowed == nil, pq.Array(append([]int64{}, allowed...)), mostKept)
	if err != nil {
		return nil, fmt.Errorf("list kept reports: %w", err)
	}
	return list, nil
}

// FindReport gives a kept report with its document, which is held against its
// digest. Errors: NotFound; an Internal one for a report that was changed.
func FindReport(ctx context.Context, r db.Reader, id int64) (KeptReport, Document, error) {
	var row struct {
		KeptReport
		Figures []byte `db:"figures"`
	}
	err := r.Get(ctx, &row, `SELECT k.id, k.kind, k.site_id, COALESCE(s.name, '') AS site, k.from_on, k.to_on, k.edition, k.made_at, COALESCE(p.name, '') AS by_name, k.digest, k.figures
FROM kept_report k LEFT JOIN site s ON s.id = k.site_id LEFT JOIN staff p ON p.id = k.made_by WHERE k.id = $1`, id)
	if db.IsNoRows(err) {
		return KeptReport{}, Document{}, db.Refuse(db.NotFound, "没有这份报表。请从报表列表里选。")
	}
	if err != nil {
		return KeptReport{}, Document{}, fmt.Errorf("read a kept report: %w", err)
	}
	if !seal.SM3(row.Figures).Equal(row.Digest) {
		return KeptReport{}, Document{}, fmt.Errorf("kept report %d: its figures are not those of its digest", id)
	}
	d, err := parseFigures(row.Figures)
	d.At = row.MadeAt
	return row.KeptReport, d, err
}

// KeepReport makes a report anew and keeps it when it says something else than the
// last edition, or is the first; changed says what is different. Who may is for the
// caller.
func KeepReport(ctx context.Context, d *db.DB, by identity.Actor, kind ReportKind, p Period, siteID int64) (kept KeptReport, changed []string, err error) {
	doc, err := ReadReport(ctx, d, kind, p, siteID)
	if err != nil {
		return KeptReport{}, nil, err
	}
	var id int64
	err = d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		id, changed, err = keep(ctx, tx, by, kind, siteID, doc)
		return err
	})
	if db.IsUnique(err, "kept_report_edition_uq") { // made on two servers at once
		return KeptReport{}, nil, db.RefuseBecause(err, db.Conflict, "这份报表刚刚已由别人生成。请刷新列表。")
	}
	if err != nil {
		return KeptReport{}, nil, fmt.Errorf("keep a report: %w", err)
	}
	kept, _, err = FindReport(ctx, d, id)
	return kept, changed, err
}

// mostChanges is how many differences are named.
const mostChanges = 50

func keep(ctx context.Context, tx *db.Tx, by identity.Actor, kind ReportKind, siteID int64, doc Document) (id int64, changed []string, err error) {
	var last struct {
		ID      int64  `db:"id"`
		Edition int64  `db:"edition"`
		Figures []byte `db:"figures"`
	}
	err = tx.Get(ctx, &last, `SELECT id, edition, figures FROM kept_report WHERE kind = $1 AND site_id = $2 AND from_on = $3::date ORDER BY edition DESC LIMIT 1`,
		string(kind), siteID, dateOf(doc.Period.From))
	if err != nil && !db.IsNoRows(err) {
		return 0, nil, fmt.Errorf("read the last edition: %w", err)
	}
	figures := doc.Figures()
	if last.ID != 0 {
		if string(last.Figures) == string(figures) {
			return last.ID, nil, nil
		}
		old, err := parseFigures(last.Figures)
		if err != nil {
			return 0, nil, err
		}
		if changed = doc.changesSince(old, mostChanges); len(changed) == 0 {
			changed = []string{"数字没有变化，只有说明文字不同。"}
		}
	}
	var person *int64
	if by.StaffID != 0 {
		person = &by.StaffID
	}
	digest := seal.SM3(figures)
	err = tx.Get(ctx, &id, `INSERT INTO kept_report (kind, site_id, from_on, to_on, edition, made_at, made_by, figures, digest) VALUES ($1, $2, $3::date, $4::date, $5, $6, $7::bigint, $8, $9) RETURNING id`,
		string(kind), siteID, dateOf(doc.Period.From), dateOf(doc.Period.To), last.Edition+1, tx.Now, person, figures, digest[:])
	if err != nil {
		return 0, nil, err
	}
	return id, changed, identity.Audit(ctx, tx, by, identity.Event{Name: "report.keep", ObjectKind: "report", ObjectID: fmt.Sprint(id), SiteID: siteID,
		Detail: fmt.Sprintf("%s edition=%d digest=%s changes=%d", doc.Name, last.Edition+1, digest, len(changed))})
}

// MakeDueReports makes the reports of the last month and the last year that have
// ended, over all sites and for each, unless they are there. It says how many it
// made.
func MakeDueReports(ctx context.Context, d *db.DB, by identity.Actor) (made int, err error) {
	month := monthOf(today(d.Now().Add(-dayRest))).AddDate(0, -1, 0)
	sites, err := identity.FindSites(ctx, d, identity.SiteFilter{ActiveOnly: true})
	if err != nil {
		return 0, err
	}
	ids := []int64{0}
	for _, s := range sites {
		ids = append(ids, s.ID)
	}
	for _, x := range []struct {
		kind ReportKind
		p    Period
	}{{ReportMonth, MonthOf(month)}, {ReportYear, YearOf(month.AddDate(0, -11, 0))}} {
		n, err := makeDue(ctx, d, by, x.kind, x.p, ids)
		if made += n; err != nil {
			return made, err
		}
	}
	return made, nil
}

func makeDue(ctx context.Context, d *db.DB, by identity.Actor, kind ReportKind, p Period, sites []int64) (made int, err error) {
	var first *time.Time
	if err := d.Get(ctx, &first, `SELECT min(at) FROM movement`); err != nil {
		return 0, fmt.Errorf("find the first movement: %w", err)
	}
	if _, end := p.Moments(); first == nil || !first.Before(end) {
		return 0, nil // there was nothing yet
	}
	var there []int64
	if err := d.Select(ctx, &there, `SELECT DISTINCT site_id FROM kept_report WHERE kind = $1 AND from_on = $2::date`, string(kind), dateOf(p.From)); err != nil {
		return 0, fmt.Errorf("read which reports are there: %w", err)
	}
	has := make(map[int64]bool, len(there))
	for _, id := range there {
		has[id] = true
	}
	for _, id := range sites {
		if has[id] {
			continue
		}
		if _, _, err := KeepReport(ctx, d, by, kind, p, id); db.KindOf(err) == db.Conflict {
			continue // another server is at it
		} else if err != nil {
			return made, err
		}
		made++
	}
	return made, nil
}
