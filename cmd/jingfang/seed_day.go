package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"jingfang/integration/simulator"
	"jingfang/integration/wire"
	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// drugs fetches the dictionary of the stand-in HIS as a hospital's would be, and says
// what the table is to remind of.
func (s *seeder) drugs(ctx context.Context) error {
	if err := s.app.fetchDrugs(ctx); err != nil {
		return err
	}
	have, err := inventory.DrugCares(ctx, s.app.db)
	if err != nil || len(have) > 0 {
		return err
	}
	by, err := s.by(ctx, "pharmacist")
	if err != nil {
		return err
	}
	for _, x := range demoCares() {
		var id int64
		if err := s.app.db.Get(ctx, &id, `SELECT id FROM drug WHERE his_code = $1`, fmt.Sprintf("DEMO%03d", x.drug+1)); err != nil {
			return fmt.Errorf("find a drug to remind of: %w", err)
		}
		x.care.DrugID = id
		if _, err := s.app.stock.SetCare(ctx, by, inventory.Caring{CommandID: uuid.New(), Care: x.care}); err != nil {
			return err
		}
	}
	return nil
}

// demoClozapine is the place of clozapine in the demo's dictionary.
const demoClozapine = 4

// demoCare is what a drug of the demo, by its place in the dictionary, reminds of.
type demoCare struct {
	drug int
	care inventory.Care
}

// demoCares are the blood count of clozapine, the lithium level, and the long-acting
// injections.
func demoCares() []demoCare {
	return []demoCare{{demoClozapine, inventory.Care{Check: "血常规", CheckDays: 28}}, {17, inventory.Care{Check: "血锂浓度", CheckDays: 90}},
		{13, inventory.Care{DepotDays: 28}}, {14, inventory.Care{DepotDays: 84}}, {demoAmpoules, inventory.Care{DepotDays: 28}}}
}

// today gives a visitor two sessions, one open with a queue and one to be
// packed, and receipts to scan in. They are made once a day.
func (s *seeder) today(ctx context.Context) error {
	by, err := s.by(ctx, "pharmacist")
	if err != nil {
		return err
	}
	on := session.Today(s.app.db.Now())
	list, err := s.app.sessions.ListSessions(ctx, by, on)
	if err != nil {
		return err
	}
	ids, err := s.siteIDs(ctx)
	if err != nil {
		return err
	}
	have := map[int64]session.Listed{}
	for _, x := range list {
		if x.Kind == "site" {
			have[x.SiteID] = x
		}
	}
	open, planned := ids[demoSiteCode(0)], ids[demoSiteCode(1)]
	if _, there := have[planned]; !there {
		if _, err := s.plan(ctx, by, planned, "doctor3", "doctor4"); err != nil {
			return err
		}
	}
	x, there := have[open]
	if there && x.State != session.Planned {
		return nil
	}
	// A start that was broken off leaves a planned session: it is gone on with.
	return s.openDay(ctx, by, open, x.ID)
}

// plan enters today's session of a site; the pharmacist who acts has the duty.
func (s *seeder) plan(ctx context.Context, by identity.Actor, site int64, doctors ...string) (int64, error) {
	ids, err := s.staffIDs(ctx)
	if err != nil {
		return 0, err
	}
	team := []session.Member{{StaffID: by.StaffID, Part: session.PartPharmacist}, {StaffID: ids["assistant"], Part: session.PartAssistant}}
	for _, d := range doctors {
		team = append(team, session.Member{StaffID: ids[d], Part: session.PartDoctor})
	}
	return s.app.sessions.PlanSession(ctx, by, session.Plan{SiteID: site, HeldOn: session.Today(s.app.db.Now()), Team: team})
}

