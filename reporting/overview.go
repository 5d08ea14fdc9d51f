package reporting

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// Overview is what a manager sees first: how the month stands, what is to be done,
// what happens today, and three pictures.
type Overview struct {
	At    time.Time
	Month Period // from its first day to today
	// Clinics are the sessions of the month so far, Closed of them are closed:
	// closing needs the equation of its boxes.
	Clinics, Closed int64
	Wrong           []string // what does not add up
	Pending         []Pending
	Today           []TodayClinic
	Year            *Chart // the year's clinic days
	Sites           *Chart // whole boxes by site against the month before
	Left            *Chart // for how many days each drug lasts, the shortest first; nil for who sees some sites only
	LeftLines       []UseLine
	SiteLines       []UseLine
	Visits          ClinicLine
}

// Pending is something that somebody should look at.
type Pending struct {
	Kind PendingKind
	N    int64
	Day  time.Time // of the first one, for sessions
}

// PendingKind says what is to be looked at.
type PendingKind string

// The kinds of things to look at.
const (
	PendingOpen    PendingKind = "open"    // sessions of earlier days that are not closed
	PendingAlarm   PendingKind = "alarm"   // alarms that nobody has settled
	PendingExpired PendingKind = "expired" // boxes on the shelf past their expiry
	PendingCheck   PendingKind = "check"   // the last check of the stock found something
	PendingRecall  PendingKind = "recall"  // recalls in force
	PendingPaper   PendingKind = "paper"   // papers that wait for the second person
	PendingCount   PendingKind = "count"   // counts that nobody has settled
)

// Chinese names it, such as 前几天未结束的场次.
func (k PendingKind) Chinese() string {
	switch k {
	case PendingOpen:
		return "前几天未结束的场次"
	case PendingAlarm:
		return "未处理的提醒"
	case PendingExpired:
		return "药房里已过期的药盒"
	case PendingCheck:
		return "库存核对有不符"
	case PendingRecall:
		return "正在召回"
	case PendingPaper:
		return "报失、销毁、退回单等第二人确认"
	}
	return "未处理的盘点差异"
}

// TodayClinic is a session of today as it stands.
type TodayClinic struct {
	ID       int64  `db:"id"`
	Site     string `db:"site"`
	Kind     string `db:"kind"`
	State    string `db:"state"`
	Expected int64  `db:"expected"`
	Waiting  int64  `db:"waiting"`
	Seen     int64  `db:"seen"`
	Alarms   int64  `db:"alarms"`
}

// Sentence says how the month stands in one line.
func (o Overview) Sentence() string {
	var n int64
	for _, p := range o.Pending {
		n += p.N
	}
	balance := "全部平衡"
	if len(o.Wrong) > 0 {
		balance = fmt.Sprintf("%d 处不平衡", len(o.Wrong))
	}
	return fmt.Sprintf("本月 %d 场，%s，%d 项待处理", o.Clinics, balance, n)
}

// Calm tells that nothing is wrong and nothing is to be done.
func (o Overview) Calm() bool { return len(o.Wrong) == 0 && len(o.Pending) == 0 }

// ReadOverview reads it on one snapshot. allowed are the sites whose figures the
// asker may see; nil is all, and the pharmacy with them.
func ReadOverview(ctx context.Context, d *db.DB, allowed []int64) (Overview, error) {
	var o Overview
	err := d.InSnapshot(db.WithOwnPlans(ctx), func(ctx context.Context, tx *db.Tx) error {
		o.At = tx.Now
		now := today(tx.Now)
		o.Month = Period{monthOf(now), now}
		for _, step := range []func(context.Context, *db.Tx, []int64) error{o.readYear, o.readUse, o.readBalance, o.readPending} {
			if err := step(ctx, tx, allowed); err != nil {
				return err
			}
		}
		var err error
		o.Today, err = todayClinics(ctx, tx, now, allowed)
		return err
	})
	if err != nil {
		return Overview{}, fmt.Errorf("overview: %w", err)
	}
	return o, nil
}

// readYear counts the month's sessions and draws the year's.
func (o *Overview) readYear(ctx context.Context, tx *db.Tx, allowed []int64) error {
	year := YearOf(o.Month.From)
	list, err := readClinics(ctx, tx, Question{Period: year, Allowed: allowed})
	if err != nil {
		return err
	}
	o.Year = calendarOf(year, facts{clinics: list})
	for _, c := range list {
		if c.HeldOn.Before(o.Month.From) || c.HeldOn.After(o.Month.To) {
			continue
		}
		if o.Clinics++; c.State == "closed" {
			o.Closed++
		}
	}
	return nil
}

// leftBars is how many drugs the picture of what is left shows.
const leftBars = 10

