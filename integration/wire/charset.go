package wire

import (
	"bytes"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

var declared = regexp.MustCompile(`^<\?xml[^>]{0,200}encoding\s*=\s*["']([A-Za-z0-9_.-]{1,40})["']`)

// toUTF8 turns a body into UTF-8. Its encoding is what the XML declaration says,
// else the charset of the Content-Type, else UTF-8. GB18030 and its forerunners are
// known; what does not decode, or decodes into the replacement character, is
// refused: a name with a hole in it is nobody's name. Error: *DocumentError.
func toUTF8(data []byte, contentType string) ([]byte, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	charset := ""
	if m := declared.FindSubmatch(data); m != nil {
		charset = string(m[1])
	} else if _, params, err := mime.ParseMediaType(contentType); err == nil {
		charset = params["charset"]
	}
	switch strings.ToLower(charset) {
	case "", "utf-8", "utf8", "us-ascii":
		if !utf8.Valid(data) {
			return nil, refuse("", "编码不是 UTF-8")
		}
		return data, nil
	case "gb18030", "gbk", "gb2312", "cp936":
		out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
		if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
			return nil, refuse("", "声明为 "+charset+" 编码，但有无法识别的字")
		}
		return out, nil
	}
	return nil, refuse("", "编码 "+cut(charset, 40)+" 不认识，只收 UTF-8 和 GB18030")
}
