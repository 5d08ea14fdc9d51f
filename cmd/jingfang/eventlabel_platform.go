package main

// platformLabel names what is done about the exchange with other systems.
func platformLabel(event string) string {
	switch event {
	case "outbox.switch":
		return "开关发药上报"
	case "outbox.programme":
		return "设置付费项目"
	case "outbox.retry":
		return "重试发药上报"
	case "his.patient":
		return "查询 HIS 患者"
	case "his.code":
		return "查询 HIS 追溯码"
	case "his.stock":
		return "核对 HIS 库存"
	case "pull.upload":
		return "上传入库单文件"
	}
	return ""
}
