package main

// closingEvent names what happens from 停止发药 to the last supplement.
func closingEvent(event string) string {
	switch event {
	case "session.stop":
		return "停止发药"
	case "session.resume":
		return "恢复发药"
	case "session.close":
		return "结束场次"
	case "closing.count":
		return "清点余药"
	case "closing.scan":
		return "收尾扫码"
	case "closing.exit":
		return "处理缺码"
	case "closing.loss":
		return "确认丢失"
	case "closing.told":
		return "补记已给出的药"
	case "closing.roll":
		return "选择余药去向"
	case "closing.waiting":
		return "候诊未看，一并结束"
	case "device.release":
		return "不再等设备上传"
	case "device.conflict":
		return "断网操作未记成"
	case "visit.with_other":
		return "断网时另有医生接诊"
	case "closing.carrier":
		return "指定带回人"
	case "closing.confirm":
		return "确认结束"
	case "record.correct":
		return "更正发药记录"
	case "record.supplement":
		return "补充记录"
	case "record.sign_late":
		return "签认补记"
	}
	return storeEvent(event)
}
