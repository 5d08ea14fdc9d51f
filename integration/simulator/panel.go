package simulator

import (
	"fmt"
	"html/template"
	"net"
	"net/http"
	"sort"
	"strings"
	"time"

	"jingfang/integration/wire"
)

// served is how a service was asked last.
type served struct {
	count int
	at    time.Time
	said  string
	bad   bool
}

// note keeps what a service answered; a name that is none is a request that nothing
// was made of.
func (h *HIS) note(name string, f Faults, rep reply) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.seen[name]
	if s == nil {
		s = &served{}
		h.seen[name] = s
	}
	s.count++
	s.at, s.said, s.bad = h.now(), "已应答", false
	kind := kindOf(f)
	switch {
	case kind.Title != "":
		s.said, s.bad = "故障："+kind.Title, true
	case f != Faults{}:
		s.said, s.bad = "故障：自定", true
	case rep.code != wire.CodeOK:
		s.said, s.bad = "拒绝："+rep.message, true
	}
}

// serviceTitle is a service as people say it.
func serviceTitle(name string) string {
	return map[string]string{wire.AskReceipts: "取入库单", wire.AskDrugs: "取药品目录", wire.AskPatients: "查患者", wire.AskStock: "查库存",
		wire.AskCode: "查追溯码", wire.TellDispense: "听发药上报", wire.TellReverse: "听退药冲销", wire.AskDispensed: "查上报结果", "": "认不出的请求"}[name]
}

// Panel is the page that steers the stand-in, for browsers of this machine: a button
// for each fault, receipts and red documents, and how each service was asked.
func (h *HIS) Panel() http.Handler {
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
			http.Error(w, "只允许本机访问", http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-store")
		var v panelView
		if r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
			h.steer(r.PostFormValue("do"), r.PostFormValue("name"), &v)
		}
		h.fillPanel(&v)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := panelPage.Execute(w, v); err != nil {
			panic(http.ErrAbortHandler) // the header is out; breaking off is honest
		}
	})
	return http.NewCrossOriginProtection().Handler(page)
}

// steer does what a button says.
func (h *HIS) steer(do, name string, v *panelView) {
	switch do {
	case "off":
		h.SetFaults(Faults{})
		v.Said = "故障已全部关闭。"
	case "fault":
		for _, k := range FaultKinds() {
			if k.Name == name {
				h.SetFaults(k.Faults)
				v.Said = "已切换为：" + k.Title + "。"
			}
		}
	case "receipt", "bare":
		made, err := h.MakeReceipt(Order{Lines: 2, Packs: 3, FirstDrug: h.Documents() % 20, Codes: do == "receipt"})
		v.made(made, err)
	case "red":
		red, err := h.MakeRed()
		if err != nil {
			v.Said = "没有做成：" + err.Error() + "。"
			return
		}
		v.Said = fmt.Sprintf("红单 %s 已备好，冲销 %s。下次取单时带走。", red.Number, red.Cancels)
	}
	if v.Said == "" {
		v.Said = "没有做成：不认识这个按钮。"
	}
}

// made says what was made, with the codes in the boxes, to be scanned in.
func (v *panelView) made(r wire.Receipt, err error) {
	if err != nil {
		v.Said = "没有做成：" + err.Error() + "。"
		return
	}
	packs := 0
	for _, l := range r.Lines {
		packs += l.Packs
		v.Codes = append(v.Codes, l.Codes...)
	}
	v.Said = fmt.Sprintf("入库单 %s 已备好：%d 种药，%d 盒。下次取单时带走。", r.Number, len(r.Lines), packs)
}

type panelView struct {
	Said                     string
	Codes                    []string
	Now, Does                string
	Bad                      bool
	Kinds                    []panelKind
	Services                 []panelService
	Documents, Sales, Undone int
	Repeats                  int
}

type panelKind struct {
	FaultKind
	On bool
}

type panelService struct {
	Title, Code, About string
	Bad                bool
}

// Text is the codes one on a line, as a scanner sends them.
func (v panelView) Text() string { return strings.Join(v.Codes, "\n") }

func (h *HIS) fillPanel(v *panelView) {
	now, facts := h.Faults(), h.Facts()
	kind := kindOf(now)
	v.Documents, v.Sales, v.Undone, v.Repeats = h.Documents(), facts.Sales, facts.Reversed, facts.Repeats
	v.Now, v.Does, v.Bad = kind.Title, kind.Does, now != Faults{}
	if v.Bad && kind.Title == "" {
		v.Now, v.Does = "自定的故障", "由程序设定，不在下面的按钮里。"
	}
	if now.Times > 0 {
		v.Does += fmt.Sprintf("还持续 %d 次请求。", now.Times)
	}
	for _, k := range FaultKinds() {
		v.Kinds = append(v.Kinds, panelKind{k, v.Bad && k.Name == kind.Name})
	}
	h.fillServices(v)
}

