package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

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

// logPage is how many exchanges a page shows, logDays how many archived days.
const (
	logPage = 50
	logDays = 12
)

// logView is the page of the log.
type logView struct {
	Day, Key                string
	Systems, Results, Staff []choice
	Rows                    []logRow
	Older                   string // address of the next page, or ""
	Newest                  string // address of the first page when this is not it
	Locker                  lockerView
	Check                   checkPart
	Notices                 []string
	Archives                []archiveRow
}

// choice is an option of a select.
type choice struct {
	Value, Label string
	Chosen       bool
}

type logRow struct {
	URL, Time, System, Service, Direction, Result, Tone, Who, About string
}

type archiveRow struct{ Day, About string }

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
	if err := h.addState(r.Context(), &v); err != nil {
		return err
	}
	return h.site.Page(w, r, "transferlog", v)
}

// addState tells how the log itself does.
func (h *Reader) addState(ctx context.Context, v *logView) error {
	if s, ok := h.jobs.Latest(checkJob); ok {
		v.Check = newCheckPart(s)
	}
	v.Check.Day = v.Day
	v.Notices = spoolNotices(h.spool.Stats())
	days, err := translog.Archives(ctx, h.db)
	if err != nil {
		return err
	}
	for _, a := range days[:min(len(days), logDays)] {
		row := archiveRow{Day: a.LogDay.Format(time.DateOnly), About: fmt.Sprintf("%d 条 · %s 归档到 %s", a.Entries, moment(a.ArchivedAt), a.Folder)}
		if a.Emptied {
			row.About += " · 正文只在归档里"
		}
		v.Archives = append(v.Archives, row)
	}
	return nil
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

// readLog reads the filter. Without a day all days are searched.
func readLog(q url.Values, now time.Time) (translog.Filter, logView, error) {
	f := translog.Filter{System: q.Get("system"), Result: translog.Result(q.Get("result")), Key: strings.TrimSpace(q.Get("key")), Limit: logPage + 1}
	v := logView{Day: q.Get("day"), Key: f.Key}
	if !q.Has("day") {
		v.Day = now.In(clinicZone()).Format(time.DateOnly)
	}
	if v.Day != "" {
		from, err := time.ParseInLocation(time.DateOnly, v.Day, clinicZone())
		if err != nil {
			return f, v, db.RefuseBecause(err, db.Invalid, "日期无法识别，请写成 2026-11-23 的样子。")
		}
		f.From, f.To = from, from.AddDate(0, 0, 1)
	}
	if text := q.Get("staff"); text != "" {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return f, v, db.RefuseBecause(err, db.Invalid, "人员无法识别，请重新选择。")
		}
		f.StaffID = id
	}
	var err error
	f.After, err = readPlace(q.Get("after"))
	return f, v, err
}

// readPlace reads "micros/writer/seq".
func readPlace(text string) (*translog.Place, error) {
	if text == "" {
		return nil, nil
	}
	parts := strings.Split(text, "/")
	if len(parts) != 3 {
		return nil, db.Refuse(db.Invalid, "翻页的位置无法识别，请从第一页重新开始。")
	}
	micros, err1 := strconv.ParseInt(parts[0], 10, 64)
	writer, err2 := uuid.Parse(parts[1])
	seq, err3 := strconv.ParseInt(parts[2], 10, 64)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, db.RefuseBecause(err, db.Invalid, "翻页的位置无法识别，请从第一页重新开始。")
	}
	return &translog.Place{At: time.UnixMicro(micros), Writer: writer, Seq: seq}, nil
}

func placeText(s translog.Summary) string {
	return fmt.Sprintf("%d/%s/%d", s.At.UnixMicro(), s.Writer, s.Seq)
}

func (v *logView) fill(rows []translog.Summary, people []identity.Staff, f translog.Filter, q url.Values) {
	names := map[int64]string{}
	for _, p := range people {
		names[p.ID] = p.Name
		id := strconv.FormatInt(p.ID, 10)
		v.Staff = append(v.Staff, choice{id, p.Name + " " + p.Username, p.ID == f.StaffID})
	}
	for _, s := range systems() {
		v.Systems = append(v.Systems, choice{s, systemText(s), s == f.System})
	}
	for _, x := range []translog.Result{translog.OK, translog.Refused, translog.Failed, translog.Unknown} {
		v.Results = append(v.Results, choice{string(x), x.Text(), x == f.Result})
	}
	if len(rows) > logPage {
		rows = rows[:logPage]
		v.Older = logURL(q, placeText(rows[logPage-1]))
	}
	if f.After != nil {
		v.Newest = logURL(q, "")
	}
	for _, s := range rows {
		row := newLogRow(s, names)
		if v.Day == "" {
			row.Time = moment(s.At)
		}
		v.Rows = append(v.Rows, row)
	}
}

