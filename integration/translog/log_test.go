package translog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"jingfang/integration/translog"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
)

func TestExchangeIsWrittenFoundAndOpened(t *testing.T) {
	f := setUp(t)
	id := f.exchange("CK001")
	f.exchange("CK002")
	list, err := translog.List(t.Context(), f.db.App, translog.Filter{Key: "CK001", Keys: f.keys})
	if err != nil || len(list) != 1 || list[0].Exchange != id {
		t.Fatalf("by key: %+v, %v", list, err)
	}
	s := list[0]
	if s.Result != translog.OK || s.Open || s.DurationUS <= 0 || s.Size != int64(len(`{"since":"CK001"}`)) || s.AnswerSize != 15 {
		t.Errorf("summary %+v", s)
	}
	o, err := translog.Show(t.Context(), f.db.App, id, f.keys.LogOfficer())
	if err != nil {
		t.Fatal(err)
	}
	if string(o.Intent.Request) != `{"since":"CK001"}` || o.Intent.Key != "CK001" || o.Intent.Person != "系统定时拉取" {
		t.Errorf("intent %+v", o.Intent)
	}
	if o.Answer == nil || string(o.Answer.Answer) != "answer to CK001" || o.Answer.Status != 200 {
		t.Errorf("answer %+v", o.Answer)
	}
	if r := f.verify(translog.Checks{Officer: f.keys.LogOfficer()}); !r.Good() || r.Entries != 4 || r.Writers != 1 || r.Open != 0 {
		t.Errorf("report %+v", r)
	}
}

func TestListFilters(t *testing.T) {
	f := setUp(t)
	f.exchange("A")
	x := pull("B")
	x.System, x.Direction, x.StaffID = "CA", translog.In, 7
	if _, err := f.log.Record(t.Context(), x, translog.Outcome{Result: translog.Refused, Detail: "不认识"}, time.Second); err != nil {
		t.Fatal(err)
	}
	f.clock.Add(time.Hour)
	if _, err := f.log.Begin(t.Context(), pull("C")); err != nil {
		t.Fatal(err)
	}
	late := f.clock.Now().Add(-30 * time.Minute)
	for name, c := range map[string]struct {
		f    translog.Filter
		want int
	}{
		"all": {translog.Filter{}, 3}, "limit": {translog.Filter{Limit: 2}, 2}, "system": {translog.Filter{System: "CA"}, 1},
		"direction": {translog.Filter{Direction: translog.Out}, 2}, "refused": {translog.Filter{Result: translog.Refused}, 1},
		"unknown": {translog.Filter{Result: translog.Unknown}, 1}, "ok": {translog.Filter{Result: translog.OK}, 1},
		"staff": {translog.Filter{StaffID: 7}, 1}, "service": {translog.Filter{Service: "none"}, 0},
		"from": {translog.Filter{From: late}, 1}, "to": {translog.Filter{To: late}, 2},
		"key": {translog.Filter{Key: "B", Keys: f.keys}, 1}, "part of a key": {translog.Filter{Key: "", Service: "HIS.RECEIPT.PULL"}, 3},
	} {
		list, err := translog.List(t.Context(), f.db.App, c.f)
		if err != nil || len(list) != c.want {
			t.Errorf("%s: %d rows, want %d (%v)", name, len(list), c.want, err)
		}
	}
	if _, err := translog.List(t.Context(), f.db.App, translog.Filter{Key: "B"}); db.KindOf(err) != db.Invalid {
		t.Errorf("a key without keys: %v", err)
	}
}

func TestNothingReadableIsStored(t *testing.T) {
	f := setUp(t)
	f.exchange("patient-440507")
	var rows []struct {
		Canonical []byte `db:"canonical"`
	}
	if err := f.db.App.Select(t.Context(), &rows, `SELECT canonical FROM translog_entry`); err != nil || len(rows) != 2 {
		t.Fatal(len(rows), err)
	}
	for _, r := range rows {
		for _, secret := range []string{"patient-440507", "answer to", "系统定时拉取", "his.example"} {
			if bytes.Contains(r.Canonical, []byte(secret)) {
				t.Errorf("%q stands in the clear", secret)
			}
		}
	}
	other, err := seal.GenerateSM2()
	if err != nil {
		t.Fatal(err)
	}
	r := f.verify(translog.Checks{Officer: other})
	if len(r.Problems) != 1 || r.Problems[0].Kind != translog.Unopened {
		t.Errorf("another private key: %+v", r.Problems)
	}
}

