package inventory

// EventLabel is the Chinese name of an event this package writes to the audit,
// or "".
func EventLabel(name string) string {
	switch name {
	case "drug.dictionary":
		return "同步药品目录"
	case "drug.decide":
		return "处理药品目录变动"
	case "drug.care":
		return "设置药品提醒"
	case "prefix.teach":
		return "对照追溯码前缀"
	case "receipt.take":
		return "收到入库单"
	case "receipt.scan":
		return "扫码入库"
	case "receipt.undo":
		return "撤销入库"
	case "receipt.put_back":
		return "放回多出的药盒"
	case "receipt.carton":
		return "完成一箱"
	case "relation.import":
		return "导入箱码关系"
	case "receipt.finish":
		return "完成入库"
	case "recall.start":
		return "开始召回"
	case "recall.ask_lift":
		return "提出解除召回"
	case "recall.keep":
		return "召回继续有效"
	case "recall.lift":
		return "解除召回"
	}
	if label := documentLabel(name); label != "" {
		return label
	}
	return asideLabel(name)
}

// documentLabel names what becomes of documents and of boxes without one.
func documentLabel(name string) string {
	switch name {
	case "receipt.cancel":
		return "红单冲销入库单"
	case "receipt.batch":
		return "填写批号和有效期"
	case "receipt.adopt":
		return "药盒归到入库单"
	case "receipt.held":
		return "未对照的药盒自动入库"
	case "opening.start":
		return "开始期初清单"
	case "opening.scan":
		return "录入期初清单"
	case "opening.fill":
		return "填写期初批号和有效期"
	case "opening.remove":
		return "移出期初清单"
	case "opening.drop":
		return "作废期初清单"
	case "opening.enter":
		return "确认期初盘入"
	}
	return ""
}

// asideLabel names the events of what is set apart.
func asideLabel(name string) string {
	for _, act := range AsideActs() {
		if name == "aside."+string(act) {
			return act.Chinese()
		}
	}
	switch name {
	case "report.sheet":
		return "下载差异单"
	case "codeless.ask":
		return "登记无码药盒"
	case "codeless.confirmed":
		return "确认无码药盒"
	case "codeless.refused":
		return "退回无码登记"
	case "codeless.link":
		return "补码"
	case "receipt.sheet":
		return "提交差异单"
	case "receipt.sheet_confirm":
		return "确认差异单"
	case "receipt.sheet_refuse":
		return "退回差异单"
	case "disposal.propose":
		return "提出处置单"
	case "disposal.confirm":
		return "确认处置单"
	case "disposal.withdraw":
		return "撤回处置单"
	case "tote.make":
		return "新建周转箱"
	case "tote.stow":
		return "装进周转箱"
	case "tote.take_out":
		return "从周转箱拿出"
	case "tote.seal":
		return "封周转箱"
	case "tote.open":
		return "开周转箱"
	case "tote.rename":
		return "周转箱改名"
	case "tote.retire":
		return "停用周转箱"
	case "tote.allocate":
		return "周转箱装入药箱"
	case "tote.come_home":
		return "周转箱带回药房"
	case "tote.roll_over":
		return "周转箱转到另一场"
	}
	return countLabel(name)
}

// countLabel is EventLabel for counts.
func countLabel(name string) string {
	switch name {
	case "stocktake.start":
		return "开始盘点"
	case "stocktake.scan":
		return "盘点扫码"
	case "stocktake.number":
		return "盘点按数填"
	case "stocktake.undo":
		return "撤销盘点扫码"
	case "stocktake.recount":
		return "重盘一种药"
	case "stocktake.submit":
		return "提交盘点"
	case "stocktake.explain":
		return "说明盘点差异"
	case "stocktake.approve":
		return "审核盘点"
	case "stocktake.reject":
		return "退回盘点"
	case "stocktake.abandon":
		return "作废盘点"
	}
	return ""
}
