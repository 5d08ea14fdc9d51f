package identity

import (
	"context"
	"fmt"
	"strings"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// checkHeads looks for every head of an anchor where it stood; what is "" when
// all are there.
func checkHeads(ctx context.Context, r db.Reader, heads []Head, other Lookup) (what string, err error) {
	var own []Head
	for _, h := range heads {
		if strings.HasPrefix(h.Name, auditPrefix) {
			own = append(own, h)
			continue
		}
		if other == nil {
			return "", fmt.Errorf("no lookup for the chain %s", h.Name)
		}
		digest, found, err := other(ctx, h.Name, h.Length)
		if err != nil {
			return "", err
		}
		if what := standing(h, found, found && digest.Equal(h.Digest[:])); what != "" {
			return what, nil
		}
	}
	return checkAuditHeads(ctx, r, own)
}

// checkAuditHeads reads the named rows of the audit, some hundred at a time.
func checkAuditHeads(ctx context.Context, r db.Reader, heads []Head) (string, error) {
	for len(heads) > 0 {
		part := heads[:min(len(heads), 500)]
		heads = heads[len(part):]
		ids, lengths := make([]string, len(part)), make([]int64, len(part))
		for i, h := range part {
			ids[i], lengths[i] = strings.TrimPrefix(h.Name, auditPrefix), h.Length
		}
		var rows []chainHead
		err := r.Select(ctx, &rows, `
SELECT chain_id AS id, seq AS length, digest FROM audit
WHERE (chain_id, seq) IN (SELECT unnest($1::uuid[]), unnest($2::bigint[]))`, pq.Array(ids), pq.Array(lengths))
		if err != nil {
			return "", err
		}
		there := map[string][]byte{}
		for _, row := range rows {
			there[auditPrefix+row.ID.String()] = row.Digest
		}
		for _, h := range part {
			digest, found := there[h.Name]
			if what := standing(h, found, h.Digest.Equal(digest)); what != "" {
				return what, nil
			}
		}
	}
	return "", nil
}

// standing tells in one sentence what became of a head.
func standing(h Head, found, same bool) string {
	switch {
	case !found:
		return fmt.Sprintf("链 %s 当时有 %d 条，现在没有这一条，末尾的记录被删除。", h.Name, h.Length)
	case !same:
		return fmt.Sprintf("链 %s 第 %d 条与当时不同，记录被改动。", h.Name, h.Length)
	}
	return ""
}
