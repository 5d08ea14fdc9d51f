package db

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"
)

func TestParseGaussDSN(t *testing.T) {
	c, err := parseGaussDSN("opengauss://app:p%40ss%2F%E5%AF%86@db1:5433,db2,[::1]:7654/clinic?search_path=jingfang" +
		"&sslmode=disable&connect_timeout=3&target_session_attrs=primary&load_balance_hosts=random&application_name=jingfang" +
		"&gauss_allow=md5,md5_sha256&gauss_protocol=3.0&gauss_iterations=20000&behavior_compat_options=skip_insert_gs_source")
	if err != nil {
		t.Fatal(err)
	}
	if c.user != "app" || c.password.open() != "p@ss/密" || c.database != "clinic" || c.application != "jingfang" {
		t.Errorf("user %q, database %q, application %q or the password is wrong", c.user, c.database, c.application)
	}
	if want := []gaussHost{{"db1", 5433}, {"db2", 5432}, {"::1", 7654}}; len(c.hosts) != 3 || [3]gaussHost(c.hosts) != [3]gaussHost(want) {
		t.Errorf("hosts %v", c.hosts)
	}
	if c.timeout != 3*time.Second || c.minor != 0 || c.iterations != 20000 || c.target != pq.TargetSessionAttrsPrimary || c.balance != pq.LoadBalanceHostsRandom {
		t.Errorf("settings %+v", c)
	}
	if c.allow != (gaussAllow{md5: true, mixed: true}) {
		t.Errorf("allow %+v", c.allow)
	}
	if c.runtime["behavior_compat_options"] != "skip_insert_gs_source,display_leading_zero" ||
		c.runtime["session_timeout"] != "0" || c.runtime["search_path"] != "jingfang" || len(c.runtime) != 3 {
		t.Errorf("run-time parameters %v", c.runtime)
	}
}

func TestParseGaussDSN_defaults(t *testing.T) {
	c, err := parseGaussDSN("opengauss://app:x@db/clinic")
	if err != nil {
		t.Fatal(err)
	}
	if c.minor != 51 || c.timeout != 10*time.Second || c.tls.mode != "verify-full" || !c.tls.verified() || c.allow != (gaussAllow{}) {
		t.Errorf("defaults %+v", c)
	}
	p := gaussDriverConfig(c)
	if p.Password != "" {
		t.Error("the driver holds the password although it need not answer")
	}
	if p.SSLMode != pq.SSLModeDisable || p.Runtime["behavior_compat_options"] != "display_leading_zero" {
		t.Errorf("driver configuration %+v", p)
	}
	c, err = parseGaussDSN("opengauss://app:x@/clinic?host=/run/gauss&port=7654")
	if err != nil || c.hosts[0] != (gaussHost{"/run/gauss", 7654}) {
		t.Errorf("socket folder: %v, %v", c.hosts, err)
	}
}

// The environment of the service must not change the login.
func TestGaussIgnoresEnvironment(t *testing.T) {
	for k, v := range map[string]string{"PGMAXPROTOCOLVERSION": "3.2", "PGHOSTADDR": "203.0.113.1", "PGAPPNAME": "gsql", "PGOPTIONS": "-c x=y", "PGREALM": "x"} {
		t.Setenv(k, v)
	}
	c, err := parseGaussDSN("opengauss://app:x@db/clinic")
	if err != nil {
		t.Fatal(err)
	}
	p := gaussDriverConfig(c)
	if p.MaxProtocolVersion != pq.ProtocolVersion30 || p.Hostaddr.IsValid() || p.ApplicationName != "" || p.Options != "" {
		t.Errorf("configuration from the environment: %+v", p)
	}
}

