package integration_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"jingfang/integration"
	"jingfang/integration/simulator"
	"jingfang/integration/wire"
	"jingfang/sql/db"
)

func TestPullsOnceAndGoesOnWhereItStood(t *testing.T) {
	h := build(t)
	h.poller = h.newPoller(integration.PollerConfig{Page: 2})
	h.receipts(5)
	if n, err := h.round(); err != nil || n != (integration.Pulled{Documents: 5, Taken: 5}) {
		t.Fatalf("first round %+v, %v", n, err)
	}
	if n, err := h.round(); err != nil || n != (integration.Pulled{}) {
		t.Errorf("second round %+v, %v", n, err)
	}
	// A restarted server has the position and nothing else.
	h.poller = h.newPoller(integration.PollerConfig{})
	h.receipts(1)
	if n, err := h.round(); err != nil || n != (integration.Pulled{Documents: 1, Taken: 1}) {
		t.Errorf("after a restart %+v, %v", n, err)
	}
	h.good()
}

func TestTheSameDocumentTwiceChangesNothing(t *testing.T) {
	h := build(t)
	h.his.SetFaults(simulator.Faults{Duplicated: true, OutOfOrder: true})
	h.receipts(4)
	if n, err := h.round(); err != nil || n != (integration.Pulled{Documents: 8, Taken: 4}) {
		t.Errorf("%+v, %v", n, err)
	}
}

// The database goes in the middle of a page: the position stays, the page
// comes again, and what was taken in is not taken in twice.
func TestCutInTheMiddleOfAPage(t *testing.T) {
	h := build(t)
	h.receipts(5)
	calls := 0
	h.store.fail = func(wire.Receipt) error {
		if calls++; calls == 3 {
			return fmt.Errorf("insert: %w", db.Refuse(db.Unavailable, "数据库暂时连不上。"))
		}
		return nil
	}
	if _, err := h.round(); db.KindOf(err) != db.Unavailable {
		t.Fatalf("error %v", err)
	}
	if s := h.stream(); s.Mark != "" || s.LastError != "数据库暂时连不上。" || s.Problems != 0 {
		t.Errorf("stream %+v", s)
	}
	if n, err := h.round(); err != nil || n != (integration.Pulled{Documents: 5, Taken: 3}) {
		t.Errorf("second round %+v, %v", n, err)
	}
}

func TestBadDocumentsGoToTheWorkListAndTheOthersOn(t *testing.T) {
	h := build(t)
	good, err := h.his.MakeReceipt(simulator.Order{Lines: 2, Packs: 3})
	if err != nil {
		t.Fatal(err)
	}
	change := func(old, new string) []byte {
		text := strings.Replace(string(encode(t, good)), old, new, 1)
		return []byte(strings.Replace(text, good.Number, good.Number+"X", 1))
	}
	h.his.AddRaw(change(`"packs":3`, `"packs":-3`))
	h.his.AddRaw(change(`+08:00"`, `"`))
	h.his.AddRaw(change(`"DEMO002"`, `"UNKNOWN9"`))
	h.his.AddRaw(change(`"source":"HIS"`, `"source":"ERP"`))
	h.his.AddRaw(change(`"lines":[`, `"lines":7,"old":[`))
	h.his.AddRaw([]byte(`"not even an object"`))
	h.receipts(1)
	if n, err := h.round(); err != nil || n != (integration.Pulled{Documents: 8, Taken: 2, Refused: 6}) {
		t.Fatalf("%+v, %v", n, err)
	}
	reasons := ""
	for _, p := range h.problems() {
		reasons += p.Reason + "\n"
		if p.Number != good.Number+"X" && p.Number != "" {
			t.Errorf("problem %+v", p)
		}
	}
	for _, want := range []string{"为负数（-3）", "issued_at 没有时区", "UNKNOWN9 不在药品目录", "来源写的是“ERP”", "lines 类型不对", "类型不对（收到的是 文字）"} {
		if !strings.Contains(reasons, want) {
			t.Errorf("no reason …%s… in\n%s", want, reasons)
		}
	}
	if s := h.stream(); s.Problems != 6 || s.Failures != 0 {
		t.Errorf("stream %+v", s)
	}
}

