package integration_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/integration"
	"jingfang/integration/simulator"
	"jingfang/integration/translog"
	"jingfang/session"
	"jingfang/sql/db"
)

// openAnother lets a second system hear facts: with a stand-in, a client and a sender of
// its own.
func (c *clinic) openAnother(channel string) (*simulator.HIS, *integration.Sender) {
	c.t.Helper()
	far, err := simulator.NewHIS(c.key, nil)
	c.must(err)
	server := httptest.NewServer(far)
	c.t.Cleanup(server.Close)
	client := c.newClient(integration.Config{BaseURL: server.URL, Tries: 1})
	c.must(c.svc.SwitchOutbox(c.ctx(), c.root, uuid.New(), channel, true))
	return far, integration.NewSender(integration.SenderConfig{DB: c.db.App, Client: client, Channel: channel, Patients: c.people, Doubt: time.Nanosecond, Later: time.Nanosecond, Stale: time.Nanosecond})
}

func (c *clinic) open(channel string) int {
	c.t.Helper()
	n, err := session.CountFacts(c.ctx(), c.db.App, channel, time.Time{})
	c.must(err)
	return n.Open()
}

// Two destinations hear the same facts, each once and each by itself: one that is down,
// refuses or is switched off changes nothing for the other.
func TestTwoDestinations(t *testing.T) {
	h := build(t)
	c := h.openClinic(5)
	c.switchOn()
	far, other := c.openAnother("insurance")
	visit := c.give(c.codes[0], c.codes[1])
	far.SetFaults(faults().Status500)
	if _, err := other.Round(c.ctx()); err == nil {
		t.Error("nobody was there, and nothing was said")
	}
	if n, err := c.sender().Round(c.ctx()); err != nil || n.Sent != 2 || c.open(session.HISChannel) != 0 || c.open("insurance") != 2 {
		t.Errorf("HIS: %+v %v, open %d and %d", n, err, c.open(session.HISChannel), c.open("insurance"))
	}
	c.correct(visit, c.codes[1])
	far.SetFaults(faults().ErrorIn200)
	for range 3 {
		if _, err := other.Round(c.ctx()); err != nil {
			t.Log(err) // it says what is not well; the facts wait
		}
	}
	if n, err := c.sender().Round(c.ctx()); err != nil || n.Sent != 1 {
		t.Errorf("the reversal to HIS: %+v %v", n, err)
	}
	far.SetFaults(faults().None)
	if _, err := other.RetryAll(c.ctx(), c.root); err != nil && db.KindOf(err) != db.Conflict {
		t.Error(err)
	}
	for range 20 {
		if _, err := other.Round(c.ctx()); err == nil && c.open("insurance") == 0 {
			break
		}
	}
	if a, b := h.his.Facts(), far.Facts(); a.Sales != 1 || a.Reversed != 1 || a.Repeats != 0 || b.Sales != 1 || b.Repeats != 0 {
		t.Errorf("HIS heard %+v, the other %+v", a, b)
	}

	// Off, a new visit is not told; what was told before is still put right.
	c.must(c.svc.SwitchOutbox(c.ctx(), c.root, uuid.New(), "insurance", false))
	c.give(c.codes[2])
	c.correct(visit, c.codes[0])
	for _, s := range []*integration.Sender{c.sender(), other} {
		if _, err := s.Round(c.ctx()); err != nil {
			t.Error(err)
		}
	}
	if a, b := h.his.Facts(), far.Facts(); a.Sales != 1 || a.Reversed != 2 || b.Sales != 0 {
		t.Errorf("with the other switched off HIS heard %+v, the other %+v", a, b)
	}
	if c.open("") != 0 {
		t.Errorf("%d facts are open", c.open(""))
	}
	h.good()
}

// A further destination never hears the number under which HIS knows a person.
func TestHISNumberGoesToHISAlone(t *testing.T) {
	h := build(t)
	c := h.openClinic(1)
	_, other := c.openAnother("insurance")
	c.hisNumber = "YS000001"
	c.give(c.codes[0])
	if n, err := other.Round(c.ctx()); err != nil || n.Sent != 1 {
		t.Fatalf("%+v %v", n, err)
	}
	list := h.exchanges()
	if len(list) != 1 {
		t.Fatalf("%d exchanges", len(list))
	}
	o, err := translog.Show(c.ctx(), h.db.App, list[0].Exchange, h.keys.LogOfficer())
	c.must(err)
	if said := string(o.Intent.Request); !strings.Contains(said, `"psn_no":"000001"`) || strings.Contains(said, c.hisNumber) {
		t.Errorf("told %s", said)
	}
}
