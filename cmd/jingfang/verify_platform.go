package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"jingfang/integration/wire"
	"jingfang/sql/db"
)

// readPlatform reads the mapping file of serve; "" is our own JSON everywhere. What
// is wrong with it is said in full, and nothing starts.
func readPlatform(path string) (wire.Platform, error) {
	if path == "" {
		return wire.Platform{}, nil
	}
	p, problems, err := openPlatform(path)
	if err != nil {
		return p, err
	}
	if len(problems) > 0 {
		return p, usage("接口对照文件 %s 有 %d 处不对：\n  %s\n改好后可先用 jingfang verify platform -platform %s 检查。", path, len(problems), strings.Join(problems, "\n  "), path)
	}
	return p, nil
}

func openPlatform(path string) (wire.Platform, []string, error) {
	file, err := os.Open(path)
	if err != nil {
		return wire.Platform{}, nil, db.RefuseBecause(err, db.Invalid, "接口对照文件 %s 读不到。", path)
	}
	defer func() { _ = file.Close() }() // it was only read
	p, problems, err := wire.ReadPlatform(file)
	if err != nil {
		return p, nil, fmt.Errorf("mapping file %s: %w", path, err)
	}
	return p, problems, nil
}

// runVerifyPlatform says of a mapping file what is wrong, key by key, or how the
// systems are met.
func runVerifyPlatform(_ context.Context, p *program, c config) error {
	if c.Platform == "" {
		return usage("请用 -platform 指出要检查的接口对照文件。")
	}
	platform, problems, err := openPlatform(c.Platform)
	if err != nil {
		return err
	}
	for _, problem := range problems {
		p.say(p.err, "有误：%s", problem)
	}
	if len(problems) > 0 {
		p.say(p.err, "共 %d 处。", len(problems))
		return errSaid
	}
	for _, name := range platform.Systems() {
		p.say(p.out, "%s：对照文件没有发现错误。", name)
		for _, line := range platform.Dialect(name).Summary() {
			p.say(p.out, "  %s", line)
		}
	}
	if ca, ok := platform.CA(); ok {
		p.say(p.out, "ca：对照文件没有发现错误。")
		for _, line := range ca.Summary() {
			p.say(p.out, "  %s", line)
		}
	}
	return nil
}
