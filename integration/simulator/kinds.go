package simulator

// FaultKind is one fault as people switch it: a button of the page, a row of the
// tests.
type FaultKind struct {
	Name string // for programs
	// Title names it, Does says in a sentence what it does and what comes of it.
	Title, Does string
	Faults      Faults
}

// FaultKinds are all that the stand-in can do wrong, one by one.
func FaultKinds() []FaultKind {
	return []FaultKind{
		{"slow", "应答变慢", "每次应答都晚 20 秒。本系统等 15 秒就放弃，读的请求会再试。", Faults{SlowMillis: 20_000}},
		{"status_500", "HTTP 500", "什么都不做，只答 HTTP 500。", Faults{Status500: true}},
		{"error_in_200", "HTTP 200 里带错误", "应答看着成功，里面的代码是 9999。", Faults{ErrorIn200: true}},
		{"cut_body", "应答传到一半断开", "事情做了，应答只传一半。", Faults{CutBody: true}},
		{"duplicated", "单据重复", "同一页里每张单据发两遍。不应重复收。", Faults{Duplicated: true}},
		{"out_of_order", "单据倒序", "同一页从最后一张发起。红单可能先于原单到。", Faults{OutOfOrder: true}},
		{"wrong_signature", "签名不对", "事情做了，应答用另一个密钥签名。本系统不采信。", Faults{WrongSignature: true}},
		{"clock_ahead", "时钟快 1 小时", "对方的钟快 1 小时，双方验签都过不去。", Faults{SkewSeconds: 3600}},
		{"clock_behind", "时钟慢 1 小时", "对方的钟慢 1 小时，双方验签都过不去。", Faults{SkewSeconds: -3600}},
		{"not_json", "应答是网页", "像中间的代理那样，答一页 502 Bad Gateway。", Faults{NotJSON: true}},
		{"oversized", "应答超过 10 MB", "应答后面跟 10 MB 空白。本系统不收完。", Faults{Oversized: true}},
		{"wrong_encoding", "编码与声明不符", "发的是 GB18030，却说是 UTF-8。", Faults{WrongEncoding: true}},
		{"entity_bomb", "XML 实体炸弹", "应答里有层层展开的实体和外部引用。一个都不会展开。", Faults{EntityBomb: true}},
		{"deep", "嵌套过深", "应答嵌套十万层。", Faults{Deep: true}},
		{"gb18030", "换成 GB18030（正常）", "编码是 GB18030，也如实写明。应照常收下。", Faults{GB18030: true}},
	}
}

// kindOf names the faults in force; the zero FaultKind is none of the kinds.
func kindOf(f Faults) FaultKind {
	f.Times = 0
	for _, k := range FaultKinds() {
		if k.Faults == f {
			return k
		}
	}
	return FaultKind{}
}
