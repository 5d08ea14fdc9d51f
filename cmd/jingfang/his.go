package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"jingfang/integration"
	"jingfang/integration/wire"
	"jingfang/inventory"
	"jingfang/session/identity"
)

// drugsEvery is how often the drug dictionary is fetched again.
const drugsEvery = time.Hour

// hisSource says how to reach HIS, and who hears dispensing facts beside it; the zero
// value is nobody.
type hisSource struct {
	url    string
	key    wire.Key
	says   wire.Dialect
	others []otherSource
}

// otherSource is a further destination of dispensing facts.
type otherSource struct {
	wire.Destination
	key  wire.Key
	says wire.Dialect
}

// otherSources reads the keys of the further destinations.
func otherSources(p wire.Platform) ([]otherSource, error) {
	var list []otherSource
	for _, d := range p.Destinations() {
		secret, err := os.ReadFile(d.KeyFile)
		if err != nil {
			return nil, usage("上报去处 %s 的密钥文件 %s 读不到：%v", d.Title, d.KeyFile, err)
		}
		key, err := wire.NewKey(d.AppID, bytes.TrimSpace(secret))
		if err != nil {
			return nil, usage("上报去处 %s 的应用编号或签名密钥不合要求：%v", d.Title, err)
		}
		list = append(list, otherSource{d, key, p.Dialect(d.Name)})
	}
	return list, nil
}

// hisOf reads the source from the configuration of serve.
func hisOf(c config) (hisSource, error) {
	platform, err := readPlatform(c.Platform)
	if err != nil {
		return hisSource{}, err
	}
	others, err := otherSources(platform)
	if err != nil || c.HISURL == "" {
		return hisSource{others: others}, err
	}
	if c.HISApp == "" || c.HISKey == "" {
		return hisSource{}, usage("设了 -his-url，还须给出 -his-app 和 JINGFANG_HIS_KEY（或 JINGFANG_HIS_KEY_FILE）。")
	}
	key, err := wire.NewKey(c.HISApp, []byte(c.HISKey))
	if err != nil {
		return hisSource{}, usage("HIS 的应用编号或签名密钥不合要求：%v", err)
	}
	return hisSource{c.HISURL, key, platform.Dialect("his"), others}, nil
}

// openHIS makes the client of a source, what pulls from it and what tells it. Files
// of receipts are taken in without a source, too.
func (a *app) openHIS(from hisSource) error {
	pulls := integration.PollerConfig{DB: a.db, Ingest: a.takeReceipt, Interval: a.config.HISEvery, Transfers: a.exchange, Log: a.log}
	if from.url != "" {
		client, err := integration.NewClient(integration.Config{System: "HIS", BaseURL: from.url, Key: from.key, Log: a.exchange, Dialect: from.says})
		if err != nil {
			return err
		}
		a.his, pulls.Client = client, client
		a.sender = integration.NewSender(integration.SenderConfig{DB: a.db, Client: client, Patients: a.patients, Log: a.log})
	}
	a.poller = integration.NewPoller(pulls)
	return a.openOthers(from.others)
}

// openOthers makes who tells the further destinations, each by itself: one that is down
// keeps no other waiting.
func (a *app) openOthers(list []otherSource) error {
	for _, x := range list {
		client, err := integration.NewClient(integration.Config{System: x.Title, BaseURL: x.Address, Key: x.key, Log: a.exchange, Dialect: x.says})
		if err != nil {
			return err
		}
		sender := integration.NewSender(integration.SenderConfig{DB: a.db, Client: client, Channel: x.Name, Log: a.log})
		a.others = append(a.others, integration.Destination{Channel: x.Name, Title: x.Title, Sender: sender})
	}
	return nil
}

// takeReceipt hands a document of HIS to inventory.
func (a *app) takeReceipt(ctx context.Context, r wire.Receipt) (bool, error) {
	doc := inventory.Document{Source: r.Source, Number: r.Number, Revision: r.Revision, Kind: r.Kind, IssuedAt: r.IssuedAt,
		FromStore: r.FromStore, Cancels: r.Cancels}
	for _, l := range r.Lines {
		doc.Lines = append(doc.Lines, inventory.DocumentLine{LineNo: l.LineNo, HISCode: l.HISCode, Batch: l.Batch,
			ExpiresOn: l.ExpiresOn.Time(), MadeOn: l.MadeOn.Time(), Packs: l.Packs, Price: l.Price, Codes: l.Codes})
	}
	return a.stock.TakeReceipt(ctx, identity.System("his-poller"), doc)
}

// fetchDrugs brings the drug dictionary up to what HIS says. Malformed entries
// are left out and named in the log.
func (a *app) fetchDrugs(ctx context.Context) error {
	by := identity.System("his-drugs")
	good, bad, err := a.his.Drugs(ctx, by)
	if err != nil {
		return fmt.Errorf("fetch the drug dictionary: %w", err)
	}
	for _, b := range bad {
		a.log.Warn("an entry of the drug dictionary was left out", "error", b)
	}
	entries := make([]inventory.DictionaryDrug, len(good))
	for i, d := range good {
		entries[i] = dictionaryDrug(d)
	}
	changed, err := a.stock.TakeDrugs(ctx, by, entries)
	if err != nil {
		return fmt.Errorf("take the drug dictionary: %w", err)
	}
	if changed > 0 {
		a.log.Info("drug dictionary taken", "entries", len(good), "changed", changed)
	}
	return nil
}

func dictionaryDrug(d wire.Drug) inventory.DictionaryDrug {
	e := inventory.DictionaryDrug{HISCode: d.HISCode, GenericName: d.GenericName, TradeName: d.TradeName, Spec: d.Spec, Maker: d.Maker,
		UnitName: d.UnitName, PackName: d.PackName, UnitsPerPack: d.UnitsPerPack, Class: inventory.Class(d.Class),
		ClassSince: d.ClassSince.Time(), Loose: d.Loose}
	for _, p := range d.Prefixes {
		e.Prefixes = append(e.Prefixes, inventory.DictionaryPrefix{Prefix: p.Prefix, Level: p.Level, Units: p.Units})
	}
	return e
}

// askHIS is the background work with HIS: documents all the time, the
// dictionary at the start and then hourly.
func (a *app) askHIS(ctx context.Context) error {
	if err := a.fetchDrugs(ctx); err != nil && ctx.Err() == nil {
		a.log.Warn("background work failed", "what", "drug dictionary", "error", err)
	}
	return a.every(ctx, "drug dictionary", drugsEvery, a.fetchDrugs)
}
