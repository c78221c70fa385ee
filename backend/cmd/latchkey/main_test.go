package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"latchkey/backend/config"
)

// asProgram makes this test binary behave as the program itself: the folders are read when a process
// starts, so each test that needs its own has to have its own process.
const asProgram = "TEST_AS_PROGRAM"

// plays are other programs that this test binary can be, by the variable that says so.
var plays = map[string]func(){}

func TestMain(m *testing.M) {
	for variable, play := range plays {
		if os.Getenv(variable) != "" {
			play()
			return
		}
	}
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	m.Run()
}

// outcome is what a run of the program left behind.
type outcome struct {
	status   int
	out, err string
}

// home is one installation: its folders, nobody signed in, no keychain and no desktop.
type home struct {
	dir         string
	environment []string
	program     string // empty for this test binary, which has the brand that it was built with
}

func newHome(t *testing.T) *home {
	t.Helper()
	h := &home{dir: t.TempDir()}
	ours := []string{"XDG_", config.Variable(""), "LATCHKEY_", "HOME=", "DBUS_", "BROWSER=", "DISPLAY=", "WAYLAND_", asProgram}
	for _, entry := range os.Environ() {
		if !slices.ContainsFunc(ours, func(p string) bool { return strings.HasPrefix(entry, p) }) {
			h.environment = append(h.environment, entry)
		}
	}
	h.environment = append(h.environment, asProgram+"=1", "HOME="+h.path("home"), "BROWSER="+h.path("no-browser"), "DBUS_SESSION_BUS_ADDRESS=unix:path="+h.path("no-bus"),
		"XDG_DATA_HOME="+h.path("data"), "XDG_STATE_HOME="+h.path("state"), "XDG_CONFIG_HOME="+h.path("config"), "XDG_RUNTIME_DIR="+h.path("runtime"))
	return h
}

func (h *home) path(name string) string { return filepath.Join(h.dir, name) }

// run runs the program in a process of its own.
func (h *home) run(t *testing.T, args ...string) outcome {
	t.Helper()
	program, err := h.program, error(nil)
	if program == "" {
		program, err = os.Executable()
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = h.environment
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return outcome{status: cmd.ProcessState.ExitCode(), out: stdout.String(), err: stderr.String()}
}

// objects reads one JSON object per line.
func objects(t *testing.T, text string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(text) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatalf("%q is not a JSON object: %v", line, err)
		}
		all = append(all, object)
	}
	return all
}
