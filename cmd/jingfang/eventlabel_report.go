package main

// reportEvent names what is done with statistics and reports; "" is for what
// nobody names.
func reportEvent(event string) string {
	switch event {
	case "list.download":
		return "下载清单"
	case "report.keep":
		return "生成月报年报"
	case "recall.download":
		return "下载召回名单"
	case "report.kept":
		return "下载月报年报"
	case "report.statistic":
		return "下载统计"
	case "report.export":
		return "导出统计明细"
	case "report.fetch":
		return "取走导出的文件"
	}
	return ""
}
