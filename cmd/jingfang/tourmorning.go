package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// order asks the stand-in HIS for one more receipt; it gives its number and codes.
func (t *tour) order(ctx context.Context) (number string, codes []string, err error) {
	body := fmt.Sprintf(`{"lines":%d,"packs":%d,"first_drug":0,"codes":true}`, tourDrugs, tourPacks)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.control+"/control/receipts", bytes.NewBufferString(body))
	if err != nil {
		return "", nil, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	var receipt struct {
		Number string `json:"number"`
		Lines  []struct {
			Codes []string `json:"codes"`
		} `json:"lines"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&receipt); err != nil {
		return "", nil, fmt.Errorf("模拟 HIS 的回答: %w", err)
	}
	for _, l := range receipt.Lines {
		codes = append(codes, l.Codes...)
	}
	if len(codes) != tourDrugs*tourPacks {
		return "", nil, fmt.Errorf("模拟 HIS 给了 %d 个码，应为 %d", len(codes), tourDrugs*tourPacks)
	}
	return receipt.Number, codes, nil
}

// tourReceipt is a receipt in the work list.
type tourReceipt struct {
	ID     int64  `json:"id"`
	Number string `json:"number"`
}

// tourScan is the answer to a scan.
type tourScan struct {
	Answers []struct {
		Kind, Word, Sentence string
	} `json:"answers"`
}

func (a tourScan) count(kind string) int {
	n := 0
	for _, x := range a.Answers {
		if x.Kind == kind {
			n++
		}
	}
	return n
}

func (t *tour) receive(ctx context.Context) error {
	number, codes, err := t.order(ctx)
	if err != nil {
		return err
	}
	t.codes = codes
	receipt, err := t.awaitReceipt(ctx, number)
	if err != nil {
		return err
	}
	t.say("HIS 送来入库单 %s：%d 盒待扫。", number, len(t.codes))
	var a tourScan
	path := fmt.Sprintf("/receipts/%d/scans", receipt.ID)
	if err := t.helper.post(ctx, path, commandForm("codes", lines(t.codes)), &a); err != nil {
		return fmt.Errorf("扫码入库: %w", err)
	}
	if n := a.count("ok"); n != len(t.codes) {
		return fmt.Errorf("扫码入库：%d 盒里只收了 %d 盒", len(t.codes), n)
	}
	if err := t.pharm.post(ctx, fmt.Sprintf("/receipts/%d/finish", receipt.ID), commandForm(), nil); err != nil {
		return fmt.Errorf("完成入库: %w", err)
	}
	t.say("%s 一次扫入 %d 盒，应扫 = 已扫，入库完成。", t.helper.name, len(t.codes))
	return nil
}

// awaitReceipt asks until the poller has brought the document.
func (t *tour) awaitReceipt(ctx context.Context, number string) (tourReceipt, error) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		var list struct {
			Open []tourReceipt `json:"open"`
		}
		if err := t.helper.get(ctx, "/receipts", &list); err != nil {
			return tourReceipt{}, fmt.Errorf("入库单列表: %w", err)
		}
		for _, r := range list.Open {
			if r.Number == number {
				return r, nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return tourReceipt{}, fmt.Errorf("入库单 %s 没有从 HIS 取来: %w", number, ctx.Err())
		}
	}
}

func lines(codes []string) string {
	var b bytes.Buffer
	for _, c := range codes {
		b.WriteString(c + "\n")
	}
	return b.String()
}

// plan takes the first site without a session today, or a home-visit round
// when every site has one.
func (t *tour) plan(ctx context.Context) error {
	var form struct {
		Sites []struct{ Value, Word string }
		Staff []struct {
			ID, Name string
			Duty     bool
		}
	}
	if err := t.pharm.get(ctx, "/sessions/new", &form); err != nil {
		return fmt.Errorf("安排场次: %w", err)
	}
	team := url.Values{"date": {time.Now().In(time.FixedZone("CST", 8*3600)).Format(time.DateOnly)}}
	for _, p := range form.Staff {
		switch {
		case slices.ContainsFunc(t.doctors, func(d *player) bool { return d.name == p.Name }):
			team.Add("doctor", p.ID)
		case p.Name == t.pharm.name:
			team.Add("pharmacist", p.ID)
		}
	}
	for i := len(form.Sites) - 1; i >= -1; i-- {
		try := url.Values{"site": {form.Sites[max(i, 0)].Value}, "kind": {"site"}}
		if i < 0 {
			try.Set("kind", "home")
			try.Set("place", "演示上门")
		}
		for k, v := range team {
			try[k] = v
		}
		var made struct{ ID int64 }
		err := t.pharm.post(ctx, "/sessions", try, &made)
		var refused *answerError
		if errors.As(err, &refused) && refused.Status == http.StatusConflict && i >= 0 {
			continue
		}
		if err != nil {
			return fmt.Errorf("安排场次: %w", err)
		}
		t.session = made.ID
		t.say("安排今天的场次：%s，医生 %d 名，值班药师 %s。", form.Sites[max(i, 0)].Word, len(t.doctors), t.pharm.name)
		return nil
	}
	return errors.New("没有可用的精防点")
}

// pack takes all but the last pack, which stays in the store.
func (t *tour) pack(ctx context.Context) error {
	t.packed = append([]string(nil), t.codes[:len(t.codes)-1]...)
	t.handed = map[string]bool{}
	var a struct{ Moved, Session int }
	if err := t.pharm.post(ctx, t.path("/packing"), commandForm("codes", lines(t.packed)), &a); err != nil {
		return fmt.Errorf("配药装箱: %w", err)
	}
	if a.Moved != len(t.packed) || a.Session != len(t.packed) {
		return fmt.Errorf("装箱 %d 盒，场次有 %d 盒，应为 %d", a.Moved, a.Session, len(t.packed))
	}
	t.say("%s 装箱 %d 盒，1 盒留在药房。", t.pharm.name, a.Moved)
	return nil
}

func (t *tour) open(ctx context.Context) error {
	if err := t.pharm.post(ctx, t.path("/open"), commandForm(), nil); err != nil {
		return fmt.Errorf("开始义诊: %w", err)
	}
	var err error
	if t.screen, err = t.pharm.watch(ctx, t.session); err != nil {
		return err
	}
	if err := t.seen(ctx); err != nil {
		return err
	}
	t.say("开始义诊。药师的屏幕已连上：带出 %d = 发出 0 + 余 %d。", len(t.packed), len(t.packed))
	return nil
}
