package session_test

import (
	"context"
	"encoding/hex"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/integration"
	"jingfang/integration/simulator"
	"jingfang/integration/translog"
	"jingfang/integration/wire"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// signing is a clinic whose records are signed by a stand-in CA, met over HTTP.
type signing struct {
	*evening
	ca      *simulator.CA
	server  *httptest.Server
	persons *identity.Service
	// authority issued what the CA trusts.
	authority *seal.Authority
	mu        sync.Mutex
	ahead     time.Duration // how far the CA's and the client's clock runs ahead
}

func (g *signing) now() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Now().Add(g.ahead)
}

func newSigning(t *testing.T, patients int) *signing {
	t.Helper()
	g := &signing{evening: &evening{clinic: newClinic(t, 2, patients, patients)}}
	g.svc = g.svc.WithKeys(newKeys(g.evening))
	key, err := wire.NewKey("jingfang", []byte("demo-secret-of-the-tests"))
	g.must(err)
	g.authority = mustAuthority(g)
	g.ca, err = simulator.NewCA(key, g.authority, []simulator.CAPerson{{Code: "C1", Name: "医生1"}, {Code: "C2", Name: "医生2"}, {Code: "C3", Name: "药师甲"}}, g.now)
	g.must(err)
	g.server = httptest.NewServer(g.ca)
	t.Cleanup(g.server.Close)
	v, err := integration.NewCA(integration.CAConfig{Vendor: "netca", BaseURL: g.server.URL, Key: key, Trusted: g.ca.Trusted(),
		Log: translog.New(g.db.App, g.keys, "test"), Timeout: 5 * time.Second, Pause: time.Nanosecond, Now: g.now})
	g.must(err)
	g.persons, err = identity.New(identity.Config{DB: g.db.App, Keys: g.keys, Rounds: seal.TestRounds, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		CA: identity.CA{Verifier: v, Trusted: g.ca.Trusted()}})
	g.must(err)
	g.must(g.svc.SetSigning(g.ctx, v.Vendor()))
	for i, p := range []identity.Actor{g.doctors[0], g.doctors[1], g.chief} {
		g.must(g.persons.Bind(g.ctx, identity.System("test"), p.StaffID, []string{"C1", "C2", "C3"}[i]))
	}
	return g
}

// scansIn lets a person log in by the phone, which gives leave to sign.
func (g *signing) scansIn(code string) {
	g.t.Helper()
	c, _, err := g.persons.BeginScan(g.ctx, identity.Client{}, identity.ScanLogin, identity.Actor{})
	g.must(err)
	g.must(g.ca.Act(g.ca.Latest(), "confirm", code, ""))
	g.run(`UPDATE ca_ticket SET asked_at = asked_at - interval '1 minute'`)
	_, login, err := g.persons.FollowScan(g.ctx, identity.Client{}, c, identity.Cookie{})
	g.must(err)
	if login.State.Actor.StaffID == 0 {
		g.t.Fatal("the phone did not log in")
	}
}

func (g *signing) run(statement string) {
	g.t.Helper()
	g.must(g.db.Owner.InTx(g.ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, statement)
		return err
	}))
}

// round is one round of the worker, with everything due.
func (g *signing) round() int {
	g.t.Helper()
	g.run(`UPDATE signature_task SET next_at = created_at WHERE state <> 'signed'`)
	n, err := g.svc.SignDue(g.ctx, g.persons)
	g.must(err)
	return n
}

func (g *signing) done(by identity.Actor, i int) {
	g.t.Helper()
	visit := g.start(by, i)
	g.scan(by, visit, g.codes[i])
	_, err := g.svc.FinishVisit(g.ctx, by, session.Ending{SessionID: g.session, Visit: visit, CommandID: uuid.New()})
	g.must(err)
}

func (g *signing) counts() session.SignatureCounts {
	g.t.Helper()
	c, err := session.CountSignatures(g.ctx, g.db.App, g.session)
	g.must(err)
	return c
}

func (g *signing) verified(want string) {
	g.t.Helper()
	report, err := session.VerifySignatures(g.ctx, g.db.App, 0, g.ca.Trusted())
	g.must(err)
	if want == "" && report.Stamped != report.Records {
		g.t.Errorf("%d of %d signatures have a time stamp", report.Stamped, report.Records)
	}
	if want == "" && report.Problem != "" || !strings.Contains(report.Problem, want) {
		g.t.Errorf("verify says %q, want %q", report.Problem, want)
	}
}

