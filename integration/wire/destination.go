package wire

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Destination is a further system that hears dispensing facts, beside HIS: the
// insurance, a platform of the district. It has its own envelope, services and fields
// like any system of the mapping file.
type Destination struct {
	// Name is its key in the file and in our tables.
	Name string `json:"-"`
	// Title is what people read, at most 20 characters.
	Title string `json:"title"`
	// Address is http(s)://host[:port]; AppID is our number there, KeyFile the path of
	// the file with the key that signs: the key itself does not stand in a mapping file.
	Address string `json:"address"`
	AppID   string `json:"app_id"`
	KeyFile string `json:"key_file"`
}

// Destinations are the systems of the file that hear facts beside HIS, by their names.
func (p Platform) Destinations() []Destination { return p.facts }

var destinationName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,19}$`)

// destination checks the name of a system, and that one which is not HIS says where it
// is and how it signs.
func (c *checker) destination(key string, f systemFile) {
	name, d := strings.TrimPrefix(key, "systems."), f.Facts
	if slices.Contains(knownSystems(), name) {
		if d != nil {
			c.say(key+".facts", "HIS 的地址和密钥由启动参数给出，这里不写。")
		}
		return
	}
	if d == nil {
		c.say(key, "不认识的系统。可写 %s；另一个上报去处要写明 facts；CA 写在最外层的 ca 里。", strings.Join(knownSystems(), "、"))
		return
	}
	if !destinationName.MatchString(name) || name == "dispensing" {
		c.say(key, "上报去处的名字用小写字母、数字和下划线，以字母开头，最多 20 个，不能叫 dispensing。")
	}
	c.title(key+".facts.title", strings.TrimSpace(d.Title))
	u, err := url.Parse(d.Address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
		c.say(key+".facts.address", "须为 http(s)://主机[:端口]，不带口令和参数。")
	}
	if d.AppID == "" || d.KeyFile == "" {
		c.say(key+".facts", "app_id 和 key_file 都要写；密钥放在 key_file 指的文件里，不写进本文件。")
	}
}

// reservedTitles are what the transfer log calls others: HIS, the CA, the devices, the
// files and the program itself.
func reservedTitles() []string {
	return []string{"HIS", "CA", "PLATFORM", "DEVICE", "FILE", "JINGFANG"}
}

// title checks what people read of a destination. The transfer log knows systems by
// it, so no two may share one.
func (c *checker) title(key, title string) {
	n := utf8.RuneCountInString(title)
	switch {
	case n == 0 || n > 20:
		c.say(key, "缺少，或超过 20 个字。请写给人看的名称，如“医保”。")
	case slices.Contains(reservedTitles(), strings.ToUpper(title)) || slices.Contains(c.titles, title):
		c.say(key, "名称 %s 已用于别的系统。请换一个，传输日志按名称区分系统。", title)
	}
	c.titles = append(c.titles, title)
}
