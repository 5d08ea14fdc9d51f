package db

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"
)

// readParameters sorts what stands behind the question mark into settings of
// ours and run-time parameters of the server.
func (c *gaussConfig) readParameters(values url.Values) error {
	for key, list := range values {
		if len(list) != 1 {
			return badDSN("参数 %s 写了多次", key)
		}
		if reason := refusedParameter(key, list[0]); reason != "" {
			return badDSN("不能用参数 %s：%s", key, reason)
		}
		if err := c.readParameter(key, list[0]); err != nil {
			return err
		}
	}
	c.addRuntime()
	return c.checkTogether()
}

// refusedParameter tells why a parameter must not be used with openGauss
// through lib/pq, or "".
func refusedParameter(key, value string) string {
	switch key {
	case "max_protocol_version", "min_protocol_version":
		return "openGauss 不认识协议 3.2，连接会被拒绝；请删去"
	case "lock_timeout":
		return "openGauss 没有这个参数，连接会被断开；请改用 statement_timeout（毫秒）"
	case "idle_in_transaction_session_timeout":
		return "openGauss 按秒计，PostgreSQL 按毫秒计；请在服务器上设置"
	case "binary_parameters", "disable_prepared_binary_result":
		return "与 openGauss 的 jsonb 不合；请删去"
	case "enable_full_encryption", "replication":
		return "会改变通信格式，驱动不支持；请删去"
	case "user", "password", "dbname", "database", "hostaddr", "service", "passfile":
		return "请写在地址里：opengauss://用户:口令@主机:端口/数据库"
	case "sslnegotiation", "sslinline", "sslcrl", "sslpassword", "gssencmode", "krbsrvname", "krbspn", "sslsni":
		return "登录 openGauss 时不支持；请删去"
	}
	if strings.HasPrefix(key, "keepalives") || key == "tcp_user_timeout" {
		return "openGauss 会断开连接；保活由程序自己设置，请删去"
	}
	if key == "options" && strings.Contains(value, "lock_timeout") {
		return "openGauss 没有 lock_timeout；请改用 statement_timeout（毫秒）"
	}
	return ""
}

func (c *gaussConfig) readParameter(key, value string) error {
	switch key {
	case "host", "port":
		return nil // read with the authority
	case "sslmode", "sslrootcert", "sslcert", "sslkey":
		return c.tls.set(key, value)
	case "connect_timeout":
		return c.readTimeout(value)
	case "application_name":
		return c.readApplication(value)
	case "target_session_attrs":
		return c.readTarget(pq.TargetSessionAttrs(value))
	case "load_balance_hosts":
		return c.readBalance(pq.LoadBalanceHosts(value))
	case "gauss_protocol", "gauss_iterations", "gauss_allow":
		return c.readLogin(key, value)
	case "client_encoding":
		return mustBe(key, value, "UTF8", "utf8", "UTF-8", "utf-8")
	case "datestyle":
		return mustBe(key, value, "ISO, MDY")
	}
	c.runtime[key] = value
	return nil
}

func mustBe(key, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return badDSN("%s 只能是 %s", key, allowed[0])
}

func (c *gaussConfig) readTimeout(value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > 3600 {
		return badDSN("connect_timeout 应为 1 到 3600 的秒数")
	}
	// 0 means "for ever" to lib/pq: a server that stops talking in the middle
	// of the login would then hold the caller for good.
	if n > 0 {
		c.timeout = time.Duration(n) * time.Second
	}
	return nil
}

// readApplication refuses the names by which openGauss knows its own tools: it
// behaves differently towards them.
func (c *gaussConfig) readApplication(value string) error {
	own := []string{"gsql", "om", "cm_agent", "wdrxdb", "subscription"}
	low := strings.ToLower(value)
	if slices.Contains(own, low) || strings.HasPrefix(low, "gs_") {
		return badDSN("application_name 不能用 openGauss 自己工具的名字，请换一个")
	}
	c.application = value
	return nil
}

func (c *gaussConfig) readTarget(value pq.TargetSessionAttrs) error {
	switch value {
	case pq.TargetSessionAttrsAny, pq.TargetSessionAttrsReadWrite, pq.TargetSessionAttrsReadOnly,
		pq.TargetSessionAttrsPrimary, pq.TargetSessionAttrsStandby, pq.TargetSessionAttrsPreferStandby:
		c.target = value
		return nil
	}
	return badDSN("target_session_attrs 只能是 any、read-write、read-only、primary、standby 或 prefer-standby")
}

func (c *gaussConfig) readBalance(value pq.LoadBalanceHosts) error {
	switch value {
	case pq.LoadBalanceHostsDisable, pq.LoadBalanceHostsRandom:
		c.balance = value
		return nil
	}
	return badDSN("load_balance_hosts 只能是 disable 或 random")
}

// readLogin reads the settings that only our login knows.
func (c *gaussConfig) readLogin(key, value string) error {
	switch key {
	case "gauss_protocol":
		minors := map[string]uint16{"3.51": 51, "3.0": 0}
		m, ok := minors[value]
		if !ok {
			return badDSN("gauss_protocol 只能是 3.51 或 3.0")
		}
		c.minor = m
		return nil
	case "gauss_iterations":
		n, err := strconv.Atoi(value)
		if err != nil || checkIterations(n) != nil {
			return badDSN("gauss_iterations 应为 %d 到 %d", leastIterations, mostIterations)
		}
		c.iterations = n
		return nil
	}
	return c.allow.set(value)
}

func (a *gaussAllow) set(value string) error {
	for name := range strings.SplitSeq(value, ",") {
		switch name {
		case "md5":
			a.md5 = true
		case "cleartext":
			a.cleartext = true
		case "md5_sha256":
			a.mixed = true
		case "trust":
			a.trust = true
		default:
			return badDSN("gauss_allow 只能是 md5、cleartext、md5_sha256、trust，逗号分隔")
		}
	}
	return nil
}

// addRuntime adds what every session on openGauss needs: numbers below one with
// their zero (0.50, not .50), and no end after ten idle minutes.
func (c *gaussConfig) addRuntime() {
	const option, zero = "behavior_compat_options", "display_leading_zero"
	switch given := c.runtime[option]; {
	case given == "":
		c.runtime[option] = zero
	case !slices.Contains(strings.Split(strings.ReplaceAll(given, " ", ""), ","), zero):
		c.runtime[option] = given + "," + zero
	}
	if _, ok := c.runtime["session_timeout"]; !ok {
		c.runtime["session_timeout"] = "0"
	}
}

// checkTogether refuses settings that contradict one another.
func (c *gaussConfig) checkTogether() error {
	if err := c.tls.check(); err != nil {
		return err
	}
	if c.allow.cleartext && !c.tls.verified() {
		return badDSN("gauss_allow=cleartext 会把口令原样发出，只能与 sslmode=verify-full 或 verify-ca 同用")
	}
	return nil
}
