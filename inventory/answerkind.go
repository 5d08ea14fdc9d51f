package inventory

import "strings"

// AnswerKind is what a scan is answered with. The list is closed: [Kinds]
// holds it, the README prints it, programs may switch on it.
type AnswerKind string

// Answers about a pack that is known.
const (
	KindOK            AnswerKind = "ok"
	KindAbsorbed      AnswerKind = "absorbed"
	KindRepeat        AnswerKind = "repeat"
	KindAlreadyHere   AnswerKind = "already_here"
	KindTakenToday    AnswerKind = "taken_today"
	KindTakenBefore   AnswerKind = "taken_before"
	KindLastOneGone   AnswerKind = "last_one_gone"
	KindOtherSession  AnswerKind = "other_session"
	KindNotPacked     AnswerKind = "not_packed"
	KindNotReceived   AnswerKind = "not_received"
	KindOtherReceipt  AnswerKind = "other_receipt"
	KindNotOnReceipt  AnswerKind = "not_on_receipt"
	KindRecalled      AnswerKind = "recalled"
	KindExpired       AnswerKind = "expired"
	KindInRecalled    AnswerKind = "received_recalled"
	KindInExpired     AnswerKind = "received_expired"
	KindAdopted       AnswerKind = "adopted"
	KindQuarantined   AnswerKind = "quarantined"
	KindLost          AnswerKind = "lost"
	KindWithdrawn     AnswerKind = "withdrawn"
	KindWrongState    AnswerKind = "wrong_state"
	KindNotEnough     AnswerKind = "not_enough"
	KindBadQuantity   AnswerKind = "bad_quantity"
	KindAskQuantity   AnswerKind = "ask_quantity"     // a loose drug scanned without a number
	KindChanged       AnswerKind = "quantity_changed" // the same box again with another number
	KindNotLoose      AnswerKind = "not_loose"        // a number for a drug that goes by the box
	KindUsedUp        AnswerKind = "used_up"          // the last unit of a loose box has gone
	KindNothingToUndo AnswerKind = "nothing_to_undo"
	KindFactAlarm     AnswerKind = "fact_alarm"
)

// Answers about what a patient brings back. None of them holds up the patient.
const (
	KindEmptySeen    AnswerKind = "empty_seen"
	KindEmptyOther   AnswerKind = "empty_other_patient"
	KindEmptyNever   AnswerKind = "empty_never_given"
	KindEmptyUnknown AnswerKind = "empty_unknown"
	KindReturnOther  AnswerKind = "return_other_patient"
	KindNeverGiven   AnswerKind = "never_given"
	KindNotOurs      AnswerKind = "not_ours"
	KindCameBack     AnswerKind = "came_back_before"
	KindGivenNow     AnswerKind = "given_now"
	KindLooseBack    AnswerKind = "loose_back"
)

// Answers about a pack that is to be set apart.
const (
	KindWithPatient AnswerKind = "with_patient"
	KindPatientHad  AnswerKind = "patient_had"
	KindWaiting     AnswerKind = "waiting_for_second"
	KindNotThus     AnswerKind = "not_in_this_state"
)

// Answers while the stock is counted.
const (
	KindCountedBy    AnswerKind = "counted_by"    // another counter has it already
	KindCountExtra   AnswerKind = "count_extra"   // known, and booked elsewhere
	KindCountUnknown AnswerKind = "count_unknown" // no pack is known for the code
	KindNotCounted   AnswerKind = "not_counted"   // of a drug that this count leaves out
)

// Answers about a code no pack is known for, and about who or when.
const (
	KindUnknown       AnswerKind = "unknown"
	KindUnknownPrefix AnswerKind = "unknown_prefix"
	KindCartonCode    AnswerKind = "carton_code"
	KindNoVisit       AnswerKind = "no_visit"
	KindNotAllowed    AnswerKind = "not_allowed"
)

