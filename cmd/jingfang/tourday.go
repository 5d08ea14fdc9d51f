package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/google/uuid"
)

// How the thirty patients are used: the first ones are served one pack each by
// all doctors at once, the next two reach for one pack, the one after them is
// forgotten, the last one gets an unreadable box and one that was not packed.
const (
	tourServed = tourPatients - 4
	// tourSpare is the first pack of the last drug: nobody has used it before the
	// contest, so that there are others to change it for.
	tourSpare = (tourDrugs - 1) * tourPacks
)

// serveAll lets all doctors work at the same time.
func (t *tour) serveAll(ctx context.Context) error {
	errs := make([]error, len(t.doctors))
	var wg sync.WaitGroup
	for i, d := range t.doctors {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for p := i; p < tourServed && errs[i] == nil; p += len(t.doctors) {
				errs[i] = t.serveOne(ctx, d, p)
			}
		}()
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := t.seen(ctx); err != nil {
		return err
	}
	t.say("三位医生同时看诊 %d 人，发出 %d 盒；药师的屏幕自己变了 %d 次，现在余 %d 盒。", tourServed, len(t.handed),
		t.screen.changes(), len(t.packed)-len(t.handed))
	return nil
}

func (t *tour) serveOne(ctx context.Context, d *player, patient int) error {
	visit, err := t.visit(ctx, d, patient)
	if err != nil {
		return err
	}
	a, err := t.scan(ctx, d, visit, t.codes[patient])
	if err != nil {
		return err
	}
	if a.count("ok") != 1 {
		return fmt.Errorf("患者 %d 应得 1 盒: %+v", patient+1, a.Answers)
	}
	return t.finish(ctx, d, visit)
}

// contested lets two doctors scan the same pack at the same moment.
func (t *tour) contested(ctx context.Context) error {
	for i := range t.last {
		visit, err := t.visit(ctx, t.doctors[i], tourServed+i)
		if err != nil {
			return err
		}
		t.last[i] = visit
	}
	var answers [2]tourScan
	var errs [2]error
	var wg sync.WaitGroup
	for i := range t.last {
		wg.Add(1)
		go func() {
			defer wg.Done()
			answers[i], errs[i] = t.scan(ctx, t.doctors[i], t.last[i], t.codes[tourSpare])
		}()
	}
	wg.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	t.winner = 0
	if answers[1].count("ok") == 1 {
		t.winner = 1
	}
	loser := 1 - t.winner
	if answers[t.winner].count("ok") != 1 || answers[loser].count("taken_today") != 1 {
		return fmt.Errorf("同一盒药两人同时扫：%+v / %+v", answers[0].Answers, answers[1].Answers)
	}
	t.say("同一盒药两人同时扫：%s 得到；%s 看到“%s”", t.doctors[t.winner].name, t.doctors[loser].name, answers[loser].Answers[0].Sentence)
	return nil
}

// wrongCodes scans what is no pack of this session; each has its own sentence
// and nothing moves.
func (t *tour) wrongCodes(ctx context.Context) error {
	d, visit := t.doctors[1-t.winner], t.last[1-t.winner]
	before := len(t.handed)
	for _, w := range []struct{ raw, kind string }{
		{"6901234567892", "commodity_code"}, {"123456789012345678901234", "veterinary_code"}, {t.tokens[0], "patient_label"},
		{"8999999" + "0000000000001", "unknown_prefix"}, {t.codes[0][:7] + "9999999999999", "unknown"}, {t.codes[tourSpare], "taken_today"},
	} {
		a, err := t.scan(ctx, d, visit, w.raw)
		if err != nil {
			return err
		}
		if a.count(w.kind) != 1 {
			return fmt.Errorf("错码 %s 应答 %s: %+v", w.raw, w.kind, a.Answers)
		}
		t.refusals++
	}
	if len(t.handed) != before {
		return errors.New("错码改变了发药数")
	}
	t.say("%s 扫了 %d 个错码，各有一句话，什么都没有变。", d.name, t.refusals)
	return nil
}

// undoOne gives a pack, sends the very same command again, and takes the pack
// back.
func (t *tour) undoOne(ctx context.Context) error {
	d, visit, code := t.doctors[0], t.last[0], t.codes[tourSpare+1]
	form := commandForm("codes", code)
	for range 3 {
		var a tourScan
		if err := d.post(ctx, t.visitPath(visit, "/scans"), form, &a); err != nil {
			return err
		}
		if a.count("ok") != 1 {
			return fmt.Errorf("重发同一条命令的回答变了: %+v", a.Answers)
		}
	}
	if err := d.post(ctx, t.visitPath(visit, "/undo"), commandForm("code", code), nil); err != nil {
		return fmt.Errorf("撤销: %w", err)
	}
	t.say("%s 发出一盒（同一条命令重发三次只记一次），又撤销，药盒回到药箱。", d.name)
	return nil
}

