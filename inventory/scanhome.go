package inventory

import "time"

// HomeKind is what bringing a pack back, or ticking it off for that, is answered
// with: it comes back whatever it is, and one that may not be handed out is named, so
// that it goes to quarantine and not to the shelf. d gets the day that it expired.
func HomeKind(p *Pack, now time.Time, d *Details) AnswerKind {
	switch {
	case p.RecallID != 0:
		return KindInRecalled
	case p.ExpiresOn != nil && Expired(*p.ExpiresOn, now):
		d.When = p.ExpiresOn.Format(time.DateOnly)
		return KindInExpired
	}
	return KindOK
}

// Inner is a drug as it is named where one code was read for many packs: with the
// end of the pack's own code, so that it can be found among them.
func (p Pack) Inner() string { return p.DrugName() + " …" + p.Code[max(0, len(p.Code)-4):] }