// openDay lets medicine arrive, packs it, opens the session and brings the
// first patients.
func (s *seeder) openDay(ctx context.Context, by identity.Actor, site, id int64) (err error) {
	if id == 0 {
		if id, err = s.plan(ctx, by, site, "doctor1", "doctor2"); err != nil {
			return err
		}
	}
	packed, err := s.receiveAll(ctx, by, simulator.Order{Lines: 8, Packs: 24, FirstDrug: 0, Codes: true})
	if err != nil {
		return err
	}
	if err := s.waitingReceipts(ctx); err != nil {
		return err
	}
	if err := s.changedDocuments(ctx, by); err != nil {
		return err
	}
	if err := s.pack(ctx, by, id, packed); err != nil {
		return err
	}
	loose, err := s.loosePacks(ctx, by, id)
	if err != nil {
		return err
	}
	if err := s.app.sessions.OpenSession(ctx, by, id); err != nil {
		return err
	}
	s.note(fmt.Sprintf("今日进行中的场次（第 %d 号）药箱里的药盒：", id), packed)
	s.note("按数量发的药盒（一箱 5 支的长效针，和 100 片一瓶的片剂）：", loose)
	if err := s.firstPatients(ctx, site, id, packed); err != nil {
		return err
	}
	if err := s.expiring(ctx, by); err != nil {
		return err
	}
	return s.recall(ctx, by, packed)
}

// The demo's drugs that are given by quantity, by their place in the dictionary,
// and how many packs of each a session takes.
const (
	demoAmpoules  = 15
	demoTablets   = 19
	demoLooseEach = 3
)

// loosePacks brings what is given by quantity to a session: cartons of ampoules
// that have no code of their own, and bottles of tablets.
func (s *seeder) loosePacks(ctx context.Context, by identity.Actor, id int64) ([]string, error) {
	var all []string
	for _, drug := range []int{demoAmpoules, demoTablets} {
		codes, err := s.receiveAll(ctx, by, simulator.Order{Lines: 1, Packs: demoLooseEach, FirstDrug: drug, Codes: true})
		if err != nil {
			return nil, err
		}
		all = append(all, codes...)
	}
	return all, s.pack(ctx, by, id, all)
}

// receiveAll has HIS send a receipt and scans all of it in.
func (s *seeder) receiveAll(ctx context.Context, by identity.Actor, o simulator.Order) ([]string, error) {
	sent, err := s.his.his.MakeReceipt(o)
	if err != nil {
		return nil, err
	}
	if _, err := s.app.poller.Round(ctx); err != nil {
		return nil, err
	}
	receipt, err := s.receiptID(ctx, sent.Number)
	if err != nil {
		return nil, err
	}
	codes := codesOf(sent)
	answer, err := s.app.stock.Receive(ctx, by, inventory.ReceiveScan{ReceiptID: receipt, CommandID: uuid.New(), Codes: strings.Join(codes, "\n")})
	if err != nil {
		return nil, err
	}
	if answer.Taken != len(codes) {
		return nil, fmt.Errorf("入库单 %s 的 %d 盒只收下 %d 盒", sent.Number, len(codes), answer.Taken)
	}
	_, err = s.app.stock.FinishReceipt(ctx, by, inventory.Finishing{ReceiptID: receipt, CommandID: uuid.New()})
	return codes, err
}

func codesOf(r wire.Receipt) []string {
	var codes []string
	for _, l := range r.Lines {
		codes = append(codes, l.Codes...)
	}
	return codes
}

// receiptID finds a document that the poller has brought.
func (s *seeder) receiptID(ctx context.Context, number string) (int64, error) {
	open, _, err := inventory.ListReceipts(ctx, s.app.db, 1)
	if err != nil {
		return 0, err
	}
	for _, r := range open {
		if r.Number == number {
			return r.ID, nil
		}
	}
	return 0, db.Refuse(db.NotFound, "入库单 %s 没有从模拟 HIS 取来。", number)
}