// finishTwo ends the two visits; the one that lost the pack gets another.
func (t *tour) finishTwo(ctx context.Context) error {
	loser := 1 - t.winner
	a, err := t.scan(ctx, t.doctors[loser], t.last[loser], t.codes[tourSpare+2])
	if err != nil {
		return err
	}
	if a.count("ok") != 1 {
		return fmt.Errorf("换一盒: %+v", a.Answers)
	}
	for i, visit := range t.last {
		if err := t.finish(ctx, t.doctors[i], visit); err != nil {
			return fmt.Errorf("诊毕: %w", err)
		}
	}
	t.say("%s 换一盒；两位都诊毕。", t.doctors[loser].name)
	return nil
}

// forget leaves out a 诊毕: the next label asks, the same label again finishes
// the open visit and starts the next.
func (t *tour) forget(ctx context.Context) error {
	d := t.doctors[2]
	visit, err := t.visit(ctx, d, tourPatients-2)
	if err != nil {
		return err
	}
	if _, err := t.scan(ctx, d, visit, t.codes[tourSpare+3]); err != nil {
		return err
	}
	next := uuid.NewString()
	var asked, went tourArrival
	label := t.tokens[tourPatients-1]
	err = d.post(ctx, t.path("/visits"), commandForm("visit", next, "patient", label), nil)
	var refused *answerError
	if !errors.As(err, &refused) {
		return fmt.Errorf("忘了诊毕，扫下一位应先提醒: %w", err)
	}
	if err := json.Unmarshal(refused.Body, &asked); err != nil {
		return fmt.Errorf("忘了诊毕: %w", err)
	}
	if asked.Kind != "finish_first" || asked.Again == "" {
		return fmt.Errorf("忘了诊毕，扫下一位应先提醒: %+v", asked)
	}
	if err := d.post(ctx, t.path("/visits"), commandForm("visit", next, "patient", label, "again", asked.Again), &went); err != nil {
		return fmt.Errorf("再扫同一张标签: %w", err)
	}
	if went.Visit == uuid.Nil || went.Visit == visit {
		return fmt.Errorf("再扫同一张标签应开始下一位: %+v", went)
	}
	t.forgot = went.Visit
	t.say("%s 忘了诊毕，扫下一位：“%s”再扫一次，前一位诊毕，下一位开始。", d.name, asked.Sentence)
	return nil
}

// tourArrival is the answer to a label.
type tourArrival struct {
	Kind, Sentence, Again string
	Visit                 uuid.UUID
}

// unreadable finds a pack by the last characters of its code.
func (t *tour) unreadable(ctx context.Context) error {
	d, code := t.doctors[2], t.codes[tourSpare+4]
	tail := code[len(code)-6:]
	var a tourScan
	if err := d.post(ctx, t.visitPath(t.forgot, "/scans"), commandForm("codes", tail, "typed", "true"), &a); err != nil {
		return fmt.Errorf("按末位查找: %w", err)
	}
	if a.count("ok") != 1 {
		return fmt.Errorf("按末位 %s 查找: %+v", tail, a.Answers)
	}
	t.handed[code] = true
	t.say("标签读不出：%s 输入末 6 位 %s，找到本场的那一盒，标为手输。", d.name, tail)
	return nil
}

// letIn asks for the pack that stayed in the store; the pharmacist lets it in.
func (t *tour) letIn(ctx context.Context) error {
	d, code := t.doctors[2], t.codes[len(t.codes)-1]
	a, err := t.scan(ctx, d, t.forgot, code)
	if err != nil {
		return err
	}
	if a.count("not_packed") != 1 {
		return fmt.Errorf("没有装箱的药盒: %+v", a.Answers)
	}
	var asked struct{ ID uuid.UUID }
	if err := d.post(ctx, t.visitPath(t.forgot, "/requests"), commandForm("code", code), &asked); err != nil {
		return fmt.Errorf("申请放行: %w", err)
	}
	form := commandForm("decision", "let_in", "reason", "药房里的，现场需要")
	if err := t.pharm.post(ctx, t.path("/requests/"+asked.ID.String()), form, nil); err != nil {
		return fmt.Errorf("放行: %w", err)
	}
	t.packed = append(t.packed, code)
	t.handed[code] = true
	if err := t.finish(ctx, d, t.forgot); err != nil {
		return fmt.Errorf("诊毕: %w", err)
	}
	if err := t.seen(ctx); err != nil {
		return err
	}
	t.say("%s 扫到没装箱的一盒，申请；%s 放行，药盒记给这位患者。%d 人全部诊毕。", d.name, t.pharm.name, tourPatients)
	return nil
}
