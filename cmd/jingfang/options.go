package main

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"jingfang/integration/wire"
)

// options is the table of everything that can be set. Help and -print-config
// are made from it.
func options() []option {
	serve, demo := []string{"serve"}, []string{"demo"}
	both := []string{"serve", "demo"}
	reads := []string{"verify stock", "verify ledger", "verify records", "verify transferlog", "verify audit", "transferlog list", "transferlog show", "transferlog verify", "transferlog export", "transferlog archive", "transferlog trim", "password reset"}
	data := append([]string{"serve", "demo", "officer use"}, reads...)
	database := append([]string{"serve", "demo", "migrate"}, reads...)
	return []option{
		{name: "data", on: data, def: defaultData(), about: "数据文件夹：密钥、证书；演示时还有数据库", bind: func(c *config) any { return &c.Data }},
		{name: "addr", on: both, def: "127.0.0.1:8080", check: checkAddr, about: "监听地址；不是本机地址时用 HTTPS", bind: func(c *config) any { return &c.Addr }},
		{name: "dsn", on: database, secret: true, about: "程序使用的数据库用户，postgres://… 或 opengauss://…；演示时不设即用自带数据库", bind: func(c *config) any { return &c.DSN }},
		{name: "owner-dsn", on: []string{"migrate", "demo", "transferlog trim"}, secret: true, about: "建表和授权的数据库用户", bind: func(c *config) any { return &c.OwnerDSN }},
		{name: "max-open", on: both, def: "25", check: checkCount, about: "数据库连接数上限", bind: func(c *config) any { return &c.MaxOpen }},

		{name: "tls-cert", on: both, check: checkFile, about: "医院的证书文件（PEM，含中间证书）", bind: func(c *config) any { return &c.TLSCert }},
		{name: "tls-key", on: both, check: checkFile, about: "证书的私钥文件（PEM）", bind: func(c *config) any { return &c.TLSKey }},
		{name: "host", on: both, about: "自制证书里另外写入的域名或地址，逗号分隔", bind: func(c *config) any { return &c.Hosts }},
		{name: "front-https", on: serve, def: "false", about: "前面有负载均衡提供 HTTPS，本程序只在本机地址提供 HTTP", bind: func(c *config) any { return &c.FrontHTTPS }},
		{name: "proxies", on: serve, check: checkPrefixes, about: "负载均衡的网段，逗号分隔；只相信它们给出的客户端地址", bind: func(c *config) any { return &c.Proxies }},

		{name: "metrics-from", on: both, check: checkPrefixes, about: "除本机外可以读取 /metrics 的网段，逗号分隔", bind: func(c *config) any { return &c.MetricsFrom }},
		{name: "log-level", on: both, def: "info", check: oneOf("debug", "info", "warn", "error"), about: "日志级别：debug、info、warn、error", bind: func(c *config) any { return &c.LogLevel }},
		{name: "log-format", on: both, def: "text", check: oneOf("text", "json"), about: "日志格式：text 或 json", bind: func(c *config) any { return &c.LogFormat }},
		{name: "idle-lock", on: both, def: "15m", about: "多久没有操作就锁屏", bind: func(c *config) any { return &c.IdleLock }},
		{name: "anchor-every", on: both, def: "1h", about: "多久签一次链头锚点", bind: func(c *config) any { return &c.AnchorEvery }},
		{name: "dev", on: both, def: "false", about: "打开 /dev/gallery 样板页", bind: func(c *config) any { return &c.Dev }},

		{name: "his-url", on: serve, check: checkURL, about: "HIS 接口地址；不设则不拉取单据", bind: func(c *config) any { return &c.HISURL }},
		{name: "his-app", on: serve, about: "HIS 给本系统的应用编号", bind: func(c *config) any { return &c.HISApp }},
		{name: "his-key", on: serve, secret: true, about: "与 HIS 约定的签名密钥", bind: func(c *config) any { return &c.HISKey }},
		{name: "platform", on: []string{"serve", "verify platform"}, check: checkFile, about: "接口对照文件：医院各系统的信封、服务代码和字段名；不设则用本系统自己的 JSON", bind: func(c *config) any { return &c.Platform }},
		{name: "his-every", on: both, def: "30s", about: "多久向 HIS 拉取一次单据", bind: func(c *config) any { return &c.HISEvery }},

		{name: "ca-url", on: serve, check: checkURL, about: "CA 接口地址；不设则只用密码登录，记录不经 CA 签名", bind: func(c *config) any { return &c.CAURL }},
		{name: "ca-vendor", on: serve, def: "netca", check: oneOf(wire.CAVendors()...), about: "CA 厂商的接口样式：" + strings.Join(wire.CAVendors(), "、"), bind: func(c *config) any { return &c.CAVendor }},
		{name: "ca-app", on: serve, about: "CA 给本系统的应用编号", bind: func(c *config) any { return &c.CAApp }},
		{name: "ca-key", on: serve, secret: true, about: "与 CA 约定的签名密钥", bind: func(c *config) any { return &c.CAKey }},
		{name: "ca-roots", on: []string{"serve", "verify records"}, check: checkFile, about: "CA 的证书文件（PEM）：签发人员证书的各级证书和证书网关的证书", bind: func(c *config) any { return &c.CARoots }},
		{name: "ca-roles", on: serve, about: "必须扫码登录的角色，如 doctor，逗号分隔", bind: func(c *config) any { return &c.CARoles }},
		{name: "ca-otp-roles", on: serve, about: "其中 CA 不可用时可以用密码加动态码登录的角色", bind: func(c *config) any { return &c.CAOtpRoles }},
		{name: "ca-every", on: both, def: "10s", about: "多久看一次有没有等待 CA 签名的记录", bind: func(c *config) any { return &c.CAEvery }},

		{name: "password", on: demo, secret: true, flagged: true, about: "演示账号的密码；不设则第一次启动时生成", bind: func(c *config) any { return &c.Password }},
		{name: "tour", on: demo, def: "false", about: "自动走完一个义诊日，打印经过后退出", bind: func(c *config) any { return &c.Tour }},
		{name: "load", on: demo, def: "0", check: checkCount, about: "为压力测试准备这么多个进行中的场次（每个 1500 盒药）", bind: func(c *config) any { return &c.Load }},
		{name: "history", on: demo, about: "生成多年的历史数据，如 30y", bind: func(c *config) any { return &c.History }},

		{name: "passphrase", on: []string{"transferlog list", "transferlog show", "transferlog verify", "officer new"}, secret: true, about: "日志审计员私钥的口令；不设则在终端输入", bind: func(c *config) any { return &c.Passphrase }},
		{name: "officer-key", on: serve, check: checkFile, about: "日志审计员的私钥文件放在服务器上的位置；不设则网页上每次选择文件", bind: func(c *config) any { return &c.OfficerKey }},
		{name: "archive", on: both, about: "传输日志归档文件夹，最好在另一块盘或挂载的存储上；不设则为数据文件夹下的 archive", bind: func(c *config) any { return &c.Archive }},
		{name: "print-config", on: append([]string{"migrate"}, both...), def: "false", about: "只打印生效的配置（密码等不显示）后退出", bind: func(c *config) any { return &c.PrintConfig }},
	}
}

