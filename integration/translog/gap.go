package translog

import (
	"fmt"
	"time"
)

// The entry in which the log itself tells that entries are missing.
const (
	OwnSystem  = "JINGFANG"
	GapService = "log.gap"
)

// gap is what was lost since the last entry that said so.
type gap struct {
	lost     int64
	from, to time.Time
}

// lose counts a note that there is no room for.
func (s *Spool) lose(n Note) {
	if s.gap.lost == 0 {
		s.gap.from = n.At
	}
	s.gap.to = n.At
	s.gap.lost++
	s.stats.Lost++
}

// gapNote says in the log that transfers are missing in it.
func (l *Log) gapNote(lost gap) Note {
	return Note{At: l.db.Now(), Took: lost.to.Sub(lost.from),
		About: Exchange{System: OwnSystem, Service: GapService, Direction: In, Person: "系统：传输日志"},
		Outcome: Outcome{Result: Failed, Detail: fmt.Sprintf("有 %d 次传输没有留下日志：等待写入的太多（%s 至 %s）。", lost.lost,
			lost.from.In(zone()).Format("15:04:05"), lost.to.In(zone()).Format("15:04:05"))}}
}
