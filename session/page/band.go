package page

import "errors"

// errPlain says that the error page does not show the reference number.
var errPlain = errors.New("the page \"error\" does not show Ref")

// Tone is how an answer sounds and looks; each has a word and a symbol of its
// own, for meaning never rests on colour alone.
type Tone string

// The four tones of an answer.
const (
	Good    Tone = "good"    // 好: done
	Soft    Tone = "soft"    // 已在: nothing changed, nothing is wrong
	Caution Tone = "caution" // 注意: a person has to look
	Bad     Tone = "bad"     // 不行: refused
)

// Word is the word of the tone.
func (t Tone) Word() string {
	switch t {
	case Good:
		return "好"
	case Soft:
		return "已在"
	case Caution:
		return "注意"
	default:
		return "不行"
	}
}

// Icon is the symbol of the tone, a name in static/icons.svg.
func (t Tone) Icon() string {
	switch t {
	case Good:
		return "check"
	case Soft:
		return "same"
	case Caution:
		return "alert"
	default:
		return "stop"
	}
}

// Band is the view of the fragment "band", the answer across the whole width
// that stays until the next one. Other packages put it into their answers.
type Band struct {
	Tone   Tone
	Text   string // one sentence: what happened and what to do
	Detail string // a second line in small print, or ""
	Figure string // a large number at the end of the line, or ""
	Unit   string // the unit beside Figure
	Ref    string // a reference number when it is our fault, or ""
}

// lostBand says that a command got no answer. Pressing again is safe: the browser
// sends the same command id.
func lostBand() Band {
	return Band{Tone: Bad, Text: "没有收到服务器的回答。请看网络，恢复后再按一次；不会重复记录。"}
}

// oddBand says that something between the browser and this program answered.
func oddBand() Band {
	return Band{Tone: Bad, Text: "服务器没有正常回答。请稍候再按一次；仍不行请找管理员。"}
}

// unsentBand keeps who logs out from leaving commands behind.
func unsentBand() Band {
	return Band{Tone: Caution, Text: "这台设备上有操作还没有上传，现在不能退出。请打开诊桌，等它上传完；要离开可以先锁屏。"}
}
