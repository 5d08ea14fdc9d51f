package inventory

import "strings"

// answerLook is for who only wants to know: where the pack is and whether it may
// be handed out. Nothing moves and nobody is asked, whatever the pack is.
func answerLook(f *ScanFacts, c ScanContext) Answer {
	kind, p := KindLooked, f.Pack
	where := []string{f.lookedPlace()}
	switch p.State {
	case StateDispensed, StateDestroyed, StateSentBack, StateWithdrawn:
	case StateQuarantined, StateDamaged, StateLost:
		kind = KindLookedStop
	}
	if p.Recalled {
		kind, where = KindLookedStop, append(where, "正在召回")
	}
	if Expired(p.Expiry, c.Now) {
		kind, where = KindLookedStop, append(where, "有效期到 "+p.Expiry.Format("2006-01-02")+"，已过期")
	}
	if p.Returned {
		kind, where = KindLookedStop, append(where, "患者退回过")
	}
	d := Details{Drug: f.Drug, State: p.State.Chinese(), Where: strings.Join(where, "，")}
	return Answer{Kind: kind, Sentence: kind.Sentence(d)}
}

// lookedPlace says where a pack is, or with whom.
func (f *ScanFacts) lookedPlace() string {
	switch {
	case f.Pack.State == StateDispensed && f.Taken != nil:
		t := f.Taken
		return t.At.In(shanghai()).Format("2006-01-02 15:04") + " " + t.Site + " " + t.Queue + " 号，" + t.Doctor
	case f.Pack.State == StateAllocated:
		return "在" + or(f.SessionName, "义诊场次")
	case f.Pack.State == StateExpected:
		return "在入库单" + strings.TrimRight(" "+f.ReceiptNo, " ")
	case f.Pack.State.Place().OnBooks():
		return "在" + f.Pack.State.Place().Chinese()
	}
	return "不在账上"
}