// Records and the head of the day are signed by their persons, in time or later, and
// closing does not wait for it.
func TestRecordsAreSigned(t *testing.T) {
	g := newSigning(t, 3)
	g.scansIn("C1")
	g.done(g.doctors[0], 0)
	if c := g.counts(); c.Waiting != 1 || c.Sentence() != "已签 0 · 待签 1" {
		t.Errorf("after 诊毕: %+v %s", c, c.Sentence())
	}
	g.done(g.doctors[1], 1) // who has not scanned in
	if n := g.round(); n != 1 {
		t.Errorf("%d signed, want the first doctor's", n)
	}
	g.run(`UPDATE signature_task SET created_at = created_at - interval '10 minutes', next_at = next_at - interval '10 minutes' WHERE state <> 'signed'`)
	g.round()
	g.must(g.stop(g.chief))
	g.must(g.count(1, 0))
	_, err := g.confirm(g.chief)
	g.must(err)
	_, err = g.confirm(g.doctors[0])
	g.must(err)
	if c := g.counts(); c.Signed != 1 || c.Waiting != 2 {
		t.Errorf("after closing: %+v", c)
	}
	g.scansIn("C2")
	g.scansIn("C3")
	if n := g.round(); n != 2 {
		t.Errorf("%d signed, want the record and the head", n)
	}
	if c := g.counts(); c.Signed != 3 || c.Late != 1 || c.Waiting != 0 {
		t.Errorf("in the end: %+v", c)
	}
	g.verified("")
	x, list, err := g.svc.Signatures(g.ctx, g.chief, g.session)
	g.must(err)
	if x.ID != g.session || len(list) != 3 || list[0].Kind != "head" || list[0].Who != "药师甲" || !list[0].Stamped || list[0].CertSN == "" {
		t.Errorf("the list: %+v", list)
	}
	if n := g.ca.Signed(); n != 3 {
		t.Errorf("the CA signed %d times", n)
	}
}

// Nothing waits while signing is off.
func TestWithoutACANothingWaits(t *testing.T) {
	g := newSigning(t, 1)
	g.must(g.svc.SetSigning(g.ctx, ""))
	g.done(g.doctors[0], 0)
	if c := g.counts(); c.Sentence() != "" {
		t.Errorf("%+v", c)
	}
	g.must(g.svc.SetSigning(g.ctx, "netca"))
	g.must(g.svc.SetSigning(g.ctx, "netca"))
}

// Every fault of signing: what stays, and that nothing is ever signed twice. After the
// fault is gone the record is signed, once.
func TestSigningUnderFaults(t *testing.T) {
	for _, x := range []struct {
		name, state, why string
		fault            simulator.CAFaults
	}{
		{"500 before", "asked", "HTTP 500", simulator.CAFaults{Status500: true}},
		{"done and lost", "asked", "HTTP 500", simulator.CAFaults{LostAnswer: true}},
		{"cut", "asked", "中断", simulator.CAFaults{CutBody: true}},
		{"error in 200", "waiting", "业务处理失败", simulator.CAFaults{ErrorIn200: true}},
		{"not JSON", "asked", "格式与约定不符", simulator.CAFaults{NotJSON: true}},
		{"nothing in it", "asked", "还没有完成签名", simulator.CAFaults{Empty: true}},
		{"another time stamp", "waiting", "时间戳不对（盖的不是这个签名）", simulator.CAFaults{BadStamp: true}},
		{"too large", "asked", "10 MB", simulator.CAFaults{Oversized: true}},
		{"envelope of another", "asked", "验签不通过", simulator.CAFaults{WrongSignature: true}},
		{"wrong person", "waiting", "不是本人", simulator.CAFaults{WrongPerson: true}},
		{"another's certificate", "waiting", "另一张证书", simulator.CAFaults{OtherCertificate: true}},
		{"unfinished", "asked", "还没有完成签名", simulator.CAFaults{Unfinished: true}},
		{"a value over something else", "waiting", "签名验证不通过", simulator.CAFaults{BadValue: true}},
	} {
		t.Run(x.name, func(t *testing.T) {
			g := newSigning(t, 1)
			g.scansIn("C1")
			g.done(g.doctors[0], 0)
			x.fault.On = "AuthSign"
			g.ca.SetFaults(x.fault)
			if n := g.round(); n != 0 {
				t.Fatalf("%d signed under the fault", n)
			}
			_, list, err := g.svc.Signatures(g.ctx, g.chief, g.session)
			g.must(err)
			if len(list) != 1 || list[0].State != x.state || !strings.Contains(list[0].Why, x.why) {
				t.Errorf("%+v, want %s %s", list, x.state, x.why)
			}
			g.ca.SetFaults(simulator.CAFaults{})
			g.must(g.ca.Finish())
			g.round()
			g.round()
			if c := g.counts(); c.Signed != 1 || c.Late != 1 {
				t.Errorf("after the fault: %+v", c)
			}
			if n := g.ca.Signed(); n != 1 {
				t.Errorf("the CA signed %d times", n)
			}
			g.verified("")
		})
	}
}

