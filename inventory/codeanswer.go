package inventory

// CodeAnswer is the answer to one code of a scan, as screens and programs get it.
type CodeAnswer struct {
	Raw      string     `json:"raw"`
	Code     string     `json:"code,omitempty"`
	Kind     AnswerKind `json:"kind"`
	Tone     Tone       `json:"tone"`
	Word     string     `json:"word"`
	Drug     string     `json:"drug,omitempty"`
	Sentence string     `json:"sentence"`
	// MayAsk says that the duty holder may be asked to let the pack in.
	MayAsk bool `json:"may_ask,omitempty"`
	// Quantity is what the visit has of a loose box now, Left what the box still
	// holds, both in Unit; zero and empty for whole boxes.
	Quantity int64  `json:"quantity,omitempty"`
	Left     int64  `json:"left,omitempty"`
	Unit     string `json:"unit,omitempty"`
}

// NewCodeAnswer fills in the tone and its word.
func NewCodeAnswer(raw, code, drug string, kind AnswerKind, sentence string) CodeAnswer {
	return CodeAnswer{Raw: raw, Code: code, Kind: kind, Tone: kind.Tone(), Word: kind.Word(), Drug: drug, Sentence: sentence}
}

// Entered tells whether a box that was handed over is on the record now: handed out,
// there before, or written down as a fact.
func (a CodeAnswer) Entered() bool {
	return a.Tone == ToneGood || a.Tone == ToneSoft || a.Kind == KindFactAlarm
}

// UnreadAnswer is the answer to a text that is no trace code.
func UnreadAnswer(e *CodeError) CodeAnswer {
	return NewCodeAnswer(e.Shown(), "", "", e.Kind, e.Sentence())
}

// Worst is the answer that a band shows for a whole scan: the most urgent one,
// the last of equals.
func Worst(answers []CodeAnswer) CodeAnswer {
	rank := map[Tone]int{ToneSoft: 1, ToneGood: 2, ToneCaution: 3, ToneBad: 4}
	var worst CodeAnswer
	for _, a := range answers {
		if rank[a.Tone] >= rank[worst.Tone] {
			worst = a
		}
	}
	return worst
}
