package patient

// EventLabel is the Chinese name of an audited event of this package, or "".
func EventLabel(name string) string {
	switch name {
	case "patient.register":
		return "登记患者"
	case "patient.unmask":
		return "查看患者完整信息"
	case "patient.print_label":
		return "打印患者标签"
	case "patient.revoke_labels":
		return "挂失补打标签"
	}
	return ""
}
