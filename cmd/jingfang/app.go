package main

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"

	"github.com/google/uuid"

	"jingfang/integration"
	"jingfang/integration/translog"
	integrationweb "jingfang/integration/web"
	"jingfang/inventory"
	inventoryweb "jingfang/inventory/web"
	reportingweb "jingfang/reporting/web"
	"jingfang/session"
	"jingfang/session/identity"
	identityweb "jingfang/session/identity/web"
	"jingfang/session/job"
	"jingfang/session/live"
	noticeweb "jingfang/session/notice/web"
	"jingfang/session/page"
	"jingfang/session/patient"
	patientweb "jingfang/session/patient/web"
	sessionweb "jingfang/session/web"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// app is the wired program: every service and every page over one database.
type app struct {
	config config
	log    *slog.Logger
	db     *db.DB
	keys   seal.KeyProvider

	persons  *identity.Service
	patients *patient.Registry
	sessions *session.Service
	stock    *inventory.Service
	his      *integration.Client // nil without a HIS
	poller   *integration.Poller
	sender   *integration.Sender // nil without a HIS
	others   []integration.Destination
	exchange *translog.Log
	spool    *translog.Spool
	hub      *live.Hub
	jobs     *job.Jobs

	site    *page.Site
	door    *identityweb.Web
	room    *sessionweb.Handlers
	people  *patientweb.Handlers
	shelf   *inventoryweb.Handlers
	errands *integrationweb.Handlers
	// recorder notes the transfers of our own addresses.
	recorder *integrationweb.Recorder
	notices  *noticeweb.Handlers
	desk     *translog.Desk
	logs     *integrationweb.Reader
	papers   *reportingweb.Handlers
	trust    trust
	health   health
	metrics  *metrics
	// proxies are the networks whose word on the client's address counts.
	proxies []string

	// token is what the first administrators are created with; "" closes the page.
	token string
}

// surroundings are what an app learns from who starts it.
type surroundings struct {
	// rounds of password hashing; 0 is production's.
	rounds int
	// https tells that browsers reach us by TLS.
	https bool
	// authority is the maker of our own certificate, if any.
	authority *authority
	// his is where documents come from.
	his hisSource
	// ca is where persons' certificates are asked for.
	ca caSource
	// firstRun opens the page of the first administrators.
	firstRun bool
}

// newApp wires the packages. Nothing runs yet.
func newApp(c config, log *slog.Logger, d *db.DB, keys seal.KeyProvider, around surroundings) (*app, error) {
	a := &app{config: c, log: log, db: d, keys: keys}
	a.hub = live.New(d, a.render, live.Options{Log: log})
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("name of this machine: %w", err)
	}
	a.exchange = translog.New(d, keys, host)
	ca, err := a.openCA(around.ca)
	if err != nil {
		return nil, err
	}
	a.persons, err = identity.New(identity.Config{DB: d, Keys: keys, Rounds: around.rounds, IdleLock: c.IdleLock, Log: log, CA: ca,
		OnLoginEnd: a.endLogin, OnLoginChange: a.changeLogin})
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	a.spool = translog.NewSpool(a.exchange, 0)
	a.desk = translog.NewDesk(d, keys, c.OfficerKey).WithArchive(c.archiveDir(), a.exchange)
	a.patients = patient.New(d, keys)
	a.sessions = session.New(d, a.hub, a.patients).WithKeys(keys)
	a.jobs = job.New(d.Now)
	a.stock = inventory.New(d).WithHub(a.hub)
	if err := a.openHIS(around.his); err != nil {
		return nil, err
	}
	if around.firstRun {
		a.token = identityweb.NewFirstRunToken()
	}
	return a, a.openPages(around)
}

// openPages makes everything that a browser meets.
func (a *app) openPages(around surroundings) error {
	var err error
	a.site, err = page.New(page.Config{Dev: a.config.Dev, HTTPS: around.https, Log: a.log}, templateSets()...)
	if err != nil {
		return err
	}
	a.door = identityweb.New(identityweb.Config{Service: a.persons, Site: a.site, HTTPS: around.https, Menu: menu(),
		Open: []string{"/trust", "/trust/", "/sw.js", "/waiting"}, FirstRunToken: a.token, Demo: around.ca.demo, EventLabel: eventLabel, Jobs: a.jobs})
	a.room = sessionweb.New(a.site, a.db, a.sessions, a.patients, a.hub)
	a.people = patientweb.New(a.site, a.db, a.patients, a.jobs)
	a.shelf = inventoryweb.New(a.site, a.db, a.stock)
	a.papers = reportingweb.New(a.site, a.db, a.stock, a.jobs).WithPeople(a.sessions, a.patients).WithEvents(eventLabel)
	a.errands = integrationweb.New(integrationweb.Config{Site: a.site, DB: a.db, Poller: a.poller, HIS: a.his, Sender: a.sender, Others: a.others,
		Sessions: a.sessions, Patients: a.patients, FetchDrugs: a.fetchDrugs})
	a.attachNotices()
	a.recorder = integrationweb.NewRecorder(a.spool, a.db.Now)
	a.logs = integrationweb.NewReader(a.site, a.db, a.desk, a.jobs, a.spool)
	a.trust = trust{site: a.site, from: around.authority}
	from, err := prefixes(a.config.MetricsFrom)
	if err != nil {
		return err
	}
	a.health = health{db: a.db, from: from}
	front, err := prefixes(a.config.Proxies)
	if err != nil {
		return err
	}
	for _, p := range front {
		a.proxies = append(a.proxies, p.String())
	}
	a.metrics = newMetrics(a.db, a.hub, a.log)
	a.metrics.addSpool(a.spool)
	return nil
}

