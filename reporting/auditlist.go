package reporting

import (
	"context"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// AuditList is the events of the audit that the filter leaves as a file, newest
// first; label gives an event's Chinese name. Who may have it is for the caller.
func AuditList(f identity.AuditFilter, label func(event string) string) List {
	l := List{Name: "audit", Title: "审计 " + Period{today(f.From), today(f.Until.Add(-1))}.Words(), Columns: []Column{{"时间", false, 30}, {"人员", false, 18}, {"账号", false, 20}, {"角色", false, 24}, {"事件", false, 34}, {"事件代号", false, 30},
		{"结果", false, 12}, {"对象", false, 40}, {"说明", false, 70}, {"地址", false, 26}, {"请求编号", false, 40}}}
	l.each = func(ctx context.Context, tx *db.Tx, put func(...Cell) error) error {
		return identity.EachAudit(ctx, tx, f, func(e identity.AuditEntry) error {
			return put(momentCell(&e.At), words(e.Who()), words(e.Username), words(e.Roles), words(label(e.Event)), words(e.Event), words(e.OutcomeWord()), words(e.Object()), words(e.Detail), words(e.Addr), words(e.RequestID))
		})
	}
	return l
}
