package web

import (
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/integration/translog"
	"jingfang/session/identity"
	"jingfang/session/job"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// Reader answers the requests of the log officer.
type Reader struct {
	site  *page.Site
	db    *db.DB
	desk  *translog.Desk
	jobs  *job.Jobs
	spool *translog.Spool
}

// NewReader makes the handlers of the transfer log's reader.
func NewReader(site *page.Site, d *db.DB, desk *translog.Desk, jobs *job.Jobs, spool *translog.Spool) *Reader {
	return &Reader{site: site, db: d, desk: desk, jobs: jobs, spool: spool}
}

// logPage is how many exchanges a page shows.
const logPage = 50

// logView is the page of the log.
type logView struct {
	Day, Key                string
	Systems, Results, Staff []choice
	Rows                    []logRow
	Older                   string // address of the next page, or ""
	Newest                  string // address of the first page when this is not it
	Locker                  lockerView
	Check                   page.Work
	Notices                 []string
}

// choice is an option of a select.
type choice struct {
	Value, Label string
	Chosen       bool
}

type logRow struct {
	URL, Time, System, Service, Direction, Result, Tone, Who, About string
}

// Log is GET /transferlog: exchanges of a day, by system, result, person and
// business key, without their bodies.
func (h *Reader) Log(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	f, v, err := readLog(r.URL.Query(), h.db.Now())
	if err != nil {
		return err
	}
	rows, err := h.desk.Search(r.Context(), by, f)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newLogJSON(rows[:min(len(rows), logPage)]))
	}
	people, err := identity.FindStaff(r.Context(), h.db, identity.StaffFilter{})
	if err != nil {
		return err
	}
	v.fill(rows, people, f, r.URL.Query())
	v.Locker = h.locker(by, "/transferlog", refusal(r))
	h.addState(&v)
	return h.site.Page(w, r, "transferlog", v)
}

// addState tells how the log itself does.
func (h *Reader) addState(v *logView) {
	v.Check = h.checks().Latest()
	v.Check.Starts = checkStarts(v.Day)
	v.Notices = spoolNotices(h.spool.Stats())
}

// spoolNotices say what an officer has to know about entries that are not there.
func spoolNotices(s translog.SpoolStats) []string {
	var out []string
	if s.Lost > 0 {
		out = append(out, fmt.Sprintf("本服务器启动以来有 %d 次传输没有留下日志：等待写入的太多。日志里有相应的“缺口”条目。请告诉系统管理员。", s.Lost))
	}
	if !s.Failing.IsZero() {
		out = append(out, fmt.Sprintf("从 %s 起日志写不进去，%d 次传输在等待。请告诉系统管理员检查数据库和日志审计员的公钥。", moment(s.Failing), s.Waiting))
	}
	return out
}

func exchangeID(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(chi.URLParam(r, "exchange"))
	if err != nil {
		return id, db.RefuseBecause(err, db.NotFound, "传输日志里没有这次交换。请回到列表再选。")
	}
	return id, nil
}
