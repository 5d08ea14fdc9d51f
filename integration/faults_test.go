package integration_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jingfang/integration"
	"jingfang/integration/simulator"
	"jingfang/integration/translog"
	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// Every fault against every read: what the person reads, what the log says,
// how often it was tried; and when the fault is gone, all is well again.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault  simulator.Faults
		words  string // of the sentence shown
		tries  int
		result translog.Result
		status int64
	}{
		"slow":            {simulator.Faults{SlowMillis: 5000}, "没有在 300 毫秒内应答", 3, translog.Failed, 0},
		"500":             {simulator.Faults{Status500: true}, "HTTP 500", 3, translog.Failed, 500},
		"error in 200":    {simulator.Faults{ErrorIn200: true}, "拒绝了请求（代码 9999：业务处理失败（模拟））", 1, translog.Refused, 200},
		"cut mid-body":    {simulator.Faults{CutBody: true}, "传到一半中断", 3, translog.Failed, 200},
		"wrong signature": {simulator.Faults{WrongSignature: true}, "验签不通过", 1, translog.Failed, 200},
		"clock ahead":     {simulator.Faults{SkewSeconds: 3600}, "时钟与本机相差", 1, translog.Failed, 200},
		"clock behind":    {simulator.Faults{SkewSeconds: -3600}, "时钟与本机相差", 1, translog.Failed, 200},
		"web page":        {simulator.Faults{NotJSON: true}, "格式与约定不符", 1, translog.Failed, 200},
		"over 10 MB":      {simulator.Faults{Oversized: true}, "超过 10 MB", 1, translog.Failed, 200},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			h.client = h.newClient(integration.Config{Timeout: 300 * time.Millisecond})
			if name == "over 10 MB" {
				h.client = h.newClient(integration.Config{})
			}
			h.poller = h.newPoller(integration.PollerConfig{})
			h.receipts(2)
			h.his.SetFaults(c.fault)

			if _, err := h.round(); db.KindOf(err) != db.Unavailable || !strings.Contains(db.Sentence(err), c.words) {
				t.Errorf("receipts: %v", err)
			}
			if _, _, err := h.client.Drugs(t.Context(), pharmacist()); !strings.Contains(db.Sentence(err), c.words) {
				t.Errorf("drugs: %v", err)
			}
			if got := h.his.Requests(); got != 2*c.tries {
				t.Errorf("%d requests, want %d", got, 2*c.tries)
			}
			h.checkLog(c.tries, c.result, c.status)
			s := h.stream()
			if s.Failures != 1 || !strings.Contains(s.LastError, c.words) || s.LastSuccessAt != nil || s.Mark != "" {
				t.Errorf("stream %+v", s)
			}
			if n, _ := h.store.count(); n != 0 {
				t.Errorf("%d documents were taken in from bad answers", n)
			}
			h.recovers()
		})
	}
}

// checkLog looks at the exchanges of one failed call of each kind.
func (h *house) checkLog(tries int, result translog.Result, status int64) {
	h.t.Helper()
	list := h.exchanges()
	if len(list) != 2*tries {
		h.t.Fatalf("%d exchanges in the log, want %d", len(list), 2*tries)
	}
	for _, s := range list {
		if s.Result != result || s.Open {
			h.t.Errorf("exchange %+v", s)
		}
	}
	o, err := translog.Show(context.Background(), h.db.App, list[0].Exchange, h.keys.LogOfficer())
	if err != nil || o.Answer == nil || o.Answer.Status != status || o.Answer.Detail == "" {
		h.t.Errorf("shown %+v, %v", o, err)
	}
	if o.Intent.Person != "药师演示" || !strings.Contains(string(o.Intent.Request), wire.ServiceDrugs) {
		h.t.Errorf("intent %+v", o.Intent)
	}
}

func (h *house) recovers() {
	h.t.Helper()
	h.his.SetFaults(simulator.Faults{})
	if n, err := h.round(); err != nil || n.Taken != 2 {
		h.t.Errorf("after the fault: %+v, %v", n, err)
	}
	if s := h.stream(); s.Failures != 0 || s.LastError != "" || s.LastSuccessAt == nil {
		h.t.Errorf("stream after the fault %+v", s)
	}
	h.good()
}

