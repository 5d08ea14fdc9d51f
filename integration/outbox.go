package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"time"

	"jingfang/integration/wire"
	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// SenderConfig says what is sent and how patiently.
type SenderConfig struct {
	DB     *db.DB
	Client *Client
	// Channel is whose facts are sent; "" means those for HIS.
	Channel string
	// Interval is the time between rounds; 0 means 15 s.
	Interval time.Duration
	// Doubt is after what time an unknown outcome is asked for first, and then again
	// and again; 0 means 1 min. Stale is after what time a call that was begun counts
	// as unknown; 0 means 5 min.
	Doubt, Stale time.Duration
	// Later is when a fact that did not reach the other side is sent again, doubled
	// with each try up to ten; 0 means 1 min.
	Later time.Duration
	// Batch is how many facts are claimed at once; 0 means 20.
	Batch int
	// Patients opens the number under which HIS knows a person; nil tells none, and only
	// HIS is told.
	Patients *patient.Registry
	// Log gets what went wrong; nil means slog.Default().
	Log *slog.Logger
}

// Sender tells another system the dispensing facts that wait, one by one in their
// order, and finds out what became of those without an answer. Several servers may
// each run one: a fact is claimed before it is sent.
type Sender struct {
	c    SenderConfig
	by   identity.Actor
	wake chan struct{}
}

// Destination is a system that hears dispensing facts, with who tells it.
type Destination struct {
	Channel string // its name in the mapping file, session.HISChannel for HIS
	Title   string // as people read it
	Sender  *Sender
}

// NewSender makes a sender that does nothing before Run or Round.
func NewSender(c SenderConfig) *Sender {
	for _, x := range []struct {
		d   *time.Duration
		def time.Duration
	}{{&c.Interval, 15 * time.Second}, {&c.Doubt, time.Minute}, {&c.Stale, 5 * time.Minute}, {&c.Later, time.Minute}} {
		if *x.d <= 0 {
			*x.d = x.def
		}
	}
	if c.Channel == "" {
		c.Channel = session.HISChannel
	}
	if c.Channel != session.HISChannel {
		c.Patients = nil // whatever its caller hands over: HIS' numbers are told to HIS alone
	}
	if c.Batch <= 0 {
		c.Batch = 20
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return &Sender{c: c, by: identity.System("outbox"), wake: make(chan struct{}, 1)}
}

// Wake makes Run begin a round at once.
func (s *Sender) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // one is asked for already
	}
}

// Run makes rounds until ctx ends.
func (s *Sender) Run(ctx context.Context) {
	t := time.NewTicker(s.c.Interval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-s.wake:
		}
		if n, err := s.Round(ctx); err != nil && ctx.Err() == nil {
			s.c.Log.WarnContext(ctx, "outbox", "sent", n.Sent, "unknown", n.Unknown, "failed", n.Failed, "error", err)
		}
	}
}

// Told counts what a round did.
type Told struct{ Sent, Unknown, Failed, Later int }

// Round asks for what is unknown, then sends what waits. It ends at the first fact
// that cannot be delivered now: behind it nothing else could. Its error says why.
func (s *Sender) Round(ctx context.Context) (Told, error) {
	var n Told
	doubts, err := s.claim(ctx, func(ctx context.Context, tx *db.Tx) ([]session.Fact, error) {
		return session.ClaimDoubts(ctx, tx, s.c.Channel, s.c.Batch, tx.Now.Add(-s.c.Stale), tx.Now.Add(s.c.Doubt))
	})
	if err != nil {
		return n, err
	}
	for _, f := range doubts {
		if err := s.ask(ctx, f, &n); err != nil {
			return n, err
		}
	}
	for {
		// One at a time: what is claimed and not sent would count as unknown.
		due, err := s.claim(ctx, func(ctx context.Context, tx *db.Tx) ([]session.Fact, error) {
			return session.ClaimFacts(ctx, tx, s.c.Channel, 1)
		})
		if err != nil || len(due) == 0 {
			return n, err
		}
		if err := s.send(ctx, due[0], &n); err != nil {
			return n, err
		}
	}
}

func (s *Sender) claim(ctx context.Context, do func(context.Context, *db.Tx) ([]session.Fact, error)) (list []session.Fact, err error) {
	err = s.c.DB.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err = do(ctx, tx)
		return err
	})
	return list, err
}

// send tells one fact and writes down what came of it.
func (s *Sender) send(ctx context.Context, f session.Fact, n *Told) error {
	w := wireFact(f)
	if s.c.Patients != nil {
		var err error
		if w.HISNumber, err = s.c.Patients.HISNumber(ctx, s.c.DB, f.PatientID); err != nil {
			// Nothing has left the house: the fact waits, and does not count as unknown.
			return errors.Join(err, s.settle(ctx, f, session.FactOutcome{State: session.FactWaiting, Error: "患者的 HIS 编号读不出来，请查看运行日志。",
				Next: s.c.DB.Now().Add(s.later(f))}, n))
		}
	}
	a, err := s.c.Client.TellFact(ctx, s.by, w)
	now := s.c.DB.Now()
	switch {
	case err == nil:
		return s.settle(ctx, f, s.answered(f, a, now), n)
	case errors.Is(err, ErrUnknown):
		// Also when ctx ended: the outcome is written all the same.
		return errors.Join(err, s.settle(ctx, f, session.FactOutcome{State: session.FactUnknown, Error: short(db.Sentence(err), 400), Next: now.Add(s.c.Doubt)}, n))
	case db.KindOf(err) == db.Unavailable && isRefused(err):
		return s.settle(ctx, f, session.FactOutcome{State: session.FactFailed, Error: short(db.Sentence(err), 400)}, n)
	}
	return errors.Join(err, s.settle(ctx, f, session.FactOutcome{State: session.FactWaiting, Error: short(db.Sentence(err), 400), Next: now.Add(s.later(f))}, n))
}

