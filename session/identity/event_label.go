package identity

// EventLabel is the Chinese name of an event of this package, or "".
func EventLabel(name string) string {
	switch name {
	case "login":
		return "登录"
	case "login.without_ca":
		return "CA 不可用时登录"
	case "ca.bind":
		return "绑定证书"
	case "ca.unbind":
		return "解除证书绑定"
	case "ca.renew":
		return "证书已更新"
	case "ca.refused":
		return "证书登录被拒"
	case "ca.forged":
		return "证书绑定校验不符"
	case "totp.enrol":
		return "启用动态码"
	case "totp.reset":
		return "清除动态码"
	case "logout":
		return "退出"
	case "lock":
		return "锁屏"
	case "unlock":
		return "解锁"
	case "denied":
		return "权限不足"
	case "password.change":
		return "修改密码"
	case "staff.create":
		return "新建人员"
	case "staff.disable":
		return "停用人员"
	case "staff.enable":
		return "恢复人员"
	case "staff.reset_password":
		return "重置密码"
	case "role.grant":
		return "授予角色"
	case "role.revoke":
		return "撤销角色"
	case "role.forged":
		return "角色校验不符"
	case "site.create":
		return "新建精防点"
	case "audit.verify":
		return "检查审计链"
	}
	return ""
}