// While the CA is away one question a round is asked, everything waits, and catches up.
func TestAnOutageIsCaughtUp(t *testing.T) {
	g := newSigning(t, 3)
	g.scansIn("C1")
	for i := range 3 {
		g.done(g.doctors[0], i)
	}
	g.ca.SetFaults(simulator.CAFaults{On: "AuthSign", Status500: true, Times: 1})
	g.round()
	addr := g.server.Listener.Addr().String()
	g.server.Close()
	if n := g.round(); n != 0 {
		t.Errorf("%d signed without a CA", n)
	}
	if c := g.counts(); c.Waiting == 0 {
		t.Errorf("%+v", c)
	}
	g.back(addr)
	g.round()
	g.round()
	if c := g.counts(); c.Waiting != 0 || c.Signed != 3 || g.ca.Signed() != 3 {
		t.Errorf("%+v, the CA signed %d", c, g.ca.Signed())
	}
	g.verified("")
}

// back lets the CA listen again where it was.
func (g *signing) back(addr string) {
	g.t.Helper()
	l, err := new(net.ListenConfig).Listen(g.ctx, "tcp", addr)
	g.must(err)
	g.server = &httptest.Server{Listener: l, Config: &http.Server{Handler: g.ca, ReadHeaderTimeout: 10 * time.Second}}
	g.server.Start()
	g.t.Cleanup(g.server.Close)
}

