package inventory

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// relationXML reads the form of 码上放心: Document › Relation › Batch › Code, all
// values as attributes. It is read as a stream; there are no entities but the
// five of XML, and nothing outside of the file is looked at.
type relationXML struct {
	d        *xml.Decoder
	rows     []RelationRow
	problems Problems
	depth    int
	cascade  []int
	batch    RelationRow // what the Batch around the codes says
}

// errRelation ends the reading of a file with the problem already noted.
var errRelation = errors.New("the relation file cannot be read on")

// maxXMLDepth is far below what a decoder could be worn out with.
const maxXMLDepth = 16

func readRelationXML(body []byte) ([]RelationRow, Problems) {
	r := &relationXML{d: xml.NewDecoder(bytes.NewReader(body))}
	r.d.CharsetReader = chineseCharset
	for {
		token, err := r.d.Token()
		if errors.Is(err, io.EOF) && r.depth == 0 {
			break
		}
		if err != nil {
			r.unreadable(err)
			break
		}
		if err := r.take(token); err != nil {
			break
		}
	}
	if r.problems.Total == 0 && len(r.rows) == 0 {
		r.problems.add(0, "", "文件里没有任何码（Code），不是箱码关系文件")
	}
	return r.rows, r.problems
}

// chineseCharset decodes what an XML file of a Chinese program may be written in.
func chineseCharset(name string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "utf-8", "utf8":
		return in, nil
	case "gb2312", "gbk", "gb18030", "cp936":
		return simplifiedchinese.GB18030.NewDecoder().Reader(in), nil
	}
	return nil, fmt.Errorf("encoding %q is not supported", name)
}

func (r *relationXML) line() int {
	line, _ := r.d.InputPos()
	return line
}

// unreadable says why a file ends here.
func (r *relationXML) unreadable(err error) {
	text := err.Error()
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(text, "unexpected EOF"):
		r.problems.add(r.line(), "", "文件在这里中断，可能没有传完整，请重新导出")
	case strings.Contains(text, "encoding"):
		r.problems.add(1, "", "文件的编码不支持，请用 UTF-8 或 GB18030 保存")
	case strings.Contains(text, "invalid UTF-8"):
		r.problems.add(r.line(), "", "文件里有乱码：声明的编码和实际不一致，请用 UTF-8 保存")
	default:
		r.problems.add(r.line(), "", "XML 的写法不对，请用导出的原文件，不要手工改")
	}
}

func (r *relationXML) take(token xml.Token) error {
	switch t := token.(type) {
	case xml.Directive:
		r.problems.add(r.line(), "", "文件里有 DOCTYPE 声明，不接受，请用导出的原文件")
		return errRelation
	case xml.StartElement:
		r.depth++
		if r.depth > maxXMLDepth {
			r.problems.add(r.line(), "", "标签嵌套太深，不是箱码关系文件")
			return errRelation
		}
		return r.start(t)
	case xml.EndElement:
		r.depth--
		switch t.Name.Local {
		case "Batch":
			r.batch = RelationRow{}
		case "Relation":
			r.cascade = nil
		}
	}
	return nil
}

func (r *relationXML) start(t xml.StartElement) error {
	switch t.Name.Local {
	case "Relation":
		r.cascade = ratio(attr(t, "cascade"))
		if r.cascade == nil {
			r.cascade = ratio(attr(t, "packageSpec"))
		}
	case "Batch":
		r.batch = RelationRow{Batch: attr(t, "batchNo"), MadeOn: r.day(attr(t, "madeDate"), "生产日期"), ExpiresOn: r.day(attr(t, "validateDate"), "有效期")}
	case "Code":
		return r.code(t)
	}
	return nil
}

// code takes one code down.
func (r *relationXML) code(t xml.StartElement) error {
	if len(r.rows) == maxRelationRows {
		r.problems.add(r.line(), "", "一个文件最多 %d 个码，请分成几个文件", maxRelationRows)
		return errRelation
	}
	row := r.batch
	row.Line, row.Code, row.Parent = r.line(), attr(t, "curCode"), attr(t, "parentCode")
	if row.Code == "" {
		r.problems.add(row.Line, "", "Code 没有 curCode")
		return nil
	}
	level, err := strconv.Atoi(attr(t, "packLayer"))
	if err != nil {
		r.problems.add(row.Line, row.Code, "packLayer “%s”不是数字", printable(attr(t, "packLayer")))
		return nil
	}
	if flag := attr(t, "flag"); flag != "" {
		n, err := strconv.Atoi(flag)
		if err != nil || n < 0 || n > 3 {
			r.problems.add(row.Line, row.Code, "flag “%s”不对，应是 0 正常、1 拼箱、2 零箱或 3", printable(flag))
			return nil
		}
		row.Status = BoxStatus(n)
	}
	row.Level, row.PerCarton = level, perCarton(r.cascade, level)
	r.rows = append(r.rows, row)
	return nil
}

// attr is an attribute whatever the case of its name.
func attr(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if strings.EqualFold(a.Name.Local, name) {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

func (r *relationXML) day(text, what string) time.Time {
	day, err := relationDay(text)
	if err != nil {
		r.problems.add(r.line(), "", "%s“%s”看不懂，请写成 2026-03-31", what, printable(text))
	}
	return day
}

// relationDay reads a date as exports write it; empty is the zero time.
func relationDay(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if i := strings.IndexAny(text, " T"); i > 0 {
		text = text[:i]
	}
	var err error
	for _, layout := range []string{"2006-01-02", "20060102", "2006/01/02", "2006/1/2", "2006-1-2", "2006.01.02"} {
		var day time.Time
		if day, err = time.Parse(layout, text); err == nil {
			return day, nil
		}
	}
	return time.Time{}, fmt.Errorf("read date: %w", err)
}

// ratio reads a pack ratio such as 1:10:200, from the outermost pack inwards: one
// carton, its middle packs, its small packs. Anything else is nil.
func ratio(text string) []int {
	parts := strings.FieldsFunc(text, func(c rune) bool { return c == ':' || c == '：' })
	if len(parts) < 2 || len(parts) > 3 {
		return nil
	}
	var list []int
	for i, p := range parts {
		n, err := strconv.Atoi(strings.TrimSpace(p))
		if err != nil || n < 1 || i == 0 && n != 1 || i > 0 && n < list[i-1] {
			return nil
		}
		list = append(list, n)
	}
	return list
}

// perCarton is how many small packs a full pack of a level holds by the ratio;
// zero where the ratio does not tell.
func perCarton(ratio []int, level int) int {
	n := len(ratio)
	if level < 2 || n == 0 {
		return 0
	}
	small := ratio[n-1]
	outer := ratio[0]
	if level == 2 && n == 3 {
		outer = ratio[1]
	}
	if small%outer != 0 {
		return 0
	}
	return small / outer
}
