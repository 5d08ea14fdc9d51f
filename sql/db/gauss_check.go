package db

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// gaussVersion finds the main number in "(openGauss-lite 6.0.0 build …)".
var gaussVersion = regexp.MustCompile(`openGauss[^0-9(]*(\d+)\.`)

// checkGauss asks a new pool's server what it is. Other compatibility modes
// treat the empty text as NULL and dates as times, another encoding breaks Chinese text, and
// before 5.0 statements we use are missing: none of them can be mended later.
func checkGauss(ctx context.Context, pool *sql.DB) error {
	facts := map[string]string{}
	for _, q := range []string{`SELECT version()`, `SHOW sql_compatibility`, `SHOW server_encoding`} {
		var v string
		if err := pool.QueryRowContext(ctx, q).Scan(&v); err != nil {
			return fmt.Errorf("openGauss start-up check (%s): %w", q, err)
		}
		facts[q] = v
	}
	return judgeGauss(facts[`SELECT version()`], facts[`SHOW sql_compatibility`], facts[`SHOW server_encoding`])
}

func judgeGauss(version, mode, encoding string) error {
	if !strings.Contains(version, "openGauss") {
		return Refuse(Invalid, "连接串写的是 opengauss://，对方却不是 openGauss。请改用 postgres://，或检查地址。")
	}
	if m := gaussVersion.FindStringSubmatch(version); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil && n < 5 {
			return Refuse(Invalid, "这台 openGauss 是 %d.x 版，太旧。请升级到 5.0 或 6.0 LTS。", n)
		}
	}
	if mode != "PG" {
		return Refuse(Invalid, "数据库的兼容模式是 %s，须为 PG，且建库后不能再改。"+
			"请重新建库：CREATE DATABASE … ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' DBCOMPATIBILITY 'PG' TEMPLATE template0。", mode)
	}
	if encoding != "UTF8" {
		return Refuse(Invalid, "数据库编码是 %s，须为 UTF8。请用 ENCODING 'UTF8' 重新建库。", encoding)
	}
	return nil
}
