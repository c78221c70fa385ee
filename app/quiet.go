package app

import (
	"fmt"
	"log/slog"
	"strings"
)

// quiet is what Wails logs to. What it says is often what the page sent, arguments of calls included: with a
// call that it can't read even as an error, and on lower levels, which the page may turn on, with each call
// and its answer (observed in 2.15). So only errors are written, and of those no more than the beginning.
type quiet struct{ log *slog.Logger }

// Print implements [logger.Logger].
func (quiet) Print(string) {}

// Trace implements [logger.Logger].
func (quiet) Trace(string) {}

// Debug implements [logger.Logger].
func (quiet) Debug(string) {}

// Info implements [logger.Logger].
func (quiet) Info(string) {}

// Warning implements [logger.Logger].
func (quiet) Warning(string) {}

// Error implements [logger.Logger].
func (q quiet) Error(message string) {
	if at := strings.IndexAny(message, ":{[\"'"); at >= 0 {
		message = message[:at]
	}
	q.log.Error("the web view", "said", fmt.Sprintf("%.60s", message))
}

// Fatal implements [logger.Logger]. It ends nothing: the page can say it, too.
func (q quiet) Fatal(message string) { q.Error(message) }
