package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// config is everything that can be set from outside. Its fields are bound to
// names, defaults and checks by the table in options.go.
type config struct {
	Data string
	Addr string

	DSN      string
	OwnerDSN string
	MaxOpen  int

	TLSCert    string
	TLSKey     string
	Hosts      []string
	FrontHTTPS bool
	Proxies    []string

	MetricsFrom []string
	LogLevel    string
	LogFormat   string
	IdleLock    time.Duration
	AnchorEvery time.Duration
	Dev         bool

	HISURL   string
	HISApp   string
	HISKey   string
	HISEvery time.Duration
	Platform string

	CAVendor   string
	CAURL      string
	CAApp      string
	CAKey      string
	CARoots    string
	CARoles    []string
	CAOtpRoles []string
	CAEvery    time.Duration

	Password string
	Tour     bool
	Load     int
	History  string

	Passphrase  string
	OfficerKey  string
	Archive     string
	PrintConfig bool

	// rest are the arguments that a raw command reads itself, with its name.
	rest []string
	// given tells for each option where its value came from; "" is the default.
	given map[string]string
}

// archiveDir is where days of the transfer log are archived, "" without a folder.
func (c config) archiveDir() string {
	switch {
	case c.Archive != "":
		return c.Archive
	case c.Data == "":
		return ""
	}
	return filepath.Join(c.Data, "archive")
}

// option is one line of the table.
type option struct {
	// name is the flag; the variable is JINGFANG_ and the name in capitals.
	name  string
	about string
	def   string
	// on lists the commands that take it.
	on []string
	// secret values are never flags or printed; their variable has a twin …_FILE.
	secret bool
	// flagged lets a secret be a flag all the same (demo's password).
	flagged bool
	check   func(string) error
	bind    func(*config) any
}

func (o option) variable() string {
	return "JINGFANG_" + strings.ToUpper(strings.ReplaceAll(o.name, "-", "_"))
}

func (o option) isFlag() bool { return !o.secret || o.flagged }

// setting is an option while the flags are parsed. It keeps its own error: the
// flag package turns errors into English text.
type setting struct {
	option
	to    any
	given map[string]string
	from  string
	err   *error
}

// String is asked by the flag package for its own help, which is not used.
func (s *setting) String() string { return "" }

// IsBoolFlag lets "-tour" stand without a value.
func (s *setting) IsBoolFlag() bool {
	_, ok := s.to.(*bool)
	return ok
}

// Set checks and keeps a value.
func (s *setting) Set(text string) error {
	err := s.store(text)
	if err != nil {
		*s.err = usage("%s 的值无效：%s", s.where(), err.Error())
		return *s.err
	}
	s.given[s.name] = s.from
	return nil
}

func (s *setting) where() string {
	if s.from == "flag" {
		return "参数 -" + s.name
	}
	return "环境变量 " + s.from
}

func (s *setting) store(text string) (err error) {
	if s.check != nil && text != "" {
		if err := s.check(text); err != nil {
			return err
		}
	}
	switch to := s.to.(type) {
	case *string:
		*to = text
	case *[]string:
		*to = splitList(text)
	case *bool:
		if *to, err = strconv.ParseBool(text); err != nil {
			return fmt.Errorf("须为 true 或 false，现在是 %q。", text)
		}
	case *int:
		if *to, err = strconv.Atoi(text); err != nil {
			return fmt.Errorf("须为整数，现在是 %q。", text)
		}
	case *time.Duration:
		if *to, err = time.ParseDuration(text); err != nil || *to < 0 {
			return fmt.Errorf("须为时间长度，如 30s、15m、1h，现在是 %q。", text)
		}
	}
	return nil
}

func splitList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '，' })
}

