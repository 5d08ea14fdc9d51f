package session_test

import (
	"flag"
	"math/rand/v2"
	"testing"

	"jingfang/session"
	"jingfang/sql/db"
)

// A failing run prints its seed; go test -run TestSixPeople -seed N does the same
// again. More steps find more.
var (
	seedFlag  = flag.Uint64("seed", 0, "seed of the property tests; 0 takes one of its own")
	stepsFlag = flag.Int("steps", 0, "steps of the property tests; 0 takes the usual number")
)

// chance gives the seed and the number of steps.
func chance(t *testing.T, usual, short int) (uint64, int) {
	seed, steps := *seedFlag, *stepsFlag
	if seed == 0 {
		seed = rand.Uint64N(1_000_000_000) + 1
	}
	switch {
	case steps > 0:
	case testing.Short():
		steps = short
	default:
		steps = usual
	}
	t.Logf("-seed %d -steps %d", seed, steps)
	return seed, steps
}

// kept is a command that was carried out, to be sent again.
type kept struct {
	name   string
	do     func() (any, error)
	answer []byte
}

// Six people do anything at several sessions, one after the other. A model that
// knows the rules foretells what is accepted and what it does; again and again
// the database must say the same, ledger, equations and chains must hold, and a
// command sent again must change nothing and be answered the same.
func TestSixPeopleAndAModel(t *testing.T) {
	seed, steps := chance(t, 6000, 300)
	w := newWorld(t, seed)
	var sent []kept
	done := map[string]int{}
	for n := 1; n <= steps; n++ {
		w.plenty()
		if len(sent) > 0 && w.usually(8) {
			w.sendAgain(one(w.r, sent))
		}
		a := w.choose()
		answer, err := a.do()
		w.foretold(n, a, answer, err)
		if err == nil {
			done[a.name]++
			a.then()
			if a.heard != nil {
				a.heard(answer)
			}
			if a.name != "open" { // a session is opened without a command
				sent = append(sent, kept{a.name, a.do, w.json(answer)})
			}
		}
		if n%250 == 0 || n == steps {
			w.verify()
			if have := w.now(); w.differs(have) != "" {
				t.Fatalf("-seed %d, after step %d the database is not what the model says:\n%s", seed, n, w.differs(have))
			}
		}
	}
	t.Logf("done: %v", done)
	if steps < 4000 {
		return
	}
	for _, name := range []string{"plan", "open", "arrive", "scan", "undo", "finish", "finish for an absent doctor", "call", "void", "ask", "decide",
		"pack", "unpack", "stop", "count", "see", "confirm",
		"stow", "take out", "seal", "open tote", "fill a bag", "give a bag", "open bags", "bring back", "set aside", "propose", "confirm a paper",
		"scan loose", "correct", "correct after closing", "supplement", "sign", "recall", "ask to lift", "lift",
		"start a count", "count boxes", "count by number", "hand a count in", "explain a count", "approve a count", "recount a drug",
		"start an opening list", "collect for an opening list", "enter an opening list"} {
		if done[name] == 0 {
			t.Errorf("nobody ever did %q", name)
		}
	}
}

// foretold holds an act to what the model expects of it.
func (w *world) foretold(n int, a act, answer any, err error) {
	w.t.Helper()
	if k := db.KindOf(err); k == db.Internal || k == db.Unavailable {
		w.t.Fatalf("step %d, %s: %v", n, a.name, err)
	}
	if (err == nil) != a.may {
		w.t.Fatalf("step %d, %s: the model says %v, the answer is %+v, %v", n, a.name, a.may, answer, err)
	}
	if err == nil && a.check != nil {
		if wrong := a.check(answer); wrong != "" {
			w.t.Fatalf("step %d, %s: %s", n, a.name, wrong)
		}
	}
}

