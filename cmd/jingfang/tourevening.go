package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
)

// tourClosing is the closing page for programs.
type tourClosing struct {
	State    string `json:"state"`
	Equation struct {
		Taken, Given, Left, Home, Rolled, Damaged, Explained int
	} `json:"equation"`
	Lines []struct {
		Drug  int64  `json:"drug_id"`
		Name  string `json:"name"`
		Packs int    `json:"packs"`
		State string `json:"state"`
	} `json:"lines"`
	Missing []struct{ Code, Drug, Last string } `json:"missing"`
	Ready   bool                                `json:"ready"`
}

func (t *tour) closing(ctx context.Context) (c tourClosing, err error) {
	err = t.pharm.get(ctx, t.path("/closing"), &c)
	return c, err
}

// stop ends the dispensing in one tap: a scan after it is refused.
func (t *tour) stop(ctx context.Context) error {
	if err := t.pharm.post(ctx, t.path("/stop"), commandForm(), nil); err != nil {
		return fmt.Errorf("停止发药: %w", err)
	}
	_, err := t.visit(ctx, t.doctors[0], 0)
	var refused *answerError
	if !errors.As(err, &refused) || refused.Status != http.StatusConflict {
		return fmt.Errorf("停止发药后还能开始就诊: %w", err)
	}
	t.say("停止发药，一次点击。之后扫码：“%s”", refused.Sentence)
	return nil
}

// count types what lies in the trays: one pack of the last drug is not there. The
// line that differs asks for scans, and the pack that is missing is named.
func (t *tour) count(ctx context.Context) error {
	c, err := t.closing(ctx)
	if err != nil {
		return err
	}
	left := t.left()
	t.hidden = left[len(left)-1]
	for i, l := range c.Lines {
		n := l.Packs
		if i == t.lineOf(c, t.hidden) {
			n--
		}
		form := commandForm("drug", strconv.FormatInt(l.Drug, 10), "packs", strconv.Itoa(n))
		if err := t.pharm.post(ctx, t.path("/closing/counts"), form, nil); err != nil {
			return fmt.Errorf("点数 %s: %w", l.Name, err)
		}
	}
	var here []string
	for _, code := range left {
		if code != t.hidden && code[:7] == t.hidden[:7] {
			here = append(here, code)
		}
	}
	if err := t.pharm.post(ctx, t.path("/closing/scans"), commandForm("codes", lines(here)), nil); err != nil {
		return fmt.Errorf("扫差异的药盒: %w", err)
	}
	if c, err = t.closing(ctx); err != nil {
		return err
	}
	if len(c.Missing) != 1 || c.Missing[0].Code != t.hidden || c.Ready {
		return fmt.Errorf("应正好缺 %s: %+v", t.hidden, c)
	}
	t.say("按数清点 %d 种；有一种少 1 盒，只扫那一种的 %d 盒，缺的那盒点名：…%s（%s）。", len(c.Lines), len(here),
		t.hidden[len(t.hidden)-4:], c.Missing[0].Last)
	return nil
}

// left lists the packs that were not handed out, in the order of the receipt.
func (t *tour) left() []string {
	var list []string
	for _, code := range t.packed {
		if !t.handed[code] {
			list = append(list, code)
		}
	}
	return list
}

// lineOf finds the closing line of a pack by how many of its drug are left: the
// line's name says nothing of codes.
func (t *tour) lineOf(c tourClosing, code string) int {
	same := 0
	for _, other := range t.left() {
		if other[:7] == code[:7] {
			same++
		}
	}
	for i, l := range c.Lines {
		if l.Packs == same {
			return i
		}
	}
	return -1
}

// explain names the missing pack as lost; the loss counts once a second person
// says so too.
func (t *tour) explain(ctx context.Context) error {
	form := commandForm("code", t.hidden, "exit", "lost", "reason", "演示：清点时没有找到")
	if err := t.pharm.post(ctx, t.path("/closing/exits"), form, nil); err != nil {
		return fmt.Errorf("缺码的去向: %w", err)
	}
	if err := t.pharm.post(ctx, t.path("/closing/losses"), commandForm("code", t.hidden), nil); err == nil {
		return errors.New("同一个人确认了自己报的丢失")
	}
	if err := t.doctors[0].post(ctx, t.path("/closing/losses"), commandForm("code", t.hidden), nil); err != nil {
		return fmt.Errorf("第二人确认丢失: %w", err)
	}
	t.say("缺的那盒报失：%s 登记，%s 确认，两个人。", t.pharm.name, t.doctors[0].name)
	return nil
}

// confirm closes the session: the same person twice is refused, the second one
// ends the day.
func (t *tour) confirm(ctx context.Context) error {
	if err := t.pharm.post(ctx, t.path("/closing/confirm"), commandForm(), nil); err != nil {
		return fmt.Errorf("第一人确认: %w", err)
	}
	var refused *answerError
	if err := t.pharm.post(ctx, t.path("/closing/confirm"), commandForm(), nil); !errors.As(err, &refused) {
		return fmt.Errorf("同一个人确认了两次: %w", err)
	}
	if err := t.doctors[0].post(ctx, t.path("/closing/confirm"), commandForm(), nil); err != nil {
		return fmt.Errorf("第二人确认: %w", err)
	}
	t.say("%s、%s 两人确认，场次结束。同一个人再点：“%s”", t.pharm.name, t.doctors[0].name, refused.Sentence)
	return nil
}

// print fetches the day's PDF.
func (t *tour) print(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, t.base+t.path("/report.pdf"), nil)
	if err != nil {
		return err
	}
	resp, err := t.pharm.http.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || !bytes.HasPrefix(body, []byte("%PDF-")) {
		return fmt.Errorf("场次报告没有生成（%d）", resp.StatusCode)
	}
	if err := os.WriteFile(t.paper, body, 0o600); err != nil {
		return err
	}
	t.say("场次报告 PDF：%s（%d kB）。", t.paper, len(body)/1024)
	return nil
}

// sum checks the day: all codes are accounted for, the records are there, the
// chains hold.
func (t *tour) sum(ctx context.Context) error {
	c, err := t.closing(ctx)
	if err != nil {
		return err
	}
	e := c.Equation
	home := len(t.left()) - 1
	if c.State != "closed" || e.Taken != len(t.packed) || e.Given != len(t.handed) || e.Home != home || e.Explained != 1 || e.Left != 0 || e.Rolled+e.Damaged != 0 {
		return fmt.Errorf("对不上：%s %+v，应为带出 %d = 发出 %d + 带回 %d + 说明 1", c.State, e, len(t.packed), len(t.handed), home)
	}
	t.say("核对：带出 %d = 发出 %d + 带回 %d + 说明 %d，每个码都有去向。", e.Taken, e.Given, e.Home, e.Explained)
	said, err := t.verify(ctx)
	if err != nil {
		return fmt.Errorf("校验: %w", err)
	}
	t.say("校验：%s", said)
	return nil
}
