package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"jingfang/sql/db"
)

const (
	// connecting bounds how many streams and logins are opened at the same time.
	connecting = 32
	// ready bounds the wait for the first board of every screen.
	ready = time.Minute
	// settling bounds the wait for the screens after the last scan.
	settling = 10 * time.Second
	// stirEvery keeps the screens' logins from being locked as idle.
	stirEvery = 4 * time.Minute
)

// load is one run.
type load struct {
	options  options
	file     loadFile
	sessions []fileSession
	progress io.Writer
	target   *target

	rooms    []*room
	halls    []*hall
	doctors  []*doctor
	viewers  []*viewer
	watching sync.WaitGroup

	figures figures
	arrived times
	played  time.Duration
	missed  int
	before  readings
	after   readings
	most    readings
	raw     *rawRun
	bare    *bareRun
}

func newLoad(o options, progress io.Writer) (*load, error) {
	f, err := readLoadFile(o.file)
	if err != nil {
		return nil, err
	}
	if o.url != "" {
		f.URL = o.url
	}
	l := &load{options: o, file: f, progress: progress}
	if l.sessions, err = f.pick(o.sessions, o.doctors); err != nil {
		return nil, err
	}
	l.target, err = newTarget(f.URL, o.ca)
	return l, err
}

func (l *load) say(format string, args ...any) {
	// Progress that cannot be printed does not stop the measuring.
	_, _ = fmt.Fprintf(l.progress, format+"\n", args...)
}

// run prepares, plays slice by slice, and sums up.
func (l *load) run(ctx context.Context) (report, error) {
	watch, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer l.close(ctx)
	defer func() { leave(); l.watching.Wait() }()
	if err := l.prepare(ctx, watch); err != nil {
		return report{}, err
	}
	if err := l.playAll(ctx); err != nil {
		return report{}, err
	}
	return l.report(), nil
}

// close ends what the comparisons have started.
func (l *load) close(ctx context.Context) {
	if l.raw != nil {
		if err := l.raw.close(ctx); err != nil {
			l.say("-raw 的模式 %s 没有删掉：%v", rawSchema, err)
		}
	}
	if l.bare != nil {
		if err := l.bare.stop(); err != nil {
			l.say("-bare 的服务器没有正常结束：%v", err)
		}
	}
}

// prepare brings everybody to their places: nothing of it is measured.
func (l *load) prepare(ctx, watch context.Context) error {
	l.say("%d 个场次，每场 %d 名医生，%d 块屏幕，服务器 %s", len(l.sessions), l.options.doctors, l.options.viewers, l.file.URL)
	dbs, err := l.file.databases()
	if err == nil {
		err = l.leftCodes(ctx, dbs)
	}
	if err != nil && l.options.raw {
		return err
	}
	if err != nil {
		l.say("用过的追溯码不能事先剔除（%v）", err)
	}
	if err := l.logInAll(ctx); err != nil {
		return err
	}
	for _, d := range l.doctors {
		if err := d.tidy(ctx); err != nil {
			return err
		}
	}
	if err := l.openScreens(ctx, watch); err != nil {
		return err
	}
	if l.options.bare {
		url, stop, err := startBare(ctx)
		if err != nil {
			return err
		}
		if l.bare, err = newBare(ctx, url, stop, l.halls); err != nil {
			return err
		}
	}
	if l.options.raw {
		l.say("正在准备 -raw 的数据")
		l.raw, err = newRaw(ctx, dbs, len(l.sessions), l.options.doctors, l.options.rate, l.options.time)
	}
	return err
}