func logURL(q url.Values, after string) string {
	next := url.Values{}
	for _, name := range []string{"day", "system", "result", "staff", "key"} {
		if q.Has(name) {
			next.Set(name, q.Get(name))
		}
	}
	if after != "" {
		next.Set("after", after)
	}
	return "/transferlog?" + next.Encode()
}

func newLogRow(s translog.Summary, names map[int64]string) logRow {
	row := logRow{URL: "/transferlog/" + s.Exchange.String(), Time: s.At.In(clinicZone()).Format("15:04:05"), System: systemText(s.System),
		Service: serviceText(s.Service), Direction: s.Direction.Text(), Result: s.Result.Text(), Tone: resultTone(s.Result),
		Who: cmp.Or(names[s.StaffID], "系统")}
	row.About = fmt.Sprintf("%s · %s · 用时 %s", row.Who, sizes(s), took(s))
	if s.Service == translog.GapService {
		row.About = "这里缺少一些条目，打开看缺多少"
	}
	return row
}

func sizes(s translog.Summary) string {
	if s.AnswerSize == 0 {
		return byteText(s.Size)
	}
	return "发 " + byteText(s.Size) + " 收 " + byteText(s.AnswerSize)
}

func byteText(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f kB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d 字节", n)
}

func took(s translog.Summary) string {
	if s.Open {
		return "不详"
	}
	d := time.Duration(s.DurationUS) * time.Microsecond
	if d < time.Second {
		return fmt.Sprintf("%d 毫秒", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f 秒", d.Seconds())
}

func resultTone(r translog.Result) string {
	switch r {
	case translog.OK:
		return "good"
	case translog.Failed:
		return "bad"
	}
	return "caution"
}

// clinicZone is the zone of the log's days.
func clinicZone() *time.Location { return time.FixedZone("Asia/Shanghai", 8*60*60) }

// lockerView is the part where the officer's key is opened and closed.
type lockerView struct {
	Back      string // where to go on
	OpenUntil string // "10:42", or "" while the key is closed
	NeedsFile bool   // the server has no key file: the officer hands it in
	Error     string
}

func (h *Reader) locker(by identity.Actor, back, problem string) lockerView {
	v := lockerView{Back: back, NeedsFile: !h.desk.HasKeyFile(), Error: problem}
	if until := h.desk.OpenUntil(by); !until.IsZero() {
		v.OpenUntil = until.In(clinicZone()).Format("15:04:05")
	}
	return v
}

// OpenKey is POST /transferlog/key: the officer's key file, if the server has none,
// and its passphrase.
func (h *Reader) OpenKey(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	file, err := keyFile(r)
	if err == nil {
		err = h.desk.OpenKey(r.Context(), by, file, r.PostFormValue("passphrase"))
	}
	back := h.backOf(r)
	if kind := db.KindOf(err); err != nil && !page.WantsJSON(r) && (kind == db.Invalid || kind == db.TooMany) {
		return h.site.SeeOther(w, r, back+"?refused="+url.QueryEscape(string(kind)))
	}
	if err != nil {
		return err
	}
	return h.site.SeeOther(w, r, back)
}

// keyFile reads the file of the form into memory; nil when none was chosen.
func keyFile(r *http.Request) ([]byte, error) {
	file, _, err := r.FormFile("key")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return nil, nil
	}
	if err != nil {
		return nil, db.RefuseBecause(err, db.Invalid, "私钥文件没有传完整，请再选一次。")
	}
	defer func() { _ = file.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(file, translog.MaxKeyFile+1))
	switch {
	case err != nil:
		return nil, db.RefuseBecause(err, db.Invalid, "私钥文件没有传完整，请再选一次。")
	case len(text) > translog.MaxKeyFile:
		return nil, db.Refuse(db.Invalid, "这个文件太大，不是私钥文件。")
	case len(text) == 0:
		return nil, nil
	}
	return text, nil
}

// backOf is the page of the log that a form came from.
func (h *Reader) backOf(r *http.Request) string {
	id, err := uuid.Parse(strings.TrimPrefix(r.PostFormValue("back"), "/transferlog/"))
	if err != nil {
		return "/transferlog"
	}
	return "/transferlog/" + id.String()
}

// ShutKey is POST /transferlog/key/close.
func (h *Reader) ShutKey(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	if err := h.desk.ShutKey(r.Context(), by); err != nil {
		return err
	}
	return h.site.SeeOther(w, r, h.backOf(r))
}

func exchangeID(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(chi.URLParam(r, "exchange"))
	if err != nil {
		return id, db.RefuseBecause(err, db.NotFound, "传输日志里没有这次交换。请回到列表再选。")
	}
	return id, nil
}
