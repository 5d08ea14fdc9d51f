// Command jingfang is the one binary of the program: the server of a hospital
// (serve), a demonstration with a database of its own (demo), and the tools
// that migrate, verify and read. It owns configuration, the wiring of the
// packages, the flat table of routes, background work and the order of
// shutdown. Every rule, row and page belongs to the packages it wires.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // openGauss names zones that a bare machine does not know
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// The first signal asks the program to end, the second ends it at once.
	context.AfterFunc(ctx, stop)
	p := &program{args: os.Args[1:], env: os.LookupEnv, in: os.Stdin, out: os.Stdout, err: os.Stderr}
	code := p.main(ctx)
	stop()
	os.Exit(code)
}
