package session

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// lookedBox is a container that was read by who only looks.
type lookedBox struct {
	Code   string                   `db:"code"`
	Name   string                   `db:"name"`
	State  inventory.ContainerState `db:"state"`
	packs  []string                 // codes of those in it
	places []BoxPlace
	unfit  map[string]int // by the reason
}

// readBoxes reads the totes, bags and cartons among what was scanned.
func (l *look) readBoxes(ctx context.Context, r db.Reader, read []inventory.Parsed) error {
	l.boxes = map[string]*lookedBox{}
	var labels, cartons []string
	for _, p := range read {
		if p.Err == nil {
			if l.packs[p.Code.Code()] == nil {
				cartons = append(cartons, p.Code.Code())
			}
			continue
		}
		if _, code, whole := inventory.ParseLabel(p.Raw); whole {
			labels = append(labels, code)
		}
	}
	if len(labels)+len(cartons) == 0 {
		return nil
	}
	var rows []lookedBox
	err := r.Select(ctx, &rows, `SELECT t.code, t.name, CASE WHEN t.retired_at IS NOT NULL THEN 'retired' WHEN t.sealed_at IS NOT NULL THEN 'sealed' ELSE 'open' END AS state
FROM tote t WHERE t.code = ANY($1::text[])
UNION ALL SELECT b.code, '', b.state FROM bag b WHERE b.code = ANY($1::text[])
UNION ALL SELECT c.code, d.generic_name || ' ' || d.spec, CASE WHEN c.complete THEN 'sealed' ELSE 'open' END FROM carton c JOIN drug d ON d.id = c.drug_id
WHERE c.code = ANY($2::text[])`, pq.Array(labels), pq.Array(cartons))
	if err != nil || len(rows) == 0 {
		return wrapLook(err)
	}
	for i := range rows {
		l.boxes[rows[i].Code] = &rows[i]
	}
	return l.readContents(ctx, r, labels, cartons)
}

func wrapLook(err error) error {
	if err != nil {
		return fmt.Errorf("read containers: %w", err)
	}
	return nil
}

// readContents reads what lies in the containers, and which of it is unfit.
func (l *look) readContents(ctx context.Context, r db.Reader, labels, cartons []string) error {
	var rows []struct {
		BoxPlace
		Box  string `db:"box"`
		Code string `db:"code"`
	}
	err := r.Select(ctx, &rows, `WITH RECURSIVE inside AS (SELECT c.id, c.code AS box FROM carton c WHERE c.code = ANY($2::text[])
  UNION ALL SELECT c.id, i.box FROM carton c JOIN inside i ON c.parent_id = i.id)
SELECT q.box, COALESCE(k.code, '') AS code, COALESCE(k.state, '') AS state, COALESCE(c.id, 0) AS session_id, COALESCE(s.name, '') AS site, c.held_on
FROM (SELECT t.code AS box, x.pack_id FROM tote t JOIN tote_pack x ON x.tote_id = t.id JOIN pack n ON n.id = x.pack_id AND n.changed_at = x.as_of
    AND n.state IN ('in_store', 'allocated') WHERE t.code = ANY($1::text[])
  UNION ALL SELECT b.code, x.pack_id FROM bag b JOIN bag_pack x ON x.bag_id = b.id JOIN pack n ON n.id = x.pack_id AND n.changed_at = x.as_of
    WHERE b.code = ANY($1::text[]) AND b.state = 'packed'
  UNION ALL SELECT i.box, n.id FROM inside i JOIN carton_code x ON x.carton_id = i.id LEFT JOIN codeless_box z ON z.true_code = x.code
    LEFT JOIN pack n ON n.code = COALESCE(z.code, x.code)) q
LEFT JOIN pack k ON k.id = q.pack_id LEFT JOIN clinic_session c ON c.id = k.session_id AND k.state = 'allocated' LEFT JOIN site s ON s.id = c.site_id
ORDER BY q.box, k.code`, pq.Array(labels), pq.Array(cartons))
	if err != nil {
		return wrapLook(err)
	}
	for _, x := range rows {
		b := l.boxes[x.Box]
		b.count(x.BoxPlace)
		if x.State.Place().OnBooks() && x.State != inventory.StateExpected {
			b.packs = append(b.packs, x.Code)
		}
	}
	return l.readUnfit(ctx, r)
}

