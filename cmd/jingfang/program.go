package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"jingfang/sql/db"
)

// Exit codes: a wrong call is told apart from work that failed.
const (
	exitOK    = 0
	exitFail  = 1
	exitUsage = 2
)

// program is one run of the binary, from its arguments to its exit code. Tests
// start it as main does.
type program struct {
	args     []string
	env      func(string) (string, bool)
	in       io.Reader
	out, err io.Writer
	// ready, if set, is told once a server answers; tests wait for it.
	ready func(running)
}

// running says where a server answers.
type running struct {
	URL  string // such as http://127.0.0.1:8080
	Data string // the data folder, "" when there is none
}

// command is a sub-command.
type command struct {
	name  string // one or two words
	about string // one line for help
	more  string // what follows the name, for help
	// raw commands read their own arguments but for those of the table.
	raw bool
	run func(ctx context.Context, p *program, c config) error
}

// commands is the table of sub-commands in the order of help.
func commands() []command {
	return []command{
		{name: "demo", about: "演示：自带数据库和演示数据，一条命令启动", run: runDemo},
		{name: "serve", about: "正式运行：连接医院的数据库，提供网页和接口", run: runServe},
		{name: "migrate", about: "建立或升级数据库表，并重新授权", run: runMigrate},
		{name: "verify stock", about: "核对库存：药盒、流水和就诊明细是否一致", run: runVerifyStock},
		{name: "verify ledger", about: "核对收发日合计：从流水逐日重算，指出第一处不符", run: runVerifyLedger},
		{name: "verify records", about: "核对就诊记录链有没有被改动", run: runVerifyRecords},
		{name: "verify transferlog", about: "核对传输日志链有没有被改动", run: runVerifyTransferLog},
		{name: "verify audit", about: "核对审计链和签名锚点有没有被改动", run: runVerifyAudit},
		{name: "verify platform", about: "检查接口对照文件，逐条说明哪个键缺少或写错", run: runVerifyPlatform},
		{name: "transferlog list", about: "列出数据交换；加 -folder 看导出的文件夹", more: "[-day 日期] [-system 系统] …", raw: true, run: runTransferLog},
		{name: "transferlog show", about: "用日志审计员的私钥查看一次交换的正文", more: "[-folder 文件夹] -key-file 私钥文件 交换编号", raw: true, run: runTransferLog},
		{name: "transferlog verify", about: "核对传输日志，给出私钥时逐条解密", more: "[-folder 文件夹] [-day 日期] [-key-file 私钥文件]", raw: true, run: runTransferLog},
		{name: "transferlog export", about: "把一天的传输日志导出成文件夹，离开数据库也能核对和查看", more: "-day 日期 -to 文件夹", raw: true, run: runTransferLog},
		{name: "transferlog archive", about: "把已结束、还没归档的每一天导出、核对并登记", more: "-to 文件夹 [-before 日期]", raw: true, run: runTransferLog},
		{name: "transferlog trim", about: "保存期满后清除已归档一天的正文（用建表用户）", more: "-folder 归档文件夹 [-years 年数]", raw: true, run: runTransferLog},
		{name: "officer new", about: "生成日志审计员的密钥对", more: "私钥文件", raw: true, run: runOfficer},
		{name: "officer use", about: "把日志审计员的公钥装到服务器", more: "公钥文件", raw: true, run: runOfficer},
		{name: "password reset", about: "在服务器上给一个账号换一次性密码（管理员都进不去时用）", more: "用户名", raw: true, run: runResetPassword},
		{name: "version", about: "显示版本", run: runVersion},
		{name: "help", about: "显示本说明；jingfang help demo 显示一个命令的全部参数", raw: true, run: runHelp},
	}
}

// usageError is a wrong call: the sentence says how it should have been.
type usageError struct{ sentence string }

// Error is the sentence.
func (e usageError) Error() string { return e.sentence }

func usage(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// main runs the command that the arguments name and gives the exit code.
func (p *program) main(ctx context.Context) int {
	cmd, rest, err := findCommand(p.args)
	var c config
	if err == nil {
		c, err = parseConfig(cmd, rest, p.env)
	}
	switch {
	case err != nil:
	case c.PrintConfig:
		err = printConfig(p.out, cmd, c)
	default:
		err = cmd.run(ctx, p, c)
	}
	if err != nil && ctx.Err() != nil && interrupted(err) {
		p.say(p.err, "已中断，没有做完。再运行一次会接着做。")
		return exitFail
	}
	return p.report(err)
}

// interrupted tells an error that only says that the program was asked to stop
// from one that must be seen.
func interrupted(err error) bool {
	const queryCanceled = "57014"
	return errors.Is(err, context.Canceled) || db.State(err) == queryCanceled
}

// report tells an error to the person at the terminal.
func (p *program) report(err error) int {
	var wrong usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, flag.ErrHelp):
		return p.report(usage("请运行 jingfang help 查看用法。"))
	case errors.Is(err, errSaid):
		return exitFail
	case errors.As(err, &wrong):
		p.say(p.err, "%s", wrong.sentence)
		return exitUsage
	}
	p.say(p.err, "错误：%s", sentence(err))
	return exitFail
}

// errSaid is the failure of a command that has printed what is wrong itself.
var errSaid = errors.New("jingfang: the finding is printed already")

// sentence is what an operator reads: where the program was, the refusal's
// sentence, and what is behind it where there is more; errors hold no secrets.
func sentence(err error) string {
	var refusal *db.Error
	if !errors.As(err, &refusal) {
		return err.Error()
	}
	text := refusal.Message
	if where, _, ok := strings.Cut(err.Error(), refusal.Error()); ok {
		text = where + text
	}
	if refusal.Cause != nil {
		text += "（" + refusal.Cause.Error() + "）"
	}
	return text
}

// say writes a line to the terminal; a closed terminal is no reason to stop.
func (p *program) say(to io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(to, format+"\n", args...)
}

// findCommand takes the name, of one or two words, from the arguments.
func findCommand(args []string) (command, []string, error) {
	if len(args) == 0 || args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		args = []string{"help"}
	}
	if args[0] == "-version" || args[0] == "--version" {
		args[0] = "version"
	}
	var seconds []string
	for _, c := range commands() {
		first, second, two := strings.Cut(c.name, " ")
		switch {
		case first != args[0]:
		case !two:
			return c, args[1:], nil
		case len(args) > 1 && args[1] == second:
			return c, args[2:], nil
		default:
			seconds = append(seconds, second)
		}
	}
	if len(seconds) > 0 {
		return command{}, nil, usage("jingfang %s 后面须写明做什么：%s。例如 jingfang %s %s。",
			args[0], strings.Join(seconds, "、"), args[0], seconds[0])
	}
	return command{}, nil, usage("没有 %q 这个命令。请运行 jingfang help 查看全部命令。", args[0])
}