// defaultData is a folder in the user's cache; a service account without one
// has to say where its data goes.
func defaultData() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, "jingfang")
}

func checkAddr(text string) error {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return fmt.Errorf("须写成 地址:端口，如 127.0.0.1:8080 或 :8443，现在是 %q。", text)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return fmt.Errorf("端口 %q 无效。", port)
	}
	if strings.ContainsAny(host, " /") {
		return fmt.Errorf("地址 %q 无效。", host)
	}
	return nil
}

func checkCount(text string) error {
	for _, r := range text {
		if r < '0' || r > '9' || len(text) > 4 {
			return fmt.Errorf("须为 0 到 9999 的整数，现在是 %q。", text)
		}
	}
	return nil
}

func checkFile(text string) error {
	if info, err := os.Stat(text); err != nil || info.IsDir() {
		return fmt.Errorf("文件 %s 读不到。", text)
	}
	return nil
}

func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("须以 http:// 或 https:// 开头。")
	}
	if u.User != nil {
		return fmt.Errorf("地址里不能写用户名和密码，签名密钥请用 JINGFANG_HIS_KEY_FILE。")
	}
	return nil
}

func checkPrefixes(text string) error {
	_, err := prefixes(splitList(text))
	return err
}

// prefixes reads networks; a single address is a network of one.
func prefixes(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range list {
		if a, err := netip.ParseAddr(text); err == nil {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("网段 %q 无效，须写成 10.1.2.0/24 或一个地址。", text)
		}
		out = append(out, p)
	}
	return out, nil
}

func oneOf(values ...string) func(string) error {
	return func(text string) error {
		if slices.Contains(values, text) {
			return nil
		}
		return fmt.Errorf("须为 %s 之一，现在是 %q。", strings.Join(values, "、"), text)
	}
}