// ask finds out what became of a fact whose outcome is unknown.
func (s *Sender) ask(ctx context.Context, f session.Fact, n *Told) error {
	a, err := s.c.Client.Fact(ctx, s.by, f.Fact.String())
	if err != nil {
		n.Unknown++
		return err // it stays unknown; ClaimDoubts has put the next asking off
	}
	return s.settle(ctx, f, s.answered(f, a, s.c.DB.Now()), n)
}

// answered is what an answer about a fact makes of it. One that the other side never
// heard of may be sent again.
func (s *Sender) answered(f session.Fact, a wire.FactAnswer, now time.Time) session.FactOutcome {
	switch a.State {
	case wire.FactTaken:
		return session.FactOutcome{State: session.FactSent, Remote: short(a.Number, 60)}
	case wire.FactMissing:
		return session.FactOutcome{State: session.FactWaiting, Error: "对方没有收到，会再发。", Next: now}
	}
	text := "对方没有接受"
	if a.Message != "" {
		text += "：" + a.Message
	}
	return session.FactOutcome{State: session.FactFailed, Error: short(text+"。", 400)}
}

func (s *Sender) settle(ctx context.Context, f session.Fact, o session.FactOutcome, n *Told) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := s.c.DB.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := session.SettleFact(ctx, tx, f.ID, o)
		return err
	})
	if err != nil {
		return fmt.Errorf("settle fact %d: %w", f.ID, err)
	}
	switch o.State {
	case session.FactSent:
		n.Sent++
	case session.FactFailed:
		n.Failed++
	case session.FactUnknown:
		n.Unknown++
	default:
		n.Later++
	}
	return nil
}

func (s *Sender) later(f session.Fact) time.Duration {
	d := s.c.Later
	for range min(f.Tries, 10) {
		d = min(2*d, 10*time.Minute)
	}
	return spread(d)
}

// isRefused tells a clear no of the other side from not reaching it.
func isRefused(err error) bool { return errors.Is(err, errRefused) }

// Retry sends a failed fact again, or has an unknown one asked for at once.
func (s *Sender) Retry(ctx context.Context, by identity.Actor, id int64) error {
	if err := identity.Allow(ctx, s.c.DB, by, identity.ManageSystem, 0); err != nil {
		return err
	}
	err := s.c.DB.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		changed, err := session.RetryFact(ctx, tx, id)
		if err != nil {
			return err
		}
		if !changed {
			return db.Refuse(db.Conflict, "这条已经处理好了，不用再试。请刷新页面。")
		}
		return identity.Audit(ctx, tx, by, identity.Event{Name: "outbox.retry", ObjectKind: "outbox", ObjectID: fmt.Sprint(id)})
	})
	if err == nil {
		s.Wake()
	}
	return err
}

// RetryAll sends every failed fact of its channel again and gives their number.
func (s *Sender) RetryAll(ctx context.Context, by identity.Actor) (n int64, err error) {
	if err := identity.Allow(ctx, s.c.DB, by, identity.ManageSystem, 0); err != nil {
		return 0, err
	}
	err = s.c.DB.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if n, err = session.RetryFailed(ctx, tx, s.c.Channel); err != nil {
			return err
		}
		if n == 0 {
			return db.Refuse(db.Conflict, "没有失败的上报，不用重试。请刷新页面。")
		}
		return identity.Audit(ctx, tx, by, identity.Event{Name: "outbox.retry", ObjectKind: "outbox", ObjectID: s.c.Channel, Detail: fmt.Sprintf("facts=%d", n)})
	})
	if err == nil {
		s.Wake()
	}
	return n, err
}

// wireFact is a fact in the shape of 3505 and 3506.
func wireFact(f session.Fact) wire.Fact {
	w := wire.Fact{Fact: f.Fact.String(), Kind: f.Kind, HappenedAt: f.HappenedAt, DrugCode: f.HISCode, DrugName: inventory.DrugName(f.Generic, f.Spec),
		Batch: f.Batch, Prescription: 1, Units: f.Quantity, At: f.HappenedAt, Operator: f.Doctor, Doctor: f.Doctor, Pharmacist: f.Duty,
		PaperNumber: f.Prescription, Visit: f.Visit.String(), PatientNumber: f.PatientNo, Settlement: "2", Payer: string(f.Payer),
		Site: f.Site, TraceCode: f.Code, Packs: "1"}
	if f.Reverses != nil {
		w.Reverses = f.Reverses.String()
	}
	if f.MadeOn != nil {
		w.MadeOn = wire.DateOf(*f.MadeOn)
	}
	if f.ExpiresOn != nil {
		w.ExpiresOn = wire.DateOf(*f.ExpiresOn)
	}
	if f.Payer == session.PayerInsured {
		w.Settlement = "1"
	}
	if f.Quantity != f.PackUnits && f.PackUnits > 0 {
		w.Split, w.Packs = 1, json.Number(share(f.Quantity, f.PackUnits))
	}
	return w
}

// share is units of a pack as a decimal with four places at most.
func share(units, of int64) string {
	text := strings.TrimRight(big.NewRat(units, of).FloatString(4), "0")
	return strings.TrimSuffix(text, ".")
}
