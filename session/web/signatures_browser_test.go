package web_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/google/uuid"

	"jingfang/integration"
	"jingfang/integration/simulator"
	"jingfang/integration/translog"
	"jingfang/integration/wire"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// signedDusk is a house whose records are signed through a stand-in CA, met over HTTP.
type signedDusk struct {
	*dusk
	ca      *simulator.CA
	persons *identity.Service
}

func newSignedDusk(t *testing.T, packs int) *signedDusk {
	t.Helper()
	d := &signedDusk{dusk: newDusk(t, packs)}
	key, err := wire.NewKey("jingfang", []byte("demo-secret-of-the-tests"))
	d.must(err)
	d.ca, err = simulator.NewCA(key, nil, []simulator.CAPerson{{Code: "C1", Name: "医生甲"}, {Code: "C2", Name: "药师甲"}}, nil)
	d.must(err)
	server := httptest.NewServer(d.ca)
	t.Cleanup(server.Close)
	keys := seal.NewMemoryKeys()
	v, err := integration.NewCA(integration.CAConfig{Vendor: "netca", BaseURL: server.URL, Key: key, Trusted: d.ca.Trusted(), Log: translog.New(d.App, keys, "test"), Pause: 1})
	d.must(err)
	d.persons, err = identity.New(identity.Config{DB: d.App, Keys: keys, Rounds: seal.TestRounds, Log: slog.New(slog.DiscardHandler),
		CA: identity.CA{Verifier: v, Trusted: d.ca.Trusted()}})
	d.must(err)
	d.must(d.sessions.SetSigning(t.Context(), v.Vendor()))
	d.must(d.persons.Bind(t.Context(), identity.System("test"), d.doctors[0].StaffID, "C1"))
	d.must(d.persons.Bind(t.Context(), identity.System("test"), d.chief.StaffID, "C2"))
	return d
}

// scansIn lets a person log in by the phone, which gives leave to sign.
func (d *signedDusk) scansIn(code string) {
	d.t.Helper()
	c, _, err := d.persons.BeginScan(d.t.Context(), identity.Client{}, identity.ScanLogin, identity.Actor{})
	d.must(err)
	d.must(d.ca.Act(d.ca.Latest(), "confirm", code, ""))
	d.owner(`UPDATE ca_ticket SET asked_at = asked_at - interval '1 minute'`)
	scan, _, err := d.persons.FollowScan(d.t.Context(), identity.Client{}, c, identity.Cookie{})
	d.must(err)
	if scan.State != identity.CertConfirmed {
		d.t.Fatalf("the phone did not log in: %+v", scan)
	}
}

func (d *signedDusk) owner(statement string) {
	d.t.Helper()
	d.must(d.Owner.InTx(d.t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, statement)
		return err
	}))
}

// round is one round of the worker, with everything due.
func (d *signedDusk) round() {
	d.t.Helper()
	d.owner(`UPDATE signature_task SET next_at = created_at WHERE state <> 'signed'`)
	_, err := d.sessions.SignDue(d.t.Context(), d.persons)
	d.must(err)
}

// another patient is served and done.
func (d *signedDusk) another() {
	d.t.Helper()
	ctx, by := d.t.Context(), d.doctors[0]
	_, token, err := d.patients.Register(ctx, d.chief, patient.Entry{Name: "演示患者二", HomeSiteID: d.site})
	d.must(err)
	a, err := d.sessions.CheckIn(ctx, by, session.Arrival{SessionID: d.id, Visit: uuid.New(), CommandID: uuid.New(), Patient: token.String(), Start: true})
	d.must(err)
	_, err = d.sessions.Dispense(ctx, by, session.Scan{SessionID: d.id, Visit: a.VisitID, CommandID: uuid.New(), Codes: d.codes[1]})
	d.must(err)
	_, err = d.sessions.FinishVisit(ctx, by, session.Ending{SessionID: d.id, Visit: a.VisitID, CommandID: uuid.New()})
	d.must(err)
}

// The signatures of a day in a browser: nobody has scanned in, the CA is away, it takes
// the head of the day in and does not finish; closing waits for none of it, and in the
// end everything was signed later and says so.
func TestSignaturesInABrowser(t *testing.T) {
	d := newSignedDusk(t, 3)
	b := openScreen(t, 390, 844)
	look := func() { b.Go(d.url + d.path + "/signatures") }
	look()
	b.Shows("main", "本场没有经 CA 签名的记录")
	d.another()
	look()
	b.Shows("main", "已签 0 · 待签 1")
	d.scansIn("C1")
	d.ca.SetFaults(simulator.CAFaults{On: "AuthSign", Status500: true})
	d.round()
	look()
	b.Shows("main", "CA 应答 HTTP 500")
	d.press("/stop")
	d.press("/closing/counts", "drug", fmt.Sprint(d.drug), "packs", "1")
	d.press("/closing/scans", "codes", d.codes[2])
	d.press("/closing/confirm")
	d.lookAs(d.doctors[0])
	d.press("/closing/confirm")
	d.lookAs(d.chief)
	b.Go(d.url + d.path + "/closing")
	b.Shows(".stamp", "已结束")
	b.Shows("main", "已签 0 · 待签 2")
	d.scansIn("C2")
	d.ca.SetFaults(simulator.CAFaults{Unfinished: true})
	d.round()
	d.round()
	look()
	b.Shows("main", "CA 还没有完成签名")
	b.Shows("main", "结束时的链头")
	b.Fits("signatures-waiting-phone")
	d.ca.SetFaults(simulator.CAFaults{})
	d.must(d.ca.Finish())
	d.round()
	d.round()
	look()
	b.Shows("main", "已签 2（其中补签 2）")
	b.Shows("main", "有时间戳")
	b.Fits("signatures-phone")
	if n := d.ca.Signed(); n != 2 {
		t.Errorf("the CA signed %d times", n)
	}
	report, err := session.VerifySignatures(t.Context(), d.App, d.id, d.ca.Trusted())
	d.must(err)
	if report.Problem != "" || report.Stamped != 2 {
		t.Errorf("%+v", report)
	}
}