// Answers about a carton's code at receiving, and about a small one scanned into
// an open carton.
const (
	KindCartonOpened    AnswerKind = "carton_opened"
	KindCartonAgain     AnswerKind = "carton_again"
	KindCartonIn        AnswerKind = "carton_in"
	KindCartonFull      AnswerKind = "carton_full"
	KindCartonWhole     AnswerKind = "carton_whole"
	KindCartonPartly    AnswerKind = "carton_partly"
	KindCartonDone      AnswerKind = "carton_done"
	KindCartonElsewhere AnswerKind = "carton_elsewhere"
	KindCartonUnwanted  AnswerKind = "carton_unwanted"
	KindCartonUneven    AnswerKind = "carton_uneven"
	KindInOtherCarton   AnswerKind = "in_other_carton"
	KindCodelessTwin    AnswerKind = "codeless_twin"
)

// Answers about a container: a tote, a carton, a patient's bag.
const (
	KindToteDone         AnswerKind = "tote_done"
	KindToteChanged      AnswerKind = "tote_changed"
	KindToteOpen         AnswerKind = "tote_open"
	KindToteUnknown      AnswerKind = "tote_unknown"
	KindToteRetired      AnswerKind = "tote_retired"
	KindInATote          AnswerKind = "in_a_tote"
	KindCartonPacked     AnswerKind = "carton_packed"
	KindCartonIncomplete AnswerKind = "carton_incomplete"
	KindNothingInside    AnswerKind = "nothing_inside"
	KindBagGiven         AnswerKind = "bag_given"
	KindOtherBag         AnswerKind = "other_bag"
	KindInABag           AnswerKind = "in_a_bag"
	KindBagUsed          AnswerKind = "bag_used"
	KindBagUnknown       AnswerKind = "bag_unknown"
)

// Answers to somebody who only looks (只查).
const (
	KindLooked     AnswerKind = "looked"
	KindLookedStop AnswerKind = "looked_stop"
	KindLookedNone AnswerKind = "looked_none"
	// KindLookedInside is for a container some of whose packs may not be handed out.
	KindLookedInside AnswerKind = "looked_inside"
)

// Answers about a text that is no trace code; the kinds of [CodeError].
const (
	KindEmpty            AnswerKind = "empty"
	KindTooLong          AnswerKind = "too_long"
	KindBadEncoding      AnswerKind = "bad_encoding"
	KindBadCharacters    AnswerKind = "bad_characters"
	KindWrongLength      AnswerKind = "wrong_length"
	KindJoined           AnswerKind = "joined"
	KindCommodityCode    AnswerKind = "commodity_code"
	KindVeterinaryCode   AnswerKind = "veterinary_code"
	KindPatientLabel     AnswerKind = "patient_label"
	KindToteLabel        AnswerKind = "tote_label"
	KindBagLabel         AnswerKind = "bag_label"
	KindLinkWithoutCode  AnswerKind = "link_without_code"
	KindGS1WithoutSerial AnswerKind = "gs1_without_serial"
	KindGS1Unreadable    AnswerKind = "gs1_unreadable"
	KindBadCheckDigit    AnswerKind = "bad_check_digit"
	KindSeparatorLost    AnswerKind = "separator_lost"
	KindNotATraceCode    AnswerKind = "not_a_trace_code"
	KindTailSeveral      AnswerKind = "tail_several" // typed last characters that several packs end with
	KindTailUnknown      AnswerKind = "tail_unknown" // and that none does
)

// Tone is how an answer looks and sounds.
type Tone string

// The four tones. Red is kept for "do not hand this box over"; amber means
// "not recorded yet, do this".
const (
	ToneGood    Tone = "good"
	ToneSoft    Tone = "soft"
	ToneCaution Tone = "caution"
	ToneBad     Tone = "bad"
)

// Word is the one word shown beside the colour, so that meaning never hangs on
// colour alone.
func (t Tone) Word() string {
	switch t {
	case ToneGood:
		return "好"
	case ToneSoft:
		return "已在"
	case ToneCaution:
		return "注意"
	}
	return "不行"
}

// Kind describes one answer for the README and the gallery.
type Kind struct {
	Kind AnswerKind
	Tone Tone
	// Pattern is the sentence with {drug}, {who}, {when}, {queue}, {where},
	// {state}, {done}, {count}, {before}, {rest} where [Details] go.
	Pattern string
}

