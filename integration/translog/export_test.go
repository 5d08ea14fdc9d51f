package translog

import (
	"time"

	"github.com/google/uuid"
)

// Fill writes so many exchanges of two entries, a millisecond apart, without the
// queue's bounds: a large log for measurements. Nobody else writes meanwhile.
func (l *Log) Fill(exchanges int, request, answer []byte) error {
	const step = 1000
	at := l.db.Now()
	for done := 0; done < exchanges; done += step {
		var items []*item
		for range min(step, exchanges-done) {
			at = at.Add(time.Millisecond)
			x := Exchange{System: "HIS", Service: "HIS.RECEIPT.PULL", Direction: Out, Key: "receipts", Person: "系统定时拉取", Body: request}
			begun := draft{exchange: uuid.New(), phase: Intent, about: x, at: at, bodyBytes: int64(len(request))}
			ended := begun
			ended.phase, ended.about.Body, ended.bodyBytes = OutcomePhase, nil, int64(len(answer))
			ended.outcome, ended.duration = Outcome{Result: OK, Status: 200, Body: answer}, time.Millisecond
			items = append(items, &item{draft: begun}, &item{draft: ended})
		}
		if err := l.write(items); err != nil {
			return err
		}
	}
	return nil
}