func TestAReadIsRepeatedUntilItWorks(t *testing.T) {
	h := build(t)
	h.receipts(1)
	h.his.SetFaults(simulator.Faults{CutBody: true, Times: 2})
	if n, err := h.round(); err != nil || n.Taken != 1 {
		t.Fatalf("%+v, %v", n, err)
	}
	if h.his.Requests() != 3 || len(h.exchanges()) != 3 {
		t.Errorf("%d requests, %d exchanges", h.his.Requests(), len(h.exchanges()))
	}
}

func TestDrugs(t *testing.T) {
	h := build(t)
	drugs, bad, err := h.client.Drugs(t.Context(), identity.System("test"))
	if err != nil || len(drugs) != 25 || len(bad) != 0 {
		t.Errorf("%d drugs, %v, %v", len(drugs), bad, err)
	}
}

func TestNobodyThere(t *testing.T) {
	h := build(t)
	h.server.Close()
	_, err := h.round()
	if !strings.Contains(db.Sentence(err), "连不上 HIS") {
		t.Errorf("error %v", err)
	}
	if list := h.exchanges(); len(list) != 3 || list[0].Result != translog.Failed {
		t.Errorf("exchanges %+v", list)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	h := build(t)
	asked := make(chan string, 1)
	stranger := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path }))
	defer stranger.Close()
	there := httptest.NewServer(http.RedirectHandler(stranger.URL, http.StatusTemporaryRedirect))
	defer there.Close()
	c := h.newClient(integration.Config{BaseURL: there.URL})
	if _, err := c.Receipts(t.Context(), identity.System("test"), "", 10); !strings.Contains(db.Sentence(err), "HTTP 307") {
		t.Errorf("error %v", err)
	}
	if len(asked) != 0 {
		t.Error("a stranger got the signed request")
	}
}

func TestNoCallUnderATransactionOrUnrecorded(t *testing.T) {
	h := build(t)
	err := h.db.App.InTx(t.Context(), func(ctx context.Context, _ *db.Tx) error {
		_, err := h.client.Receipts(ctx, identity.System("test"), "", 10)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "transaction") {
		t.Errorf("under a transaction: %v", err)
	}
	c := h.newClient(integration.Config{Log: translog.New(h.db.App, noOfficer{h.keys}, "test")})
	_, err = c.Receipts(t.Context(), identity.System("test"), "", 10)
	if !strings.Contains(db.Sentence(err), "日志审计员的公钥") {
		t.Errorf("without an officer's key: %v", err)
	}
	if h.his.Requests() != 0 {
		t.Errorf("%d requests were made all the same", h.his.Requests())
	}
}

type noOfficer struct{ seal.KeyProvider }

func (noOfficer) LogWrapKey() (*seal.PublicKey, error) { return nil, seal.ErrNoLogOfficer }

func TestBadAddressIsRefusedWithoutQuotingIt(t *testing.T) {
	h := build(t)
	for _, address := range []string{"", "his:80", "ftp://his", "http://user:topsecret@his", "http://his?token=topsecret", "http://%zz:topsecret@"} {
		_, err := integration.NewClient(integration.Config{System: "HIS", BaseURL: address, Key: h.key, Log: h.log})
		if db.KindOf(err) != db.Invalid || strings.Contains(err.Error(), "topsecret") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// The asker leaves while HIS is slow: the exchange still gets its outcome.
func TestCancelledCallHasAnOutcome(t *testing.T) {
	h := build(t)
	arrived := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		// The server notices a broken connection only after the body was read.
		_, _ = wire.ReadBody(r.Body)
		close(arrived)
		<-r.Context().Done()
	}))
	defer slow.Close()
	c := h.newClient(integration.Config{BaseURL: slow.URL})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	if _, err := c.Receipts(ctx, identity.System("test"), "", 10); err == nil {
		t.Error("a cancelled call succeeded")
	}
	if list := h.exchanges(); len(list) != 1 || list[0].Open || list[0].Result != translog.Failed {
		t.Errorf("exchanges %+v", list)
	}
}
