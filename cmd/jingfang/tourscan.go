package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"jingfang/integration/simulator"
)

// takeTurns lets the second doctor take over the first one's laptop by a QR code that
// the phone confirms, and the first one come back the same way. The open visit and its
// pack are there again.
func (t *tour) takeTurns(ctx context.Context) error {
	laptop, other := t.doctors[0], t.doctors[1]
	mine, theirs := t.codes[tourSpare+1], t.codes[tourSpare+2]
	if err := t.give(ctx, laptop, 0, mine); err != nil {
		return err
	}
	if err := t.scanIn(ctx, laptop, other.name); err != nil {
		return err
	}
	if err := t.give(ctx, laptop, 1, theirs); err != nil {
		return fmt.Errorf("%s 接手后: %w", other.name, err)
	}
	if err := t.scanIn(ctx, laptop, laptop.name); err != nil {
		return err
	}
	for i, code := range []string{mine, theirs} {
		if err := t.doctors[i].post(ctx, t.visitPath(t.last[i], "/undo"), commandForm("code", code), nil); err != nil {
			return fmt.Errorf("换回来后 %s 的就诊不在了: %w", t.doctors[i].name, err)
		}
	}
	t.say("共用一台电脑：%s 没诊毕就换 %s 扫码登录，手机确认，%s 照常发药；再扫码换回来，就诊和那盒药都还在。", laptop.name, other.name, other.name)
	return nil
}

// give scans a pack for one of the two open visits, which is given back later.
func (t *tour) give(ctx context.Context, d *player, i int, code string) error {
	var a tourScan
	if err := d.post(ctx, t.visitPath(t.last[i], "/scans"), commandForm("codes", code), &a); err != nil {
		return fmt.Errorf("扫一盒: %w", err)
	}
	if a.count("ok") != 1 {
		return fmt.Errorf("扫一盒: %+v", a.Answers)
	}
	return nil
}

// scanIn shows a QR code on a laptop and confirms it on the phone of somebody, who is
// then logged in there.
func (t *tour) scanIn(ctx context.Context, laptop *player, name string) error {
	var shown struct{ State, Payload string }
	if err := laptop.post(ctx, "/login/ca", url.Values{"switch": {"1"}}, &shown); err != nil {
		return fmt.Errorf("取登录二维码: %w", err)
	}
	code, err := url.Parse(shown.Payload)
	if err != nil {
		return fmt.Errorf("登录二维码: %w", err)
	}
	if shown.State != "waiting" {
		return fmt.Errorf("登录二维码的状态是 %q", shown.State)
	}
	if err := t.phone(ctx, code.Query().Get("t"), "confirm", name); err != nil {
		return err
	}
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		var now struct{ State, Why, Name string }
		if err := laptop.post(ctx, "/login/ca/state", url.Values{"switch": {"1"}}, &now); err != nil {
			return fmt.Errorf("等手机确认: %w", err)
		}
		switch {
		case now.Name == name:
			return nil
		case now.Name != "" || now.State != "waiting" && now.State != "scanned":
			return fmt.Errorf("%s 扫码登录：%s %s%s", name, now.State, now.Name, now.Why)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%s 扫码登录: %w", name, ctx.Err())
		}
	}
}

// phone does something with a QR code as the phone of somebody does.
func (t *tour) phone(ctx context.Context, ticket, what, name string) error {
	var person string
	for _, p := range simulator.DemoCAPersons() {
		if p.Name == name {
			person = p.Code
		}
	}
	body, err := json.Marshal(map[string]string{"ticket": ticket, "do": what, "person": person})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.caControl+"/ca/control/act", bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		said, err := io.ReadAll(io.LimitReader(resp.Body, 1000))
		return errors.Join(fmt.Errorf("模拟手机（%d）：%s", resp.StatusCode, said), err)
	}
	return nil
}
