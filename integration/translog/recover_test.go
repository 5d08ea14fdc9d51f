package translog_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/integration/translog"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// brought runs a command that a device brought and gives its exchange.
func (f *fixture) brought(codes string) uuid.UUID {
	f.t.Helper()
	id := uuid.New()
	ctx := identity.WithTransfer(context.Background(), identity.Transfer{Exchange: id, System: "DEVICE", Service: "visit.scan", Key: "visit " + codes})
	cmd := identity.Command{ID: uuid.New(), Kind: "dispense", Request: codes}
	_, _, err := identity.RunCommand(ctx, f.db.App, identity.Actor{StaffID: 7}, cmd, func(context.Context, *db.Tx) (string, error) { return "已发出 " + codes, nil })
	if err != nil {
		f.t.Fatal(err)
	}
	return id
}

func (f *fixture) recovered() int {
	f.t.Helper()
	n, err := f.log.Recover(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

func TestRecoverWritesWhatIsMissing(t *testing.T) {
	f := setUp(t)
	lost, noted := f.brought("A"), f.brought("B")
	n := note(f, 1)
	n.About.ID = noted
	s := translog.NewSpool(f.log, 0)
	s.Put(n)
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := f.recovered(); got != 0 {
		t.Errorf("%d entries for commands of this moment", got)
	}
	f.clock.Add(2 * time.Minute)
	if first, second := f.recovered(), f.recovered(); first != 1 || second != 0 {
		t.Errorf("%d and again %d entries", first, second)
	}
	list, err := translog.List(t.Context(), f.db.App, translog.Filter{Key: "visit A", Keys: f.keys})
	if err != nil || len(list) != 1 || list[0].Exchange != lost || list[0].Service != "visit.scan"+translog.RecoveredSuffix || list[0].StaffID != 7 {
		t.Fatalf("%+v, %v", list, err)
	}
	o, err := translog.Show(t.Context(), f.db.App, lost, f.keys.LogOfficer())
	if err != nil || string(o.Intent.Answer) != `"已发出 A"` || len(o.Request()) != 0 || !strings.Contains(o.Intent.Detail, "请求正文没有留存") {
		t.Errorf("opened %+v, %v", o, err)
	}
}

// What is old stays found after a long time off, and a round that has been does not
// end the next.
func TestRecoverGoesOnWhereItWas(t *testing.T) {
	f := setUp(t)
	f.brought("A")
	f.clock.Add(72 * time.Hour)
	if n := f.recovered(); n != 1 {
		t.Errorf("after three days: %d", n)
	}
	for range 130 { // more than one batch
		f.brought("B")
	}
	f.clock.Add(time.Hour)
	if n := f.recovered(); n != 130 {
		t.Errorf("of 130: %d", n)
	}
	f.brought("late")
	f.clock.Add(2 * time.Minute)
	if n := f.recovered(); n != 1 {
		t.Errorf("the next round: %d", n)
	}
	if r := f.verify(translog.Checks{Officer: f.keys.LogOfficer()}); !r.Good() || r.Entries != 132 {
		t.Errorf("%+v", r)
	}
}

// Two servers look at the same time: every exchange gets one entry, whoever writes it.
func TestTwoServersRecover(t *testing.T) {
	f := setUp(t)
	for range 200 { // several batches
		f.brought("A")
	}
	f.clock.Add(2 * time.Minute)
	var wg sync.WaitGroup
	for _, l := range []*translog.Log{f.log, translog.New(f.db.App, f.keys, "another-host")} {
		wg.Go(func() {
			if _, err := l.Recover(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var n struct {
		Entries   int `db:"entries"`
		Exchanges int `db:"exchanges"`
	}
	err := f.db.App.Get(t.Context(), &n, `SELECT count(*) AS entries, count(DISTINCT exchange_id) AS exchanges FROM translog_entry`)
	if err != nil || n.Entries != 200 || n.Exchanges != 200 {
		t.Errorf("%+v, %v", n, err)
	}
	if r := f.verify(translog.Checks{Officer: f.keys.LogOfficer()}); !r.Good() {
		t.Errorf("%+v", r)
	}
}

// A note that waited longer than anybody thought is written all the same, beside
// the entry that was made for it.
func TestRecoveredTooSoon(t *testing.T) {
	f := setUp(t)
	slow := note(f, 1)
	slow.About.ID = f.brought("A")
	s := translog.NewSpool(f.log, 0)
	s.Put(slow)
	f.clock.Add(2 * time.Minute)
	if n := f.recovered(); n != 1 {
		t.Fatalf("recovered %d", n)
	}
	if err := s.Close(t.Context()); err == nil {
		t.Error("an exchange is in the log twice")
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := translog.List(t.Context(), f.db.App, translog.Filter{System: "DEVICE"})
	if err != nil || len(list) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
}
