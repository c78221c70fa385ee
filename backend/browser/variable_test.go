//go:build !windows

package browser

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	latchkey "latchkey/backend"
)

const link = "http://127.0.0.1:40000/start/ABC?x=1&y=$HOME;`id`"

// script is a program that writes its arguments to a file and ends with a status.
func script(t *testing.T, name string, status string) (command, seen string) {
	t.Helper()
	dir := t.TempDir()
	command, seen = filepath.Join(dir, name), filepath.Join(dir, name+".seen")
	text := "#!/bin/sh\nfor a in \"$@\"; do printf '%s\\n' \"$a\"; done > " + seen + "\nexit " + status + "\n"
	if err := os.WriteFile(command, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return command, seen
}

func TestBrowserVariable(t *testing.T) { // not parallel: it sets the environment
	missing := filepath.Join(t.TempDir(), "missing")
	good, goodSeen := script(t, "good", "0")
	other, otherSeen := script(t, "other", "0")
	bad, badSeen := script(t, "bad", "1")
	list := string(os.PathListSeparator)
	tests := []struct {
		name, browser string
		seen          map[string]string // file and what is in it
		fails         bool
	}{
		{"one command", good, map[string]string{goodSeen: link}, false},
		{"a place for the address", good + " --new %s --end", map[string]string{goodSeen: "--new\n" + link + "\n--end"}, false},
		{"a place inside a word", good + " --url=%s", map[string]string{goodSeen: "--url=" + link}, false},
		{"two places", good + " %s %s", map[string]string{goodSeen: link + "\n" + link}, false},
		{"words and no place", good + " --new", map[string]string{goodSeen: "--new\n" + link}, false},
		{"the first one that works", good + list + other, map[string]string{goodSeen: link}, false},
		{"the first one fails", bad + list + good, map[string]string{badSeen: link, goodSeen: link}, false},
		{"the first one is missing", missing + list + other + " %s", map[string]string{otherSeen: link}, false},
		{"empty ones between", list + " " + list + good + list, map[string]string{goodSeen: link}, false},
		{"one that fails", bad, map[string]string{badSeen: link}, true},
		{"one that is missing", missing, nil, true},
		{"all fail", bad + list + missing, map[string]string{badSeen: link}, true},
		{"no shell", good + "; " + other, map[string]string{}, true},
		{"nothing but separators", list + " " + list, nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("BROWSER", tt.browser)
			t.Setenv("PATH", filepath.Dir(missing)) // the scripts need no program of the system
			for _, file := range []string{goodSeen, otherSeen, badSeen} {
				_ = os.Remove(file)
			}
			err := Browser{}.Open(t.Context(), link)
			if tt.fails != (err != nil) || err != nil && latchkey.CodeOf(err) != latchkey.BrowserFailed {
				t.Errorf("Open: %v", err)
			}
			for _, file := range []string{goodSeen, otherSeen, badSeen} {
				data, _ := os.ReadFile(file)
				if got := strings.TrimSuffix(string(data), "\n"); got != tt.seen[file] {
					t.Errorf("%s saw %q, want %q", filepath.Base(file), got, tt.seen[file])
				}
			}
		})
	}
}

// hostile: 23
func TestBadAddressStartsNothing(t *testing.T) { // not parallel: it sets the environment
	good, seen := script(t, "good", "0")
	t.Setenv("BROWSER", good)
	for _, address := range []string{"javascript:alert(1)", "file:///etc/hosts", "http://evil.example/", "--version", ""} {
		if err := (Browser{}).Open(t.Context(), address); latchkey.CodeOf(err) != latchkey.BrowserFailed {
			t.Errorf("Open(%q) = %v", address, err)
		}
	}
	if _, err := os.Stat(seen); err == nil {
		t.Error("the browser was started")
	}
}

// A launcher that stays is the browser itself: whoever waits is let go.
func TestLauncherThatStays(t *testing.T) { // not parallel: it sets the environment
	dir := t.TempDir()
	fifo, command := filepath.Join(dir, "fifo"), filepath.Join(dir, "stays")
	if err := os.WriteFile(command, []byte("#!/bin/sh\nread line < "+fifo+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BROWSER", command)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (Browser{}).Open(ended, link); err != nil {
		t.Errorf("Open = %v", err)
	}
	// Opening waits for the command, and closing ends it.
	w, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}