// choose is what somebody does next: mostly what the session is ready for.
func (w *world) choose() act {
	s := w.aSession()
	alive := 0
	for _, x := range w.sessions {
		if x.alive() {
			alive++
		}
	}
	state := s.State
	switch {
	case alive < 3 && w.usually(25):
		return w.planRound(s)
	case w.usually(12):
		return w.inPharmacy(s)
	case w.usually(6):
		state = one(w.r, []session.State{session.Planned, session.Open, session.Closing})
	}
	var list []func(*modelSession) act
	switch state {
	case session.Planned:
		list = []func(*modelSession) act{w.pack, w.pack, w.pack, w.pack, w.unpack, w.openRound, w.openRound, w.stow, w.stow, w.sealTote, w.fillBag}
	case session.Open:
		list = []func(*modelSession) act{w.arrive, w.arrive, w.arrive, w.arrive, w.arrive, w.arrive, w.scan, w.scan, w.scan, w.scan, w.scan, w.scan, w.scan,
			w.scanLoose, w.scanLoose, w.scanLoose, w.scanLoose, w.correct, w.correct, w.sign,
			w.undo, w.undo, w.finish, w.finish, w.finishAbsent, w.queueStep, w.queueStep, w.ask, w.ask, w.decideRequest, w.decideRequest, w.pack, w.unpack,
			w.fillBag, w.fillBag, w.giveBag, w.giveBag, w.giveBag, w.openBags, w.stow, w.takeOut, w.sealTote,
			w.bringBack, w.bringBack, w.setAside, w.setAside, w.propose, w.confirmPaper}
		if w.r.IntN(50) == 0 {
			list = []func(*modelSession) act{w.stopDispensing}
		}
	case session.Closed:
		list = []func(*modelSession) act{w.correct, w.correct, w.correct, w.correct, w.supplement, w.supplement, w.sign, w.undo, w.scan, w.confirmClosing, w.openTarget}
	default:
		list = []func(*modelSession) act{w.correct, w.correct, w.countLeft, w.countLeft, w.countLeft, w.seeLeft, w.seeLeft, w.seeLeft, w.explainMissing, w.explainMissing, w.explainMissing,
			w.confirmLoss, w.confirmLoss, w.rollOver, w.rollOver, w.rollOver, w.confirmClosing, w.confirmClosing, w.confirmClosing, w.confirmClosing, w.finishAbsent, w.queueStep, w.queueStep,
			w.undo, w.undo, w.scan, w.arrive, w.ask, w.decideRequest, w.pack, w.unpack, w.openTarget, w.openTarget,
			w.openBags, w.giveBag, w.fillBag,
			w.bringBack, w.bringBack, w.setAside, w.propose, w.confirmPaper}
		if w.usually(70) && s.State == session.Closing {
			list = w.wanting(s)
		}
		if w.r.IntN(100) == 0 {
			list = []func(*modelSession) act{w.resumeDispensing, w.nameCarrier}
		}
	}
	return one(w.r, list)(s)
}

// inPharmacy is what goes on beside the sessions, whatever they are at.
func (w *world) inPharmacy(s *modelSession) act {
	return one(w.r, []func(*modelSession) act{w.takeStep, w.takeStep, w.takeStep, w.takeStep, w.takeStep, w.takeStep, w.openingStep, w.openingStep,
		w.recall, w.askLift, w.askLift, w.liftRecall, w.liftRecall})(s)
}

// wanting is what keeps a closing session from being closed.
func (w *world) wanting(s *modelSession) []func(*modelSession) act {
	if _, _, open := w.openOf(s.ID, func(modelVisit) bool { return true }); open {
		return []func(*modelSession) act{w.finishAbsent, w.finishAbsent, w.queueStep, w.finish, w.undo, w.scan}
	}
	if w.bagged(s) && w.usually(50) {
		return []func(*modelSession) act{w.openBags}
	}
	for _, code := range w.codes {
		if w.missing(s, code) {
			if len(s.Reported) > 0 && w.usually(60) {
				return []func(*modelSession) act{w.confirmLoss}
			}
			return []func(*modelSession) act{w.explainMissing}
		}
	}
	for _, drug := range w.drugs {
		l := w.line(s, drug)
		switch {
		case w.settled(s, drug):
		case l.State() == session.LineScan:
			return []func(*modelSession) act{w.seeLeft, w.seeLeft, w.seeLeft, w.seeLeft, w.countLeft}
		default:
			return []func(*modelSession) act{w.countLeft}
		}
	}
	if !w.ready(s) {
		return []func(*modelSession) act{w.rollOver, w.confirmClosing, w.confirmClosing}
	}
	if len(s.Target) > 0 && w.usually(25) {
		return []func(*modelSession) act{w.openTarget}
	}
	return []func(*modelSession) act{w.confirmClosing}
}

// sendAgain repeats a command that was carried out.
func (w *world) sendAgain(k kept) {
	w.t.Helper()
	before := w.marks()
	answer, err := k.do()
	if err != nil || string(w.json(answer)) != string(k.answer) {
		w.t.Fatalf("%s sent again: %s, %v; the first answer was %s", k.name, w.json(answer), err, k.answer)
	}
	if after := w.marks(); after != before {
		w.t.Fatalf("%s sent again changed rows: %s before, %s after", k.name, before, after)
	}
}