// kinds is the closed list; it is never written to.
var kinds = [...]Kind{
	{KindOK, ToneGood, "{drug} 已{done}。"},
	{KindAbsorbed, ToneSoft, "同一盒刚刚读过，没有重复记录。"},
	{KindRepeat, ToneSoft, "{drug} 已在本次就诊中，没有重复记录。"},
	{KindAlreadyHere, ToneSoft, "{drug} 已经{done}，不用再扫。"},
	{KindTakenToday, ToneBad, "{drug} 已于 {when} 由{who}发给{queue}。请换一盒。"},
	{KindTakenBefore, ToneBad, "{drug} 已于 {when} 由{who}在{where}发出，不能再发。请把这盒放到一边，交给药师核对。"},
	{KindLastOneGone, ToneBad, "最后一盒{drug} 已于 {when} 由{who}取走。请看余量换一种，或请药师调药。"},
	{KindOtherSession, ToneCaution, "{drug} 配在{where}的药箱里，不在本场。请换一盒，或请药师放行。"},
	{KindNotPacked, ToneCaution, "{drug} 在药房账上，没有装进本场药箱。请换一盒，或请药师放行。"},
	{KindNotReceived, ToneCaution, "{drug} 还没有扫码入库。请先入库，或请药师放行。"},
	{KindOtherReceipt, ToneCaution, "{drug} 属于另一张入库单（{where}）。请打开那张单再扫。"},
	{KindNotOnReceipt, ToneCaution, "{drug} 不在这张入库单上，或已经扫满。请把这盒放到一边，完成时列入差异。"},
	{KindRecalled, ToneBad, "{drug} 正在召回，不能发。请放到隔离区并告诉药师。"},
	{KindExpired, ToneBad, "{drug} 有效期到 {when}，已过期，不能发。请放到隔离区并换一盒。"},
	{KindInRecalled, ToneCaution, "{drug} 已入库，但正在召回。请立即放到隔离区。"},
	{KindInExpired, ToneCaution, "{drug} 已入库，但有效期到 {when}，已过期。请立即放到隔离区。"},
	{KindAdopted, ToneGood, "{drug} 先前已在药房账上，现在归到这张入库单。"},
	{KindQuarantined, ToneBad, "{drug} 在隔离中，不能发。请放回隔离区并换一盒。"},
	{KindLost, ToneCaution, "{drug} 登记为丢失，现在找到了。请先让药师登记找回。"},
	{KindWithdrawn, ToneCaution, "{drug} 已被发药的药库撤回或冲销，不能入库或发出。请放到一边，交给药师退回药库。"},
	{KindWrongState, ToneCaution, "{drug} 的状态是“{state}”，这里不能用。请换一盒，并请药师查这个码。"},
	{KindNotEnough, ToneCaution, "{drug} 这盒剩 {count}，不够。请改数量，或先记这盒，{rest}。"},
	{KindBadQuantity, ToneCaution, "数量不对：要用大于零的整数，并且不超过这盒的余量。请改数量。"},
	{KindAskQuantity, ToneCaution, "{drug} 按数量发，这盒剩 {count}。请填发多少，或点“整盒”。"},
	{KindChanged, ToneGood, "{drug} 这盒已改为 {count}。"},
	{KindNotLoose, ToneCaution, "{drug} 不拆零，要整盒发。请不填数量，再扫一次。"},
	{KindUsedUp, ToneBad, "{drug} 这盒已发完，最后一份于 {when} 由{who}发给{queue}。请换一盒。"},
	{KindNothingToUndo, ToneCaution, "{drug} 没有这么多可以撤销。请刷新后再看。"},
	{KindFactAlarm, ToneCaution, "{drug} 已按实际发出补记，并已提醒药师（当时状态：{state}）。"},
	{KindEmptySeen, ToneGood, "{drug} 的空盒已见。"},
	{KindEmptyOther, ToneSoft, "空盒已登记。{drug} 这盒当时不是发给这位患者的，已请药师留意，不影响取药。"},
	{KindEmptyNever, ToneSoft, "空盒已登记。{drug} 这盒没有发出记录（{state}），已请药师留意，不影响取药。"},
	{KindEmptyUnknown, ToneSoft, "空盒已登记。这个码不在本药房的账上，已请药师留意，不影响取药。"},
	{KindReturnOther, ToneGood, "{drug} 已收回，请放进隔离区。这盒当时发给了另一位患者，已请药师留意。"},
	{KindNeverGiven, ToneCaution, "{drug} 没有发给过患者（{state}），没有收作退药。请放到一边，交药师核对。"},
	{KindNotOurs, ToneCaution, "这个码不在本药房的账上，没有登记进账。请单独放好，交药师核对。"},
	{KindCameBack, ToneCaution, "{drug} 以前已经收回过（{state}），没有重复登记。请放到一边，交药师核对。"},
	{KindGivenNow, ToneCaution, "{drug} 的这次就诊还没有诊毕。不要了，请在就诊页点“撤销”。"},
	{KindLooseBack, ToneCaution, "{drug} 是拆零发的，盒子还在（{state}）。退回的散药已登记，请装袋写明，交药师放进隔离区。"},
	{KindWithPatient, ToneCaution, "{drug} 已发给患者，不能{done}。患者带回来的，请到“患者退药”登记。"},
	{KindPatientHad, ToneCaution, "{drug} 是患者退回过的，不能{done}。请留在隔离区，等待销毁。"},
	{KindWaiting, ToneCaution, "{drug} 已在 {where} 上等第二人确认。请先确认或撤回那一单。"},
	{KindNotThus, ToneCaution, "{drug} 现在是“{state}”，不能{done}。请核对这盒，再选合适的一项。"},
	{KindCountedBy, ToneSoft, "{drug} 已于 {when} 由{who}点到，只算一次。"},
	{KindCountExtra, ToneCaution, "{drug} 已记下，但账上是“{state}”，不在盘点范围里，列为多出。请放到一边等核对。"},
	{KindCountUnknown, ToneCaution, "没有这个码的入库记录，已记下，列为多出。请放到一边等核对。"},
	{KindNotCounted, ToneCaution, "{drug} 不在这次盘点的药品里，没有记录。请放回原处。"},
	{KindUnknown, ToneCaution, "没有这个码的入库记录。请换一盒，或请药师放行。"},
	{KindUnknownPrefix, ToneCaution, "这个码的前缀还没有对照药品（未对照）。请药师对照一次，之后就能识别。"},
	{KindCartonCode, ToneCaution, "这是大包装（箱或中包）的码。请扫每个小盒上的追溯码。"},
	{KindCartonOpened, ToneCaution, "{drug} 的箱已打开。请接着扫箱里的每个小盒：本箱 {count} 盒。"},
	{KindCartonAgain, ToneSoft, "这一箱已经打开：本箱 {count} 盒，继续扫箱里的小盒。"},
	{KindCartonIn, ToneGood, "{drug} 已入库，本箱 {count} 盒。"},
	{KindCartonFull, ToneGood, "{drug} 已入库，本箱完成：{count} 盒。"},
	{KindCartonWhole, ToneGood, "{drug} 整箱 {count} 盒已入库。"},
	{KindCartonPartly, ToneCaution, "{drug} 这一箱 {count}。请看差异，把没有收下的盒放到一边。"},
	{KindCartonDone, ToneSoft, "{drug} 这一箱 {count} 盒已经入库，不用再扫。"},
	{KindCartonElsewhere, ToneCaution, "{drug} 的这一箱属于另一张入库单（{where}）。请打开那张单再扫。"},
	{KindCartonUnwanted, ToneCaution, "{drug} 的这一箱不在这张入库单上，或已经扫满。请把整箱放到一边，完成时列入差异。"},
	{KindCartonUneven, ToneCaution, "{drug} 的箱码前缀登记的数量不是整盒数。请药师在药品页改正前缀，现在先扫每个小盒。"},
	{KindInOtherCarton, ToneCaution, "{drug} 已入库，但记录里它在另一箱。请核对是不是拿错了箱。"},
	{KindCodelessTwin, ToneCaution, "{drug} 这一行已经够数，其中有按无码入库的盒。如果就是那一盒，请在无码清单里补码。"},
	{KindNoVisit, ToneCaution, "还没有患者。请先扫患者二维码，再扫药。"},
	{KindNotAllowed, ToneCaution, "您的岗位不能在这里做这一步。请让有权限的同事来扫。"},
	{KindToteDone, ToneGood, "{drug}：箱内 {count} 盒已{done}。"},
	{KindToteChanged, ToneCaution, "{drug} 封箱后有变化：封箱时 {before} 盒，这次 {count} 盒已{done}。请打开核对。"},
	{KindToteOpen, ToneCaution, "{drug} 还没有封箱，里面可能还在装。请先在“周转箱”里封箱，再扫。"},
	{KindToteUnknown, ToneCaution, "没有这个周转箱，标签可能没有读完整。请再扫一次，或逐盒扫追溯码。"},
	{KindToteRetired, ToneCaution, "{drug} 已于 {when} 停用，这张标签不能再用。请换一个在用的周转箱；箱里的药请逐盒扫追溯码。"},
	{KindInATote, ToneCaution, "{drug} 记在 {where} 里，已封箱。请先开箱，再从里面拿。"},
	{KindCartonPacked, ToneGood, "{drug} 整箱 {count} 盒已{done}。"},
	{KindCartonIncomplete, ToneCaution, "{drug} 这箱有 {before} 个小码，只有 {count} 盒能{done}，所以没有整箱装。请拆箱，逐盒扫小盒上的码。"},
	{KindNothingInside, ToneCaution, "{drug} 里没有能{done}的药。请打开看，逐盒扫追溯码。"},
	{KindBagGiven, ToneGood, "{drug}：袋内 {count} 盒已记录。"},
	{KindOtherBag, ToneBad, "这是 {who} 的药袋，不是这位患者的。请放回，找写着本人编号的那一袋。"},
	{KindInABag, ToneCaution, "{drug} 已装进 {who} 的药袋。请换一盒；确实要用，请先拆那个药袋。"},
	{KindBagUsed, ToneCaution, "{drug} 已于 {when} {state}，袋里没有药了。请逐盒扫追溯码。"},
	{KindBagUnknown, ToneCaution, "本场没有这个药袋，标签可能没有读完整。请再扫一次，或逐盒扫追溯码。"},
	{KindLooked, ToneSoft, "只查看，没有改动：{drug} {state}，{where}。"},
	{KindLookedStop, ToneBad, "只查看，没有改动：{drug} {state}，{where}，不能发。请放到隔离区或交给药师。"},
	{KindLookedInside, ToneBad, "只查看，没有改动：{drug} {state}，{where}。里面有 {count} 盒不能发（{rest}），请拿出来放到隔离区。"},
	{KindLookedNone, ToneCaution, "只查看，没有改动：没有这个码的记录。请核对盒上的码。"},
	{KindEmpty, ToneCaution, "没有读到内容。请对准追溯码再扫一次。"},
	{KindTooLong, ToneCaution, "内容太长，不是一个追溯码。请只扫药盒上的追溯码，多个码请分行。"},
	{KindBadEncoding, ToneCaution, "扫到的内容是乱码。请检查扫码枪的编码设置（UTF-8）后再扫。"},
	{KindBadCharacters, ToneCaution, "内容里有不可见的控制字符。请再扫一次；仍这样请检查扫码枪的设置。"},
	{KindWrongLength, ToneCaution, "读到 {count} 位，追溯码应是 20 位，可能没有扫全。请再扫一次。"},
	{KindJoined, ToneCaution, "像是几个码连在了一起，分不开。请一个一个扫，或让扫码枪每码加回车。"},
	{KindCommodityCode, ToneCaution, "这是商品码，不是追溯码。请扫标着“药品追溯码”的那一个。"},
	{KindVeterinaryCode, ToneCaution, "这是 24 位的兽药码，不是给人用的药。请把这盒拿开并告诉药师。"},
	{KindPatientLabel, ToneCaution, "这是患者二维码，不是药。请在患者栏里扫，药盒请扫追溯码。"},
	{KindToteLabel, ToneCaution, "这是周转箱的标签，这里要扫药盒。请扫药盒上的追溯码。"},
	{KindBagLabel, ToneCaution, "这是药袋的标签，这里要扫药盒。请扫药盒上的追溯码。"},
	{KindLinkWithoutCode, ToneCaution, "这个二维码是网址，里面没有追溯码。请扫盒上的另一个码。"},
	{KindGS1WithoutSerial, ToneCaution, "这个码只有品种，没有每盒的序列号。请扫盒上带 (21) 序列号的二维码。"},
	{KindGS1Unreadable, ToneCaution, "这个 GS1 码的内容不完整或日期不对。请再扫一次；仍不行请交药师手工登记。"},
	{KindBadCheckDigit, ToneCaution, "这个码的校验位不对，可能读错或输错了。请再扫一次。"},
	{KindSeparatorLost, ToneCaution, "扫码枪丢了 GS1 的分隔符，批号和序列号分不开。请打开扫码枪的 FNC1（GS）输出，或改用手机扫。"},
	{KindNotATraceCode, ToneCaution, "这不是药品追溯码。请扫药盒上的追溯码。"},
	{KindTailSeveral, ToneCaution, "本场有 {count} 盒药是这个尾号。请对照盒子点下面的一盒，或多输几位。"},
	{KindTailUnknown, ToneCaution, "本场药箱里没有这个尾号的药。请核对盒上的号码再输一次，或换一盒。"},
}

