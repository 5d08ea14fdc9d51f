package inventory

// MovementKind says why a pack moved. The list is closed; a report that sums
// movements must name every kind.
type MovementKind string

// The kinds of movement.
const (
	MoveAnnounce   MovementKind = "announce"        // HIS says it is coming
	MoveWithdraw   MovementKind = "cancel_announce" // HIS says it is not
	MoveReceive    MovementKind = "receive"
	MoveUnreceive  MovementKind = "undo_receive" // scanned in by mistake
	MoveOpening    MovementKind = "opening"      // counted in on the first day
	MoveAllocate   MovementKind = "allocate"
	MoveLetIn      MovementKind = "let_in" // the duty pharmacist's yes at the table
	MoveComeHome   MovementKind = "come_home"
	MoveRollOver   MovementKind = "roll_over"
	MoveDispense   MovementKind = "dispense"
	MoveUndo       MovementKind = "undo"
	MoveReturn     MovementKind = "patient_return"
	MoveQuarantine MovementKind = "quarantine"
	MoveRelease    MovementKind = "release"
	MoveDamage     MovementKind = "damage"
	MoveDestroy    MovementKind = "destroy"
	MoveLose       MovementKind = "lose"
	MoveFind       MovementKind = "find"
	MoveSendBack   MovementKind = "send_back"
	MoveSurplus    MovementKind = "adjust_up"   // 盘盈: more units than booked
	MoveShortage   MovementKind = "adjust_down" // 盘亏: fewer units than booked
	MoveAdopt      MovementKind = "adopt"       // a late HIS document claims a pack
)

// MovementKinds lists every kind in the order reports print them.
func MovementKinds() []MovementKind {
	return []MovementKind{
		MoveAnnounce, MoveWithdraw, MoveReceive, MoveUnreceive, MoveOpening, MoveAllocate,
		MoveLetIn, MoveComeHome, MoveRollOver, MoveDispense, MoveUndo, MoveReturn,
		MoveQuarantine, MoveRelease, MoveDamage, MoveDestroy, MoveLose, MoveFind,
		MoveSendBack, MoveSurplus, MoveShortage, MoveAdopt,
	}
}

// Chinese is the kind's name for people.
func (k MovementKind) Chinese() string {
	switch k {
	case MoveAnnounce:
		return "来单"
	case MoveWithdraw:
		return "撤单"
	case MoveReceive:
		return "扫码入库"
	case MoveUnreceive:
		return "撤销入库"
	case MoveOpening:
		return "期初盘入"
	case MoveAllocate:
		return "配药装箱"
	case MoveLetIn:
		return "现场放行"
	case MoveComeHome:
		return "带回"
	case MoveRollOver:
		return "转下场"
	case MoveDispense:
		return "发药"
	case MoveUndo:
		return "撤销发药"
	}
	return k.chineseSide()
}

// chineseSide names the kinds off the straight road.
func (k MovementKind) chineseSide() string {
	switch k {
	case MoveReturn:
		return "患者退回"
	case MoveQuarantine:
		return "隔离"
	case MoveRelease:
		return "解除隔离"
	case MoveDamage:
		return "报损"
	case MoveDestroy:
		return "销毁"
	case MoveLose:
		return "报失"
	case MoveFind:
		return "找回"
	case MoveSendBack:
		return "退回药库"
	case MoveSurplus:
		return "盘盈"
	case MoveShortage:
		return "盘亏"
	case MoveAdopt:
		return "补单认领"
	}
	return "其他"
}

// NeedsTwo reports a movement that counts only when a second person confirms.
func (k MovementKind) NeedsTwo() bool {
	switch k {
	case MoveDestroy, MoveLose, MoveSurplus, MoveShortage:
		return true
	}
	return false
}

// How says how the code of a movement was read; it stands in the visit record.
type How string

// The ways a code is read.
const (
	HowScanned  How = "scanned"
	HowTyped    How = "typed"     // found by its last characters
	HowByNumber How = "by_number" // counted, not read one by one
	HowInferred How = "inferred"  // 推定: two boxes could have been swapped
	HowSystem   How = "system"    // no code was read: a document of HIS
	HowTogether How = "container" // one label was read for all packs inside
)

// Hows lists every way.
func Hows() []How {
	return []How{HowScanned, HowTyped, HowByNumber, HowInferred, HowSystem, HowTogether}
}

// Chinese is the mark printed beside the code; a scan needs none.
func (h How) Chinese() string {
	switch h {
	case HowTyped:
		return "手输"
	case HowByNumber:
		return "按数"
	case HowInferred:
		return "推定"
	case HowSystem:
		return "系统"
	case HowTogether:
		return "整装"
	}
	return ""
}

// Flow says from which place to which place a movement carries its units. The
// two adjustments carry them from and to outside, a part of a pack goes to the
// patient though the pack itself stays, and an adoption carries nothing.
func Flow(kind MovementKind, from, to State) (out, in Place) {
	switch kind {
	case MoveDispense:
		return from.Place(), PlacePatient
	case MoveUndo:
		return PlacePatient, to.Place()
	case MoveSurplus:
		return PlaceOutside, to.Place()
	case MoveShortage:
		return from.Place(), PlaceOutside
	case MoveAdopt:
		return to.Place(), to.Place()
	}
	return from.Place(), to.Place()
}

// Balance is how much a movement of quantity units adds to the stock of one
// place: positive in, negative out, zero when it passes by or stays inside.
func Balance(p Place, kind MovementKind, from, to State, quantity int64) int64 {
	out, in := Flow(kind, from, to)
	var sum int64
	if in == p {
		sum += quantity
	}
	if out == p {
		sum -= quantity
	}
	return sum
}

// BookBalance is [Balance] over all places on the pharmacy's books.
func BookBalance(kind MovementKind, from, to State, quantity int64) int64 {
	out, in := Flow(kind, from, to)
	switch {
	case in.OnBooks() && !out.OnBooks():
		return quantity
	case out.OnBooks() && !in.OnBooks():
		return -quantity
	}
	return 0
}
