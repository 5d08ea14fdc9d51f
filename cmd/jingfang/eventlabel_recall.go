package main

import "jingfang/inventory"

// recallEvent names what is done about a recall's patients; what is done with boxes
// is named by package inventory, and "" is for what nobody names.
func recallEvent(event string) string {
	switch event {
	case "recall.patients":
		return "查看召回患者名单"
	case "recall.contact":
		return "登记召回联系结果"
	case "patient.phones":
		return "查看召回患者电话"
	case "report.absent":
		return "下载未取药名单"
	case "report.stock":
		return "下载库存表"
	}
	if label := reportEvent(event); label != "" {
		return label
	}
	if label := noticeEvent(event); label != "" {
		return label
	}
	return inventory.EventLabel(event)
}
