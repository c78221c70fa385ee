package wire

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// Our own programs get a logger without secrets, and the service makes one of whatever logger it is given.
// hostile: 56
func TestLoggersAreRedacted(t *testing.T) { // not parallel: it sets the environment
	var out bytes.Buffer
	service, closeAll, err := New(t.Context(), newConfig(t), Options{NoBrowser: true, Log: slog.New(slog.NewTextHandler(&out, nil))})
	must(t, err)
	must(t, closeAll(t.Context()))
	for name, log := range map[string]*slog.Logger{"of our programs": Logger(&out, slog.LevelInfo), "of the service": service.Log} {
		out.Reset()
		log.Info("asked https://pds.example.com/callback?code=canary", "token", "canary", "who", "canary@example.org")
		if line := out.String(); strings.Contains(line, "canary") || !strings.Contains(line, "pds.example.com") {
			t.Errorf("the logger %s writes %s", name, line)
		}
	}
}
