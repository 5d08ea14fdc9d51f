package inventory

// ReturnContext is what a scan at PointReturn depends on beside the pack.
type ReturnContext struct {
	// Patient brings it; zero in the pharmacy when nobody said who.
	Patient int64
	// Empty marks a box without content.
	Empty bool
	// Noted says that this very box was noted before as brought back; what was
	// given and comes with content is taken in all the same.
	Noted bool
	// Loose says that the patient has units of a pack that was not given whole.
	Loose bool
	// Keep says that the drug's empty boxes are taken in and destroyed by two
	// (麻 and 精一, 处方管理办法 第二十八条); all others are looked at and thrown
	// away.
	Keep bool
}

// answerReturn is for a box that a patient brings back. Nothing here is ever a
// refusal to the patient: what is odd is noted for the pharmacist.
func answerReturn(f *ScanFacts, c ScanContext) Answer {
	given := f.Taken != nil && f.Pack.State != StateNone
	switch {
	case c.Return.Noted && (c.Return.Empty || f.Pack.State != StateDispensed):
		return answer(KindAlreadyHere, f, c)
	case f.Pack.Returned:
		return answer(KindCameBack, f, c)
	case given && c.Visit != "" && f.Taken.Visit == c.Visit:
		return answer(KindGivenNow, f, c)
	case c.Return.Empty:
		return answerEmpty(f, c)
	case f.Pack.State == StateDispensed:
		return answerContent(f, c)
	case c.Return.Loose:
		return answer(KindLooseBack, f, c)
	}
	return answer(KindNeverGiven, f, c)
}

// answerContent is for a box that was given out and comes back with medicine in
// it: it is taken in whoever brings it.
func answerContent(f *ScanFacts, c ScanContext) Answer {
	kind := KindOK
	if others(f, c) {
		kind = KindReturnOther
	}
	a := answer(kind, f, c)
	a.Move = MoveReturn
	return a
}

// answerEmpty is for an empty box: a tick beside what this patient was given.
func answerEmpty(f *ScanFacts, c ScanContext) Answer {
	switch {
	case f.Pack.State != StateDispensed && !c.Return.Loose:
		return answer(KindEmptyNever, f, c)
	case others(f, c):
		return answer(KindEmptyOther, f, c)
	}
	a := answer(KindEmptySeen, f, c)
	if c.Return.Keep && f.Pack.State == StateDispensed {
		a = answer(KindOK, f, c)
		a.Move = MoveReturn
	}
	return a
}

// others reports a pack that was given to somebody else than who brings it.
func others(f *ScanFacts, c ScanContext) bool {
	return f.Taken != nil && c.Return.Patient != 0 && f.Taken.Patient != 0 && f.Taken.Patient != c.Return.Patient
}

// doneReturn is the word for what a return does.
func doneReturn(c ScanContext) string {
	if c.Return.Noted {
		return "登记过"
	}
	if c.Return.Empty {
		return "收下空盒，请放进隔离区"
	}
	return "收回，请放进隔离区"
}

// Odd reports an answer at PointReturn that the pharmacist is to look at.
func (k AnswerKind) Odd() bool {
	switch k {
	case KindEmptyOther, KindEmptyNever, KindEmptyUnknown, KindReturnOther, KindNeverGiven, KindNotOurs, KindCameBack, KindLooseBack:
		return true
	}
	return false
}
