package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"jingfang/integration/translog"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

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
	if s.AnswerSize == 0 || s.System == DeviceSystem || s.System == FileSystem {
		return byteText(s.Size + s.AnswerSize)
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
