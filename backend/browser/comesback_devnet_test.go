// It needs a Debian package.

//go:build devnet && !windows && !darwin

package browser

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/adrg/xdg"
)

// The desktop is asked in its own way: what a package registers is found, and what the person chooses counts.
func TestComesBack(t *testing.T) { // not parallel: it sets the environment
	dir := t.TempDir()
	for variable, sub := range map[string]string{"XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config", "XDG_DATA_DIRS": "all", "HOME": "home"} {
		t.Setenv(variable, filepath.Join(dir, sub))
	}
	t.Setenv("XDG_CURRENT_DESKTOP", "")
	folders := xdg.ApplicationDirs
	t.Cleanup(func() { xdg.ApplicationDirs = folders })
	applications := filepath.Join(dir, "all", "applications")
	xdg.ApplicationDirs = []string{filepath.Join(dir, "data", "applications"), applications}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	write := func(path, text string) {
		t.Helper()
		path = filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := func(when, scheme string, want bool) {
		t.Helper()
		if got := ComesBack(t.Context(), scheme); got != want {
			t.Errorf("%s, %s comes back: %v", when, scheme, got)
		}
	}
	want("before", "com.example.app", false)
	write("all/applications/own.desktop", "[Desktop Entry]\nType=Application\nName=Own\nExec="+program+" %u\n")
	write("all/applications/another.desktop", "[Desktop Entry]\nType=Application\nName=Another\nExec=/bin/true %u\n")
	want("with an entry that nobody was told of", "com.example.app", false)
	write("all/applications/mimeinfo.cache", "[MIME Cache]\nx-scheme-handler/com.example.app=own.desktop;\n")
	want("with a package", "com.example.app", true)
	want("with a package", "com.example.other", false)
	write("config/mimeapps.list", "[Default Applications]\nx-scheme-handler/com.example.app=another.desktop\n")
	want("when the person chose another program", "com.example.app", false)
	t.Setenv("PATH", filepath.Join(dir, "nowhere"))
	want("without the desktop's tools", "com.example.app", false)
}
