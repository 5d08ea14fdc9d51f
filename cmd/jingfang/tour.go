package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Sizes of the tour: one site, three doctors, thirty patients, sixty packs.
const (
	tourDrugs    = 3
	tourPacks    = 20 // of each drug
	tourPatients = 30
	tourLimit    = 3 * time.Minute
)

// tourDoctors are the accounts of the doctors; the first two also reach for the
// same pack, the third forgets a 诊毕.
func tourDoctors() []string { return []string{"doctor1", "doctor2", "doctor3"} }

// tour plays one clinic day against a running demo over HTTP and the event
// stream, and checks afterwards what must be true.
type tour struct {
	base    string // of the server
	control string // of the stand-in HIS, for one more receipt
	// caControl is of the stand-in CA.
	caControl string
	password  string
	out       io.Writer
	http      http.RoundTripper
	// verify checks stock and records of the demo's database.
	verify func(ctx context.Context) (string, error)

	// paper is where the day's PDF is written.
	paper string

	mu       sync.Mutex
	steps    int
	pharm    *player
	helper   *player
	doctors  []*player
	session  int64
	codes    []string // all packs of the receipt
	packed   []string // what the session took; the last one stayed in the store
	handed   map[string]bool
	tokens   []string
	screen   *screen
	last     [2]uuid.UUID // the visits that reach for one pack
	winner   int
	forgot   uuid.UUID // the visit of the patient after the forgotten one
	refusals int
	hidden   string // the pack that is not there in the evening
	waiting  string // the receipt that HIS could not be asked for
}

// run plays the day; an error names the step that went wrong.
func (t *tour) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tourLimit)
	defer cancel()
	for _, step := range []func(context.Context) error{
		t.logIn, t.receive, t.plan, t.pack, t.open, t.register, t.serveAll, t.contested, t.takeTurns, t.cutOff, t.wrongCodes, t.undoOne, t.finishTwo,
		t.forget, t.unreadable, t.letIn, t.stop, t.count, t.explain, t.confirm, t.print, t.comeBack, t.sum,
	} {
		if err := step(ctx); err != nil {
			t.say("✗ %v", err)
			return err
		}
	}
	return nil
}

// say prints one line of the tour.
func (t *tour) say(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.steps++
	_, _ = fmt.Fprintf(t.out, "%2d. "+format+"\n", append([]any{t.steps}, args...)...)
}

func (t *tour) logIn(ctx context.Context) error {
	var err error
	if t.pharm, err = newPlayer(ctx, t.base, "pharmacist", t.password, t.http); err != nil {
		return err
	}
	if t.helper, err = newPlayer(ctx, t.base, "assistant", t.password, t.http); err != nil {
		return err
	}
	names := []string{t.pharm.name, t.helper.name}
	for _, name := range tourDoctors() {
		d, err := newPlayer(ctx, t.base, name, t.password, t.http)
		if err != nil {
			return err
		}
		t.doctors = append(t.doctors, d)
		names = append(names, d.name)
	}
	t.say("登录：%s。", strings.Join(names, "、"))
	return nil
}

func (t *tour) path(rest string) string {
	return "/sessions/" + strconv.FormatInt(t.session, 10) + rest
}

// seen waits until the pharmacist's screen shows what the tour knows.
func (t *tour) seen(ctx context.Context) error {
	_, err := t.screen.until(ctx, len(t.packed), len(t.handed), len(t.packed)-len(t.handed))
	return err
}

func (t *tour) register(ctx context.Context) error {
	var room struct {
		SiteID int64 `json:"site_id"`
	}
	if err := t.pharm.get(ctx, t.path(""), &room); err != nil {
		return err
	}
	for i := range tourPatients {
		var made struct{ Token string }
		form := url.Values{"name": {fmt.Sprintf("演示巡游%d", i+1)}, "site": {strconv.FormatInt(room.SiteID, 10)}, "paper": {"none"}}
		if err := t.helper.post(ctx, "/patients", form, &made); err != nil {
			return fmt.Errorf("登记患者: %w", err)
		}
		t.tokens = append(t.tokens, made.Token)
	}
	t.say("%s 登记 %d 名演示患者，每人一张二维码标签。", t.helper.name, tourPatients)
	return nil
}

// visit starts a patient's visit with a doctor.
func (t *tour) visit(ctx context.Context, d *player, patient int) (uuid.UUID, error) {
	var a struct {
		Kind  string
		Visit uuid.UUID
	}
	form := commandForm("visit", uuid.NewString(), "patient", t.tokens[patient])
	if err := d.post(ctx, t.path("/visits"), form, &a); err != nil {
		return uuid.Nil, fmt.Errorf("%s 扫患者 %d: %w", d.name, patient+1, err)
	}
	return a.Visit, nil
}

func (t *tour) scan(ctx context.Context, d *player, visit uuid.UUID, codes ...string) (tourScan, error) {
	var a tourScan
	err := d.post(ctx, t.visitPath(visit, "/scans"), commandForm("codes", lines(codes)), &a)
	if err != nil {
		return a, fmt.Errorf("%s 扫药: %w", d.name, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, x := range a.Answers {
		if x.Kind == "ok" {
			t.handed[codes[i]] = true
		}
	}
	return a, nil
}

func (t *tour) visitPath(visit uuid.UUID, rest string) string {
	return t.path("/visits/" + visit.String() + rest)
}

func (t *tour) finish(ctx context.Context, d *player, visit uuid.UUID) error {
	return d.post(ctx, t.visitPath(visit, "/finish"), commandForm("collector", "self"), nil)
}
