package inventory

// State is where a pack stands in its life; it has exactly one.
type State string

// The states of a pack. StateNone is a pack that has no row yet; it is never
// stored as a pack's state, but it is what a first movement comes from.
const (
	StateNone        State = ""
	StateExpected    State = "expected"
	StateInStore     State = "in_store"
	StateAllocated   State = "allocated"
	StateDispensed   State = "dispensed"
	StateQuarantined State = "quarantined"
	StateDamaged     State = "damaged"
	StateDestroyed   State = "destroyed"
	StateLost        State = "lost"
	StateSentBack    State = "sent_back"
	// StateWithdrawn is a pack that HIS announced and cancelled again before it
	// was received.
	StateWithdrawn State = "withdrawn"
)

// States lists the states a pack can be stored with.
func States() []State {
	return []State{
		StateExpected, StateInStore, StateAllocated, StateDispensed, StateQuarantined,
		StateDamaged, StateDestroyed, StateLost, StateSentBack, StateWithdrawn,
	}
}

// Chinese is the state's name for people.
func (s State) Chinese() string {
	switch s {
	case StateExpected:
		return "待入库"
	case StateInStore:
		return "在库"
	case StateAllocated:
		return "已配场次"
	case StateDispensed:
		return "已发"
	case StateQuarantined:
		return "隔离"
	case StateDamaged:
		return "破损"
	case StateDestroyed:
		return "已销毁"
	case StateLost:
		return "丢失"
	case StateSentBack:
		return "已退回药库"
	case StateWithdrawn:
		return "已撤单"
	}
	return "无记录"
}

// Place is where units are for the ledger. Stock in a place is the units that
// came there less those that left it, over all movements; it equals the
// remainders of the packs whose state lies there.
type Place string

// The places of the ledger.
const (
	PlaceOutside    Place = "outside" // never here: not received, or counted away
	PlaceStore      Place = "store"   // on the shelf of the pharmacy
	PlaceSession    Place = "session" // with the team of a clinic day
	PlacePatient    Place = "patient"
	PlaceQuarantine Place = "quarantine"
	PlaceDamaged    Place = "damaged"
	PlaceDestroyed  Place = "destroyed"
	PlaceLost       Place = "lost"
	PlaceCentral    Place = "central" // back in the hospital's central store
)

// Places lists every place.
func Places() []Place {
	return []Place{
		PlaceOutside, PlaceStore, PlaceSession, PlacePatient, PlaceQuarantine,
		PlaceDamaged, PlaceDestroyed, PlaceLost, PlaceCentral,
	}
}

// Chinese is the place's name for people; the empty place is the whole books.
func (p Place) Chinese() string {
	switch p {
	case "":
		return "全部（账上）"
	case PlaceStore:
		return "药房"
	case PlaceSession:
		return "义诊场次"
	case PlacePatient:
		return "患者"
	case PlaceQuarantine:
		return "隔离区"
	case PlaceDamaged:
		return "破损待销毁"
	case PlaceDestroyed:
		return "已销毁"
	case PlaceLost:
		return "丢失"
	case PlaceCentral:
		return "中心药库"
	}
	return "账外"
}

// OnBooks reports whether units there are the pharmacy's stock, so that
// opening + in − out = closing is counted over them.
func (p Place) OnBooks() bool {
	switch p {
	case PlaceStore, PlaceSession, PlaceQuarantine, PlaceDamaged:
		return true
	}
	return false
}

// Place is where the remainder of a pack in this state is.
func (s State) Place() Place {
	switch s {
	case StateInStore:
		return PlaceStore
	case StateAllocated:
		return PlaceSession
	case StateDispensed:
		return PlacePatient
	case StateQuarantined:
		return PlaceQuarantine
	case StateDamaged:
		return PlaceDamaged
	case StateDestroyed:
		return PlaceDestroyed
	case StateLost:
		return PlaceLost
	case StateSentBack:
		return PlaceCentral
	}
	return PlaceOutside
}