func (h *HIS) fillServices(v *panelView) {
	h.mu.Lock()
	defer h.mu.Unlock()
	names := []string{wire.AskReceipts, wire.AskDrugs, wire.AskStock, wire.AskPatients, wire.AskCode, wire.TellDispense, wire.TellReverse, wire.AskDispensed}
	if h.seen[""] != nil {
		names = append(names, "")
	}
	for _, name := range names {
		p := panelService{Title: serviceTitle(name), Code: h.says.Service(name).Code, About: "还没有人来问"}
		if s := h.seen[name]; s != nil {
			p.About, p.Bad = fmt.Sprintf("%d 次，最近 %s，%s", s.count, s.at.In(china()).Format("15:04:05"), s.said), s.bad
		}
		v.Services = append(v.Services, p)
	}
	sort.SliceStable(v.Services, func(i, j int) bool { return v.Services[i].Bad && !v.Services[j].Bad })
}

var panelPage = template.Must(template.New("panel").Parse(`<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>模拟 HIS</title>
<style>*{box-sizing:border-box}body{font:16px/1.5 sans-serif;max-width:720px;margin:0 auto;padding:16px;background:#f6f8f9;color:#17232e}h1{font-size:20px;margin:0 0 12px}h2{font-size:16px;margin:0 0 8px}h2 small{font-weight:normal}
section{background:#fff;border:1px solid #dfe5ea;border-radius:10px;padding:16px;margin:0 0 16px}form{margin:0}p{margin:0 0 8px}small{color:#5b6b78;display:block;font-size:13px}
button{font:inherit;width:100%;min-height:48px;padding:8px 12px;margin:0 0 8px;border-radius:8px;border:1px solid #5b6b78;background:#fff;color:inherit;text-align:left}
button.main{background:#0a6b75;color:#fff;border-color:#0a6b75;text-align:center}button.on{background:#fff4e0;border:2px solid #b45f06}.now{font-size:18px;font-weight:bold}.good{color:#1c7a3e}.bad{color:#b45f06}
.said{font-weight:bold;background:#e6f3f4;border-radius:8px;padding:12px}ul{list-style:none;margin:0;padding:0}li{border-top:1px solid #dfe5ea;padding:8px 0}li:first-child{border:0}textarea{width:100%;font:14px/1.5 monospace;border:1px solid #dfe5ea;border-radius:8px;padding:8px}
@media(min-width:700px){.two{display:grid;grid-template-columns:1fr 1fr;grid-gap:0 8px}}</style></head><body>
<h1>模拟 HIS（演示）</h1>{{with .Said}}<p class="said" id="said" role="status">{{.}}</p>{{end}}
{{if .Codes}}<section><h2>盒里的追溯码</h2><p><small>取单后，在“入库”里打开这张单，逐个扫或整段粘贴。</small></p><textarea rows="6" readonly aria-label="追溯码">{{.Text}}</textarea></section>{{end}}
<section><p class="now {{if .Bad}}bad{{else}}good{{end}}" id="now">现在：{{if .Bad}}{{.Now}}{{else}}一切正常{{end}}</p>{{with .Does}}<p><small>{{.}}</small></p>{{end}}
{{if .Bad}}<form method="post"><button class="main" name="do" value="off">全部关闭，恢复正常</button></form>{{end}}</section>
<section><h2>单据 <small>共 {{.Documents}} 张</small></h2><form method="post" class="two"><button name="do" value="receipt">发一张新入库单<small>2 种药，各 3 盒，单上列追溯码</small></button><button name="do" value="bare">发一张只有数量的入库单<small>2 种药，各 3 盒，单上没有追溯码</small></button><button name="do" value="red">冲红最近一张<small>发一张红单，整张冲销</small></button></form></section>
<section><h2>故障 <small>一次一种，按下就生效，直到换一种或关闭</small></h2><div class="two">{{range .Kinds}}<form method="post"><input type="hidden" name="name" value="{{.Name}}"><button name="do" value="fault"{{if .On}} class="on" aria-pressed="true"{{end}}>{{if .On}}✓ {{end}}{{.Title}}<small>{{.Does}}</small></button></form>{{end}}</div></section>
<section><h2>各项服务</h2><ul>{{range .Services}}<li>{{.Title}} <small{{if .Bad}} class="bad"{{end}}>{{.About}}{{with .Code}} · {{.}}{{end}}</small></li>{{end}}</ul></section>
<section><h2>听到的上报</h2><p>发药 {{.Sales}} 条，已冲销 {{.Undone}} 条，重复 {{.Repeats}} 条。</p></section>
<form method="get"><button class="main">刷新</button></form></body></html>`))