// waitingReceipts leaves two documents to be scanned in: one that lists its
// codes and one that only counts.
func (s *seeder) waitingReceipts(ctx context.Context) error {
	for _, o := range []simulator.Order{{Lines: 5, Packs: 12, FirstDrug: 8, Codes: true}, {Lines: 4, Packs: 10, FirstDrug: 20}} {
		sent, err := s.his.his.MakeReceipt(o)
		if err != nil {
			return err
		}
		kind := "单上列有追溯码"
		if !o.Codes {
			kind = "单上只有数量"
		}
		s.note(fmt.Sprintf("待入库的单 %s（%s）里的药盒：", sent.Number, kind), codesOf(sent))
		if !o.Codes {
			s.note(fmt.Sprintf("单 %s 第一种药（10 盒一箱）的箱码。在“入库 › 箱码关系”下载样例、检查、导入后扫第一个，整箱入库；没有导入时扫任一个，打开这一箱后逐盒扫：", sent.Number),
				[]string{simulator.DemoCode("8300021", 1), simulator.DemoCode("8300021", 2)})
		}
	}
	_, err := s.app.poller.Round(ctx)
	return err
}

// pack allocates packs to a session.
func (s *seeder) pack(ctx context.Context, by identity.Actor, id int64, codes []string) error {
	a, err := s.app.sessions.Pack(ctx, by, session.Packing{SessionID: id, CommandID: uuid.New(), Codes: strings.Join(codes, "\n")})
	if err != nil {
		return err
	}
	if a.Moved != len(codes) {
		return fmt.Errorf("场次 %d 应装 %d 盒，只装了 %d 盒", id, len(codes), a.Moved)
	}
	return nil
}

// Patients of the open session at the start.
const (
	demoDone    = 3 // have left
	demoWaiting = 6 // in the queue
)

// firstPatients finishes a few visits, seats one patient with the first doctor
// and leaves others waiting.
func (s *seeder) firstPatients(ctx context.Context, site, id int64, codes []string) error {
	doctor, err := s.by(ctx, "doctor1")
	if err != nil {
		return err
	}
	helper, err := s.by(ctx, "assistant")
	if err != nil {
		return err
	}
	tokens, err := s.tokens(ctx, site)
	if err != nil {
		return err
	}
	if len(tokens) < demoDone+1+demoWaiting {
		return fmt.Errorf("精防点的患者只有 %d 名", len(tokens))
	}
	s.note("这个精防点的患者标签：", tokens)
	for i := range demoDone + 1 {
		second := 1
		if i == demoDone {
			second = demoClozapine // whoever sits at the table is reminded of the blood count
		}
		if err := s.visit(ctx, doctor, id, tokens[i], []string{codes[i], codes[24*second+i]}, i < demoDone); err != nil {
			return err
		}
	}
	for i := range demoWaiting {
		_, err := s.app.sessions.CheckIn(ctx, helper, session.Arrival{SessionID: id, Visit: uuid.New(), CommandID: uuid.New(), Patient: tokens[demoDone+1+i]})
		if err != nil {
			return err
		}
	}
	return nil
}

// visit is one patient with one doctor.
func (s *seeder) visit(ctx context.Context, by identity.Actor, id int64, token string, codes []string, finish bool) error {
	in, err := s.app.sessions.CheckIn(ctx, by, session.Arrival{SessionID: id, Visit: uuid.New(), CommandID: uuid.New(), Patient: token, Start: true})
	if err != nil {
		return err
	}
	_, err = s.app.sessions.Dispense(ctx, by, session.Scan{SessionID: id, Visit: in.VisitID, CommandID: uuid.New(), Codes: strings.Join(codes, "\n")})
	if err != nil || !finish {
		return err
	}
	_, err = s.app.sessions.FinishVisit(ctx, by, session.Ending{SessionID: id, Visit: in.VisitID, CommandID: uuid.New(), Collector: "self"})
	return err
}

// tokens are the labels of a site's patients.
func (s *seeder) tokens(ctx context.Context, site int64) ([]string, error) {
	var list []string
	err := s.app.db.Select(ctx, &list, `SELECT min(l.token) FROM patient_label l JOIN patient p ON p.id = l.patient_id
WHERE p.home_site_id = $1::bigint AND p.state = 'active' AND l.revoked_at IS NULL GROUP BY p.id ORDER BY p.id`, site)
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	return list, nil
}
