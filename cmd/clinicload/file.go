package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"jingfang/sql/embedded"
)

// loadFile is what "jingfang demo -load N" writes: where the server is, the
// accounts, and what can be scanned in each session.
type loadFile struct {
	URL      string        `json:"url"`
	Password string        `json:"password"` // of every account
	Viewer   string        `json:"viewer"`   // an account that may look at every session
	Sessions []fileSession `json:"sessions"`

	dir string // the demo's data folder, where the file lies
}

// fileSession is one open session with its own doctors, labels and packs.
type fileSession struct {
	ID       int64    `json:"id"`
	Doctors  []string `json:"doctors"`
	Watchers []string `json:"watchers"` // accounts of screens; empty means the file's viewer
	Patients []string `json:"patients"` // tokens of labels
	Codes    []string `json:"codes"`    // trace codes of allocated packs
}

func readLoadFile(path string) (loadFile, error) {
	var f loadFile
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return f, fmt.Errorf("文件 %s 不存在。先运行 jingfang demo -load 25，它会写出这个文件并打印路径", path)
	}
	if err != nil {
		return f, fmt.Errorf("读不到文件 %s：%w", path, err)
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return f, fmt.Errorf("文件 %s 无法识别：%w", path, err)
	}
	if f.dir, err = filepath.Abs(filepath.Dir(path)); err != nil {
		return f, fmt.Errorf("文件 %s：%w", path, err)
	}
	f.URL = strings.TrimSuffix(f.URL, "/")
	return f, checkURL(f.URL)
}

// pick takes the first n sessions with d doctors each.
func (f loadFile) pick(n, d int) ([]fileSession, error) {
	if n == 0 {
		n = len(f.Sessions)
	}
	if n == 0 || n > len(f.Sessions) {
		return nil, fmt.Errorf("文件里有 %d 个场次，要用 %d 个。请用 jingfang demo -load %d 重新准备", len(f.Sessions), n, max(n, 1))
	}
	list := f.Sessions[:n]
	for i := range list {
		s := &list[i]
		if len(s.Watchers) == 0 && f.Viewer != "" {
			s.Watchers = []string{f.Viewer}
		}
		if d > len(s.Doctors) {
			return nil, fmt.Errorf("场次 %d 只有 %d 名医生，要用 %d 名", s.ID, len(s.Doctors), d)
		}
		s.Doctors = s.Doctors[:d]
		if len(s.Patients) < d || len(s.Codes) < d || len(s.Watchers) == 0 {
			return nil, fmt.Errorf("场次 %d 缺少患者、药盒或观看账号", s.ID)
		}
	}
	return list, nil
}

// rawSchema is where -raw works; it exists only while it does.
const rawSchema = "jingfang_raw"

// databases are the connection strings of both database users. They are secrets
// and are never printed.
type databases struct{ app, owner string }

// databases finds the database behind the server: the one the environment names
// as for jingfang itself, else the demo's own in the folder of the file.
func (f loadFile) databases() (databases, error) {
	d := databases{app: os.Getenv("JINGFANG_DSN"), owner: os.Getenv("JINGFANG_OWNER_DSN")}
	if d.app != "" {
		return d, nil
	}
	c, err := embedded.Attach(f.dir)
	if err != nil {
		return d, fmt.Errorf("找不到服务器的数据库，请设置 JINGFANG_DSN 和 JINGFANG_OWNER_DSN：%w", err)
	}
	return databases{app: c.AppDSN("jingfang"), owner: c.OwnerDSN("jingfang")}, nil
}

// inSchema points a connection string to another schema.
func inSchema(dsn, schema string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		// The parser's error quotes the text, which holds a password.
		return "", errors.New("数据库连接串无法识别")
	}
	q := u.Query()
	if q.Get("search_path") == schema {
		return "", fmt.Errorf("数据库连接串已经指向 %s，不能用来比较", schema)
	}
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String(), nil
}
