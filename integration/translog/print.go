package translog

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"
)

// Text is the Chinese word for a result.
func (r Result) Text() string {
	switch r {
	case OK:
		return "成功"
	case Refused:
		return "被拒"
	case Failed:
		return "失败"
	case Unknown:
		return "未知"
	}
	return string(r)
}

// Text is the Chinese word for a direction.
func (d Direction) Text() string {
	if d == In {
		return "收到"
	}
	return "发出"
}

// Bodies names what Opened.Request and the answer are: of our own addresses the
// request is what the browser asked, whatever then goes out.
func (s Summary) Bodies() (request, answer string) {
	switch {
	case s.Direction == In:
		return "收到的", "答复的"
	case s.System == DeviceSystem, s.System == FileSystem:
		return "请求", "送出的"
	}
	return "发出的", "收到的"
}

func printList(out io.Writer, rows []Summary) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	lines := []string{"时间\t方向\t系统\t服务\t结果\t用时\t请求字节\t应答字节\t人员\t交换编号"}
	for _, s := range rows {
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s",
			s.At.In(zone()).Format("2006-01-02 15:04:05.000"), s.Direction.Text(), s.System, s.Service, s.resultText(),
			(time.Duration(s.DurationUS)*time.Microsecond).Round(100*time.Microsecond), s.Size, s.AnswerSize, s.StaffID, s.Exchange))
	}
	lines = append(lines, fmt.Sprintf("共 %d 条", len(rows)))
	_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
	return errors.Join(err, w.Flush())
}

func (s Summary) resultText() string {
	if s.Open {
		return "未知（没有结果记录：可能仍在进行，或程序在此中断）"
	}
	return s.Result.Text()
}

func printOpened(out io.Writer, o Opened) error {
	s, p := o.Summary, o.Intent
	var b strings.Builder
	fmt.Fprintf(&b, "交换编号  %s（写入方 %s 第 %d 条，链已校验）\n", s.Exchange, s.Writer, s.Seq)
	fmt.Fprintf(&b, "时间      %s\n", s.At.In(zone()).Format("2006-01-02 15:04:05.000000"))
	fmt.Fprintf(&b, "方向系统  %s %s %s\n", s.Direction.Text(), s.System, s.Service)
	fmt.Fprintf(&b, "业务号    %s\n人员      %s（%d）\n地址      %s\n", clean(p.Key), clean(p.Person), s.StaffID, clean(p.Target))
	fmt.Fprintf(&b, "结果      %s\n", s.resultText())
	answer := o.Answer
	if answer == nil {
		answer = &o.Intent
	}
	if answer.Status != 0 || answer.Detail != "" {
		fmt.Fprintf(&b, "应答      HTTP %d %s\n", answer.Status, clean(answer.Detail))
	}
	first, second := s.Bodies()
	fmt.Fprintf(&b, "---- %s %d 字节 ----\n%s\n", first, len(o.Request()), body(o.Request()))
	fmt.Fprintf(&b, "---- %s %d 字节 ----\n%s\n", second, len(answer.Answer), body(answer.Answer))
	_, err := io.WriteString(out, b.String())
	return err
}

func printReport(out io.Writer, r Report, c Checks) error {
	var b strings.Builder
	fmt.Fprintf(&b, "写入方 %d 个，条目 %d 条，没有结果的交换（未知）%d 个，核对锚点 %d 处。\n", r.Writers, r.Entries, r.Open, len(c.Anchored))
	if r.Elsewhere > 0 {
		fmt.Fprintf(&b, "其中 %d 条的正文已移到归档，这里只核对了它们在链上的位置。\n", r.Elsewhere)
	}
	if c.Officer == nil {
		b.WriteString("未提供私钥：只校验了链，没有逐条解密。\n")
	}
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "有误：%s\n", p.Sentence)
	}
	if r.Good() {
		b.WriteString("传输日志完整，没有发现改动。\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// body shows text as text and anything else in hexadecimal.
func body(data []byte) string {
	if utf8.Valid(data) {
		return clean(string(data))
	}
	return fmt.Sprintf("% x", data)
}

// clean keeps another system's control characters from steering the terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || !unicode.IsControl(r) {
			return r
		}
		return '·'
	}, s)
}
