package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// playAll plays the slices: the doctors, then for comparison the bare server and
// the raw statements. In short turns the noise of the machine falls on all.
func (l *load) playAll(ctx context.Context) error {
	var err error
	if l.before, err = l.target.readMetrics(ctx); err != nil {
		return fmt.Errorf("读不到服务器的 /metrics：%w", err)
	}
	watch := l.target.observe(ctx)
	part := l.options.time / time.Duration(l.options.slices)
	for i := range l.options.slices {
		l.say("第 %d/%d 段：扫码 %s", i+1, l.options.slices, part.Round(time.Millisecond))
		l.play(ctx, part)
		if l.bare != nil {
			if err := l.bare.replay(ctx, l.halls); err != nil {
				return err
			}
		}
		if l.raw != nil {
			l.raw.play(ctx, l.options.rate, part)
		}
		if ctx.Err() != nil || l.allGone() {
			break
		}
	}
	l.finishAll(ctx)
	if l.after, err = l.target.readMetrics(ctx); err != nil {
		return fmt.Errorf("读不到服务器的 /metrics：%w", err)
	}
	l.most = watch.stop(l.after)
	return nil
}

// play has all doctors scan for a while and waits for the screens.
func (l *load) play(ctx context.Context, length time.Duration) {
	for _, h := range l.halls {
		h.record()
	}
	start := time.Now()
	var all sync.WaitGroup
	paces := make([]*pace, len(l.doctors))
	for i, d := range l.doctors {
		paces[i] = newPace(l.options.rate, i, len(l.doctors), start, start.Add(length))
		all.Go(func() { d.play(ctx, paces[i]) })
	}
	all.Wait()
	l.played += time.Since(start)
	for i, p := range paces {
		if !l.doctors[i].gone {
			l.missed += p.missed(time.Now())
		}
	}
	until(ctx, settling, func() bool { return l.lost() == 0 })
}

func (l *load) allGone() bool {
	for _, d := range l.doctors {
		if !d.gone {
			return false
		}
	}
	return true
}

// finishAll leaves no visit open.
func (l *load) finishAll(ctx context.Context) {
	for _, d := range l.doctors {
		if d.visit == "" {
			continue
		}
		if err := d.end(ctx); err != nil {
			l.figures.errors.add("finish: " + kindOf(err))
		}
	}
	until(ctx, settling, func() bool { return l.lost() == 0 })
}

// lost counts, over all screens, the doctors whose number is lower than what was
// handed out.
func (l *load) lost() int {
	n := 0
	for _, h := range l.halls {
		want := make([]int, len(h.room.tracks))
		for _, d := range l.doctors {
			if d.track.room == h.room {
				want[d.track.index] = d.track.base + d.given
			}
		}
		for _, v := range h.viewers {
			n += v.lacks(want)
		}
	}
	return n
}
