package main

import (
	"io"
	"log"
	"log/slog"
)

// newLog makes the program's log. What may be written is decided by the types
// (LogValue); addresses and bodies of requests are never written.
func newLog(c config, to io.Writer) *slog.Logger {
	var level slog.Level
	// The table of options has checked the text.
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(to, o))
	}
	return slog.New(slog.NewTextHandler(to, o))
}

// serverLog passes on what net/http finds. Handshakes that fail because a phone
// does not trust our certificate yet come by the hundred, so it is quiet.
func serverLog(l *slog.Logger) *log.Logger {
	return slog.NewLogLogger(l.Handler(), slog.LevelDebug)
}
