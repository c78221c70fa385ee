//go:build !windows && !darwin

package browser

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/adrg/xdg"

	latchkey "latchkey/backend"
)

// entries makes a folder of desktop entries, by the name of the file: the command of each.
func entries(t *testing.T, commands map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for file, command := range commands {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".desktop")
		text := strings.ReplaceAll(strings.ReplaceAll(firefoxEntry, "/usr/lib/firefox/firefox %u", command), "Name=Firefox", "Name="+name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestInstalledIn(t *testing.T) {
	t.Parallel()
	program, _ := script(t, "program", "0")
	missing := filepath.Join(t.TempDir(), "missing")
	mine := entries(t, map[string]string{
		"one.desktop":     program + " --mine %u",
		"hidden.desktop":  "nothing that takes an address",
		"sub/two.desktop": program + " %U",
		"gone.desktop":    missing + " %u",
		"notes.txt":       program + " %u",
	})
	all := entries(t, map[string]string{
		"one.desktop":    program + " --all %u",
		"hidden.desktop": program + " %u",
		"three.desktop":  program + " %u",
	})
	if err := syscall.Mkfifo(filepath.Join(all, "pipe.desktop"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(all, "long.desktop"), []byte(firefoxEntry+strings.Repeat("#\n", maxEntry)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/zero", filepath.Join(all, "zero.desktop")); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range installedIn([]string{mine, missing, all, mine}) {
		got = append(got, a.ID+"="+a.Name+"="+strings.Join(a.command[1:len(a.command)-1], " "))
	}
	if text := strings.Join(got, " "); text != "one.desktop=one=--mine sub-two.desktop=two= three.desktop=three=" {
		t.Errorf("found %s", text)
	}
}

// An id is looked up in the list and never used otherwise, and only our kind of address is opened.
// hostile: 23, 61
func TestOpenWith(t *testing.T) { // not parallel: it changes the folders
	program, seen := script(t, "program", "0")
	failing, _ := script(t, "failing", "1")
	folders := xdg.ApplicationDirs
	t.Cleanup(func() { xdg.ApplicationDirs = folders })
	xdg.ApplicationDirs = []string{entries(t, map[string]string{"b.desktop": program + " --new %u", "A.desktop": failing + " %u"})}
	apps, err := (Browser{}).Installed(t.Context())
	if err != nil || len(apps) != 2 || apps[0] != (latchkey.BrowserApp{ID: "A.desktop", Name: "A"}) || apps[1].ID != "b.desktop" {
		t.Errorf("installed: %+v, %v", apps, err)
	}
	for _, bad := range []struct{ id, address string }{
		{program, link}, {"", link}, {"B.desktop", link}, {"../b.desktop", link}, {"A.desktop", link},
		{"b.desktop", "javascript:alert(1)"}, {"b.desktop", "file:///etc/hosts"}, {"b.desktop", "--version"}, {"b.desktop", "http://evil.example/"},
	} {
		if err := (Browser{}).OpenWith(t.Context(), bad.id, bad.address); latchkey.CodeOf(err) != latchkey.BrowserFailed {
			t.Errorf("OpenWith(%q, %q) = %v", bad.id, bad.address, err)
		}
	}
	if _, err := os.Stat(seen); err == nil {
		t.Error("a browser was started")
	}
	if err := (Browser{}).OpenWith(t.Context(), "b.desktop", link); err != nil {
		t.Error(err)
	}
	if data, err := os.ReadFile(seen); err != nil || string(data) != "--new\n"+link+"\n" {
		t.Errorf("the browser saw %q, %v", data, err)
	}
}

// Windows opens the address where there is a Windows around; else the desktop does.
func TestOpenFromWSL(t *testing.T) { // not parallel: it sets the environment
	for _, c := range []struct{ program, seen string }{
		{"wslview", link},
		{"rundll32.exe", "url.dll,FileProtocolHandler\n" + link},
	} {
		command, seen := script(t, c.program, "0")
		t.Setenv("PATH", filepath.Dir(command))
		if err := openInWindows(link); err != nil {
			t.Error(err)
		}
		if data, err := os.ReadFile(seen); err != nil || string(data) != c.seen+"\n" {
			t.Errorf("%s saw %q, %v", c.program, data, err)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if err := openInWindows(link); err == nil {
		t.Error("nothing was opened, and nobody says so")
	}
}