func TestParseGaussDSN_refused(t *testing.T) {
	const base = "opengauss://app:Geheim1@db:5432/clinic"
	for dsn, want := range map[string]string{
		"postgres://app:Geheim1@db/clinic":               "opengauss://",
		"opengauss://db/clinic":                          "用户名",
		"opengauss://app@db/clinic":                      "口令",
		"opengauss://app:Geheim1%zz@db/clinic":           "口令",
		"opengauss://app:Geheim1%00@db/clinic":           "口令",
		"opengauss://app:Geheim1@/clinic":                "主机",
		"opengauss://app:Geheim1@db:0/clinic":            "端口",
		"opengauss://app:Geheim1@db:port/clinic":         "端口",
		"opengauss://app:Geheim1@db":                     "数据库名",
		base + "?sslmode=%zz":                            "参数",
		base + "?max_protocol_version=3.2":               "3.2",
		base + "?min_protocol_version=3.0":               "3.2",
		base + "?keepalives_idle=30":                     "保活",
		base + "?lock_timeout=5s":                        "statement_timeout",
		base + "?options=-c%20lock_timeout=5s":           "statement_timeout",
		base + "?idle_in_transaction_session_timeout=60": "按秒",
		base + "?binary_parameters=yes":                  "jsonb",
		base + "?enable_full_encryption=1":               "通信格式",
		base + "?application_name=gsql":                  "application_name",
		base + "?application_name=gs_dump":               "application_name",
		base + "?password=Geheim1":                       "写在地址里",
		base + "?hostaddr=10.0.0.1":                      "写在地址里",
		base + "?sslmode=prefer":                         "verify-full",
		base + "?sslmode=verify-ca":                      "sslrootcert",
		base + "?sslmode=require&sslrootcert=system":     "verify-full",
		base + "?sslcert=a.crt":                          "sslkey",
		base + "?sslmode=disable&gauss_allow=cleartext":  "verify-full",
		base + "?gauss_allow=all":                        "gauss_allow",
		base + "?gauss_protocol=3.2":                     "gauss_protocol",
		base + "?gauss_iterations=1":                     "2048",
		base + "?connect_timeout=soon":                   "connect_timeout",
		base + "?target_session_attrs=master":            "primary",
		base + "?load_balance_hosts=yes":                 "random",
		base + "?client_encoding=GBK":                    "UTF8",
		base + "?search_path=a&search_path=b":            "多次",
		base + "?host=x&port=1,2":                        "一样多",
	} {
		_, err := parseGaussDSN(dsn)
		if err == nil {
			t.Errorf("%s: accepted", dsn)
			continue
		}
		if KindOf(err) != Invalid || !strings.Contains(Sentence(err), want) {
			t.Errorf("%s: %v, want a sentence with %q", dsn, err, want)
		}
		if strings.Contains(err.Error(), "Geheim") {
			t.Errorf("%s: the error shows the password: %v", dsn, err)
		}
	}
}

func TestGaussTLSFiles(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"sslrootcert=" + empty + ".missing":         "读不到根证书",
		"sslrootcert=" + empty:                      "没有 PEM 证书",
		"sslcert=" + empty + "&sslkey=" + empty:     "客户端证书",
		"sslmode=require&sslrootcert=/no/such/file": "读不到根证书",
	} {
		_, err := gaussConnector("opengauss://app:x@db/clinic?" + query)
		if KindOf(err) != Invalid || !strings.Contains(Sentence(err), want) {
			t.Errorf("%s: %v, want %q", query, err, want)
		}
	}
}

func TestJudgeGauss(t *testing.T) {
	const six = "(openGauss-lite 6.0.0 build 0bd0ce80) compiled at 2024-09-30"
	for _, c := range []struct{ version, mode, encoding, want string }{
		{six, "PG", "UTF8", ""},
		{"(openGauss 7.0.0-RC1 build 1) compiled", "PG", "UTF8", ""},
		{"PostgreSQL 9.2.4 (openGauss 5.0.1 build 2) compiled", "PG", "UTF8", ""},
		{"PostgreSQL 15.8 on x86_64", "PG", "UTF8", "不是 openGauss"},
		{"(openGauss 2.1.0 build 590b0f8e) compiled", "PG", "UTF8", "太旧"},
		{six, "A", "UTF8", "DBCOMPATIBILITY 'PG'"},
		{six, "PG", "SQL_ASCII", "UTF8"},
	} {
		err := judgeGauss(c.version, c.mode, c.encoding)
		if c.want == "" && err != nil || c.want != "" && (KindOf(err) != Invalid || !strings.Contains(Sentence(err), c.want)) {
			t.Errorf("%s %s %s: %v, want %q", c.version, c.mode, c.encoding, err, c.want)
		}
	}
}