// templateSets are the pages of all packages that have some.
func templateSets() []fs.FS {
	return []fs.FS{templates, identityweb.Templates(), sessionweb.Templates(), patientweb.Templates(), inventoryweb.Templates(), integrationweb.Templates(), reportingweb.Templates(), noticeweb.Templates()}
}

// samples show every page and fragment in the gallery.
func samples() []page.Sample {
	var list []page.Sample
	for _, some := range [][]page.Sample{page.OwnSamples(), trustSamples(), identityweb.Samples(), sessionweb.Samples(), patientweb.Samples(), inventoryweb.Samples(), integrationweb.Samples(), reportingweb.Samples(), noticeweb.Samples()} {
		list = append(list, some...)
	}
	return list
}

// menu is what the frame of a page offers, in order; each line only to who may
// use it.
func menu() []identityweb.Entry {
	return []identityweb.Entry{
		{MenuItem: page.MenuItem{Title: "今日", URL: "/", Icon: "home"}, Needs: identity.ViewSession},
		{MenuItem: page.MenuItem{Title: "通知", URL: "/notices", Under: "/"}, Needs: identity.ViewSession},
		{MenuItem: page.MenuItem{Title: "试扫", URL: "/rehearsal", Under: "/"}, Needs: identity.ViewSession},
		{MenuItem: page.MenuItem{Title: "患者", URL: "/patients", Icon: "people"}, Needs: identity.ViewPatient},
		{MenuItem: page.MenuItem{Title: "标签", URL: "/patients/labels", Under: "/patients"}, Needs: identity.PrintLabel},
		{MenuItem: page.MenuItem{Title: "导入", URL: "/patients/import", Under: "/patients"}, Needs: identity.RegisterPatient},
		{MenuItem: page.MenuItem{Title: "导出", URL: "/patients/export", Under: "/patients"}, Needs: identity.UnmaskPatient},
		{MenuItem: page.MenuItem{Title: "查 HIS", URL: "/patients/his", Under: "/patients"}, Needs: identity.RegisterPatient},
		{MenuItem: page.MenuItem{Title: "未取药", URL: "/absent", Under: "/patients"}, Needs: identity.ViewPatient},
		{MenuItem: page.MenuItem{Title: "入库", URL: "/receipts", Icon: "receipt"}, Needs: identity.Receive},
		{MenuItem: page.MenuItem{Title: "箱码关系", URL: "/cartons", Icon: "box", Under: "/receipts"}, Needs: identity.Receive},
		{MenuItem: page.MenuItem{Title: "取单问题", URL: "/receipts/problems", Under: "/receipts"}, Needs: identity.Receive},
		{MenuItem: page.MenuItem{Title: "期初盘入", URL: "/receipts/opening", Under: "/receipts"}, Needs: identity.Receive},
		{MenuItem: page.MenuItem{Title: "库存", URL: "/stock", Icon: "box"}, Needs: identity.ViewStock},
		{MenuItem: page.MenuItem{Title: "近效期", URL: "/stock/expiry", Under: "/stock"}, Needs: identity.ViewStock},
		{MenuItem: page.MenuItem{Title: "盘点", URL: "/stocktakes", Under: "/stock"}, Needs: identity.ViewStock},
		{MenuItem: page.MenuItem{Title: "召回", URL: "/recalls", Under: "/stock"}, Needs: identity.CallPatients},
		{MenuItem: page.MenuItem{Title: "退药与报损", URL: "/setaside", Under: "/stock"}, Needs: identity.ViewStock},
		{MenuItem: page.MenuItem{Title: "周转箱", URL: "/totes", Under: "/stock"}, Needs: identity.Allocate},
		{MenuItem: page.MenuItem{Title: "收发统计", URL: "/ledger", Under: "/stock"}, Needs: identity.ViewReports},
		{MenuItem: page.MenuItem{Title: "专用账册", URL: "/ledger/controlled", Under: "/stock"}, Needs: identity.ViewReports},
		{MenuItem: page.MenuItem{Title: "核对库存", URL: "/stock/check", Under: "/stock"}, Needs: identity.ViewStock},
		{MenuItem: page.MenuItem{Title: "与 HIS 核对", URL: "/stock/his", Under: "/stock"}, Needs: identity.ViewStock},
		{MenuItem: page.MenuItem{Title: "统计", URL: "/statistics", Icon: "chart"}, Needs: identity.ViewReports},
		{MenuItem: page.MenuItem{Title: "库存报表", URL: "/statistics/stock", Under: "/statistics"}, Needs: identity.ViewReports},
		{MenuItem: page.MenuItem{Title: "就诊", URL: "/statistics/visits", Under: "/statistics"}, Needs: identity.ViewReports},
		{MenuItem: page.MenuItem{Title: "消耗", URL: "/statistics/use", Under: "/statistics"}, Needs: identity.ViewReports},
		{MenuItem: page.MenuItem{Title: "患者用药", URL: "/statistics/use/people", Under: "/statistics"}, Needs: identity.ViewReports},
		{MenuItem: page.MenuItem{Title: "月报年报", URL: "/statistics/reports", Under: "/statistics"}, Needs: identity.ViewReports},
		{MenuItem: page.MenuItem{Title: "验报表", URL: "/papers/check", Under: "/statistics"}, Needs: identity.ViewReports},
		{MenuItem: page.MenuItem{Title: "药品", URL: "/drugs", Icon: "pill"}, Needs: identity.ViewStock},
		{MenuItem: page.MenuItem{Title: "目录变动", URL: "/drugs/changes", Under: "/drugs"}, Needs: identity.ViewStock},
		{MenuItem: page.MenuItem{Title: "查码", URL: "/trace", Icon: "trace"}, Needs: identity.ViewStock},
		{MenuItem: page.MenuItem{Title: "HIS 查码", URL: "/trace/his", Under: "/trace"}, Needs: identity.ViewStock},
		{MenuItem: page.MenuItem{Title: "传输日志", URL: "/transferlog", Icon: "list"}, Needs: identity.ViewTransferLog},
		{MenuItem: page.MenuItem{Title: "日志归档", URL: "/transferlog/archive", Under: "/transferlog"}, Needs: identity.ViewTransferLog},
		{MenuItem: page.MenuItem{Title: "接口", URL: "/interfaces", Icon: "settings"}, Needs: identity.ManageSystem},
		{MenuItem: page.MenuItem{Title: "日志归档", URL: "/transferlog/archive", Under: "/interfaces"}, Needs: identity.ManageSystem},
	}
}

