package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// demo is a demonstration: a house with a database of its own, invented data
// and a stand-in for the hospital's HIS.
type demo struct {
	*program
	config   config
	log      *slog.Logger
	keys     *seal.KeyDir
	his      *standIn
	ca       *caStandIn
	house    *house
	base     database
	password string
}

// demoHISEvery lets a receipt that a visitor orders come at once.
const demoHISEvery = 3 * time.Second

// runDemo starts everything on one command and fills it.
func runDemo(ctx context.Context, p *program, c config) error {
	if c.History != "" {
		if _, err := parseHistory(c.History); err != nil {
			return err
		}
	}
	if c.Password != "" {
		if err := identity.CheckPassword("", c.Password); err != nil {
			return usage("-password 不合要求：%s", db.Sentence(err))
		}
	}
	if c.given["his-every"] == "" {
		c.HISEvery = demoHISEvery
	}
	if c.given["ca-every"] == "" {
		c.CAEvery = demoHISEvery
	}
	if c.given["log-level"] == "" {
		c.LogLevel = "warn" // a visitor's terminal stays calm
	}
	d := &demo{program: p, config: c, log: newLog(c, p.err)}
	return d.run(ctx)
}

func (d *demo) run(ctx context.Context) (err error) {
	p := d.program
	l, err := listen(ctx, d.config.Addr)
	if err != nil {
		return err
	}
	defer l.Close() // closed already after a run
	p.say(p.out, "正在准备演示，数据文件夹：%s", d.config.Data)
	base, err := openDemo(ctx, d.config, p.out)
	if err != nil {
		return err
	}
	d.base = base
	defer func() { err = errors.Join(err, base.close()) }()
	if d.keys, err = keysFor(ctx, d.config.Data, base.DB); err != nil {
		return err
	}
	if d.password, err = d.findPassword(); err != nil {
		return err
	}
	if err := d.makeOfficer(); err != nil {
		return err
	}
	if d.his, err = startStandIn(ctx, d.log, d.config.Data); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.his.close()) }()
	if d.ca, err = startCAStandIn(ctx, d.log, d.config.Data); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.ca.close()) }()
	d.config.OfficerKey = filepath.Join(d.config.Data, officerFile)
	around := surroundings{his: d.his.source(), ca: d.ca.source()}
	if d.config.Load > 0 {
		around.rounds = seal.TestRounds
	}
	if d.house, err = openHouse(d.config, d.log, l, base, around, d.keys); err != nil {
		return err
	}
	if err := d.house.app.persons.CheckKeys(ctx); err != nil {
		return err
	}
	return d.serve(ctx)
}

// serve fills the house and lets it run.
func (d *demo) serve(ctx context.Context) error {
	p := d.program
	s := &seeder{demo: d, app: d.house.app, actors: map[string]identity.Actor{}}
	if err := s.all(ctx); err != nil {
		return fmt.Errorf("演示数据没有准备好：%w", err)
	}
	if d.config.Load > 0 {
		path, err := s.load(ctx, d.config.Load)
		if err != nil {
			return fmt.Errorf("压力测试的数据没有准备好：%w", err)
		}
		p.say(p.out, "压力测试数据：%s", path)
	}
	// What seeding wrote was not signed by anybody; from here on records wait for the CA.
	if err := d.house.app.startCA(ctx, d.ca.source()); err != nil {
		return err
	}
	if d.config.History != "" {
		years, err := parseHistory(d.config.History)
		if err == nil {
			err = s.history(ctx, years)
		}
		if err != nil {
			return fmt.Errorf("历史数据没有准备好：%w", err)
		}
		p.say(p.out, "正在汇总历史数据……")
	}
	if err := s.sum(ctx); err != nil {
		return fmt.Errorf("收发日合计没有准备好：%w", err)
	}
	// What seeding needed is given back, so that the memory seen is the server's.
	debug.FreeOSMemory()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	toured := make(chan error, 1)
	err := d.house.run(ctx, func() {
		d.welcome()
		p.tell(d.house)
		if d.config.Tour {
			go func() { toured <- d.guide(ctx); stop() }()
		}
	})
	if d.config.Tour && err == nil {
		return <-toured
	}
	p.say(p.out, "\n演示已结束，数据保留在 %s 。", d.config.Data)
	return err
}

// guide plays the tour against the running server.
func (d *demo) guide(ctx context.Context) error {
	t := tour{base: d.house.server.url(), control: d.his.url(), caControl: d.ca.url, password: d.password, out: d.program.out,
		http: d.house.server.transport(), verify: d.house.app.verifyDay,
		paper: filepath.Join(d.config.Data, "demo-day.pdf")}
	return t.run(ctx)
}

// welcome prints what a visitor needs, and nothing else.
func (d *demo) welcome() {
	p := d.program
	p.say(p.out, `
────────────────────────────────────────────
  精防演示已启动

  地址      %s
  密码      %s   （所有演示账号相同）

  医生      doctor1  doctor2  doctor3  doctor4
  药师      pharmacist  pharmacist2
  工作人员  assistant        管理人员  manager
  管理员    sysadmin（系统） secadmin（安全） auditor（审计）

  可以扫的码（患者标签、药盒）写在
            %s
  模拟 HIS  %s/faults
            （新单据、红单、各种故障的开关）
  扫码登录  登录页的二维码用模拟手机来扫：%s/phone
  结束      按 Ctrl+C
────────────────────────────────────────────`,
		d.house.server.url(), d.password, filepath.Join(d.config.Data, codesFile), d.his.url(), d.ca.url)
}

// passwordFile keeps the password of the demo's accounts.
const passwordFile = "demo-password"

// findPassword takes the one that was given, that of the run before, or makes
// one. It is written down by the seeder once the accounts have it.
func (d *demo) findPassword() (string, error) {
	if d.config.Password != "" {
		return d.config.Password, nil
	}
	kept, err := d.keptPassword()
	if err != nil || kept != "" {
		return kept, err
	}
	return newPassword(), nil
}

// newPassword is easy to type and fits the rules: capital, small letters and a
// mark.
func newPassword() string { return "Jf-" + strings.ToLower(rand.Text()[:10]) }

// keptPassword is the password that the accounts have, "" before the first run.
func (d *demo) keptPassword() (string, error) {
	text, err := os.ReadFile(filepath.Join(d.config.Data, passwordFile))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the demo's password: %w", err)
	}
	return string(text), nil
}

func (d *demo) keepPassword() error {
	return replaceFile(filepath.Join(d.config.Data, passwordFile), []byte(d.password))
}

// officerFile is the log officer's private key. In a hospital it is not on the
// server; in the demo one person plays all parts.
const officerFile = "log-officer.key"

// makeOfficer gives the transfer log its officer. The passphrase is the demo's
// password at that time.
func (d *demo) makeOfficer() error {
	_, err := d.keys.LogWrapKey()
	if !errors.Is(err, seal.ErrNoLogOfficer) {
		return err
	}
	path := filepath.Join(d.config.Data, officerFile)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove a half-made officer's key: %w", err)
	}
	pub, err := seal.CreateOfficerKey(path, d.password, seal.TestRounds)
	if err != nil {
		return err
	}
	return d.keys.SetLogOfficer(pub)
}
