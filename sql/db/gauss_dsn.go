package db

import (
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"
)

// gaussConfig is a parsed opengauss:// DSN.
type gaussConfig struct {
	hosts          []gaussHost // in the order given, at least one
	user, database string
	password       gaussSecret
	application    string
	minor          uint16 // protocol 3.minor asked for: 51, or 0
	iterations     int    // for protocol 3.0 and for code 11, which carry no count
	allow          gaussAllow
	tls            gaussTLS
	timeout        time.Duration // of dialling, TLS and login together
	target         pq.TargetSessionAttrs
	balance        pq.LoadBalanceHosts
	runtime        map[string]string // run-time parameters of the start-up packet

	holdFirst, holdMost time.Duration
	now                 func() time.Time
}

// gaussHost is one server of the list; an absolute path names a socket folder.
type gaussHost struct {
	name string
	port uint16
}

// gaussAllow names the weak logins the DSN permits with gauss_allow=…; all are
// refused otherwise.
type gaussAllow struct {
	md5       bool // code 5: MD5 of a stored MD5
	cleartext bool // code 3: the password itself
	mixed     bool // code 11: MD5 over SHA-256 material
	trust     bool // AuthenticationOk without a question
}

// parseGaussDSN reads opengauss://user:password@host[:port][,host[:port]…]/db?….
// Its errors never quote the DSN, which holds the password.
func parseGaussDSN(dsn string) (gaussConfig, error) {
	c := gaussConfig{
		timeout: gaussTimeout, minor: 51, iterations: gaussIterations,
		holdFirst: gaussHoldFirst, holdMost: gaussHoldMost, now: time.Now,
		runtime: map[string]string{},
	}
	rest, ok := strings.CutPrefix(dsn, "opengauss://")
	if !ok {
		return c, badDSN("须以 opengauss:// 开头")
	}
	authority, rest := cutAny(rest, "/?")
	path, query, _ := strings.Cut(rest, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return c, badDSN("问号后的参数写法有误，特殊字符要写成 %%XX")
	}
	if err := c.readAuthority(authority, values); err != nil {
		return c, err
	}
	if c.database, err = url.PathUnescape(strings.TrimPrefix(path, "/")); err != nil || c.database == "" {
		return c, badDSN("没有写数据库名，应为 opengauss://用户:口令@主机:端口/数据库")
	}
	return c, c.readParameters(values)
}

// readAuthority reads user:password@host:port,host:port. net/url cannot: it
// refuses more than one port.
func (c *gaussConfig) readAuthority(authority string, values url.Values) error {
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return badDSN("没有写用户名和口令")
	}
	user, password, _ := strings.Cut(authority[:at], ":")
	user, err := url.PathUnescape(user)
	if err != nil || user == "" {
		return badDSN("用户名写法有误，特殊字符要写成 %%XX")
	}
	password, err = url.PathUnescape(password)
	if err != nil || password == "" || strings.IndexByte(password, 0) >= 0 {
		return badDSN("没有口令，或口令写法有误，特殊字符要写成 %%XX")
	}
	c.user, c.password = user, newGaussSecret(password)
	hosts, err := url.PathUnescape(authority[at+1:])
	if err != nil {
		return badDSN("主机名写法有误")
	}
	return c.readHosts(hosts, values.Get("host"), values.Get("port"))
}

// readHosts takes the hosts of the authority, or of ?host= (a socket folder
// cannot stand in an authority), and the ports from there or from ?port=, one
// for all or one for each.
func (c *gaussConfig) readHosts(authority, query, ports string) error {
	if authority == "" {
		authority = query
	}
	if authority == "" {
		return badDSN("没有写主机")
	}
	names := strings.Split(authority, ",")
	list := strings.Split(ports, ",")
	if len(list) != 1 && len(list) != len(names) {
		return badDSN("port 要么写一个，要么与主机一样多")
	}
	for i, name := range names {
		h, err := readHost(name, list[min(i, len(list)-1)])
		if err != nil {
			return err
		}
		c.hosts = append(c.hosts, h)
	}
	return nil
}

func readHost(name, port string) (gaussHost, error) {
	host := strings.Trim(name, "[]")
	if h, p, err := net.SplitHostPort(name); err == nil {
		host, port = h, p
	}
	if port == "" {
		port = "5432"
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || host == "" {
		return gaussHost{}, badDSN("主机或端口写法有误（%s）", name)
	}
	return gaussHost{name: host, port: uint16(n)}, nil
}

// cutAny splits s before the first of the characters.
func cutAny(s, chars string) (before, rest string) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

func badDSN(format string, args ...any) *Error {
	return Refuse(Invalid, "openGauss 连接串："+format+"。", args...)
}
