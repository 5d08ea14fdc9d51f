package patient

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Exporting is the input of Export.
type Exporting struct {
	// SiteID is one site, 0 all where the person may.
	SiteID int64
	// Reason says what the list is for; it stands in the file and in the audit.
	Reason string
}

// exported is a patient as a list names it.
type exported struct {
	stored
	Paper []byte `db:"paper_sealed"`
}

// Export writes the patients of a site, or of all sites where the person may see
// sealed fields, as a spreadsheet that says on its first line who made it, when and
// what for. It is audited before the first byte leaves.
func (g *Registry) Export(ctx context.Context, by identity.Actor, in Exporting, w io.Writer) error {
	in.Reason = strings.TrimSpace(in.Reason)
	if n := utf8.RuneCountInString(in.Reason); n < 2 || n > 200 {
		return db.Refuse(db.Invalid, "请写明导出的用途，2 到 200 个字。")
	}
	if err := identity.Allow(ctx, g.db, by, identity.UnmaskPatient, in.SiteID); err != nil {
		return err
	}
	sites, all := by.Sites(identity.UnmaskPatient)
	var list []exported
	err := g.db.Select(ctx, &list, `SELECT `+columns+`, p.paper_kind, p.paper_sealed, p.phone_sealed, p.address_sealed
FROM patient p JOIN site s ON s.id = p.home_site_id
WHERE p.state <> 'merged' AND ($1::boolean OR p.home_site_id = ANY($2::bigint[])) AND ($3::bigint = 0 OR p.home_site_id = $3::bigint) ORDER BY s.name, p.id`,
		all, pq.Array(sites), in.SiteID)
	if err != nil {
		return fmt.Errorf("read the patients to export: %w", err)
	}
	err = g.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return identity.Audit(ctx, tx, by, identity.Event{Name: "patient.export", ObjectKind: "site", ObjectID: fmt.Sprint(in.SiteID), SiteID: in.SiteID,
			Detail: fmt.Sprintf("patients=%d reason=%s", len(list), in.Reason)})
	})
	if err != nil {
		return err
	}
	rows, err := g.exportRows(list)
	if err != nil {
		return err
	}
	mark := fmt.Sprintf("导出：%s（%s） %s 用途：%s。含个人信息，用完请删除，不得外传。", by.Name, by.Username, g.db.Now().In(time.FixedZone("Asia/Shanghai", 8*60*60)).Format("2006-01-02 15:04:05"), in.Reason)
	return writeTable(w, table{name: "患者", mark: mark, heads: exportHeads(), rows: rows})
}

func exportHeads() []string {
	heads := []string{FieldNumber.Label()}
	for _, f := range Fields() {
		if f != FieldNumber {
			heads = append(heads, f.Label())
		}
	}
	return append(heads, "状态")
}

func (g *Registry) exportRows(list []exported) ([][]string, error) {
	rows := make([][]string, len(list))
	for i, p := range list {
		paper, err := g.open("paper", p.ID, p.Paper)
		if err != nil {
			return nil, err
		}
		phone, err := g.open("phone", p.ID, p.Phone)
		if err != nil {
			return nil, err
		}
		address, err := g.open("address", p.ID, p.Address)
		if err != nil {
			return nil, err
		}
		rows[i] = []string{p.Number, p.Name, p.SexWord(), dayText(p.BirthOn), p.PaperKind.Label(), paper, phone, address, p.Allergies, p.HomeSite, p.State.Label()}
	}
	return rows, nil
}