// Two workers at once: each record is asked for once.
func TestTwoWorkersSignOnce(t *testing.T) {
	g := newSigning(t, 6)
	g.scansIn("C1")
	for i := range 6 {
		g.done(g.doctors[0], i)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := g.svc.SignDue(g.ctx, g.persons); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if c := g.counts(); c.Signed != 6 || g.ca.Requests("AuthSign") != 6 {
		t.Errorf("%+v, asked %d times", c, g.ca.Requests("AuthSign"))
	}
}

// The leave to sign runs out: nothing is signed until the doctor scans again.
func TestTheLeaveRunsOut(t *testing.T) {
	g := newSigning(t, 1)
	g.scansIn("C1")
	g.ca.DropTokens()
	g.done(g.doctors[0], 0)
	g.round()
	asked := g.ca.Requests("AuthSign")
	g.round()
	if n := g.ca.Requests("AuthSign"); n != asked || asked != 1 {
		t.Errorf("asked %d times, then %d", asked, n)
	}
	g.scansIn("C1")
	if g.round() != 1 {
		t.Error("not signed after scanning again")
	}
}

// What somebody else finished in a doctor's name is not signed before the doctor says
// yes to it.
func TestSigningWaitsForTheDoctorsYes(t *testing.T) {
	g := newSigning(t, 1)
	g.scansIn("C1")
	visit := g.start(g.doctors[0], 0)
	g.scan(g.doctors[0], visit, g.codes[0])
	_, err := g.svc.FinishForAbsent(g.ctx, g.chief, session.AbsentEnding{Ending: session.Ending{SessionID: g.session, Visit: visit, CommandID: uuid.New()}, Why: "演示"})
	g.must(err)
	if g.round() != 0 {
		t.Fatal("signed before the doctor has seen it")
	}
	list, err := session.ToCountersign(g.ctx, g.db.App, g.doctors[0].StaffID)
	g.must(err)
	_, err = g.svc.SignFinished(g.ctx, g.doctors[0], session.SigningFor{RecordID: list[0].RecordID, CommandID: uuid.New()})
	g.must(err)
	if g.round() != 1 {
		t.Error("not signed after the yes")
	}
}

// One altered byte of what proves a signature is named.
func TestVerifyNamesAnAlteredSignature(t *testing.T) {
	g := newSigning(t, 1)
	g.scansIn("C1")
	g.done(g.doctors[0], 0)
	g.round()
	g.verified("")
	alter := func(set, want string) {
		t.Helper()
		var before []struct {
			Value, Digest, Certificate []byte
			CertSN                     string `db:"cert_sn"`
			TimeToken                  []byte `db:"time_token"`
		}
		g.must(g.db.App.Select(g.ctx, &before, `SELECT value, digest, certificate, cert_sn, time_token FROM signature_evidence`))
		g.tamperEvidence(`UPDATE signature_evidence SET ` + set)
		g.verified(want)
		b := before[0]
		g.tamperEvidence(`UPDATE signature_evidence SET value = '\x` + hex.EncodeToString(b.Value) + `', digest = '\x` + hex.EncodeToString(b.Digest) +
			`', certificate = '\x` + hex.EncodeToString(b.Certificate) + `', cert_sn = '` + b.CertSN + `', time_token = '\x` + hex.EncodeToString(b.TimeToken) + `', person_code = 'C1', at = now()`)
		g.verified("")
	}
	alter(`value = set_byte(value, 40, (get_byte(value, 40) + 1) % 256)`, "SM2 签名不正确")
	alter(`digest = set_byte(digest, 0, (get_byte(digest, 0) + 1) % 256)`, "摘要与记录不符")
	alter(`certificate = set_byte(certificate, 120, (get_byte(certificate, 120) + 1) % 256)`, "CA 签名不对")
	alter(`cert_sn = 'x'`, "证书读不出")
	alter(`person_code = 'C2'`, "从来不是这位人员的")
	alter(`at = at + interval '5 years'`, "不在有效期内")
	alter(`time_token = set_byte(time_token, 200, (get_byte(time_token, 200) + 1) % 256)`, "时间戳不对")
	alter(`time_token = 'TST'`, "时间戳不对：格式读不出")
	var evidence struct {
		Digest []byte
		At     time.Time
	}
	g.must(g.db.App.Get(g.ctx, &evidence, `SELECT digest, at FROM signature_evidence`))
	stamp := func(by *seal.Authority, over []byte, at time.Time) string {
		s, err := seal.NewStamper(by, "演示时间戳", at)
		g.must(err)
		digest, err := seal.DigestOf(over)
		g.must(err)
		token, err := s.Stamp(digest, at)
		g.must(err)
		return `time_token = '\x` + hex.EncodeToString(token) + `'`
	}
	other, foreign := seal.SM3([]byte("another record")), mustAuthority(g)
	alter(stamp(g.authority, other[:], evidence.At), "时间戳不对：盖的不是这个签名")
	alter(stamp(foreign, evidence.Digest, evidence.At), "时间戳不对：不是所信任的机构")
	alter(stamp(g.authority, evidence.Digest, evidence.At.Add(time.Hour)), "不在记录产生和签名留存之间")
	alter(stamp(g.authority, evidence.Digest, evidence.At.Add(-time.Hour)), "不在记录产生和签名留存之间")
	g.run(`ALTER TABLE signature_evidence DISABLE TRIGGER USER`)
	g.run(`UPDATE signature_evidence SET time_token = NULL`)
	report, err := session.VerifySignatures(g.ctx, g.db.App, 0, g.ca.Trusted())
	g.must(err)
	if report.Problem != "" || report.Records != 1 || report.Stamped != 0 {
		t.Errorf("without a time stamp: %+v", report)
	}
	g.run(`UPDATE signature_task SET state = 'waiting'`)
	g.verified("签名的状态被改动")
}

func mustAuthority(g *signing) *seal.Authority {
	g.t.Helper()
	a, err := seal.NewAuthority("演示 CA 根证书", g.now().Add(-24*time.Hour))
	g.must(err)
	return a
}

func (g *signing) tamperEvidence(statement string) {
	g.t.Helper()
	for _, q := range []string{`ALTER TABLE signature_evidence DISABLE TRIGGER USER`, statement, `ALTER TABLE signature_evidence ENABLE TRIGGER USER`} {
		g.run(q)
	}
}
