package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/wailsapp/wails/v2/pkg/logger"

	"latchkey/backend/wire"
)

// What Wails says passes the same net: a call that it can't make sense of is logged with its arguments.
// hostile: 63
func TestWailsLogsThroughOurs(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	options := newOptions(&App{log: wire.Logger(&out, slog.LevelDebug)}, nil)
	log := options.Logger
	for _, say := range []func(string){log.Print, log.Trace, log.Debug, log.Info, log.Warning, log.Error, log.Fatal} {
		say(`process message error: C{"name":"app.App.LoginWithEmail","args":["canary@mail.example.org"] -> EOF`)
	}
	if got := out.String(); strings.Contains(got, "canary") || strings.Count(got, "LoginWithEmail") != 7 {
		t.Errorf("it logged %s", got)
	}
	if options.LogLevel != logger.ERROR || options.LogLevelProduction != logger.ERROR {
		t.Error("Wails logs the arguments of calls")
	}
}