// parseConfig reads defaults, then variables, then flags; the later one wins.
func parseConfig(cmd command, args []string, env func(string) (string, bool)) (config, error) {
	c := config{given: map[string]string{}}
	var failed error
	set := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	for _, o := range optionsOf(cmd) {
		s := &setting{option: o, to: o.bind(&c), given: c.given, err: &failed}
		if err := s.store(o.def); o.def != "" && err != nil {
			return c, fmt.Errorf("default of -%s: %w", o.name, err)
		}
		if err := s.readVariable(env); err != nil {
			return c, err
		}
		s.from = "flag"
		if o.isFlag() {
			set.Var(s, o.name, o.about)
		}
	}
	if cmd.raw {
		rest, err := takeKnown(set, args)
		c.rest = append(strings.Fields(cmd.name), rest...)
		return c, err
	}
	if err := set.Parse(args); err != nil {
		return c, wrongFlag(cmd, set, args, failed)
	}
	if set.NArg() > 0 {
		return c, usage("jingfang %s 不认识 %q。请运行 jingfang help %s 查看参数。", cmd.name, set.Arg(0), cmd.name)
	}
	return c, nil
}

// readVariable takes the value of the variable or, for a secret, of the file
// that its twin names.
func (s *setting) readVariable(env func(string) (string, bool)) error {
	name := s.variable()
	text, ok := env(name)
	file, twin := "", false
	if s.secret {
		file, twin = env(name + "_FILE")
	}
	switch {
	case ok && twin:
		return usage("%s 和 %s_FILE 只能设置一个。", name, name)
	case twin:
		raw, err := os.ReadFile(file)
		if err != nil {
			return usage("%s_FILE 指的文件读不到：%v", name, err)
		}
		s.from, text = name+"_FILE", strings.TrimRight(string(raw), "\r\n")
	case ok:
		s.from = name
	default:
		return nil
	}
	return s.wrapped(s.Set(text))
}

// wrapped gives the error that Set has kept.
func (s *setting) wrapped(err error) error {
	if err != nil {
		return *s.err
	}
	return nil
}

// takeKnown sets the flags of the table and gives the other arguments back in
// their order, for a command that reads its own.
func takeKnown(set *flag.FlagSet, args []string) (rest []string, err error) {
	for i := 0; i < len(args); i++ {
		name, value, has := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		if !strings.HasPrefix(args[i], "-") || set.Lookup(name) == nil {
			rest = append(rest, args[i])
			continue
		}
		if !has {
			if i++; i == len(args) {
				return nil, usage("参数 -%s 后面缺少值。", name)
			}
			value = args[i]
		}
		if err := set.Set(name, value); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// wrongFlag says in Chinese what the flag package found.
func wrongFlag(cmd command, set *flag.FlagSet, args []string, failed error) error {
	if failed != nil {
		return failed
	}
	for _, a := range args {
		name, _, _ := strings.Cut(strings.TrimLeft(a, "-"), "=")
		if name == "h" || name == "help" {
			return usage("请运行 jingfang help %s 查看参数。", cmd.name)
		}
		if strings.HasPrefix(a, "-") && set.Lookup(name) == nil {
			return usage("jingfang %s 没有参数 -%s。请运行 jingfang help %s 查看全部参数。", cmd.name, name, cmd.name)
		}
	}
	return usage("参数不完整：%s 后面缺少值。请运行 jingfang help %s 查看参数。", args[len(args)-1], cmd.name)
}

func optionsOf(cmd command) []option {
	return slices.DeleteFunc(options(), func(o option) bool { return !slices.Contains(o.on, cmd.name) })
}

// printConfig prints what a command would run with. Secrets show only that they
// are set.
func printConfig(out io.Writer, cmd command, c config) error {
	for _, o := range optionsOf(cmd) {
		if o.name == "print-config" {
			continue
		}
		from := c.given[o.name]
		switch from {
		case "":
			from = "默认"
		case "flag":
			from = "参数 -" + o.name
		}
		if _, err := fmt.Fprintf(out, "%-16s %-36s （%s）\n", o.name, o.shown(&c), from); err != nil {
			return err
		}
	}
	return nil
}

func (o option) shown(c *config) string {
	text := ""
	switch v := o.bind(c).(type) {
	case *string:
		text = *v
	case *[]string:
		text = strings.Join(*v, ",")
	case *bool:
		text = strconv.FormatBool(*v)
	case *int:
		text = strconv.Itoa(*v)
	case *time.Duration:
		text = v.String()
	}
	switch {
	case text == "":
		return "（未设置）"
	case o.secret:
		return "（已设置，不显示）"
	}
	return text
}
