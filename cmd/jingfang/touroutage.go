package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// cutOff has HIS and the CA fail in the middle of the day. A receipt that is ordered
// now cannot be fetched; nobody at a table notices anything.
func (t *tour) cutOff(ctx context.Context) error {
	if err := t.fault(ctx, `{"status_500":true}`); err != nil {
		return err
	}
	var err error
	if t.waiting, _, err = t.order(ctx); err != nil {
		return err
	}
	t.say("HIS 和 CA 都停了：新单 %s 取不来，看诊照常。", t.waiting)
	return nil
}

// comeBack mends both and waits until what was missed is there.
func (t *tour) comeBack(ctx context.Context) error {
	var signatures []struct {
		State string `json:"state"`
	}
	if err := t.pharm.get(ctx, t.path("/signatures"), &signatures); err != nil {
		return fmt.Errorf("签名列表: %w", err)
	}
	unsigned := 0
	for _, s := range signatures {
		if s.State != "signed" {
			unsigned++
		}
	}
	if err := t.fault(ctx, `{}`); err != nil {
		return err
	}
	// The button is refused while the client still rests after the failures; the
	// poller then comes by itself.
	var refused *answerError
	if err := t.helper.post(ctx, "/receipts/problems/pull", commandForm(), nil); err != nil && !errors.As(err, &refused) {
		return fmt.Errorf("现在取单: %w", err)
	}
	if _, err := t.awaitReceipt(ctx, t.waiting); err != nil {
		return err
	}
	t.say("HIS 和 CA 恢复：单 %s 已经补取；%d 条记录待签，医生扫码登录后在后台补签。", t.waiting, unsigned)
	return nil
}

// fault says to both stand-ins what they do wrong from now on.
func (t *tour) fault(ctx context.Context, faults string) error {
	for _, url := range []string{t.control + "/control/faults", t.caControl + "/ca/control/faults"} {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(faults))
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		if err := resp.Body.Close(); err != nil {
			return err
		}
		if resp.StatusCode >= http.StatusBadRequest {
			return fmt.Errorf("模拟系统不接受故障开关（%d）", resp.StatusCode)
		}
	}
	return nil
}