// count adds one pack to its place.
func (b *lookedBox) count(x BoxPlace) {
	for i := range b.places {
		if p := &b.places[i]; p.State == x.State && p.SessionID == x.SessionID {
			p.Packs++
			return
		}
	}
	x.Packs = 1
	b.places = append(b.places, x)
}

func (l *look) readUnfit(ctx context.Context, r db.Reader) error {
	var all []string
	for _, b := range l.boxes {
		all = append(all, b.packs...)
	}
	packs, err := inventory.FindPacks(ctx, r, all)
	if err != nil {
		return err
	}
	for _, b := range l.boxes {
		b.unfit = map[string]int{}
		for _, code := range b.packs {
			if why := unfitWord(packs[code], l.now); why != "" {
				b.unfit[why]++
			}
		}
	}
	return nil
}

// Why a pack in a container may not be handed out.
const (
	unfitRecalled = "正在召回"
	unfitExpired  = "已过期"
	unfitReturned = "患者退回过"
)

// unfitWord is why a pack in a container may not be handed out, or "".
func unfitWord(p *inventory.Pack, now time.Time) string {
	switch {
	case p == nil:
	case p.RecallID != 0:
		return unfitRecalled
	case p.ExpiresOn != nil && inventory.Expired(*p.ExpiresOn, now):
		return unfitExpired
	case p.Returned:
		return unfitReturned
	}
	return ""
}

// answerBox answers a container's code; false for a text that is none.
func (l *look) answerBox(p inventory.Parsed) (inventory.CodeAnswer, bool) {
	kind := inventory.ContainerCarton
	var code, raw string
	if p.Err == nil {
		code, raw = p.Code.Code(), p.Code.Raw()
		if l.packs[code] != nil || l.boxes[code] == nil {
			return inventory.CodeAnswer{}, false
		}
	} else {
		label, text, _ := inventory.ParseLabel(p.Raw)
		if label == "" {
			return inventory.CodeAnswer{}, false
		}
		kind, code, raw = label, text, p.Err.Shown()
	}
	f := inventory.ContainerFacts{Container: kind}
	if b := l.boxes[code]; b != nil {
		f = b.facts(kind)
	}
	said := inventory.ContainerAnswer(f, inventory.ScanContext{Point: inventory.PointLook, Now: l.now})
	if f.State == inventory.ContainerUnknown {
		return inventory.NewCodeAnswer(raw, "", "", said.Kind, LabelTorn), true
	}
	return inventory.NewCodeAnswer(raw, code, f.Name, said.Kind, said.Sentence), true
}

// facts are what the rule of package inventory names. Of a bag nobody reads here
// whose it is.
func (b *lookedBox) facts(kind inventory.Container) inventory.ContainerFacts {
	f := inventory.ContainerFacts{Container: kind, State: b.State, Name: "药袋", Where: b.where()}
	switch kind {
	case inventory.ContainerTote:
		f.Name = inventory.Tote{Name: b.Name}.Title()
	case inventory.ContainerCarton:
		f.Name = b.Name + " 的箱"
	}
	var why []string
	for _, word := range []string{unfitRecalled, unfitExpired, unfitReturned} {
		if n := b.unfit[word]; n > 0 {
			f.Unfit, why = f.Unfit+n, append(why, word)
		}
	}
	f.Why = strings.Join(why, "、")
	return f
}

// where says how many packs are where.
func (b *lookedBox) where() string {
	var words []string
	for _, p := range b.places {
		words = append(words, fmt.Sprintf("%d 盒%s", p.Packs, p.word()))
	}
	switch {
	case len(words) > 0:
		return strings.Join(words, "、")
	case b.State == inventory.ContainerGiven || b.State == inventory.ContainerOpened:
		return "袋里没有药了"
	}
	return "里面没有药盒"
}

// word is where packs are, as it follows a number of them.
func (p BoxPlace) word() string {
	switch {
	case p.State == "":
		return "没有扫码入库"
	case p.HeldOn != nil:
		return "在" + p.Site + " " + p.HeldOn.Format("1月2日") + " 义诊"
	case p.State == inventory.StateInStore:
		return "在药房"
	}
	return p.State.Chinese()
}