// render draws a session's board: the hub is made before the handlers that know
// how.
func (a *app) render(ctx context.Context, sessionID int64, to []live.Audience) (map[live.Audience][]live.Part, error) {
	return a.room.Render(ctx, sessionID, to)
}

// endLogin ends what a login holds open: its streams and the officer's key.
func (a *app) endLogin(login uuid.UUID) {
	a.desk.CloseKey(login)
	a.hub.EndLogin(login)
}

// changeLogin is endLogin for a login that was locked or has other roles: its
// streams come back by themselves, the key does not.
func (a *app) changeLogin(login uuid.UUID) {
	a.desk.CloseKey(login)
	a.hub.Reconnect(login)
}

// openKeys loads the keys of the data folder, or makes them in a new one.
func openKeys(data string) (*seal.KeyDir, error) {
	if data == "" {
		return nil, usage("请用 -data 指定数据文件夹，密钥要存放在那里。")
	}
	keys, err := seal.OpenKeyDir(filepath.Join(data, "keys"))
	if err != nil {
		return nil, fmt.Errorf("密钥文件夹 %s 无法使用：%w", filepath.Join(data, "keys"), err)
	}
	return keys, nil
}

// onlyManages tells of somebody whose work is to see how things stand.
func onlyManages(by identity.Actor) bool {
	return by.Can(identity.ViewReports, 0) == nil && by.Can(identity.CheckIn, 0) != nil
}

// home is GET /: the day for who works with sessions, how things stand for who
// manages, and for the others the first page that is theirs.
func (a *app) home(w http.ResponseWriter, r *http.Request) error {
	by, _ := identity.ActorOf(r.Context())
	for _, x := range []struct {
		p  identity.Permission
		to string
	}{{identity.ViewSession, ""}, {identity.ManageStaff, "/admin/staff"}, {identity.ManageRoles, "/admin/staff"}, {identity.ViewAudit, "/audit"}} {
		switch {
		case by.Can(x.p, 0) != nil:
		case x.to == "" && onlyManages(by):
			return a.papers.Overview(w, r)
		case x.to == "":
			return a.room.Day(w, r)
		default:
			return a.site.SeeOther(w, r, x.to)
		}
	}
	return db.Refuse(db.Denied, "您的账号还没有角色。请联系安全管理员授权后重新登录。")
}
