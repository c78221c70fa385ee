package browser

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// wellKnown are the browsers that are looked for: asking the system for all of them takes cgo, which
// the terminal program does without.
var wellKnown = []struct{ name, bundle string }{
	{"Safari", "com.apple.Safari"},
	{"Firefox", "org.mozilla.firefox"},
	{"Firefox Developer Edition", "org.mozilla.firefoxdeveloperedition"},
	{"Google Chrome", "com.google.Chrome"},
	{"Chromium", "org.chromium.Chromium"},
	{"Microsoft Edge", "com.microsoft.edgemac"},
	{"Brave Browser", "com.brave.Browser"},
	{"Opera", "com.operasoftware.Opera"},
	{"Vivaldi", "com.vivaldi.Vivaldi"},
	{"Arc", "company.thebrowser.Browser"},
	{"DuckDuckGo", "com.duckduckgo.macos.browser"},
	{"Orion", "com.kagi.kagimacOS"},
	{"LibreWolf", "org.mozilla.librewolf"},
	{"Zen", "app.zen-browser.zen"},
}

func installed() ([]app, error) {
	folders := []string{"/Applications"}
	if home, err := os.UserHomeDir(); err == nil {
		folders = append(folders, filepath.Join(home, "Applications"))
	}
	return installedIn(folders), nil
}

func installedIn(folders []string) []app {
	var found []app
	for _, b := range wellKnown {
		for _, folder := range folders {
			if info, err := os.Stat(filepath.Join(folder, b.name+".app")); err == nil && info.IsDir() {
				found = append(found, newApp(b.bundle, b.name, []string{"/usr/bin/open", "-b", b.bundle, place}))
				break
			}
		}
	}
	return found
}

// detach lets a browser live on when this program or its terminal ends.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
