package main

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// What is in the way is said before anything is made, in a sentence that says what to do.
func TestInTheWay(t *testing.T) { // not parallel: it sets the environment
	taken, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	running, err := prepare(t.Context(), options{alone: true, dir: filepath.Join(dir, "running")})
	if err != nil {
		t.Fatal(err)
	}
	defer running()
	noDisplay := `run it on a desktop, or start the network alone with "make network"`
	if runtime.GOOS != "linux" {
		noDisplay = "" // there is always one
	}
	for name, tt := range map[string]struct {
		display string
		options options
		want    string // empty when nothing is in the way
	}{
		"nothing":                  {":0", options{address: "localhost:0"}, ""},
		"no display":               {"", options{address: "localhost:0"}, noDisplay},
		"no display, and no need":  {"", options{alone: true}, ""},
		"port taken":               {":0", options{address: taken.Addr().String()}, "end what uses it, or choose another one with PORT=NUMBER"},
		"port taken, and no need":  {":0", options{alone: true, address: taken.Addr().String()}, ""},
		"a second one":             {":0", options{address: "localhost:0", dir: filepath.Join(dir, "running")}, "end it first, with Ctrl-C in its terminal"},
		"a second network":         {"", options{alone: true, dir: filepath.Join(dir, "running")}, "end it first, with Ctrl-C in its terminal"},
		"no folder for the others": {":0", options{alone: true, dir: filepath.Join(dir, "file", "dir")}, "the folder for the accounts can't be made"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("DISPLAY", tt.display)
			t.Setenv("WAYLAND_DISPLAY", "")
			if tt.options.dir == "" {
				tt.options.dir = filepath.Join(t.TempDir(), "new")
			}
			unlock, err := prepare(t.Context(), tt.options)
			if err == nil {
				unlock()
			}
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("%q is more than a sentence", err)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	private, public := options{network: "private", address: "localhost:34115"}, options{network: "public", address: "localhost:34115"}
	for name, tt := range map[string]struct {
		options options
		account string
		alone   bool
		args    []string
		right   bool
	}{
		"window":               {options: private, right: true},
		"window, public":       {options: public, right: true},
		"signed in":            {options: private, account: "alice.test", right: true},
		"signed in, public":    {options: public, account: "alice.test"},
		"signed in, no window": {options: private, account: "alice.test", alone: true},
		"argument":             {options: private, args: []string{"alice.test"}},
		"unknown network":      {options: options{network: "bsky", address: "localhost:34115"}},
		"a word as port":       {options: options{network: "private", address: "localhost:abc"}},
		"a port too high":      {options: options{network: "private", address: "localhost:99999"}},
		"no port":              {options: options{network: "private", address: "localhost:"}},
	} {
		tt.options.account, tt.options.alone = tt.account, tt.alone
		if err := tt.options.check(tt.args); (err == nil) != tt.right {
			t.Errorf("%s: %v", name, err)
		}
	}
}
