package reporting

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// IssuePaper writes down that a paper leaves, by whom, and the event of the audit
// that goes with it, whose site is the paper's. It comes before the paper is sent.
func IssuePaper(ctx context.Context, d *db.DB, by identity.Actor, p Printed, e identity.Event) error {
	err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO issued_paper (code, name, digest, shown, title, site_id, taken_by, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			p.Code, paperName(p.Code), p.Digest, p.Digest[:DigestShown], cutRunes(p.Title, 300), e.SiteID, by.StaffID, tx.Now)
		if err != nil {
			return err
		}
		return identity.Audit(ctx, tx, by, e)
	})
	if err != nil {
		return fmt.Errorf("issue a paper: %w", err)
	}
	return nil
}

// paperName is what of a code names the paper, whatever it says: all but the digest,
// and of a session's all but the number of its records.
func paperName(code string) string {
	parts := strings.Split(code, "|")
	if last := 5; len(parts) > last && parts[1] == "session" {
		return strings.Join(parts[:last-1], "|")
	}
	return strings.Join(parts[:max(0, len(parts)-1)], "|")
}

func cutRunes(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most])
	}
	return text
}

// Issued is a paper that was handed out.
type Issued struct {
	Code   string    `db:"code"`
	Digest string    `db:"digest"`
	Title  string    `db:"title"`
	SiteID int64     `db:"site_id"`
	ByID   int64     `db:"taken_by"`
	By     string    `db:"by_name"`
	At     time.Time `db:"at"`
}

// PaperCheck is what is known of a paper that somebody holds.
type PaperCheck struct {
	// Same are the times it was handed out as it is, the first first.
	Same []Issued
	// Others were handed out under the same name and period, and say something else.
	Others []Issued
	// Kept is the report that is kept with the paper's figures, and Newest the last
	// edition of that report; both nil for other papers.
	Kept, Newest *KeptReport
}

// mostIssued is how many times of handing out a check lists.
const mostIssued = 20

// CheckPaper looks up a paper by the text of its QR code, or by the digits of the
// digest that stand on it. What concerns sites outside allowed (nil is all) is left
// out, but for what the asker took: a paper about all sites of somebody who sees a
// few. Error: Invalid for a text that is on no paper of ours.
func CheckPaper(ctx context.Context, r db.Reader, text string, by identity.Actor, allowed []int64) (PaperCheck, error) {
	text = strings.TrimSpace(text)
	name, shown := "", strings.ToLower(strings.Join(strings.Fields(text), ""))
	if strings.HasPrefix(text, "JF1|") && strings.Count(text, "|") == 5 && len(text) <= 300 {
		name, shown = paperName(text), ""
	} else if !regexp.MustCompile(`^[0-9a-f]{32,64}$`).MatchString(shown) {
		return PaperCheck{}, db.Refuse(db.Invalid, "这不是报表上的二维码，也不是数字指纹。请扫首页右上角的二维码，或抄下“数字指纹”的 32 位。")
	} else {
		shown = shown[:DigestShown]
	}
	var c PaperCheck
	var list []Issued
	err := r.Select(ctx, &list, `SELECT i.code, i.digest, i.title, i.site_id, i.taken_by, p.name AS by_name, i.at FROM issued_paper i JOIN staff p ON p.id = i.taken_by
WHERE i.name = $1::text OR i.shown = $2::text ORDER BY i.id`, name, shown)
	if err != nil {
		return c, fmt.Errorf("look up a paper: %w", err)
	}
	for _, x := range list {
		switch {
		case allowed != nil && x.ByID != by.StaffID && !slices.Contains(allowed, x.SiteID):
		case name != "" && x.Code != text:
			c.Others = append(c.Others, x)
		default:
			c.Same = append(c.Same, x)
		}
	}
	c.Same, c.Others = c.Same[:min(len(c.Same), mostIssued)], c.Others[max(0, len(c.Others)-mostIssued):]
	return c, c.readKept(ctx, r)
}

// readKept finds the kept report with the figures of the paper.
func (c *PaperCheck) readKept(ctx context.Context, r db.Reader) error {
	if len(c.Same) == 0 {
		return nil
	}
	digest, err := hex.DecodeString(c.Same[0].Digest)
	if err != nil {
		return fmt.Errorf("digest of a paper: %w", err)
	}
	var list []KeptReport
	err = r.Select(ctx, &list, `SELECT k.id, k.kind, k.site_id, COALESCE(s.name, '') AS site, k.from_on, k.to_on, k.edition, k.made_at, COALESCE(p.name, '') AS by_name, k.digest
FROM kept_report k LEFT JOIN site s ON s.id = k.site_id LEFT JOIN staff p ON p.id = k.made_by
WHERE EXISTS (SELECT 1 FROM kept_report o WHERE o.digest = $1 AND o.kind = k.kind AND o.site_id = k.site_id AND o.from_on = k.from_on) ORDER BY k.edition`, digest)
	if err != nil {
		return fmt.Errorf("find the kept report of a paper: %w", err)
	}
	for i := range list {
		if bytes.Equal(list[i].Digest, digest) {
			c.Kept = &list[i]
		}
		c.Newest = &list[i]
	}
	return nil
}
