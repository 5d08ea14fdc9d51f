package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
)

// report is what a run has measured. Times are in milliseconds, sizes in bytes.
type report struct {
	Server   string  `json:"server"`
	Sessions int     `json:"sessions"`
	Doctors  int     `json:"doctors"` // in all
	Viewers  int     `json:"viewers"`
	Rate     float64 `json:"rate"`    // scans per second asked for; 0: closed loop
	Seconds  float64 `json:"seconds"` // of playing

	Packs         int               `json:"packs"` // handed out
	ScansPerSec   float64           `json:"scans_per_s"`
	RequestsPerS  float64           `json:"requests_per_s"`
	Scan          spread            `json:"scan"`
	Visit         spread            `json:"label_or_finish"`
	Missed        int               `json:"missed"` // scans that were due and not sent in time
	Errors        map[string]int    `json:"errors"`
	Examples      map[string]string `json:"error_examples,omitempty"`
	OutOfCodes    int               `json:"doctors_without_packs"`
	DoctorsGone   int               `json:"doctors_given_up"`
	Screen        spread            `json:"scan_to_last_screen"`
	Lost          int               `json:"lost"`
	Reconnects    int               `json:"reconnects"`
	StaleWarnings int               `json:"stale_warnings"`

	Process serverReport `json:"server_process"`

	Raw  *comparison `json:"raw,omitempty"`
	Bare *comparison `json:"bare,omitempty"`
}

// serverReport is what /metrics says.
type serverReport struct {
	Resident       float64 `json:"resident_most"`
	Heap           float64 `json:"heap_most"`
	Goroutines     float64 `json:"goroutines_most"`
	CPUPerScan     float64 `json:"cpu_ms_per_scan"` // of the server's process, everything included
	Renders        float64 `json:"renders"`
	BytesPerViewer float64 `json:"bytes_per_viewer"`
	BytesPerScan   float64 `json:"bytes_per_viewer_and_scan"`
	Dropped        float64 `json:"viewers_dropped"`
	PoolWaits      float64 `json:"db_pool_waits"`
}

// comparison is the same work without our program, and how many times longer
// ours takes.
type comparison struct {
	Times  spread         `json:"times"`
	PerSec float64        `json:"per_s"`
	Errors map[string]int `json:"errors,omitempty"`
	Lost   int64          `json:"lost"`
	Missed int            `json:"missed"`
	P50    float64        `json:"ratio_p50"`
	P99    float64        `json:"ratio_p99"`
}

func compare(ours, theirs spread, seconds float64) *comparison {
	return &comparison{Times: theirs, PerSec: perSecond(theirs.Count, seconds), P50: ratio(ours.P50, theirs.P50), P99: ratio(ours.P99, theirs.P99)}
}

func perSecond(n int, seconds float64) float64 {
	if seconds == 0 {
		return 0
	}
	return math.Round(float64(n)/seconds*10) / 10
}

func (l *load) report() report {
	r := report{
		Server: l.file.URL, Sessions: len(l.sessions), Doctors: len(l.doctors), Viewers: len(l.viewers),
		Rate: l.options.rate, Seconds: math.Round(l.played.Seconds()*10) / 10,
		Scan: l.figures.scans.spread(), Visit: l.figures.visits.spread(), Screen: l.arrived.spread(),
		Missed: l.missed, Errors: l.figures.errors.copy(), Examples: l.figures.errors.examples(), Lost: l.lost(),
	}
	for _, d := range l.doctors {
		r.Packs += d.given
		switch {
		case d.gone && len(d.codes) == 0:
			r.OutOfCodes++
		case d.gone:
			r.DoctorsGone++
		}
	}
	for _, v := range l.viewers {
		r.Reconnects += v.reconnects()
		r.StaleWarnings += int(v.stale.Load())
	}
	r.ScansPerSec = perSecond(r.Scan.Count, l.played.Seconds())
	r.RequestsPerS = perSecond(r.Scan.Count+r.Visit.Count, l.played.Seconds())
	r.Process = l.serverReport(r.Scan.Count)
	if l.raw != nil {
		r.Raw = compare(r.Scan, l.raw.scans.spread(), l.played.Seconds())
		r.Raw.Errors, r.Raw.Missed = l.raw.errors.copy(), l.raw.missed
	}
	if l.bare != nil {
		r.Bare = compare(r.Screen, l.bare.arrived.spread(), l.played.Seconds())
		r.Bare.Lost = l.bare.lost.Load()
	}
	return r
}

func (l *load) serverReport(scans int) serverReport {
	s := serverReport{
		Resident: l.most[gaugeResident], Heap: l.most[gaugeHeap], Goroutines: l.most[gaugeRoutines],
		Renders: l.after.since(l.before, countRenders), Dropped: l.after.since(l.before, countDropped),
		PoolWaits: l.after.since(l.before, countWaits),
	}
	if scans > 0 {
		s.CPUPerScan = math.Round(l.after.since(l.before, countCPU)/float64(scans)*1e5) / 100
	}
	if n := len(l.viewers); n > 0 {
		s.BytesPerViewer = math.Round(l.after.since(l.before, countBytes) / float64(n))
		if watched := l.watchedScans(); watched > 0 {
			s.BytesPerScan = math.Round(l.after.since(l.before, countBytes) / float64(watched))
		}
	}
	return s
}

