package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
)

// runHelp prints all commands, or one with its options.
func runHelp(_ context.Context, p *program, c config) error {
	if len(c.rest) < 2 {
		return p.helpAll()
	}
	asked := strings.Join(c.rest[1:], " ")
	found := false
	for _, cmd := range commands() {
		if cmd.name == asked || strings.HasPrefix(cmd.name, asked+" ") {
			p.helpOne(cmd)
			found = true
		}
	}
	if !found {
		return usage("没有 %q 这个命令。请运行 jingfang help 查看全部命令。", asked)
	}
	return nil
}

func (p *program) helpAll() error {
	p.say(p.out, "精防：社区精防药品追溯系统\n\n用法：jingfang 命令 [参数]\n\n命令：")
	for _, cmd := range commands() {
		p.say(p.out, "  %-20s %s", cmd.name, cmd.about)
	}
	p.say(p.out, "\n每个参数也可以用环境变量设置：-log-level 即 JINGFANG_LOG_LEVEL。密码类的设置只用环境变量，\n或把内容放在文件里用 …_FILE 指出，如 JINGFANG_DSN_FILE=/etc/jingfang/dsn。")
	return nil
}

func (p *program) helpOne(cmd command) {
	line := "jingfang " + cmd.name
	if cmd.more != "" {
		line += " " + cmd.more
	}
	p.say(p.out, "%s\n    %s", line, cmd.about)
	for _, o := range optionsOf(cmd) {
		p.say(p.out, "  %s", o.help())
	}
	p.say(p.out, "")
}

// help is one option in one line.
func (o option) help() string {
	name := o.variable()
	if o.isFlag() {
		name = "-" + o.name
	} else if o.secret {
		name += "[_FILE]"
	}
	text := fmt.Sprintf("%-26s %s", name, o.about)
	if o.def != "" && o.def != "false" && o.def != "0" {
		text += "（默认 " + o.def + "）"
	}
	return text
}

// runVersion prints what was built, from which commit.
func runVersion(_ context.Context, p *program, _ config) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		p.say(p.out, "jingfang（没有版本信息）")
		return nil
	}
	p.say(p.out, "jingfang %s %s", info.Main.Version, info.GoVersion)
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" || s.Key == "vcs.time" || s.Key == "vcs.modified" {
			p.say(p.out, "  %s %s", s.Key, s.Value)
		}
	}
	return nil
}
