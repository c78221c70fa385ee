// Command latchkey-window is the desktop program: it hands the embedded front end to package app.
// Build it with the tags of Wails (see the Makefile); the terminal program is backend/cmd/latchkey.
package main

import (
	"os"

	"latchkey/app"
	"latchkey/frontend"
)

func main() { os.Exit(app.Run(frontend.Dist)) }
