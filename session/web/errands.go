package web

import (
	"context"
	"fmt"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
)

// errand is a line of what an assistant does today.
type errand struct {
	URL, Icon, Title, About string
	Figure, Unit            string // "" where there is nothing to count
}

// assists tells who works beside the table and at the shelf, and for nobody else:
// doctors and pharmacists have pages of their own to begin at.
func assists(by identity.Actor) bool {
	return by.Can(identity.CheckIn, 0) == nil && by.Can(identity.Receive, 0) == nil &&
		by.Can(identity.Dispense, 0) != nil && by.Can(identity.Allocate, 0) != nil
}

// readErrands reads what waits for an assistant, what cannot wait first.
func (h *Handlers) readErrands(ctx context.Context, by identity.Actor, list []session.Listed) ([]errand, error) {
	if !assists(by) {
		return nil, nil
	}
	lines := checkInErrands(list)
	papers, err := inventory.ListDisposals(ctx, h.db, h.db.Now(), true, 100)
	if err != nil {
		return nil, err
	}
	receipts, _, err := inventory.ListReceipts(ctx, h.db, 1)
	if err != nil {
		return nil, err
	}
	counts, _, err := inventory.ListStocktakes(ctx, h.db, 1)
	if err != nil {
		return nil, err
	}
	return append(lines, shelfErrands(papers, receipts, counts)...), nil
}

// checkInErrands lead to the sessions that take patients now.
func checkInErrands(list []session.Listed) []errand {
	var lines []errand
	for _, x := range list {
		if x.State == session.Open {
			lines = append(lines, errand{URL: fmt.Sprintf("/sessions/%d", x.ID), Icon: "scan", Title: "患者签到", About: x.Site + " · 扫二维码或查找", Figure: fmt.Sprint(x.Visits), Unit: "人已到"})
		}
	}
	return lines
}

// shelfErrands are the labels to print and what waits at the shelf.
func shelfErrands(papers []inventory.Disposal, receipts []inventory.Receipt, counts []inventory.Stocktake) []errand {
	missing, counting := 0, 0
	for _, x := range receipts {
		missing += max(0, x.Expected-x.Received)
	}
	for _, x := range counts {
		if x.State == inventory.CountOpen {
			counting++
		}
	}
	lines := []errand{{URL: "/patients", Icon: "print", Title: "打印标签", About: "找到患者后打印或补打"}}
	if len(papers) > 0 {
		lines = append(lines, errand{URL: "/setaside", Icon: "people", Title: "双人确认", About: "报损、报失或销毁等您作第二人", Figure: fmt.Sprint(len(papers)), Unit: "张"})
	}
	return append(lines,
		errand{URL: "/receipts", Icon: "receipt", Title: "扫码入库", About: fmt.Sprintf("%d 张单子未完成", len(receipts)), Figure: fmt.Sprint(missing), Unit: "盒待扫"},
		errand{URL: "/stocktakes", Icon: "list", Title: "盘点", About: "按货架逐盒扫或按数录入", Figure: fmt.Sprint(counting), Unit: "次进行中"},
		errand{URL: "/returns", Icon: "undo", Title: "收回退药", About: "患者带回的药，先登记再放进待处理箱"})
}

// sampleErrands are for the gallery.
func sampleErrands() []errand {
	open := []session.Listed{{Session: session.Session{ID: 1, Site: "演示新华", State: session.Open}, Visits: 34}}
	return append(checkInErrands(open), shelfErrands(make([]inventory.Disposal, 1), []inventory.Receipt{{Expected: 500, Received: 120}}, []inventory.Stocktake{{State: inventory.CountOpen}})...)
}
