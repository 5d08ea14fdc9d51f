package session_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/sql/db"
)

// TestACrowdAtOneTableLeavesConnections: while somebody holds a session's row,
// the people who wait for it do not take the pool from everybody else.
func TestACrowdAtOneTableLeavesConnections(t *testing.T) {
	c := newClinic(t, 1, 1, 1)
	held, free := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		err := c.db.Owner.InTx(c.ctx, func(ctx context.Context, tx *db.Tx) error {
			var id int64
			err := tx.Get(ctx, &id, `SELECT id FROM clinic_session WHERE id = $1 FOR NO KEY UPDATE`, c.session)
			close(held)
			<-free
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}()
	<-held
	for range 60 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			in := session.Packing{SessionID: c.session, CommandID: uuid.New(), Codes: c.codes[0]}
			if _, err := c.svc.Pack(c.ctx, c.chief, in); err != nil {
				t.Error(err)
			}
		}()
	}
	// All turns of the session are taken before the others are asked.
	for c.db.App.Stats().InUse < 6 {
		if err := c.db.App.Ping(c.ctx); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(c.ctx, 20*time.Second)
	defer cancel()
	for range 20 {
		if _, err := session.ReadBoard(ctx, c.db.App, c.session); err != nil {
			t.Errorf("nobody else gets a connection: %v", err)
			break
		}
	}
	if n := c.db.App.Stats().InUse; n > 12 {
		t.Errorf("%d connections are taken by one session", n)
	}
	close(free)
	wg.Wait()
}