// Kinds lists every answer in the order of the README. The slice is the
// caller's own.
func Kinds() []Kind { return append([]Kind(nil), kinds[:]...) }

// Tone of the answer; an unknown kind is bad, so that it cannot pass for
// permission.
func (k AnswerKind) Tone() Tone { return k.row().Tone }

// Word is the word of the tone: 好, 已在, 注意, 不行.
func (k AnswerKind) Word() string { return k.Tone().Word() }

// Valid reports whether k is in the closed list.
func (k AnswerKind) Valid() bool { return k.row().Kind == k }

// row finds the kind in the list.
func (k AnswerKind) row() Kind {
	for i := range kinds {
		if kinds[i].Kind == k {
			return kinds[i]
		}
	}
	return Kind{Tone: ToneBad, Pattern: "这一步没有完成。请再试一次；仍不行请告诉管理员。"}
}

// Details fill an answer's sentence. What is empty is said in general words.
type Details struct {
	Drug  string // 利培酮片 1mg×20
	Who   string // 陈医生
	When  string // 10:42, or a date for an earlier day
	Queue string // the queue number alone: 12
	Where string // site, or number of the receipt
	State string // the state's Chinese name
	Done  string // what has been done: 入库, 装箱, 记录
	Count string // a number as text
	Rest  string // what to do about what is wanting: 另一盒再扫 4 片
	// Before is the number that there was, or should have been.
	Before string
}

// Sentence is the answer in one Chinese sentence or two: what happened and
// what to do.
func (k AnswerKind) Sentence(d Details) string { return d.fill(k.row().Pattern) }

// fill puts the details into a pattern.
func (d Details) fill(pattern string) string {
	queue := "另一位患者"
	if d.Queue != "" {
		queue = " " + d.Queue + " 号"
	}
	return strings.NewReplacer(
		"{drug}", or(d.Drug, "此药"), "{who}", or(d.Who, "同事"), "{when}", or(d.When, "先前"),
		"{queue}", queue, "{where}", or(d.Where, "别处"), "{state}", or(d.State, "不明"),
		"{done}", or(d.Done, "记录"), "{count}", or(d.Count, "若干"), "{rest}", or(d.Rest, "另一盒再扫其余"),
		"{before}", or(d.Before, "若干"),
	).Replace(pattern)
}

// or is s, or the general word when s is empty.
func or(s, general string) string {
	if s == "" {
		return general
	}
	return s
}
