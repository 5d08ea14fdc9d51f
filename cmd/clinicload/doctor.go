package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
)

const (
	// sendTries is how often a command is sent until it is answered, always with
	// the same id.
	sendTries = 3
	// patience is how many commands in a row may fail before a doctor goes home.
	patience = 20
	// takeBreath is the pause after a command that failed.
	takeBreath = 200 * time.Millisecond
)

// figures are what all doctors of a run add to.
type figures struct {
	scans  times // a scan, from when it was due to its answer
	visits times // a label or 诊毕
	errors tally
}

// doctor plays one doctor: label, three to five boxes, 诊毕, next patient.
type doctor struct {
	*person
	session  int64
	track    *track
	figures  *figures
	patients []string // whose turn it is comes first
	codes    []string // not scanned yet

	visit    string // the open one, or ""
	packs    int    // boxes of the open visit
	want     int    // boxes it gets
	given    int    // boxes in all
	failures int    // in a row
	gone     bool   // plays no more: nothing left to scan, or too many failures
}

// play scans until the pace says that the time is up.
func (d *doctor) play(ctx context.Context, p *pace) {
	for !d.gone {
		if len(d.codes) == 0 {
			d.gone = true
			return
		}
		if d.visit == "" && !d.begin(ctx, p.end) {
			return
		}
		due, ok := p.wait(ctx)
		if !ok {
			return
		}
		d.scan(ctx, due)
		if d.visit != "" && d.packs >= d.want {
			d.finish(ctx)
		}
	}
}

// begin brings the next patient to the table. It is false when the time is up.
func (d *doctor) begin(ctx context.Context, end time.Time) bool {
	for d.visit == "" && !d.gone {
		if ctx.Err() != nil || !time.Now().Before(end) {
			return false
		}
		start := time.Now()
		_, err := d.checkIn(ctx)
		if d.failed(ctx, "check_in", err) {
			continue
		}
		d.figures.visits.add(time.Since(start))
	}
	return !d.gone
}

// checkIn sends the label of the patient whose turn it is. found is true when
// the visit was open before, left by a run that was broken off.
func (d *doctor) checkIn(ctx context.Context) (found bool, err error) {
	token := d.patients[0]
	d.patients = append(d.patients[1:], token)
	var answer struct {
		Kind  string `json:"kind"`
		Visit string `json:"visit"`
	}
	form := url.Values{"command_id": {uuid.NewString()}, "visit": {uuid.NewString()}, "patient": {token}, "start": {"true"}}
	if err := d.command(ctx, fmt.Sprintf("/sessions/%d/visits", d.session), form, &answer); err != nil {
		return false, err
	}
	if answer.Kind != "started" && answer.Kind != "already_yours" {
		return false, &refusal{http.StatusOK, answer.Kind, "患者没有到医生处"}
	}
	d.visit, d.packs, d.want = answer.Visit, 0, 3+rand.IntN(3)
	return answer.Kind == "already_yours", nil
}

// tidy closes the visit that a run before has left open: the doctor's labels are
// scanned until the one that finds it. A doctor without one has a visit begun.
func (d *doctor) tidy(ctx context.Context) error {
	var last error
	for range d.patients {
		found, err := d.checkIn(ctx)
		if err == nil && !found {
			return nil
		}
		if err == nil {
			err = d.end(ctx)
		}
		if err != nil {
			last = err
		}
		if unsure(err) || ctx.Err() != nil {
			break
		}
	}
	return fmt.Errorf("%s 不能开始就诊：%w", d.name, errors.Join(last, ctx.Err()))
}

// scan hands out the next box. due is when it should have been sent.
func (d *doctor) scan(ctx context.Context, due time.Time) {
	code := d.codes[0]
	d.codes = d.codes[1:]
	var answer struct {
		Answers []struct {
			Kind string `json:"kind"`
		} `json:"answers"`
	}
	d.track.send(d.given+1, due)
	path := fmt.Sprintf("/sessions/%d/visits/%s/scans", d.session, d.visit)
	err := d.command(ctx, path, url.Values{"command_id": {uuid.NewString()}, "codes": {code}}, &answer)
	if d.failed(ctx, "scan", err) {
		// The visit may be over on the server: the next label finds out.
		d.visit = ""
		return
	}
	d.figures.scans.add(time.Since(due))
	if len(answer.Answers) != 1 || answer.Answers[0].Kind != "ok" {
		kind := "empty"
		if len(answer.Answers) > 0 {
			kind = answer.Answers[0].Kind
		}
		d.figures.errors.add("scan: " + kind)
		return
	}
	d.given++
	d.packs++
}

// finish is 诊毕.
func (d *doctor) finish(ctx context.Context) {
	start := time.Now()
	if !d.failed(ctx, "finish", d.end(ctx)) {
		d.figures.visits.add(time.Since(start))
	}
	d.visit = ""
}

// end sends 诊毕 for the open visit.
func (d *doctor) end(ctx context.Context) error {
	path := fmt.Sprintf("/sessions/%d/visits/%s/finish", d.session, d.visit)
	d.visit = ""
	return d.command(ctx, path, url.Values{"command_id": {uuid.NewString()}, "no_drug_reason": {"压力测试"}}, nil)
}

// command sends a form until it is answered, as a device on a weak link does.
func (d *doctor) command(ctx context.Context, path string, form url.Values, out any) error {
	for try := 1; ; try++ {
		err := d.post(ctx, path, form, out)
		if !unsure(err) || try == sendTries || ctx.Err() != nil {
			return err
		}
		d.figures.errors.add("repeated: " + kindOf(err))
	}
}

// failed counts an error and takes a breath. A doctor whose command has no
// answer, or who fails again and again, goes home.
func (d *doctor) failed(ctx context.Context, what string, err error) bool {
	if err == nil {
		d.failures = 0
		return false
	}
	d.figures.errors.add(what + ": " + kindOf(err))
	d.figures.errors.say(what+": "+kindOf(err), err)
	d.failures++
	d.gone = d.gone || unsure(err) || d.failures >= patience
	sleep(ctx, takeBreath)
	return true
}