// watchedScans is how often a pack appeared on a screen: packs times screens.
func (l *load) watchedScans() int {
	n := 0
	for _, d := range l.doctors {
		n += d.given * d.track.room.viewers
	}
	return n
}

func (r report) writeJSON(out io.Writer) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// writeText prints the report for people.
func (r report) writeText(out io.Writer) error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	mode := "一个答完再扫下一个"
	if r.Rate > 0 {
		mode = fmt.Sprintf("每秒 %g 次，迟到算作等待", r.Rate)
	}
	line("压力测试  %s", r.Server)
	line("  规模          %d 个场次 · %d 名医生 · %d 块屏幕 · 扫码 %.1f 秒 · %s", r.Sessions, r.Doctors, r.Viewers, r.Seconds, mode)
	line("  吞吐          %.1f 次扫码/秒 · %.1f 次请求/秒 · 共发出 %d 盒", r.ScansPerSec, r.RequestsPerS, r.Packs)
	line("                %8s %8s %8s %8s %8s   （毫秒）", "p50", "p90", "p99", "max", "次数")
	line("  扫码          %s", r.Scan)
	line("  扫标签/诊毕   %s", r.Visit)
	if r.Viewers > 0 {
		line("  扫码到末屏    %s", r.Screen)
		line("  屏幕          丢失 %d · 重连 %d · “可能过时”提示 %d", r.Lost, r.Reconnects, r.StaleWarnings)
	}
	r.writeComparisons(line)
	s := r.Process
	line("  服务器        内存 %.0f MB（Go 堆 %.0f MB）· 协程 %.0f · 每次扫码 CPU %.2f 毫秒 · 等数据库连接 %.0f 次",
		s.Resident/(1<<20), s.Heap/(1<<20), s.Goroutines, s.CPUPerScan, s.PoolWaits)
	if r.Viewers > 0 {
		line("  画面          渲染 %.0f 次 · 每块屏幕 %.0f 字节（每盒 %.0f 字节）· 因跟不上断开 %.0f",
			s.Renders, s.BytesPerViewer, s.BytesPerScan, s.Dropped)
	}
	r.writeTroubles(line)
	_, err := io.WriteString(out, b.String())
	return err
}

// String is a line of the table.
func (s spread) String() string {
	return fmt.Sprintf("%8.1f %8.1f %8.1f %8.1f %8d", s.P50, s.P90, s.P99, s.Max, s.Count)
}

// writeComparisons says for which run each target of ours holds.
func (r report) writeComparisons(line func(string, ...any)) {
	if c := r.Raw; c != nil && c.Times.Count > 0 {
		line("  裸 SQL        %s   （%.1f 次/秒）", c.Times, c.PerSec)
		line("  扫码 : 裸 SQL p50 %.2f 倍 · p99 %.2f 倍（目标：25 个场次同时忙时 p99 ≤ 3）", c.P50, c.P99)
	} else if c != nil {
		line("  裸 SQL        没有测到")
	}
	if c := r.Bare; c != nil && c.Times.Count > 0 {
		line("  裸 SSE        %s", c.Times)
		line("  末屏 : 裸 SSE p50 %.2f 倍 · p99 %.2f 倍（目标：一个场次 1000 块屏幕时均 ≤ 2）", c.P50, c.P99)
	} else if c != nil {
		line("  裸 SSE        没有测到")
	}
}

// writeTroubles says what was not as it should be, or that all was.
func (r report) writeTroubles(line func(string, ...any)) {
	if r.OutOfCodes > 0 {
		line("  注意          %d 名医生的药盒已经用完，提前结束。请重新运行 jingfang demo -load 准备新的场次", r.OutOfCodes)
	}
	if r.DoctorsGone > 0 {
		line("  注意          %d 名医生因连续失败或没有答复而停止", r.DoctorsGone)
	}
	if missed := r.Missed; missed > 0 {
		line("  注意          有 %d 次扫码到时间还没能发出，没有计入以上数字", missed)
	}
	if r.Bare != nil && r.Bare.Lost > 0 {
		line("  注意          裸 SSE 有 %d 次没有到达全部屏幕", r.Bare.Lost)
	}
	all := maps.Clone(r.Errors)
	if r.Raw != nil && len(r.Raw.Errors) > 0 {
		if all == nil {
			all = map[string]int{}
		}
		maps.Copy(all, r.Raw.Errors)
	}
	if r.Raw != nil && r.Raw.Missed > 0 {
		line("  注意          裸 SQL 有 %d 次到时间还没能发出", r.Raw.Missed)
	}
	if len(all) == 0 {
		line("  错误          无")
	}
	for _, kind := range slices.SortedFunc(maps.Keys(all), cmp.Compare[string]) {
		line("  错误          %s × %d  %s", kind, all[kind], r.Examples[kind])
	}
}
