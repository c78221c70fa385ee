//go:build !windows && !darwin

package browser

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/adrg/xdg"
)

// askTime bounds how long the desktop may take to say which program it starts. It takes a moment.
const askTime = 3 * time.Second

// comesBackTo asks the desktop, in its own way, for the entry of the program that it would start
// (https://specifications.freedesktop.org/mime-apps-spec/latest/).
func comesBackTo(ctx context.Context, scheme, program string) bool {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, "xdg-mime", "query", "default", "x-scheme-handler/"+scheme).Output() // #nosec G204 -- the brand's own scheme, no shell in between
	if err != nil {
		return false
	}
	return entryStarts(xdg.ApplicationDirs, strings.TrimSpace(string(out)), program)
}

// entryStarts tells whether the entry with this id, in the first of the folders that has it, starts this program with
// an address and nothing else.
func entryStarts(folders []string, id, program string) bool {
	for _, folder := range folders {
		text := readEntry(filepath.Join(folder, id))
		if id == "" || text == "" {
			continue
		}
		keys, ok := mainGroup(text)
		line, plain := unescape(keys["Exec"])
		if !ok || !plain || keys["Type"] != "Application" || keys["Hidden"] == "true" {
			return false
		}
		command, ok := parseExec(line)
		if !ok || len(command) != 2 {
			return false
		}
		path, err := exec.LookPath(command[0])
		return err == nil && isProgram(path, program)
	}
	return false
}
