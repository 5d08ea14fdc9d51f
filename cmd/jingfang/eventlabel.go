package main

// eventLabel is what the audit page calls an event of the packages that it does
// not know, or "".
func eventLabel(event string) string {
	switch event {
	case "session.plan":
		return "安排场次"
	case "session.plan_year":
		return "按年历安排场次"
	case "session.roster":
		return "修改应到名单"
	case "session.team":
		return "修改场次人员"
	case "session.cancel":
		return "取消场次"
	case "session.reschedule":
		return "场次改期"
	case "session.open":
		return "开始义诊"
	case "session.allocate":
		return "配药装箱"
	case "session.come_home":
		return "放回药房"
	case "bag.fill":
		return "装药袋"
	case "bag.take_out":
		return "从药袋拿出"
	case "bag.open":
		return "拆药袋"
	case "bag.print":
		return "打印药袋标签"
	case "visit.queued":
		return "患者签到"
	case "visit.started":
		return "开始就诊"
	case "visit.already_waiting", "visit.already_yours":
		return "重复签到"
	case "visit.put_back":
		return "退回候诊"
	case "visit.call":
		return "叫号"
	case "visit.void":
		return "作废就诊"
	case "visit.put_away":
		return "未记录的药盒放回"
	case "visit.finish_absent":
		return "代医生诊毕"
	case "record.countersign":
		return "补签记录"
	case "visit.dose":
		return "填写用量"
	case "owed.note":
		return "记欠药"
	case "owed.settle":
		return "补发欠药"
	case "owed.cancel":
		return "取消欠药记录"
	case "alarm.settle":
		return "处理提醒"
	case "request.ask":
		return "申请放行"
	case "request.let_in":
		return "放行"
	case "request.refuse":
		return "不放行"
	case "visit.dispense":
		return "扫码发药"
	case "visit.undo":
		return "撤销发药"
	case "visit.finish":
		return "诊毕"
	}
	return closingEvent(event)
}

// storeEvent names what happens away from the table.
func storeEvent(event string) string {
	switch event {
	case "receipt.take":
		return "收到入库单"
	case "receipt.scan":
		return "扫码入库"
	case "receipt.undo":
		return "撤销入库"
	case "receipt.put_back":
		return "差异药盒放回"
	case "receipt.finish":
		return "完成入库单"
	case "prefix.teach":
		return "登记追溯码前缀"
	case "drug.dictionary":
		return "同步药品目录"
	case "patient.export":
		return "导出患者"
	case "patient.upload":
		return "上传患者表格"
	case "patient.import":
		return "导入患者"
	case "patient.register":
		return "登记患者"
	case "patient.unmask":
		return "查看患者完整信息"
	case "patient.print_label":
		return "打印患者标签"
	case "patient.revoke_labels":
		return "作废患者标签"
	case "pull.switch":
		return "开关单据接收"
	case "pull.resolve":
		return "处理接收失败的单据"
	case "report.download":
		return "下载场次日报"
	case "class.rule":
		return "登记管理类别的规定"
	case "ledger.download":
		return "下载账表"
	case "register.view":
		return "查看专用账册"
	case "stock.check":
		return "核对库存流水"
	case "return.take":
		return "收回患者退药"
	case "return.void":
		return "撤销空盒登记"
	case "return.seen":
		return "核对退药提醒"
	case "disposal.download":
		return "下载处置单"
	case "trace.look":
		return "只查看扫到的码"
	case "trace.batch":
		return "查批号"
	case "trace.receipt":
		return "查入库单的药盒"
	case "trace.patient":
		return "查患者领过的药"
	case "trace.view":
		return "查码"
	case "transferlog.open":
		return "查看传输日志正文"
	}
	return recallEvent(event)
}
