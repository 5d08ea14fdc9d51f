// Command clinicload plays clinics against a running server and prints how long
// people wait: S sessions at once, D doctors each, who scan patients' labels and
// boxes and finish visits as the pages do, and V screens that watch. It owns the
// players, the measuring and the two comparisons: the statements of a scan sent
// straight to the database (-raw) and a bare r3labs/sse server that carries the
// same bytes (-bare), both in the same run. It leaves the data to
// "jingfang demo -load N", which prepares sessions and writes the file that says
// where they are, and judges nothing: it prints figures.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == bareCommand {
		if err := serveBare(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "clinicload:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "clinicload:", err)
		os.Exit(1)
	}
}

// run reads the flags, plays and prints. What was measured until ctx ended is
// printed too.
func run(ctx context.Context, args []string, out, errs io.Writer) error {
	o, err := parseOptions(args, errs)
	if err != nil {
		return err
	}
	l, err := newLoad(o, errs)
	if err != nil {
		return err
	}
	report, err := l.run(ctx)
	if err != nil {
		return err
	}
	if o.json {
		return report.writeJSON(out)
	}
	return report.writeText(out)
}
