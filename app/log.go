package app

import "log/slog"

// wailsLog is the logger that Wails gets: what it says goes where everything of ours goes, and passes the
// same net. Wails' own would print it as it is.
type wailsLog struct{ log *slog.Logger }

func (l wailsLog) Print(message string)   { l.log.Info(message) }
func (l wailsLog) Trace(message string)   { l.log.Debug(message) }
func (l wailsLog) Debug(message string)   { l.log.Debug(message) }
func (l wailsLog) Info(message string)    { l.log.Info(message) }
func (l wailsLog) Warning(message string) { l.log.Warn(message) }
func (l wailsLog) Error(message string)   { l.log.Error(message) }
func (l wailsLog) Fatal(message string)   { l.log.Error(message) } // Wails itself ends the program
