// Command latchkey is the terminal face: the same accounts, database and keychain as the window,
// for people at a terminal, scripts and SSH. It is pure Go and has no GUI libraries in it.
//
// Exit status: 0 done; 1 failed, with the error's code and sentence on standard error; 2 wrong usage.
// The status of doctor is 1 when something needs to be done, which is in what it prints.
// With --json each line of standard output is one JSON object, errors included.
package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"latchkey/backend/wire"
)

func main() {
	slog.SetDefault(wire.Logger(os.Stderr, slog.LevelWarn)) // where libraries log
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// Exit statuses.
const (
	statusDone   = 0
	statusFailed = 1
	statusUsage  = 2
)

// usageError is a command line that makes no sense.
type usageError struct{ error }

func exitStatus(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return statusDone
	case errors.As(err, &usage):
		return statusUsage
	}
	return statusFailed
}