func TestRefusesUnderTransaction(t *testing.T) {
	f := setUp(t)
	p, err := f.log.Begin(t.Context(), pull("A"))
	if err != nil {
		t.Fatal(err)
	}
	err = f.db.App.InTx(t.Context(), func(ctx context.Context, _ *db.Tx) error {
		if _, err := f.log.Begin(ctx, pull("B")); !errors.Is(err, translog.ErrInTransaction) {
			t.Errorf("Begin: %v", err)
		}
		if err := p.End(ctx, ok("")); !errors.Is(err, translog.ErrInTransaction) {
			t.Errorf("End: %v", err)
		}
		if _, err := f.log.Record(ctx, pull("C"), ok(""), 0); !errors.Is(err, translog.ErrInTransaction) {
			t.Errorf("Record: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if r := f.verify(translog.Checks{}); r.Entries != 1 {
		t.Errorf("%d entries, want the first intent only", r.Entries)
	}
}

func TestOutcomeIsWrittenAfterTheAskerLeft(t *testing.T) {
	f := setUp(t)
	ctx, cancel := context.WithCancel(t.Context())
	p, err := f.log.Begin(ctx, pull("A"))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := p.End(ctx, translog.Outcome{Result: translog.Failed, Detail: "cancelled \xff"}); err != nil {
		t.Fatal(err)
	}
	list, err := translog.List(t.Context(), f.db.App, translog.Filter{})
	if err != nil || len(list) != 1 || list[0].Result != translog.Failed || list[0].Open {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestMalformedExchangesAreRefused(t *testing.T) {
	f := setUp(t)
	for name, change := range map[string]func(*translog.Exchange){
		"no system":  func(x *translog.Exchange) { x.System = "" },
		"long":       func(x *translog.Exchange) { x.Service = strings.Repeat("x", 61) },
		"direction":  func(x *translog.Exchange) { x.Direction = "up" },
		"not UTF-8":  func(x *translog.Exchange) { x.Key = "\xff" },
		"with a NUL": func(x *translog.Exchange) { x.System = "H\x00S" },
	} {
		x := pull("A")
		change(&x)
		if _, err := f.log.Begin(t.Context(), x); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := f.log.Record(t.Context(), pull("A"), translog.Outcome{Result: "fine"}, 0); err == nil {
		t.Error("a result that does not exist was accepted")
	}
}

func TestManyWritersAtOnce(t *testing.T) {
	f := setUp(t)
	second := translog.New(f.db.App, f.keys, "second-host")
	var wg sync.WaitGroup
	for i := range 40 {
		log := f.log
		if i%2 == 1 {
			log = second
		}
		wg.Go(func() {
			for n := range 10 {
				p, err := log.Begin(context.Background(), pull(fmt.Sprintf("%d-%d", i, n)))
				if err != nil {
					t.Error(err)
					return
				}
				if err := p.End(context.Background(), ok("x")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	r := f.verify(translog.Checks{Officer: f.keys.LogOfficer()})
	if !r.Good() || r.Writers != 2 || r.Entries != 800 || r.Open != 0 {
		t.Errorf("report %+v", r)
	}
}

func TestNewDayNewKey(t *testing.T) {
	f := setUp(t)
	f.exchange("monday")
	p, err := f.log.Begin(t.Context(), pull("over midnight"))
	if err != nil {
		t.Fatal(err)
	}
	f.clock.Add(24 * time.Hour)
	if err := p.End(t.Context(), ok("tuesday")); err != nil {
		t.Fatal(err)
	}
	var keys []string
	if err := f.db.App.Select(t.Context(), &keys, `SELECT DISTINCT data_key FROM translog_writer`); err != nil || len(keys) != 2 {
		t.Fatalf("keys %v, %v", keys, err)
	}
	o, err := translog.Show(t.Context(), f.db.App, p.ID(), f.keys.LogOfficer())
	if err != nil || o.Answer == nil || string(o.Answer.Answer) != "tuesday" {
		t.Errorf("an exchange over two writers: %+v, %v", o, err)
	}
	if r := f.verify(translog.Checks{Officer: f.keys.LogOfficer()}); !r.Good() || r.Writers != 2 {
		t.Errorf("report %+v", r)
	}
}

func TestGoesOnAfterAFailure(t *testing.T) {
	f := setUp(t)
	f.exchange("before")
	rename := func(from, to string) {
		err := f.db.Owner.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "ALTER TABLE "+from+" RENAME TO "+to)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	rename("translog_head", "translog_head_away")
	for range 2 {
		if _, err := f.log.Begin(t.Context(), pull("during")); err == nil {
			t.Fatal("an intent was reported written that is not")
		}
	}
	rename("translog_head_away", "translog_head")
	f.exchange("after")
	r := f.verify(translog.Checks{Officer: f.keys.LogOfficer()})
	if !r.Good() || r.Writers != 2 || r.Entries != 4 || r.Open != 0 {
		t.Errorf("report %+v", r)
	}
}

func TestApplicationCannotChangeTheLog(t *testing.T) {
	f := setUp(t)
	f.exchange("A")
	for _, d := range []*dbtest.DB{f.db} {
		for _, handle := range []*db.DB{d.App, d.Owner} {
			for _, s := range []string{
				`UPDATE translog_entry SET result = 'ok'`, `DELETE FROM translog_entry`, `TRUNCATE translog_entry`,
				`UPDATE translog_writer SET host = 'x'`, `DELETE FROM translog_writer`,
			} {
				err := handle.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					_, err := tx.Exec(ctx, s)
					return err
				})
				if err == nil {
					t.Errorf("%s was allowed", s)
				}
			}
		}
	}
}

func TestWithoutOfficerKeyNothingIsExchanged(t *testing.T) {
	f := setUp(t)
	log := translog.New(f.db.App, noOfficer{f.keys}, "h")
	if _, err := log.Begin(t.Context(), pull("A")); !errors.Is(err, seal.ErrNoLogOfficer) {
		t.Errorf("error %v", err)
	}
}

type noOfficer struct{ seal.KeyProvider }

func (noOfficer) LogWrapKey() (*seal.PublicKey, error) { return nil, seal.ErrNoLogOfficer }

// TestSettle: an entry whose asker has gone is still written, and what is read
// after Settle does not change any more.
func TestSettle(t *testing.T) {
	f := setUp(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for i := range 20 {
		_, err := f.log.Record(gone, pull(fmt.Sprint(i)), ok("late"), time.Millisecond)
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if err := f.log.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := translog.List(t.Context(), f.db.App, translog.Filter{})
	if err != nil || len(list) != 20 {
		t.Errorf("%d exchanges are there, want 20: %v", len(list), err)
	}
}
