package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/google/uuid"
)

// The packs of the tour: two for each of eight patients, taken in order; then
// one that both doctors want, one that is undone, and the rest stays.
const tourServed = 8

// serveAll lets both doctors work at the same time: the even patients with one,
// the odd ones with the other, two packs each.
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
	boards, err := t.screen.until(ctx, len(t.codes), t.given, len(t.codes)-t.given)
	if err != nil {
		return err
	}
	t.say("两位医生同时看诊 %d 人，发出 %d 盒；药师的屏幕自己变了 %d 次，现在余 %d 盒。", tourServed, t.given, boards-1, len(t.codes)-t.given)
	return nil
}

func (t *tour) serveOne(ctx context.Context, d *player, patient int) error {
	visit, err := t.visit(ctx, d, patient)
	if err != nil {
		return err
	}
	a, err := t.scan(ctx, d, visit, t.codes[2*patient], t.codes[2*patient+1])
	if err != nil {
		return err
	}
	if a.count("ok") != 2 {
		return fmt.Errorf("患者 %d 应得 2 盒: %+v", patient+1, a.Answers)
	}
	return t.finish(ctx, d, visit)
}

// tourVisits are the last two patients, one at each table.
type tourVisits [2]uuid.UUID

// contested lets both doctors scan the same pack at the same moment.
func (t *tour) contested(ctx context.Context) error {
	code := t.codes[2*tourServed]
	var answers [2]tourScan
	var errs [2]error
	var wg sync.WaitGroup
	for i, d := range t.doctors {
		visit, err := t.visit(ctx, d, tourServed+i)
		if err != nil {
			return err
		}
		t.last[i] = visit
	}
	for i, d := range t.doctors {
		wg.Add(1)
		go func() {
			defer wg.Done()
			answers[i], errs[i] = t.scan(ctx, d, t.last[i], code)
		}()
	}
	wg.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	winner := 0
	if answers[1].count("ok") == 1 {
		winner = 1
	}
	loser := 1 - winner
	if answers[winner].count("ok") != 1 || answers[loser].count("taken_today") != 1 {
		return fmt.Errorf("同一盒药两人同时扫：%+v / %+v", answers[0].Answers, answers[1].Answers)
	}
	t.winner = winner
	t.say("同一盒药两人同时扫：%s 得到；%s 看到“%s”", t.doctors[winner].name, t.doctors[loser].name, answers[loser].Answers[0].Sentence)
	return nil
}

// wrongCodes scans what is no pack of this session; each has its own sentence
// and nothing moves.
func (t *tour) wrongCodes(ctx context.Context) error {
	d, visit := t.doctors[0], t.last[0]
	before := t.given
	for _, w := range []struct{ raw, kind string }{
		{"6901234567892", "commodity_code"}, {"123456789012345678901234", "veterinary_code"}, {t.tokens[0], "patient_label"},
		{"8999999" + "0000000000001", "unknown_prefix"}, {t.codes[0][:7] + "9999999999999", "unknown"}, {t.codes[2*tourServed-1], "taken_today"},
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
	if t.given != before {
		return errors.New("错码改变了发药数")
	}
	t.say("%s 扫了 %d 个错码，各有一句话，什么都没有变。", d.name, t.refusals)
	return nil
}

// undoOne gives a pack, sends the very same command again, and takes the pack
// back.
func (t *tour) undoOne(ctx context.Context) error {
	d, visit, code := t.doctors[0], t.last[0], t.codes[2*tourServed+1]
	form := commandForm("codes", code)
	for range 3 {
		var a tourScan
		if err := d.post(ctx, t.path("/visits/"+visit.String()+"/scans"), form, &a); err != nil {
			return err
		}
		if a.count("ok") != 1 {
			return fmt.Errorf("重发同一条命令的回答变了: %+v", a.Answers)
		}
	}
	if err := d.post(ctx, t.path("/visits/"+visit.String()+"/undo"), commandForm("code", code), nil); err != nil {
		return fmt.Errorf("撤销: %w", err)
	}
	t.say("%s 发出一盒（同一条命令重发三次只记一次），又撤销，药盒回到药箱。", d.name)
	return nil
}

// finishAll ends the last two visits; the one that lost the pack gets another.
func (t *tour) finishAll(ctx context.Context) error {
	loser := 1 - t.winner
	a, err := t.scan(ctx, t.doctors[loser], t.last[loser], t.codes[2*tourServed+2])
	if err != nil {
		return err
	}
	if a.count("ok") != 1 {
		return fmt.Errorf("换一盒: %+v", a.Answers)
	}
	for i, d := range t.doctors {
		if err := t.finish(ctx, d, t.last[i]); err != nil {
			return fmt.Errorf("诊毕: %w", err)
		}
	}
	if _, err := t.screen.until(ctx, len(t.codes), t.given, len(t.codes)-t.given); err != nil {
		return err
	}
	t.say("换一盒后全部诊毕：%d 人。", tourPatients)
	return nil
}

// sum checks the day: the equation, the number of records, the chains.
func (t *tour) sum(ctx context.Context) error {
	var room struct{ Taken, Given, Left, Waiting, Finished int }
	if err := t.pharm.get(ctx, t.path(""), &room); err != nil {
		return err
	}
	want := 2*tourServed + 2
	if room.Taken != len(t.codes) || room.Given != want || room.Left != len(t.codes)-want || room.Finished != tourPatients || t.given != want {
		return fmt.Errorf("对不上：%+v，应为带出 %d = 发出 %d + 余 %d，诊毕 %d", room, len(t.codes), want, len(t.codes)-want, tourPatients)
	}
	t.say("核对：带出 %d = 发出 %d + 余 %d，诊毕 %d 人，一致。", room.Taken, room.Given, room.Left, room.Finished)
	said, err := t.verify(ctx)
	if err != nil {
		return fmt.Errorf("校验: %w", err)
	}
	t.say("校验：%s", said)
	return nil
}
