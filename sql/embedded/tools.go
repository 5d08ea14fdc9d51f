package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// ErrMissing says that no usable PostgreSQL is installed.
var ErrMissing = errors.New("没有找到 PostgreSQL 数据库程序")

// ErrVersion says that the folder belongs to another major version than any
// that is installed.
var ErrVersion = errors.New("数据库文件夹的版本与本机的 PostgreSQL 不符")

// oldest is the oldest major version that our SQL is tested on; preferred the
// one of the distribution we test on.
const (
	oldest    = 13
	preferred = 15
)

// tools is one installed version of the database's programs.
type tools struct {
	dir   string
	major int
}

func (t tools) path(name string) string { return filepath.Join(t.dir, name) }

// findTools picks the version that made the folder's data, else the preferred
// one, else the newest.
func findTools(ctx context.Context, binDir string, f folder) (tools, error) {
	found := installed(ctx, binDir)
	want, err := f.dataVersion()
	if err != nil {
		return tools{}, err
	}
	if want == 0 {
		return best(found)
	}
	var have []string
	for _, t := range found {
		if t.major == want {
			return t, nil
		}
		have = append(have, strconv.Itoa(t.major))
	}
	if len(have) == 0 {
		return best(nil)
	}
	return tools{}, fmt.Errorf("%w：%s 由 PostgreSQL %d 建立，本机只有 PostgreSQL %s。"+
		"请安装 postgresql-%d，或用 -data 指定另一个文件夹", ErrVersion, f.dir, want, strings.Join(have, "、"), want)
}

func best(found []tools) (tools, error) {
	var b tools
	for _, t := range found {
		if t.major == preferred {
			return t, nil
		}
		if t.major > b.major {
			b = t
		}
	}
	if b.major == 0 {
		return b, fmt.Errorf("%w（需要 %d 或更新的版本）。请先安装："+
			"Debian、Ubuntu、UOS、麒麟用 apt-get install --no-install-recommends postgresql；"+
			"openEuler 用 dnf install postgresql-server；或直接运行 sh deploy/demo.sh，它会自动安装", ErrMissing, oldest)
	}
	return b, nil
}

// installed lists the complete sets of programs in the usual places, each
// major version once.
func installed(ctx context.Context, binDir string) []tools {
	dirs := []string{binDir}
	if binDir == "" {
		dirs = usualPlaces(ctx)
	}
	seen := map[int]bool{}
	var found []tools
	for _, dir := range dirs {
		major := majorVersion(ctx, dir)
		if major < oldest || seen[major] {
			continue
		}
		seen[major] = true
		found = append(found, tools{dir: dir, major: major})
	}
	return found
}

func usualPlaces(ctx context.Context) []string {
	var dirs []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin"} {
		if m, err := filepath.Glob(pattern); err == nil { // the only error is a bad pattern
			dirs = append(dirs, m...)
		}
	}
	if p, err := exec.LookPath("postgres"); err == nil {
		dirs = append(dirs, filepath.Dir(p))
	}
	// The client package alone brings pg_config; majorVersion checks the rest.
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	return append(dirs, "/usr/local/pgsql/bin")
}

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// majorVersion is 0 for a folder without the two programs we need. openGauss
// calls its server gaussdb, so it is never taken for PostgreSQL here.
func majorVersion(ctx context.Context, dir string) int {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return 0
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0
	}
	m := versionPattern.FindSubmatch(out)
	if m == nil {
		return 0
	}
	major, err := strconv.Atoi(string(m[1]))
	if err != nil {
		return 0
	}
	return major
}
