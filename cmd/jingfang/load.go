package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"jingfang/integration/simulator"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// Size of a session under load, ten times a real one.
const (
	loadDoctors  = 5
	loadPatients = 350
	loadLines    = 20 // × loadPacks = 1,500 packs; later lines of the stand-in are near or past expiry
	loadPacks    = 75
	loadFile     = "load.json"
	loadViewer   = "load-viewer"
)

// loadPlan is what cmd/clinicload reads: where, with which accounts, and what
// can be scanned in each session.
type loadPlan struct {
	URL      string        `json:"url"`
	Password string        `json:"password"` // of every account
	Viewer   string        `json:"viewer"`   // an account that may look at every session
	Sessions []loadSession `json:"sessions"`
}

// loadSession is one open session with its own doctors, labels and packs.
type loadSession struct {
	ID       int64    `json:"id"`
	Doctors  []string `json:"doctors"`
	Patients []string `json:"patients"` // tokens of labels
	Codes    []string `json:"codes"`    // trace codes of allocated packs
}

// load makes n open sessions, fresh ones at every start: a load test empties
// them. It gives the path of the plan.
func (s *seeder) load(ctx context.Context, n int) (string, error) {
	plan := loadPlan{URL: s.house.server.url(), Password: s.password, Viewer: loadViewer}
	have, err := s.staffIDs(ctx)
	if err != nil {
		return "", err
	}
	if have[loadViewer] == 0 {
		if err := s.person(ctx, demoPerson{loadViewer, "演示压力观看", identity.Manager}); err != nil {
			return "", err
		}
	}
	for i := range n {
		x, err := s.loadSession(ctx, i, have)
		if err != nil {
			return "", fmt.Errorf("第 %d 个场次：%w", i+1, err)
		}
		plan.Sessions = append(plan.Sessions, x)
		s.program.say(s.program.out, "压力测试场次 %d/%d 已备好", i+1, n)
	}
	text, err := json.Marshal(plan)
	if err != nil {
		return "", fmt.Errorf("write the plan of the load: %w", err)
	}
	path := filepath.Join(s.config.Data, loadFile)
	return path, errors.Join(replaceFile(path, text), s.leave(ctx))
}

// loadSession makes one session: people, packs through HIS and the scanner, and
// the opening.
func (s *seeder) loadSession(ctx context.Context, i int, have map[string]int64) (x loadSession, err error) {
	by, err := s.by(ctx, "pharmacist")
	if err != nil {
		return x, err
	}
	sites, err := s.siteIDs(ctx)
	if err != nil {
		return x, err
	}
	site := sites[demoSiteCode(i%len(demoSites()))]
	team := []session.Member{{StaffID: by.StaffID, Part: session.PartPharmacist}}
	for d := range loadDoctors {
		name := fmt.Sprintf("load-doctor-%d-%d", i+1, d+1)
		id, err := s.loadDoctor(ctx, name, have[name])
		if err != nil {
			return x, err
		}
		x.Doctors = append(x.Doctors, name)
		team = append(team, session.Member{StaffID: id, Part: session.PartDoctor})
	}
	if x.Patients, err = s.loadTokens(ctx, site, i%len(demoSites())); err != nil {
		return x, err
	}
	// A home-visit round: any number of them may be held at a site on one day.
	x.ID, err = s.app.sessions.PlanSession(ctx, by, session.Plan{SiteID: site, HeldOn: session.Today(s.app.db.Now()), Kind: "home",
		Place: fmt.Sprintf("压力测试 %d", i+1), Team: team})
	if err != nil {
		return x, err
	}
	if x.Codes, err = s.receiveAll(ctx, by, simulator.Order{Lines: loadLines, Packs: loadPacks, Codes: true}); err != nil {
		return x, err
	}
	if err := s.pack(ctx, by, x.ID, x.Codes); err != nil {
		return x, err
	}
	return x, s.app.sessions.OpenSession(ctx, by, x.ID)
}

func (s *seeder) loadDoctor(ctx context.Context, name string, id int64) (int64, error) {
	if id != 0 {
		return id, nil
	}
	made, _, err := s.app.persons.CreateStaff(ctx, identity.System("demo"), identity.NewStaff{Username: name, Name: "演示压力 " + name,
		Password: s.password, Final: true, Grants: []identity.Grant{{Role: identity.Doctor}}})
	return made.ID, err
}

// loadTokens are the labels of a site's patients, after those that are missing
// have been registered, a hundred in a transaction.
func (s *seeder) loadTokens(ctx context.Context, site int64, place int) ([]string, error) {
	tokens, err := s.tokens(ctx, site)
	if err != nil {
		return nil, err
	}
	now := s.app.db.Now()
	for len(tokens) < loadPatients {
		var fresh []string
		err := s.app.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			fresh = fresh[:0]
			for n := len(tokens); n < min(len(tokens)+100, loadPatients); n++ {
				token, err := s.insertPatient(ctx, tx, site, 1000+place*loadPatients+n, now)
				if err != nil {
					return err
				}
				fresh = append(fresh, token)
			}
			return identity.Audit(ctx, tx, identity.System("demo"), identity.Event{Name: "patient.register", ObjectKind: "site",
				ObjectID: fmt.Sprint(site), SiteID: site, Detail: fmt.Sprintf("压力测试患者 %d 名", len(fresh))})
		})
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, fresh...)
	}
	return tokens[:loadPatients], nil
}

// insertPatient registers one invented patient without papers.
func (s *seeder) insertPatient(ctx context.Context, tx *db.Tx, site int64, n int, now time.Time) (string, error) {
	e, err := patient.Entry{Name: demoName(n), HomeSiteID: site, Paper: patient.PaperNone}.Check(now)
	if err != nil {
		return "", err
	}
	id, err := s.app.patients.Insert(ctx, tx, identity.System("demo"), e)
	if err != nil {
		return "", err
	}
	token, err := patient.IssueLabel(ctx, tx, identity.System("demo"), id)
	return token.String(), err
}
