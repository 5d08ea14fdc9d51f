package inventory

// AsideContext is what a scan at PointSetAside depends on beside the pack.
type AsideContext struct {
	// Act is what is to be done, one of [AsideActs].
	Act MovementKind
	// Waiting is the number of the paper on which the pack waits for a second
	// person, or empty.
	Waiting string
}

// answerAside is for a pack that is to be set apart, or to come back. It says
// yes exactly when [SetAside] would do it.
func answerAside(f *ScanFacts, c ScanContext) Answer {
	p, act := f.Pack, c.Aside.Act
	if c.Aside.Waiting != "" {
		return answer(KindWaiting, f, c)
	}
	if act == MoveRelease && p.State == StateQuarantined && p.Recalled {
		return answer(KindRecalled, f, c)
	}
	kind := asideMove(p, act)
	if _, _, err := Apply(p, Move{Kind: kind, At: c.Now}); err == nil {
		a := answer(KindOK, f, c)
		a.Move = kind
		return a
	}
	switch {
	case p.State == asideTarget(act):
		return answer(KindAlreadyHere, f, c)
	case p.State == StateDispensed:
		return answer(KindWithPatient, f, c)
	case p.Returned && (act == MoveRelease || act == MoveSendBack):
		return answer(KindPatientHad, f, c)
	}
	return answer(KindNotThus, f, c)
}

// asideTarget is the state that an act leads to.
func asideTarget(act MovementKind) State {
	switch act {
	case MoveQuarantine:
		return StateQuarantined
	case MoveDamage:
		return StateDamaged
	case MoveDestroy:
		return StateDestroyed
	case MoveLose:
		return StateLost
	case MoveSendBack:
		return StateSentBack
	}
	return StateInStore
}

// doneAside is the word for what an act does; what needs a second person is not
// done by the first.
func doneAside(act MovementKind) string {
	if AsideNeedsTwo(act) {
		return "列入" + act.Chinese() + "单"
	}
	return act.Chinese()
}

// AsideNeedsTwo reports the acts that are proposed on a paper and confirmed by a
// second person: what [MovementKind.NeedsTwo] says, and the handing over to the
// central store, whose paper both sides sign.
func AsideNeedsTwo(act MovementKind) bool { return act.NeedsTwo() || act == MoveSendBack }
