package web

import (
	"cmp"
	"strings"

	"jingfang/integration"
	"jingfang/integration/translog"
	"jingfang/integration/wire"
)

// systems are those that can be chosen in the list.
func systems() []string {
	return []string{"HIS", "CA", "PLATFORM", DeviceSystem, FileSystem, translog.OwnSystem}
}

// systemText is a system as people call it; one that we do not know keeps its own
// name.
func systemText(system string) string {
	switch system {
	case "CA":
		return "CA 认证"
	case "PLATFORM":
		return "前置平台"
	case DeviceSystem:
		return "现场设备"
	case FileSystem:
		return "文件和纸张"
	case translog.OwnSystem:
		return "本系统"
	}
	return system
}

// ServiceWord is a service as people call it; one of another system keeps its code.
func ServiceWord(service string) string { return serviceText(service) }

// serviceText is a service as people call it; one of another system keeps the code
// that the hospital gave it.
func serviceText(service string) string {
	name, recovered := strings.CutSuffix(service, translog.RecoveredSuffix)
	name, replayed := strings.CutSuffix(name, ".replay")
	word := ourService(name)
	switch {
	case word == "":
		return service
	case recovered:
		return word + "（中断后补记）"
	case replayed:
		return word + "（断网补传）"
	}
	return word
}

// serviceFull is the word with the code that the systems use.
func serviceFull(service string) string {
	word := serviceText(service)
	if word == service {
		return service
	}
	return word + "（" + service + "）"
}

func ourService(name string) string {
	switch name {
	case translog.GapService:
		return "日志缺口"
	case integration.RefusedService:
		return "没有收下的单据"
	case "visit.label":
		return "扫患者标签"
	case "visit.scan":
		return "扫码发药"
	case "visit.undo":
		return "撤销发药"
	case "visit.finish":
		return "诊毕"
	case "visit.correct":
		return "诊毕后更正"
	case "visit.return":
		return "退药与空盒"
	case "visit.owed":
		return "欠药"
	case "visit.dose":
		return "剂量和天数"
	case "visit.note":
		return "就诊备注"
	case "visit.request":
		return "未登记药盒"
	case "visit.queue":
		return "叫号和放回"
	case "visit.late":
		return "事后补录"
	case "offline.conflict":
		return "断网补传被拒"
	case "offline.roster":
		return "设备取离线名单"
	case "session.pack":
		return "配药装箱"
	case "session.bag":
		return "装药袋"
	case "session.left":
		return "清点余药扫码"
	case "session.count":
		return "清点余药数量"
	case "notice.write":
		return "发通知"
	}
	return cmp.Or(shelfService(name), otherService(name))
}

// otherService is what we ask of other systems, by the codes that stand where the
// hospital's mapping names none.
func otherService(code string) string {
	words := map[string]string{wire.AskReceipts: "取入库单", wire.AskDrugs: "取药品目录", wire.AskPatients: "查患者", wire.AskStock: "查 HIS 库存",
		wire.AskCode: "查追溯码", wire.TellDispense: "上报发药", wire.TellReverse: "冲销发药", wire.AskDispensed: "查上报结果"}
	for name, s := range wire.Services() {
		if s.Code == code {
			return words[name]
		}
	}
	words = map[string]string{wire.CAPing: "CA 连通检查", wire.CAQR: "取登录二维码", wire.CAQRState: "查扫码状态", wire.CAToken: "取 CA 令牌", wire.CAOwner: "查令牌主人",
		wire.CAPerson: "查人员证书", wire.CACertificate: "查证书状态", wire.CASign: "申请签名", wire.CASigned: "查签名结果"}
	for _, vendor := range wire.CAVendors() {
		style, _ := wire.CAStyleOf(vendor)
		for name, word := range words {
			if style.Service(name).Code == code {
				return word
			}
		}
	}
	return ""
}

func shelfService(name string) string {
	switch name {
	case "receipt.scan":
		return "扫码入库"
	case "opening.scan":
		return "期初盘入扫码"
	case "tote.scan":
		return "周转箱扫码"
	case "stocktake.scan":
		return "盘点扫码"
	case "setaside.scan":
		return "隔离和报损扫码"
	case "return.scan":
		return "药房收退药"
	}
	return fileService(name)
}

func fileService(name string) string {
	switch name {
	case "patient.import":
		return "上传患者表格"
	case "patient.import.run":
		return "导入患者"
	case "patient.import.errors":
		return "下载导入差错表"
	case "patient.export":
		return "导出患者"
	case "receipt.file":
		return "上传入库单文件"
	case "carton.file":
		return "上传箱码关系文件"
	case "carton.import":
		return "导入箱码关系"
	case "absent.sheet":
		return "下载未取药名单"
	case "expiry.sheet":
		return "下载近效期表"
	case "recall.sheet":
		return "下载召回名单"
	case "packing.paper":
		return "打印装箱单"
	case "stocktake.paper":
		return "打印盘点表"
	case "tote.labels":
		return "打印周转箱标签"
	case "codeless.labels":
		return "打印无码标签"
	case "log.export":
		return "导出传输日志"
	case "log.archive":
		return "归档传输日志"
	case "roster.paper":
		return "打印纸质名单"
	case "session.report":
		return "场次日报 PDF"
	case "recall.report":
		return "召回名单 PDF"
	case "receipt.differences":
		return "差异表 PDF"
	case "disposal.report":
		return "处置单 PDF"
	case "stocktake.report":
		return "盘点表"
	case "ledger.report":
		return "收发统计"
	case "register.report":
		return "专用账册"
	case "patient.labels":
		return "打印患者标签"
	case "bag.label":
		return "打印药袋标签"
	}
	return statisticService(name)
}

func statisticService(name string) string {
	switch name {
	case "statistic.visits":
		return "下载就诊统计"
	case "statistic.use":
		return "下载消耗统计"
	case "statistic.stock":
		return "下载库存报表"
	case "statistic.month":
		return "下载当月报表"
	case "statistic.export":
		return "下载统计明细"
	case "report.kept":
		return "下载月报年报"
	}
	return listService(name)
}

func listService(name string) string {
	switch name {
	case "list.receipts":
		return "下载入库单清单"
	case "list.setaside":
		return "下载退药与报损清单"
	case "list.audit":
		return "下载审计"
	case "list.drugs":
		return "下载药品目录"
	case "list.totes":
		return "下载周转箱清单"
	case "list.recalls":
		return "下载召回清单"
	case "list.stocktakes":
		return "下载盘点清单"
	}
	return ""
}
