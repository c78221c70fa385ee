//go:build !windows && !darwin

package browser

import (
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/adrg/xdg"
)

// maxEntry bounds the size of a desktop entry, in bytes: translations make them long.
const maxEntry = 256 << 10

// installed reads the desktop entries of this computer.
func installed() ([]app, error) { return installedIn(xdg.ApplicationDirs), nil }

// installedIn reads those of some folders. An entry hides those of the same id in later folders, as
// the specification has it, whatever is in it.
func installedIn(folders []string) []app {
	seen := map[string]bool{}
	var found []app
	for _, folder := range folders {
		_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".desktop") {
				return nil //nolint:nilerr // what can't be read is not there
			}
			relative, err := filepath.Rel(folder, path)
			if err != nil {
				return nil //nolint:nilerr // nor is what lies elsewhere
			}
			id := strings.ReplaceAll(relative, string(filepath.Separator), "-")
			if seen[id] {
				return nil
			}
			seen[id] = true
			e, ok := parseEntry(id, readEntry(path))
			same := func(a app) bool { return a.Name == e.name && slices.Equal(a.command, e.command) }
			if ok && isThere(e.command[0]) && (e.tryExec == "" || isThere(e.tryExec)) && !slices.ContainsFunc(found, same) {
				found = append(found, newApp(id, e.name, e.command))
			}
			return nil
		})
	}
	return found
}

func isThere(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// readEntry reads a file that somebody may have put anything in place of. It answers "" then.
func readEntry(path string) string {
	// Else opening a pipe waits for whoever writes to it.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // #nosec G304 -- a folder of the desktop
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	data, err := io.ReadAll(io.LimitReader(f, maxEntry+1))
	if err != nil || len(data) > maxEntry {
		return ""
	}
	return string(data)
}

// detach lets a browser live on when this program or its terminal ends.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