func TestAWorkListEntryIsTriedAgainOrDismissed(t *testing.T) {
	h := build(t)
	doc, err := h.his.MakeReceipt(simulator.Order{Lines: 2, Packs: 3})
	if err != nil {
		t.Fatal(err)
	}
	h.store.drugs["DEMO002"] = false
	if n, err := h.round(); err != nil || n.Refused != 1 {
		t.Fatalf("%+v, %v", n, err)
	}
	p := h.problems()[0]
	if err := h.poller.TryAgain(t.Context(), pharmacist(), p.ID); db.KindOf(err) != db.Invalid || !strings.Contains(db.Sentence(err), "DEMO002") {
		t.Errorf("still unknown: %v", err)
	}
	if again := h.problems()[0]; again.Seen != 2 {
		t.Errorf("seen %d times", again.Seen)
	}
	nobody := pharmacist()
	nobody.Grants = nil
	if err := h.poller.TryAgain(t.Context(), nobody, p.ID); db.KindOf(err) != db.Denied {
		t.Errorf("without the permission: %v", err)
	}
	h.store.drugs["DEMO002"] = true
	if err := h.poller.TryAgain(t.Context(), pharmacist(), p.ID); err != nil {
		t.Fatal(err)
	}
	if n, _ := h.store.count(); n != 1 || len(h.problems()) != 0 {
		t.Errorf("%d taken, %d problems", n, len(h.problems()))
	}
	if err := h.poller.TryAgain(t.Context(), pharmacist(), p.ID); db.KindOf(err) != db.NotFound {
		t.Errorf("a second time: %v", err)
	}
	h.his.AddRaw([]byte(strings.Replace(string(encode(t, doc)), `"packs":3`, `"packs":0`, 1)))
	if _, err := h.round(); err != nil {
		t.Fatal(err)
	}
	p = h.problems()[0]
	if err := h.poller.Dismiss(t.Context(), pharmacist(), p.ID, ""); db.KindOf(err) != db.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	if err := h.poller.Dismiss(t.Context(), pharmacist(), p.ID, "已电话核实作废"); err != nil || len(h.problems()) != 0 {
		t.Errorf("dismissed: %v", err)
	}
}

// A refused document that comes again and is good now leaves the work list.
func TestTheWorkListSettlesItself(t *testing.T) {
	h := build(t)
	doc, err := h.his.MakeReceipt(simulator.Order{Lines: 2, Packs: 3})
	if err != nil {
		t.Fatal(err)
	}
	h.store.drugs["DEMO002"] = false
	if _, err := h.round(); err != nil || len(h.problems()) != 1 {
		t.Fatal(err, len(h.problems()))
	}
	h.store.drugs["DEMO002"] = true
	for i := range doc.Lines { // as the document itself has it
		doc.Lines[i].Codes = nil
	}
	if err := h.his.AddReceipt(doc); err != nil {
		t.Fatal(err)
	}
	if n, err := h.round(); err != nil || n.Taken != 1 || len(h.problems()) != 0 {
		t.Errorf("%+v, %v, %d problems", n, err, len(h.problems()))
	}
}

// A document that meets an inner fault is tried in three rounds and then put
// aside, so that the ones behind it come through.
func TestAnInnerFaultDoesNotStopTheStreamForEver(t *testing.T) {
	h := build(t)
	h.receipts(3)
	h.store.fail = func(doc wire.Receipt) error {
		if strings.HasSuffix(doc.Number, "0002") {
			return errors.New("nil pointer")
		}
		return nil
	}
	for i := range 2 {
		if _, err := h.round(); db.KindOf(err) != db.Internal {
			t.Fatalf("round %d: %v", i+1, err)
		}
	}
	if n, err := h.round(); err != nil || n.Refused != 1 || n.Taken != 1 {
		t.Errorf("third round %+v, %v", n, err)
	}
	if list := h.problems(); len(list) != 1 || strings.Contains(list[0].Reason, "nil pointer") {
		t.Errorf("problems %+v", list)
	}
}

func TestSwitchedOff(t *testing.T) {
	h := build(t)
	h.receipts(1)
	manager := pharmacist()
	if err := h.poller.SetActive(t.Context(), manager, false); db.KindOf(err) != db.Denied {
		t.Errorf("a pharmacist: %v", err)
	}
	if err := h.poller.SetActive(t.Context(), admin(), false); err != nil {
		t.Fatal(err)
	}
	if n, err := h.round(); err != nil || n.Documents != 0 || h.his.Requests() != 0 || h.stream().Active {
		t.Errorf("off: %+v, %v, %d requests", n, err, h.his.Requests())
	}
	if err := h.poller.SetActive(t.Context(), admin(), true); err != nil {
		t.Fatal(err)
	}
	if n, err := h.round(); err != nil || n.Taken != 1 {
		t.Errorf("on: %+v, %v", n, err)
	}
}

func TestTwoServersPullTheSameStream(t *testing.T) {
	h := build(t)
	h.receipts(30)
	var wg sync.WaitGroup
	for range 3 {
		p := h.newPoller(integration.PollerConfig{Page: 4})
		wg.Go(func() {
			if _, err := p.Round(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n, _ := h.store.count(); n != 30 {
		t.Errorf("%d taken", n)
	}
	if n, err := h.round(); err != nil || n.Taken != 0 {
		t.Errorf("another round: %+v, %v", n, err)
	}
	h.good()
}

func TestRunPullsAtOnceAndWhenWoken(t *testing.T) {
	h := build(t)
	seen := make(chan string, 10)
	h.store.fail = func(doc wire.Receipt) error { seen <- doc.Number; return nil }
	h.poller = h.newPoller(integration.PollerConfig{Interval: time.Hour})
	h.receipts(1)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { h.poller.Run(ctx); close(done) }()
	<-seen
	h.receipts(1)
	h.poller.Wake()
	<-seen
	cancel()
	<-done
}
