package session_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// counter is a clinic with boxes of every kind, one for every cell.
type counter struct {
	*clinic
	stock     *inventory.Service
	receipt   int64
	elsewhere int64 // another session
	visit     uuid.UUID
	who       map[string]identity.Actor
	boxes     map[[3]string]string // the code of each cell
}

// newCounter makes the boxes: by the use cases where there is one, else by the
// moves of the ledger.
func newCounter(t *testing.T, cells map[[3]string]string, boxes []string) *counter {
	t.Helper()
	c := &counter{clinic: newClinic(t, 2, 2, 4), boxes: map[[3]string]string{}}
	c.stock, c.elsewhere = inventory.New(c.db.App), c.secondSession()
	c.who = map[string]identity.Actor{"doctor": c.doctors[0], "other": c.doctors[1], "duty": c.chief, "assistant": c.helper,
		"manager": c.person("管理员甲", identity.Manager), "stranger": c.person("医生外", identity.Doctor)}
	c.must(c.svc.ChangeTeam(c.ctx, c.chief, session.TeamChange{SessionID: c.session, CommandID: uuid.New(), Team: []session.Member{
		{StaffID: c.chief.StaffID, Part: session.PartPharmacist}, {StaffID: c.doctors[0].StaffID, Part: session.PartDoctor},
		{StaffID: c.doctors[1].StaffID, Part: session.PartDoctor}, {StaffID: c.helper.StaffID, Part: session.PartAssistant}}}))
	c.visit = c.start(c.doctors[0], 0)
	theirs := c.start(c.doctors[1], 1)
	codes := c.name(cells, boxes)
	good, past := time.Now().AddDate(1, 0, 0), time.Now().AddDate(0, -1, 0)
	var here, late []string
	for _, box := range boxes {
		switch box {
		case "expired":
			late = codes[box]
		case "expected_else", "withdrawn", "unknown", "unmapped", "no_code":
		default:
			here = append(here, codes[box]...)
		}
	}
	c.receipt = c.take("R1", here, good)
	c.scanIn(c.receipt, slices.DeleteFunc(here, func(x string) bool { return slices.Contains(codes["expected"], x) }))
	c.scanIn(c.take("R2", late, past), late)
	c.take("R3", codes["expected_else"], good)
	c.take("R4", codes["withdrawn"], good)
	for box, to := range map[string]int64{"allocated_here": c.session, "allocated_else": c.elsewhere, "given_here": c.session, "given_today": c.session, "given_earlier": c.session} {
		a, err := c.svc.Pack(c.ctx, c.chief, session.Packing{SessionID: to, CommandID: uuid.New(), Codes: join(codes[box])})
		c.must(err)
		if a.Moved != len(codes[box]) {
			t.Fatalf("%s: %+v", box, a)
		}
	}
	c.scan(c.doctors[0], c.visit, codes["given_here"]...)
	c.scan(c.doctors[1], theirs, codes["given_today"]...)
	c.scan(c.doctors[1], theirs, codes["given_earlier"]...)
	c.backdate(codes)
	c.moves(codes["quarantined"], inventory.MoveQuarantine)
	c.moves(codes["damaged"], inventory.MoveDamage)
	c.moves(codes["destroyed"], inventory.MoveDamage, inventory.MoveDestroy)
	c.moves(codes["lost"], inventory.MoveLose)
	c.moves(codes["sent_back"], inventory.MoveSendBack)
	c.moves(codes["withdrawn"], inventory.MoveWithdraw)
	return c
}

// name gives every cell a code of its own; their last six characters differ.
func (c *counter) name(cells map[[3]string]string, boxes []string) map[string][]string {
	codes := map[string][]string{}
	n := 100001
	for _, box := range boxes {
		for cell := range cells {
			if cell[1] != box {
				continue
			}
			code := fmt.Sprintf("8000001%013d", n)
			switch box {
			case "unmapped":
				code = fmt.Sprintf("8111111%013d", n)
			case "no_code":
				code = commodityCode(n)
			}
			c.boxes[cell] = code
			codes[box] = append(codes[box], code)
			n++
		}
	}
	return codes
}

// commodityCode is a 69 code with its check digit.
func commodityCode(n int) string {
	body := fmt.Sprintf("690%09d", n)
	sum := 0
	for i, d := range body {
		sum += int(d-'0') * (1 + 2*(i%2))
	}
	return fmt.Sprintf("%s%d", body, (10-sum%10)%10)
}

// take takes a document in that lists codes, and gives its receipt.
func (c *counter) take(number string, codes []string, expires time.Time) (id int64) {
	c.t.Helper()
	y, m, d := expires.Date()
	doc := inventory.Document{Source: "HIS", Number: number, Revision: 1, Kind: inventory.DocumentTransfer, IssuedAt: time.Now().Add(-time.Hour),
		FromStore: "中心药库", Lines: []inventory.DocumentLine{{LineNo: 1, HISCode: "DEMO1", Batch: "B1", ExpiresOn: time.Date(y, m, d, 0, 0, 0, 0, time.UTC),
			MadeOn: time.Date(y-3, m, 1, 0, 0, 0, 0, time.UTC), Packs: len(codes), Price: "1.00", Codes: codes}}}
	_, err := c.stock.TakeReceipt(c.ctx, identity.System("his-poller"), doc)
	c.must(err)
	c.must(c.db.App.Get(c.ctx, &id, `SELECT id FROM receipt WHERE number = $1`, number))
	return id
}

func (c *counter) scanIn(receipt int64, codes []string) {
	c.t.Helper()
	a, err := c.stock.Receive(c.ctx, c.helper, inventory.ReceiveScan{ReceiptID: receipt, CommandID: uuid.New(), Codes: join(codes)})
	c.must(err)
	if a.Taken != len(codes) {
		c.t.Fatalf("took %d of %d: %+v", a.Taken, len(codes), a.Answers[0])
	}
}

// backdate makes the scans so old that no reader can have read twice, and some
// of another day.
func (c *counter) backdate(codes map[string][]string) {
	c.t.Helper()
	c.must(c.db.App.InTx(c.ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE visit_line SET at = at - interval '3 seconds'`); err != nil {
			return err
		}
		for _, code := range codes["given_earlier"] {
			err := tx.ExecOne(ctx, `UPDATE visit_line SET at = at - interval '40 days' WHERE pack_id = (SELECT id FROM pack WHERE code = $1)`, code)
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

func (c *counter) moves(codes []string, kinds ...inventory.MovementKind) {
	c.t.Helper()
	for _, kind := range kinds {
		for _, code := range codes {
			if !c.push(code, inventory.Move{Kind: kind}) {
				c.t.Fatalf("%s of %s is refused", kind, code)
			}
		}
	}
}