func (o *Overview) readUse(ctx context.Context, tx *db.Tx, allowed []int64) error {
	q := Question{Period: o.Month, Allowed: allowed}
	n, err := readNames(ctx, tx)
	if err != nil {
		return err
	}
	rate := rateOf(tx.Now)
	x, err := readFacts(ctx, tx, q, detail{visits: true, drugs: true, kinds: true}, q.Before(), q.YearBefore(), rate)
	if err != nil {
		return err
	}
	bySite := UseStatistic{Question: q, By: UseBySite}
	bySite.fill(x, n)
	o.SiteLines, o.Sites = bySite.Lines, bySite.chart()
	v := VisitStatistic{Question: q}
	v.fill(x.in(q.Period), n)
	if o.Visits = v.Total; allowed != nil {
		return nil
	}
	byDrug := UseStatistic{Question: Question{Period: rate}}
	byDrug.fill(x, n)
	if err := byDrug.readLeft(ctx, tx, x, n); err != nil {
		return err
	}
	lines := slices.DeleteFunc(byDrug.Lines, func(l UseLine) bool { return l.Days < 0 })
	slices.SortStableFunc(lines, func(a, b UseLine) int { return int(min(max(a.Days-b.Days, -1), 1)) })
	o.LeftLines = lines[:min(len(lines), leftBars)]
	o.Left = &Chart{Kind: ChartBars, Title: "按近 90 天的消耗，现存还够用的天数，最少的在前"}
	for _, l := range o.LeftLines {
		o.Left.Bars = append(o.Left.Bars, Bar{Name: l.Name, Now: min(l.Days, 999), Before: -1, Text: fmt.Sprintf("%d 天", l.Days), Of: l.narrow()})
	}
	return nil
}

// readBalance holds the month's books against the boxes.
func (o *Overview) readBalance(ctx context.Context, tx *db.Tx, allowed []int64) error {
	if allowed != nil {
		return nil
	}
	l, err := readLedger(ctx, tx, LedgerQuestion{From: o.Month.From, To: o.Month.To})
	if err != nil {
		return err
	}
	o.Wrong = l.problems("库存")
	if len(l.Open) > 0 {
		o.Pending = append(o.Pending, Pending{Kind: PendingCount, N: int64(len(l.Open))})
	}
	return nil
}

func (o *Overview) readPending(ctx context.Context, tx *db.Tx, allowed []int64) error {
	var n struct {
		Open    int64      `db:"open_sessions"`
		First   *time.Time `db:"first_on"`
		Alarms  int64      `db:"alarms"`
		Expired int64      `db:"expired"`
		Recalls int64      `db:"recalls"`
		Papers  int64      `db:"papers"`
		Check   string     `db:"check_state"`
	}
	err := tx.Get(ctx, &n, `SELECT (SELECT count(*) FROM clinic_session c WHERE c.held_on < $3::date AND c.state IN ('open', 'closing') AND ($1::boolean OR c.site_id = ANY($2::bigint[]))) AS open_sessions,
  (SELECT min(c.held_on) FROM clinic_session c WHERE c.held_on < $3::date AND c.state IN ('open', 'closing') AND ($1::boolean OR c.site_id = ANY($2::bigint[]))) AS first_on,
  (SELECT count(*) FROM session_alarm a JOIN clinic_session c ON c.id = a.session_id WHERE a.settled_at IS NULL AND ($1::boolean OR c.site_id = ANY($2::bigint[]))) AS alarms,
  (SELECT count(*) FROM pack k WHERE k.state = 'in_store' AND k.expires_on < $3::date AND $1::boolean) AS expired,
  (SELECT count(*) FROM recall r WHERE r.lifted_at IS NULL) AS recalls,
  (SELECT count(*) FROM disposal p WHERE p.state = 'proposed' AND $1::boolean) AS papers,
  COALESCE((SELECT k.state FROM stock_check k WHERE k.state IN ('right', 'wrong') AND $1::boolean ORDER BY k.id DESC LIMIT 1), '') AS check_state`,
		allowed == nil, pq.Array(append([]int64{}, allowed...)), dateOf(o.Month.To))
	if err != nil {
		return fmt.Errorf("count what is to be done: %w", err)
	}
	add := func(k PendingKind, n int64, day time.Time) {
		if n > 0 {
			o.Pending = append(o.Pending, Pending{k, n, day})
		}
	}
	first := o.Month.To
	if n.First != nil {
		first = n.First.UTC()
	}
	add(PendingOpen, n.Open, first)
	add(PendingRecall, n.Recalls, o.Month.To)
	add(PendingAlarm, n.Alarms, o.Month.To)
	add(PendingExpired, n.Expired, o.Month.To)
	if n.Check == string(CheckWrong) {
		add(PendingCheck, 1, o.Month.To)
	}
	add(PendingPaper, n.Papers, o.Month.To)
	return nil
}

// ReadToday reads the sessions of today as they stand.
func ReadToday(ctx context.Context, d *db.DB, allowed []int64) (list []TodayClinic, err error) {
	err = d.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err = todayClinics(ctx, tx, today(tx.Now), allowed)
		return err
	})
	return list, err
}

func todayClinics(ctx context.Context, tx *db.Tx, day time.Time, allowed []int64) (list []TodayClinic, err error) {
	err = tx.Select(ctx, &list, `SELECT c.id, s.name AS site, c.kind, c.state, (SELECT count(*) FROM session_roster r WHERE r.session_id = c.id) AS expected,
  (SELECT count(*) FROM visit v WHERE v.session_id = c.id AND v.state IN ('waiting', 'in_consultation')) AS waiting,
  (SELECT count(*) FROM visit v WHERE v.session_id = c.id AND v.state = 'finished') AS seen,
  (SELECT count(*) FROM session_alarm a WHERE a.session_id = c.id AND a.settled_at IS NULL) AS alarms
FROM clinic_session c JOIN site s ON s.id = c.site_id
WHERE c.held_on = $3::date AND c.state IN ('planned', 'open', 'closing', 'closed') AND ($1::boolean OR c.site_id = ANY($2::bigint[])) ORDER BY s.code, c.id`,
		allowed == nil, pq.Array(append([]int64{}, allowed...)), dateOf(day))
	if err != nil {
		return nil, fmt.Errorf("read today's sessions: %w", err)
	}
	return list, nil
}
