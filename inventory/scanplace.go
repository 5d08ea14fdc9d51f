package inventory

// SentenceAt is the answer in one Chinese sentence or two at a scan point: what
// happened and what to do there.
func (k AnswerKind) SentenceAt(p ScanPoint, d Details) string {
	if pattern := elsewherePattern(k, p); pattern != "" {
		return d.fill(pattern)
	}
	return k.Sentence(d)
}

// elsewherePattern is the sentence of an answer away from the table, or "" where it
// is the same. At the table one takes another box or asks the pharmacist; whoever
// receives, packs or counts holds a box that is simply in the wrong place.
func elsewherePattern(kind AnswerKind, p ScanPoint) string {
	switch p {
	case PointReceiving, PointOpening:
		return arrivedPattern(kind)
	case PointPacking, PointStow, PointBagging:
		return packedPattern(kind)
	case PointClosing, PointHome:
		return leftPattern(kind)
	}
	return ""
}

// arrivedPattern is for a box in a delivery, or on the first day's shelf.
func arrivedPattern(kind AnswerKind) string {
	switch kind {
	case KindTakenToday:
		return "{drug} 已于 {when} 由{who}发给{queue}，不该在这里。请放到一边，交药师核对。"
	case KindOtherSession:
		return "{drug} 已配在{where}的药箱里，不该在这里。请放到一边，交药师核对。"
	case KindQuarantined:
		return "{drug} 在隔离中，不能入库。请放回隔离区。"
	case KindWrongState:
		return "{drug} 的状态是“{state}”，不能入库。请放到一边，交药师核对。"
	}
	return ""
}

// packedPattern is for a box that is to go into a session's trays, a tote or a bag.
func packedPattern(kind AnswerKind) string {
	switch kind {
	case KindOtherSession:
		return "{drug} 已配在{where}的药箱里。请换一盒；要用这一盒，请先在那一场“配药装箱”里放回药房。"
	case KindNotPacked: // a bag takes what lies in the trays
		return "{drug} 还没有装进本场药箱。请先配药装箱，再装袋。"
	case KindNotReceived:
		return "{drug} 还没有扫码入库。请先在入库单里扫码入库，再装。"
	case KindUnknown:
		return "没有这个码的入库记录。请先在入库单里扫码入库；没有单子的请放到一边，交药师核对。"
	case KindTakenToday:
		return "{drug} 已于 {when} 由{who}发给{queue}，不该在这里。请放到一边，交药师核对。"
	}
	return ""
}

// leftPattern is for a box that is left after the day.
func leftPattern(kind AnswerKind) string {
	switch kind {
	case KindInRecalled:
		return "{drug} 已{done}，但正在召回。请单独放好，到药房后放进隔离区。"
	case KindInExpired:
		return "{drug} 已{done}，但有效期到 {when}，已过期。请单独放好，到药房后放进隔离区。"
	case KindOtherSession:
		return "{drug} 配在{where}的药箱里，不算本场的余药。请放到一边，还给那一场。"
	case KindUnknown:
		return "没有这个码的入库记录，不算本场的余药。请放到一边，交药师核对。"
	case KindNotPacked:
		return "{drug} 在药房账上，没有装进本场药箱，不算本场的余药。请放到一边，带回药房。"
	case KindNotReceived:
		return "{drug} 还没有扫码入库，不算本场的余药。请放到一边，带回药房入库。"
	}
	return ""
}
