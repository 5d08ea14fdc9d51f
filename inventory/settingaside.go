package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// MaxAside is the most codes of one list that is set apart.
const MaxAside = 2000

// SettingAside is a list of codes and what is to be done with their packs.
type SettingAside struct {
	CommandID uuid.UUID
	Act       MovementKind // one of [AsideActs]
	Codes     string
	Reason    string // at most 200 characters
	// Method, Place and Witness stand on the paper of a destruction; Place also
	// on that of a sending back, for whom it goes to.
	Method  string `json:",omitempty"`
	Place   string `json:",omitempty"`
	Witness string `json:",omitempty"`
}

// AsideAnswer is the answer to a whole list, code by code in its order.
type AsideAnswer struct {
	Answers []CodeAnswer `json:"answers"`
	// Moved is how many packs were moved, or stand on the paper.
	Moved int `json:"moved"`
	// Disposal and Number name the paper that waits for a second person now; zero
	// and empty when the act needs none, or when it was not written.
	Disposal int64  `json:"disposal,omitempty"`
	Number   string `json:"number,omitempty"`
	// Sentence says what was done and what is next.
	Sentence string `json:"sentence"`
}

// SetAside works through a list of codes. What one person may do is done at
// once, code by code; what cannot be done has its answer and stays as it is.
// What needs two becomes a paper with a number that moves nothing until a second
// person confirms it, and is written only when every code can stand on it: the
// paper is signed as it was scanned.
func (s *Service) SetAside(ctx context.Context, by identity.Actor, in SettingAside) (AsideAnswer, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Dispose, 0); err != nil {
		return AsideAnswer{}, err
	}
	if err := in.check(); err != nil {
		return AsideAnswer{}, err
	}
	read := ParseScan(in.Codes)
	if len(read) > MaxAside {
		return AsideAnswer{}, db.Refuse(db.Invalid, "一次最多 %d 个码，这次有 %d 个。请分几次做。", MaxAside, len(read))
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "set_aside", Request: in}
	var answer AsideAnswer
	err := rerun(func() (err error) {
		answer, _, err = identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (AsideAnswer, error) {
			return s.setAside(ctx, tx, by, in, read)
		})
		return err
	})
	return answer, err
}

// check trims the words and finds the first thing that is missing.
func (in *SettingAside) check() error {
	if !slices.Contains(AsideActs(), in.Act) {
		return db.Refuse(db.Invalid, "请选择要做什么：隔离、解除隔离、报损、找回、报失、销毁或退回药库。")
	}
	for _, f := range []struct {
		name string
		text *string
		most int
		need bool
	}{
		{"原因", &in.Reason, 200, true}, {"销毁方法", &in.Method, 100, in.Act == MoveDestroy},
		{"地点", &in.Place, 100, in.Act == MoveDestroy}, {"监销人", &in.Witness, 100, false},
	} {
		*f.text = strings.Join(strings.Fields(*f.text), " ")
		if f.need && *f.text == "" {
			return db.Refuse(db.Invalid, "请填写%s：%s都要写明。", f.name, in.Act.Chinese())
		}
		if longer(*f.text, f.most) {
			return db.Refuse(db.Invalid, "%s最多 %d 个字，请写短一些。", f.name, f.most)
		}
	}
	if strings.TrimSpace(in.Codes) == "" {
		return db.Refuse(db.Invalid, "还没有药盒。请先扫码，或在清单里勾选。")
	}
	return nil
}

func (s *Service) setAside(ctx context.Context, tx *db.Tx, by identity.Actor, in SettingAside, read []Parsed) (AsideAnswer, error) {
	b, err := newAsideBench(ctx, tx, by, in, read)
	if err != nil {
		return AsideAnswer{}, err
	}
	if AsideNeedsTwo(in.Act) {
		return b.propose(ctx)
	}
	return b.act(ctx, s)
}

// act moves what can be moved.
func (b *asideBench) act(ctx context.Context, s *Service) (AsideAnswer, error) {
	a := AsideAnswer{Answers: b.answers, Moved: len(b.chosen)}
	if a.Moved == 0 {
		a.Sentence = fmt.Sprintf("没有一盒%s，请看下面每个码的说明。", b.in.Act.Chinese())
		return a, nil
	}
	sessions, err := SetAside(ctx, b.tx, b.by, b.chosen, Aside{Act: b.in.Act, Reason: b.in.Reason, Command: b.in.CommandID})
	if err != nil {
		return a, err
	}
	a.Sentence = fmt.Sprintf("已%s %d 盒。", b.in.Act.Chinese(), a.Moved)
	if n := b.refused(); n > 0 {
		a.Sentence += fmt.Sprintf("另有 %d 个码没有动，请看说明。", n)
	}
	err = identity.Audit(ctx, b.tx, b.by, identity.Event{Name: "aside." + string(b.in.Act), ObjectKind: "packs",
		Detail: fmt.Sprintf("packs=%d codes=%d reason=%s", a.Moved, len(b.answers), b.in.Reason)})
	if err != nil {
		return a, err
	}
	return a, s.hub.Touch(ctx, b.tx, sessions...)
}

// propose writes the paper, or nothing.
func (b *asideBench) propose(ctx context.Context) (AsideAnswer, error) {
	a := AsideAnswer{Answers: b.answers}
	if n := b.refused(); n > 0 || len(b.chosen) == 0 {
		a.Sentence = fmt.Sprintf("没有开单：有 %d 个码不能列入。请去掉这些码再提交，其余的也还没有动。", n)
		return a, nil
	}
	d, err := b.insertDisposal(ctx)
	if err != nil {
		return a, err
	}
	a.Moved, a.Disposal, a.Number = d.Packs, d.ID, d.Number
	a.Sentence = fmt.Sprintf("%s %s 已开，共 %d 盒。请另一位同事从自己的账号确认，7 天内有效。", d.Title(), d.Number, d.Packs)
	return a, identity.Audit(ctx, b.tx, b.by, identity.Event{Name: "disposal.propose", ObjectKind: "disposal", ObjectID: d.Number,
		Detail: fmt.Sprintf("act=%s packs=%d reason=%s", d.Act, d.Packs, b.in.Reason)})
}