// leftCodes keeps the codes that can still be handed out: a run before may have
// used some.
func (l *load) leftCodes(ctx context.Context, dbs databases) (err error) {
	d, err := db.Open(ctx, db.Config{DSN: dbs.app, MaxOpen: 1})
	if err != nil {
		return fmt.Errorf("连不上服务器的数据库：%w", err)
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	for i := range l.sessions {
		s := &l.sessions[i]
		var left []string
		err := d.Select(ctx, &left, `SELECT code FROM pack WHERE session_id = $1::bigint AND state = 'allocated' ORDER BY id`, s.ID)
		if err != nil {
			return fmt.Errorf("读不到场次 %d 剩下的药盒：%w", s.ID, err)
		}
		s.Codes = keep(s.Codes, left)
	}
	return nil
}

// keep gives those of list that are in allowed.
func keep(list, allowed []string) []string {
	in := make(map[string]bool, len(allowed))
	for _, x := range allowed {
		in[x] = true
	}
	var kept []string
	for _, x := range list {
		if in[x] {
			kept = append(kept, x)
		}
	}
	return kept
}

// logInAll logs the doctors and the accounts of the screens in and deals out
// codes and patients.
func (l *load) logInAll(ctx context.Context) error {
	watchers := map[string]*person{}
	for i, s := range l.sessions {
		r := newRoom(s.ID, l.screensOf(i), &l.arrived)
		l.rooms = append(l.rooms, r)
		for n, name := range s.Doctors {
			p, err := l.target.logIn(ctx, name, l.file.Password)
			if err != nil {
				return err
			}
			d := &doctor{person: p, session: s.ID, figures: &l.figures,
				codes: deal(s.Codes, n, len(s.Doctors)), patients: deal(s.Patients, n, len(s.Doctors))}
			if d.track, err = r.follow(p.name, len(d.codes)); err != nil {
				return err
			}
			l.doctors = append(l.doctors, d)
		}
		for _, name := range s.Watchers {
			if r.viewers == 0 || watchers[name] != nil {
				continue
			}
			var err error
			if watchers[name], err = l.target.logIn(ctx, name, l.file.Password); err != nil {
				return err
			}
		}
		l.seat(r, s.Watchers, watchers)
	}
	return nil
}

// screensOf is how many screens watch session i.
func (l *load) screensOf(i int) int {
	v, n := l.options.viewers, len(l.sessions)
	switch {
	case l.options.oneRoom && i == 0:
		return v
	case l.options.oneRoom:
		return 0
	case i < v%n:
		return v/n + 1
	}
	return v / n
}

// deal gives hand i of n.
func deal(list []string, i, n int) []string {
	var hand []string
	for ; i < len(list); i += n {
		hand = append(hand, list[i])
	}
	return hand
}

// seat makes a room's screens, in turn for each of its accounts.
func (l *load) seat(r *room, names []string, watchers map[string]*person) {
	halls := make([]*hall, min(len(names), r.viewers))
	for i := range halls {
		halls[i] = &hall{room: r, who: watchers[names[i]]}
	}
	for i := range r.viewers {
		l.viewers = append(l.viewers, newViewer(halls[i%len(halls)]))
	}
	l.halls = append(l.halls, halls...)
}

// openScreens opens all streams and waits until each has its first board. They
// stay until watch ends.
func (l *load) openScreens(ctx, watch context.Context) error {
	gate := make(chan struct{}, connecting)
	for _, v := range l.viewers {
		l.watching.Go(func() {
			gate <- struct{}{}
			open := sync.OnceFunc(func() { <-gate })
			go func() {
				select {
				case <-v.ready:
				case <-watch.Done():
				}
				open()
			}()
			v.run(watch)
			open()
		})
	}
	limit := time.After(ready)
	for i, v := range l.viewers {
		select {
		case <-v.ready:
		case <-limit:
			return fmt.Errorf("只有 %d 块屏幕等到了第一次画面", i)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for _, r := range l.rooms {
		if n := r.missing(); r.viewers > 0 && n > 0 {
			return fmt.Errorf("场次 %d 的屏幕上少了 %d 名医生", r.id, n)
		}
	}
	l.watching.Go(func() { l.stir(watch) })
	return nil
}

// stir shows a sign of life of every account of a screen: streams are none.
func (l *load) stir(watch context.Context) {
	for sleep(watch, stirEvery) {
		for _, h := range l.halls {
			if err := h.who.post(watch, "/activity", nil, nil); err != nil {
				l.figures.errors.add("activity: " + kindOf(err))
			}
		}
	}
}
