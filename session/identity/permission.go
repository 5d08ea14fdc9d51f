package identity

// Permission is one function of the program that can be given or withheld. The
// list is closed: what is not in it cannot be asked for.
type Permission string

// The permissions. Each is checked together with the site it is used at.
const (
	ViewSession     Permission = "view_session"     // see a clinic session's room and board
	PlanSession     Permission = "plan_session"     // plan, change, cancel a session
	OpenSession     Permission = "open_session"     // open a planned session
	CloseSession    Permission = "close_session"    // stop dispensing, count, close
	CheckIn         Permission = "check_in"         // put a patient into the queue
	Dispense        Permission = "dispense"         // hand out medicine in a visit
	FinishVisit     Permission = "finish_visit"     // 诊毕
	Undo            Permission = "undo"             // take back a dispensed pack
	DecideRequest   Permission = "decide_request"   // let an unknown pack in or refuse it
	Receive         Permission = "receive"          // scan in a receipt
	Allocate        Permission = "allocate"         // pack medicine for a session
	ViewStock       Permission = "view_stock"       // see stock and ask for a code
	TeachPrefix     Permission = "teach_prefix"     // say which drug a code's prefix means
	CountStock      Permission = "count_stock"      // count boxes in a stocktake
	ApproveCount    Permission = "approve_count"    // approve a stocktake's result
	TakeReturn      Permission = "take_return"      // take back what a patient brings
	Dispose         Permission = "dispose"          // report damage and loss, destroy, send back
	Witness         Permission = "witness"          // confirm as the second person
	Recall          Permission = "recall"           // start and lift a recall
	CallPatients    Permission = "call_patients"    // see and telephone a recall's patients
	RegisterPatient Permission = "register_patient" // enter and change patients
	ViewPatient     Permission = "view_patient"     // see patients, masked
	UnmaskPatient   Permission = "unmask_patient"   // see a sealed field in clear
	ViewRisk        Permission = "view_risk"        // see and set a patient's risk level
	PrintLabel      Permission = "print_label"      // print a patient's QR label
	WriteNotice     Permission = "write_notice"     // tell everybody in a session something
	ViewReports     Permission = "view_reports"     // statistics and their files
	ViewAudit       Permission = "view_audit"       // read and verify the audit
	ViewTransferLog Permission = "view_transferlog" // read the log of data exchanges
	ManageStaff     Permission = "manage_staff"     // create, disable, reset persons
	ManageRoles     Permission = "manage_roles"     // grant and revoke roles
	ManageSystem    Permission = "manage_system"    // sites, interfaces, settings
)

// Permissions is the closed list, in the order above.
func Permissions() []Permission {
	return []Permission{
		ViewSession, PlanSession, OpenSession, CloseSession, CheckIn, Dispense, FinishVisit, Undo, DecideRequest,
		Receive, Allocate, ViewStock, TeachPrefix,
		CountStock, ApproveCount, TakeReturn, Dispose, Witness, Recall, CallPatients,
		RegisterPatient, ViewPatient, UnmaskPatient, ViewRisk, PrintLabel,
		WriteNotice, ViewReports, ViewAudit, ViewTransferLog, ManageStaff, ManageRoles, ManageSystem,
	}
}

// Label is the permission as a person reads it, in sentences of refusal.
func (p Permission) Label() string {
	switch p {
	case ViewSession:
		return "查看场次"
	case PlanSession:
		return "安排场次"
	case OpenSession:
		return "开始场次"
	case CloseSession:
		return "结束场次"
	case CheckIn:
		return "患者签到"
	case Dispense:
		return "发药"
	case FinishVisit:
		return "诊毕"
	case Undo:
		return "撤销发药"
	case DecideRequest:
		return "处理申请"
	case Receive:
		return "扫码入库"
	case Allocate:
		return "配药装箱"
	case ViewStock:
		return "查看库存"
	case TeachPrefix:
		return "登记追溯码前缀"
	}
	return p.shelfLabel()
}

// shelfLabel is Label for the care of the stock.
func (p Permission) shelfLabel() string {
	switch p {
	case CountStock:
		return "盘点"
	case ApproveCount:
		return "审核盘点"
	case TakeReturn:
		return "收回患者退药"
	case Dispose:
		return "报损报失和销毁"
	case Witness:
		return "双人确认"
	case Recall:
		return "药品召回"
	case CallPatients:
		return "联系召回患者"
	}
	return p.officeLabel()
}

// officeLabel is Label for what happens away from the table.
func (p Permission) officeLabel() string {
	switch p {
	case RegisterPatient:
		return "登记患者"
	case ViewPatient:
		return "查看患者"
	case UnmaskPatient:
		return "查看患者完整信息"
	case ViewRisk:
		return "查看和评定危险性"
	case PrintLabel:
		return "打印患者标签"
	case WriteNotice:
		return "发通知"
	case ViewReports:
		return "查看报表"
	case ViewAudit:
		return "查看审计记录"
	case ViewTransferLog:
		return "查看传输日志"
	case ManageStaff:
		return "管理人员"
	case ManageRoles:
		return "管理角色"
	case ManageSystem:
		return "管理系统"
	}
	return string(p)
}
